"""The display log of screens as a file that anybody can verify: see ``log_verification`` for the format.

Of a period, all plays from the first to the last that began in it are written, in the order of their numbers: only
so does the chain of each follow from the one before.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Max, Min, Q

from beffroi_content.wire.plays import FIRST_CHAIN
from beffroi_server.accounts.models import Town
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.plays.log_verification import FORMAT, VERSION
from beffroi_server.fleet.plays.played_content import content_key

NamesOf = Callable[[Collection[str]], dict[str, str]]
_Bounds = Mapping[int, tuple[int, int]]
"""The numbers of the first and the last play, by the key of their screen."""
_BATCH = 2_000
_SCREENS_AT_ONCE = 50
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
    for chunk in _chunks(written, bounds):
        begins, begun = _chains_before(chunk, bounds), None
        for screen, batch in _batches(chunk, bounds):
            if screen is not begun:
                after, chain = begins[screen.pk]
                yield _line({"screen": screen.slug, "name": screen.name, "after": after, "chain": chain})
                begun = screen
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


def _chunks(screens: Sequence[Screen], bounds: _Bounds) -> Iterator[list[Screen]]:
    """Yield screens in their order, those together of which one query reads all plays."""
    chunk: list[Screen] = []
    room = _BATCH
    for screen in screens:
        first, last = bounds.get(screen.pk, (1, 0))
        count = last - first + 1
        if chunk and (count > room or len(chunk) == _SCREENS_AT_ONCE):
            yield chunk
            chunk, room = [], _BATCH
        chunk.append(screen)
        room -= count
    if chunk:
        yield chunk


def _batches(chunk: Sequence[Screen], bounds: _Bounds) -> Iterator[tuple[Screen, list[tuple[Any, ...]]]]:
    """Yield the plays of some screens in batches, those of a screen in the order of their numbers."""
    named = [screen for screen in chunk if screen.pk in bounds]
    if len(chunk) == 1 and named:
        first, last = bounds[named[0].pk]
        plays, number = PlayRecord.objects.filter(screen=named[0]).order_by("number"), first - 1
        while batch := list(plays.filter(number__gt=number, number__lte=last).values_list(*_FIELDS)[:_BATCH]):
            yield named[0], batch
            number = batch[-1][0]
        return
    found: dict[int, list[tuple[Any, ...]]] = {}
    if named:
        ranges = (Q(screen=each.pk, number__range=bounds[each.pk]) for each in named)
        for screen, *row in PlayRecord.objects.filter(_any(ranges)).order_by("number").values_list("screen", *_FIELDS):
            found.setdefault(screen, []).append(tuple(row))
    for each in chunk:
        yield each, found.get(each.pk, [])


def _chains_before(screens: Iterable[Screen], bounds: _Bounds) -> dict[int, tuple[int, str]]:
    """Return number and chain of the play before the first one of each screen: from there its chain goes on."""
    found = {screen.pk: (0, FIRST_CHAIN) for screen in screens}
    known = [(key, bounds[key][0]) for key in found if key in bounds]
    if not known:
        return found
    for key, number, chain in ScreenState.objects.filter(screen__in=dict(known)).values_list(
        "screen", "plays_forgotten", "plays_chain"
    ):
        if number:
            found[key] = (number, chain)
    earlier = PlayRecord.objects.filter(_any(Q(screen=key, number__lt=first) for key, first in known))
    newest = dict(earlier.order_by().values_list("screen").annotate(Max("number")))
    if newest:
        rows = PlayRecord.objects.filter(_any(Q(screen=key, number=number) for key, number in newest.items()))
        found |= {key: (number, chain) for key, number, chain in rows.values_list("screen", "number", "chain")}
    return found


def _any(conditions: Iterable[Q]) -> Q:
    return functools.reduce(operator.or_, conditions)


def _play_values(row: tuple[Any, ...]) -> dict[str, Any]:
    number, slide, alert, page, zone, started_at, lasted_ms, frame, clock, ended, chain = row
    return {
        "number": number, "slide": slide or None, "alert": alert or None, "page": page, "zone": zone or None,
        "started_at_ms": round(started_at.timestamp() * 1000), "lasted_ms": lasted_ms, "frame": frame or None,
        "clock": clock, "ended": ended or None, "chain": chain or None,
    }  # fmt: skip


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
