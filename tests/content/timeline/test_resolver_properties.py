"""What holds of every programme, every set of alerts and every instant."""

import datetime as dt
from itertools import islice, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_content.model import (
    Alert,
    AlertLevel,
    AlertStatus,
    Announcement,
    AnnouncementContent,
    DayCalendar,
    DayRange,
    HeldAlert,
    Interjection,
    InterjectionCadence,
    Layout,
    LayoutZone,
    Manifest,
    Playlist,
    Rectangle,
    RuleMode,
    ScheduleRule,
    ScreenClass,
    ScreenSettings,
    Slide,
    SunEvent,
    SunTime,
    TimeWindow,
    Town,
    UnknownContent,
)
from beffroi_content.timeline import ClockState, Moment, Scene, calendar_grid, resolve_scene, scene_changes
from beffroi_content.timeline.calendar import LocalCalendar, local_time, rule_applies
from beffroi_content.timeline.playlist_order import PlaylistIndex
from beffroi_content.timeline.selection import EligibleRule, ZoneSelection, build_loop, select_rules
from beffroi_content.timeline.zone_table import is_valid

SIZE = (320, 160)
MINUTE = 60_000
HOUR = 60 * MINUTE
SPRING = int(dt.datetime(2026, 3, 29, tzinfo=dt.UTC).timestamp()) * 1000
"""An hour before the clocks of Paris go forward."""
ZONES = ("main", "foot")
SLIDES = ("one", "two", "three", "four")
CLASS = ScreenClass(name="Panel", width=320, height=160, physical_height_mm=1600, viewing_distance_mm=20_000)

