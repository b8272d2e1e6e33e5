"""Drawing by the GPU, compared with the processor. The GPU is Mesa's software renderer, without a display."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from dataclasses import replace

import pygame
import pytest
from tests.support.animation_steps import step_at
from tests.support.player_harness import until
from tests.support.sample_videos import sample_video

from beffroi_content.model import ImageFit, Rectangle, SlideTransition, Viewport
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.outputs.drawing.composition import DrawingLayer, PanelComposition, YuvFrame
from beffroi_player.outputs.drawing.cpu_painter import CpuPainter
from beffroi_player.outputs.drawing.gpu_compositor import GpuOutput, wrap_output
from beffroi_player.outputs.drawing.sdl import SdlError, SdlRenderer, SdlTexture
from beffroi_player.outputs.window import WindowOutput
from beffroi_player.stage.compositor.marquee import marquee_layers
from beffroi_player.stage.panel_geometry import panel_size
from beffroi_player.stage.screen_capture import LONGEST_WAIT_MS, ScreenCapture
from beffroi_player.stage.video.video_decoder import VideoDecoder
from beffroi_player.state.directories import CaptureInfo, RuntimeDirectory
from beffroi_player.state.ppm_images import from_ppm

SIZE = (320, 180)


class LastImageOutput:
    """An output that keeps the last image."""

    event_interval_s: float | None = None

    def __init__(self) -> None:
        self.picture = pygame.Surface(SIZE, depth=32)

    def present_image(self, image: pygame.Surface) -> None:
        self.picture = image.copy()

    def last_presented(self) -> pygame.Surface:
        return self.picture


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[GpuOutput]:
    before = os.environ.get("SDL_VIDEODRIVER")
    pygame.display.quit()
    monkeypatch.setenv("SDL_VIDEODRIVER", "offscreen")
    window = WindowOutput()
    window.start()
    found = wrap_output(window, forced=True)
    assert isinstance(found, GpuOutput)
    found.open(SIZE)
    yield found
    found.close()
    if before is not None:
        os.environ["SDL_VIDEODRIVER"] = before


def picture(seed: int, size: tuple[int, int] = SIZE) -> pygame.Surface:
    """Return coloured rectangles."""
    chance, surface = random.Random(seed), pygame.Surface(size, depth=32)
    for _ in range(40):
        corner = chance.randrange(size[0]), chance.randrange(size[1])
        surface.fill([chance.randrange(256) for _ in range(3)], (*corner, 60, 40))
    return surface


def by_processor(composition: PanelComposition, mounting: DisplayMounting | None = None) -> pygame.Surface:
    shelf = LastImageOutput()
    canvas = CpuPainter(shelf)  # type: ignore[arg-type]
    canvas.set_mounting(mounting or DisplayMounting())
    canvas.draw_composition(composition)
    return shelf.picture


def off_by(one: pygame.Surface, other: pygame.Surface) -> int:
    """Return the largest difference of a colour between two images."""
    assert one.get_size() == other.get_size()
    found = zip(pygame.image.tobytes(one, "RGB"), pygame.image.tobytes(other, "RGB"), strict=True)
    return max(abs(a - b) for a, b in found)


def plain(seed: int) -> PanelComposition:
    return PanelComposition(SIZE, (DrawingLayer.full_panel(picture(seed)),))


def layered(seed: int) -> PanelComposition:
    return PanelComposition(SIZE, (*plain(seed).layers, DrawingLayer(picture(seed + 1, (100, 50)), (30, 70, 100, 50))))


def test_a_still_picture_is_equal_to_the_pixel(gpu):
    gpu.draw_composition(layered(1))
    assert off_by(gpu.presented_image(), by_processor(layered(1))) == 0


def test_a_dimmed_picture_is_as_dark(gpu):
    dark = replace(plain(1), brightness=35)
    gpu.draw_composition(dark)
    assert off_by(gpu.presented_image(), by_processor(dark)) <= 2


@pytest.mark.parametrize("changing", [None, (40, 20, 200, 100)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("kind", [SlideTransition.CROSSFADE, SlideTransition.PUSH, SlideTransition.WIPE])
def test_a_transition_goes_the_same_way(gpu, kind, rotation, changing):
    before = layered(3)
    step = replace(
        layered(1), previous=before, transition=kind, progress=0.3, rotation=rotation, changing_area=changing
    )
    gpu.draw_composition(step)
    assert off_by(gpu.presented_image(), by_processor(step)) <= 2


def test_a_zoom_ends_at_the_picture_itself(gpu):
    step = replace(plain(1), previous=plain(3), transition=SlideTransition.ZOOM, progress=1.0)
    gpu.draw_composition(step)
    assert off_by(gpu.presented_image(), picture(1)) <= 2
    assert off_by(by_processor(step), picture(1)) <= 2


def test_a_zoom_begins_larger(gpu):
    gpu.draw_composition(replace(plain(1), previous=plain(3), transition=SlideTransition.ZOOM, progress=0.5))
    enlarged = gpu.presented_image()
    gpu.draw_composition(replace(plain(1), previous=plain(3), transition=SlideTransition.CROSSFADE, progress=0.5))
    assert off_by(gpu.presented_image(), enlarged) > 20


@pytest.mark.parametrize("kind", ["yuv420p", "nv12"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("fit", list(ImageFit))
def test_a_film_has_the_same_place_and_colours(gpu, tmp_path, rotation, fit, kind):
    path = tmp_path / "film.mp4"
    path.write_bytes(sample_video((160, 120), 25, 2, colours=("#c03020", "#2040c0")))
    rolling = VideoDecoder(path, (320, 180), fit)
    found = []
    until("a frame", lambda: found or found.extend(filter(None, [rolling.take_frame(0.0)])))
    rolling.close()
    width, height = rolling.size if rotation in (0, 180) else rolling.size[::-1]
    frame = YuvFrame(found[0].frame.reformat(format=kind))
    layer = DrawingLayer(frame, (5, 5, width, height), rolling.source, rotation)
    drawn = PanelComposition((400, 400), (DrawingLayer.full_panel(picture(1, (400, 400))), layer))
    gpu.open((400, 400))
    gpu.draw_composition(drawn)
    # Middle and corners of the film: edges are smoothed in two ways.
    one, other = by_processor(drawn), gpu.presented_image()
    for at in ((5 + width // 2, 5 + height // 2), (9, 9), (width, height), (3, 3), (8 + width, 8 + height)):
        assert all(abs(a - b) <= 12 for a, b in zip(one.get_at(at), other.get_at(at), strict=True)), at


@pytest.mark.parametrize("kind", [SlideTransition.CROSSFADE, SlideTransition.WIPE])
def test_the_last_frame_of_a_film_that_gives_way_to_another_is_given_to_the_gpu_once(gpu, tmp_path, monkeypatch, kind):
    planes = []
    for number, colour in enumerate(("#c03020", "#2040c0")):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(sample_video(SIZE, 25, 1, colours=(colour,)))
        rolling, found = VideoDecoder(path, SIZE, ImageFit.CONTAIN), []
        until("a frame", lambda: found or found.extend(filter(None, [rolling.take_frame(0.0)])))  # noqa: B023
        rolling.close()
        planes.append(found[0])
    uploads, real = [], SdlTexture.upload_frame
    monkeypatch.setattr(SdlTexture, "upload_frame", lambda *those: uploads.append(those) or real(*those))
    before, after = (PanelComposition(SIZE, (DrawingLayer(each, (0, 0, *SIZE)),)) for each in planes)
    for done in (0.2, 0.4, 0.6):
        gpu.draw_composition(replace(after, previous=before, transition=kind, progress=done))
    assert len(uploads) == 2
    left, right = (gpu.presented_image().get_at((x, 150)) for x in (20, 300))
    assert left.b > left.r
    assert (right.b > right.r) == (kind is SlideTransition.CROSSFADE)


def test_parts_lie_on_the_display_where_a_sending_card_wants_them(gpu):
    mounting = DisplayMounting(
        viewports=(
            Viewport(source=Rectangle(width=160, height=90), x=10, y=20, rotation=90),
            Viewport(source=Rectangle(x=160, width=100, height=90), x=120, y=5, scale=2),
        )
    )
    gpu.set_mounting(mounting)
    gpu.open(mounting.display_size(SIZE))
    gpu.draw_composition(plain(1))
    assert off_by(gpu.display_image(), by_processor(plain(1), mounting)) == 0
    assert off_by(gpu.presented_image(), picture(1)) == 0


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_what_lies_between_two_pixels_is_the_middle_of_both(gpu, rotation):
    strip, zone = picture(5, panel_size((400, 60), rotation)), Rectangle(x=40, y=20, width=100, height=60)
    # 180 pixels a second: 250.5 of them, 250 and 251.
    drawn = []
    for fine, now_ms in ((True, 250.5 / 0.18), (False, 1_390), (False, 1_395)):
        found = marquee_layers([strip], zone, step_at(now_ms, SIZE, rotation, fine))
        panel = panel_size(SIZE, rotation)
        composition = PanelComposition(panel, (DrawingLayer.full_panel(picture(1, panel)), *found))
        gpu.open(panel)
        gpu.draw_composition(composition)
        drawn.append(pygame.transform.rotate(gpu.presented_image(), rotation))
    between, one, other = drawn
    background = pygame.transform.rotate(picture(1, panel_size(SIZE, rotation)), rotation)
    for x, y in itertools.product(range(0, SIZE[0], 3), range(0, SIZE[1], 3)):
        if 40 <= x < 140 and 20 <= y < 80:
            middle = [(a + b) / 2 for a, b in zip(one.get_at((x, y)), other.get_at((x, y)), strict=True)]
        else:
            middle = list(background.get_at((x, y)))
        assert all(abs(a - b) <= 3 for a, b in zip(between.get_at((x, y)), middle, strict=True)), (x, y)


class SmallRenderer(SdlRenderer):
    """A GPU that holds no texture larger than this, as those of small boards."""

    LARGEST = (200, 200)

    def __init__(self, window: pygame.Window, *, vsync: bool) -> None:
        super().__init__(window, vsync=vsync)
        self.max_texture_size = self.LARGEST

    def create_texture(self, surface: pygame.Surface) -> SdlTexture:
        self._refuse(surface.get_size())
        return super().create_texture(surface)

    def create_target(self, size: tuple[int, int]) -> SdlTexture:
        self._refuse(size)
        return super().create_target(size)

    def create_video_texture(self, frame: object) -> SdlTexture:
        self._refuse((frame.width, frame.height))  # type: ignore[attr-defined]
        return super().create_video_texture(frame)

    def _refuse(self, size: tuple[int, int]) -> None:
        if any(side > most for side, most in zip(size, self.max_texture_size, strict=True)):
            raise SdlError(f"Texture dimensions are limited to {self.max_texture_size}")


@pytest.fixture
def small_gpu(gpu: GpuOutput, monkeypatch: pytest.MonkeyPatch) -> GpuOutput:
    monkeypatch.setattr("beffroi_player.outputs.drawing.gpu_compositor.SdlRenderer", SmallRenderer)
    gpu.release_gpu()
    gpu.open((160, 120))
    return gpu


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_message_longer_than_a_texture_glides_all_the_same(small_gpu, rotation):
    size, zone = (180, 100), Rectangle(x=20, y=20, width=150, height=60)
    strip, panel = picture(5, panel_size((1500, 60), rotation)), panel_size((180, 100), rotation)
    small_gpu.open(panel)
    for now_ms in range(0, 8_000, 450):
        found = marquee_layers([strip], zone, step_at(now_ms, size, rotation, False))
        composition = PanelComposition(panel, (DrawingLayer.full_panel(picture(1, panel)), *found))
        small_gpu.draw_composition(composition)
        assert off_by(small_gpu.presented_image(), by_processor(composition)) == 0, now_ms


def test_between_pixels_nothing_shows_where_two_textures_meet(gpu, monkeypatch):
    strip, size, drawn = pygame.Surface((900, 60), depth=32), (180, 60), {}
    for x in range(900):
        strip.fill((x * 101 % 256, x * 57 % 256, x * 193 % 256), (x, 0, 1, 60))
    for renderer in (SdlRenderer, SmallRenderer):
        monkeypatch.setattr("beffroi_player.outputs.drawing.gpu_compositor.SdlRenderer", renderer)
        gpu.release_gpu()
        gpu.open(size)
        for offset, shift in itertools.product((100, 197, 250, 391, 650), (0.0, 0.25, 0.5, 0.9)):
            layer = DrawingLayer(strip, (-1, 0, 182, 60), (offset, 0, 182, 60), shift=(shift, 0.0), clip=(0, 0, *size))
            gpu.draw_composition(PanelComposition(size, (DrawingLayer.full_panel(picture(1, size)), layer)))
            shown = gpu.presented_image()
            assert off_by(drawn.setdefault((offset, shift), shown), shown) <= 2, (offset, shift)


def test_a_panel_larger_than_the_gpu_holds_is_drawn_by_the_processor(small_gpu):
    """A long ribbon that is folded for a sending card, with everything that moves."""
    ribbon, mounting = (600, 40), DisplayMounting(
        viewports=tuple(Viewport(source=Rectangle(x=150 * n, width=150, height=40), y=40 * n) for n in range(4))
    )  # fmt: skip
    small_gpu.set_mounting(mounting)
    small_gpu.open(mounting.display_size(ribbon))
    one, other = (PanelComposition(ribbon, (DrawingLayer.full_panel(picture(seed, ribbon)),)) for seed in (1, 3))
    for drawn in (one, replace(other, previous=one, transition=SlideTransition.PUSH, progress=0.3), other):
        small_gpu.draw_composition(drawn)
        assert off_by(small_gpu.display_image(), by_processor(drawn, mounting)) == 0
        assert off_by(small_gpu.presented_image(), by_processor(drawn)) == 0
    small_gpu.present_image(picture(4, ribbon))
    assert off_by(small_gpu.presented_image(), picture(4, ribbon)) == 0
    small_gpu.set_mounting(DisplayMounting())
    small_gpu.open((160, 120))
    small_gpu.draw_composition(PanelComposition((160, 120), (DrawingLayer.full_panel(picture(6, (160, 120))),)))
    assert off_by(small_gpu.display_image(), picture(6, (160, 120))) == 0


def test_a_film_larger_than_the_gpu_holds_is_drawn_by_the_processor(small_gpu, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(sample_video((320, 180), 25, 1, colours=("#c03020",)))
    rolling, found = VideoDecoder(path, (160, 90), ImageFit.CONTAIN), []
    until("a frame", lambda: found or found.extend(filter(None, [rolling.take_frame(0.0)])))
    rolling.close()
    size = (160, 120)
    drawn = PanelComposition(
        size, (DrawingLayer.full_panel(picture(1, size)), DrawingLayer(found[0], (0, 10, 160, 90), rolling.source))
    )
    small_gpu.draw_composition(drawn)
    assert off_by(small_gpu.presented_image(), by_processor(drawn)) == 0


def test_a_picture_that_is_on_stays_with_the_gpu_however_many_there_are(gpu, monkeypatch):
    made, whole = [], SdlRenderer.create_texture
    monkeypatch.setattr(SdlRenderer, "create_texture", lambda *those: made.append(those) or whole(*those))
    many = tuple(DrawingLayer(picture(n, (20, 20)), (20 * (n % 10), 20 * (n // 10), 20, 20)) for n in range(30))
    for _ in range(5):
        gpu.draw_composition(PanelComposition(SIZE, many))
    assert len(made) == 30


def test_pictures_that_are_gone_leave_the_gpu(gpu):
    for seed in range(50):
        gpu.draw_composition(plain(seed))
    assert gpu.texture_count <= 13


def test_whoever_asks_for_a_gpu_where_there_is_none_is_told(monkeypatch):
    pygame.display.quit()
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    window = WindowOutput()
    window.start()
    with pytest.raises(Exception, match="the GPU cannot be used"):
        wrap_output(window, forced=True)
    assert wrap_output(window, forced=False) is window


def test_a_picture_is_read_back_piece_by_piece_and_what_moves_goes_on_meanwhile(gpu):
    size = (1_920, 1_080)
    gpu.open(size)
    gpu.draw_composition(PanelComposition(size, (DrawingLayer.full_panel(picture(1, size)),)))
    steps, others = (
        gpu.copy_presented(),
        [PanelComposition(size, (DrawingLayer.full_panel(picture(seed, size)),)) for seed in (2, 3)],
    )
    count = 0
    while (found := next(steps)) is None:
        count += 1
        gpu.draw_composition(others[count % 2])
    assert count > 10
    assert off_by(found, picture(1, size)) == 0
    assert off_by(gpu.presented_image(), picture(2 + count % 2, size)) == 0


def test_a_picture_of_a_gpu_that_is_lost_meanwhile_is_given_up(gpu):
    gpu.draw_composition(plain(1))
    steps = gpu.copy_presented()
    next(steps)
    gpu.release_gpu()
    gpu.open(SIZE)
    with pytest.raises(SdlError, match="anew"):
        next(steps)
    gpu.draw_composition(plain(2))
    assert off_by(gpu.presented_image(), picture(2)) == 0


class GpuSubject:
    """What is on a GPU, to be captured."""

    panel_pixels, rotation = (1_920, 1_080), 0

    def __init__(self, gpu: GpuOutput) -> None:
        self.capture_steps = gpu.copy_presented


def test_a_camera_before_a_gpu_takes_one_step_at_a_time_while_something_moves(gpu, tmp_path):
    runtime = RuntimeDirectory(tmp_path)
    gpu.open((1_920, 1_080))
    gpu.draw_composition(PanelComposition((1_920, 1_080), (DrawingLayer.full_panel(picture(1, (1_920, 1_080))),)))
    taken = CaptureInfo(at_ms=1, uptime_ms=1, moves=True, presented=None)
    camera = ScreenCapture(runtime, GpuSubject(gpu), lambda: taken)
    camera.request_capture(0.0)
    assert not camera.continue_capture(1.0, in_motion=True)
    looks = [camera.continue_capture(LONGEST_WAIT_MS + number, in_motion=True) for number in range(40)]
    assert 10 < sum(looks) < 30
    camera.close()
    assert from_ppm(runtime.capture_image.read_bytes())[0] == (1_920, 1_080)
    # What stops meanwhile need not be waited for.
    camera.request_capture(5_000.0)
    camera.continue_capture(5_000.0 + LONGEST_WAIT_MS, in_motion=True)
    runtime.capture_image.unlink()
    camera.continue_capture(5_000.0 + LONGEST_WAIT_MS, in_motion=False)
    camera.close()
    assert runtime.capture_image.exists()
