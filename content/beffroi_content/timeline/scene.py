"""Scenes: what a screen shows at a moment, as the timeline answers it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from beffroi_content.model import Alert, AlertForm, Rectangle, Slide


class ReasonKind(StrEnum):
    """Kinds of reason for which something is shown."""

    ALERT = "alert"
    ALL_CLEAR = "all-clear"
    RULE = "rule"
    IDLE = "idle"
    """No rule has anything to show."""


@dataclass(frozen=True, slots=True)
class ShowingReason:
    """Reason of a showing: the kind, and the rule with its playlist where it is one."""

    kind: ReasonKind
    rule: str | None = None
    playlist: str | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Showing:
    """One rectangle of the screen: a page of a slide or of an alert."""

    rectangle: Rectangle
    reason: ShowingReason
    zone: str | None = None
    """None for what lies over all zones."""
    slide: Slide | None = None
    alert: Alert | None = None
    form: AlertForm | None = None
    """Given with ``alert``."""
    page: int = 0
    at_ms: int | None = None
    """The instant for which something that changes by itself is drawn."""
    since_ms: int | None = None
    """None: for longer than the timeline looks back."""
    until_ms: int | None = None
    """The next change; None: not within the days that the timeline looks ahead."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on a screen, in drawing order: a later showing lies over an earlier one.

    Empty only without a manifest and without an alert.
    """

    showings: tuple[Showing, ...]
    until_ms: int | None
    """The latest instant at which the timeline must be asked again; None: none is known."""
