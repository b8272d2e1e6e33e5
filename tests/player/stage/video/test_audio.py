"""The sound of videos keeps to their pictures, and gives way to that of alerts."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.player_harness import PlayerHarness, until
from tests.support.sample_videos import sample_video
from tests.support.signing_town import SigningTown, alert, jpeg

from beffroi_content.model import AlertLevel, AlertSound, Slide, VideoContent
from beffroi_player.outputs.audio_device import FRAME_BYTES, SAMPLE_RATE, AudioDevice
from beffroi_player.stage.video import audio as sound
from beffroi_player.stage.video.audio import (
    QUEUE_S,
    SYNC_TOLERANCE_S,
    AudioChunk,
    AudioTrack,
    audio_chunks,
)
from beffroi_player.stage.video.container_files import discard_other_streams, open_container


class FakeAudioSink:
    """Hears in a time of its own."""

    def __init__(self) -> None:
        self.heard = b""
        self.waiting = b""

    def queue_audio(self, sound: bytes) -> None:
        self.waiting += sound

    def queued_s(self) -> float:
        return len(self.waiting) / (SAMPLE_RATE * FRAME_BYTES)

    def clear_queue(self) -> None:
        self.waiting = b""

    def listen(self, seconds: float) -> None:
        count = FRAME_BYTES * round(SAMPLE_RATE * seconds)
        # What is not there in time is silence.
        self.heard += self.waiting[:count].ljust(count, b"\0")
        self.waiting = self.waiting[count:]


class FakeAudioSource:
    """A video whose position is set by hand."""

    def __init__(self, chunks_from: Callable[[float], Iterator[AudioChunk]], position_s: float | None = 0.0) -> None:
        self.chunks_from = chunks_from
        self.now_s = position_s

    def position_s(self) -> float | None:
        return self.now_s


def numbered_chunks(position_s: float) -> Iterator[AudioChunk]:
    """Give the sound of a video whose sample at each instant is its second, as a number."""
    number = int(position_s * 50)
    while True:
        at_s = number / 50
        yield AudioChunk(at_s, array("h", [int(at_s) + 1] * (2 * SAMPLE_RATE // 50)).tobytes())
        number += 1


def seconds_heard(ear: FakeAudioSink) -> list[int]:
    """Return for each fiftieth of a second the number that is heard in it."""
    samples = array("h", ear.heard)
    return [samples[at] for at in range(0, len(samples), 2 * SAMPLE_RATE // 50)]


def test_what_is_heard_is_what_is_seen():
    ear, video = FakeAudioSink(), FakeAudioSource(numbered_chunks, 0.0)
    track = AudioTrack(video, ear)
    for _ in range(500):
        track.queue_due()
        ear.listen(0.02)
        video.now_s += 0.02
    heard = seconds_heard(ear)
    off = [abs(number - 1 - at / 50) for at, number in enumerate(heard)]
    assert max(off) < 1 + SYNC_TOLERANCE_S + 0.03


@pytest.mark.parametrize("jump", [3600.0, 7.0, -0.5, -8.0])
def test_after_a_jump_of_the_clock_both_are_together_again(jump):
    ear, video = FakeAudioSink(), FakeAudioSource(numbered_chunks, 10.0)
    track = AudioTrack(video, ear)
    for turn in range(400):
        if turn == 100:
            video.now_s += jump
        track.queue_due()
        ear.listen(0.02)
        video.now_s += 0.02
    assert abs(seconds_heard(ear)[-1] - 1 - video.now_s) <= 1 + SYNC_TOLERANCE_S


def test_after_a_jump_only_what_is_to_be_heard_is_read():
    """An hour of sound would be decoded otherwise, and nothing heard meanwhile."""
    ear, read = FakeAudioSink(), []
    video = FakeAudioSource(lambda at: (read.append(chunk) or chunk for chunk in numbered_chunks(at)), 10.0)
    track = AudioTrack(video, ear)
    track.queue_due()
    video.now_s += 3_600
    ear.listen(QUEUE_S)
    track.queue_due()
    assert len(read) < 50


def test_no_more_waits_than_nobody_notices():
    ear = FakeAudioSink()
    track = AudioTrack(FakeAudioSource(numbered_chunks, 0.0), ear)
    pause = track.queue_due()
    assert QUEUE_S <= ear.queued_s() < QUEUE_S + 0.05
    assert pause is not None
    assert 0 < pause < QUEUE_S


def test_nothing_is_heard_before_the_video_begins():
    ear = FakeAudioSink()
    assert AudioTrack(FakeAudioSource(numbered_chunks, None), ear).queue_due()
    assert ear.waiting == b""


def test_the_sound_of_a_video_goes_on_where_the_video_does(tmp_path: Path):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((160, 90), 25, 2, sound=440))
    found = []
    for piece in audio_chunks(path, 3.2):
        found.append(piece)
        if piece.position_s > 6:
            break
    assert 2 <= found[0].position_s <= 3.2
    for one, other in zip(found, found[1:], strict=False):
        assert other.position_s - one.position_s < 0.1
    loud = {round(piece.position_s % 1, 3): max(array("h", piece.sound)) > 5_000 for piece in found}
    assert all(is_loud for at, is_loud in loud.items() if 0.1 < at < 0.4)
    assert not any(is_loud for at, is_loud in loud.items() if 0.6 < at < 0.9)


def test_of_a_sound_that_is_longer_than_its_video_no_more_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((160, 90), 25, 1, sound=440, sound_seconds=60))
    decoded, whole = [], sound._decode_audio

    def counted(*those: object) -> Iterator[tuple[float, bytes]]:
        for each in whole(*those):
            decoded.append(each)
            yield each

    monkeypatch.setattr(sound, "_decode_audio", counted)
    heard = []
    for piece in audio_chunks(path, 0.0):
        heard.append(piece)
        if piece.position_s > 3:
            break
    assert all(other.position_s - one.position_s < 0.1 for one, other in zip(heard, heard[1:], strict=False))
    assert len(decoded) < 2 * len(heard)


def test_a_video_without_sound_is_silent(tmp_path: Path):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((160, 90), 25, 1))
    ear = FakeAudioSink()
    assert AudioTrack(FakeAudioSource(lambda at: audio_chunks(path, at), 0.5), ear).queue_due() is None
    assert ear.waiting == b""


class TestOnTheScreen:
    @pytest.fixture
    def player(self, fetching_player: PlayerHarness) -> PlayerHarness:
        return fetching_player

    @pytest.fixture
    def ear(self, monkeypatch: pytest.MonkeyPatch) -> FakeAudioSink:
        ear = FakeAudioSink()
        for name in ("queue_audio", "queued_s", "clear_queue"):
            monkeypatch.setattr(AudioDevice, name, lambda _self, *given, name=name: getattr(ear, name)(*given))
        return ear

    def start(self, player: PlayerHarness, hall: SigningTown, shown: Slide, **settings: object) -> None:
        player.time.pass_by(-player.time.system_ms % shown.duration_ms)
        hall.now_ms = player.time.system_ms
        player.receive(
            hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(shown, **settings))
        )
        player.run_iteration()

    def video(self, hall: SigningTown) -> Slide:
        content = VideoContent(
            video=hall.add_file(sample_video((320, 180), 25, 4, sound=440), "video/mp4"),
            poster=hall.add_file(jpeg("lime")),
        )
        return Slide(id="video", name="video", content=content, duration_ms=4_000)

    def test_a_video_is_heard_where_the_town_allows_it(self, player, hall, ear):
        self.start(player, hall, self.video(hall), volume=60)
        until("sound", lambda: player.run_iteration() and ear.waiting)
        player.receive(hall.publish_alerts(alert(level=AlertLevel.ALERT, now=hall.now_ms)))
        player.run_iteration()
        assert ear.waiting == b""

    def test_without_a_volume_all_is_silent(self, player, hall, ear):
        self.start(player, hall, self.video(hall))
        shown = len(player.display.images)
        until("the video begins", lambda: player.run_iteration() and len(player.display.images) > shown)
        player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
        player.run_iteration()
        assert ear.waiting == b""

    def test_a_video_falls_silent_and_lets_go_of_the_loudspeaker_where_an_alert_may_be_heard(
        self, player, hall, ear, monkeypatch
    ):
        closed = []
        monkeypatch.setattr(AudioDevice, "close", lambda _self: closed.append(True))
        self.start(player, hall, self.video(hall), volume=60, alert_sound=AlertSound(from_level="vigilance"))
        until("sound", lambda: player.run_iteration() and ear.waiting)
        assert not closed
        player.receive(hall.publish_alerts(alert(level=AlertLevel.VIGILANCE, now=hall.now_ms)))
        until("silence", lambda: player.run_iteration() and closed)


def test_of_a_video_each_thread_reads_only_what_it_decodes(tmp_path: Path):
    """An hour of sound, or the pictures of one, would be read from the card at each turn."""
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((160, 90), 25, 1, sound=440, sound_seconds=60))

    def read_bytes(name: str, kind: str) -> int:
        with open_container(path) as container:
            stream = getattr(container.streams, kind)[0]
            discard_other_streams(container, stream)
            before = int(Path("/proc/thread-self/io").read_text().split()[1])
            assert len(list(container.demux(stream))) > 20, name
            return int(Path("/proc/thread-self/io").read_text().split()[1]) - before

    assert read_bytes("the video", "video") < path.stat().st_size / 10
    assert read_bytes("its sound", "audio") > path.stat().st_size / 2
