"""A player that hears nothing of its town for as long as the town has set goes dark, whatever its clock says."""

from __future__ import annotations

import pytest
from PIL import Image

from beffroi_player.agent.silence import TownSilence
from beffroi_player.outputs.headless import HeadlessOutput
from beffroi_player.stage.main import _show_last_frame
from beffroi_player.state.directories import StateDirectory

HOUR_MS = 3_600_000


class LostPlayer:
    """A player by its hours of running."""

    def __init__(self, folder) -> None:
        self.state = StateDirectory(folder)
        self.changes = 0
        self.start()

    def start(self, credentials: str = "own") -> None:
        self.uptime_ms, self.heard_ms = 0.0, None
        self.silence = TownSilence(self.state, lambda: self.uptime_ms, self._note_change, credentials)

    def _note_change(self) -> None:
        self.changes += 1

    def run(self, hours: float, limit: int | None = 72) -> bool:
        """Run for some hours; return whether it is dark."""
        for _ in range(round(hours * 4)):
            self.uptime_ms += HOUR_MS / 4
            self.silence.check(self.heard_ms, limit)
        return self.silence.darkness is not None


@pytest.fixture
def player(tmp_path) -> LostPlayer:
    return LostPlayer(tmp_path)


def test_it_goes_dark_after_the_hours_and_comes_back_with_one_word(player):
    assert not player.run(71)
    assert player.run(2)
    player.heard_ms = player.uptime_ms
    assert not player.run(0.25)
    assert player.changes == 2


def test_hours_of_running_count_over_restarts(player):
    player.run(40)
    player.start()
    player.run(20)
    player.start()
    assert player.run(13)
    player.start()
    assert player.silence.darkness is not None


def test_a_word_begins_the_count_anew(player):
    for _ in range(5):
        assert not player.run(70)
        player.heard_ms = player.uptime_ms


def test_without_such_a_setting_it_never_does(player):
    assert not player.run(400, limit=None)
    assert player.run(0.25, limit=24)
    assert not player.run(0.25, limit=None)


def test_one_that_was_revoked_stays_dark_until_it_is_enrolled_again(player):
    player.silence.revoke()
    player.heard_ms = 1.0
    assert player.run(1, limit=None)
    player.start()
    assert player.run(1)
    player.start(credentials="new")
    assert not player.run(1)


def test_a_dark_player_does_not_begin_with_its_last_picture_of_the_town(player, tmp_path):
    Image.new("RGB", (320, 180), "navy").save(player.state.last_frame)
    output = HeadlessOutput(tmp_path / "headless.png")
    output.start()
    assert _show_last_frame(tmp_path, output) is not None
    player.silence.revoke()
    assert _show_last_frame(tmp_path, output) is None
