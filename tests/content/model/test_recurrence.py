"""Days by a rule of RFC 5545, as python-dateutil has them."""

import datetime as dt

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_content.model import Recurrence

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
starts = st.dates(dt.date(2019, 1, 1), dt.date(2028, 12, 31))


def lists(values, most: int = 3):
    return st.lists(values, min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, found)))


def signed(most: int):
    return st.integers(1, most) | st.integers(-most, -1)


@st.composite
def rules(draw) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = {"FREQ": frequency}
    optional = {
        "INTERVAL": st.integers(1, 5),
        "BYMONTH": lists(st.integers(1, 12)),
        "BYMONTHDAY": lists(signed(31)),
        "BYDAY": lists(st.sampled_from(WEEKDAYS)),
        "WKST": st.sampled_from(WEEKDAYS),
    }
    if frequency in {"MONTHLY", "YEARLY"}:
        numbered = st.builds(lambda number, day: f"{number}{day}", signed(4), st.sampled_from(WEEKDAYS))
        optional["BYDAY"] = lists(st.sampled_from(WEEKDAYS)) | lists(numbered)
        optional["BYSETPOS"] = lists(signed(4), 2)
    if frequency == "YEARLY":
        optional["BYYEARDAY"] = lists(signed(366))
    chosen = draw(st.sets(st.sampled_from(sorted(optional)), max_size=4))
    if not chosen & {"BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYMONTH"}:
        # A position is one of several days: python-dateutil refuses it alone.
        chosen -= {"BYSETPOS"}
    parts |= {name: draw(optional[name]) for name in sorted(chosen)}
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if end == "COUNT":
        parts["COUNT"] = draw(st.integers(1, 30))
    if end == "UNTIL":
        parts["UNTIL"] = draw(starts).strftime("%Y%m%d")
    return ";".join(f"{name}={value}" for name, value in parts.items())


@settings(max_examples=120, deadline=None)
@given(text=rules(), start=starts)
def test_the_days_are_those_of_dateutil(text, start):
    last = start + dt.timedelta(days=800)
    midnight = dt.datetime.combine(start, dt.time())
    theirs = rrulestr(text, dtstart=midnight).between(midnight, dt.datetime.combine(last, dt.time()), inc=True)
    rule = Recurrence.parse(text)
    ours = [day for offset in range(801) if rule.includes_day(day := start + dt.timedelta(days=offset), start)]
    assert ours == [moment.date() for moment in theirs]


def days(text: str, start: str, count: int) -> list[str]:
    rule, first = Recurrence.parse(text), dt.date.fromisoformat(start)
    found = (first + dt.timedelta(days=offset) for offset in range(4_000))
    return [day.isoformat() for day in found if rule.includes_day(day, first)][:count]


def test_the_first_tuesday_of_the_month():
    assert days("FREQ=MONTHLY;BYDAY=1TU", "2026-11-01", 3) == ["2026-11-03", "2026-12-01", "2027-01-05"]


def test_a_leap_day_comes_every_four_years():
    assert days("FREQ=YEARLY", "2024-02-29", 3) == ["2024-02-29", "2028-02-29", "2032-02-29"]


def test_the_last_working_day_of_the_month():
    text = "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    assert days(text, "2026-10-01", 3) == ["2026-10-30", "2026-11-30", "2026-12-31"]


def test_what_can_never_be_has_no_days():
    assert days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "2026-01-01", 1) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "FREQ"),
        ("FREQ=HOURLY", "DAILY"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR"),
        ("FREQ=WEEKLY;BYDAY=1MO", "MONTHLY"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;INTERVAL=0", "1 to 1000"),
        ("FREQ=DAILY;INTERVAL=99999999999", "1 to 1000"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "0 is no day"),
        ("FREQ=DAILY;UNTIL=tomorrow", "20271231"),
        ("FREQ=DAILY;WKST=XX", "weekday"),
        ("every day", "part of a recurrence"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_word_that_helps(text, word):
    with pytest.raises(ValueError, match=word):
        Recurrence.parse(text)
