"""Outlook of a screen's programme: whether anything is on it now, and whether that goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from beffroi_content import model as content
from beffroi_content.timeline import Moment, ReasonKind, resolve_scene
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.schedule.manifest_compiler import CompileError

EMPTY_WITHIN = dt.timedelta(hours=24)
"""Without anything for this long a programme counts as empty: a pause at night does not."""
ENDING_WITHIN = dt.timedelta(hours=48)
"""With something now and nothing after this, it counts as ending."""
LOOK_AHEAD = dt.timedelta(days=9)
"""A week and two days: what is shown every week comes again within."""
STEP = dt.timedelta(hours=1)


def programme_outlook(screen: Screen, now: dt.datetime, contents: ExpectedContents) -> str:
    """Return ``empty`` (nothing within a day), ``ending`` (nothing after two days), or nothing where it goes on.

    The programme is resolved hour by hour without alerts; as a rule the first hour or two decide.
    """
    try:
        manifest = contents.manifest_of(screen)
    except CompileError:
        return "empty"
    if not _has_content(manifest, _hours(now, now + EMPTY_WITHIN)):
        return "empty"
    if not _has_content(manifest, _hours(now + ENDING_WITHIN, now + LOOK_AHEAD)):
        return "ending"
    return ""


def _hours(start: dt.datetime, end: dt.datetime) -> Iterable[dt.datetime]:
    while start <= end:
        yield start
        start += STEP


def _has_content(manifest: content.Manifest, instants: Iterable[dt.datetime]) -> bool:
    size = manifest.settings.screen_class.size
    for instant in instants:
        moment = Moment(unix_ms=unix_ms(instant), uptime_ms=unix_ms(instant))
        scene = resolve_scene(manifest, (), moment, size)
        if any(showing.reason.kind is not ReasonKind.IDLE for showing in scene.showings):
            return True
    return False
