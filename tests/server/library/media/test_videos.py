"""Videos: conversion of uploads into files that every player can show, and the queue of conversions."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.support.sample_videos import sample_video, with_quarter_turn

from beffroi_content import model as content
from beffroi_server.core import sandbox
from beffroi_server.fleet.models import Screen
from beffroi_server.library import queries, services
from beffroi_server.library.errors import MediaRefused
from beffroi_server.library.media import uploads, video_filters, video_process, video_queue
from beffroi_server.library.models import MediaItem
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.compile_inputs import load_inputs

pytestmark = pytest.mark.django_db


def add(data: bytes, name: str = "Carnaval") -> MediaItem:
    return services.add_image(io.BytesIO(data), name=name, user=None)


def prepared(data: bytes) -> MediaItem:
    item = add(data)
    assert video_queue.convert_next()
    return MediaItem.objects.get(pk=item.pk)


def opened(item: MediaItem):
    return av.open(uploads.media_path(item.video.converted_id))


class TestAVideo:
    def test_is_kept_with_a_still_until_it_is_prepared(self):
        item = add(sample_video(colours=("#000000", "#c02020", "#c02020")))

        assert (item.width, item.height, item.video.duration_ms) == (320, 180, 1000)
        assert item.video.is_waiting
        assert isinstance(item.to_content(), content.ImageContent)
        with uploads.media_path(item.picture_id).open("rb") as file:
            red, green, _blue = Image.open(file).convert("RGB").getpixel((300, 150))
        assert red > 150 > 80 > green, "the still is from within, not the black beginning"

    def test_becomes_one_that_every_player_can_show(self):
        item = prepared(sample_video((640, 360), codec="libvpx-vp9", container="webm", sound=True))

        assert isinstance(item.to_content(), content.VideoContent)
        with opened(item) as container:
            picture, sound = container.streams.video[0], container.streams.audio[0]
            assert (picture.codec.name, picture.profile, picture.pix_fmt) == ("h264", "High", "yuv420p")
            assert (picture.width, picture.height, picture.average_rate) == (640, 360, 30)
            assert (sound.codec.name, sound.rate) == ("aac", 48_000)
        data = uploads.media_path(item.video.converted_id).read_bytes()
        assert data.find(b"moov") < data.find(b"mdat"), "it can be shown before it is read to its end"
        assert b"cabac=0" in data, "the encoder says how it worked: what is easy to decode on every player"

    @pytest.mark.parametrize(("rate", "expected"), [(24, 25), (25, 25), (50, 25), (15, 30), (30, 30), (60, 30)])
    def test_runs_at_half_the_rhythm_of_a_display(self, rate, expected):
        with opened(prepared(sample_video(rate=rate))) as container:
            assert container.streams.video[0].average_rate == expected

    def test_has_a_key_frame_every_two_seconds(self):
        with opened(prepared(sample_video((64, 48), seconds=5))) as container:
            keys = [packet.pts * packet.time_base for packet in container.demux(video=0) if packet.is_keyframe]
        assert keys[0] == 0
        assert all(after - before <= Fraction(2) for before, after in zip(keys, keys[1:], strict=False))

    def test_of_a_telephone_stands_upright(self):
        item = prepared(with_quarter_turn(sample_video()))

        assert (item.width, item.height) == (180, 320)
        with opened(item) as container:
            frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (180, 320, 0)
        white = frame.to_image().getpixel((155, 15))
        assert min(white) > 180, "the square that was at the upper left is at the upper right"

    def test_that_is_larger_than_a_screen_is_made_smaller(self):
        with opened(prepared(sample_video((2560, 1440), seconds=0.2))) as container:
            assert (container.streams.video[0].width, container.streams.video[0].height) == (1920, 1080)

    def test_may_be_deleted_while_it_is_being_prepared(self, monkeypatch):
        item = add(sample_video())
        original = video_queue._read_progress

        def deleted_meanwhile(*args):
            yield from original(*args)
            services.delete_image(MediaItem.objects.get(pk=item.pk), user=None)

        monkeypatch.setattr(video_queue, "_read_progress", deleted_meanwhile)
        assert video_queue.convert_next()
        assert not MediaItem.objects.exists()

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (sample_video()[:900], "video-incomplete"),
            (sample_video((64, 48), rate=1, seconds=700, codec="mpeg4"), "video-too-long"),
            (b"\0\0\0\x18ftypheic" + b"\0" * 100, "heic"),
            (b"\x1aE\xdf\xa3" + b"matroska" * 50, "truncated"),
        ],
    )
    def test_that_cannot_be_shown_is_refused_and_nothing_is_kept(self, data, code):
        with pytest.raises(MediaRefused) as refused:
            add(data)
        assert refused.value.code == code
        assert not MediaItem.objects.exists()

    def test_may_be_larger_than_a_picture_may(self, settings):
        settings.PICTURE_LIMIT = 1000
        assert add(sample_video()).video.is_waiting
        with pytest.raises(MediaRefused) as refused:
            add(b"\x89PNG\r\n\x1a\n" + b"\0" * 2000)
        assert refused.value.code == "too-large-picture"


class TestTheUpload:
    def files(self, settings) -> set[str]:
        return {path.name for path in Path(settings.MEDIA_STORE).rglob("*") if path.is_file()}

    def test_of_a_video_is_kept_until_it_is_converted(self, settings):
        item = add(sample_video())
        assert item.video.original_id in self.files(settings)
        assert queries.shown_asset(item.video.original_id) is None

        video_queue.convert_next()
        item.video.refresh_from_db()
        assert self.files(settings) == {item.picture_id, item.thumbnail_id, item.video.converted_id}
        assert queries.shown_asset(item.video.converted_id) is not None

    def test_that_another_waits_for_stays(self, settings):
        first, second = add(sample_video()), add(sample_video())
        video_queue.convert_next()
        assert second.video.original_id in self.files(settings)
        video_queue.convert_next()
        assert first.video.original_id not in self.files(settings)

    def test_goes_with_a_video_that_is_deleted_or_cannot_be_converted(self, settings):
        item = add(sample_video())
        services.delete_image(item, user=None)
        assert item.video.original_id not in self.files(settings)

        item = add(sample_video())
        uploads.media_path(item.video.original_id).write_bytes(sample_video()[:3000])
        video_queue.convert_next()
        assert item.video.original_id not in self.files(settings)


class TestPreparation:
    def test_one_that_fails_says_so_and_is_not_tried_for_ever(self, monkeypatch):
        item = add(sample_video())
        uploads.media_path(item.video.original_id).write_bytes(sample_video()[:3000])

        assert video_queue.convert_next()

        item.video.refresh_from_db()
        assert item.video.problem == "video-incomplete"
        assert not video_queue.convert_next()
        assert isinstance(MediaItem.objects.get().to_content(), content.ImageContent)

    def test_goes_on_after_a_restart(self):
        item = add(sample_video())
        with pytest.raises(video_queue.ConversionInterrupted):
            video_queue.convert_next(lambda: True)
        item.video.refresh_from_db()
        assert (item.video.attempts, item.video.is_waiting) == (0, True)

        assert video_queue.convert_next()
        item.video.refresh_from_db()
        assert item.video.converted is not None

    def test_waits_while_the_disk_is_full(self, monkeypatch):
        item = add(sample_video())
        full = {"code": sandbox.DISK_FULL}
        with monkeypatch.context() as disk:
            disk.setattr(video_queue, "_read_progress", lambda *_: iter([full]))
            for _ in range(video_queue.MAX_ATTEMPTS + 1):
                with pytest.raises(OSError, match="no space"):
                    video_queue.convert_next()
        item.video.refresh_from_db()
        assert item.video.is_waiting

        assert video_queue.convert_next()
        item.video.refresh_from_db()
        assert item.video.converted is not None

    def test_gives_up_a_film_that_takes_the_machine_down(self):
        item = add(sample_video())
        item.video.attempts = video_queue.MAX_ATTEMPTS
        item.video.save()

        assert video_queue.convert_next()
        item.video.refresh_from_db()
        assert item.video.problem == "too-complex"

    def test_leaves_nothing_lying_about(self, settings):
        prepared(sample_video())
        assert not list(Path(settings.MEDIA_STORE).glob(".incoming-*"))

    def test_publishes_the_screens_that_show_it(self, hall, playlist, alice):
        item = add(sample_video(seconds=2.5))
        entry = programme.add_entry(playlist, media=item, user=alice)
        Screen.objects.update(programme_due_at=None)
        assert entry.duration_s == 3, "a video is shown to its end"

        video_queue.convert_next()

        compiled = compiling.compile_manifest(load_inputs(Screen.objects.get(pk=hall.pk)))
        shown = [slide.content for slide in compiled.manifest.slides]
        assert content.VideoContent in map(type, shown)
        assert {asset.sha256 for asset in compiled.manifest.assets} >= {MediaItem.objects.get().video.converted_id}


@given(st.integers(1, 8000), st.integers(1, 8000))
def test_a_film_is_never_enlarged_nor_larger_than_a_screen(width, height):
    made = video_filters.fit_video_size(width, height)
    assert max(made) <= 1920
    assert min(made) <= 1080
    assert all(side % 2 == 0 for side in made)
    assert all(new <= old + 1 or new == 16 for new, old in zip(made, (width, height), strict=True))


def test_a_disk_that_is_full_is_told_from_a_film_that_is_broken(tmp_path):
    (tmp_path / "original").write_bytes(sample_video())
    with pytest.raises(video_process.VideoRefused, match=sandbox.DISK_FULL):
        video_process.convert_video(tmp_path / "original", Path("/dev/full"), lambda _: None)


def test_a_list_of_other_files_is_no_film(tmp_path):
    (tmp_path / "secret.mp4").write_bytes(sample_video())
    playlist = tmp_path / "original"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n")
    assert not video_process.is_video(playlist)
    playlist.write_text(f"ffconcat version 1.0\nfile '{tmp_path}/secret.mp4'\n")
    assert not video_process.is_video(playlist)
