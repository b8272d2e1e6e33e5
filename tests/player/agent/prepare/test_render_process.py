"""The process that draws slides: its answers, and what happens where it dies."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.support.signing_town import SigningTown, jpeg, picture_slide, slide

from beffroi_content import rendering
from beffroi_player.agent.prepare.render_process import WORKER_FAILED, RenderProcess, rendered_before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    return folder


def test_the_worker_draws_refuses_and_goes_on(hall: SigningTown, folder: Path, tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    good, bad = hall.add_file(jpeg()), hall.add_file(b"\xff\xd8 no picture")
    for asset in (good, bad):
        (folder / asset.sha256).write_bytes(hall.files[asset.sha256])
    settings = hall.manifest().settings
    painter = RenderProcess(folder, frames)
    photo = picture_slide("photo", good)
    try:
        drawn = painter.draw_slide(photo, settings, (320, 180))
        assert painter.draw_slide(picture_slide("bad", bad), settings, (320, 180)).code == "picture-unusable"
        assert painter.draw_slide(slide("text"), settings, (320, 180)).frames
    finally:
        painter.close()
    assert drawn.frames
    assert rendered_before(frames, photo, rendering.Canvas.for_screen(settings)) == drawn


def program(path: Path, lines: str) -> str:
    """Return a program that takes the place of the worker."""
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return str(path)


def test_a_worker_that_does_not_start_is_not_the_fault_of_the_slide(
    hall: SigningTown, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for executable in ("/bin/true", "/nowhere", program(tmp_path / "mad", "echo hello")):
        monkeypatch.setattr("sys.executable", executable)
        painter = RenderProcess(folder, tmp_path)
        assert painter.draw_slide(slide("text"), hall.manifest().settings, (320, 180)).code == WORKER_FAILED


def test_a_slide_of_which_the_worker_dies_twice_is_left_out(
    hall: SigningTown, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", program(tmp_path / "dying", "echo ready; read order; echo x >> $0.died"))
    painter = RenderProcess(folder, tmp_path)
    assert painter.draw_slide(slide("text"), hall.manifest().settings, (320, 180)).code == "undrawable"
    assert (tmp_path / "dying.died").read_text() == "x\nx\n"


def test_one_of_which_it_dies_once_is_drawn(
    hall: SigningTown, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = f'[ -e $0.died ] && exec {sys.executable} "$@"; echo ready; read order; touch $0.died'
    monkeypatch.setattr("sys.executable", program(tmp_path / "killed", once))
    painter = RenderProcess(folder, tmp_path)
    try:
        assert painter.draw_slide(slide("text"), hall.manifest().settings, (320, 180)).frames
    finally:
        painter.close()
