"""Events of the accounts package, to which the packages above subscribe."""

from __future__ import annotations

from beffroi_server.accounts.models import Town
from beffroi_server.core.events import Event

town_changed: Event[Town] = Event("town-changed")
"""The name, colours, place, time zone, language or public page of the town was changed."""
