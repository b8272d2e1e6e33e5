"""Choice of the output, and addresses of LED controllers."""

from __future__ import annotations

from pathlib import Path

import pytest

from beffroi_player import __main__, outputs
from beffroi_player.outputs import OutputError, choose_drawing, choose_output
from beffroi_player.outputs.base import fit_size, scratch_surface
from beffroi_player.outputs.fullscreen import FullscreenOutput
from beffroi_player.outputs.headless import HeadlessOutput
from beffroi_player.outputs.led.controller import LedOutput, LedTarget
from beffroi_player.outputs.window import WindowOutput


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a desktop; gives the folder of its graphics cards."""
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(outputs, "_CARD_FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("environment", "cards", "expected"), [
    ({}, [], HeadlessOutput),
    ({}, ["renderD128"], HeadlessOutput),
    ({}, ["card0"], FullscreenOutput),
    ({"DISPLAY": ":0"}, ["card0"], WindowOutput),
    ({"WAYLAND_DISPLAY": "wayland-0"}, [], WindowOutput),
])  # fmt: skip
def test_the_automatic_choice_follows_the_machine(
    machine: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], cards: list[str], expected: type
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for card in cards:
        (machine / card).touch()
    assert type(choose_output("auto", machine, machine)) is expected


@pytest.mark.parametrize(("name", "expected"), [
    ("window", WindowOutput), ("fullscreen", FullscreenOutput), ("headless", HeadlessOutput),
    ("ddp://127.0.0.1", LedOutput), ("sacn://multicast", LedOutput),
])  # fmt: skip
def test_an_output_is_chosen_by_its_name(machine: Path, name: str, expected: type) -> None:
    assert type(choose_output(name, machine, machine)) is expected


@pytest.mark.parametrize("drawing", outputs.DRAWING_NAMES)
def test_an_output_that_is_no_window_is_never_drawn_by_a_gpu(tmp_path: Path, drawing: str) -> None:
    output = HeadlessOutput(tmp_path / "headless.png")
    assert choose_drawing(output, drawing) is output


def test_the_command_line_has_the_same_names(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        __main__.main(["stage", "--help"])
    usage = capsys.readouterr().out
    assert f"{{{','.join(outputs.DRAWING_NAMES)}}}" in usage
    for name in outputs.OUTPUT_NAMES:
        assert name in usage
        assert __main__._output_argument(name) == name


@pytest.mark.parametrize(("address", "expected"), [
    ("ddp://192.168.1.40", LedTarget("ddp", "192.168.1.40", 4048, 0, 2.2)),
    ("ddp://192.168.1.40?", LedTarget("ddp", "192.168.1.40", 4048, 0, 2.2)),
    ("ddp://panel.example:4000/?gamma=1", LedTarget("ddp", "panel.example", 4000, 0, 1.0)),
    ("artnet://192.168.1.40?universe=7", LedTarget("artnet", "192.168.1.40", 6454, 7, 2.2)),
    ("artnet://192.168.1.40", LedTarget("artnet", "192.168.1.40", 6454, 0, 2.2)),
    ("sacn://192.168.1.40?gamma=0.5", LedTarget("sacn", "192.168.1.40", 5568, 1, 0.5)),
    ("sacn://multicast?universe=2&gamma=4", LedTarget("sacn", "multicast", 5568, 2, 4.0)),
])  # fmt: skip
def test_an_address_of_a_controller_is_read(address: str, expected: LedTarget) -> None:
    assert LedTarget.parse_address(address) == expected


@pytest.mark.parametrize("address", [
    "http://192.168.1.40", "ddp://", "ddp://192.168.1.40/panel", "ddp://multicast", "artnet://multicast",
    "sacn://192.168.1.40?universe=0", "sacn://192.168.1.40?universe=63999", "artnet://192.168.1.40?universe=-1",
    "artnet://192.168.1.40?universe=one", "ddp://192.168.1.40?gamma=0.4", "ddp://192.168.1.40?gamma=4.1",
    "ddp://192.168.1.40?gamma=nan", "ddp://192.168.1.40?colour=red", "ddp://192.168.1.40:port",
])  # fmt: skip
def test_an_address_that_is_not_valid_is_refused_with_examples(address: str) -> None:
    with pytest.raises(OutputError, match="sacn://multicast"):
        LedTarget.parse_address(address)


@pytest.mark.parametrize(("size", "available", "expected"), [
    ((1_920, 1_080), (1_920, 1_080), (1_920, 1_080)),
    ((320, 180), (1_920, 1_080), (320, 180)),
    ((3_840, 2_160), (1_920, 1_080), (1_920, 1_080)),
    ((1_080, 1_920), (1_920, 1_080), (608, 1_080)),
    ((10_000, 1), (100, 100), (100, 1)),
])  # fmt: skip
def test_a_size_is_only_scaled_down_and_keeps_its_proportion(
    size: tuple[int, int], available: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fit_size(size, available) == expected


def test_a_surface_is_reused_where_it_has_the_size() -> None:
    first = scratch_surface((20, 10))
    assert scratch_surface((20, 10), first) is first
    other = scratch_surface((10, 20), first)
    assert (other is first, other.get_size()) == (False, (10, 20))
