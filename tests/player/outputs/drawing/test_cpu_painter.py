"""Drawing by the processor: videos in their areas, on surfaces of the painter or of the display."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import av
import pygame
import pytest
from PIL import Image, ImageChops
from tests.support.sample_videos import sample_video

from beffroi_content.model import SlideTransition
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.outputs.drawing.composition import Area, DrawingLayer, PanelComposition, YuvFrame
from beffroi_player.outputs.drawing.cpu_painter import CpuPainter
from beffroi_player.outputs.fullscreen import FullscreenOutput
from beffroi_player.outputs.window import WindowOutput
from beffroi_player.stage.video.decoder_trial import image_psnr

GREY = (40, 80, 120)


@pytest.fixture
def window() -> Iterator[WindowOutput]:
    found = WindowOutput()
    found.start()
    yield found
    found.close()


def planes(size: tuple[int, int], kind: str = "yuv420p") -> YuvFrame:
    """Return a video frame."""
    with av.open(io.BytesIO(sample_video(size, 25, 0.2, colours=("#c03020",)))) as container:
        return YuvFrame(next(iter(container.decode(video=0))).reformat(format=kind))


def by_pyav(frame: YuvFrame, size: tuple[int, int]) -> pygame.Surface:
    """Return a frame that PyAV converted to RGB."""
    made = frame.frame.reformat(*size, format="rgb24", src_colorspace="ITU709").to_image()
    return pygame.image.frombytes(made.tobytes(), size, "RGB")


def ground(size: tuple[int, int]) -> DrawingLayer:
    surface = pygame.Surface(size, depth=32)
    surface.fill(GREY)
    return DrawingLayer.full_panel(surface)


def off_by(one: pygame.Surface, other: pygame.Surface) -> int:
    """Return the largest difference of a colour between two images."""
    return max(high for _, high in ImageChops.difference(pillow(one), pillow(other)).getextrema())


def likeness(one: pygame.Surface, other: pygame.Surface) -> float:
    """Return how much two pictures look the same, in decibels: at edges, colours are smoothed in several ways."""
    return image_psnr(pillow(one), pillow(other))


def pillow(surface: pygame.Surface) -> Image.Image:
    return Image.frombytes("RGB", surface.get_size(), pygame.image.tobytes(surface, "RGB"))


@pytest.mark.parametrize("size", [(320, 180), (176, 144), (100, 60), (322, 182)])
def test_a_film_that_fills_the_window_is_what_the_library_makes_of_it(window, size):
    window.open(size)
    frame = planes(size)
    canvas = CpuPainter(window)
    canvas.draw_composition(PanelComposition(size, (DrawingLayer(frame, (0, 0, *size)),)))
    assert off_by(canvas.presented_image(), by_pyav(frame, size)) <= 2


@pytest.mark.parametrize("kind", ["yuv420p", "nv12"])
@pytest.mark.parametrize("size", [(160, 90), (320, 180), (333, 111)])
def test_a_film_of_another_size_or_kind_does_too(window, size, kind):
    window.open(size)
    frame = planes((160, 90), kind)
    canvas = CpuPainter(window)
    canvas.draw_composition(PanelComposition(size, (DrawingLayer(frame, (0, 0, *size)),)))
    assert likeness(canvas.presented_image(), by_pyav(frame, size)) > 40


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("area", [(0, 0, 50, 40), (7, 5, 51, 33), (100, 80, 60, 40)])
def test_beside_a_film_nothing_changes(window, area: Area, rotation):
    size = (160, 120)
    window.open(size)
    canvas = CpuPainter(window)
    below = ground(size)
    canvas.draw_composition(PanelComposition(size, (below,)))
    canvas.draw_composition(PanelComposition(size, (below, DrawingLayer(planes((160, 90)), area, rotation=rotation))))
    seen, place = canvas.presented_image(), pygame.Rect(area)
    for x in range(size[0]):
        for y in range(size[1]):
            assert (seen.get_at((x, y))[:3] == GREY) is not place.collidepoint(x, y), (x, y)


def test_the_part_that_is_seen_is_the_part_that_is_wanted(window):
    window.open((320, 180))
    frame, part = planes((320, 180)), (40, 20, 160, 96)
    canvas = CpuPainter(window)
    canvas.draw_composition(
        PanelComposition((320, 180), (ground((320, 180)), DrawingLayer(frame, (10, 10, 160, 96), part)))
    )
    wanted = by_pyav(frame, (320, 180)).subsurface(part)
    assert off_by(canvas.presented_image().subsurface((10, 10, 160, 96)), wanted) <= 2


def test_what_lies_over_a_film_stays_over_it(window):
    size = (320, 180)
    window.open(size)
    canvas = CpuPainter(window)
    banner = pygame.Surface((320, 30), depth=32)
    banner.fill((250, 250, 0))
    for _ in range(2):
        canvas.draw_composition(
            PanelComposition(size, (DrawingLayer(planes(size), (0, 0, *size)), DrawingLayer(banner, (0, 150, 320, 30))))
        )
    assert canvas.presented_image().get_at((5, 155))[:3] == (250, 250, 0)
    assert canvas.presented_image().get_at((5, 145))[0] > 150


def test_where_the_picture_is_mounted_dimmed_or_gives_way_it_looks_as_it_should(window):
    size = (320, 180)
    window.open(size)
    canvas, frame = CpuPainter(window), planes(size)
    shown = PanelComposition(size, (DrawingLayer(frame, (0, 0, *size)),))
    for _ in range(3):
        canvas.draw_composition(replace(shown, brightness=50))
        assert canvas.presented_image().get_at((200, 150))[0] in range(80, 110)
    canvas.draw_composition(
        replace(shown, previous=PanelComposition(size, (ground(size),)), transition=SlideTransition.WIPE, progress=0.5)
    )
    assert canvas.presented_image().get_at((300, 150))[:3] == GREY
    assert canvas.presented_image().get_at((100, 150))[0] > 150
    canvas.set_mounting(DisplayMounting(overscan_percent=10))
    canvas.draw_composition(shown)
    assert off_by(canvas.presented_image(), by_pyav(frame, size)) <= 2


def test_a_picture_after_a_film_is_the_picture(window):
    size = (320, 180)
    window.open(size)
    canvas, below = CpuPainter(window), ground(size)
    canvas.draw_composition(PanelComposition(size, (DrawingLayer(planes(size), (0, 0, *size)),)))
    canvas.draw_composition(PanelComposition(size, (below,)))
    assert off_by(canvas.presented_image(), below.content) == 0  # type: ignore[arg-type]


def test_what_was_drawn_in_the_memory_of_a_display_is_there_again_on_another(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":99")
    display = FullscreenOutput()
    display.start()
    size = display.desktop_size()
    display.open(size)
    CpuPainter(display).draw_composition(
        PanelComposition(size, (ground(size), DrawingLayer(planes((320, 180)), (0, 0, 320, 180))))
    )
    monkeypatch.setattr(display, "is_display_changed", lambda: True)
    monkeypatch.setattr(display, "reopen_display", lambda: (pygame.display.quit(), pygame.display.init()))
    assert display.process_events()
    assert display.last_presented().get_at((400, 300))[:3] == GREY
    assert display.last_presented().get_at((200, 150))[0] > 150
    display.close()
