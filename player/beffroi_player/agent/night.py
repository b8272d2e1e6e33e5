"""What can wait for the hours of downloads: the files of slides that nothing shows for long."""

from __future__ import annotations

from typing import NamedTuple

from beffroi_content.model import AssetReference, Manifest
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.answers import shown_ms
from beffroi_content.timeline.calendar import Almanac, is_within, local_time

NOT_SOONER_MS = 36 * 3_600_000
"""Slides that are on only after so long wait: until then there is a whole window, whenever in the day that is."""


class Postponed(NamedTuple):
    """What waits."""

    slides: frozenset[str]
    assets: frozenset[AssetReference]
    """Files that nothing else needs."""


NOTHING = Postponed(frozenset(), frozenset())


def postponed(manifest: Manifest, moment: Moment) -> Postponed:
    """Return what need not be fetched at that moment.

    Nothing waits without a window, within it, or while the time is not certain.
    """
    window = manifest.settings.downloads.window
    if window is None or moment.clock is not ClockState.TRUSTED:
        return NOTHING
    almanac = Almanac.of(manifest)
    if is_within(window, local_time(moment.unix_ms, almanac.zone), almanac, True, True):
        return NOTHING
    # By the timeline itself: by validity, by rules and their seasons, hours and shares.
    seen = shown_ms(manifest, moment.unix_ms, moment.unix_ms + NOT_SOONER_MS)
    slides = [slide for slide in manifest.slides if not any(slide.id in zone for zone in seen.values())]
    names = frozenset(slide.id for slide in slides)
    others = [slide for slide in (manifest.idle, *manifest.slides) if slide.id not in names]
    needed = {asset for slide in others for asset in slide.assets} | {manifest.settings.town.logo}
    return Postponed(names, frozenset(asset for slide in slides for asset in slide.assets) - needed)


def is_due(manifest: Manifest, waiting: frozenset[str], moment: Moment) -> bool:
    """Tell whether slides that have waited need not wait any more.

    Args:
        manifest: The programme that is on.
        waiting: The slides that are to be shown and have no frames.
        moment: Now.
    """
    return bool(waiting) and bool(waiting - postponed(manifest, moment).slides)
