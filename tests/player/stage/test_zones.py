"""Several zones: each has its own loop, and what moves in one leaves the others alone."""

from __future__ import annotations

from threading import current_thread

import pygame
import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, jpeg, picture_slide, slide

from beffroi_content import rendering
from beffroi_content.model import (
    ClockWidget,
    Layout,
    LayoutZone,
    Manifest,
    Playlist,
    Rectangle,
    Slide,
    SlideTransition,
    WidgetContent,
)
from beffroi_content.model.widgets import TickerMessage, TickerWidget
from beffroi_player.agent.prepare.live_frames import LiveFrames
from beffroi_player.stage import frame_cache as stage_frames
from beffroi_player.stage.compositor.transition import TRANSITION_MS

SIZE = (320, 180)
MAIN, SIDE, RIBBON = Rectangle(width=240, height=150), Rectangle(x=240, width=80, height=150), Rectangle(
    y=150, width=320, height=30
)  # fmt: skip
MINUTE = 60_000


@pytest.fixture
def player(fetching_player: PlayerHarness) -> PlayerHarness:
    return fetching_player


def manifest(hall: SigningTown, **settings: object) -> Manifest:
    """Return a red and a blue picture in turn, beside a clock, above messages that scroll."""
    pictures = [picture_slide(name, hall.add_file(jpeg(name))) for name in ("red", "blue")]
    clock = slide("clock").replace(content=WidgetContent(widget=ClockWidget(title="Saint-Aubin")))
    told = tuple(TickerMessage(text=text) for text in ("Marché de Noël samedi", "Collecte des sapins lundi"))
    ticker = slide("ticker").replace(content=WidgetContent(widget=TickerWidget(title="Infos", messages=told)))
    found = hall.manifest(*pictures, clock, ticker, **settings)
    zones = {"main": (MAIN, ("red", "blue")), "side": (SIDE, ("clock",)), "ribbon": (RIBBON, ("ticker",))}
    (always,) = found.rules
    return found.replace(
        layout=Layout(zones=tuple(LayoutZone(id=name, rectangle=where) for name, (where, _) in zones.items())),
        playlists=tuple(Playlist(id=f"of-{name}", name=name, slides=shown) for name, (_, shown) in zones.items()),
        rules=tuple(always.replace(id=name, zone=name, playlist=f"of-{name}") for name in zones),
    )


def start(player: PlayerHarness, hall: SigningTown, **settings: object) -> LiveFrames:
    """Show it from the beginning of the red picture on."""
    player.time.pass_by(-player.time.system_ms % 20_000)
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest(hall, **settings)))
    frames = LiveFrames(player.runtime, lambda: player.held.active, player.clock.now, lambda: None)
    frames.draw_due()
    player.run_iteration()
    player.wait(2_000)
    return frames


def seen(player: PlayerHarness, where: Rectangle) -> bytes:
    part = player.display.images[-1].subsurface((where.x, where.y, *where.size))
    return pygame.image.tobytes(part, "RGB")


def drawn(shown: Slide, where: Rectangle, player: PlayerHarness, at_ms: int) -> bytes:
    canvas = rendering.Canvas.for_screen(player.held.active.manifest.settings, where.size)
    return rendering.draw_slide(shown, canvas, lambda _: b"", at_ms)[0].tobytes()


def colours(player: PlayerHarness, where: Rectangle) -> set[str]:
    """Return which of the two pictures are seen in a zone."""
    pixels = seen(player, where)
    return {name for name, at in (("red", 0), ("blue", 2)) if any(value > 250 for value in pixels[at::3])}


def test_each_zone_shows_what_is_its_own(player, hall):
    start(player, hall)
    assert [shown.slide for shown in player.run_iteration().showings] == ["red", "clock", "ticker"]
    assert colours(player, MAIN) == {"red"}
    clock = player.held.active.manifest.slides[2]
    now = player.clock.now().unix_ms
    assert seen(player, SIDE) == drawn(clock, SIDE, player, now - now % MINUTE)


