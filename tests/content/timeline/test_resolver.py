"""What is on, why, since when and until when."""

from itertools import islice

import pytest
from tests.support.sample_manifests import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    SIZE,
    UPTIME,
    YEAR,
    at,
    manifest,
    rule,
    slide,
    unix,
)

from beffroi_content.model import (
    Alert,
    AlertForm,
    AlertLevel,
    HeldAlert,
    Manifest,
    Playlist,
    RuleMode,
    UnknownContent,
    banner_rectangle,
)
from beffroi_content.timeline import ClockState, Moment, ReasonKind, Scene, resolve_scene, scene_changes
from beffroi_content.timeline.alerts import LOOP_INTERVAL_MS, PAGE_MS, TAKEOVER_MS
from beffroi_content.timeline.resolver import INFORMATION_MS


def alert(level: AlertLevel, name: str = "flood", *, issued: int = 0, lasts: int = HOUR, **changes) -> Alert:
    """Return an alert issued that long after ``NOW``."""
    facts = {
        "id": name,
        "level": level,
        "title": name,
        "source": "Mairie",
        "issued_at_ms": NOW + issued,
        "ends_at_ms": NOW + issued + lasts,
        "time_to_live_ms": lasts,
    }
    return Alert(**facts | changes)


def held(one: Alert, received: int | None = None, pages: int = 1) -> HeldAlert:
    """Return an alert as held by a player that received it that long after ``NOW``: at once unless given."""
    received_ms = one.issued_at_ms - NOW if received is None else received
    return HeldAlert(alert=one, lapses_at_uptime_ms=UPTIME + received_ms + one.time_to_live_ms, pages=pages)


def shown(scene: Scene) -> list[str]:
    """Return what is on: slides by name, alerts by form and name, with the page where it is not the first."""
    return [
        (showing.slide.id if showing.slide else f"{showing.form} {showing.alert.id}")
        + (f" {showing.page + 1}" if showing.page else "")
        for showing in scene.showings
    ]


def on(programme: Manifest | None, moment: Moment, *alerts: HeldAlert) -> list[str]:
    return shown(resolve_scene(programme, alerts, moment, SIZE))


