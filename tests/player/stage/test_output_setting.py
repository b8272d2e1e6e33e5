"""The output that a programme names: the stage starts again for it, and shows something in any case."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from tests.support.player_harness import PlayerHarness, RecordingOutput
from tests.support.signing_town import slide

from beffroi_player.outputs import Output, OutputError
from beffroi_player.stage import main
from beffroi_player.stage.output_setting import OutputSetting
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory


class ClosedOutput(RecordingOutput):
    """A display that nobody can open."""

    def start(self) -> None:
        raise OutputError("no such display")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A state and a runtime directory whose programme names a panel."""
    state, runtime = tmp_path / "state", tmp_path / "run"
    StateDirectory(state).create_folders()
    RuntimeDirectory(runtime).create_folder()
    programme = {"manifest": {"settings": {"output": "ddp://192.0.2.4"}}}
    (state / "programme.json").write_text(json.dumps(programme), encoding="utf-8")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return state, runtime


def run(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, outputs: dict[str, Output]) -> tuple[int, object]:
    """Run a stage that is told to stop at once; return its exit code and the setting that its loop was made with."""
    made: list[OutputSetting] = []

    class Loop:
        wants_other_output = False

        def run(self, *_: object) -> None:
            pass

    def create_loop(*arguments: object) -> Loop:
        made.append(arguments[-1])  # type: ignore[arg-type]
        return Loop()

    monkeypatch.setattr(main, "choose_output", lambda name, *_: outputs[name])
    monkeypatch.setattr(main, "_create_loop", create_loop)
    code = main.run_stage(*folders, "fullscreen")
    return code, made[0] if made else None


def test_the_output_of_the_programme_is_opened(folders, monkeypatch):
    panel = RecordingOutput()
    code, setting = run(folders, monkeypatch, {"ddp://192.0.2.4": panel})

    assert (code, setting) == (0, OutputSetting("ddp://192.0.2.4"))


def test_that_of_the_machine_is_used_where_it_cannot_be_opened(folders, monkeypatch):
    outputs: dict[str, Output] = {"ddp://192.0.2.4": ClosedOutput(), "fullscreen": RecordingOutput()}
    code, setting = run(folders, monkeypatch, outputs)

    assert code == 0
    assert isinstance(setting, OutputSetting)
    assert "fullscreen is used: no such display" in setting.fault


def test_without_any_display_the_stage_ends(folders, monkeypatch):
    outputs: dict[str, Output] = {"ddp://192.0.2.4": ClosedOutput(), "fullscreen": ClosedOutput()}
    assert run(folders, monkeypatch, outputs) == (1, None)


def test_the_loop_ends_when_a_newer_programme_names_another_output(fetching_player: PlayerHarness):
    player, town = fetching_player, fetching_player.hall
    player.receive(town.publish_keys(), town.publish_beat(), town.publish_programme(town.manifest(slide("a"))))
    player.run_iteration()
    assert not player.stage.wants_other_output

    player.receive(town.publish_programme(town.manifest(slide("a"), output="window")))
    player.run_iteration()
    assert player.stage.wants_other_output
    assert player.slides == ["a"]
