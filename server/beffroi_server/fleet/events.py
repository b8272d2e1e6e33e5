"""Events of the fleet, to which the packages above subscribe."""

from __future__ import annotations

from typing import NamedTuple

from beffroi_server.core.events import Event
from beffroi_server.fleet.models import Screen


class ReportedAlerts(NamedTuple):
    """What a report says of alerts."""

    screen: str
    sequences: dict[str, int]
    """Of the newest alert set of each stream that the player holds."""
    shown: frozenset[str]
    """Identifiers of the alerts on the screen."""


reports_received: Event[list[ReportedAlerts]] = Event("reports-received")
"""Reports came in, and are about to be stored. A handler must not fail, and not take long."""
screen_changed: Event[Screen] = Event("screen-changed")
"""A screen is new, or its settings, class, groups or player were changed."""
