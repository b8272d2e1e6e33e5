"""Statements of players about what was triggered on the spot: whose they are, and for whom."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_content.model import Alert
from beffroi_content.timeline import ClockState
from beffroi_content.wire.envelope import public_hex
from beffroi_content.wire.local_triggers import (
    ActCause,
    ActStatement,
    LocalAct,
    LocalScenario,
    StatementRefused,
    TriggerKind,
    act_alert,
    is_act_id,
    new_act_id,
    open_statement,
    sign_statement,
)

KEY = Ed25519PrivateKey.generate()
ACT = LocalAct(
    id=new_act_id(), scenario="scenario-1", left_ms=60_000,
    began=ActCause(kind=TriggerKind.CONTACT, who="2", at_ms=1_000, clock=ClockState.TRUSTED),
)  # fmt: skip
STATEMENT = ActStatement(site="saint-aubin", screen="hall", nonce="n1", acts=(ACT,))
SIGNED = sign_statement(STATEMENT, KEY)


def test_a_statement_is_opened_by_whoever_asked_for_it():
    assert open_statement(SIGNED, public_hex(KEY), "saint-aubin", "hall", "n1") == STATEMENT


@pytest.mark.parametrize(
    ("key", "site", "screen", "nonce"),
    [
        (Ed25519PrivateKey.generate(), "saint-aubin", "hall", "n1"),
        (KEY, "saint-aubin", "quay", "n1"),
        (KEY, "beaulieu", "hall", "n1"),
        (KEY, "saint-aubin", "hall", "n2"),
        (KEY, "saint-aubin", "hall", ""),
    ],
    ids=["another key", "another screen", "another town", "another question", "no question"],
)
def test_it_is_worth_nothing_to_others_and_later(key, site, screen, nonce):
    with pytest.raises(StatementRefused):
        open_statement(SIGNED, public_hex(key), site, screen, nonce)


def test_nobody_can_change_a_word_of_it():
    changed = SIGNED.model_copy(update={"body": SIGNED.body.replace("60000", "70000")})
    with pytest.raises(StatementRefused):
        open_statement(changed, public_hex(KEY), "saint-aubin", "hall", "n1")


def test_the_alert_of_an_act_is_the_scenario_with_the_times_of_the_act():
    prepared = Alert(
        id="scenario-1", level="alert", title="Crue", source="Mairie", issued_at_ms=0, ends_at_ms=0, time_to_live_ms=0
    )
    scenario = LocalScenario(id="scenario-1", name="Crue", alert=prepared, longest_ms=3_600_000)
    alert = act_alert(scenario, ACT)
    assert (alert.id, alert.title, alert.issued_at_ms, alert.ends_at_ms) == (ACT.id, "Crue", 1_000, 3_601_000)
    assert not alert.is_open_ended
    doubtful = ACT.began.model_copy(update={"clock": ClockState.CARRIED})
    assert act_alert(scenario, ACT.model_copy(update={"began": doubtful})).is_open_ended


def test_an_act_is_known_by_its_identifier():
    assert is_act_id(new_act_id())
    assert new_act_id() != new_act_id()
    assert not is_act_id("5b0f4f2e-2f5c-4c6e-8f0a-9d7a3a1c1e46")
