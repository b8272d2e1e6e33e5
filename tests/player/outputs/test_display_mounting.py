"""Mounting of a panel's image on its display: viewports and overscan."""

from __future__ import annotations

import pygame
import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, jpeg, picture_slide, slide

from beffroi_content.model import Rectangle, SlideTransition, Viewport
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.stage.main import _show_last_frame


@pytest.fixture
def player(fetching_player: PlayerHarness) -> PlayerHarness:
    return fetching_player


def start(player: PlayerHarness, hall: SigningTown, *slides: object, **settings: object) -> None:
    manifest = hall.manifest(*slides, **settings)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))
    player.run_iteration()


def numbered(size: tuple[int, int] = (320, 180)) -> pygame.Surface:
    """Return an image whose pixels are all different."""
    picture = pygame.Surface(size, depth=32)
    for x in range(size[0]):
        for y in range(size[1]):
            picture.set_at((x, y), (x % 256, y, x // 256))
    return picture


class TestParts:
    def test_each_pixel_is_found_again_at_its_place(self):
        picture = numbered()
        seen = DisplayMounting(
            viewports=(
                Viewport(source=Rectangle(x=10, y=20, width=30, height=40), x=100, y=5),
                Viewport(source=Rectangle(x=50, y=60, width=20, height=10), x=0, y=50, scale=3),
                Viewport(source=Rectangle(x=5, y=6, width=7, height=9), x=0, y=0, rotation=90),
            )
        ).mount_image(picture)
        assert seen.get_size() == (130, 80)
        assert seen.get_at((100, 5)) == picture.get_at((10, 20))
        assert seen.get_at((129, 44)) == picture.get_at((39, 59))
        assert seen.get_at((0, 50)) == seen.get_at((2, 52)) == picture.get_at((50, 60))
        assert seen.get_at((3, 50)) == picture.get_at((51, 60))
        # Turned clockwise, the lower left corner comes to the upper left.
        assert seen.get_at((0, 0)) == picture.get_at((5, 14))
        assert seen.get_at((8, 6)) == picture.get_at((11, 6))
        assert seen.get_at((60, 20))[:3] == (0, 0, 0)

    def test_what_lies_beside_the_picture_is_left_out(self):
        beside = Viewport(source=Rectangle(x=320, width=10, height=10))
        half = Viewport(source=Rectangle(x=310, y=0, width=100, height=10), x=0, y=0)
        mounting = DisplayMounting(viewports=(beside, half))
        assert [part.source for part in mounting.mounted_parts((320, 180))] == [(310, 0, 10, 10)]
        assert mounting.display_size((320, 180)) == (10, 10)

    def test_a_ribbon_is_folded_for_its_card(self, player, hall):
        parts = (
            Viewport(source=Rectangle(width=160, height=180)),
            Viewport(source=Rectangle(x=160, width=160, height=180), y=180),
        )
        start(player, hall, picture_slide("red", hall.add_file(jpeg("red"))), viewports=parts)
        plain = next(iter(player.stage._presenter.capture_steps(None)))
        shown = player.display.images[-1]
        assert plain.get_size() == (320, 180)
        assert shown.get_size() == (160, 360)
        assert shown.get_at((80, 270)) == plain.get_at((240, 90))

    def test_what_is_said_of_the_picture_is_said_before_it_is_mounted(self, player, hall):
        start(player, hall, slide("a"))
        before = player.run_iteration().frame
        folded = (Viewport(source=Rectangle(width=100, height=100)),)
        player.receive(hall.publish_programme(hall.manifest(slide("a"), viewports=folded)))
        assert player.run_iteration().frame == before
        assert player.display.images[-1].get_size() == (100, 100)


def test_hidden_edges_stay_black_and_the_picture_is_whole(player, hall):
    start(player, hall, picture_slide("red", hall.add_file(jpeg("red", (320, 180)))), overscan_percent=5)
    shown = player.display.images[-1]
    assert shown.get_size() == (320, 180)
    assert shown.get_at((8, 90))[:3] == (0, 0, 0)
    assert shown.get_at((160, 4))[:3] == (0, 0, 0)
    assert shown.get_at((20, 90))[0] > 200
    assert shown.get_at((160, 168))[:3] != (0, 0, 0)


def test_the_first_picture_after_a_start_is_mounted_too(player, hall):
    parts = (Viewport(source=Rectangle(width=320, height=90)),)
    start(player, hall, slide("a"), viewports=parts)
    pygame.image.save(next(iter(player.stage._presenter.capture_steps(None))), player.state.last_frame)
    splash = _show_last_frame(player.state.folder, player.display)
    assert splash is not None
    assert splash.get_size() == (320, 180)
    assert player.display.images[-1].get_size() == (320, 90)


def test_steps_of_a_transition_that_come_late_are_counted(player, hall):
    red, blue = (picture_slide(name, hall.add_file(jpeg(name))) for name in ("red", "blue"))
    player.time.pass_by(-player.time.system_ms % 20_000)
    hall.now_ms = player.time.system_ms
    start(player, hall, red, blue, transition=SlideTransition.CROSSFADE)
    for _ in range(14):
        for ms in (17, 17, 16):
            player.time.pass_by(ms)
            player.run_iteration()
    assert player.stage.counts.late_frames == 0
    player.time.pass_by(9_400)
    player.run_iteration()
    player.time.pass_by(100)
    player.run_iteration()
    player.time.pass_by(100)
    player.run_iteration()
    assert player.stage.counts.late_frames == 2
