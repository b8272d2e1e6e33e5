"""Videos on the screen: the right frame at the right instant, seamless, and a poster where there is no video."""

from __future__ import annotations

import itertools
import random
import threading
import time

import pygame
import pytest
from tests.support.player_harness import PlayerHarness, until
from tests.support.sample_videos import sample_video
from tests.support.signing_town import SigningTown, alert, jpeg, picture_slide, slide

from beffroi_content.model import (
    AlertLevel,
    ImageFit,
    Layout,
    LayoutZone,
    Manifest,
    Playlist,
    Rectangle,
    ScheduleRule,
    Slide,
    SlideTransition,
    VideoContent,
    banner_rectangle,
)
from beffroi_player.stage.video.video_decoder import VideoDecoder
from beffroi_player.state.play_files import play_files, read_plays

RED, BLUE = "#c00000", "#0000c0"
SECOND = 1_000


@pytest.fixture
def player(fetching_player: PlayerHarness) -> PlayerHarness:
    return fetching_player


def video_slide(hall: SigningTown, data: bytes, seconds: int, name: str = "video") -> Slide:
    video = hall.add_file(data, "video/mp4")
    poster = hall.add_file(jpeg("lime"))
    return Slide(id=name, name=name, content=VideoContent(video=video, poster=poster), duration_ms=seconds * SECOND)


def colour(player: PlayerHarness, at: tuple[int, int] = (160, 150)) -> str:
    """Return the strongest colour at a place of the screen."""
    player.run_iteration()
    red, green, blue = player.display.images[-1].get_at(at)[:3]
    return max((red, "red"), (green, "lime"), (blue, "blue"))[1]


def pixels(player: PlayerHarness, part: Rectangle | None = None) -> bytes:
    """Return what is on the screen, or on a part of it."""
    picture = player.display.images[-1]
    if part is not None:
        picture = picture.subsurface((part.x, part.y, part.width, part.height))
    return pygame.image.tobytes(picture, "RGB")


def start(player: PlayerHarness, hall: SigningTown, *slides: Slide, **settings: object) -> None:
    """Show those slides, from the beginning of the first."""
    manifest = hall.manifest(*slides, **settings)
    loop_ms = sum(each.duration_ms for each in slides)
    player.time.pass_by(-player.time.system_ms % loop_ms)
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))


def test_shows_the_frame_of_the_instant(player, hall):
    start(player, hall, video_slide(hall, sample_video((320, 180), 25, 4, colours=(RED, BLUE)), 4), slide("a"))
    until("the video begins", lambda: colour(player) == "red")
    player.time.pass_by(2_500)
    until("its second half", lambda: colour(player) == "blue")
    assert player.run_iteration().faults == ()


def test_begins_in_the_middle_when_the_player_is_started_there(player, hall):
    start(player, hall, video_slide(hall, sample_video((320, 180), 25, 4, colours=(RED, BLUE)), 4), slide("a"))
    player.time.pass_by(3_000)
    until("its second half", lambda: colour(player) == "blue")


def test_is_shown_again_where_its_slide_is_longer(player, hall):
    start(player, hall, video_slide(hall, sample_video((320, 180), 25, 2, colours=(RED, BLUE)), 20), slide("a"))
    until("the video begins", lambda: colour(player) == "red")
    for half, expected in enumerate(("blue", "red", "blue", "red"), 1):
        player.time.pass_by(1_000)
        until(f"half {half}", lambda expected=expected: colour(player) == expected)


def test_its_poster_stands_until_it_begins_and_if_it_cannot(player, hall):
    start(player, hall, video_slide(hall, b"no video at all", 10), slide("a"))
    assert colour(player) == "lime"
    until("the fault is told", lambda: player.run_iteration().faults)
    assert colour(player) == "lime"
    assert [fault.frame[:5] for fault in player.run_iteration().faults] == ["video"]
    player.wait(10_000)
    assert player.slides == ["a"]
    assert player.run_iteration().faults == ()


