"""From slide to slide: smooth, said only when it is done, and never in the way of an alert."""

from __future__ import annotations

import json

import pygame
import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.sample_videos import sample_video
from tests.support.signing_town import NOON, SigningTown, alert, jpeg, picture_slide, slide

from beffroi_content.model import AlertLevel, ScreenSettings, SlideTransition, Town, VideoContent
from beffroi_player.stage.compositor.transition import TRANSITION_MS

HALF = int(TRANSITION_MS / 2)
MIDDLE, LEFT, RIGHT = (160, 90), (40, 90), (280, 90)


@pytest.fixture
def player(fetching_player: PlayerHarness) -> PlayerHarness:
    return fetching_player


def start(player: PlayerHarness, hall: SigningTown, transition: SlideTransition, **settings: object) -> None:
    """Show a red and a blue picture for ten seconds each, from the beginning of the red one."""
    red, blue = (picture_slide(name, hall.add_file(jpeg(name))) for name in ("red", "blue"))
    manifest = hall.manifest(red, blue, transition=transition, **settings)
    player.time.pass_by(-player.time.system_ms % 20_000)
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))
    player.run_iteration()
    player.wait(int(TRANSITION_MS) + 1)
    assert player.slides == ["red"]
    player.time.pass_by(10_000 - int(TRANSITION_MS) - 1)


def at(player: PlayerHarness, place: tuple[int, int]) -> tuple[int, int]:
    """Return how red and how blue a place of the screen is."""
    red, _green, blue = player.display.images[-1].get_at(place)[:3]
    return red, blue


def test_a_crossfade_is_between_the_two(player, hall):
    start(player, hall, SlideTransition.CROSSFADE)
    player.stage.refresh_screen()
    player.time.pass_by(HALF)
    player.stage.refresh_screen()
    red, blue = at(player, MIDDLE)
    assert abs(red - 127) < 10
    assert abs(blue - 127) < 10

    player.time.pass_by(HALF)
    player.stage.refresh_screen()
    assert at(player, MIDDLE)[1] > 250


def test_it_is_said_when_it_is_done(player, hall):
    start(player, hall, SlideTransition.CROSSFADE)
    player.stage.refresh_screen()
    player.time.pass_by(HALF)
    assert player.slides == ["red"]
    player.time.pass_by(HALF)
    status = player.run_iteration()
    assert [shown.slide for shown in status.showings] == ["blue"]
    assert status.presented_uptime_ms == player.time.uptime_ms


def test_nothing_is_drawn_once_it_is_over(player, hall):
    start(player, hall, SlideTransition.CROSSFADE)
    for _ in range(50):
        player.stage.refresh_screen()
        player.time.pass_by(20)
    count = len(player.display.images)
    for _ in range(20):
        player.wait(100)
    assert len(player.display.images) == count


@pytest.mark.parametrize(
    ("transition", "rotation", "blue_at"),
    [
        (SlideTransition.PUSH, 0, RIGHT), (SlideTransition.PUSH, 180, LEFT), (SlideTransition.PUSH, 90, (90, 280)),
        (SlideTransition.PUSH, 270, (90, 40)), (SlideTransition.WIPE, 0, LEFT), (SlideTransition.WIPE, 180, RIGHT),
        (SlideTransition.WIPE, 90, (90, 40)), (SlideTransition.WIPE, 270, (90, 280)),
    ],
)  # fmt: skip
def test_a_push_and_a_wipe_go_their_way_on_every_panel(player, hall, transition, rotation, blue_at):
    start(player, hall, transition, rotation=rotation)
    player.stage.refresh_screen()
    player.time.pass_by(HALF)
    player.stage.refresh_screen()
    width, height = player.display.images[-1].get_size()
    opposite = (width - blue_at[0], height - blue_at[1])
    assert at(player, blue_at)[1] > 200
    assert at(player, opposite)[0] > 200


def test_an_alert_waits_for_no_transition(player, hall):
    start(player, hall, SlideTransition.CROSSFADE)
    player.stage.refresh_screen()
    player.time.pass_by(50)
    player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
    assert player.alerts == [("flood", "takeover")]
    shown = player.display.images[-1].copy()
    player.wait(HALF)
    assert player.display.images[-1].get_view("2").raw == shown.get_view("2").raw


def test_after_an_alert_nothing_of_it_lingers(player, hall):
    start(player, hall, SlideTransition.CROSSFADE)
    player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
    player.run_iteration()
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_alerts())
    # A transition would be said only when it is done.
    status = player.run_iteration()
    assert not [shown for shown in status.showings if shown.form == "takeover"]


@pytest.mark.parametrize("size", [(640, 360), (160, 90)])
def test_nothing_gives_way_to_a_picture_of_another_size(player, hall, size):
    start(player, hall, SlideTransition.CROSSFADE)
    player.stage.refresh_screen()
    player.wait(int(TRANSITION_MS) + 1)
    hall.now_ms = player.time.system_ms
    slides = reversed(player.held.active.manifest.slides)
    player.receive(hall.publish_programme(hall.manifest(*slides, size=size, transition=SlideTransition.CROSSFADE)))
    player.stage.refresh_screen()
    assert player.display.images[-1].get_size() == size


def test_a_cut_cuts(player, hall):
    start(player, hall, SlideTransition.CUT)
    assert player.slides == ["blue"]
    assert at(player, MIDDLE)[1] > 250


def test_a_word_of_a_newer_version_means_a_cut():
    manifest = SigningTown(now_ms=NOON).manifest(slide("a"))
    data = json.loads(manifest.to_json())
    data["settings"]["transition"] = "explode"
    assert ScreenSettings.model_validate(data["settings"]).transition is SlideTransition.CUT
    assert Town.model_validate(data["settings"]["town"])


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("transition", SlideTransition)
def test_between_any_two_items_no_picture_is_dark(player, hall, transition, rotation):
    """Bright slides of every kind follow each other for a minute, with an alert and another programme in between."""
    bright = ("yellow", "white", "lightcyan")
    slides = [picture_slide(name, hall.add_file(jpeg(name))).replace(duration_ms=4_000) for name in bright]
    video_of_light = hall.add_file(sample_video((320, 180), 25, 2, colours=("#f0f0f0", "#f0f000")), "video/mp4")
    video = VideoContent(video=video_of_light, poster=hall.add_file(jpeg("lime")))
    slides.append(slide("video").replace(content=video, duration_ms=4_000))
    settings = {"transition": transition, "rotation": rotation}
    player.receive(hall.publish_keys(), hall.publish_beat())
    player.receive(hall.publish_programme(hall.manifest(*slides, **settings)))
    player.run_iteration()
    first = len(player.display.images)
    for step in range(20 * 60):
        if step == 400:
            hall.now_ms = player.time.system_ms
            player.receive(hall.publish_programme(hall.manifest(*reversed(slides), **settings)))
        if step == 500:
            player.receive(hall.publish_alerts(alert(now=player.time.system_ms)))
        if step == 600:
            hall.now_ms = player.time.system_ms
            player.receive(hall.publish_alerts())
        player.time.pass_by(50)
        player.stage.refresh_screen()
    seen = player.display.images[first:]
    assert len(seen) > 15
    darkest = min(sum(pygame.transform.average_color(picture)[:3]) for picture in seen)
    # The darkest of all is the alert, which is neither black nor half of what was before.
    assert darkest > 150
