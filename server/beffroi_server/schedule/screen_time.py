"""Screen time: for how long a screen shows something, as the player's own resolver has it, in the words of people.

Pure: manifests and instants in, numbers and phrases out. The hours in which a display is off do not count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_content.model import Manifest
from beffroi_content.timeline import lit_stretches, next_showing, rule_shown_ms, shown_ms
from beffroi_server.core import formatting

HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
_FEW_HOURS = 10
"""Below this number, half hours count."""


@dataclass(frozen=True, slots=True)
class ScreenTime:
    """Part of a time for which a screen shows something."""

    shown_ms: int
    lit_ms: int
    """Time in which the display is not off."""
    whole_ms: int
    next_ms: int | None = None
    """When it is next shown; None: not within the time."""

    @property
    def percent(self) -> float:
        """Its share of the time in which the display is on."""
        return 100 * self.shown_ms / self.lit_ms if self.lit_ms else 0.0

    @property
    def is_week(self) -> bool:
        """Whether the time is a week."""
        return self.whole_ms == WEEK_MS

    @property
    def share_text(self) -> str:
        """The share as a phrase: ``33 % of the time, 56 hours a week``."""
        return _("%(share)s of the time, %(length)s") % {"share": percent_text(self.percent), "length": self._length()}

    @property
    def next_at(self) -> dt.datetime | None:
        """When it is next shown."""
        return formatting.from_milliseconds(self.next_ms)

    def _length(self) -> str:
        length = _length_text(self.shown_ms)
        return _("%(length)s a week") % {"length": length} if self.is_week else length


def slides_time(manifest: Manifest, slides: Collection[str], start_ms: int, end_ms: int) -> ScreenTime:
    """Return for how long a screen shows one of some slides between two instants, and when next."""
    lit = lit_stretches(manifest, start_ms, end_ms)
    shown = sum(_shown_between(manifest, slides, *stretch) for stretch in lit)
    showings = (next_showing(manifest, slide, *stretch) for stretch in lit for slide in slides) if shown else ()
    return ScreenTime(
        shown_ms=shown,
        lit_ms=sum(until - since for since, until in lit),
        whole_ms=end_ms - start_ms,
        next_ms=min((instant for instant in showings if instant is not None), default=None),
    )


def rule_times(manifest: Manifest, start_ms: int, end_ms: int) -> dict[str, ScreenTime]:
    """Return for how long a screen shows the slides of each of its rules between two instants, without next times."""
    lit = lit_stretches(manifest, start_ms, end_ms)
    lit_ms = sum(until - since for since, until in lit)
    stretches = [rule_shown_ms(manifest, *stretch) for stretch in lit]
    shown = {rule.id: sum(each[rule.id] for each in stretches) for rule in manifest.rules}
    return {rule: ScreenTime(ms, lit_ms, end_ms - start_ms) for rule, ms in shown.items()}


def percent_text(percent: float) -> str:
    """Return a share for people: ``33 %``, ``less than 1 %``."""
    if 0 < percent < 1:
        return _("less than %(share)s") % {"share": f"1{formatting.NARROW_SPACE}%"}
    return f"{percent:.0f}{formatting.NARROW_SPACE}%"


def _shown_between(manifest: Manifest, slides: Collection[str], since_ms: int, until_ms: int) -> int:
    zones = shown_ms(manifest, since_ms, until_ms).values()
    # What is in two zones at once is seen once.
    return max((sum(zone[slide] for slide in slides) for zone in zones), default=0)


def _length_text(milliseconds: int) -> str:
    hours = milliseconds / HOUR_MS
    if hours < 1:
        minutes = round(milliseconds / 60_000)
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    rounded = float(round(hours)) if hours >= _FEW_HOURS else round(2 * hours) / 2
    number = formats.number_format(rounded, decimal_pos=0 if rounded.is_integer() else 1)
    return ngettext("%(number)s hour", "%(number)s hours", int(rounded)) % {"number": number}
