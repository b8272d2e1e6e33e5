"""Playlists within playlists: which ones lie within each other, and which must not.

A playlist never contains itself, and at most ``DEEPEST_NESTING`` levels of playlists lie within one; a manifest refuses
anything else, so a refusal here comes before anything is saved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, FilteredRelation, Q
from django.utils.translation import gettext as _

from beffroi_content.model.manifest import DEEPEST_NESTING
from beffroi_server.schedule.models import Entry, Playlist

_Links = Mapping[int, Sequence[int]]


def inner_keys(keys: Iterable[int]) -> set[int]:
    """Return the keys of playlists and of all that lie within them, in one query."""
    return _reachable(set(keys), _inner_links())


def playlists_within(keys: Iterable[int]) -> list[Playlist]:
    """Return playlists and all that lie within them, by their keys, in one query."""
    nested = FilteredRelation("entries", condition=Q(entries__inner__isnull=False))
    # A playlist comes once for each one directly within it, and once where there is none.
    rows: list[Any] = list(Playlist.objects.annotate(nested=nested, inside=F("nested__inner")).order_by("pk"))
    within = keys_within(keys, ((row.pk, row.inside) for row in rows))
    return list({row.pk: row for row in rows if row.pk in within}.values())


def keys_within(keys: Iterable[int], pairs: Iterable[tuple[int, int | None]]) -> set[int]:
    """Return the keys of playlists and of all that lie within them, by pairs of a playlist and one directly in it."""
    return _reachable(set(keys), _links_by_outer(pairs))


def outer_keys(keys: Iterable[int]) -> set[int]:
    """Return the keys of playlists and of all that they lie within, in one query."""
    return _reachable(set(keys), _reversed(_inner_links()))


def check_nesting(playlist: Playlist, inner: Playlist) -> None:
    """Refuse to put a playlist into another one where that makes a circle, or too many levels.

    Raises:
        ValidationError: the message names the playlists of the circle, or of the levels.
    """
    links = _inner_links()
    circle = _path(inner.pk, playlist.pk, links)
    if circle is not None:
        raise ValidationError(
            _("“%(inner)s” cannot be put into “%(name)s”: it would contain itself (%(chain)s).")
            % {"inner": inner, "name": playlist, "chain": _chain([playlist.pk, *circle])}
        )
    above, below = _longest(playlist.pk, _reversed(links))[::-1], _longest(inner.pk, links)
    if len(above) + len(below) - 1 > DEEPEST_NESTING:
        raise ValidationError(
            _("“%(inner)s” cannot be put into “%(name)s”: at most %(most)d levels, and this would be %(chain)s.")
            % {"inner": inner, "name": playlist, "most": DEEPEST_NESTING, "chain": _chain([*above, *below])}
        )


def _inner_links() -> _Links:
    """Return the keys of the playlists directly within each one."""
    return _links_by_outer(Entry.objects.filter(inner__isnull=False).values_list("playlist", "inner"))


def _links_by_outer(pairs: Iterable[tuple[int, int | None]]) -> _Links:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for outer, inner in pairs:
        if inner is not None:
            found[outer].append(inner)
    return found


def _reversed(links: _Links) -> _Links:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for outer, inners in links.items():
        for inner in inners:
            found[inner].append(outer)
    return found


def _reachable(keys: set[int], links: _Links) -> set[int]:
    found, new = set(keys), set(keys)
    while new:
        new = {inner for key in new for inner in links.get(key, ())} - found
        found |= new
    return found


def _path(start: int, end: int, links: _Links) -> list[int] | None:
    """Return the shortest way from one playlist to another within it, with both; None where there is none."""
    ways, seen = [[start]], {start}
    while ways:
        for way in ways:
            if way[-1] == end:
                return way
        ways = [[*way, inner] for way in ways for inner in links.get(way[-1], ()) if inner not in seen]
        seen |= {way[-1] for way in ways}
    return None


def _longest(start: int, links: _Links) -> list[int]:
    """Return the longest way down from a playlist; there are no circles, since none is ever saved."""
    ways = [_longest(inner, links) for inner in set(links.get(start, ()))]
    return [start, *max(ways, key=len, default=[])]


def _chain(keys: Sequence[int]) -> str:
    names = dict(Playlist.objects.filter(pk__in=keys).values_list("pk", "name"))
    return " → ".join(names.get(key, "?") for key in keys)
