"""Pages of alerts in memory, and the memory that is kept for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tests.support.signing_town import alert

from beffroi_content.model import AlertForm, ScreenClass, ScreenSettings, Town
from beffroi_content.rendering import AlertDrawing, Canvas, lay_out_alert
from beffroi_player.agent import page_files
from beffroi_player.agent.page_files import PageFiles
from beffroi_player.state.directories import RuntimeDirectory, Size, StateDirectory
from beffroi_player.state.page_images import HEADER_BYTES, map_page

HALL, PANEL = (320, 180), (128, 64)


@pytest.fixture
def runtime(tmp_path: Path) -> RuntimeDirectory:
    (tmp_path / "run").mkdir()
    return RuntimeDirectory(tmp_path / "run")


@pytest.fixture
def pages(tmp_path: Path, runtime: RuntimeDirectory) -> PageFiles:
    state = StateDirectory(tmp_path / "state")
    state.frames.mkdir(parents=True)
    return PageFiles(state, runtime)


def drawing_of(size: Size) -> AlertDrawing:
    hall = ScreenClass(name="hall", width=size[0], height=size[1], physical_height_mm=680, viewing_distance_mm=4_000)
    return lay_out_alert(
        alert(), AlertForm.TAKEOVER, Canvas.for_screen(ScreenSettings(screen_class=hall, town=Town(name="Clairbourg")))
    )


def spare_of(runtime: RuntimeDirectory) -> Path | None:
    return next(runtime.folder.glob(".*"), None)


@pytest.mark.parametrize("spare", [None, HALL, PANEL, (640, 360)])
def test_a_page_is_the_same_whatever_memory_was_kept_for_it(
    pages: PageFiles, runtime: RuntimeDirectory, spare: Size | None
) -> None:
    if spare is not None:
        pages.keep_spare(spare)
    pages.keep_page("page-0.png", drawing_of(HALL), 0)
    size, pixels = map_page(runtime.folder / "page-0.pam")
    image = Image.frombytes("RGBX", size, bytes(pixels)).convert("RGB")
    assert (size, image.tobytes()) == (HALL, drawing_of(HALL).frame(0).tobytes())
    assert [path.name for path in runtime.folder.iterdir()] == ["page-0.pam"]


def test_a_page_takes_the_memory_that_is_kept_and_only_once(pages: PageFiles, runtime: RuntimeDirectory) -> None:
    pages.keep_spare(HALL)
    spare = spare_of(runtime)
    assert spare is not None
    memory = spare.stat()
    assert memory.st_blocks * 512 >= 4 * HALL[0] * HALL[1]
    for number in range(2):
        pages.keep_page(f"page-{number}.png", drawing_of(HALL), 0)
    taken = [(runtime.folder / f"page-{number}.pam").stat().st_ino for number in range(2)]
    assert (taken[0] == memory.st_ino, taken[1] == memory.st_ino) == (True, False)


def test_what_is_kept_fits_the_screen(pages: PageFiles, runtime: RuntimeDirectory) -> None:
    sizes = []
    for size in (PANEL, HALL, HALL, PANEL):
        pages.keep_spare(size)
        spare = spare_of(runtime)
        assert spare is not None
        sizes.append(spare.stat().st_size)
    panel, hall = 4 * 128 * 64 + HEADER_BYTES, 4 * 320 * 180 + HEADER_BYTES
    assert sizes == [panel, hall, hall, panel]


def test_nothing_is_kept_for_screens_whose_pages_take_much(pages: PageFiles, runtime: RuntimeDirectory) -> None:
    pages.keep_spare(HALL)
    pages.keep_spare((3840, 2160))
    assert spare_of(runtime) is None


def test_where_no_memory_is_left_none_is_kept(
    pages: PageFiles, runtime: RuntimeDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise OSError("there is no room")

    monkeypatch.setattr(page_files.os, "posix_fallocate", refuses)
    pages.keep_spare(HALL)
    assert spare_of(runtime) is None
    pages.keep_page("page-0.png", drawing_of(HALL), 0)
    assert (runtime.folder / "page-0.pam").exists()


def test_a_page_that_cannot_be_painted_leaves_nothing(
    pages: PageFiles, runtime: RuntimeDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Iterator[bytes]:
        yield b"the first rows"
        raise RuntimeError("the letters are gone")

    pages.keep_spare(HALL)
    monkeypatch.setattr(AlertDrawing, "rgbx_bands", breaks)
    with pytest.raises(RuntimeError, match="letters"):
        pages.keep_page("page-0.png", drawing_of(HALL), 0)
    assert list(runtime.folder.iterdir()) == []
