"""How long a player takes to decide what is on, with 200 schedule rules, and a server to lay out a week.

One full answer of ``resolve`` (which slide, why, since and until when) at instants all through a week, as a player asks
for them, daylight saving included, for a screen of two zones with 200 rules, 40 playlists and 120 slides. The table
also has the grid of that week for all zones, made from nothing, and both with fewer and with more rules.

The limit is the least that any answer needs: a bare loop that compares date, weekday and time of the same instants
with those of the same rules, laid out beforehand as plain numbers. The goal for a week's grid is 100 ms.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from beffroi_content import model
from beffroi_content.timeline import Moment, calendar_grid, resolve_scene
from benchmarks.form import SUMMARY_HEADING, Options, Result, percentile, summary

RULES, PLAYLISTS, SLIDES = 200, 40, 120
GROWTH = (50, 200, 500)
SIZE = (1920, 1080)
ZONE = ZoneInfo("Europe/Paris")
NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=ZONE)
WEEK = dt.datetime(2026, 3, 23, tzinfo=ZONE)
"""The clock goes forward on its Sunday."""
HOUR_S = 3_600
WEEK_MS = 7 * 24 * HOUR_S * 1_000

Bounds = tuple[int, int, frozenset[int], int, int]
"""First and last day, weekdays, and first and last second of the day."""


def measure(options: Options) -> Result:
    """Measure one answer, and a week."""
    start = int(WEEK.timestamp() * 1_000)
    asked = options.repetitions(20_000, 200)
    instants = [start + number * WEEK_MS // asked for number in range(asked)]
    rows: list[tuple[object, ...]] = []
    value = 0.0
    for count in GROWTH:
        answers, weeks = _answers(count, instants, start)
        rows += (f"resolve, {count} rules", *summary(answers)), (f"a week, {count} rules", *summary(weeks))
        value = percentile(answers, 0.99) if count == RULES else value
    bounds = [_bounds(rule) for rule in _manifest(RULES).rules]
    bare = _timed(lambda instant: _applying(bounds, instant), instants)
    return Result(
        value=value,
        unit="ms",
        goal=0.2,
        limit=percentile(bare, 0.99),
        value_is="p99 of one answer",
        limit_is="p99 of the bare loop over the same rules",
        heading=("ms", *SUMMARY_HEADING),
        rows=[*rows, ("bare loop", *summary(bare))],
    )


def _answers(count: int, instants: Sequence[int], start: int) -> tuple[list[float], list[float]]:
    manifest = _manifest(count)
    answers = _timed(lambda instant: resolve_scene(manifest, (), Moment(instant, 0), SIZE), instants)
    fresh = [_manifest(count) for _ in range(5)]
    weeks = _timed(lambda number: calendar_grid(fresh[number], start, start + WEEK_MS), range(5))
    return answers, weeks


def _timed(ask: Callable[[int], object], instants: Sequence[int]) -> list[float]:
    taken = []
    for instant in instants:
        begin = time.perf_counter()
        ask(instant)
        taken.append((time.perf_counter() - begin) * 1_000)
    return taken


def _manifest(count: int) -> model.Manifest:
    chance = random.Random(1)  # noqa: S311 - the same programme in every run
    slides = tuple(_slide(number, chance) for number in range(SLIDES))
    playlists = tuple(
        model.Playlist(id=f"playlist-{number}", name="Playlist", slides=tuple(chance.sample([s.id for s in slides], 8)))
        for number in range(PLAYLISTS)
    )
    town = model.Town(name="Saint-Martin")
    screen = model.ScreenClass(name="1080p", width=1920, height=1080, physical_height_mm=600, viewing_distance_mm=5_000)
    main = model.LayoutZone(id="main", rectangle=model.Rectangle(width=1920, height=960))
    strip = model.LayoutZone(id="strip", rectangle=model.Rectangle(y=960, width=1920, height=120))
    return model.Manifest(
        screen="hall",
        settings=model.ScreenSettings(screen_class=screen, town=town),
        layout=model.Layout(zones=(main, strip)),
        slides=slides,
        playlists=playlists,
        rules=tuple(_rule(number, chance) for number in range(count)),
        idle=_notice("idle"),
    )


def _slide(number: int, chance: random.Random) -> model.Slide:
    slide = _notice(f"slide-{number}")
    if chance.random() < 0.5:
        return slide
    since = int(NEW_YEAR.timestamp() * 1_000) + chance.randrange(300) * 24 * HOUR_S * 1_000
    return slide.replace(valid_from_ms=since, valid_until_ms=since + 45 * 24 * HOUR_S * 1_000)


def _notice(identifier: str) -> model.Slide:
    announcement = model.Announcement(id=identifier, template="notice", title="Title")
    return model.Slide(id=identifier, name="Slide", content=model.AnnouncementContent(announcement=announcement))


def _rule(number: int, chance: random.Random) -> model.ScheduleRule:
    first = NEW_YEAR.date() + dt.timedelta(days=chance.randrange(300))
    start = chance.randrange(6, 20)
    window = model.TimeWindow(start=dt.time(start), end=dt.time(start + chance.randrange(1, 4)))
    return model.ScheduleRule(
        id=f"rule-{number}",
        name="Rule",
        playlist=f"playlist-{chance.randrange(PLAYLISTS)}",
        zone=chance.choice(["main", "strip"]),
        priority=chance.randrange(101),
        first_date=first,
        last_date=first + dt.timedelta(days=chance.randrange(10, 90)),
        weekdays=frozenset(chance.sample(range(1, 8), chance.randrange(1, 8))),
        times=(window,),
    )


def _bounds(rule: model.ScheduleRule) -> Bounds:
    assert rule.first_date is not None
    assert rule.last_date is not None
    start, end = rule.times[0].start.hour * HOUR_S, rule.times[0].end.hour * HOUR_S
    return rule.first_date.toordinal(), rule.last_date.toordinal(), rule.weekdays, start, end


def _applying(rules: Sequence[Bounds], instant: int) -> int:
    local = dt.datetime.fromtimestamp(instant / 1_000, ZONE)
    day, weekday = local.toordinal(), local.isoweekday()
    second = local.hour * HOUR_S + local.minute * 60 + local.second
    return sum(
        first <= day <= last and weekday in weekdays and start <= second < end
        for first, last, weekdays, start, end in rules
    )