def story(
    programme: Manifest | None, moment: Moment, *alerts: HeldAlert, scenes: int = 8
) -> list[tuple[int, list[str]]]:
    """Return what is on from a moment, each with the seconds that it lasts."""
    told, now = [], moment.unix_ms
    for scene in islice(scene_changes(programme, alerts, moment, SIZE), scenes):
        until = scene.until_ms if scene.until_ms is not None else now - 1000
        told.append(((until - now) // SECOND, shown(scene)))
        now = until
    return told


ALWAYS = manifest((rule("news"), [slide("library")]))
LOOP = manifest((rule("news"), [slide("library", 10), slide("market", 20), slide("pool", 30)]))


class TestRules:
    def test_without_a_programme_nothing_is_on(self):
        scene = resolve_scene(None, [], at(), SIZE)
        assert (scene.showings, scene.until_ms) == ((), None)

    def test_the_slide_of_a_rule_is_on_with_its_reason(self):
        (showing,) = resolve_scene(ALWAYS, [], at(), SIZE).showings
        assert showing.slide.id == "library"
        assert (showing.reason.kind, showing.reason.rule, showing.reason.playlist, showing.reason.priority) == (
            ReasonKind.RULE,
            "news",
            "news-list",
            50,
        )
        assert (showing.since_ms, showing.until_ms) == (None, None)

    def test_where_no_rule_applies_the_screen_idles_until_one_does(self):
        programme = manifest((rule("evening", "18:00-20:00"), [slide("concert")]))
        scene = resolve_scene(programme, [], at(), SIZE)
        assert (shown(scene), scene.showings[0].reason.kind) == (["idle"], ReasonKind.IDLE)
        assert scene.until_ms == unix("2026-11-24T18:00")
        assert story(programme, at(), scenes=4)[1:3] == [(2 * 3600, ["concert"]), (22 * 3600, ["idle"])]

    def test_a_showing_says_since_when(self):
        programme = manifest((rule("office", "08:00-18:00"), [slide("library")]))
        (showing,) = resolve_scene(programme, [], at(), SIZE).showings
        assert (showing.since_ms, showing.until_ms) == (unix("2026-11-24T08:00"), unix("2026-11-24T18:00"))

    def test_what_ends_in_another_rule_ends_nothing_here(self):
        stale, short = slide("old", valid_until_ms=NOW - HOUR), slide("fair", valid_until_ms=NOW + HOUR)
        programme = manifest((rule("news"), [slide("library"), stale]), (rule("feast", priority=20), [short]))
        (showing,) = resolve_scene(programme, [], at(), SIZE).showings
        assert (showing.since_ms, showing.until_ms) == (NOW - HOUR, None)

    def test_over_a_weekend_the_next_change_is_still_known(self):
        programme = manifest((rule("office", "08:00-18:00", weekdays=frozenset(range(1, 6))), [slide("library")]))
        friday_evening = at(unix("2026-11-27T18:00") - NOW)
        assert resolve_scene(programme, [], friday_evening, SIZE).until_ms == unix("2026-11-30T08:00")

    def test_the_highest_priority_is_on_alone(self):
        programme = manifest(
            (rule("news"), [slide("library")]), (rule("feast", "10:00-14:00", priority=80), [slide("fireworks")])
        )
        assert on(programme, at()) == ["fireworks"]
        assert on(programme, at(3 * HOUR)) == ["library"]

    def test_a_higher_priority_with_nothing_to_show_does_not_count(self):
        stale = slide("fireworks", valid_until_ms=NOW)
        programme = manifest((rule("news"), [slide("library")]), (rule("feast", priority=80), [stale]))
        assert on(programme, at(-1)) == ["fireworks"]
        assert on(programme, at()) == ["library"]

    def test_rules_of_one_priority_share_the_time_of_the_loop_and_take_turns(self):
        programme = manifest((rule("sport"), [slide("match")]), (rule("news"), [slide("library"), slide("market")]))
        assert story(programme, at(), scenes=5) == [
            (10, ["library"]),
            (10, ["match"]),
            (10, ["market"]),
            (10, ["match"]),
            (10, ["library"]),
        ]

    def test_a_replacing_rule_is_alone_and_of_several_the_first_by_name(self):
        programme = manifest(
            (rule("news"), [slide("library")]),
            (rule("mayor", mode=RuleMode.REPLACE), [slide("speech")]),
            (rule("guest", mode=RuleMode.REPLACE), [slide("welcome")]),
        )
        assert story(programme, at(), scenes=1) == [(-1, ["welcome"])]

    def test_a_replacing_rule_gives_way_to_a_higher_priority(self):
        programme = manifest(
            (rule("news", priority=60), [slide("library")]), (rule("mayor", mode=RuleMode.REPLACE), [slide("speech")])
        )
        assert on(programme, at()) == ["library"]

    def test_each_zone_has_its_own_loop(self):
        programme = manifest(
            (rule("news"), [slide("library", 10), slide("market", 20)]),
            (rule("clock", zone="foot"), [slide("time")]),
            zones=("main", "foot", "side"),
        )
        scene = resolve_scene(programme, [], at(), SIZE)
        assert shown(scene) == ["library", "time", "idle"]
        assert [showing.zone for showing in scene.showings] == ["main", "foot", "side"]
        assert scene.showings[1].rectangle == programme.layout.zones[1].rectangle
        assert scene.until_ms == NOW + 10 * SECOND

    def test_the_idle_slide_may_stand_in_a_playlist(self):
        programme = ALWAYS.replace(playlists=(Playlist(id="news-list", name="News", slides=("library", "idle")),))
        assert story(programme, at(), scenes=3) == [(10, ["library"]), (10, ["idle"]), (10, ["library"])]

    def test_the_clock_on_the_wall_decides_in_the_zone_of_the_screen(self):
        settings = LOOP.settings.replace(time_zone="Asia/Tokyo")
        programme = manifest((rule("evening", "20:00-21:00"), [slide("concert")])).replace(settings=settings)
        assert on(programme, at()) == ["concert"]


class TestLoops:
    def test_go_round_by_the_clock(self):
        assert story(LOOP, at(), scenes=4) == [(10, ["library"]), (20, ["market"]), (30, ["pool"]), (10, ["library"])]

    def test_have_no_memory_so_that_a_restarted_player_goes_on_where_it_would_have_been(self):
        (showing,) = resolve_scene(LOOP, [], at(17 * SECOND), SIZE).showings
        assert (showing.slide.id, showing.since_ms, showing.until_ms) == (
            "market",
            NOW + 10 * SECOND,
            NOW + 30 * SECOND,
        )

    @pytest.mark.parametrize("uptime", [0, 7, 10**12])
    def test_two_screens_are_in_step_however_long_they_have_been_up(self, uptime):
        elsewhere = Moment(NOW + 41 * SECOND, uptime, ClockState.CARRIED)
        assert resolve_scene(LOOP, [], elsewhere, SIZE) == resolve_scene(LOOP, [], at(41 * SECOND), SIZE)

    def test_a_slide_of_several_pages_shows_each_for_its_time(self):
        programme = manifest((rule("news"), [slide("works", pages=3), slide("pool")]))
        assert story(programme, at(40 * SECOND - NOW % (40 * SECOND)), scenes=5) == [
            (10, ["works"]),
            (10, ["works 2"]),
            (10, ["works 3"]),
            (10, ["pool"]),
            (10, ["works"]),
        ]

    def test_are_cut_where_a_rule_begins(self):
        programme = manifest(
            (rule("news"), [slide("library", 3600), slide("pool", 3600)]),
            (rule("noon", "12:30-12:31", priority=80), [slide("siren")]),
        )
        tale = story(programme, at(29 * MINUTE), scenes=3)
        assert tale[0] == (60, tale[0][1])
        assert tale[1] == (60, ["siren"])
        after = resolve_scene(programme, [], at(31 * MINUTE), SIZE).showings[0]
        assert after.since_ms == NOW + 31 * MINUTE


class TestValidity:
    def test_a_slide_is_on_from_its_start_up_to_its_end(self):
        show = slide("show", valid_from_ms=NOW + MINUTE, valid_until_ms=NOW + 2 * MINUTE)
        programme = manifest((rule("news"), [show]))
        assert story(programme, at(), scenes=3) == [(60, ["idle"]), (60, ["show"]), (-1, ["idle"])]

    def test_the_end_cuts_into_the_middle_of_a_showing(self):
        programme = manifest((rule("news"), [slide("show", 60, valid_until_ms=NOW + 5 * SECOND), slide("pool", 60)]))
        assert story(programme, at(), scenes=2)[0] == (5, ["show"])
        assert on(programme, at(5 * SECOND)) == ["pool"]

    def test_the_first_of_all_instants_is_an_end_too(self):
        assert on(manifest((rule("news"), [slide("show", valid_until_ms=0)])), at()) == ["idle"]

    def test_a_kind_that_this_version_does_not_know_is_passed_over(self):
        video = slide("video", content=UnknownContent(kind="hologram"))
        programme = manifest((rule("news"), [video, slide("library")]))
        assert story(programme, at(), scenes=1) == [(-1, ["library"])]
        assert on(manifest((rule("news"), [video])), at()) == ["idle"]


class TestAnUnknownClock:
    def test_shows_what_is_undated(self):
        programme = manifest(
            (rule("news"), [slide("library"), slide("show", valid_until_ms=NOW + HOUR)]),
            (rule("noon", "00:00-00:00", priority=80), [slide("lunch")]),
        )
        assert on(programme, at()) == ["lunch"]
        assert on(programme, at(clock=ClockState.CARRIED)) == ["lunch"]
        assert on(programme, at(clock=ClockState.UNKNOWN)) == ["library"]

    def test_idles_where_everything_is_dated(self):
        programme = manifest((rule("noon", "11:00-13:00"), [slide("lunch")]))
        assert on(programme, at(clock=ClockState.UNKNOWN)) == ["idle"]

    def test_counts_an_alert_down_on_the_monotonic_clock_alone(self):
        one = held(alert(AlertLevel.EMERGENCY, lasts=HOUR, all_clear_ms=MINUTE))
        for wrong in (-NOW, -YEAR, YEAR, 900 * YEAR):
            received = Moment(NOW + wrong, UPTIME, ClockState.UNKNOWN)
            assert on(ALWAYS, received.at(received.unix_ms + HOUR - 1), one) == ["takeover flood"]
            assert on(ALWAYS, received.at(received.unix_ms + HOUR), one) == ["all-clear flood"]
            assert on(ALWAYS, received.at(received.unix_ms + HOUR + MINUTE), one) == ["library"]


class TestAWrongClock:
    def test_cannot_prolong_an_alert(self):
        one = held(alert(AlertLevel.EMERGENCY, lasts=HOUR, all_clear_ms=0))
        for wrong in (-20 * YEAR, -HOUR, 0):
            an_hour_later = Moment(NOW + wrong, UPTIME + HOUR)
            assert on(ALWAYS, an_hour_later, one) == ["library"]

    def test_that_steps_back_cannot_prolong_an_alert(self):
        one = held(alert(AlertLevel.EMERGENCY, lasts=HOUR, all_clear_ms=0))
        assert on(ALWAYS, Moment(NOW - 10 * HOUR, UPTIME + HOUR - 1), one) == ["takeover flood"]
        assert on(ALWAYS, Moment(NOW - 10 * HOUR, UPTIME + HOUR), one) == ["library"]

    @pytest.mark.parametrize("unix_ms", [0, 1, NOW - 50 * YEAR, NOW + 900 * YEAR, 253_402_300_799_999, 2**60])
    @pytest.mark.parametrize("clock", ClockState)
    def test_never_blanks_the_screen(self, unix_ms, clock):
        programme = manifest((rule("night", "22:00-06:00"), [slide("rest", valid_until_ms=NOW)]))
        night = unix_ms < HOUR and clock is not ClockState.UNKNOWN
        assert on(programme, Moment(unix_ms, UPTIME, clock)) == (["rest"] if night else ["idle"])

    def test_that_is_behind_shows_every_page_of_an_alert(self):
        one = held(alert(AlertLevel.EMERGENCY, issued=HOUR), received=0, pages=2)
        assert story(ALWAYS, at(), one, scenes=3) == [
            (8, ["takeover flood"]),
            (8, ["takeover flood 2"]),
            (8, ["takeover flood"]),
        ]

    def test_that_is_behind_shows_an_alert_at_once(self):
        one = held(alert(AlertLevel.ALERT, issued=3 * SECOND), received=0)
        assert story(ALWAYS, at(), one, scenes=2) == [(20, ["takeover flood"]), (10, ["library"])]


class TestInformation:
    def test_enters_the_loop_of_the_main_zone_only(self):
        programme = manifest(
            (rule("news"), [slide("library", 10)]),
            (rule("clock", zone="foot"), [slide("time")]),
            zones=("main", "foot"),
        )
        one = held(alert(AlertLevel.INFORMATION), pages=2)
        tale = story(programme, at(), one, scenes=12)
        assert {tuple(what) for _, what in tale} == {
            ("library", "time"),
            ("slide flood", "time"),
            ("slide flood 2", "time"),
        }
        assert {length for length, what in tale[1:] if what[0].startswith("slide")} == {INFORMATION_MS // SECOND}

    def test_ends_without_a_word(self):
        one = held(alert(AlertLevel.INFORMATION, lasts=HOUR))
        assert on(ALWAYS, at(HOUR), one) == ["library"]

    def test_keeps_the_screen_company_where_nothing_else_is_on(self):
        programme = manifest()
        seen = {what[0] for _, what in story(programme, at(), held(alert(AlertLevel.INFORMATION)), scenes=4)}
        assert seen == {"idle", "slide flood"}

    def test_is_on_even_before_the_first_programme(self):
        scene = resolve_scene(None, [held(alert(AlertLevel.INFORMATION))], at(), SIZE)
        assert shown(scene) == ["slide flood"]
        assert scene.showings[0].rectangle.size == SIZE


class TestVigilance:
    def test_lies_over_the_programme_as_a_banner(self):
        scene = resolve_scene(LOOP, [held(alert(AlertLevel.VIGILANCE))], at(), SIZE)
        assert shown(scene) == ["library", "banner flood"]
        assert scene.showings[1].rectangle == banner_rectangle(SIZE)
        assert scene.showings[1].zone is None
        assert scene.until_ms == NOW + 10 * SECOND

    def test_turns_its_pages_without_touching_the_loop(self):
        one = held(alert(AlertLevel.VIGILANCE), pages=2)
        assert story(LOOP, at(), one, scenes=3) == [
            (8, ["library", "banner flood"]),
            (2, ["library", "banner flood 2"]),
            (6, ["market", "banner flood 2"]),
        ]

    def test_says_that_it_is_over_in_the_band_too(self):
        one = held(alert(AlertLevel.VIGILANCE, lasts=HOUR, all_clear_ms=5 * MINUTE))
        assert on(ALWAYS, at(HOUR), one) == ["library", "all-clear flood"]
        assert resolve_scene(ALWAYS, [one], at(HOUR), SIZE).showings[1].rectangle == banner_rectangle(SIZE)
        assert on(ALWAYS, at(HOUR + 5 * MINUTE), one) == ["library"]

    def test_gives_way_to_a_takeover(self):
        flood, storm = held(alert(AlertLevel.VIGILANCE)), held(alert(AlertLevel.EMERGENCY, "storm"))
        assert on(ALWAYS, at(), flood, storm) == ["takeover storm"]


class TestAlert:
    def test_takes_the_screen_over_and_gives_way_for_a_while(self):
        one = held(alert(AlertLevel.ALERT))
        takeover, interval = TAKEOVER_MS // SECOND, LOOP_INTERVAL_MS // SECOND
        assert story(ALWAYS, at(), one, scenes=4) == [
            (takeover, ["takeover flood"]),
            (interval, ["library"]),
            (takeover, ["takeover flood"]),
            (interval, ["library"]),
        ]

    def test_is_on_the_screen_as_soon_as_it_is_issued(self):
        """Even among others that have been cycling for a while."""
        for pause in range(0, 60, 7):
            older = held(alert(AlertLevel.ALERT, "storm"))
            newer = held(alert(AlertLevel.ALERT, issued=pause * SECOND))
            assert on(ALWAYS, at(pause * SECOND), older, newer) == ["takeover flood"]

    def test_shows_every_page_before_the_loop_resumes(self):
        one = held(alert(AlertLevel.ALERT), pages=3)
        assert story(ALWAYS, at(), one, scenes=5) == [
            (8, ["takeover flood"]),
            (8, ["takeover flood 2"]),
            (8, ["takeover flood"]),
            (8, ["takeover flood 3"]),
            (10, ["library"]),
        ]

    def test_gives_no_way_where_there_is_no_programme_to_return_to(self):
        one = held(alert(AlertLevel.ALERT, lasts=MINUTE, all_clear_ms=MINUTE))
        assert story(None, at(), one) == [(60, ["takeover flood"]), (60, ["all-clear flood"]), (-1, [])]

    def test_resumes_the_loop_where_the_clock_has_brought_it(self):
        one = held(alert(AlertLevel.ALERT))
        (showing,) = resolve_scene(LOOP, [one], at(20 * SECOND), SIZE).showings
        assert (showing.slide.id, showing.since_ms, showing.until_ms) == (
            "market",
            NOW + 20 * SECOND,
            NOW + 30 * SECOND,
        )


class TestEmergency:
    def test_holds_the_whole_screen_without_a_break(self):
        one = held(alert(AlertLevel.EMERGENCY, lasts=HOUR))
        scene = resolve_scene(LOOP, [one], at(), SIZE)
        assert (shown(scene), scene.until_ms) == (["takeover flood"], NOW + HOUR)
        assert scene.showings[0].rectangle.size == SIZE
        assert scene.showings[0].reason.kind is ReasonKind.ALERT

    def test_turns_its_pages(self):
        one = held(alert(AlertLevel.EMERGENCY), pages=2)
        page = PAGE_MS // SECOND
        assert story(LOOP, at(), one, scenes=3) == [
            (page, ["takeover flood"]),
            (page, ["takeover flood 2"]),
            (page, ["takeover flood"]),
        ]

    def test_goes_before_every_alert_of_a_lower_level(self):
        storm, flood = held(alert(AlertLevel.ALERT, "storm", issued=SECOND)), held(alert(AlertLevel.EMERGENCY))
        assert {tuple(what) for _, what in story(LOOP, at(SECOND), storm, flood, scenes=1)} == {("takeover flood",)}

    def test_shares_the_screen_with_another_emergency(self):
        flood, fire = held(alert(AlertLevel.EMERGENCY)), held(alert(AlertLevel.EMERGENCY, "fire", issued=SECOND))
        assert story(LOOP, at(SECOND), flood, fire, scenes=3) == [
            (8, ["takeover fire"]),
            (8, ["takeover flood"]),
            (8, ["takeover fire"]),
        ]

    def test_that_reaches_the_screen_by_two_scopes_is_shown_once(self):
        one = held(alert(AlertLevel.EMERGENCY, lasts=HOUR))
        assert story(LOOP, at(), one, one, scenes=1) == [(3600, ["takeover flood"])]

    def test_that_was_prolonged_in_one_scope_lasts_until_its_later_end(self):
        short, long = (held(alert(AlertLevel.EMERGENCY, lasts=hours * HOUR)) for hours in (1, 2))
        assert on(LOOP, at(90 * MINUTE), short, long) == on(LOOP, at(90 * MINUTE), long, short) == ["takeover flood"]

    def test_does_not_wait_for_a_programme(self):
        assert on(None, at(), held(alert(AlertLevel.EMERGENCY))) == ["takeover flood"]


class TestTheEndOfAnAlert:
    @pytest.mark.parametrize("level", [AlertLevel.ALERT, AlertLevel.EMERGENCY])
    def test_is_announced_before_the_loop_returns(self, level):
        one = held(alert(level, lasts=HOUR, all_clear_ms=5 * MINUTE))
        assert on(LOOP, at(HOUR), one) == ["all-clear flood"]
        assert resolve_scene(LOOP, [one], at(HOUR), SIZE).showings[0].reason.kind is ReasonKind.ALL_CLEAR
        assert story(LOOP, at(HOUR), one, scenes=1)[0][0] == 5 * 60
        assert on(LOOP, at(HOUR + 5 * MINUTE), one) == ["library"]

    def test_may_come_early_by_publishing_it_again_with_an_earlier_end(self):
        ended = alert(AlertLevel.EMERGENCY, lasts=HOUR).replace(ends_at_ms=NOW + MINUTE)
        assert on(LOOP, at(MINUTE), held(ended)) == ["all-clear flood"]

    def test_is_silent_where_the_alert_is_withdrawn(self):
        assert on(LOOP, at()) == ["library"]

    def test_comes_with_the_time_to_live_where_that_is_shorter(self):
        one = held(alert(AlertLevel.EMERGENCY, lasts=HOUR, time_to_live_ms=MINUTE))
        assert on(LOOP, at(MINUTE - 1), one) == ["takeover flood"]
        assert on(LOOP, at(MINUTE), one) == ["all-clear flood"]

    def test_of_one_does_not_cover_another_that_is_still_on(self):
        over = held(alert(AlertLevel.EMERGENCY, "storm", lasts=MINUTE))
        assert on(LOOP, at(MINUTE), over, held(alert(AlertLevel.ALERT, issued=MINUTE))) == ["takeover flood"]

    def test_of_several_is_announced_for_each(self):
        ends = [held(alert(AlertLevel.ALERT, name, lasts=HOUR)) for name in ("flood", "storm")]
        assert story(LOOP, at(HOUR), *ends, scenes=2) == [(8, ["all-clear flood"]), (8, ["all-clear storm"])]

    def test_does_not_make_what_follows_seem_older_than_it_is(self):
        one = held(alert(AlertLevel.EMERGENCY, lasts=MINUTE, all_clear_ms=MINUTE))
        (showing,) = resolve_scene(ALWAYS, [one], at(2 * MINUTE + 5), SIZE).showings
        assert showing.since_ms == NOW + 2 * MINUTE


def test_forms_follow_levels():
    forms = {level: resolve_scene(None, [held(alert(level))], at(), SIZE).showings[0].form for level in AlertLevel}
    assert forms == {
        AlertLevel.INFORMATION: AlertForm.SLIDE,
        AlertLevel.VIGILANCE: AlertForm.BANNER,
        AlertLevel.ALERT: AlertForm.TAKEOVER,
        AlertLevel.EMERGENCY: AlertForm.TAKEOVER,
    }
