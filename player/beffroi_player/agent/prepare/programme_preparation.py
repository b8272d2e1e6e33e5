"""The preparation of a programme: downloads its assets and renders every frame of it, before any of it is shown.

A slide that cannot be drawn is left out, with the reason, and the others are shown. A programme is never shown in
part: where a file is missing, or the disk or the render process fails, the whole of it waits and the programme before
it stays on the screen.
"""

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
from beffroi_content.timeline import Moment
from beffroi_content.timeline.playlist_order import PlaylistIndex
from beffroi_player.agent.prepare.asset_downloads import AssetStore, AssetUnavailable, DownloadCancelled
from beffroi_player.agent.prepare.download_window import postponed_downloads
from beffroi_player.agent.prepare.png_encoder import save_png
from beffroi_player.agent.prepare.render_process import (
    DISK_FULL,
    NOT_THE_SLIDE,
    RenderProcess,
    RenderResult,
    is_whole_png,
    rendered_before,
)
from beffroi_player.state.directories import ActiveProgramme, FrameKey, FrameSet, Size, SkippedSlide, StateDirectory

log = logging.getLogger(__name__)


PARALLEL_DOWNLOADS = 3
"""Downloads at the same time: two hide the pauses of the third, and more would only share the connection."""


class ProgrammeNotReady(Exception):
    """A programme cannot be made ready now; the message is a sentence that says what it waits for."""


