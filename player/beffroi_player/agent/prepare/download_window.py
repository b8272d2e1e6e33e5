"""What can wait for the hours of downloads: the files of slides that nothing shows for long."""

from __future__ import annotations

from typing import NamedTuple

from beffroi_content.model import AssetReference, Manifest
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.calendar import LocalCalendar, local_time, window_contains
from beffroi_content.timeline.queries import shown_ms

HORIZON_MS = 36 * 3_600_000
"""Slides that are on only after so long wait: until then there is a whole window, whenever in the day that is."""


class PostponedDownloads(NamedTuple):
    """What waits."""

    slides: frozenset[str]
    assets: frozenset[AssetReference]
    """Files that nothing else needs."""


NOTHING_POSTPONED = PostponedDownloads(frozenset(), frozenset())


def postponed_downloads(manifest: Manifest, moment: Moment) -> PostponedDownloads:
    """Return what need not be fetched at that moment.

    Nothing waits without a window, within it, or while the time is not certain.
    """
    window = manifest.settings.downloads.window
    if window is None or moment.clock is not ClockState.TRUSTED:
        return NOTHING_POSTPONED
    almanac = LocalCalendar.of_manifest(manifest)
    if window_contains(window, local_time(moment.unix_ms, almanac.zone), almanac, True, True):
        return NOTHING_POSTPONED
    # By the timeline itself: by validity, by rules and their seasons, hours and shares.
    seen = shown_ms(manifest, moment.unix_ms, moment.unix_ms + HORIZON_MS)
    slides = [slide for slide in manifest.slides if not any(slide.id in zone for zone in seen.values())]
    names = frozenset(slide.id for slide in slides)
    others = [slide for slide in (manifest.idle, *manifest.slides) if slide.id not in names]
    needed = {asset for slide in others for asset in slide.assets} | {manifest.settings.town.logo}
    return PostponedDownloads(names, frozenset(asset for slide in slides for asset in slide.assets) - needed)


def is_download_due(manifest: Manifest, waiting: frozenset[str], moment: Moment) -> bool:
    """Tell whether slides that have waited need not wait any more.

    Args:
        manifest: The programme that is on.
        waiting: The slides that are to be shown and have no frames.
        moment: Now.
    """
    return bool(waiting) and bool(waiting - postponed_downloads(manifest, moment).slides)
