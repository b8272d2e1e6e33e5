"""The display log of screens as a file that anybody can verify: see ``log_verification`` for the format.

Of a period, all plays from the first to the last that began in it are written, in the order of their numbers: only
so does the chain of each follow from the one before.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from django.db.models import Max, Min

from beffroi_content.wire.reports import FIRST_CHAIN
from beffroi_server.accounts.models import Town
from beffroi_server.fleet.models import PlayRecord, Screen, ScreenState
from beffroi_server.fleet.plays.log_verification import FORMAT, VERSION
from beffroi_server.fleet.plays.played_content import content_key

NamesOf = Callable[[Collection[str]], dict[str, str]]
_BATCH = 2_000
_FIELDS = (
    "number", "slide", "alert", "page", "zone", "started_at", "lasted_ms", "frame", "clock", "ended", "chain",
)  # fmt: skip


def log_lines(
    town: Town, screens: Iterable[Screen], start: dt.datetime, end: dt.datetime, names_of: NamesOf
) -> Iterator[bytes]:
    """Yield the lines of the display log of some screens, for a period.

    The same plays make the same bytes. Names of contents are written for readers; no chain covers them.

    Args:
        town: Named in the first line.
        screens: In the order in which they are written.
        start: Beginning of the period.
        end: Its end, not included.
        names_of: Returns the names of contents by their keys.
    """
    yield _line({
        "format": FORMAT, "version": VERSION, "site": town.site, "town": town.name,
        "from": start.isoformat(), "until": end.isoformat(),
    })  # fmt: skip
    count, named = 0, set[str]()
    written = list(screens)
    bounds = _bounds(written, start, end)
    for screen in written:
        for batch in _screen_batches(screen, bounds.get(screen.pk)):
            if isinstance(batch, bytes):
                yield batch
                continue
            keys = {content_key(row[1], row[2]) for row in batch} - named
            yield from (_line({"content": key, "name": name}) for key, name in sorted(names_of(keys).items()))
            named |= keys
            count += len(batch)
            yield from (_line(_play_values(row)) for row in batch)
    yield _line({"plays": count})


def count_plays(screens: Iterable[Screen], start: dt.datetime, end: dt.datetime, limit: int) -> int:
    """Return how many plays of screens began in a period, counted up to a limit."""
    found = PlayRecord.objects.filter(screen__in=list(screens), started_at__gte=start, started_at__lt=end)
    return found[:limit].count()


def _bounds(screens: Iterable[Screen], start: dt.datetime, end: dt.datetime) -> dict[int, tuple[int, int]]:
    """Return the numbers of the first and the last play that began in a period, by the key of their screen."""
    plays = PlayRecord.objects.filter(screen__in=list(screens), started_at__gte=start, started_at__lt=end)
    rows = plays.order_by().values_list("screen").annotate(first=Min("number"), last=Max("number"))
    return {screen: (first, last) for screen, first, last in rows}


def _screen_batches(screen: Screen, bounds: tuple[int, int] | None) -> Iterator[bytes | list[tuple[Any, ...]]]:
    if bounds is None:
        yield _line({"screen": screen.slug, "name": screen.name, "after": 0, "chain": FIRST_CHAIN})
        return
    plays, (first, last) = PlayRecord.objects.filter(screen=screen), bounds
    after, chain = _chain_before(screen, first)
    yield _line({"screen": screen.slug, "name": screen.name, "after": after, "chain": chain})
    number = after
    while number < last:
        rows = plays.filter(number__gt=number, number__lte=last).order_by("number")
        batch = list(rows.values_list(*_FIELDS)[:_BATCH])
        if not batch:
            return
        number = batch[-1][0]
        yield batch


def _chain_before(screen: Screen, first: int) -> tuple[int, str]:
    """Return the number and the chain of the play before one: from there its chain goes on."""
    before = PlayRecord.objects.filter(screen=screen, number__lt=first).order_by("-number").first()
    if before is not None:
        return before.number, before.chain
    state = ScreenState.objects.filter(screen=screen).first()
    return (
        (state.plays_forgotten, state.plays_chain) if state is not None and state.plays_forgotten else (0, FIRST_CHAIN)
    )


def _play_values(row: tuple[Any, ...]) -> dict[str, Any]:
    number, slide, alert, page, zone, started_at, lasted_ms, frame, clock, ended, chain = row
    return {
        "number": number, "slide": slide or None, "alert": alert or None, "page": page, "zone": zone or None,
        "started_at_ms": round(started_at.timestamp() * 1000), "lasted_ms": lasted_ms, "frame": frame or None,
        "clock": clock, "ended": ended or None, "chain": chain or None,
    }  # fmt: skip


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
