"""Order of the slides of a playlist, with the playlists within it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from beffroi_content.model import Manifest, Playlist, PlaylistOrder, Slide

LONGEST_SEQUENCE = 4_096
"""Slides in one cycle of a playlist at most, however others lie within it."""
FAR_FUTURE_MS = 2**62


@dataclass(frozen=True, slots=True)
class PlaylistIndex:
    """The slides and playlists of a manifest by identifier."""

    slides: Mapping[str, Slide]
    playlists: Mapping[str, Playlist]

    @classmethod
    def of_manifest(cls, manifest: Manifest) -> PlaylistIndex:
        """Return the index of a manifest."""
        slides = {slide.id: slide for slide in (*manifest.slides, manifest.idle)}
        return cls(slides, {playlist.id: playlist for playlist in manifest.playlists})

    def slide_cycle(self, playlist: Playlist, is_shown: Callable[[Slide], bool]) -> tuple[Slide, ...]:
        """Return the slides of a whole cycle of a playlist, with only those that may be shown.

        A playlist within it may give only a few of its slides at a time (``take``) and go on with the next ones in the
        next round. The cycle is then as many rounds long as it takes until all such playlists are at their start again:
        the least common multiple of their rounds, up to ``LONGEST_SEQUENCE`` slides.
        """
        parts = [part for part in (self._build_part(name, is_shown) for name in playlist.slides) if part]
        parts += [_PlaylistPart((slide,), 1) for slide in self._tagged_slides(playlist) if is_shown(slide)]
        if playlist.order is not PlaylistOrder.LISTED:
            slides = {slide.id: slide for part in parts for slide in part.slides}
            return tuple(sorted(slides.values(), key=_sort_key(playlist)))
        size = sum(part.take for part in parts)
        rounds = min(math.lcm(*(part.rounds for part in parts)), max(1, LONGEST_SEQUENCE // max(1, size)))
        return tuple(slide for number in range(rounds) for part in parts for slide in part.slides_in_round(number))

    def reachable_slides(self, playlist: Playlist) -> Iterable[Slide]:
        """Yield every slide that a playlist can show at any time."""
        for name in playlist.slides:
            inner = self.playlists.get(name)
            yield from self.reachable_slides(inner) if inner else (self.slides[name],)
        yield from self._tagged_slides(playlist)

    def _build_part(self, name: str, is_shown: Callable[[Slide], bool]) -> _PlaylistPart | None:
        inner = self.playlists.get(name)
        if inner is None:
            slide = self.slides[name]
            return _PlaylistPart((slide,), 1) if is_shown(slide) else None
        slides = self.slide_cycle(inner, is_shown)
        return _PlaylistPart(slides, min(inner.take or len(slides), len(slides))) if slides else None

    def _tagged_slides(self, playlist: Playlist) -> Iterable[Slide]:
        return (s for s in self.slides.values() if playlist.tag in s.tags) if playlist.tag else ()


@dataclass(frozen=True, slots=True)
class _PlaylistPart:
    """An entry of a playlist: one slide, or the slides of a playlist within it."""

    slides: Sequence[Slide]
    take: int

    @property
    def rounds(self) -> int:
        """The number of rounds after which the entry begins again with its first slide."""
        return len(self.slides) // math.gcd(len(self.slides), self.take)

    def slides_in_round(self, number: int) -> Iterable[Slide]:
        """Return the slides that the entry gives in a round."""
        return (self.slides[(number * self.take + place) % len(self.slides)] for place in range(self.take))


def _sort_key(playlist: Playlist) -> Callable[[Slide], tuple[int | str, str]]:
    if playlist.order is PlaylistOrder.NEWEST:
        return lambda slide: (-slide.published_at_ms, slide.id)
    if playlist.order is PlaylistOrder.SOONEST:
        return lambda slide: (FAR_FUTURE_MS if slide.event_at_ms is None else slide.event_at_ms, slide.id)
    # A digest instead of a random generator: every screen and every restart gets the same order.
    return lambda slide: (hashlib.sha256(f"{playlist.id}/{slide.id}".encode()).hexdigest(), slide.id)