def test_messages_scroll_in_their_zone_and_nothing_else_moves(player, hall):
    start(player, hall)
    before = [seen(player, where) for where in (MAIN, SIDE, RIBBON)]
    player.wait(500)
    after = [seen(player, where) for where in (MAIN, SIDE, RIBBON)]
    assert before[:2] == after[:2]
    assert before[2] != after[2]


def test_beside_what_scrolls_the_frame_loop_makes_no_digest(player, hall, monkeypatch):
    made, real = [], stage_frames.frame_digest
    monkeypatch.setattr(stage_frames, "frame_digest", lambda *a: made.append(current_thread().name) or real(*a))
    frames = start(player, hall)
    for _ in range(4):
        player.time.pass_by(10_000)
        frames.draw_due()
        status = player.run_iteration()
        assert len(status.frame) == 64
        assert status.frame != "0" * 64
    assert len(made) > 3
    assert {name.split("_")[0] for name in made} == {"frames"}


def test_the_clock_goes_on_in_its_zone_without_a_transition(player, hall):
    frames = start(player, hall, transition=SlideTransition.CROSSFADE)
    player.time.pass_by(-player.time.system_ms % MINUTE + 15_000)
    frames.draw_due()
    player.stage.refresh_screen()
    player.wait(2_000)
    clock = player.held.active.manifest.slides[2]
    now = player.clock.now().unix_ms
    assert seen(player, SIDE) == drawn(clock, SIDE, player, now - now % MINUTE)


def test_a_clock_that_goes_on_cuts_no_transition_short(player, hall):
    frames = start(player, hall, transition=SlideTransition.CROSSFADE)
    # The picture gives way at the full minute, of which the frame of the clock comes a moment late.
    player.time.pass_by(-player.time.system_ms % MINUTE + 2 * MINUTE - 2_000)
    player.stage.refresh_screen()
    player.wait(1_000)
    player.wait(1_000)
    frames.draw_due()
    player.time.pass_by(int(TRANSITION_MS / 2))
    player.stage.refresh_screen()
    player.stage.advance_motion()
    assert colours(player, MAIN) == set()
    clock, now = player.held.active.manifest.slides[2], player.clock.now().unix_ms
    assert seen(player, SIDE) == drawn(clock, SIDE, player, now - now % MINUTE)


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize(
    "transition", [SlideTransition.PUSH, SlideTransition.WIPE, SlideTransition.CROSSFADE, SlideTransition.ZOOM]
)
def test_a_slide_gives_way_within_its_zone_while_the_others_go_on(player, hall, transition, rotation):
    start(player, hall, transition=transition, rotation=rotation)
    player.time.pass_by(-player.time.system_ms % 20_000 + 10_000)

    def upright() -> pygame.Surface:
        return pygame.transform.rotate(player.display.images[-1], rotation)

    player.stage.refresh_screen()
    before = upright()
    player.time.pass_by(int(TRANSITION_MS / 2))
    player.stage.advance_motion()
    now = upright()
    side = before.subsurface((SIDE.x, SIDE.y, *SIDE.size)), now.subsurface((SIDE.x, SIDE.y, *SIDE.size))
    assert pygame.image.tobytes(side[0], "RGB") == pygame.image.tobytes(side[1], "RGB")
    main = pygame.image.tobytes(now.subsurface((0, 0, *MAIN.size)), "RGB")
    assert any(blue > 30 for blue in main[2::3])
    assert any(red > 30 for red in main[::3])
    # No other zone has come in where the slides are.
    assert max(main[1::3]) < 30
    ribbon = before.subsurface((0, RIBBON.y, *RIBBON.size)), now.subsurface((0, RIBBON.y, *RIBBON.size))
    assert pygame.image.tobytes(ribbon[0], "RGB") != pygame.image.tobytes(ribbon[1], "RGB")
    player.time.pass_by(2_000)
    player.stage.refresh_screen()
    player.stage.refresh_screen()
    assert max(pygame.image.tobytes(upright().subsurface((0, 0, *MAIN.size)), "RGB")[::3]) < 30