def test_what_is_said_of_it_is_said_once(player, hall):
    start(player, hall, video_slide(hall, sample_video((320, 180), 25, 4, colours=(RED,)), 4), slide("a"))
    until("the video begins", lambda: colour(player) == "red")
    before = player.run_iteration()
    shown = len(player.display.images)
    for count in range(shown + 1, shown + 6):
        player.time.pass_by(40)
        until("the next frame", lambda count=count: player.run_iteration() and len(player.display.images) >= count)
    assert player.run_iteration().number == before.number
    player.wait(4_000)
    player.stage.shut_down()
    logged = [play.slide for file in play_files(player.state.plays) for play in read_plays(file)]
    assert logged.count("video") == 1


def test_the_next_video_is_ready_when_it_is_due(player, hall):
    first = video_slide(hall, sample_video((320, 180), 25, 2, colours=(RED,)), 2, "first")
    second = video_slide(hall, sample_video((320, 180), 25, 2, colours=(BLUE,)), 2, "second")
    start(player, hall, first, second)
    until("the first video", lambda: colour(player) == "red")
    following = [each for key, each in player.stage._videos._open_videos.items() if key.slide == "second"]
    until("the second is decoded", lambda: following[0].decoder._ready)
    shown = len(player.display.images)
    player.wait(2_000)
    assert colour(player) == "blue"
    assert all(picture.get_at((160, 150))[1] < 100 for picture in player.display.images[shown:]), (
        "not even its poster came between"
    )


def test_an_alert_cuts_in_and_nothing_of_the_video_is_drawn_over_it(player, hall):
    start(player, hall, video_slide(hall, sample_video((320, 180), 25, 4, colours=(RED, BLUE)), 4), slide("a"))
    until("the video begins", lambda: colour(player) == "red")
    player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
    assert player.alerts
    shown = pixels(player)
    for _ in range(10):
        player.wait(100)
    assert pixels(player) == shown


def test_a_banner_lies_over_it(player, hall):
    start(player, hall, video_slide(hall, sample_video((320, 180), 25, 4, colours=(RED, BLUE)), 4), slide("a"))
    until("the video begins", lambda: colour(player) == "red")
    player.receive(hall.publish_alerts(alert(level=AlertLevel.VIGILANCE, now=hall.now_ms)))
    assert player.alerts
    band = banner_rectangle((320, 180))
    above = (5, 5) if band.y > 20 else (5, 175)
    banner = pixels(player, band)
    player.time.pass_by(2_500)
    until("the video goes on beside the banner", lambda: colour(player, above) == "blue")
    assert pixels(player, band) == banner


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_stands_upright_on_a_panel_that_is_turned(player, hall, rotation):
    data = sample_video((320, 180), 25, 2, colours=(RED,))
    start(player, hall, video_slide(hall, data, 2), slide("a"), rotation=rotation)

    def corner() -> tuple[int, ...]:
        player.run_iteration()
        upright = pygame.transform.rotate(player.display.images[-1], rotation)
        return tuple(upright.get_at((12, 20))[:3])

    until("the white square at the upper left", lambda: min(corner()) > 200)


def test_closes_what_is_over(player, hall):
    start(
        player,
        hall,
        video_slide(hall, sample_video((320, 180), 25, 2, colours=(RED,)), 2),
        slide("a", duration_ms=60_000),
    )
    until("the video begins", lambda: colour(player) == "red")
    player.wait(3_000)
    until("its thread ends", lambda: not any(thread.name == "video" for thread in threading.enumerate()))


def test_a_decoder_that_falls_behind_leaves_frames_out(tmp_path):
    pygame.display.init()
    pygame.display.set_mode((64, 64))
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((64, 64), 25, 10, colours=(RED, BLUE)))
    made = VideoDecoder(path, (64, 64), ImageFit.CONTAIN)
    until("the first frame", lambda: made.take_frame(0.0) is not None)

    def is_blue() -> bool:
        found = made.take_frame(8.0)
        return found is not None and found.frame.to_image().getpixel((32, 55))[2] > 100

    until("a frame of the eighth second", is_blue)
    assert made.dropped_frames > 50
    made.close()


