"""Alerts as data."""

import pytest
from pydantic import ValidationError

from beffroi_content.model import Alert, AlertForm, AlertLevel, AlertStatus, HeldAlert
from beffroi_content.model.alert import GENERAL_HAZARD, HAZARD_NAMES
from beffroi_content.model.announcement import MAX_LANGUAGES

HOUR = 3_600_000


def alert(**changes) -> Alert:
    facts = {"id": "flood", "level": "alert", "title": "Crue", "source": "Mairie", "issued_at_ms": 10}
    return Alert(**facts | {"ends_at_ms": 10 + HOUR, "time_to_live_ms": HOUR} | changes)


def test_levels_rise_from_information_to_emergency():
    assert [level.rank for level in AlertLevel] == [0, 1, 2, 3]
    assert max(AlertLevel, key=lambda level: level.rank) is AlertLevel.EMERGENCY


def test_an_alert_is_real_and_general_unless_it_says_otherwise():
    assert (alert().status, alert().hazard, alert().all_clear_ms) == (AlertStatus.ACTUAL, GENERAL_HAZARD, 300_000)


@pytest.mark.parametrize("hazard", sorted(HAZARD_NAMES))
def test_every_declared_hazard_is_read(hazard):
    assert alert(hazard=hazard).hazard == hazard


@pytest.mark.parametrize("hazard", ["meteorite", "", "FLOOD", None, 7, ["flood"]])
def test_an_alert_is_never_refused_for_its_hazard(hazard):
    assert alert(hazard=hazard).hazard == GENERAL_HAZARD


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "200"),
        ({"description": "x" * 5_001}, "5000"),
        ({"ends_at_ms": 9}, "ends after"),
        ({"time_to_live_ms": -1}, "greater than or equal"),
        ({"time_to_live_ms": 31 * 24 * HOUR + 1}, "less than or equal"),
        ({"all_clear_ms": 24 * HOUR + 1}, "less than or equal"),
        ({"level": "catastrophe"}, "level"),
        ({"status": "rehearsal"}, "status"),
        ({"id": "Flood"}, "match"),
        ({"source": None}, "source"),
    ],
    ids=str,
)
def test_an_alert_that_makes_no_sense_is_refused(wrong, complaint):
    with pytest.raises(ValidationError, match=complaint):
        alert(**wrong)


def test_an_alert_may_end_as_it_is_issued_so_that_it_can_be_withdrawn_at_once():
    assert alert(ends_at_ms=10).ends_at_ms == 10


def test_an_alert_crosses_the_wire_unchanged():
    full = alert(level="emergency", status="exercise", description="a\nb", instruction="c", all_clear_ms=0)
    assert Alert.model_validate_json(full.to_json()) == full


def test_an_alert_of_a_newer_version_is_read():
    assert Alert.model_validate_json(alert().to_json().replace(b"{", b'{"siren":true,', 1)) == alert()


@pytest.mark.parametrize("pages", [0, 3 * MAX_LANGUAGES + 1])
def test_a_held_alert_has_one_to_three_pages_in_each_language(pages):
    assert HeldAlert(alert=alert(), lapses_at_uptime_ms=0).pages == 1
    with pytest.raises(ValidationError):
        HeldAlert(alert=alert(), lapses_at_uptime_ms=0, pages=pages)


def test_forms_are_words_that_receipts_carry():
    assert sorted(AlertForm) == ["all-clear", "banner", "slide", "takeover"]
