"""The hardware decodes videos only where it has shown that it can, and nobody sees it where it cannot."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from tests.support.player_harness import PlayerHarness, until
from tests.support.sample_videos import sample_video
from tests.support.signing_town import SigningTown, jpeg, slide

from beffroi_content.model import Rectangle, Slide, VideoContent
from beffroi_content.timeline import ClockState, Moment, ReasonKind
from beffroi_content.wire.reports import ShownPart
from beffroi_player import system_clock
from beffroi_player.stage.compositor.animation import AnimationStep
from beffroi_player.stage.frame_lookup import PlacedFrame
from beffroi_player.stage.video import decoder_trial
from beffroi_player.stage.video.decoder_trial import DecodedFrame, compare_frames
from beffroi_player.stage.video.decoder_trial_process import try_decoder
from beffroi_player.stage.video.decoders import (
    HARDWARE_DECODER,
    DecoderSelection,
    FfmpegDecoder,
    UndecodablePacket,
    has_decoder_device,
)

LOOP_MS = 8_000
RED, BLUE = "#c00000", "#0000c0"


class FakeHardwareDecoder:
    """A decoder that is the processor's in truth, gives NV12 as many drivers do, and stops when it is told to."""

    is_hardware = True

    def __init__(self, stream: Any) -> None:
        self._truth = FfmpegDecoder(stream)
        self.packets = 0
        self.stops_after = 1_000_000
        self.stop: Callable[[], object] = lambda: None

    def decode_packet(self, packet: Any) -> Sequence[Any]:
        self.packets += 1
        if self.packets > self.stops_after:
            self.stop()
        return [frame.reformat(format="nv12") for frame in self._truth.decode_packet(packet)]

    def flush_buffers(self) -> None:
        self._truth.flush_buffers()


class FakeBoard:
    """A machine with a decoder."""

    def __init__(self, runtime: Path, *, verdict: str = "", device: bool = True) -> None:
        self.runtime, self.verdict, self.device = runtime, verdict, device
        self.tests = 0
        self.trial_may_end = threading.Event()
        self.trial_may_end.set()
        self.opened: list[FakeHardwareDecoder] = []
        self.prepared: Callable[[FakeHardwareDecoder], None] = lambda _: None

    def decoders(self) -> DecoderSelection:
        """Return what a new stage has."""
        return DecoderSelection(self.runtime, self)

    def is_present(self) -> bool:
        return self.device

    def run_trial(self) -> str:
        self.tests += 1
        assert self.trial_may_end.wait(10)
        return self.verdict

    def open_stream(self, stream: Any) -> FakeHardwareDecoder:
        found = FakeHardwareDecoder(stream)
        self.prepared(found)
        self.opened.append(found)
        return found


@pytest.fixture
def board(tmp_path: Path) -> FakeBoard:
    folder = tmp_path / "board"
    folder.mkdir()
    return FakeBoard(folder)


def is_hardware(decoders: DecoderSelection, data: bytes | None = None) -> bool:
    """Tell what a video gets once it is known what the machine has."""
    decoders.start_trial()
    path = data or sample_video((64, 64), 25, 0.2)
    with av.open(BytesIO(path)) as container:
        return decoders.open_decoder(container.streams.video[0], 5.0).is_hardware


def test_what_passes_its_test_decodes(board):
    assert is_hardware(board.decoders())


def test_without_a_device_nothing_is_tried(board):
    board.device = False
    assert not is_hardware(board.decoders())
    assert board.tests == 0


def test_what_fails_its_test_is_not_used(board):
    board.verdict = "frame 3 looks different"
    assert not is_hardware(board.decoders())


def test_it_is_tried_once_while_the_machine_is_up(board):
    assert is_hardware(board.decoders())
    first = board.decoders()
    first.close()
    assert is_hardware(first)
    assert board.tests == 1


def test_after_a_boot_it_is_tried_again(board, monkeypatch):
    assert is_hardware(board.decoders())
    monkeypatch.setattr(system_clock, "boot_id", lambda: "another boot")
    board.verdict = "it did not end within 60 seconds"
    assert not is_hardware(board.decoders())


def test_videos_of_other_kinds_are_not_its(board):
    assert not is_hardware(board.decoders(), sample_video((64, 64), 25, 0.2, codec="mpeg4"))


