"""Tables of a manifest: for each zone and local day, the selection of rules from instant to instant.

To ask every rule at every frame would be too slow on a small machine with hundreds of rules. So the first question
about a day builds its table: the instants at which the selection changes, with the selection from then on. Further
answers, and how long they hold, are found in it by bisection. Tables are kept for some weeks, the oldest go first.

Equal selections are one and the same object, within a day and across days. That is what lets two neighbouring days be
compared with ``is``, to find the instant since which, or until which, a selection lasts.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from beffroi_content.model import Manifest, RuleMode, ScheduleRule, Slide, UnknownContent
from beffroi_content.timeline import selection as selecting
from beffroi_content.timeline.calendar import (
    LAST_MS,
    LOOK_AHEAD_DAYS,
    LocalCalendar,
    applying_ranges,
    local_midnight,
    local_time,
)
from beffroi_content.timeline.loops import LoopEntry, ZoneLoop
from beffroi_content.timeline.moment import FAR_MS, TimeSpan
from beffroi_content.timeline.playlist_order import PlaylistIndex
from beffroi_content.timeline.selection import EligibleRule, ZoneSelection

_DAY = dt.timedelta(days=1)
_DAYS_KEPT = 48
_SELECTIONS_KEPT = 256
_PROGRAMMES_KEPT = 64
"""Entries of the caches: the calendar page of the server asks for six weeks of several screens."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class DayTable:
    """Selections of a zone on a local day: that of each index holds from the instant of the same index on."""

    starts: tuple[int, ...]
    end: int
    selections: tuple[ZoneSelection, ...]


class _RuleSlides:
    """A rule with the slides of its playlist, and which of them it shows at a time."""

    def __init__(self, rule: ScheduleRule, playlists: PlaylistIndex) -> None:
        self.rule = rule
        self._index, self._playlist = playlists, playlists.playlists[rule.playlist]
        self.slides = {slide.id: slide for slide in playlists.reachable_slides(self._playlist)}
        known = [slide for slide in self.slides.values() if not isinstance(slide.content, UnknownContent)]
        self.has_validity = any(has_validity(slide) for slide in known)
        self._eligible: dict[int, EligibleRule | None] = {}
        self._by_slides: dict[tuple[str, ...], EligibleRule] = {}

    def eligible_at(self, key: int, is_shown: Callable[[Slide], bool]) -> EligibleRule | None:
        """Return the rule with the slides that it shows, the same object for the same; None if there are none.

        Args:
            key: Stands for a time in which ``is_shown`` gives the same answers; rules without dated slides ignore it.
            is_shown: Tells whether a slide may be shown.
        """
        key = key if self.has_validity else 0
        if key not in self._eligible:
            slides = self._index.slide_cycle(self._playlist, is_shown)
            _remember(self._eligible, key, self._with_slides(slides) if slides else None, _DAYS_KEPT)
        return self._eligible[key]

    def _with_slides(self, slides: tuple[Slide, ...]) -> EligibleRule:
        name = tuple(slide.id for slide in slides)
        return self._by_slides.get(name) or _remember(
            self._by_slides, name, EligibleRule(self.rule, slides), _DAYS_KEPT
        )


