"""Reader of vigilance: coast, periods, age, and that what is unknown is never green."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from beffroi_content.model import widgets
from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext
from beffroi_server.feeds.readers.vigilance import EARLY_CHART, read_vigilance

PARIS = ZoneInfo("Europe/Paris")
NOW = dt.datetime(2026, 11, 24, 18, 0, tzinfo=PARIS)
MIDNIGHT = dt.datetime(2026, 11, 25, tzinfo=PARIS)
GREEN = [(number, 1) for number in range(1, 7)]
Levels = list[tuple[object, object]]


def domain(number: object, items: Levels) -> dict[str, object]:
    listed = [{"phenomenon_id": each, "phenomenon_max_color_id": level} for each, level in items]
    return {"domain_id": number, "phenomenon_items": listed}


def period(
    term: str, *domains: dict[str, object], begins: dt.datetime | None = None, hours: int = 24
) -> dict[str, object]:
    start = begins or (NOW.replace(hour=6) if term == "J" else MIDNIGHT)
    end = (start + dt.timedelta(hours=hours)) if begins or term == "J1" else MIDNIGHT
    return {
        "echeance": term, "begin_validity_time": start.isoformat(), "end_validity_time": end.isoformat(),
        "timelaps": {"domain_ids": list(domains)},
    }  # fmt: skip


def read(
    *periods: object, now: dt.datetime = NOW, made: object = "2026-11-24T15:00:00Z", department: str = "29"
) -> Reading:
    content = {"product": {"update_time": made, "periods": list(periods)}}
    return read_vigilance(json.dumps(content).encode(), ReadingContext(PARIS, now, department=department))


@pytest.mark.parametrize(
    ("items", "level", "names"),
    [
        (GREEN, 1, []),
        ([(1, 2), (3, 3)], 3, ["Orages", "Vent violent"]),
        ([("1", "2")], 2, ["Vent violent"]),
        # What is missing or none of the four colours is unknown, and never green.
        ([], None, []),
        ([(1, 0)], None, ["Vent violent"]),
        ([(1, -1), (2, 1)], None, ["Vent violent"]),
        ([(1, 5), (2, 1)], None, ["Vent violent"]),
        ([(1, None), (2, 1)], None, ["Vent violent"]),
        ([(1, True), (2, 1)], None, ["Vent violent"]),
        ([(1, "rouge"), (2, 3)], 3, ["Pluie-inondation", "Vent violent"]),
        ([(10, 3), (1, 1)], 3, ["Autre phénomène"]),
        ([(None, 4)], 4, ["Autre phénomène"]),
    ],
)
def test_the_level_is_that_of_the_gravest_and_what_is_unknown_is_not_green(items, level, names):
    data = read(period("J", domain("29", items))).data
    assert data["level"] == level
    assert [each["name"] for each in data["phenomena"]] == names


@pytest.mark.parametrize("department", ["29", "30", "2A"])
def test_the_coast_belongs_to_its_department(department):
    inland, coast = domain(department, GREEN), domain(f"{department}10", [(9, 4)])
    data = read(period("J", inland, coast, domain("3510", [(9, 3)])), department=department).data
    assert (data["level"], data["phenomena"]) == (4, [{"name": "Vagues-submersion", "level": 4}])


def test_the_department_without_its_coast_is_not_that_of_a_longer_number():
    assert (
        read(period("J", domain("10", GREEN), domain("1010", GREEN), domain(1, [(1, 3)])), department="01").data[
            "level"
        ]
        == 3
    )


def test_both_periods_are_told_and_the_one_in_force():
    periods = period("J1", domain("29", [(1, 4)])), period("J", domain("29", GREEN))

    evening, night = read(*periods).data, read(*periods, now=MIDNIGHT).data

    assert (evening["level"], night["level"]) == (1, 4)
    assert [each["level"] for each in evening["periods"]] == [1, 4]
    assert evening["periods"][1]["begins_at_ms"] == MIDNIGHT.timestamp() * 1000
    assert evening["periods"][1]["phenomena"] == [{"name": "Vent violent", "level": 4}]


def test_periods_without_times_are_today_and_tomorrow():
    bare = [
        {**period(term, domain("29", [(1, level)])), "begin_validity_time": None}
        for term, level in (("J", 2), ("J1", 3))
    ]
    assert [read(*bare, now=now).data["level"] for now in (NOW, MIDNIGHT)] == [2, 3]


@pytest.mark.parametrize(("hours", "level"), [(0, 1), (23, 1), (24, None), (500, None)])
def test_after_the_last_period_nothing_is_known(hours, level):
    chart = period("J1", domain("29", GREEN))
    assert read(chart, now=MIDNIGHT + dt.timedelta(hours=hours), made=None).data["level"] == level


def test_a_chart_may_be_out_shortly_before_it_begins_and_not_long_before():
    chart = period("J", domain("29", GREEN), begins=NOW)
    assert read(chart, now=NOW - EARLY_CHART).data["level"] == 1
    assert read(chart, now=NOW - EARLY_CHART - dt.timedelta(minutes=1)).data["level"] is None
    assert dt.timedelta(milliseconds=widgets.EARLY_CHART_MS) == EARLY_CHART


@pytest.mark.parametrize(("age_h", "is_told"), [(0, False), (17, False), (19, True), (500, True)])
def test_a_chart_that_is_not_renewed_tells_its_own_time(age_h, is_told):
    made = NOW - dt.timedelta(hours=age_h)
    data = read(period("J", domain("29", GREEN)), made=made.isoformat()).data
    assert data.get("fetched_at_ms") == (made.timestamp() * 1000 if is_told else None)
    assert (data["level"], len(data["periods"])) == ((None, 0) if is_told else (1, 1))


def test_odd_parts_are_named_and_cost_no_other():
    reading = read(7, period("J2", domain("29", GREEN)), period("J", domain("29", [(1, 9), (10, 2), (3, 3)])))
    assert reading.data["level"] == 3
    assert {(part.what, part.reason) for part in reading.skipped.named} == {
        ("period", "unreadable"), ("phenomenon", "unknown-colour"), ("phenomenon", "unknown-phenomenon"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-a-vigilance"), (b"[]", "not-a-vigilance"), (b'{"product": {"periods": []}}', "not-a-vigilance"),
        (b'{"product": {"periods": [{"echeance": "J"}]}}', "no-department"),
    ],
)  # fmt: skip
def test_what_is_no_chart_is_refused(content, code):
    with pytest.raises(FeedContentError, match=code):
        read_vigilance(content, ReadingContext(PARIS, NOW, department="29"))


def test_a_chart_of_one_department_needs_no_number():
    assert read(period("J", domain("29", GREEN), domain("2910", [(9, 2)])), department="").data["department"] == "29"
    with pytest.raises(FeedContentError, match="no-department"):
        read(period("J", domain("29", GREEN), domain("30", GREEN)), department="")