def test_nothing_is_missing_where_it_is_shown_again(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((64, 64), 25, 1))
    made = VideoDecoder(path, (64, 64), ImageFit.CONTAIN)
    found = []
    for number in range(4 * 25):
        # In the middle of a frame: it is there, and it is another one than before.
        position_s = (number + 0.5) / 25
        until(f"frame {number}", lambda at=position_s: found.append(made.take_frame(at)) or found[-1])
        assert made.due_s(position_s) <= 1 / 25
    times = [planes.frame.pts * planes.frame.time_base for planes in found if planes]
    assert [round(float(after - before), 3) for before, after in itertools.pairwise(times)] == 99 * [0.04]
    assert made.dropped_frames == 0
    made.close()


def test_around_its_end_no_frame_stands_for_longer_than_two(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((320, 180), 25, 1))
    made = VideoDecoder(path, (320, 180), ImageFit.CONTAIN)
    until("the first frame", lambda: made.take_frame(0.0) is not None)
    begun, shown = time.monotonic(), []
    while (position_s := time.monotonic() - begun) < 2.5:
        if made.take_frame(position_s) is not None:
            shown.append(position_s)
        time.sleep(min(0.005, made.due_s(position_s)))
    assert max(after - before for before, after in itertools.pairwise(shown)) < 2 / 25 + 0.02
    made.close()


def test_goes_back_with_a_clock_that_is_set_back(tmp_path, monkeypatch):
    monkeypatch.setattr("beffroi_player.stage.video.video_decoder.LATE_SEEK_S", 0.2)
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((64, 64), 25, 8, keyint="25"))
    made = VideoDecoder(path, (64, 64), ImageFit.CONTAIN, 6.0)
    until("a frame", lambda: made.take_frame(6.0) is not None)
    found = []
    until("one of two seconds", lambda: found.append(made.take_frame(2.02)) or found[-1])
    assert 1.9 < found[-1].frame.pts * found[-1].frame.time_base <= 2.02
    assert made.due_s(2.02) < 0.1
    made.close()


def damaged(data: bytes, seed: int) -> bytes:
    """Return a video of which bits are flipped all over its pictures."""
    chance, changed = random.Random(seed), bytearray(data)
    begin, end = data.find(b"mdat") + 2_000, data.find(b"moov")
    for _ in range(20):
        changed[chance.randrange(begin, end)] ^= 1 << chance.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_video_goes_on_and_what_is_damaged_is_counted(player, hall, seed):
    data = damaged(sample_video((320, 180), 25, 4, colours=(RED, BLUE)), seed)
    start(player, hall, video_slide(hall, data, 20), slide("a"))
    until("the video begins", lambda: colour(player) == "red")
    player.time.pass_by(4_500)
    until("its second run", lambda: player.run_iteration() and player.stage._videos.decode_errors > 5)
    (opened,) = player.stage._videos._open_videos.values()
    shown = len(player.display.images)
    for count in range(shown + 1, shown + 6):
        player.time.pass_by(200)
        until("the next frame", lambda count=count: player.run_iteration() and len(player.display.images) >= count)
    assert player.run_iteration().faults == ()
    before = player.stage._videos.decode_errors
    assert before == opened.decoder.decode_errors
    player.wait(20_000)
    assert player.stage._videos.decode_errors >= before, "what is over counts"
    player.wait(61_000)
    assert player.runtime.presented.read().decode_errors >= before


def test_the_poster_of_a_video_of_which_nothing_is_left_stands(player, hall):
    data = bytearray(sample_video((320, 180), 25, 8, colours=(RED, BLUE)))
    begin, end = data.find(b"mdat") + 4, data.find(b"moov")
    data[begin:end] = random.Random(1).randbytes(end - begin)
    start(player, hall, video_slide(hall, bytes(data), 20), slide("a"))
    until("the fault is told", lambda: player.run_iteration().faults)
    assert "no frame could be made" in player.run_iteration().faults[0].detail
    assert colour(player) == "lime"
    assert player.stage._videos.decode_errors > 100