@dataclass
class ProgrammePreparer:
    """Prepares programmes, one at a time."""

    state: StateDirectory
    assets: AssetStore
    renderer: RenderProcess
    needed: Callable[[], Iterable[AssetReference]]
    """Asked for the files that must stay, however full the disk is."""
    now: Callable[[], Moment]
    _frames: dict[FrameKey, FrameSet] = field(default_factory=dict)
    """What is drawn of the present programme."""

    def prepare_programme(
        self, sequence: int, manifest: Manifest, cancelled: Callable[[], bool], progress: Callable[[str], None]
    ) -> ActiveProgramme:
        """Return the programme, with every file and frame on the disk.

        Args:
            sequence: Its sequence number.
            manifest: Its content.
            cancelled: Asked often whether it is still wanted.
            progress: Told in a sentence what is being done.

        Raises:
            ProgrammeNotReady: a file or a frame cannot be had now.
            DownloadCancelled: ``cancelled`` became true.
            OSError: the disk is full or broken.
        """
        self.state.create_folders()
        self.assets.rate_limit.bytes_per_second = _bytes_per_second(manifest)
        later = postponed_downloads(manifest, self.now())
        self._fetch_assets([asset for asset in manifest.assets if asset not in later.assets], cancelled, progress)
        wanted = [(slide, size) for slide, size in slide_sizes(manifest) if slide.id not in later.slides]
        skipped = self._render_frames(manifest, wanted, cancelled, progress)
        # Between two programmes the process is not needed, and its memory is.
        self.renderer.close()
        return self._assemble_programme(sequence, manifest, skipped)

    def _render_frames(
        self, manifest: Manifest, wanted: Sequence[tuple[Slide, Size]], cancelled: Callable[[], bool],
        progress: Callable[[str], None],
    ) -> dict[str, SkippedSlide]:  # fmt: skip
        """Draw each slide at each size, and return the slides that cannot be drawn.

        Raises:
            ProgrammeNotReady: one is not drawn, and the slide is not to blame.
            DownloadCancelled: ``cancelled`` became true.
        """
        self._frames = {}
        skipped: dict[str, SkippedSlide] = {}
        for number, (slide, size) in enumerate(wanted):
            if cancelled():
                raise DownloadCancelled
            progress(f"drawing, {number} of {len(wanted)} done")
            outcome = self._render_slide(slide, manifest, size)
            if outcome.frames:
                self._frames[slide.id, size] = FrameSet(
                    slide=slide.id, size=size, pages=outcome.frames, strips=outcome.strips
                )
            elif outcome.code in NOT_THE_SLIDE or not self._has_assets(slide):
                # The slide is not to blame: the disk, the render process, or a file that is gone.
                raise ProgrammeNotReady(f"“{slide.name}” is not drawn yet: {outcome.detail}"[:500])
            else:
                skipped[slide.id] = SkippedSlide(slide=slide.id, code=outcome.code, detail=outcome.detail)
        return skipped

    def _has_assets(self, slide: Slide) -> bool:
        return all(self.assets.asset_path(asset).exists() for asset in slide.assets)

    def _fetch_assets(
        self, assets: Sequence[AssetReference], cancelled: Callable[[], bool], progress: Callable[[str], None]
    ) -> None:
        """Download every file that is missing, some at the same time."""
        # One file that is missing does not keep the others from coming: the next attempt then has less to do.
        missing: list[str] = []
        done = itertools.count(1)
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS, "download") as pool:
            progress(f"fetching files, 0 of {len(assets)} there")
            for asset, problem in zip(
                assets, pool.map(lambda each: self._download_problem(each, cancelled), assets), strict=True
            ):
                progress(f"fetching files, {next(done)} of {len(assets)} there")
                if problem:
                    log.warning("file %s: %s", asset.sha256[:12], problem)
                    missing.append(f"{asset.sha256[:12]}: {problem}")
        if cancelled():
            raise DownloadCancelled
        if missing:
            raise ProgrammeNotReady(f"waits for {len(missing)} of {len(assets)} files; {missing[0]}"[:500])

    def _download_problem(self, asset: AssetReference, cancelled: Callable[[], bool]) -> str:
        """Return why a file cannot be fetched; empty where it is there, or not wanted any more."""
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
            # A frame that is needed now goes before files that may be of use one day.
            self.assets.remove_unneeded(self.needed(), everything=True)
            found = self.renderer.draw_slide(slide, manifest.settings, size)
        return found

    def _assemble_programme(
        self, sequence: int, manifest: Manifest, skipped: dict[str, SkippedSlide]
    ) -> ActiveProgramme:
        idle = manifest.idle
        for size in sorted({zone.rectangle.size for zone in manifest.layout.zones}):
            if (idle.id, size) not in self._frames:
                fallback = (self._draw_idle_fallback(manifest, size),)
                self._frames[idle.id, size] = FrameSet(slide=idle.id, size=size, pages=fallback)
        gone = set(skipped) - {idle.id}
        left = manifest.without_slides(gone)
        ready = left.replace(
            slides=tuple(self._with_pages(slide) for slide in left.slides), idle=self._with_pages(idle)
        )
        frames = {key: each for key, each in self._frames.items() if each.slide not in gone}
        return ActiveProgramme(sequence=sequence, manifest=ready, frames=frames, skipped=tuple(skipped.values()))

    def _with_pages(self, slide: Slide) -> Slide:
        """Return a slide with the number of pages that were drawn; the server could only estimate it."""
        pages = max((len(each.pages) for each in self._frames.values() if each.slide == slide.id), default=slide.pages)
        return slide.replace(pages=min(20, pages))

    def _draw_idle_fallback(self, manifest: Manifest, size: Size) -> str:
        """Draw the town's name in place of an idle slide that cannot be drawn: a zone is never black."""
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
    """Yield each slide with each size at which it is shown, in the order of the zones, the idle slide first."""
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


def broken_frames(programme: ActiveProgramme, frames: Path) -> list[str]:
    """Return the frames of a programme that are missing or damaged, and remove the damaged ones."""
    broken = sorted(name for name in programme.frame_names if not is_whole_png(frames / name))
    for name in broken:
        with contextlib.suppress(OSError):
            (frames / name).unlink()
    return broken


def remove_other_frames(frames: Path, names: Iterable[str]) -> None:
    """Remove all files of a folder but these."""
    kept = set(names)
    for path in frames.iterdir():
        if path.name not in kept:
            with contextlib.suppress(OSError):
                path.unlink()
