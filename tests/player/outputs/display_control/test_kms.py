"""Detection and switching of displays by KMS, with files in place of the kernel; ``make test-kms`` uses a real one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from beffroi_player.outputs import fullscreen
from beffroi_player.outputs.base import DisplayResult, OutputError, SwitchResult
from beffroi_player.outputs.display_control import kms
from beffroi_player.outputs.fullscreen import FullscreenOutput


def plug(system: Path, name: str, status: str = "connected", modes: str = "1920x1080\n", dpms: str = "On") -> None:
    folder = system / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text(f"{status}\n")
    (folder / "modes").write_text(modes)
    (folder / "dpms").write_text(f"{dpms}\n")


def test_only_what_has_a_display_counts(tmp_path: Path):
    plug(tmp_path, "card1-HDMI-A-1", "disconnected")
    plug(tmp_path, "card1-HDMI-A-2")
    plug(tmp_path, "card1-Writeback-1")
    (tmp_path / "card0").mkdir()
    assert [each.name for each in kms.connected_displays(tmp_path)] == ["HDMI-A-2"]
    assert kms.connected_displays(tmp_path)[0].card == 1
    assert kms.display_cards(tmp_path) == (1,)


def test_another_display_in_the_same_socket_is_another(tmp_path: Path):
    plug(tmp_path, "card0-HDMI-A-1")
    before = kms.connected_displays(tmp_path)
    plug(tmp_path, "card0-HDMI-A-1", modes="1280x1024\n")
    assert kms.connected_displays(tmp_path) != before


def test_a_card_that_is_not_ours_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "card0").touch()
    monkeypatch.setattr(kms.os, "access", lambda *_: False)
    assert "add the user to the group “video”" in kms.card_problem(0, tmp_path)
    assert "there is no" in kms.card_problem(7, tmp_path)


def test_whether_a_display_is_lit_is_asked_of_the_kernel(tmp_path: Path):
    plug(tmp_path, "card0-HDMI-A-1")
    (display,) = kms.connected_displays(tmp_path)
    assert kms.is_signal_on(display, tmp_path) is True
    plug(tmp_path, "card0-HDMI-A-1", dpms="Off")
    assert kms.is_signal_on(display, tmp_path) is False
    assert kms.is_signal_on(kms.DisplayConnector(5, "DP", 1), tmp_path) is None


def test_a_display_that_nobody_draws_on_is_not_switched():
    assert kms.switch_signal(kms.DisplayConnector(99, "HDMI-A", 1), on=False) == "the card is not open"


def test_a_wish_that_is_not_heard_is_not_confirmed(monkeypatch: pytest.MonkeyPatch):
    assert FullscreenOutput().control_display(False, 0) == DisplayResult(SwitchResult.UNKNOWN)
    monkeypatch.setattr(fullscreen.kms, "switch_signal", lambda *_: "")
    for said, expected in ((False, SwitchResult.CONFIRMED), (True, SwitchResult.SENT), (None, SwitchResult.SENT)):
        monkeypatch.setattr(fullscreen.kms, "is_signal_on", lambda _, said=said: said)
        output = FullscreenOutput()
        output._connectors = (kms.DisplayConnector(0, "HDMI-A", 1),)
        assert output.control_display(False, 0) == DisplayResult(expected)


def test_whoever_waits_for_a_display_can_be_told_to_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(fullscreen.kms, "connected_displays", lambda: ())
    monkeypatch.setattr(fullscreen.kms, "display_cards", lambda: ())
    with pytest.raises(OutputError, match="no display was plugged in"):
        FullscreenOutput(stopped=lambda: True).start()


@pytest.mark.parametrize(("has_desktop_opengl", "renderer"), [(True, None), (False, "opengles2")])
def test_a_machine_with_opengl_es_alone_is_drawn_by_it(monkeypatch: pytest.MonkeyPatch, has_desktop_opengl, renderer):
    """SDL would take its renderer for desktop OpenGL, whose picture is black there."""

    def load(name: str) -> None:
        if not has_desktop_opengl:
            raise OSError(f"{name}: cannot open shared object file")

    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("SDL_RENDER_DRIVER", "SDL_FRAMEBUFFER_ACCELERATION", "SDL_KMSDRM_DEVICE_INDEX"):
        # Set and taken away, so that what the player sets is taken away, too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(fullscreen.kms, "connected_displays", lambda: (kms.DisplayConnector(0, "HDMI-A", 1),))
    monkeypatch.setattr(fullscreen.kms, "display_cards", lambda: ())
    monkeypatch.setattr(fullscreen.ctypes, "CDLL", load)
    drawn_by = {}
    monkeypatch.setattr(fullscreen, "start_display", lambda _driver: drawn_by.update(os.environ))

    FullscreenOutput().start()

    assert drawn_by.get("SDL_RENDER_DRIVER") == drawn_by.get("SDL_FRAMEBUFFER_ACCELERATION") == renderer
