"""Queries about a programme over a time: the calendar page, gaps, shares, rules that are never seen.

Alerts are left out, since they are not known beforehand, and the clock is taken to be right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from beffroi_content.model import Manifest
from beffroi_content.timeline.calendar import applying_ms
from beffroi_content.timeline.loops import ZoneLoop
from beffroi_content.timeline.selection import ZoneSelection
from beffroi_content.timeline.zone_table import ZoneTable, programme_tables

_MOST_ENTRIES = 20_000
"""Entries of a loop that are looked through for a slide at most."""


@dataclass(frozen=True, slots=True)
class RuleStretch:
    """A time in which the same rules have a zone: from ``since_ms`` up to ``until_ms``."""

    since_ms: int
    until_ms: int
    rules: tuple[str, ...]
    """Those that are seen; none: the idle slide is shown."""
    playlists: tuple[str, ...]

    @property
    def is_idle(self) -> bool:
        """Tell whether no rule has anything to show."""
        return not self.rules


@dataclass(frozen=True, slots=True)
class RuleVisibility:
    """Visibility of a rule within a time: how long it applies, and how long it is seen, in milliseconds."""

    rule: str
    applies_ms: int
    seen_ms: int
    """The time in which it has a share of its zone."""

    @property
    def is_never_seen(self) -> bool:
        """Tell whether the rule applies and is never seen: others are more important, or it has nothing to show."""
        return self.applies_ms > 0 and self.seen_ms == 0


@dataclass(frozen=True, slots=True)
class SlideTime:
    """For how long a slide is shown within a time, and by which rules."""

    slide: str
    rules: tuple[str, ...]
    """None for the idle slide."""
    shown_ms: int


@dataclass(frozen=True, slots=True)
class SlideStretch:
    """A time in which the same slides take turns in a zone: from ``since_ms`` up to ``until_ms``."""

    since_ms: int
    until_ms: int
    slides: tuple[SlideTime, ...]
    """The one that is shown longest first."""


def slide_grid(manifest: Manifest, zone: str, start_ms: int, end_ms: int) -> list[SlideStretch]:
    """Return the slides that take turns in a zone from an instant up to another, without a gap."""
    table = programme_tables(manifest).zones[zone]
    found = []
    for since, until, selection in table.selections_between(start_ms, end_ms):
        loop = table.loop_of(selection)
        shown = loop.shown_until(until)
        shown.subtract(loop.shown_until(since))
        rules = _rules_by_slide(selection)
        slides = tuple(SlideTime(name, tuple(rules.get(name, ())), ms) for name, ms in (+shown).most_common() if name)
        found.append(SlideStretch(since, until, slides))
    return found


def calendar_grid(manifest: Manifest, start_ms: int, end_ms: int) -> dict[str, list[RuleStretch]]:
    """Return the rules that have each zone from an instant up to another, without a gap."""
    return {
        name: [_rule_stretch(*piece) for piece in zone.selections_between(start_ms, end_ms)]
        for name, zone in programme_tables(manifest).zones.items()
    }


def idle_stretches(manifest: Manifest, start_ms: int, end_ms: int) -> dict[str, list[RuleStretch]]:
    """Return the times in which each zone shows the idle slide alone."""
    found = calendar_grid(manifest, start_ms, end_ms)
    return {name: [stretch for stretch in stretches if stretch.is_idle] for name, stretches in found.items()}


def next_showing(manifest: Manifest, slide: str, start_ms: int, end_ms: int) -> int | None:
    """Return the first instant from ``start_ms`` up to ``end_ms`` at which a slide is shown in any zone."""
    tables = programme_tables(manifest)
    found = [_first_showing(zone, slide, start_ms, end_ms) for zone in tables.zones.values()]
    return min((instant for instant in found if instant is not None), default=None)


def shown_ms(manifest: Manifest, start_ms: int, end_ms: int) -> dict[str, Counter[str]]:
    """Return for how many milliseconds each zone shows each slide."""
    found: dict[str, Counter[str]] = {}
    for name, zone in programme_tables(manifest).zones.items():
        total: Counter[str] = Counter()
        for since, until, selection in zone.selections_between(start_ms, end_ms):
            loop = zone.loop_of(selection)
            # A loop counts from the epoch, so the time of a piece is a difference of two counts.
            total.update(loop.shown_until(until))
            total.subtract(loop.shown_until(since))
        found[name] = +total
    return found


def rule_shown_ms(manifest: Manifest, start_ms: int, end_ms: int) -> Counter[str]:
    """Return for how many milliseconds slides of each rule are shown, all zones together.

    A slide that two rules have on at the same time counts half for each.
    """
    found: Counter[str] = Counter()
    for zone in programme_tables(manifest).zones.values():
        for since, until, selection in zone.selections_between(start_ms, end_ms):
            loop = zone.loop_of(selection)
            shown = loop.shown_until(until)
            shown.subtract(loop.shown_until(since))
            for slide, rules in _rules_by_slide(selection).items():
                found.update(dict.fromkeys(rules, shown[slide] // len(rules)))
    return +found


def rule_visibilities(manifest: Manifest, start_ms: int, end_ms: int) -> list[RuleVisibility]:
    """Return how long each rule applies and how long it is seen, in the order of the manifest."""
    tables = programme_tables(manifest)
    seen: Counter[str] = Counter()
    for zone in tables.zones.values():
        for since, until, selection in zone.selections_between(start_ms, end_ms):
            for rule in selection.rules:
                seen[rule.id] += until - since
    return [
        RuleVisibility(rule.id, applying_ms(rule, start_ms, end_ms, tables.calendar), seen[rule.id])
        for rule in manifest.rules
    ]


def _rules_by_slide(selection: ZoneSelection) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in (*selection.loop, *selection.between):
        for slide in {slide.id for slide in each.slides}:
            found[slide].append(each.rule.id)
    return found


def _rule_stretch(since_ms: int, until_ms: int, selection: ZoneSelection) -> RuleStretch:
    rules = selection.rules
    return RuleStretch(since_ms, until_ms, tuple(rule.id for rule in rules), tuple(rule.playlist for rule in rules))


def _first_showing(zone: ZoneTable, slide: str, start_ms: int, end_ms: int) -> int | None:
    for since, until, selection in zone.selections_between(start_ms, end_ms):
        if (found := _first_on_loop(zone.loop_of(selection), slide, since, until)) is not None:
            return found
    return None


def _first_on_loop(loop: ZoneLoop, slide: str, since_ms: int, until_ms: int) -> int | None:
    if not (loop.shown_until(until_ms) - loop.shown_until(since_ms))[slide]:
        return None
    # The slide is on for some of this time: the entries are followed until it comes.
    now = since_ms
    for _ in range(_MOST_ENTRIES):
        position = loop.position_at(now)
        if position.entry.subject == slide:
            return now
        now = position.until_ms
        if now >= until_ms:
            break
    return None