class ZoneTable:
    """The rules of one zone, and the tables of the days that were asked for."""

    def __init__(
        self, manifest: Manifest, playlists: PlaylistIndex, rules: Sequence[ScheduleRule], calendar: LocalCalendar
    ) -> None:
        self._calendar, self._idle = calendar, manifest.idle
        ordered = sorted(rules, key=lambda rule: (-rule.priority, rule.id))
        self._rules = [_RuleSlides(rule, playlists) for rule in ordered]
        slides = {slide.id: slide for rule in self._rules for slide in rule.slides.values()}
        boundaries = {boundary for slide in slides.values() for boundary in (slide.valid_from_ms, slide.valid_until_ms)}
        self._validity_boundaries = sorted(
            boundary for boundary in boundaries if boundary is not None and boundary <= LAST_MS
        )
        # Without anything dated the selection is always the same: no tables are needed at all.
        self._is_fixed = not self._validity_boundaries and not any(rule.rule.is_dated for rule in self._rules)
        self._days: dict[dt.date, DayTable] = {}
        self._loops: dict[int, tuple[ZoneSelection, ZoneLoop]] = {}
        self._selections: dict[tuple[int, ...], ZoneSelection] = {}
        self._undated = self._select_active(
            [index for index, rule in enumerate(self._rules) if not rule.rule.is_dated], None
        )

    def undated_selection(self) -> ZoneSelection:
        """Return the selection while the time is not known: only what is undated."""
        return self._undated

    def selection_at(self, unix_ms: int) -> tuple[ZoneSelection, TimeSpan, int]:
        """Return the selection at an instant, its span, and the earliest instant that was looked at for the span."""
        if self._is_fixed:
            return self._undated, TimeSpan(None), -FAR_MS
        now = min(max(unix_ms, 0), LAST_MS)
        date, day = self._day_containing(now)
        index = bisect_right(day.starts, now) - 1
        found = day.selections[index]
        # The first and the last piece of a day may go on in its neighbours.
        since = day.starts[index] if index else self._selection_start(found, date, day.starts[0])
        later = day.starts[index + 1] if index + 1 < len(day.starts) else self._selection_end(found, date)
        until = FAR_MS if later is None or unix_ms > LAST_MS else later
        return found, TimeSpan(since, until), local_midnight(date - _DAY, self._calendar.zone)

    def selections_between(self, start_ms: int, end_ms: int) -> list[tuple[int, int, ZoneSelection]]:
        """Return the selections from an instant up to another, each with its bounds, without a gap."""
        pieces: list[tuple[int, int, ZoneSelection]] = []
        # Before 1970 and after 9999 the calendar stands still; there is nothing to ask.
        now, end_ms = max(0, start_ms), min(end_ms, LAST_MS)
        date, day = self._day_containing(now)
        while now < end_ms:
            index = bisect_right(day.starts, now) - 1
            until = min(end_ms, (*day.starts, day.end)[index + 1])
            if pieces and pieces[-1][2] is day.selections[index]:
                pieces[-1] = pieces[-1][0], until, pieces[-1][2]
            else:
                pieces.append((now, until, day.selections[index]))
            now = until
            if now >= day.end:
                date += _DAY
                day = self._day_table(date)
        return pieces

    def loop_of(self, selection: ZoneSelection, information: Sequence[LoopEntry] = ()) -> ZoneLoop:
        """Return the loop of a selection; ``information`` are entries of alerts that come at its end."""
        if information:
            return selecting.build_loop(selection, self._idle, information)
        if id(selection) not in self._loops:
            _remember(
                self._loops, id(selection), (selection, selecting.build_loop(selection, self._idle)), _SELECTIONS_KEPT
            )
        return self._loops[id(selection)][1]

    def _day_containing(self, unix_ms: int) -> tuple[dt.date, DayTable]:
        date = local_time(unix_ms, self._calendar.zone).date()
        day = self._day_table(date)
        # Where the clock goes back over midnight, a day begins before the last one has ended.
        while unix_ms >= day.end:
            date, day = date + _DAY, self._day_table(date + _DAY)
        while unix_ms < day.starts[0]:
            date, day = date - _DAY, self._day_table(date - _DAY)
        return date, day

    def _day_table(self, date: dt.date) -> DayTable:
        found = self._days.get(date)
        return found or _remember(self._days, date, self._build_day(date), _DAYS_KEPT)

    def _build_day(self, date: dt.date) -> DayTable:
        """Return the table of a local day, by one sweep over the instants at which anything changes.

        An event is an instant at which a rule begins or ceases to apply, or (with the index -1) at which the validity
        of some slide begins or ends. Between two instants nothing changes, so one selection for each is enough.
        """
        begin, end = local_midnight(date, self._calendar.zone), local_midnight(date + _DAY, self._calendar.zone)
        events: list[tuple[int, int, bool]] = []
        for index, rule in enumerate(self._rules):
            for start, stop in applying_ranges(rule.rule, date, self._calendar):
                events += (start, index, True), (stop, index, False)
        low, high = bisect_right(self._validity_boundaries, begin), bisect_right(self._validity_boundaries, end - 1)
        events += [(boundary, -1, True) for boundary in self._validity_boundaries[low:high]]
        events.sort()
        active: list[int] = []
        starts: list[int] = []
        selections: list[ZoneSelection] = []
        position = 0
        for cut in sorted({begin, *(instant for instant, *_ in events if instant < end)}):
            while position < len(events) and events[position][0] == cut:
                _, index, begins = events[position]
                position += 1
                if index >= 0:
                    _toggle_rule(active, index, begins=begins)
            selection = self._select_active(active, cut)
            if not selections or selections[-1] is not selection:
                starts.append(cut)
                selections.append(selection)
        return DayTable(tuple(starts), end, tuple(selections))

    def _select_active(self, active: Sequence[int], unix_ms: int | None) -> ZoneSelection:
        """Return the selection of some rules; the same object for the same content.

        Args:
            active: Indexes of the rules that apply, rising: by falling priority.
            unix_ms: The instant, for the validity of slides; None: the time is not known.
        """

        def is_shown(slide: Slide) -> bool:
            return is_valid(slide, unix_ms)

        # Between two boundaries every slide is valid or not throughout, so their number stands for the time.
        key = -1 if unix_ms is None else bisect_right(self._validity_boundaries, unix_ms)
        found: list[EligibleRule] = []
        loop: int | None = None
        for index in active:
            rule = self._rules[index]
            # What is below the loop is never selected: its slides need not even be looked at.
            if loop is not None and rule.rule.priority < loop:
                break
            each = rule.eligible_at(key, is_shown)
            if each:
                found.append(each)
                loop = rule.rule.priority if rule.rule.mode is not RuleMode.INTERJECT else loop
        selection = selecting.select_rules(found)
        # The tuples of slides are kept by the rules, so their identity stands for their content.
        name = tuple(id(each.slides) for each in (*selection.loop, *selection.between))
        return self._selections.get(name) or _remember(self._selections, name, selection, _SELECTIONS_KEPT)

    def _selection_start(self, selection: ZoneSelection, date: dt.date, begin: int) -> int | None:
        """Return since when the first selection of a day holds; None: since before the day before."""
        before = self._day_table(date - _DAY)
        if before.selections[-1] is not selection:
            return begin
        return before.starts[-1] if len(before.starts) > 1 else None

    def _selection_end(self, selection: ZoneSelection, date: dt.date) -> int | None:
        """Return until when the last selection of a day holds; None: beyond the days that the timeline looks ahead."""
        for _ in range(LOOK_AHEAD_DAYS):
            date += _DAY
            if date > _LAST_DATE:
                return None
            day = self._day_table(date)
            if day.selections[0] is not selection:
                return day.starts[0]
            if len(day.starts) > 1:
                return day.starts[1]
        return None


