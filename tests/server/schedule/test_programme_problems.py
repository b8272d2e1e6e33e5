"""Problems of a screen's programme, fingerprints of rules, and jobs that publish."""

from __future__ import annotations

import pytest

from beffroi_server.library.models import Announcement
from beffroi_server.schedule import manifest_compiler, services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.schedule.queries import programme_problems, rule_fingerprint

pytestmark = pytest.mark.usefixtures("english")


class TestProblems:
    def test_are_none_where_all_is_shown(self, playlist, hall):
        assert programme_problems(hall) == ()

    def test_are_slides_that_are_not_ready_and_slides_that_do_not_fit(self, playlist, quay):
        for title, values in (("Feu", {"template": "countdown"}), ("Règlement", {"body": "mot " * 1_200})):
            made = Announcement.objects.create(title=title, **values)
            services.add_entry(playlist, announcement=made, user=None)

        found = programme_problems(quay)

        assert [(each.name, each.code) for each in found] == [
            ("Feu", "unready"), ("Règlement", "text-does-not-fit"),
        ]  # fmt: skip
        assert all(each.slide.startswith("announcement-") and each.name in each.message for each in found)

    def test_of_a_programme_that_cannot_be_sent_are_one(self, playlist, hall, monkeypatch):
        monkeypatch.setattr(manifest_compiler, "ENVELOPE_BYTES", 10_000_000)

        (found,) = programme_problems(hall)

        assert (found.slide, found.name, found.code) == ("", "Town hall", "too-large")


class TestFingerprint:
    @pytest.fixture
    def rule(self, playlist) -> ScheduleRule:
        return playlist.rules.get()

    def test_of_the_same_rule_is_the_same(self, rule):
        assert rule_fingerprint(rule) == rule_fingerprint(ScheduleRule.objects.get())

    @pytest.mark.parametrize(
        "change", [{"name": "x"}, {"priority": 51}, {"weekdays": "1"}, {"extra_dates": ["2026-12-24"]}]
    )
    def test_differs_by_each_value(self, rule, change):
        before = rule_fingerprint(rule)
        for name, value in change.items():
            setattr(rule, name, value)
        services.save_rule(rule, user=None)

        assert rule_fingerprint(ScheduleRule.objects.get()) != before

    @pytest.mark.parametrize("relation", ["screens", "groups", "only_on", "never_on"])
    def test_differs_by_each_relation(self, rule, hall, district, relation):
        before = rule_fingerprint(rule)
        calendar = DayCalendar.objects.create(name="Market", days=[["2026-06-15", "2026-06-15"]])
        related = {"screens": hall, "groups": district}.get(relation, calendar)

        services.save_rule(rule, user=None, **{relation: [related]})

        assert rule_fingerprint(ScheduleRule.objects.get()) != before

    def test_of_a_rule_that_somebody_else_changed_refuses_the_change(self, rule):
        before = rule_fingerprint(rule)
        services.save_rule(rule, user=None, expected=before)
        rule.name = "First"
        services.save_rule(rule, user=None, expected=before)

        mine = ScheduleRule.objects.get()
        mine.name = "Second"
        with pytest.raises(services.RuleConflict) as conflict:
            services.save_rule(mine, user=None, expected=before)

        assert conflict.value.current.name == "First"
        assert ScheduleRule.objects.get().name == "First"
