"""Events of the fleet, to which the packages above subscribe."""

from __future__ import annotations

from beffroi_server.core.events import Event
from beffroi_server.fleet.models import Screen

screen_changed: Event[Screen] = Event("screen-changed")
"""A screen is new, or its settings, class, groups or player were changed."""