class ProgrammeTables:
    """The tables of all zones of a manifest."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.calendar = LocalCalendar.of_manifest(manifest)
        playlists = PlaylistIndex.of_manifest(manifest)
        self.zones = {
            zone.id: ZoneTable(
                manifest, playlists, [rule for rule in manifest.rules if rule.zone == zone.id], self.calendar
            )
            for zone in manifest.layout.zones
        }


_LAST_DATE = dt.date(9999, 11, 30)
_recent: tuple[ProgrammeTables, ...] = ()


def programme_tables(manifest: Manifest) -> ProgrammeTables:
    """Return the tables of a manifest: those that were made before, if it is the same object."""
    global _recent  # noqa: PLW0603 - replaced as a whole, so that threads need no lock
    for tables in _recent:
        if tables.manifest is manifest:
            return tables
    made = ProgrammeTables(manifest)
    _recent = (made, *_recent[: _PROGRAMMES_KEPT - 1])
    return made


def has_validity(slide: Slide) -> bool:
    """Tell whether a slide may be shown at certain times only."""
    return slide.valid_from_ms is not None or slide.valid_until_ms is not None


def is_valid(slide: Slide, unix_ms: int | None) -> bool:
    """Tell whether a slide may be shown at an instant, or, with None, while nobody knows the time."""
    if isinstance(slide.content, UnknownContent):
        return False
    if unix_ms is None:
        return not has_validity(slide)
    has_begun = slide.valid_from_ms is None or slide.valid_from_ms <= unix_ms
    return has_begun and (slide.valid_until_ms is None or unix_ms < slide.valid_until_ms)


def _toggle_rule(active: list[int], index: int, *, begins: bool) -> None:
    if begins:
        insort(active, index)
    else:
        active.remove(index)


def _remember(cache: dict[K, V], key: K, value: V, most: int) -> V:
    """Add a value to a cache and return it; of too many, the oldest go."""
    cache[key] = value
    for oldest in list(cache)[: max(0, len(cache) - most)]:
        cache.pop(oldest, None)
    return value