def test_a_video_that_does_not_begin_within_two_seconds_is_given_up(player, hall, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr("beffroi_player.stage.video.playback.FfmpegDecoder", lambda _: released.wait(10))
    player.stage._videos._decoders = None
    start(player, hall, video_slide(hall, sample_video((320, 180), 25, 4, colours=(RED,)), 10), slide("a"))
    player.run_iteration()
    assert player.wait(1_900).faults == ()
    assert [fault.detail for fault in player.wait(300).faults] == ["it did not begin within two seconds"]
    assert colour(player) == "lime"
    released.set()


def in_zones(hall: SigningTown, *videos: tuple[Slide, Rectangle], **settings: object) -> Manifest:
    """Return a programme that shows each video in a zone of its own, over a slide."""
    below = slide("below", duration_ms=60_000)
    plain = hall.manifest(below, *(shown for shown, _ in videos), **settings)
    zones = [LayoutZone(id=shown.id, rectangle=rectangle) for shown, rectangle in videos]
    names = [below.id, *(shown.id for shown, _ in videos)]
    return plain.replace(
        layout=Layout(zones=(*plain.layout.zones, *zones)),
        playlists=tuple(Playlist(id=f"all-{name}", name=name, slides=(name,)) for name in names),
        rules=(
            ScheduleRule(id="rule", name="below", playlist="all-below"),
            *(
                ScheduleRule(id=f"in-{zone.id}", name="video", playlist=f"all-{zone.id}", zone=zone.id)
                for zone in zones
            ),
        ),
    )


@pytest.mark.parametrize("rotation", [0, 90])
def test_two_videos_play_in_two_zones_at_once(player, hall, rotation):
    red = video_slide(hall, sample_video((160, 90), 25, 2, colours=(RED,)), 2, "red")
    blue = video_slide(hall, sample_video((160, 90), 25, 2, colours=(BLUE,)), 2, "blue")
    places = Rectangle(x=10, y=20, width=96, height=54), Rectangle(x=200, y=90, width=101, height=57)
    manifest = in_zones(hall, (red, places[0]), (blue, places[1]), rotation=rotation)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))
    player.run_iteration()
    still = pygame.transform.rotate(player.display.images[-1], rotation)

    def seen(x: int, y: int) -> tuple[int, ...]:
        player.wait(40)
        return tuple(pygame.transform.rotate(player.display.images[-1], rotation).get_at((x, y))[:3])

    until("the first video", lambda: seen(60, 70)[0] > 150 > seen(60, 70)[2])
    until("the second video", lambda: seen(240, 140)[2] > 150 > seen(240, 140)[0])
    for place in ((9, 40), (106, 40), (60, 19), (60, 75), (199, 120), (302, 120), (240, 89), (240, 148)):
        assert seen(*place) == tuple(still.get_at(place)[:3]), "nothing is drawn beside them"


def test_a_slide_fades_into_the_video_itself_and_not_into_its_poster(player, hall):
    white = picture_slide("white", hall.add_file(jpeg("white")))
    red = video_slide(hall, sample_video((320, 180), 25, 4, colours=(RED,)), 10)
    start(player, hall, white, red, transition=SlideTransition.CROSSFADE)
    player.wait(5_000)
    (opened,) = player.stage._videos._open_videos.values()
    until("the video is decoded", lambda: opened.decoder._ready)
    player.time.pass_by(5_000)
    player.stage.refresh_screen()
    player.time.pass_by(300)
    player.stage.refresh_screen()
    red_light, green_light, _ = player.display.images[-1].get_at((160, 150))[:3]
    assert red_light > 200 > 150 > green_light


def test_of_a_small_video_on_a_ribbon_at_least_a_row_is_seen(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_video((16, 128), 25, 1))
    opened, found = VideoDecoder(path, (1_920, 16), ImageFit.COVER), []
    until("a frame", lambda: found or found.extend(filter(None, [opened.take_frame(0.0)])))
    opened.close()
    assert opened.source[2:] == (16, 1)
