"""A stage that crashes again and again shows less, but never no alert."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from player import Display, Player
from town import TownHall, alert, slide

from beffroi_content.model import AlertLevel, Transition
from beffroi_player.outputs import OutputError
from beffroi_player.stage import app
from beffroi_player.stage.loop import Stage
from beffroi_player.stage.safety import BARE_AFTER, SIMPLE_AFTER, WITHIN_MS, Safety, note_end, note_start
from beffroi_player.store import Runtime, State


class TestCounting:
    def test_starts_that_did_not_end_well_count(self, tmp_path: Path):
        found = [note_start(tmp_path, 1_000.0 * number) for number in range(BARE_AFTER + 2)]
        assert found == [Safety.FULL] * SIMPLE_AFTER + [Safety.SIMPLE] * (BARE_AFTER - SIMPLE_AFTER) + [Safety.BARE] * 2

    def test_an_end_as_it_should_be_forgets_them(self, tmp_path: Path):
        for number in range(10):
            note_start(tmp_path, 1_000.0 * number)
        note_end(tmp_path)
        assert note_start(tmp_path, 11_000.0) is Safety.FULL

    def test_what_is_long_ago_does_not_count(self, tmp_path: Path):
        for number in range(10):
            note_start(tmp_path, 1_000.0 * number)
        assert note_start(tmp_path, WITHIN_MS + 20_000.0) is Safety.FULL

    @pytest.mark.parametrize("text", ["nonsense", "", "1e999 nan", "9" * 5000])
    def test_a_broken_count_is_no_crash(self, tmp_path: Path, text: str):
        (tmp_path / "stage-starts").write_text(text)
        assert note_start(tmp_path, 1_000.0) is Safety.FULL

    def test_a_disk_that_takes_nothing_is_no_crash(self, tmp_path: Path):
        assert note_start(tmp_path / "missing", 1_000.0) is Safety.FULL


@pytest.fixture
def player(hall: TownHall, tmp_path: Path) -> Iterator[Player]:
    player = Player(hall, tmp_path)
    yield player
    player.stage.end()
    player.close()


def in_safe_mode(player: Player, safety: Safety) -> None:
    player.stage = Stage(
        player.state, player.runtime, player.display, uptime=lambda: player.time.uptime_ms,
        system=lambda: player.time.system_ms, safety=safety,
    )  # fmt: skip


def publish(player: Player, hall: TownHall) -> None:
    manifest = hall.manifest(slide("a"), transition=Transition.CROSSFADE)
    player.hear(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))


def test_simple_shows_the_programme_and_says_that_it_is_simple(player: Player, hall: TownHall):
    publish(player, hall)
    in_safe_mode(player, Safety.SIMPLE)
    assert player.slides == ["a"]
    assert [fault.frame for fault in player.look().faults] == ["safe mode"]
    assert "safe mode" in player.report().refusals[0].subject


def test_bare_shows_the_idle_slide_and_alerts(player: Player, hall: TownHall):
    publish(player, hall)
    in_safe_mode(player, Safety.BARE)
    assert player.slides == ["idle"]
    player.hear(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
    assert player.alerts == [("flood", "takeover")]


def test_after_ten_minutes_all_is_tried_again(player: Player, hall: TownHall):
    publish(player, hall)
    in_safe_mode(player, Safety.BARE)
    assert player.slides == ["idle"]
    player.wait(WITHIN_MS + 1)
    player.wait(1_000)
    assert player.slides == ["a"]
    assert player.look().faults == ()


def test_nothing_is_mended_for_what_is_left_out_on_purpose(player: Player, hall: TownHall):
    player.stage = Stage(
        player.state, player.runtime, player.display, uptime=lambda: player.time.uptime_ms,
        system=lambda: player.time.system_ms, safety=Safety.SIMPLE,
    )  # fmt: skip
    player.hear(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("a"))))
    assert player.look().faults
    assert player.repaired == []


class Unplugged(Display):
    """A display that is plugged in anew after the first picture, and cannot be taken."""

    pump_seconds: float | None = 0.01

    def pump(self) -> bool:
        raise OutputError("another program has it")


def test_a_display_that_cannot_be_taken_again_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Otherwise a loose cable would take films and transitions off the glass."""
    State(tmp_path / "state").make()
    Runtime(tmp_path / "run").make()
    monkeypatch.setattr(app, "choose", lambda *_: Unplugged())
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    frozen = gc.get_freeze_count()
    for _ in range(SIMPLE_AFTER + 2):
        assert app.run_stage(tmp_path / "state", tmp_path / "run", "fullscreen") == 1
    if not frozen:
        gc.unfreeze()
    assert note_start(tmp_path / "run") is Safety.FULL
