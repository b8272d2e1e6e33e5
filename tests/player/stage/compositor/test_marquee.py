"""Messages that scroll over a ribbon: smooth, in step with the clock, and gone when they are over."""

from __future__ import annotations

from itertools import pairwise

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.animation_steps import step_at
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content import rendering
from beffroi_content.model import AlertLevel, Rectangle, Slide, WidgetContent
from beffroi_content.model.widgets import TickerMessage, TickerWidget
from beffroi_player.agent.prepare.live_frames import LiveFrames
from beffroi_player.stage import frame_cache
from beffroi_player.stage.compositor.frame_pacing import USUAL_RATE
from beffroi_player.stage.compositor.marquee import marquee_layers, pixels_per_second, visible_strips
from beffroi_player.stage.panel_geometry import panel_size, rotate_area

RIBBON = (320, 32)


def ticker(*messages: tuple[str, int | None]) -> Slide:
    told = tuple(TickerMessage(text=text, until_ms=until) for text, until in messages)
    widget = TickerWidget(title="Infos", messages=told)
    return slide("ticker").replace(content=WidgetContent(widget=widget), duration_ms=60_000)


def start(player: PlayerHarness, hall: SigningTown, *messages: tuple[str, int | None], **settings: object) -> Slide:
    shown = ticker(*messages)
    player.receive(hall.publish_keys(), hall.publish_beat())
    player.receive(hall.publish_programme(hall.manifest(shown, size=RIBBON, **settings)))
    player.run_iteration()
    return shown


def panel_bytes(player: PlayerHarness) -> bytes:
    return pygame.image.tobytes(player.display.images[-1], "RGB")


