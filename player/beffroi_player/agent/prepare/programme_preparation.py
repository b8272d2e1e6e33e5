"""From a manifest to a programme that is ready: files fetched, every frame drawn, then one rename."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from beffroi_content import rendering
from beffroi_content.model import AssetReference, Manifest, Slide, UnknownContent
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.playlist_order import PlaylistIndex
from beffroi_player.agent.held_alerts import save_png
from beffroi_player.agent.prepare.asset_downloads import AssetStore, AssetUnavailable, DownloadCancelled
from beffroi_player.agent.prepare.download_window import postponed_downloads
from beffroi_player.agent.prepare.render_process import (
    DISK_FULL,
    NOT_THE_SLIDE,
    RenderProcess,
    RenderResult,
    is_whole_png,
    rendered_before,
)
from beffroi_player.state.directories import (
    ActiveProgramme,
    Size,
    SkippedSlide,
    StateDirectory,
    frame_set_key,
    strip_set_key,
)

log = logging.getLogger(__name__)


PROVEN_AFTER_MS = 600_000
"""What a programme shows for so long does not make the stage crash."""
PARALLEL_DOWNLOADS = 3
"""Downloads: two hide the pauses of the third, and more would only share the line."""


class ProgrammeNotReady(Exception):
    """The programme is not ready; the message says in a sentence what it waits for."""


@dataclass
class ProgrammePreparer:
    """Prepares programmes, one at a time."""

    state: StateDirectory
    assets: AssetStore
    renderer: RenderProcess
    say: Callable[[str], None] = lambda _: None
    """Told in a sentence what is being waited for."""
    needed: Callable[[], Iterable[AssetReference]] = tuple
    """Asked for the files that must stay, however full the disk is."""
    now: Callable[[], Moment] = lambda: Moment(0, 0, ClockState.UNKNOWN)
    _drawn: dict[tuple[str, Size], tuple[str, ...]] = field(default_factory=dict)
    _strips: dict[tuple[str, Size], tuple[str, ...]] = field(default_factory=dict)

    def prepare_programme(self, sequence: int, manifest: Manifest, cancelled: Callable[[], bool]) -> ActiveProgramme:
        """Return the programme, with every file and frame on the disk.

        Raises:
            Waiting: a file cannot be had now.
            Cancelled: ``cancelled`` became true.
            OSError: the disk is full or broken.
        """
        self.state.create_folders()
        self.assets.rate_limit.bytes_per_second = _bytes_per_second(manifest)
        later = postponed_downloads(manifest, self.now())
        self._fetch_assets([asset for asset in manifest.assets if asset not in later.assets], cancelled)
        self._drawn, self._strips = {}, {}
        skipped: dict[str, SkippedSlide] = {}
        wanted = [(slide, size) for slide, size in slide_sizes(manifest) if slide.id not in later.slides]
        for number, (slide, size) in enumerate(wanted):
            if cancelled():
                raise DownloadCancelled
            self.say(f"drawing, {number} of {len(wanted)} done")
            outcome = self._render_slide(slide, manifest, size)
            if outcome.frames:
                self._drawn[slide.id, size] = outcome.frames
                self._strips[slide.id, size] = outcome.strips
            elif outcome.code in NOT_THE_SLIDE or not all(
                self.assets.asset_path(asset).exists() for asset in slide.assets
            ):
                # It is not the slide that is broken.
                raise ProgrammeNotReady(f"“{slide.name}” is not drawn yet: {outcome.detail}"[:500])
            else:
                skipped[slide.id] = SkippedSlide(slide=slide.id, code=outcome.code, detail=outcome.detail)
        self.renderer.close()
        return self._assemble_programme(sequence, manifest, skipped)

    def _fetch_assets(self, assets: Sequence[AssetReference], cancelled: Callable[[], bool]) -> None:
        """Have every file on the disk, some at the same time."""
        missing: list[str] = []
        done = itertools.count(1)
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS, "download") as pool:
            self.say(f"fetching files, 0 of {len(assets)} there")
            for asset, problem in zip(
                assets, pool.map(lambda each: self._download_problem(each, cancelled), assets), strict=True
            ):
                self.say(f"fetching files, {next(done)} of {len(assets)} there")
                if problem:
                    log.warning("file %s: %s", asset.sha256[:12], problem)
                    missing.append(f"{asset.sha256[:12]}: {problem}")
        if cancelled():
            raise DownloadCancelled
        if missing:
            raise ProgrammeNotReady(f"waits for {len(missing)} of {len(assets)} files; {missing[0]}"[:500])

    def _download_problem(self, asset: AssetReference, cancelled: Callable[[], bool]) -> str:
        """Return why a file cannot be had; empty: it is there, or nobody wants it any more."""
        try:
            self.assets.ensure_downloaded(asset, cancelled)
        except DownloadCancelled:
            return ""
        except AssetUnavailable as error:
            return self._problem_after_cleanup(asset, cancelled) if error.is_full else str(error)
        return ""

    def _problem_after_cleanup(self, asset: AssetReference, cancelled: Callable[[], bool]) -> str:
        self.assets.remove_unneeded(self.needed(), everything=True)
        try:
            self.assets.ensure_downloaded(asset, cancelled)
        except DownloadCancelled:
            return ""
        except AssetUnavailable as error:
            return str(error)
        return ""

    def _render_slide(self, slide: Slide, manifest: Manifest, size: Size) -> RenderResult:
        if isinstance(slide.content, UnknownContent):
            return RenderResult(code="unknown-kind", detail=f"this version does not know {slide.content.kind!r}")
        found = rendered_before(self.state.frames, slide, rendering.Canvas.for_screen(manifest.settings, size))
        if not found.frames:
            found = self.renderer.draw_slide(slide, manifest.settings, size)
        if found.code == DISK_FULL:
            # Files that may be of use one day have no right to the room that a frame needs now.
            self.assets.remove_unneeded(self.needed(), everything=True)
            found = self.renderer.draw_slide(slide, manifest.settings, size)
        return found

    def _assemble_programme(
        self, sequence: int, manifest: Manifest, skipped: dict[str, SkippedSlide]
    ) -> ActiveProgramme:
        idle = manifest.idle
        for size in sorted({zone.rectangle.size for zone in manifest.layout.zones}):
            if (idle.id, size) not in self._drawn:
                self._drawn[idle.id, size] = (self._draw_idle_fallback(manifest, size),)
        gone = set(skipped) - {idle.id}
        left = manifest.without_slides(gone)
        ready = left.replace(
            slides=tuple(self._with_pages(slide) for slide in left.slides), idle=self._with_pages(idle)
        )
        frames = {
            frame_set_key(slide, size): names for (slide, size), names in self._drawn.items() if slide not in gone
        }
        frames |= {strip_set_key(slide, size): names for (slide, size), names in self._strips.items() if names}
        return ActiveProgramme(sequence=sequence, manifest=ready, frames=frames, skipped=tuple(skipped.values()))

    def _with_pages(self, slide: Slide) -> Slide:
        """What was drawn counts, not what the server expected."""
        pages = max((len(names) for (name, _), names in self._drawn.items() if name == slide.id), default=slide.pages)
        return slide.replace(pages=min(20, pages))

    def _draw_idle_fallback(self, manifest: Manifest, size: Size) -> str:
        """Return a frame for an idle slide that cannot be drawn: a zone is never black."""
        image = rendering.draw_idle_page(
            manifest.settings.town.name, [], rendering.Canvas.for_screen(manifest.settings, size)
        )
        name = f"idle-{rendering.image_digest(image)[:32]}-0.png"
        save_png(image, self.state.frames / name)
        return name


def _bytes_per_second(manifest: Manifest) -> int | None:
    limit = manifest.settings.downloads.kilobytes_per_second
    return limit * 1000 if limit else None


def slide_sizes(manifest: Manifest) -> Iterator[tuple[Slide, Size]]:
    """Yield every slide with each size that it is shown at, the idle slide first, in the order of the zones."""
    shelf = PlaylistIndex.of_manifest(manifest)
    seen: set[tuple[str, Size]] = set()
    for zone in manifest.layout.zones:
        size = zone.rectangle.size
        rules = (rule for rule in manifest.rules if rule.zone == zone.id)
        reachable = (slide for rule in rules for slide in shelf.reachable_slides(shelf.playlists[rule.playlist]))
        for slide in itertools.chain((manifest.idle,), reachable):
            if (slide.id, size) not in seen:
                seen.add((slide.id, size))
                yield slide, size


def proven_slides(before: ActiveProgramme | None, after: ActiveProgramme) -> frozenset[str]:
    """Return the slides of a programme that were on before it, just as they are, in one that was on for long enough."""
    if before is None:
        return frozenset()
    if before.sequence == after.sequence:
        return before.proven
    lasted = after.activated_at_ms - before.activated_at_ms >= PROVEN_AFTER_MS
    known = {name for names in before.frames.values() for name in names}
    changed = {name.split(" ")[0] for name, pages in after.frames.items() if not known.issuperset(pages)}
    return (after.slides_with_frames & (before.slides_with_frames if lasted else before.proven)) - changed


def broken_frames(programme: ActiveProgramme, frames: Path) -> list[str]:
    """Return which frames of a programme are missing or damaged, after removing the damaged ones."""
    names = {name for pages in programme.frames.values() for name in pages}
    broken = sorted(name for name in names if not is_whole_png(frames / name))
    for name in broken:
        with contextlib.suppress(OSError):
            (frames / name).unlink()
    return broken


def remove_other_frames(frames: Path, names: Iterable[str]) -> None:
    """Remove every frame that is not one of these."""
    kept = set(names)
    for path in frames.iterdir():
        if path.name not in kept:
            with contextlib.suppress(OSError):
                path.unlink()
