"""Slides that change by themselves: a clock on the glass is right, without a network."""

from __future__ import annotations

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, slide

from beffroi_content import rendering
from beffroi_content.model import ClockWidget, Manifest, WidgetContent
from beffroi_player.agent.prepare.live_frames import LiveFrames
from beffroi_player.state.directories import is_live_frame_name

MINUTE = 60_000


@pytest.fixture
def clock(hall: SigningTown) -> Manifest:
    widget = slide("clock").replace(content=WidgetContent(widget=ClockWidget(title="Saint-Aubin")))
    return hall.manifest(widget)


@pytest.fixture
def informed(player: PlayerHarness, hall: SigningTown, clock: Manifest) -> PlayerHarness:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(clock))
    return player


def live(player: PlayerHarness) -> LiveFrames:
    return LiveFrames(player.runtime, lambda: player.held.active, player.clock.now, lambda: None)


def preview(manifest: Manifest, at_ms: int) -> str:
    """Return the digest of the server's preview at an instant."""
    canvas = rendering.Canvas.for_screen(manifest.settings)
    return rendering.image_digest(rendering.draw_slide(manifest.slides[0], canvas, lambda _: b"", at_ms)[0])


def test_the_screen_shows_the_time_that_the_server_would_preview(informed: PlayerHarness, clock: Manifest) -> None:
    live(informed).draw_due()
    assert informed.run_iteration().frame == preview(clock, informed.clock.now().unix_ms)


def test_the_next_minute_is_drawn_before_it_begins(informed: PlayerHarness, clock: Manifest) -> None:
    live(informed).draw_due()
    before = informed.run_iteration().frame
    assert informed.wait(MINUTE).frame == preview(clock, informed.clock.now().unix_ms) != before


def test_while_its_frame_is_late_the_one_without_the_time_is_shown_and_nothing_is_reported(
    informed: PlayerHarness, clock: Manifest
) -> None:
    canvas = rendering.Canvas.for_screen(clock.settings)
    timeless = rendering.image_digest(rendering.draw_slide(clock.slides[0], canvas, lambda _: b"")[0])
    glass = informed.run_iteration()
    assert glass.frame == timeless
    assert glass.faults == ()


def test_frames_of_the_past_are_removed(informed: PlayerHarness) -> None:
    frames = live(informed)
    for _ in range(5):
        frames.draw_due()
        informed.wait(MINUTE)
    frames.draw_due()
    assert len([path for path in informed.runtime.folder.iterdir() if is_live_frame_name(path.name)]) == 2


def test_another_programme_takes_its_frames_with_it(informed: PlayerHarness, hall: SigningTown) -> None:
    frames = live(informed)
    frames.draw_due()
    hall.now_ms += 1
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))))
    frames.draw_due()
    assert not [path for path in informed.runtime.folder.iterdir() if is_live_frame_name(path.name)]