def test_a_video_does_not_wait_for_a_test_that_goes_on(board):
    board.trial_may_end.clear()
    decoders = board.decoders()
    decoders.start_trial()
    with av.open(BytesIO(sample_video((64, 64), 25, 0.2))) as container:
        begun = time.monotonic()
        assert not decoders.open_decoder(container.streams.video[0], 0.05).is_hardware
        assert time.monotonic() - begun < 5
        board.trial_may_end.set()
        assert decoders.open_decoder(container.streams.video[0], 5.0).is_hardware


def test_after_two_failures_it_is_left_alone_until_the_next_boot(board):
    decoders = board.decoders()
    assert is_hardware(decoders)
    decoders.note_failure("it hung")
    assert is_hardware(decoders)
    decoders.note_failure("it hung")
    assert not is_hardware(decoders)
    assert not is_hardware(board.decoders()), "not even after another start of the stage"


def test_a_stage_that_died_with_it_twice_does_without(board):
    for _ in range(2):
        assert is_hardware(board.decoders())
    assert not is_hardware(board.decoders())


def test_a_stage_that_ended_as_it_should_goes_on_with_it(board):
    for _ in range(4):
        decoders = board.decoders()
        assert is_hardware(decoders)
        decoders.close()


def test_a_device_is_known_by_its_name(tmp_path):
    assert not has_decoder_device(tmp_path)
    for number, name in enumerate(("bcm2835-codec-encode", "bcm2835-isp")):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(f"{name}\n")
    assert not has_decoder_device(tmp_path)
    (tmp_path / "video10").mkdir()
    (tmp_path / "video10" / "name").write_text("bcm2835-codec-decode\n")
    assert has_decoder_device(tmp_path)


@pytest.mark.skipif(has_decoder_device(), reason="there is a device")
def test_without_a_device_the_real_one_refuses():
    with (
        av.open(BytesIO(sample_video((320, 180), 25, 0.2))) as container,
        pytest.raises(ValueError, match="v4l2m2m"),
    ):
        FfmpegDecoder(container.streams.video[0], HARDWARE_DECODER)


class TestTrial:
    def test_the_processor_passes(self):
        assert decoder_trial.run_trial("h264", (320, 180)) == ""

    @pytest.mark.skipif(has_decoder_device(), reason="there is a device")
    def test_what_is_not_there_fails_with_the_reason(self):
        assert "v4l2m2m" in try_decoder(HARDWARE_DECODER)

    def test_what_hangs_is_ended(self):
        begun = time.monotonic()
        assert "did not end" in try_decoder("x", (sys.executable, "-c", "import time; time.sleep(60)"), 0.3)
        assert time.monotonic() - begun < 10

    def test_what_crashes_fails(self):
        assert "-9" in try_decoder("x", (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))

    def test_what_says_nothing_fails(self):
        assert try_decoder("x", (sys.executable, "-c", "print('[]')"))

    def frames(self, *colours: str) -> list[DecodedFrame]:
        return [DecodedFrame(Fraction(at, 25), Image.new("RGB", (64, 36), colour)) for at, colour in enumerate(colours)]

    def test_the_same_is_good(self):
        assert compare_frames(iter(self.frames(RED, BLUE)), iter(self.frames(RED, BLUE))) == ""

    def test_a_little_noise_is_good(self):
        assert compare_frames(iter(self.frames(RED)), iter(self.frames("#c10100"))) == ""

    def test_colours_that_are_swapped_are_not(self):
        assert "looks different" in compare_frames(iter(self.frames(RED)), iter(self.frames(BLUE)))

    def test_frames_in_another_order_are_not(self):
        one, other = self.frames(RED, BLUE)
        assert "frame 0" in compare_frames(iter([one, other]), iter([other, one]))

    def test_frames_that_never_come_are_not(self):
        assert "30 frames are missing" in compare_frames(
            iter(self.frames(*(40 * [RED]))), iter(self.frames(*(10 * [RED])))
        )


