"""Screen captures: what is presented is copied in steps that fit between two frames, and written by a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from beffroi_player.outputs.drawing.sdl import SdlError
from beffroi_player.stage.screen_capture import LONGEST_WAIT_MS, STRIP_PIXELS, ScreenCapture
from beffroi_player.state.directories import CaptureInfo, RuntimeDirectory
from beffroi_player.state.ppm_images import from_ppm

INFO = CaptureInfo(at_ms=1, uptime_ms=1, moves=False, presented=None)


class FakeSubject:
    """A panel with one image, which is copied in several steps."""

    def __init__(self, size: tuple[int, int] | None = (320, 180), steps: int = 0) -> None:
        self.panel_pixels, self.steps = size, steps
        self.rotation = 0
        self.colour = "red"
        self.error: Exception | None = None
        self.scratches: list[pygame.Surface | None] = []

    def capture_steps(self, scratch: pygame.Surface | None) -> Iterator[pygame.Surface | None] | None:
        self.scratches.append(scratch)
        return self._copied(scratch) if self.panel_pixels and scratch else None

    def _copied(self, scratch: pygame.Surface) -> Iterator[pygame.Surface | None]:
        for _ in range(self.steps):
            yield None
        if self.error is not None:
            raise self.error
        scratch.fill(self.colour)
        yield scratch


@pytest.fixture
def runtime(tmp_path: Path) -> RuntimeDirectory:
    return RuntimeDirectory(tmp_path)


def capture_of(runtime: RuntimeDirectory, subject: FakeSubject) -> ScreenCapture:
    return ScreenCapture(runtime, subject, lambda: INFO)


def written(capture: ScreenCapture, runtime: RuntimeDirectory) -> tuple[tuple[int, int], bytes] | None:
    """Wait for the thread; return the size and first pixel of the file, if there is one."""
    capture.close()
    if not runtime.capture_image.exists():
        return None
    size, pixels = from_ppm(runtime.capture_image.read_bytes())
    return size, bytes(pixels[:3])


def test_without_a_request_nothing_is_done(runtime):
    subject = FakeSubject()
    capture = capture_of(runtime, subject)
    assert not capture.continue_capture(1_000_000.0, in_motion=False)
    assert subject.scratches == []
    assert written(capture, runtime) is None


def test_a_still_image_is_copied_in_one_call(runtime):
    capture = capture_of(runtime, FakeSubject(steps=7))
    capture.request_capture(0.0)
    assert capture.continue_capture(0.0, in_motion=False)
    assert not capture.continue_capture(1.0, in_motion=False)
    assert written(capture, runtime) == ((320, 180), b"\xff\0\0")


@pytest.mark.parametrize(
    ("rotation", "size"), [(0, (320, 180)), (90, (180, 320)), (180, (320, 180)), (270, (180, 320))]
)
def test_the_file_is_upright(runtime, rotation, size):
    subject = FakeSubject()
    subject.rotation = rotation
    capture = capture_of(runtime, subject)
    capture.request_capture(0.0)
    capture.continue_capture(0.0, in_motion=False)
    assert written(capture, runtime) == (size, b"\xff\0\0")


def test_in_motion_it_waits_for_an_end_of_it_and_then_makes_one_step_at_a_time(runtime):
    capture = capture_of(runtime, FakeSubject(steps=3))
    capture.request_capture(500.0)
    assert not capture.continue_capture(501.0, in_motion=True)
    assert not capture.continue_capture(499.0 + LONGEST_WAIT_MS, in_motion=True)
    steps = [capture.continue_capture(500.0 + LONGEST_WAIT_MS + number, in_motion=True) for number in range(8)]
    # One to have the memory, three to copy, and the last one.
    assert steps == [True] * 5 + [False] * 3
    assert written(capture, runtime) is not None


def test_a_second_request_does_not_begin_the_wait_anew(runtime):
    capture = capture_of(runtime, FakeSubject())
    capture.request_capture(0.0)
    capture.request_capture(LONGEST_WAIT_MS - 1)
    assert capture.continue_capture(LONGEST_WAIT_MS, in_motion=True)


def test_when_motion_ends_in_between_the_rest_is_done_at_once(runtime):
    capture = capture_of(runtime, FakeSubject(steps=50))
    capture.request_capture(0.0)
    assert capture.continue_capture(LONGEST_WAIT_MS, in_motion=True)
    assert capture.continue_capture(LONGEST_WAIT_MS + 1, in_motion=False)
    assert written(capture, runtime) is not None


def test_memory_is_requested_in_strips(runtime):
    width = 1_024
    subject = FakeSubject((width, 4 * STRIP_PIXELS // width))
    capture = capture_of(runtime, subject)
    capture.request_capture(0.0)
    for number in range(4):
        assert capture.continue_capture(LONGEST_WAIT_MS + number, in_motion=True)
        assert subject.scratches == []
    assert capture.continue_capture(LONGEST_WAIT_MS + 4, in_motion=True)
    assert len(subject.scratches) == 1


def test_in_motion_the_memory_of_the_last_capture_is_used_again(runtime):
    subject = FakeSubject()
    capture = capture_of(runtime, subject)
    for begin in (0.0, 10_000.0):
        capture.request_capture(begin)
        while capture.continue_capture(begin + LONGEST_WAIT_MS, in_motion=True):
            pass
        capture.close()
    first, second = subject.scratches
    assert first is second


@pytest.mark.parametrize("error", [SdlError("the GPU is gone"), OSError("full"), pygame.error("locked")])
def test_what_cannot_be_copied_is_given_up_and_the_next_request_is_served(runtime, error, caplog):
    subject = FakeSubject()
    subject.error = error
    capture = capture_of(runtime, subject)
    capture.request_capture(0.0)
    assert capture.continue_capture(0.0, in_motion=False)
    assert written(capture, runtime) is None
    assert str(error) in caplog.text
    subject.error = None
    capture.request_capture(1.0)
    capture.continue_capture(1.0, in_motion=False)
    assert written(capture, runtime) is not None


def test_before_anything_is_presented_a_request_is_dropped(runtime):
    subject = FakeSubject(None)
    capture = capture_of(runtime, subject)
    capture.request_capture(0.0)
    assert not capture.continue_capture(1.0, in_motion=False)
    subject.panel_pixels = (320, 180)
    assert not capture.continue_capture(2.0, in_motion=False)
    capture.request_capture(3.0)
    assert capture.continue_capture(4.0, in_motion=False)
    assert written(capture, runtime) is not None


def test_a_subject_that_goes_away_leaves_the_next_request_alone(runtime):
    subject = FakeSubject()
    capture = capture_of(runtime, subject)
    subject.capture_steps = lambda _: None  # type: ignore[method-assign]
    capture.request_capture(0.0)
    assert capture.continue_capture(0.0, in_motion=False)
    del subject.capture_steps
    capture.request_capture(1.0)
    capture.continue_capture(1.0, in_motion=False)
    assert written(capture, runtime) is not None


def test_a_folder_that_takes_nothing_is_no_crash(tmp_path, caplog):
    capture = capture_of(RuntimeDirectory(tmp_path / "missing"), FakeSubject())
    capture.request_capture(0.0)
    capture.continue_capture(0.0, in_motion=False)
    capture.close()
    assert "no screen capture" in caplog.text
