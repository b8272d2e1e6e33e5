"""A stage that crashes again and again shows less, but never no alert."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.player_harness import PlayerHarness, RecordingOutput
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel, SlideTransition
from beffroi_player.agent.held_state import PROVEN_AFTER_MS
from beffroi_player.outputs import OutputError
from beffroi_player.stage import main
from beffroi_player.stage.crash_fallback import (
    BARE_AFTER,
    COUNTED_MS,
    PROVEN_AFTER,
    SIMPLE_AFTER,
    CrashFallback,
    note_end,
    note_start,
)
from beffroi_player.stage.frame_loop import FrameLoop
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory


class TestCounting:
    def test_starts_that_did_not_end_well_count(self, tmp_path: Path):
        found = [note_start(tmp_path, 1_000.0 * number) for number in range(BARE_AFTER + 2)]
        steps = {
            CrashFallback.FULL: 0,
            CrashFallback.SIMPLE: SIMPLE_AFTER,
            CrashFallback.PROVEN: PROVEN_AFTER,
            CrashFallback.BARE: BARE_AFTER,
        }
        assert [found.index(step) for step in steps] == list(steps.values())
        assert found == sorted(found)

    def test_an_end_as_it_should_be_forgets_them(self, tmp_path: Path):
        for number in range(10):
            note_start(tmp_path, 1_000.0 * number)
        note_end(tmp_path)
        assert note_start(tmp_path, 11_000.0) is CrashFallback.FULL

    def test_what_is_long_ago_does_not_count(self, tmp_path: Path):
        for number in range(10):
            note_start(tmp_path, 1_000.0 * number)
        assert note_start(tmp_path, COUNTED_MS + 20_000.0) is CrashFallback.FULL

    @pytest.mark.parametrize("text", ["nonsense", "", "1e999 nan", "9" * 5000])
    def test_a_broken_count_is_no_crash(self, tmp_path: Path, text: str):
        (tmp_path / "stage-starts").write_text(text)
        assert note_start(tmp_path, 1_000.0) is CrashFallback.FULL

    def test_a_disk_that_takes_nothing_is_no_crash(self, tmp_path: Path):
        assert note_start(tmp_path / "missing", 1_000.0) is CrashFallback.FULL


@pytest.fixture
def player(hall: SigningTown, tmp_path: Path) -> Iterator[PlayerHarness]:
    player = PlayerHarness(hall, tmp_path)
    yield player
    player.stage.shut_down()
    player.close()


def in_safe_mode(player: PlayerHarness, safety: CrashFallback) -> None:
    player.stage = FrameLoop(
        player.state, player.runtime, player.display, uptime=lambda: player.time.uptime_ms,
        system=lambda: player.time.system_ms, fallback=safety,
    )  # fmt: skip


def publish(player: PlayerHarness, hall: SigningTown) -> None:
    manifest = hall.manifest(slide("a"), transition=SlideTransition.CROSSFADE)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))


def test_simple_shows_the_programme_and_says_that_it_is_simple(player: PlayerHarness, hall: SigningTown):
    publish(player, hall)
    in_safe_mode(player, CrashFallback.SIMPLE)
    assert player.slides == ["a"]
    assert [fault.frame for fault in player.run_iteration().faults] == ["safe mode"]
    assert "safe mode" in player.report().refusals[0].subject


def publish_two(player: PlayerHarness, hall: SigningTown, after_ms: int) -> None:
    """Publish a programme, and after a while another: one slide stays, one changes, one goes, and one comes."""
    before = hall.manifest(slide("stays"), slide("changes"), slide("goes"))
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(before))
    hall.now_ms += after_ms
    player.wait(after_ms)
    after = hall.manifest(slide("stays"), slide("changes", title="Other words"), slide("comes"))
    player.receive(hall.publish_programme(after))


def shown_in_turn(player: PlayerHarness) -> set[str]:
    found = set()
    for _ in range(20):
        found.update(player.slides)
        player.wait(5_000)
    return found


def test_proven_shows_what_was_on_before_just_as_it_was_and_nothing_that_the_town_took_away(
    player: PlayerHarness, hall: SigningTown
):
    publish_two(player, hall, PROVEN_AFTER_MS)
    assert shown_in_turn(player) == {"stays", "changes", "comes"}
    in_safe_mode(player, CrashFallback.PROVEN)
    assert shown_in_turn(player) == {"stays"}
    player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
    assert player.alerts == [("flood", "takeover")]


def test_what_was_not_on_for_long_has_proven_nothing(player: PlayerHarness, hall: SigningTown):
    publish_two(player, hall, PROVEN_AFTER_MS - 60_000)
    in_safe_mode(player, CrashFallback.PROVEN)
    assert shown_in_turn(player) == {"idle"}


def test_bare_shows_the_idle_slide_and_alerts(player: PlayerHarness, hall: SigningTown):
    publish(player, hall)
    in_safe_mode(player, CrashFallback.BARE)
    assert player.slides == ["idle"]
    player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
    assert player.alerts == [("flood", "takeover")]


def test_after_ten_minutes_all_is_tried_again(player: PlayerHarness, hall: SigningTown):
    publish(player, hall)
    in_safe_mode(player, CrashFallback.BARE)
    assert player.slides == ["idle"]
    player.wait(COUNTED_MS + 1)
    player.wait(1_000)
    assert player.slides == ["a"]
    assert player.run_iteration().faults == ()


def test_nothing_is_mended_for_what_is_left_out_on_purpose(player: PlayerHarness, hall: SigningTown):
    player.stage = FrameLoop(
        player.state, player.runtime, player.display, uptime=lambda: player.time.uptime_ms,
        system=lambda: player.time.system_ms, fallback=CrashFallback.SIMPLE,
    )  # fmt: skip
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("a"))))
    assert player.run_iteration().faults
    assert player.repaired == []


class UnpluggedOutput(RecordingOutput):
    """A display that is plugged in anew after the first picture, and cannot be taken."""

    event_interval_s: float | None = 0.01

    def process_events(self) -> bool:
        raise OutputError("another program has it")


def test_a_display_that_cannot_be_taken_again_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Otherwise a loose cable would take videos and transitions off the screen."""
    StateDirectory(tmp_path / "state").create_folders()
    RuntimeDirectory(tmp_path / "run").create_folder()
    monkeypatch.setattr(main, "choose_output", lambda *_: UnpluggedOutput())
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    frozen = gc.get_freeze_count()
    for _ in range(SIMPLE_AFTER + 2):
        assert main.run_stage(tmp_path / "state", tmp_path / "run", "fullscreen") == 1
    if not frozen:
        gc.unfreeze()
    assert note_start(tmp_path / "run") is CrashFallback.FULL