class TestOnTheScreen:
    @pytest.fixture
    def player(self, fetching_player: PlayerHarness, monkeypatch: pytest.MonkeyPatch) -> PlayerHarness:
        monkeypatch.setattr("beffroi_player.stage.video.playback.HARDWARE_STALL_S", 0.2)
        return fetching_player

    def start(self, player: PlayerHarness, hall: SigningTown, board: FakeBoard) -> None:
        decoders = player.stage._videos._decoders = board.decoders()
        decoders.start_trial()
        until("it is known", lambda: decoders.uses_hardware)
        slides = self.video(hall), slide("a", duration_ms=5_000)
        player.time.pass_by(-player.time.system_ms % LOOP_MS)
        hall.now_ms = player.time.system_ms
        player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(*slides)))
        player.run_iteration()

    def video(self, hall: SigningTown) -> Slide:
        content = VideoContent(
            video=hall.add_file(sample_video((320, 180), 25, 3, colours=(RED, BLUE)), "video/mp4"),
            poster=hall.add_file(jpeg("lime")),
        )
        return Slide(id="video", name="video", content=content, duration_ms=3_000)

    def colour(self, player: PlayerHarness) -> str:
        player.run_iteration()
        red, green, blue = player.display.images[-1].get_at((160, 150))[:3]
        return max((red, "red"), (green, "lime"), (blue, "blue"))[1]

    def decoder(self, player: PlayerHarness) -> bool | None:
        (opened,) = player.stage._videos._open_videos.values()
        return opened.decoder.is_hardware

    def test_its_frames_are_shown(self, player, hall, board):
        self.start(player, hall, board)
        until("the video begins", lambda: self.colour(player) == "red")
        player.time.pass_by(2_000)
        until("its second half", lambda: self.colour(player) == "blue")
        assert self.decoder(player) is True

    def test_where_it_never_begins_the_processor_does(self, player, hall, board):
        released = threading.Event()

        def hang(hardware: FakeHardwareDecoder) -> None:
            hardware.stops_after, hardware.stop = 0, lambda: released.wait(10)

        board.prepared = hang
        self.start(player, hall, board)
        until("the video begins", lambda: self.colour(player) == "red")
        assert self.decoder(player) is False
        assert player.run_iteration().faults == ()
        released.set()

    def test_where_it_hangs_before_it_is_open_the_processor_does(self, player, hall, board):
        released = threading.Event()
        board.prepared = lambda _: released.wait(10)
        self.start(player, hall, board)
        until("the video begins", lambda: self.colour(player) == "red")
        assert self.decoder(player) is False
        released.set()

    def test_where_it_stops_the_last_frame_stands_until_the_processor_goes_on(self, player, hall, board, monkeypatch):
        broken, released = threading.Event(), threading.Event()
        monkeypatch.setattr("beffroi_player.stage.video.playback.HARDWARE_STALL_S", 10.0)

        def stop() -> None:
            broken.wait(10)
            raise UndecodablePacket("the driver is gone")

        def prepared(hardware: FakeHardwareDecoder) -> None:
            hardware.stops_after, hardware.stop = 8, stop

        board.prepared = prepared
        monkeypatch.setattr(
            "beffroi_player.stage.video.playback.FfmpegDecoder",
            lambda stream: released.wait(10) and FfmpegDecoder(stream),
        )
        self.start(player, hall, board)
        until("the video begins", lambda: self.colour(player) == "red")
        (opened,) = player.stage._videos._open_videos.values()
        broken.set()
        until("the processor is asked", lambda: player.run_iteration() and opened.is_fallback)
        moment = Moment(hall.now_ms, 0, ClockState.TRUSTED)
        step = AnimationStep(moment, hall.now_ms, (320, 180), 0, has_subpixels=False)
        shown_part = ShownPart(slide="video", reason=ReasonKind.RULE)
        found = player.stage._videos.layers_over(
            PlacedFrame("poster.png", Rectangle(width=320, height=180), shown_part), step
        )
        assert found is not None
        assert found.covers_panel
        (layer,) = found.layers
        assert (layer.area, layer.source) == ((0, 0, 320, 180), (0, 0, 320, 180))
        released.set()
        shown = len(player.display.images)
        player.time.pass_by(2_000)
        until("its second half", lambda: self.colour(player) == "blue")
        assert self.decoder(player) is False
        assert all(picture.get_at((160, 150))[1] < 100 for picture in player.display.images[shown:]), "no poster"
        assert player.stage._videos.decode_errors == 1

    def test_after_two_such_videos_it_is_left_alone(self, player, hall, board):
        def refuse(_hardware: FakeHardwareDecoder) -> None:
            raise OSError("no buffers")

        board.prepared = refuse
        self.start(player, hall, board)
        for _ in range(3):
            until("the video begins", lambda: self.colour(player) == "red")
            player.wait(4_000)
            player.wait(LOOP_MS - player.time.system_ms % LOOP_MS)
        assert board.opened == []
        assert not player.stage._videos._decoders.uses_hardware
