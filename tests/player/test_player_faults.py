"""Three hundred rounds of the fault harness; ``make faults COUNT=10000`` does more."""

from __future__ import annotations

import random

import faults
import pytest


@pytest.mark.parametrize("_round", ["first", "second"])
@pytest.mark.skipif(faults.MOSQUITTO is None, reason="Mosquitto is not installed")
def test_a_player_is_right_again_after_whatever_happens(_round: str) -> None:
    seed = random.randrange(10**6)
    faults.run(150, seed, lambda text: print(f"seed {seed}: {text}"))


@pytest.mark.skipif(faults.MOSQUITTO is None, reason="Mosquitto is not installed")
def test_the_harness_notices_a_player_that_is_not_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "HEALED_WITHIN_S", 3.0)
    monkeypatch.setattr(faults.Range, "start_player", lambda self: None)
    with pytest.raises(faults.NotHealed, match="no picture"):
        faults.run(1, 1, lambda _: None)