def expected(player: PlayerHarness, shown: Slide, *numbers: int) -> bytes:
    """Return what is seen of those messages at this instant, put together from the raster's own pictures."""
    manifest = player.held.active.manifest
    strips = rendering.draw_marquee_strips(shown, rendering.Canvas.for_screen(manifest.settings))
    surfaces = [pygame.image.frombytes(strips[n].tobytes(), strips[n].size, "RGB") for n in numbers]
    band = pygame.Surface(RIBBON, depth=32)
    whole = sum(each.get_width() for each in surfaces)
    x = -(player.time.system_ms * pixels_per_second(RIBBON[1]) // 1000 % whole)
    while x < RIBBON[0]:
        for each in surfaces:
            band.blit(each, (x, 0))
            x += each.get_width()
    return pygame.image.tobytes(band, "RGB")


def test_what_is_seen_is_given_by_the_clock(player, hall):
    shown = start(player, hall, ("Marché de Noël samedi", None), ("Collecte des sapins", None))
    for step_ms in (0, 17, 333, 4_000, 61_000):
        player.wait(step_ms)
        assert panel_bytes(player) == expected(player, shown, 0, 1)


def test_each_step_is_a_sixtieth_of_a_second(player, hall):
    start(player, hall, ("Marché de Noël", None))
    assert player.stage.refresh_screen() <= 1 / USUAL_RATE
    before = len(player.display.images)
    for _ in range(10):
        for ms in (17, 17, 16):
            player.time.pass_by(ms)
            player.stage.advance_motion()
    assert len(player.display.images) == before + 30
    assert player.stage.counts.late_frames == 0


def test_messages_are_read_once_however_long_they_scroll_before_something_else(player, hall, monkeypatch):
    monkeypatch.setattr(frame_cache, "CACHE_BYTES", 0)
    first = ticker(("Marché de Noël samedi", None), ("Collecte des sapins", None))
    other = ticker(("Piscine fermée", None)).replace(id="other")
    player.receive(hall.publish_keys(), hall.publish_beat())
    player.receive(hall.publish_programme(hall.manifest(first, other, size=RIBBON)))
    shown = {each.id: each for each in (first, other)}[player.run_iteration().showings[0].slide]
    own = {
        name
        for found in player.held.active.frames.values()
        if found.slide == shown.id
        for name in (*found.pages, *found.strips)
    }
    for path in player.state.frames.iterdir():
        path.unlink()
    while not (found := player.wait(1_000)).faults:
        assert panel_bytes(player) == expected(player, shown, *range(len(shown.content.widget.messages)))
    assert not own & {fault.frame for fault in found.faults}


def moved(before: pygame.Surface, after: pygame.Surface, most: int = 10) -> int:
    """Return by how many pixels to the left a picture has moved."""
    width, height = before.get_size()
    for pixels in range(most):
        rest = (pixels, 0, width - most, height), (0, 0, width - most, height)
        one, other = before.subsurface(rest[0]), after.subsurface(rest[1])
        if pygame.image.tobytes(one, "RGB") == pygame.image.tobytes(other, "RGB"):
            return pixels
    raise AssertionError("these are other letters")


def test_each_step_is_as_long_though_the_loop_wakes_now_sooner_now_later(player, hall):
    start(player, hall, ("Marché de Noël", None), ("Collecte des sapins", None))
    player.stage.refresh_screen()
    first, begun = len(player.display.images) - 1, player.time.uptime_ms
    for number in range(1, 40):
        late = (0.1, 3.0, 0.0, 7.9, 1.7)[number % 5]
        now = begun + number * 1000 / USUAL_RATE + late
        player.time.system_ms += int(now) - int(player.time.uptime_ms)
        player.time.uptime_ms = now
        player.stage.advance_motion()
    steps = player.display.images[first:]
    assert {moved(before, after) for before, after in pairwise(steps)} == {pixels_per_second(RIBBON[1]) // 60}


def test_a_slower_display_gets_fewer_and_longer_steps(player, hall):
    player.display.pictures_a_second = 30.0
    start(player, hall, ("Marché de Noël", None), ("Collecte des sapins", None))
    player.wait(1_000)
    assert player.stage.refresh_screen() == pytest.approx(1 / 30, abs=0.002)


def test_steps_that_come_late_are_told_though_nothing_else_is_news(player, hall):
    start(player, hall, ("Marché de Noël", None))
    player.run_iteration()
    for _ in range(5):
        player.time.pass_by(100)
        player.stage.advance_motion()
    assert player.run_iteration().late_frames == 0
    player.wait(61_000)
    assert player.run_iteration().late_frames == player.stage.counts.late_frames >= 5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_between_pixels_nothing_is_seen_beyond_the_zone_and_nothing_of_it_is_empty(rotation):
    zone, size = Rectangle(x=20, y=10, width=50, height=40), (100, 60)
    strips = [pygame.Surface(panel_size((width, 40), rotation)) for width in (30, 7, 90)]
    # 120 pixels a second: 2.4 of them in a fiftieth.
    for step in range(200):
        found = marquee_layers(strips, zone, step_at(20.0 * step, size, rotation))
        assert {layer.clip for layer in found} <= {None, rotate_area((20, 10, 50, 40), size, rotation)}
        covered = sum(layer.area[2] if rotation in {0, 180} else layer.area[3] for layer in found)
        assert covered == (50 if found[0].clip is None else 52)
        assert all(abs(part) < 1 for layer in found for part in layer.shift)


@given(st.integers(0, 2**41))
def test_where_it_lies_between_pixels_it_is_where_the_clock_wants_it(now_ms):
    strip, zone = pygame.Surface((1_000, 40)), Rectangle(width=100, height=40)
    for found in marquee_layers([strip], zone, step_at(now_ms, (100, 40))):
        left = found.area[0] + found.shift[0] - found.source[0]
        scrolled = (-left - now_ms * pixels_per_second(40) / 1000) % 1_000
        assert min(scrolled, 1_000 - scrolled) < 0.01


def test_a_message_that_is_over_is_gone_from_the_next_frame_on(player, hall):
    until = player.time.system_ms + 5_000
    shown = start(player, hall, ("Marché de Noël", None), ("Fermé à midi", until))
    player.wait(4_999)
    assert panel_bytes(player) == expected(player, shown, 0, 1)
    player.wait(1)
    assert panel_bytes(player) == expected(player, shown, 0)


def test_once_all_are_over_the_prepared_page_stands_still(player, hall):
    start(player, hall, ("Fermé à midi", player.time.system_ms + 5_000))
    player.wait(6_000)
    player.wait(1_000)
    presented = len(player.display.images)
    player.wait(1_000)
    assert len(player.display.images) == presented


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_they_scroll_on_a_panel_that_is_turned(player, hall, rotation):
    shown = start(player, hall, ("Marché de Noël samedi", None), ("Collecte", None), rotation=rotation)
    player.wait(777)
    upright = pygame.transform.rotate(player.display.images[-1], rotation)
    assert pygame.image.tobytes(upright, "RGB") == expected(player, shown, 0, 1)


def test_an_alert_lies_over_them_and_nothing_moves(player, hall):
    start(player, hall, ("Marché de Noël", None))
    player.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)))
    player.wait(100)
    before = panel_bytes(player)
    player.wait(100)
    assert panel_bytes(player) == before
    assert player.alerts == [("flood", "takeover")]


def test_it_is_one_showing_however_it_moves(player, hall):
    start(player, hall, ("Marché de Noël", None))
    before = player.run_iteration()
    for _ in range(20):
        player.wait(100)
    assert player.run_iteration().number == before.number
    assert player.run_iteration().faults == ()


def test_no_frames_are_drawn_that_nobody_sees(player, hall):
    start(player, hall, ("Marché de Noël", None))
    LiveFrames(player.runtime, lambda: player.held.active, player.clock.now, lambda: None).draw_due()
    assert not list(player.runtime.folder.glob("live-*"))


def test_on_other_screens_a_message_is_read_at_a_glance(hall):
    assert (
        rendering.draw_marquee_strips(ticker(("Marché", None)), rendering.Canvas.for_screen(hall.manifest().settings))
        == ()
    )


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.integers(1, 2_000), st.integers(0, 10**13))
def test_the_zone_is_full_at_every_instant_and_each_message_follows_the_one_before(widths, room, offset):
    found = list(visible_strips(widths, room, offset))
    assert found[0][1] <= 0
    assert found[-1][1] + widths[found[-1][0]] >= room
    for (number, left), (following, next_left) in zip(found, found[1:], strict=False):
        assert next_left == left + widths[number]
        assert following == (number + 1) % len(widths)


@given(st.integers(1, 4320))
def test_a_step_is_a_whole_number_of_pixels(height):
    assert pixels_per_second(height) % 60 == 0
    assert pixels_per_second(height) > 0
