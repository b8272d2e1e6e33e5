"""Status of schedule rules: when they apply, which ones are visible, and what speaks against one."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine

from beffroi_content.timeline import rule_visibilities
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.day_calendars import town_almanac
from beffroi_server.schedule.manifest_compiler import compile_manifest
from beffroi_server.schedule.models import Playlist, ScheduleRule
from beffroi_server.schedule.rule_status import rule_status, rule_warnings, rules_on_screen

pytestmark = pytest.mark.usefixtures("english")
PARIS = ZoneInfo("Europe/Paris")
NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


def make_playlist(name: str, **values: object) -> Playlist:
    """Return a playlist with an announcement of its own."""
    playlist = services.create_playlist(name, user=None)
    services.add_entry(playlist, announcement=Announcement.objects.create(title=name), user=None, **values)
    return playlist


def make_rule(name: str, playlist: Playlist | None = None, *, screens=(), groups=(), **values: object) -> ScheduleRule:
    everywhere = not screens and not groups
    rule = ScheduleRule(name=name, playlist=playlist or make_playlist(name), everywhere=everywhere, **values)
    return services.save_rule(rule, user=None, screens=screens, groups=groups)


def visible(now: dt.datetime = NOON) -> set[str]:
    """Return the names of the rules that some screen shows."""
    rules = ScheduleRule.objects.select_related("playlist").prefetch_related(
        "screens", "groups__screens", "only_on", "never_on"
    )
    shown = rules_on_screen(rules, now, town_almanac(PARIS))
    return {rule.name for rule in rules if rule.pk in shown}


class TestStatus:
    def status(self, **values: object):
        return rule_status(ScheduleRule(name="x", **values), NOON, town_almanac(PARIS))

    @pytest.mark.parametrize(
        ("values", "applies", "changes_at"),
        [
            ({}, True, None),
            ({"start_time": dt.time(9), "end_time": dt.time(18)}, True, "2026-06-15T18:00"),
            ({"start_time": dt.time(14), "end_time": dt.time(18)}, False, "2026-06-15T14:00"),
            ({"weekdays": "67"}, False, "2026-06-20T00:00"),
            ({"first_date": dt.date(2026, 7, 1)}, False, "2026-07-01T00:00"),
            ({"last_date": dt.date(2026, 6, 15)}, True, "2026-06-16T00:00"),
            ({"last_date": dt.date(2026, 6, 14)}, False, None),
            ({"except_dates": ["2026-06-15"]}, False, "2026-06-16T00:00"),
            ({"weekdays": "7", "extra_dates": ["2026-06-15"]}, True, "2026-06-16T00:00"),
            ({"rhythm": "1", "weekdays": "1"}, False, "2026-07-06T00:00"),
            ({"rhythm": "-1", "weekdays": "5", "first_date": dt.date(2027, 1, 1)}, False, "2027-01-29T00:00"),
            ({"last_date": dt.date(2026, 9, 30)}, True, "2026-10-01T00:00"),
        ],
    )
    def test_is_that_of_the_timeline(self, town, values, applies, changes_at):
        found = self.status(**values)

        assert found.applies is applies
        expected = changes_at and dt.datetime.fromisoformat(changes_at).replace(tzinfo=PARIS)
        assert found.changes_at == expected
        assert found.is_over is (not applies and changes_at is None)

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({}, "From now on, with no end date."),
            ({"last_date": dt.date(2020, 1, 1)}, "Never again."),
            ({"start_time": dt.time(9), "end_time": dt.time(18)}, "Now, until 18:00."),
            ({"start_time": dt.time(14), "end_time": dt.time(18)}, "Next time: 14:00."),
        ],
    )
    def test_is_a_sentence(self, town, values, text):
        with time_machine.travel(NOON, tick=False):
            assert str(self.status(**values)) == text


class TestVisibleRules:
    def test_are_those_that_rotate_together(self, hall):
        make_rule("A")
        make_rule("B")

        assert visible() == {"A", "B"}

    def test_are_the_more_important_ones(self, hall):
        make_rule("Usual")
        make_rule("Important", priority=70)

        assert visible() == {"Important"}

    def test_are_the_usual_ones_while_the_important_one_does_not_apply(self, hall):
        make_rule("Usual")
        make_rule("Important", priority=70, start_time=dt.time(14), end_time=dt.time(15))

        assert visible() == {"Usual"}

    def test_are_the_one_that_replaces_those_of_its_priority(self, hall):
        make_rule("Usual")
        make_rule("Alone", mode="replace")

        assert visible() == {"Alone"}

    def test_are_those_that_interject_too(self, hall):
        make_rule("Usual")
        make_rule("Between", mode="interject")
        make_rule("Above", mode="interject", priority=80)

        assert visible() == {"Usual", "Between", "Above"}

    def test_do_not_interject_into_one_that_replaces_them(self, hall):
        make_rule("Alone", mode="replace")
        make_rule("Between", mode="interject")
        make_rule("Above", mode="interject", priority=80)

        assert visible() == {"Alone", "Above"}

    def test_are_asked_of_each_screen(self, hall, quay, district):
        make_rule("Everywhere")
        make_rule("Hall", priority=70, screens=[hall])
        make_rule("Harbour", priority=60, groups=[district])
        assert visible() == {"Hall", "Harbour"}

        third = Screen.objects.create(slug="pool", name="Pool", screen_class=hall.screen_class)

        assert visible() == {"Hall", "Harbour", "Everywhere"}
        third.groups.add(district)
        assert visible() == {"Hall", "Harbour"}

    def test_are_none_without_a_screen(self, town):
        make_rule("Everywhere")

        assert visible() == set()

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"valid_until": NOON}, {"Usual"}),
            ({"valid_from": NOON + dt.timedelta(hours=1)}, {"Usual"}),
            ({"valid_from": NOON, "valid_until": NOON + dt.timedelta(hours=1)}, {"Important"}),
        ],
    )
    def test_have_something_to_show_at_that_instant(self, hall, values, expected):
        make_rule("Usual")
        make_rule("Important", make_playlist("Important", **values), priority=70)

        assert visible() == expected

    def test_may_be_filled_by_their_category(self, hall, announcement):
        """A playlist without any entry, filled with the announcements of a category."""
        playlist = services.create_playlist("Sports", user=None)
        services.set_auto_fill(playlist, user=None, category="sports", order="listed")
        make_rule("Usual")
        make_rule("Filled", playlist, priority=70)

        assert visible() == {"Filled"}

        announcement.delete()
        assert visible() == {"Usual"}

    def test_are_those_of_the_manifest_that_the_screen_is_sent(self, hall, quay, district):
        """The same answer as the timeline gives for each compiled manifest."""
        make_rule("Usual")
        make_rule("Morning", start_time=dt.time(8), end_time=dt.time(12), priority=60)
        make_rule("Harbour", groups=[district], mode="replace", weekdays="12345")
        make_rule("Between", mode="interject", start_time=dt.time(10), end_time=dt.time(20))

        for hours in range(0, 72, 5):
            now = NOON + dt.timedelta(hours=hours)
            start = unix_ms(now)
            expected: set[str] = set()
            for screen in (hall, quay):
                manifest = compile_manifest(load_inputs(screen)).manifest
                seen = {each.rule for each in rule_visibilities(manifest, start, start + 1) if each.seen_ms}
                expected |= {rule.name for rule in manifest.rules if rule.id in seen}
            assert visible(now) == expected

    def test_take_no_query_for_each_screen_or_rule(self, full_hd, town, django_assert_max_num_queries):
        for number in range(12):
            Screen.objects.create(slug=f"s{number}", name=f"s{number}", screen_class=full_hd)
            make_rule(f"R{number}")

        with django_assert_max_num_queries(20):
            assert len(visible()) == 12


class TestWarnings:
    @pytest.fixture
    def rule(self, town, hall) -> ScheduleRule:
        return make_rule("All day")

    def warnings(self, rule: ScheduleRule, screens=(), groups=()) -> str:
        return " ".join(rule_warnings(rule, screens, groups, NOON, town_almanac(PARIS)))

    def test_are_none_for_a_rule_that_is_seen(self, rule):
        assert self.warnings(rule) == ""

    def test_are_of_no_screen(self, rule, district):
        rule.everywhere = False

        assert "No screen shows it yet" in self.warnings(rule)
        assert "No screen shows it yet" in self.warnings(rule, groups=[district])

    def test_are_not_of_a_screen_or_a_group_with_one(self, rule, hall, quay, district):
        rule.everywhere = False

        assert self.warnings(rule, screens=[hall]) == ""
        assert self.warnings(rule, groups=[district]) == ""

    def test_are_of_a_playlist_without_anything(self, rule):
        rule.playlist = services.create_playlist("Empty", user=None)

        assert "nothing to show" in self.warnings(rule)

    def test_are_of_a_playlist_that_is_over(self, rule):
        services.update_entry(rule.playlist.entries.get(), user=None, valid_until=NOON - dt.timedelta(seconds=1))
        assert "nothing to show" in self.warnings(rule)

        services.update_entry(rule.playlist.entries.get(), user=None, valid_until=NOON + dt.timedelta(seconds=1))
        assert self.warnings(rule) == ""

    def test_are_not_of_a_playlist_that_comes_later(self, rule):
        services.update_entry(rule.playlist.entries.get(), user=None, valid_from=NOON + dt.timedelta(days=30))

        assert self.warnings(rule) == ""

    def test_are_not_of_a_playlist_that_its_category_fills(self, rule, announcement):
        rule.playlist = services.create_playlist("Sports", user=None)
        services.set_auto_fill(rule.playlist, user=None, category="Sports", order="listed")
        assert self.warnings(rule) == ""

        announcement.template, announcement.starts = "event", NOON - dt.timedelta(days=2)
        announcement.save()
        assert "nothing to show" in self.warnings(rule)

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({"last_date": dt.date(2026, 6, 14)}, "entirely in the past"),
            (
                {"first_date": dt.date(2026, 6, 16), "last_date": dt.date(2026, 6, 17), "weekdays": "7"},
                "none of its days",
            ),
        ],
    )
    def test_are_of_days_that_never_come(self, rule, values, text):
        for name, value in values.items():
            setattr(rule, name, value)

        assert text in self.warnings(rule)

    def test_are_of_a_calendar_without_coming_days(self, rule):
        calendar = DayCalendar.objects.create(name="Old", days=[["2020-01-01", "2020-01-07"]])
        services.save_rule(rule, user=None, only_on=[calendar])

        assert "none of its days" in self.warnings(ScheduleRule.objects.get())
