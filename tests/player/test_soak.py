"""Three hours within seconds; ``make soak`` takes three days."""

from __future__ import annotations

from tests.player import soak


def test_nothing_grows() -> None:
    before, after = soak.run(3, print)
    assert after.files < 30
    assert before.memory_kb > 0
