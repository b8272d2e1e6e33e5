"""Four rounds of the fault harness, the same harm each time; ``make faults COUNT=10000`` does other."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.player import faults

SEEDS = 840999, 7


@pytest.mark.skipif(faults.MOSQUITTO is None, reason="Mosquitto is not installed")
def test_a_player_is_right_again_after_whatever_happens() -> None:
    # Two at the same time: most of it is waiting.
    command = [sys.executable, faults.__file__, "--count", "2", "--seed"]
    running = [subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, text=True) for seed in SEEDS]
    said = [process.communicate()[0] for process in running]
    for seed, process, text in zip(SEEDS, running, said, strict=True):
        assert process.returncode == 0, f"seed {seed}: {text[-8_000:]}"


@pytest.mark.skipif(faults.MOSQUITTO is None, reason="Mosquitto is not installed")
def test_the_harness_notices_a_player_that_is_not_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "HEALED_WITHIN_S", 3.0)
    monkeypatch.setattr(faults.FaultRun, "start_player", lambda self, *_: None)
    with pytest.raises(faults.NotHealed, match="no picture"):
        faults.run(1, 1, lambda _: None)