offsets = st.integers(-30 * HOUR, 30 * HOUR).map(lambda offset: offset // 1000 * 1000)
clocks = st.sampled_from(ClockState)
moments = st.builds(lambda offset, clock: Moment(SPRING + offset, 40 * HOUR + offset, clock), offsets, clocks)
times = st.builds(dt.time, st.integers(0, 23), st.sampled_from([0, 30])) | st.builds(
    SunTime, event=st.sampled_from(SunEvent), offset_minutes=st.sampled_from([-30, 0, 45])
)


def content(name: str):
    return AnnouncementContent(announcement=Announcement(id=name, template="notice", title=name))


@st.composite
def slides(draw, name: str) -> Slide:
    start, end = (draw(st.none() | offsets) for _ in range(2))
    if start is not None and end is not None and start >= end:
        start, end = end, start + 1
    return Slide(
        id=name,
        name=name,
        content=draw(st.sampled_from([content(name), content(name), UnknownContent(kind="hologram")])),
        duration_ms=draw(st.sampled_from([1_000, 7_000, 20_000, HOUR])),
        pages=draw(st.integers(1, 3)),
        valid_from_ms=None if start is None else SPRING + start,
        valid_until_ms=None if end is None else SPRING + end,
        most_per_hour=draw(st.sampled_from([0, 0, 1, 30])),
    )


interjections = st.builds(
    Interjection, cadence=st.sampled_from(InterjectionCadence), amount=st.sampled_from([1, 3, 10, 60])
)
modes = st.one_of(
    st.builds(lambda weight: {"mode": RuleMode.ROTATE, "weight": weight}, st.integers(1, 5)),
    st.just({"mode": RuleMode.REPLACE}),
    st.builds(lambda one: {"mode": RuleMode.INTERJECT, "interjection": one}, interjections),
)


@st.composite
def rules(draw, name: str) -> ScheduleRule:
    dates = [None, dt.date(2026, 3, 28), dt.date(2026, 3, 29), dt.date(2026, 3, 30)]
    first, last = draw(st.sampled_from(dates)), draw(st.sampled_from(dates))
    return ScheduleRule(
        id=name,
        name=name,
        playlist=draw(st.sampled_from(["long", "short", "empty"])),
        zone=draw(st.sampled_from(ZONES)),
        priority=draw(st.sampled_from([10, 50])),
        **draw(modes),
        first_date=first,
        last_date=max(first, last) if first and last else last,
        weekdays=draw(st.sampled_from([frozenset(range(1, 8)), frozenset({6}), frozenset({7, 1})])),
        recurrence=""
        if first is None
        else draw(st.sampled_from(["", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=SU"])),
        extra_dates=draw(st.sets(st.sampled_from(dates[1:]), max_size=1)),
        except_dates=draw(st.sets(st.sampled_from(dates[1:]), max_size=1)),
        only_on=draw(st.sampled_from([(), (), ("holidays",)])),
        never_on=draw(st.sampled_from([(), (), ("holidays",)])),
        times=draw(st.lists(st.builds(TimeWindow, start=times, end=times), max_size=2)),
    )


@st.composite
def manifests(draw) -> Manifest:
    chosen = draw(st.sets(st.sampled_from(SLIDES), max_size=3))
    return Manifest(
        screen="hall",
        settings=ScreenSettings(screen_class=CLASS, town=Town(name="Saint-Aubin")),
        layout=Layout(zones=tuple(LayoutZone(id=name, rectangle=Rectangle(width=320, height=80)) for name in ZONES)),
        slides=tuple(draw(slides(name)) for name in SLIDES),
        calendars=(DayCalendar(id="holidays", name="H", days=(DayRange(first="2026-03-28", last="2026-03-29"),)),),
        playlists=(
            Playlist(id="long", name="Long", slides=("short", *SLIDES)),
            Playlist(id="short", name="Short", slides=tuple(sorted(chosen)), take=draw(st.integers(0, 2))),
            Playlist(id="empty", name="Empty", slides=()),
        ),
        rules=tuple(draw(rules(f"rule-{number}")) for number in range(draw(st.integers(0, 4)))),
        idle=Slide(id="idle", name="Idle", content=content("idle"), pages=draw(st.integers(1, 2))),
    )


@st.composite
def held_alerts(draw, moment: Moment) -> tuple[HeldAlert, ...]:
    """Alerts that the player has received by the moment, over clocks that differ."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        age, skew = draw(st.integers(0, 3 * HOUR)), draw(st.sampled_from([0, 0, -3_000, 3_000, -HOUR, HOUR]))
        issued, lasts = moment.unix_ms - age + skew, draw(st.sampled_from([0, MINUTE, HOUR, 5 * HOUR]))
        live = draw(st.sampled_from([lasts, MINUTE, 2 * HOUR]))
        alert = Alert(
            id=f"alert-{draw(st.integers(0, number))}",
            level=draw(st.sampled_from(AlertLevel)),
            status=draw(st.sampled_from(AlertStatus)),
            title="Crue",
            source="Mairie",
            issued_at_ms=issued,
            ends_at_ms=issued + lasts,
            time_to_live_ms=live,
            all_clear_ms=draw(st.sampled_from([0, MINUTE, HOUR])),
        )
        is_planned = draw(st.booleans())
        ahead = draw(st.sampled_from([0, MINUTE, 3 * HOUR])) if is_planned else 0
        found.append(
            HeldAlert(
                alert=alert.replace(issued_at_ms=issued + ahead, ends_at_ms=issued + ahead + lasts),
                lapses_at_uptime_ms=moment.uptime_ms - age + (ahead + lasts if is_planned else live),
                is_planned=is_planned, is_measured=draw(st.booleans()), pages=draw(st.integers(1, 3)),
                is_unseen=draw(st.booleans()),
            )
        )  # fmt: skip
    return tuple(found)


@st.composite
def situations(draw) -> tuple[Manifest, tuple[HeldAlert, ...], Moment]:
    moment = draw(moments)
    return draw(manifests()), draw(held_alerts(moment)), moment


def outline(scene: Scene):
    """Return what can be seen of a scene."""
    return [
        (shown.rectangle, shown.reason, shown.zone, shown.slide, shown.alert, shown.form, shown.page)
        for shown in scene.showings
    ]


def agree(one: int | None, other: int | None) -> bool:
    """Tell whether two answers are the same, as far as each looks back or ahead."""
    return one is None or other is None or one == other


few = settings(max_examples=50, deadline=None)


@few
@given(situation=situations())
def test_every_zone_shows_one_thing_unless_the_screen_is_taken_over(situation):
    scene = resolve_scene(*situation, SIZE)
    if any(shown.form in {"takeover", "all-clear"} and shown.rectangle.size == SIZE for shown in scene.showings):
        assert len(scene.showings) == 1
        return
    assert [shown.zone for shown in scene.showings if shown.zone is not None] == list(ZONES)
    assert len([shown for shown in scene.showings if shown.zone is None]) <= 1
    assert all((shown.slide is None) != (shown.alert is None) for shown in scene.showings)


@few
@given(situation=situations())
def test_there_is_no_gap_without_a_programme_while_an_alert_is_on(situation):
    _, alerts, moment = situation
    known = moment.clock is not ClockState.UNKNOWN
    on = [
        one
        for one in alerts
        if one.lapses_at_uptime_ms > moment.uptime_ms and (not known or one.alert.ends_at_ms > moment.unix_ms)
        if not one.is_planned
    ]
    assert bool(resolve_scene(None, alerts, moment, SIZE).showings) or not on


@few
@given(situation=situations())
def test_nothing_is_on_outside_its_validity_or_of_an_unknown_kind(situation):
    for scene in islice(scene_changes(*situation, SIZE), 30):
        end = scene.until_ms if scene.until_ms is not None else situation[2].unix_ms + 1
        for shown in scene.showings:
            if shown.slide is not None:
                assert not isinstance(shown.slide.content, UnknownContent)
                assert shown.slide.valid_until_ms is None or end <= shown.slide.valid_until_ms
                assert situation[2].clock is not ClockState.UNKNOWN or (
                    shown.slide.valid_from_ms is None and shown.slide.valid_until_ms is None
                )


@few
@given(situation=situations())
def test_no_alert_is_on_past_its_end_or_its_time_to_live(situation):
    moment = situation[2]
    for scene in islice(scene_changes(*situation, SIZE), 30):
        for shown in scene.showings:
            if shown.alert is not None and shown.form != "all-clear":
                longest = max(one.lapses_at_uptime_ms for one in situation[1] if one.alert == shown.alert)
                assert scene.until_ms is not None
                assert scene.until_ms - moment.unix_ms + moment.uptime_ms <= longest
                assert moment.clock is not ClockState.TRUSTED or scene.until_ms <= shown.alert.ends_at_ms


@few
@given(situation=situations(), data=st.data())
def test_a_scene_stays_as_it_is_from_since_to_until(situation, data):
    manifest, alerts, moment = situation
    scene = resolve_scene(manifest, alerts, moment, SIZE)
    for shown in scene.showings:
        assert shown.since_ms is None or shown.since_ms <= moment.unix_ms
        assert shown.until_ms is None or moment.unix_ms < shown.until_ms
    for seen, shown in zip(outline(scene), scene.showings, strict=True):
        # Something else may have come or gone since: a banner changes no zone.
        begin = moment.unix_ms if shown.since_ms is None else shown.since_ms
        for instant in (begin, data.draw(st.integers(begin, moment.unix_ms))):
            assert seen in outline(resolve_scene(manifest, alerts, moment.at(instant), SIZE))
    end = scene.until_ms if scene.until_ms is not None else moment.unix_ms + 100 * HOUR
    for instant in (end - 1, data.draw(st.integers(moment.unix_ms, end - 1))):
        then = resolve_scene(manifest, alerts, moment.at(instant), SIZE)
        assert outline(then) == outline(scene)
        assert agree(then.until_ms, scene.until_ms)
        for before, after in zip(then.showings, scene.showings, strict=True):
            assert agree(before.since_ms, after.since_ms)
            assert agree(before.until_ms, after.until_ms)


@few
@given(situation=situations())
def test_changes_follow_each_other_without_a_gap(situation):
    moment = situation[2]
    now = moment.unix_ms
    for before, after in pairwise(islice(scene_changes(*situation, SIZE), 40)):
        assert before.until_ms is not None
        assert before.until_ms > now
        now = before.until_ms
        assert after == resolve_scene(situation[0], situation[1], moment.at(now), SIZE)


@few
@given(situation=situations())
def test_a_rule_that_is_never_eligible_changes_nothing(situation):
    manifest, alerts, moment = situation
    never = ScheduleRule(
        id="never", name="Never", playlist="long", priority=100, mode=RuleMode.REPLACE, last_date=dt.date(2020, 1, 1)
    )
    hollow = ScheduleRule(id="hollow", name="Hollow", playlist="empty", priority=100, mode=RuleMode.REPLACE)
    more = manifest.replace(rules=(never, *manifest.rules, hollow))
    assert resolve_scene(more, alerts, moment, SIZE) == resolve_scene(manifest, alerts, moment, SIZE)


@few
@given(situation=situations(), uptime_ms=st.integers(0, 10**12))
def test_how_long_a_screen_has_been_up_does_not_matter_to_its_programme(situation, uptime_ms):
    manifest, _, moment = situation
    restarted = Moment(moment.unix_ms, uptime_ms, moment.clock)
    assert resolve_scene(manifest, (), restarted, SIZE) == resolve_scene(manifest, (), moment, SIZE)


@few
@given(situation=situations(), data=st.data())
def test_the_order_in_which_alerts_are_held_does_not_matter(situation, data):
    manifest, alerts, moment = situation
    names = [one.alert.id for one in alerts]
    if len(set(names)) == len(names):
        shuffled = data.draw(st.permutations(alerts))
        assert resolve_scene(manifest, shuffled, moment, SIZE) == resolve_scene(manifest, alerts, moment, SIZE)


def selected(manifest: Manifest, zone: str, unix_ms: int) -> ZoneSelection:
    """Return what has a zone at an instant, found without any table: each rule is asked whether it applies."""
    calendar = LocalCalendar.of_manifest(manifest)
    local = local_time(unix_ms, calendar.zone)
    shelf = PlaylistIndex({one.id: one for one in manifest.slides}, {one.id: one for one in manifest.playlists})
    found = []
    for rule in sorted(manifest.rules, key=lambda rule: (-rule.priority, rule.id)):
        if rule.zone == zone and rule_applies(rule, local, calendar):
            playlist = shelf.playlists[rule.playlist]
            found.append(EligibleRule(rule, shelf.slide_cycle(playlist, lambda slide: is_valid(slide, unix_ms))))
    return select_rules(one for one in found if one.slides)


def told(selection: ZoneSelection) -> list[tuple[str, list[str]]]:
    return [(one.rule.id, [slide.id for slide in one.slides]) for one in (*selection.loop, *selection.between)]


@few
@given(manifest=manifests(), instants=st.lists(offsets, min_size=5, max_size=20))
def test_the_tables_give_the_same_answer_as_asking_every_rule(manifest, instants):
    for offset in instants:
        moment = Moment(SPRING + offset, 40 * HOUR + offset)
        for shown in resolve_scene(manifest, (), moment, SIZE).showings:
            expected = build_loop(selected(manifest, shown.zone, moment.unix_ms), manifest.idle).position_at(
                moment.unix_ms
            )
            assert shown.slide == expected.entry.slide
            assert shown.reason == expected.entry.reason


@few
@given(manifest=manifests(), instants=st.lists(offsets, min_size=5, max_size=20))
def test_the_grid_is_what_is_on_at_every_instant(manifest, instants):
    found = calendar_grid(manifest, SPRING - 30 * HOUR, SPRING + 30 * HOUR + 1)
    for zone in ZONES:
        assert found[zone][0].since_ms == SPRING - 30 * HOUR
        assert found[zone][-1].until_ms == SPRING + 30 * HOUR + 1
        assert all(before.until_ms == after.since_ms for before, after in pairwise(found[zone]))
        for instant in (SPRING + offset for offset in instants):
            (stretch,) = (one for one in found[zone] if one.since_ms <= instant < one.until_ms)
            expected = selected(manifest, zone, instant)
            assert stretch.rules == tuple(rule.id for rule in expected.rules)
