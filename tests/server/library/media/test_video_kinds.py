"""Kinds of videos: streams, instants, shapes and colours that cameras write, and what becomes of them."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import pytest
from av.stream import Disposition
from PIL import Image
from tests.support.sample_odd_videos import frames_of, grey_ramp, loud_spans, odd_video, plain
from tests.support.sample_videos import sample_video

from beffroi_server.library.media import image_process, video_filters, video_process, video_sources

GREEN, RED = (20, 160, 40), (200, 30, 30)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def converted(folder):
    """Convert a video as the process does; return what it says."""

    def convert(content: bytes) -> dict[str, Any]:
        (folder / "original").write_bytes(content)
        made = video_process.convert_folder(folder)
        assert "code" not in made, made
        return made

    return convert


@pytest.fixture
def probed(folder):
    """Look at a video as the image process does; return what it says, and the still."""

    def probe(content: bytes) -> tuple[dict[str, Any], Image.Image | None]:
        (folder / "original").write_bytes(content)
        found = image_process.normalise_folder(folder)
        if "code" in found:
            return found, None
        with Image.open(folder / "picture-0") as still:
            return found, still.convert("RGB")

    return probe


def near(colour: Any, expected: tuple[int, ...], tolerance: int = 10) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(colour, expected, strict=True))


class TestSoundAndPicture:
    def test_that_begins_before_the_picture_keeps_its_instant(self, converted, folder):
        converted(odd_video([(grey_ramp(10), {})], container="matroska", picture_s=1, beeps=[(0, 0.3), (1, 1.2)]))

        assert loud_spans(folder / "video") == [(pytest.approx(0, abs=0.06), pytest.approx(0.3, abs=0.06)),
                                                (pytest.approx(1, abs=0.06), pytest.approx(1.2, abs=0.06))]  # fmt: skip
        shades = [picture.getpixel((30, 20))[0] for picture in frames_of(folder / "video")]
        assert len(shades) == 35, "the first picture stands until the film begins to move"
        assert max(shades[:25]) - min(shades[:25]) <= 2

    def test_that_begins_after_the_picture_keeps_its_instant(self, converted, folder):
        converted(odd_video([(grey_ramp(30), {})], container="matroska", beeps=[(0.6, 0.9)]))
        assert loud_spans(folder / "video") == [(pytest.approx(0.6, abs=0.06), pytest.approx(0.9, abs=0.06))]

    def test_with_a_pause_that_is_not_in_the_file_keeps_it(self, converted, folder):
        converted(odd_video([(grey_ramp(40), {})], container="matroska", beeps=[(0, 0.3), (1.2, 1.5)]))
        assert [begin for begin, _end in loud_spans(folder / "video")] == [
            pytest.approx(0, abs=0.06), pytest.approx(1.2, abs=0.06),
        ]  # fmt: skip

    def test_that_goes_on_after_the_picture_is_said(self, converted):
        made = converted(odd_video([(grey_ramp(5), {})], container="matroska", beeps=[(0, 2)]))
        assert {"code": "sound-cut"} in made["warnings"]

    def test_more_tracks_are_said(self, probed):
        found, _still = probed(odd_video([(grey_ramp(5), {})], container="matroska", beeps=[(0, 0.1)], sound_streams=3))
        assert found["warnings"] == [{"code": "sound-left-out", "count": 2}]

    def test_alone_is_no_video(self, folder, probed):
        buffer = io.BytesIO()
        with av.open(buffer, "w", format="mp4") as out:
            sound = out.add_stream("aac", rate=48_000, layout="stereo")
            frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            frame.sample_rate, frame.pts = 48_000, 0
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
        assert probed(buffer.getvalue())[0]["code"] == "no-picture"


class TestPictures:
    def test_of_an_avi_come_in_order(self, converted, folder):
        values = {"options": {"bf": "3", "b_strategy": "0", "refs": "4", "x264-params": "b-adapt=0"}}
        converted(odd_video([(grey_ramp(40), values)], container="avi"))
        shades = [picture.getpixel((30, 20))[0] for picture in frames_of(folder / "video")]
        assert len(shades) == 40
        assert shades == sorted(shades)
        assert len(set(shades)) > 35

    @pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
    def test_are_all_there_and_in_order(self, converted, folder, container):
        converted(odd_video([(grey_ramp(40), {})], container=container))
        shades = [picture.getpixel((30, 20))[0] for picture in frames_of(folder / "video")]
        assert len(shades) == 40
        assert shades == sorted(shades)

    def test_of_another_shape_are_shown_whole_between_bars(self, converted, probed, folder):
        lying, standing = (
            odd_video([([plain(colour, size)] * 10, {})], container="mpegts")
            for colour, size in ((GREEN, (96, 48)), (RED, (48, 96)))
        )
        made = converted(lying + standing)
        pictures = frames_of(folder / "video")
        assert {"code": "shape-changes"} in made["warnings"]
        assert {picture.size for picture in pictures} == {(96, 48)}
        assert near(pictures[2].getpixel((4, 20)), GREEN)
        assert near(pictures[-2].getpixel((48, 20)), RED)
        assert near(pictures[-2].getpixel((4, 20)), (0, 0, 0))
        assert made["duration_ms"] == pytest.approx(800, abs=80), "the second part has a clock of its own"

    def test_have_square_pixels_in_video_and_still(self, converted, probed, folder):
        content = odd_video([([plain(GREEN)] * 5, {"sample_aspect_ratio": Fraction(64, 45)})])
        found, still = probed(content)
        converted(content)
        assert still is not None
        assert still.size == frames_of(folder / "video")[0].size == (92, 48)
        assert (found["pages"][0]["width"], found["pages"][0]["height"]) == (92, 48)

    @pytest.mark.parametrize("aspect", [Fraction(1, 1000), Fraction(5000, 1)])
    def test_with_absurd_pixels_are_shown_as_they_are(self, probed, aspect):
        assert probed(odd_video([([plain(GREEN)] * 5, {"sample_aspect_ratio": aspect})], container="matroska"))[
            1
        ].size == (
            64,
            48,
        )

    def test_are_those_of_the_default_stream(self, converted, probed, folder):
        streams = [
            ([plain(RED, (96, 64))] * 5, {"disposition": Disposition(0)}),
            ([plain(GREEN)] * 5, {"disposition": Disposition.default}),
        ]
        content = odd_video(streams, container="matroska")
        found, still = probed(content)
        converted(content)
        assert near(still.getpixel((30, 20)), GREEN)
        assert near(frames_of(folder / "video")[2].getpixel((30, 20)), GREEN)
        assert found["warnings"] == [{"code": "streams-left-out", "count": 1}]


class TestColours:
    @pytest.mark.parametrize(
        ("primaries", "values"), [(12, (234, 51, 35)), (9, (202, 59, 19))], ids=["Display P3", "BT.2020"]
    )
    def test_of_a_wide_gamut_are_shown_as_they_were_meant(self, converted, probed, folder, primaries, values):
        params = {1: "", 12: "smpte432", 9: "bt2020"}[primaries]
        options = {"x264-params": f"colorprim={params}:transfer=bt709:colormatrix=bt709", "qp": "8"}
        content = odd_video([([plain(values, is_bt709=True)] * 3, {"options": options})])
        _found, still = probed(content)
        converted(content)
        assert near(still.getpixel((30, 20)), (255, 20, 12), 24)
        assert near(frames_of(folder / "video")[1].getpixel((30, 20)), still.getpixel((30, 20)), 6)

    def test_of_high_dynamic_range_are_alike_in_video_and_still(self, converted, probed, folder):
        options = {"x264-params": "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"}
        content = odd_video([([plain((191, 191, 191))] * 2, {"options": options})])
        _found, still = probed(content)
        converted(content)
        # Three quarters of the signal are the white of a sheet of paper (ITU-R BT.2408).
        assert min(still.getpixel((30, 20))) > 225
        assert near(frames_of(folder / "video")[0].getpixel((30, 20)), still.getpixel((30, 20)), 3)


class TestContainers:
    def test_of_a_camcorder_may_be_large(self, probed):
        content = odd_video([(grey_ramp(5), {})], container="mpegts", options={"mpegts_m2ts_mode": "1"})
        assert content[4] == 0x47
        assert probed(content)[0]["media_type"] == "video/mp4"

    def test_of_a_broadcaster_are_read(self, converted, folder):
        converted(odd_video([([plain(GREEN, (720, 576))] * 3, {"codec": "mpeg2video"})], container="mxf"))
        assert near(frames_of(folder / "video")[0].getpixel((30, 20)), GREEN)

    def test_that_name_no_length_are_measured(self, probed):
        content = odd_video([(grey_ramp(25), {"codec": "libvpx"})], container="webm", options={"live": "1"})
        assert probed(content)[0]["duration_ms"] == pytest.approx(1000, abs=50)

    def test_cut_off_before_their_index_are_incomplete(self, probed):
        content = sample_video(seconds=0.5)
        assert content.find(b"mdat") < content.find(b"moov")
        assert probed(content[: len(content) * 7 // 10])[0]["code"] == "video-incomplete"

    def test_cut_off_after_their_index_say_how_much_is_there(self, converted):
        whole = odd_video([(grey_ramp(100), {"options": {"g": "10"}})], options={"movflags": "faststart"})
        made = converted(whole[: len(whole) * 7 // 10])
        assert 1000 < made["duration_ms"] < 3900
        assert any(warning["code"] in {"video-cut-short", "frames-unreadable"} for warning in made["warnings"])


class TestAnimations:
    @pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_show_each_picture_as_long_as_it_says(self, converted, folder, kind):
        colours = ((200, 30, 30), (20, 160, 40), (40, 60, 200))
        frames = [Image.new("RGB", (64, 48), colour) for colour in colours]
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=[200, 300, 500], loop=0)
        made = converted(buffer.getvalue())

        pictures = frames_of(folder / "video")
        assert (made["duration_ms"], made["frame_rate"], len(pictures)) == (1000, 30, 30)
        shown = [min(range(3), key=lambda n, p=picture: abs(p.getpixel((30, 20))[n] - 255)) for picture in pictures]
        assert [shown.count(number) for number in range(3)] == [6, 9, 15]
        assert shown == sorted(shown)

    def test_without_durations_run_as_in_a_browser(self, converted):
        frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "lime", "blue")]
        buffer = io.BytesIO()
        frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=0)
        assert converted(buffer.getvalue())["duration_ms"] == 300

    def test_that_are_see_through_stand_on_white(self, converted, folder):
        frames = [Image.new("RGBA", (64, 48), (0, 0, 0, 0)) for _ in range(2)]
        frames[1].paste((200, 30, 30, 255), (0, 0, 32, 48))
        buffer = io.BytesIO()
        frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:], duration=200)
        converted(buffer.getvalue())
        assert near(frames_of(folder / "video")[-1].getpixel((50, 20)), (255, 255, 255))


class TestInstants:
    def times(self, **values: Any) -> video_sources.FrameTimes:
        return video_sources.FrameTimes(**({"origin_s": 0.0, "period_s": 0.04, "is_sorted": False} | values))

    @pytest.mark.parametrize("given", [[0.0, 0.04, 0.04, 0.02, None], [None, None, None, None, None]])
    def test_always_rise(self, given):
        class Frame:
            def __init__(self, time: float | None) -> None:
                self.time = time

        times = self.times()
        found = [times.seconds(Frame(at)) for at in given]
        assert found == sorted(set(found))


def test_the_graph_of_the_video_is_that_of_the_still():
    frame = plain(GREEN)
    filters = video_filters.FrameFilter()
    assert near(video_filters.still_image(frame, filters).getpixel((30, 20)), GREEN)
    assert filters.size == (64, 48)
