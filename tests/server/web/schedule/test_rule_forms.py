"""Fields of a schedule rule that are typed as text, and what a rule is made of."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beffroi_server.schedule.models import EVERY_DAY, ScheduleRule
from beffroi_server.web.schedule.rule_forms import (
    MAX_DATES,
    MAX_TIMES,
    DateListField,
    ScheduleRuleForm,
    TimeRangesField,
)

# A busy machine draws slowly, which says nothing about the fields.
few_examples = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MINUTES = st.integers(0, 24 * 60 - 1)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


class TestDates:
    @pytest.mark.parametrize(
        ("typed", "dates"),
        [
            ("", []),
            ("24/12/2026", ["2026-12-24"]),
            ("2026-12-24", ["2026-12-24"]),
            ("24.12.2026", ["2026-12-24"]),
            ("31/12/2026, 24/12/2026", ["2026-12-24", "2026-12-31"]),
            ("24/12/2026;31/12/2026\n1/1/2027", ["2026-12-24", "2026-12-31", "2027-01-01"]),
            ("24/12/2026, 24.12.2026", ["2026-12-24"]),
            (" , ;\n", []),
            ("29/02/2028", ["2028-02-29"]),
        ],
    )
    def test_are_read_in_the_usual_forms(self, typed, dates):
        assert DateListField(required=False).clean(typed) == dates

    @pytest.mark.parametrize("typed", ["Christmas", "24/12", "31/02/2026", "29/02/2027", "2026-13-01", "24/12/26", "1"])
    def test_that_are_none_are_named(self, typed):
        with pytest.raises(ValidationError, match="is not a date"):
            DateListField().clean(f"24/12/2026, {typed}")

    def test_are_not_more_than_a_year_and_a_bit(self):
        days = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(MAX_DATES + 1)]
        assert len(DateListField().to_python(", ".join(map(str, days[:-1])))) == MAX_DATES
        with pytest.raises(ValidationError, match=f"more than {MAX_DATES} days"):
            DateListField().to_python(", ".join(map(str, days)))

    def test_a_long_word_is_cut_in_the_message(self):
        with pytest.raises(ValidationError) as refused:
            DateListField().clean("x" * 3000)
        assert len(refused.value.messages[0]) < 120

    @few_examples
    @given(st.lists(st.dates(dt.date(1900, 1, 1), dt.date(9999, 12, 31)), max_size=20, unique=True))
    def test_are_read_again_as_they_are_shown(self, dates):
        field = DateListField(required=False)
        stored = sorted(date.isoformat() for date in dates)
        assert field.clean(field.prepare_value(stored)) == stored

    def test_typed_wrongly_are_shown_as_they_were_typed(self):
        assert DateListField().prepare_value("Christmas") == "Christmas"


class TestTimeRanges:
    @pytest.mark.parametrize(
        ("typed", "ranges"),
        [
            ("", []),
            ("12:00-14:00", [["12:00", "14:00"]]),
            ("12h-14h", [["12:00", "14:00"]]),
            ("12h30 à 14h", [["12:30", "14:00"]]),
            ("8 to 12", [["08:00", "12:00"]]),
            ("8H – 9H15", [["08:00", "09:15"]]),
            ("18:00-20:00, 12:00-14:00", [["12:00", "14:00"], ["18:00", "20:00"]]),
            ("22:00-02:00", [["22:00", "02:00"]]),
            ("0-23:59", [["00:00", "23:59"]]),
        ],
    )
    def test_are_read_in_the_usual_forms(self, typed, ranges):
        assert TimeRangesField(required=False).clean(typed) == ranges

    @pytest.mark.parametrize(
        "typed",
        ["noon", "12:00", "12-12", "12:00-12:00", "24:00-25:00", "12:60-13:00", "12:00-14:00-16:00", "-", "1-2-"],
    )
    def test_that_are_none_are_named(self, typed):
        with pytest.raises(ValidationError, match="is not a time range"):
            TimeRangesField().clean(f"08:00-09:00, {typed}")

    def test_are_a_few_at_most(self):
        ranges = [f"{hour}:00-{hour}:30" for hour in range(MAX_TIMES + 1)]
        assert len(TimeRangesField().to_python(", ".join(ranges[:-1]))) == MAX_TIMES
        with pytest.raises(ValidationError, match=f"more than {MAX_TIMES} time ranges"):
            TimeRangesField().to_python(", ".join(ranges))

    @given(
        st.lists(
            st.tuples(st.times(), st.times()).filter(lambda pair: f"{pair[0]:%H:%M}" != f"{pair[1]:%H:%M}"), max_size=6
        )
    )
    def test_are_read_again_as_they_are_shown(self, pairs):
        field = TimeRangesField(required=False)
        stored = sorted([f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in pairs)
        assert field.clean(field.prepare_value(stored)) == stored


@pytest.mark.django_db
class TestRules:
    def form(self, playlist, **changes: object) -> ScheduleRuleForm:
        values = {"playlist": playlist.pk, "everywhere": "on", "every_day": "on", "mode": "rotate"}
        return ScheduleRuleForm(values | changes, instance=ScheduleRule())

    def test_everywhere_needs_no_groups_and_no_screens(self, playlist, hall, district):
        form = self.form(playlist, screens=[hall.pk], groups=[district.pk])
        assert form.is_valid()
        assert (form.selected_rows("screens"), form.selected_rows("groups")) == ([], [])

    def test_without_a_name_is_called_as_its_playlist(self, playlist):
        form = self.form(playlist)
        assert form.is_valid()
        assert form.cleaned_data["name"] == playlist.name

    @pytest.mark.parametrize(
        ("typed", "weekdays"),
        [
            ({"every_day": "on", "weekdays": ["1"]}, EVERY_DAY),
            ({"every_day": "", "weekdays": ["5", "1", "3"]}, "135"),
            ({"every_day": "", "weekdays": ["7"]}, "7"),
        ],
    )
    def test_days_of_the_week_are_put_in_order(self, playlist, typed, weekdays):
        form = self.form(playlist, **typed)
        assert form.is_valid()
        assert form.cleaned_data["weekdays"] == weekdays

    def test_no_day_at_all_is_refused(self, playlist):
        form = self.form(playlist, every_day="")
        assert not form.is_valid()
        assert "at least one day" in str(form.errors["weekdays"])

    @pytest.mark.parametrize(
        ("typed", "priority"),
        [
            ({}, 50),
            ({"level": "70"}, 70),
            ({"level": "30"}, 30),
            ({"priority": "42"}, 42),
            ({"level": "70", "priority": "42"}, 42),
        ],
    )
    def test_priority_is_a_level_or_a_number(self, playlist, typed, priority):
        form = self.form(playlist, **typed)
        assert form.is_valid()
        assert form.cleaned_data["priority"] == priority

    def test_a_number_that_is_no_level_is_shown_as_a_number(self):
        assert ScheduleRuleForm(instance=ScheduleRule(priority=42)).initial["priority"] == 42
        usual = ScheduleRuleForm(instance=ScheduleRule(priority=50)).initial
        assert (usual["level"], usual["priority"]) == (50, None)

    def test_a_field_that_a_page_leaves_out_is_unchanged(self, playlist):
        rule = ScheduleRule(weight=3, cadence="every-minutes")
        form = ScheduleRuleForm(
            {"playlist": playlist.pk, "everywhere": "on", "every_day": "on", "mode": "rotate"}, instance=rule
        )
        assert form.is_valid()
        assert form.cleaned_data["weight"] == 3

    @pytest.mark.parametrize(
        ("rule", "opened"),
        [
            ({}, (False, False)),
            ({"more_times": [["12:00", "14:00"]]}, (True, False)),
            ({"daypart": "dark"}, (True, False)),
            ({"extra_dates": ["2026-12-24"]}, (False, True)),
            ({"except_dates": ["2026-12-24"]}, (False, True)),
        ],
    )
    def test_parts_of_the_page_that_are_in_use_are_open(self, db, rule, opened):
        form = ScheduleRuleForm(instance=ScheduleRule(**rule))
        assert (form.has_further_hours, form.has_exceptions) == opened
