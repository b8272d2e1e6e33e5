"""When an alert may be heard at a screen."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from pydantic import ValidationError

from beffroi_content.model import AlertLevel, AlertSound, TimeWindow

DAY = TimeWindow(start=dt.time(7), end=dt.time(22))
NOON, MIDNIGHT = dt.time(12), dt.time(0)


def test_the_gravest_only_is_heard_unless_the_town_wants_more():
    heard = [level for level in AlertLevel if AlertSound().permits(level, NOON, is_genuine=True)]
    assert heard == [AlertLevel.EMERGENCY]
    more = AlertSound(from_level=AlertLevel.VIGILANCE)
    assert [level for level in AlertLevel if more.permits(level, NOON, is_genuine=True)] == [
        AlertLevel.VIGILANCE, AlertLevel.ALERT, AlertLevel.EMERGENCY,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "heard"),
    [
        (dt.time(7), dt.time(22), {dt.time(7), NOON, dt.time(21, 59)}),
        (dt.time(22), dt.time(7), {dt.time(22), MIDNIGHT, dt.time(6, 59)}),
        (dt.time(7), dt.time(7), {dt.time(7), NOON, MIDNIGHT, dt.time(22), dt.time(6, 59), dt.time(21, 59)}),
    ],
)
def test_it_is_heard_within_its_hours_also_over_midnight(start, end, heard):
    sound = AlertSound(hours=TimeWindow(start=start, end=end))
    tried = {dt.time(7), NOON, dt.time(21, 59), dt.time(22), MIDNIGHT, dt.time(6, 59)}
    assert {at for at in tried if sound.permits(AlertLevel.EMERGENCY, at, is_genuine=True)} == heard


def test_at_night_a_genuine_emergency_alone_and_only_where_the_town_wants_it():
    sound = AlertSound(from_level=AlertLevel.ALERT, hours=DAY, emergency_at_any_hour=True)
    assert sound.permits(AlertLevel.EMERGENCY, MIDNIGHT, is_genuine=True)
    assert not sound.permits(AlertLevel.EMERGENCY, MIDNIGHT, is_genuine=False)
    assert not sound.permits(AlertLevel.ALERT, MIDNIGHT, is_genuine=True)
    assert not AlertSound(hours=DAY).permits(AlertLevel.EMERGENCY, MIDNIGHT, is_genuine=True)


def test_while_nobody_knows_the_time_it_might_be_night():
    assert not AlertSound(hours=DAY).permits(AlertLevel.EMERGENCY, None, is_genuine=True)
    assert AlertSound().permits(AlertLevel.EMERGENCY, None, is_genuine=True)


def test_what_is_graver_is_heard_wherever_the_milder_is():
    for sound in (
        AlertSound(from_level=level, hours=DAY, emergency_at_any_hour=True) for level in tuple(AlertLevel)[1:]
    ):
        for at in (NOON, MIDNIGHT, None):
            heard = [sound.permits(level, at, is_genuine=True) for level in AlertLevel]
            assert all(milder <= graver for milder, graver in pairwise(heard))


@pytest.mark.parametrize(
    "wrong",
    [{"from_level": "information"}, {"volume": 0}, {"volume": 101},
     {"hours": {"start": {"event": "sunset"}, "end": "07:00"}}],
    ids=str,
)  # fmt: skip
def test_what_no_screen_can_do_is_refused(wrong):
    with pytest.raises(ValidationError):
        AlertSound.model_validate(wrong)


def test_a_level_that_only_a_newer_version_knows_is_the_gravest():
    assert AlertSound.model_validate({"from_level": "catastrophe"}).from_level is AlertLevel.EMERGENCY
