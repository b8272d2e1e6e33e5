"""The download window: the files of slides that are not shown soon are fetched only within it.

A town sets the window, usually the night, so that screens do not load the connection of an office by day.
"""

from __future__ import annotations

from typing import NamedTuple

from beffroi_content.model import AssetReference, Manifest
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.calendar import LocalCalendar, local_time, window_contains
from beffroi_content.timeline.queries import shown_ms

HORIZON_MS = 36 * 3_600_000
"""Slides that are shown within so long are fetched at once: in 36 hours there is a whole window, wherever it lies."""


class PostponedDownloads(NamedTuple):
    """Slides and files that wait for the window."""

    slides: frozenset[str]
    assets: frozenset[AssetReference]
    """Files that nothing else needs."""


NOTHING_POSTPONED = PostponedDownloads(frozenset(), frozenset())


def postponed_downloads(manifest: Manifest, moment: Moment) -> PostponedDownloads:
    """Return the slides and files that need not be fetched at that moment.

    Nothing waits without a window, within it, or while the time is not certain.
    """
    window = manifest.settings.downloads.window
    if window is None or moment.clock is not ClockState.TRUSTED:
        return NOTHING_POSTPONED
    almanac = LocalCalendar.of_manifest(manifest)
    if window_contains(window, local_time(moment.unix_ms, almanac.zone), almanac, True, True):
        return NOTHING_POSTPONED
    # Asked of the timeline, which knows validity, rules, seasons, hours and shares.
    seen = shown_ms(manifest, moment.unix_ms, moment.unix_ms + HORIZON_MS)
    slides = [slide for slide in manifest.slides if not any(slide.id in zone for zone in seen.values())]
    names = frozenset(slide.id for slide in slides)
    others = [slide for slide in (manifest.idle, *manifest.slides) if slide.id not in names]
    needed = {asset for slide in others for asset in slide.assets} | {manifest.settings.town.logo}
    return PostponedDownloads(names, frozenset(asset for slide in slides for asset in slide.assets) - needed)


def is_download_due(manifest: Manifest, waiting: frozenset[str], moment: Moment) -> bool:
    """Tell whether slides that have waited need not wait any longer.

    Args:
        manifest: The programme that is on.
        waiting: The slides that are to be shown and have no frames.
        moment: Now.
    """
    return bool(waiting) and bool(waiting - postponed_downloads(manifest, moment).slides)
