"""How far each screen is with a version of the player, by what it reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, TextChoices
from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext_lazy as _

from beffroi_server.fleet import presence
from beffroi_server.fleet.models import Screen, ScreenState


class Progress(TextChoices):
    """States of a screen with regard to a version."""

    DONE = "done", _("runs it")
    FAILED = "failed", _("has taken it back")
    TRYING = "trying", _("tries it")
    INSTALLED = "installed", _("has it, and waits for its hour")
    FETCHING = "fetching", _("fetches it")
    WAITING = "waiting", _("waits")
    TOLD = "told", _("was told of it")
    OTHER = "other", _("not its turn yet")
    AWAY = "away", _("not connected")
    UNABLE = "unable", _("cannot change its version by itself")


REASONS = {
    "did-not-hold": _("it never came so far as to show that it works"),
    "agent-crashed": _("its network side crashed"),
    "stage-crashed": _("its display side crashed"),
    "not-connected": _("it did not connect, and the version before did"),
    "no-frame": _("it showed nothing"),
    "unusable": _("it cannot be started on this machine"),
}
"""Of a player that has taken a version back, by the code in its report."""


@dataclass(frozen=True, slots=True)
class ScreenProgress:
    """One screen and a version."""

    screen_id: int
    slug: str
    name: str
    running: str
    """The version that it reports; empty: it never has."""
    wanted: str
    """The version that the town wants there."""
    progress: Progress
    detail: str = ""
    """What it waits for, as the player says it, or why it has taken the version back."""
    gap_ms: int | None = None
    """How long the display had no new frame at the last change."""


def progress_of(version: str, now: dt.datetime, screens: Iterable[Screen] | None = None) -> list[ScreenProgress]:
    """Return how far every enrolled screen is with a version, in a fixed order.

    Args:
        version: The version; empty: none, what each runs is told all the same.
        now: The present instant.
        screens: Those to look at; None: all.
    """
    rows = (
        ScreenState.objects.filter(screen__enrolled_at__isnull=False)
        .annotate(
            running=KeyTransform("version", "report"),
            status=KeyTransform("software", "report"),
            slug=F("screen__slug"),
            name=F("screen__name"),
            wanted=F("screen__software"),
        )
        .only("online", "seen_at", "polled_at")
        .order_by("screen__enrolled_at", "pk")
    )
    if screens is not None:
        rows = rows.filter(screen__in=screens)
    return [_progress_of_screen(state, version, now) for state in rows]


def _progress_of_screen(state: Any, version: str, now: dt.datetime) -> ScreenProgress:
    """Return how far a screen is, from its state with what ``progress_of`` annotates."""
    running = str(state.running or "")
    status = state.status if isinstance(state.status, dict) else {}
    failure = next((each for each in status.get("failed") or () if each.get("version") == version), None)
    detail = str(status.get("detail", ""))[:300]
    if failure is not None:
        progress, detail = Progress.FAILED, str(REASONS.get(str(failure.get("reason")), failure.get("reason")))
    elif version and running == version and status.get("state") != "trying":
        progress, detail = Progress.DONE, ""
    elif not status.get("can_change"):
        progress, detail = Progress.UNABLE, ""
    elif not presence.is_reachable(state, now):
        progress = Progress.AWAY
    elif state.wanted != version or not version:
        progress, detail = Progress.OTHER, ""
    elif status.get("wanted") != version:
        progress, detail = Progress.TOLD, ""
    else:
        known = {each.value: each for each in Progress}
        progress = known.get(str(status.get("state")), Progress.WAITING)
    gap_ms = status.get("gap_ms")
    return ScreenProgress(
        state.pk, state.slug, state.name, running, state.wanted, progress, detail,
        gap_ms if isinstance(gap_ms, int) else None,
    )  # fmt: skip
