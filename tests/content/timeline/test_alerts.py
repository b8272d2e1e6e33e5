"""Alerts on the timeline: phases, cycles of pages, and the times between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sample_manifests import HOUR, MINUTE, NOW, UPTIME, at

from beffroi_content.model import Alert, AlertForm, AlertLevel, HeldAlert
from beffroi_content.timeline import ClockState
from beffroi_content.timeline.alerts import (
    LOOP_INTERVAL_MS,
    PAGE_MS,
    SAME_END_MS,
    TAKEOVER_MS,
    active_phases,
    alert_phases,
    banner_slot,
    information_slot,
    last_change,
    next_change,
    next_planned_start,
    takeover_slot,
    undisturbed_span,
)
from beffroi_content.timeline.moment import FAR_MS, Moment

ALL_CLEAR = 5 * MINUTE


def held(name: str = "flood", level: str = "alert", *, issued: int = 0, lasts: int = HOUR, pages: int = 1) -> HeldAlert:
    """Return an alert issued that long after ``NOW``, and received at once."""
    alert = Alert(
        id=name, level=level, title=name, source="Mairie", issued_at_ms=NOW + issued, ends_at_ms=NOW + issued + lasts,
        time_to_live_ms=lasts, all_clear_ms=ALL_CLEAR,
    )  # fmt: skip
    return HeldAlert(alert=alert, lapses_at_uptime_ms=UPTIME + issued + lasts, pages=pages)


def phases(*alerts: HeldAlert, after: int = 0, clock: ClockState = ClockState.TRUSTED):
    return alert_phases(alerts, at(after, clock))


def names(found) -> list[str]:
    return [phase.held.alert.id for phase in found]


class TestPhases:
    def test_follow_each_other(self):
        (phase,) = phases(held())
        assert (phase.began_ms, phase.ends_ms, phase.clears_ms) == (NOW, NOW + HOUR, NOW + HOUR + ALL_CLEAR)
        states = [(phase.is_active(NOW + after), phase.is_clearing(NOW + after)) for after in
                  (0, HOUR - 1, HOUR, HOUR + ALL_CLEAR - 1, HOUR + ALL_CLEAR)]  # fmt: skip
        assert states == [(True, False), (True, False), (False, True), (False, True), (False, False)]

    def test_are_ordered_by_urgency_and_then_by_age(self):
        found = phases(
            held("old", issued=-MINUTE), held("info", "information"), held("new"), held("worst", "emergency"),
            held("also-new"), held("band", "vigilance"),
        )  # fmt: skip
        assert names(found) == ["worst", "also-new", "new", "old", "band", "info"]

    def test_of_the_same_alert_in_two_scopes_are_one_that_ends_last(self):
        short, long = held(lasts=MINUTE), held(lasts=2 * MINUTE)
        for pair in ((short, long), (long, short)):
            assert [phase.ends_ms for phase in phases(*pair)] == [NOW + 2 * MINUTE]

    def test_of_a_corrected_alert_are_none_in_whatever_set_it_still_is(self):
        before = held("typo", "emergency")
        after = held("right", "alert", issued=MINUTE)
        after = after.replace(alert=after.alert.replace(corrects="typo"))
        assert names(phases(before)) == ["typo"]
        assert names(phases(before, after)) == names(phases(after)) == ["right"]

    def test_end_by_the_monotonic_clock_where_the_wall_clock_is_not_known(self):
        (phase,) = phases(held(lasts=HOUR), after=20 * MINUTE, clock=ClockState.UNKNOWN)
        assert phase.ends_ms - (NOW + 20 * MINUTE) == 40 * MINUTE

    def test_end_by_whichever_clock_is_first(self):
        early = HeldAlert(alert=held().alert, lapses_at_uptime_ms=UPTIME + MINUTE)
        assert phases(early)[0].ends_ms == NOW + MINUTE
        late = HeldAlert(alert=held().alert, lapses_at_uptime_ms=UPTIME + 2 * HOUR)
        assert phases(late)[0].ends_ms == NOW + HOUR

    def test_began_on_reception_where_the_clock_is_behind(self):
        (phase,) = phases(held(issued=HOUR), after=0)
        assert phase.began_ms == NOW


class TestPlanned:
    """An alert of a plan came long before it begins, and nobody may be there to say so when it does."""

    SIREN = held("siren", "emergency", issued=MINUTE, lasts=5 * MINUTE).replace(is_planned=True)

    def test_begins_and_ends_by_the_wall_clock(self):
        on = [bool(phases(self.SIREN, after=after)) for after in (0, MINUTE - 1, MINUTE)]
        assert on == [False, False, True]
        (phase,) = phases(self.SIREN, after=2 * MINUTE)
        assert (phase.began_ms, phase.ends_ms) == (NOW + MINUTE, NOW + 6 * MINUTE)

    @pytest.mark.parametrize("clock", [ClockState.CARRIED, ClockState.UNKNOWN])
    def test_waits_for_a_clock_that_is_trusted_unless_the_server_has_told_how_long(self, clock):
        assert not phases(self.SIREN, after=2 * MINUTE, clock=clock)
        measured = self.SIREN.replace(is_measured=True)
        assert names(phases(measured, after=2 * MINUTE, clock=clock)) == ["siren"]
        assert not phases(measured, after=MINUTE - 1, clock=clock)

    def test_ends_by_the_monotonic_clock_where_the_wall_clock_is_set_back(self):
        behind = Moment(NOW + MINUTE, UPTIME + 6 * MINUTE + SAME_END_MS + 1)
        assert not any(phase.is_active(behind.unix_ms) for phase in alert_phases([self.SIREN], behind))

    def test_says_when_the_next_one_begins(self):
        assert next_planned_start([held(), self.SIREN], at(0)) == NOW + MINUTE
        assert next_planned_start([held(), self.SIREN], at(MINUTE)) == FAR_MS


class TestTakeover:
    @pytest.mark.parametrize("level", ["information", "vigilance"])
    def test_is_not_for_the_lower_levels(self, level):
        assert takeover_slot(phases(held(level=level)), NOW) is None

    def test_of_an_emergency_hides_every_alert(self):
        slot = takeover_slot(phases(held("flood"), held("worst", "emergency")), NOW)
        assert (slot.phase.held.alert.id, slot.form) == ("worst", AlertForm.TAKEOVER)

    def test_of_an_alert_gives_way_to_the_programme_again_and_again(self):
        found = phases(held(lasts=3 * HOUR))
        period = TAKEOVER_MS + LOOP_INTERVAL_MS
        for number in (0, 1, 100):
            start = NOW + number * period
            assert takeover_slot(found, start) is not None
            assert takeover_slot(found, start + TAKEOVER_MS - 1) is not None
            assert takeover_slot(found, start + TAKEOVER_MS) is None
            assert takeover_slot(found, start + period - 1) is None

    def test_without_a_programme_gives_way_to_nothing(self):
        found = phases(held())
        assert all(takeover_slot(found, NOW + second * 1_000, has_programme=False) for second in range(120))

    def test_shows_the_first_page_again_between_the_others(self):
        found = phases(held(pages=3))
        shown = [takeover_slot(found, NOW + number * PAGE_MS).page for number in range(4)]
        assert shown == [0, 1, 0, 2]
        assert takeover_slot(found, NOW + 4 * PAGE_MS) is None

    def test_shows_a_page_for_as_long_as_it_takes_to_read(self):
        long = held(level="emergency", pages=2).model_copy(update={"page_ms": (21_000, 6_000)})
        found = phases(long)
        assert takeover_slot(found, NOW + 20_999).page == 0
        slot = takeover_slot(found, NOW + 21_000)
        assert (slot.page, slot.span.until_ms - slot.span.since_ms) == (1, PAGE_MS)
        assert takeover_slot(found, NOW + 29_000).page == 0

    def test_of_two_emergencies_shows_both_without_a_break(self):
        found = phases(held("one", "emergency"), held("two", "emergency", pages=2))
        shown = [takeover_slot(found, NOW + number * PAGE_MS) for number in range(6)]
        assert [(slot.phase.held.alert.id, slot.page) for slot in shown] == [("one", 0), ("two", 0), ("two", 1)] * 2

    def test_ends_in_an_all_clear(self):
        found = phases(held(level="emergency"))
        assert takeover_slot(found, NOW + HOUR - 1).form is AlertForm.TAKEOVER
        assert takeover_slot(found, NOW + HOUR).form is AlertForm.ALL_CLEAR
        assert takeover_slot(found, NOW + HOUR + ALL_CLEAR) is None

    @given(st.integers(0, 2 * HOUR), st.lists(st.integers(6_000, 40_000), min_size=1, max_size=3))
    def test_holds_for_its_span(self, after, times):
        found = phases(held(pages=len(times)).model_copy(update={"page_ms": tuple(times)}))
        slot = takeover_slot(found, NOW + after)
        if slot is not None:
            assert slot.span.since_ms <= NOW + after < slot.span.until_ms
            for instant in (slot.span.since_ms, slot.span.until_ms - 1):
                assert takeover_slot(found, instant).page == slot.page


class TestBanner:
    def test_shows_vigilance_alone(self):
        found = phases(held("flood"), held("wind", "vigilance"), held("market", "information"))
        assert banner_slot(found, NOW).phase.held.alert.id == "wind"
        assert banner_slot(phases(held("flood")), NOW) is None

    def test_shows_the_end_of_the_last_one_only(self):
        found = phases(held("wind", "vigilance"), held("snow", "vigilance", lasts=2 * HOUR))
        assert banner_slot(found, NOW + HOUR).form is AlertForm.BANNER
        assert banner_slot(found, NOW + 2 * HOUR).form is AlertForm.ALL_CLEAR


class TestInformation:
    def test_is_for_a_screen_without_a_loop(self):
        assert information_slot(phases(held(level="information")), NOW).form is AlertForm.SLIDE
        assert information_slot(phases(held()), NOW) is None

    def test_ends_without_an_all_clear(self):
        assert information_slot(phases(held(level="information")), NOW + HOUR) is None


class TestChanges:
    def test_are_the_begin_the_end_and_the_end_of_the_all_clear(self):
        found = phases(held())
        instants = [NOW - 1, NOW, NOW + HOUR, NOW + HOUR + ALL_CLEAR]
        assert [last_change(found, instant) for instant in instants] == [None, *instants[1:]]
        assert [next_change(found, instant) for instant in instants[1:]] == [*instants[2:], FAR_MS]

    def test_of_nothing_are_none(self):
        assert (last_change([], NOW), next_change([], NOW)) == (None, FAR_MS)

    def test_bound_the_time_in_which_zones_are_left_alone(self):
        found = phases(held(lasts=3 * HOUR))
        span = undisturbed_span(found, NOW + TAKEOVER_MS + 1)
        assert (span.since_ms, span.until_ms) == (NOW + TAKEOVER_MS, NOW + TAKEOVER_MS + LOOP_INTERVAL_MS)

    def test_of_vigilance_leave_zones_alone_until_it_ends(self):
        span = undisturbed_span(phases(held(level="vigilance")), NOW + MINUTE)
        assert (span.since_ms, span.until_ms) == (None, NOW + HOUR)

    def test_are_not_shown_before_and_after(self):
        found = phases(held("flood"), held("old", lasts=MINUTE))
        assert names(active_phases(found, AlertLevel.ALERT, NOW + MINUTE)) == ["flood"]
        assert active_phases(found, AlertLevel.EMERGENCY, NOW) == []
