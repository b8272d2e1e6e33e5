"""Frames: what is due next is read ahead, what is not needed is forgotten, and what cannot be read is said."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from threading import current_thread

import pygame
import pytest
from PIL import Image
from tests.support.player_harness import PlayerHarness, until

from beffroi_content.frame_digest import frame_digest
from beffroi_player.stage import frame_cache as stage_frames
from beffroi_player.stage import frame_images
from beffroi_player.stage.frame_cache import FrameCache
from beffroi_player.stage.frame_images import BrokenFrame, upright_rgb
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory
from beffroi_player.state.page_images import page_header, page_pieces

SIZE = (1920, 1080)


@pytest.fixture
def frames(player: PlayerHarness) -> FrameCache:
    return FrameCache(player.state, player.runtime)


def write(state: StateDirectory, name: str, colour: str, size: tuple[int, int] = SIZE) -> Path:
    surface = pygame.Surface(size)
    surface.fill(colour)
    pygame.image.save(surface, state.frames / name)
    return state.frames / name


def arrive(frames: FrameCache) -> None:
    until("what comes is there", lambda: all(coming.done() for coming in frames._reading.values()))


def test_what_is_read_ahead_is_there_though_its_file_is_gone(player, frames):
    path = write(player.state, "next.png", "red")
    frames.load_ahead(["next.png"])
    arrive(frames)
    path.unlink()
    assert frames.load_frame("next.png", SIZE).get_at((5, 5))[:3] == (255, 0, 0)


def test_what_could_not_be_read_ahead_is_read_when_it_is_due(player, frames):
    frames.load_ahead(["late.png"])
    arrive(frames)
    write(player.state, "late.png", "red")
    assert frames.load_frame("late.png", SIZE).get_size() == SIZE


def test_what_is_never_there_is_said_when_it_is_due(player, frames):
    frames.load_ahead(["never.png"])
    with pytest.raises(BrokenFrame, match=r"never\.png"):
        frames.load_frame("never.png")


def test_a_panel_that_was_hung_otherwise_meanwhile_gets_its_frames_turned_anew(player, frames):
    write(player.state, "next.png", "red", (200, 100))
    frames.load_ahead(["next.png"])
    frames.set_rotation(90)
    assert frames.load_frame("next.png", (200, 100)).get_size() == (100, 200)


def test_what_is_on_and_what_is_due_next_is_kept_however_large_it_is(player, frames):
    files = [write(player.state, f"{name}.png", "navy", (7_000, 360)) for name in ("before", "on", "scrolls", "next")]
    for path in files:
        frames.load_frame(path.name)
        path.unlink()
    frames.load_ahead(["next.png"])
    frames.evict_frames({"on.png", "scrolls.png"})
    for name in ("on.png", "scrolls.png", "next.png"):
        assert frames.load_frame(name).get_size() == (7_000, 360)
    with pytest.raises(BrokenFrame):
        frames.load_frame("before.png")


def test_small_frames_are_kept_as_long_as_there_is_room(player, frames):
    files = [write(player.state, f"{number}.png", "navy", (1_024, 512)) for number in range(6)]
    for path in files:
        frames.load_frame(path.name)
        path.unlink()
    frames.evict_frames({"5.png"})
    for path in files[2:]:
        frames.load_frame(path.name)
    with pytest.raises(BrokenFrame):
        frames.load_frame("1.png")


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_digest_is_that_of_the_file_as_it_was_read(player, frames, rotation):
    frames.set_rotation(rotation)
    path = write(player.state, "slide.png", "red", (200, 100))
    red = frames.load_frame("slide.png")
    assert frames.digest_of(red) == frame_digest((200, 100), bytes((255, 0, 0)) * 20_000)
    path.unlink()
    write(player.state, "slide.png", "blue", (200, 100))
    frames.keep_only(())
    blue = frames.load_frame("slide.png")
    assert frames.digest_of(blue) == frame_digest((200, 100), bytes((0, 0, 255)) * 20_000)
    assert frames.digest_of(red) != frames.digest_of(blue)


def test_the_digest_of_what_is_read_ahead_is_made_in_the_thread_and_once(player, frames, monkeypatch):
    made: list[str] = []
    real = stage_frames.frame_digest
    monkeypatch.setattr(stage_frames, "frame_digest", lambda *a: made.append(current_thread().name) or real(*a))
    write(player.state, "next.png", "red")
    for _ in range(3):
        frames.load_ahead(["next.png"])
        arrive(frames)
        until("its digest is known", lambda: frames._digests)
        frames.digest_of(frames.load_frame("next.png"))
        frames.keep_only(())
    assert len(made) == 1
    assert made[0].startswith("frames")


def test_a_digest_that_nobody_may_wait_for_is_made_in_the_thread(frames):
    picture, heard = pygame.Surface((200, 100), depth=32), threading.Event()
    assert frames.digest_in_background(picture, heard.set) == ""
    assert heard.wait(10)
    assert frames.digest_in_background(picture, heard.clear) == frame_digest((200, 100), bytes(60_000))
    assert heard.is_set()


def test_a_picture_can_be_drawn_with_while_its_digest_is_made(frames):
    frames.set_rotation(90)
    (picture, panel), done = (pygame.Surface((1_080, 1_920), depth=32) for _ in range(2)), threading.Event()
    frames.digest_in_background(picture, done.set)
    while not done.is_set():
        panel.blit(picture, (0, 0))


def test_where_pictures_change_faster_than_their_digests_are_made_they_are_told_all_the_same(frames, monkeypatch):
    slow, ready = threading.Event(), threading.Event()
    real = stage_frames.frame_digest

    def digest(*those: object) -> str:
        if current_thread().name.startswith("frames"):
            assert slow.wait(10)
        return real(*those)

    monkeypatch.setattr(stage_frames, "frame_digest", digest)
    first, second = (pygame.Surface((200, 100), depth=32) for _ in range(2))
    assert frames.digest_in_background(first, ready.set) == ""
    assert frames.digest_in_background(first, ready.set) == ""
    assert frames.digest_in_background(second, ready.set) == real((200, 100), bytes(60_000))
    slow.set()
    assert ready.wait(10)


def test_what_is_due_while_it_is_read_ahead_waits_for_no_breath_of_the_thread(player, frames, monkeypatch):
    begun = threading.Event()
    breathe = FrameCache._yield_briefly
    monkeypatch.setattr(FrameCache, "_yield_briefly", lambda self: begun.set() or breathe(self))
    monkeypatch.setattr(stage_frames, "BAND_PAUSE_S", 10_000.0)
    write(player.state, "next.png", "red")
    frames.load_ahead(["next.png"])
    assert begun.wait(60)

    loop = threading.Thread(target=frames.load_frame, args=("next.png",), daemon=True)
    loop.start()
    loop.join(60)

    is_waiting = loop.is_alive()
    frames.close()
    assert not is_waiting


@pytest.mark.parametrize("rotation", [0, 90])
def test_reading_ahead_never_keeps_the_loop_waiting_for_long(player, frames, monkeypatch, rotation):
    """In time of the processor, while nothing else of the process runs."""
    held: list[float] = []

    def measured(real):
        def call(*those: object) -> object:
            began = time.thread_time()
            found = real(*those)
            held.append(1000 * (time.thread_time() - began))
            return found

        return call

    monkeypatch.setattr(frame_images, "upright_rgb", measured(frame_images.upright_rgb))
    size = (3_840, 2_160)
    frames.set_rotation(rotation)
    write(player.state, "next.png", "red", size)
    frames.load_ahead(["next.png"])
    until("its digest is made", lambda: len(held) > 100)
    # Now and then something else of the machine comes in between.
    assert sorted(held)[len(held) * 9 // 10] < 1000 / 60 / 4


@pytest.mark.parametrize("kind", ["RGBA", "P", "L"])
def test_the_colours_of_a_frame_are_what_its_file_says(player, frames, kind):
    image = Image.new("RGBA", (40, 20), (200, 100, 50, 0))
    image.putpixel((3, 4), (10, 20, 30, 128))
    image.convert(kind).save(player.state.frames / "odd.png", transparency=0 if kind == "P" else None)
    found = frames.load_frame("odd.png")
    expected = image.convert(kind).convert("RGB") if kind != "RGBA" else Image.merge("RGB", image.split()[:3])
    assert pygame.image.tobytes(found, "RGB") == expected.tobytes()


def test_a_picture_that_is_no_file_is_digested_as_it_is(frames):
    picture = pygame.Surface((2, 1), depth=32)
    before = frames.digest_of(picture)
    picture.fill("red")
    assert frames.digest_of(picture) != before


def test_what_nobody_waits_for_any_more_is_forgotten(player, frames):
    path = write(player.state, "next.png", "red")
    frames.load_ahead(["next.png"])
    arrive(frames)
    frames.load_ahead([])
    path.unlink()
    with pytest.raises(BrokenFrame):
        frames.load_frame("next.png")


def test_raw_frames_in_memory_come_first(player: PlayerHarness, frames: FrameCache) -> None:
    runtime: RuntimeDirectory = player.runtime
    write(player.state, "alert.png", "red", (2, 1))
    write_file(runtime.folder / "alert.pam", page_header((2, 1)), bytes((0, 0, 255, 9)) * 2, durable=False)
    assert frames.load_frame("alert.png").get_at((0, 0))[:3] == (0, 0, 255)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_raw_frames_are_the_same_pixels_whatever_the_panel(
    player: PlayerHarness, frames: FrameCache, rotation: int
) -> None:
    pixels = bytes(range(256)) * (4 * 640 * 200 // 256)
    write_file(player.runtime.folder / "alert.pam", *page_pieces((640, 200), [pixels]), durable=False)
    frames.set_rotation(rotation)
    found = upright_rgb(frames.load_frame("alert.png", (640, 200)), rotation)
    assert all(found[channel::3] == pixels[channel::4] for channel in range(3))


def test_a_raw_frame_stays_as_it_is_when_its_file_is_replaced_and_removed(
    player: PlayerHarness, frames: FrameCache
) -> None:
    path = player.runtime.folder / "alert.pam"
    write_file(path, page_header((2, 1)), bytes((0, 0, 255, 0)) * 2, durable=False)
    shown = frames.load_frame("alert.png")
    write_file(path, page_header((2, 1)), bytes((255, 0, 0, 0)) * 2, durable=False)
    path.unlink()
    assert shown.get_at((1, 0))[:3] == (0, 0, 255)


def test_the_fourth_byte_of_a_raw_frame_hides_nothing(player: PlayerHarness, frames: FrameCache) -> None:
    write_file(player.runtime.folder / "alert.pam", page_header((2, 1)), bytes((0, 0, 255, 0)) * 2, durable=False)
    below = pygame.Surface((2, 1), depth=32)
    below.blit(frames.load_frame("alert.png"), (0, 0))
    assert below.get_at((0, 0))[:3] == (0, 0, 255)


@pytest.mark.parametrize(
    "raw", [b"", page_header((0, 1)), page_header((2, 1)) + bytes(7), page_header((2, 1)) + bytes(9), b"P6\n2 1\n255\n"]
)
def test_a_raw_frame_that_is_broken_gives_way_to_the_one_on_the_disk(
    player: PlayerHarness, frames: FrameCache, raw: bytes
) -> None:
    write(player.state, "alert.png", "red", (2, 1))
    write_file(player.runtime.folder / "alert.pam", raw, durable=False)
    assert frames.load_frame("alert.png").get_at((0, 0))[:3] == (255, 0, 0)
