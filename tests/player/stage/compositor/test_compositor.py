"""The compositor: which layers are drawn, in which order, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pygame
import pytest
from tests.support.animation_steps import step_at

from beffroi_content.model import PowerState, Rectangle, SlideTransition
from beffroi_content.timeline import ClockState, Moment, ReasonKind
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_content.wire.reports import ShownPart
from beffroi_player.outputs.drawing.composition import DrawingLayer, PanelComposition
from beffroi_player.stage.compositor.animation import AnimatedLayers, AnimationStep
from beffroi_player.stage.compositor.frame_compositor import FrameCompositor
from beffroi_player.stage.compositor.marquee import MarqueeAnimation
from beffroi_player.stage.compositor.transition import TRANSITION_MS, ZOOM_MS, RunningTransition
from beffroi_player.stage.frame_cache import FrameCache
from beffroi_player.stage.frame_lookup import MarqueeStrip, PlacedFrame, SceneFrames
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory

SIZE = (100, 60)
FULL = Rectangle(width=100, height=60)
LEFT, RIGHT = Rectangle(width=40, height=60), Rectangle(x=30, width=70, height=60)
ON = DisplayPower(PowerState.ON, 100, None)
NOON = 1_780_000_000_000


def placed(name: str, rectangle: Rectangle = FULL, *strips: MarqueeStrip) -> PlacedFrame:
    return PlacedFrame(name, rectangle, ShownPart(slide=name, reason=ReasonKind.RULE), strips)


def frames_of(*parts: PlacedFrame) -> SceneFrames:
    return SceneFrames(parts, tuple(pygame.Surface(part.rectangle.size, depth=32) for part in parts), ())


@dataclass
class FakeAnimation:
    """Draws a layer over some frames."""

    over: dict[str, bool] = field(default_factory=dict)
    """Names of frames, and whether the layer covers the panel."""
    moves: bool = True
    asked: list[str] = field(default_factory=list)

    def needs_steps(self, placed: PlacedFrame, moment: Moment) -> bool:
        return self.moves and placed.frame in self.over

    def layers_over(self, placed: PlacedFrame, step: AnimationStep) -> AnimatedLayers | None:
        self.asked.append(placed.frame)
        if placed.frame not in self.over:
            return None
        image = pygame.Surface((1, 1), depth=32)
        return AnimatedLayers([DrawingLayer(image, (0, 0, 1, 1))], self.over[placed.frame])


def drawn(frames: SceneFrames, *animations: FakeAnimation, light: DisplayPower = ON) -> PanelComposition:
    base = pygame.Surface(SIZE, depth=32)
    return FrameCompositor(animations).compose_layers(base, frames, step_at(NOON, SIZE), light)


def test_without_animations_only_the_base_is_drawn():
    composition = drawn(frames_of(placed("a", LEFT), placed("b", RIGHT)), FakeAnimation())
    (base,) = composition.layers
    assert (base.area, composition.size, composition.brightness) == ((0, 0, 100, 60), SIZE, 100)


def test_an_animation_lies_over_its_frame_and_under_those_that_follow():
    frames = frames_of(placed("a", LEFT), placed("b", RIGHT), placed("c", LEFT))
    layers = drawn(frames, FakeAnimation({"a": False})).layers
    assert [layer.area for layer in layers] == [(0, 0, 100, 60), (0, 0, 1, 1), (30, 0, 70, 60), (0, 0, 40, 60)]
    assert [layer.content for layer in layers[2:]] == list(frames.surfaces[1:])


def test_frames_below_the_first_animation_are_not_drawn_twice():
    layers = drawn(frames_of(placed("a", LEFT), placed("b", RIGHT)), FakeAnimation({"b": False})).layers
    assert [layer.area for layer in layers] == [(0, 0, 100, 60), (0, 0, 1, 1)]


def test_what_covers_the_panel_is_drawn_alone():
    layers = drawn(frames_of(placed("a", LEFT), placed("b"), placed("c", LEFT)), FakeAnimation({"b": True})).layers
    assert [layer.area for layer in layers] == [(0, 0, 1, 1), (0, 0, 40, 60)]


def test_over_a_frame_lies_the_first_animation_that_has_something_to_draw():
    first, second = FakeAnimation({"a": False}), FakeAnimation({"a": False, "b": False})
    layers = drawn(frames_of(placed("a", LEFT), placed("b", RIGHT)), first, second).layers
    assert len(layers) == 4
    assert (first.asked, second.asked) == (["a", "b"], ["b"])


@pytest.mark.parametrize(("state", "brightness", "drawn_with"), [(PowerState.ON, 30, 100), (PowerState.DIM, 30, 30)])
def test_only_a_dimmed_display_is_drawn_darker(state, brightness, drawn_with):
    assert drawn(frames_of(placed("a")), light=DisplayPower(state, brightness, None)).brightness == drawn_with


def test_steps_are_needed_while_any_animation_moves_over_any_frame():
    moment = Moment(NOON, 0, ClockState.TRUSTED)
    frames = frames_of(placed("a"), placed("b"))
    assert FrameCompositor([FakeAnimation(), FakeAnimation({"b": True})]).needs_steps(frames, moment)
    assert not FrameCompositor([FakeAnimation({"a": False}, moves=False)]).needs_steps(frames, moment)
    assert not FrameCompositor([FakeAnimation({"c": False})]).needs_steps(frames, moment)
    assert not FrameCompositor([]).needs_steps(frames, moment)


class TestMarquee:
    @pytest.fixture
    def marquee(self, tmp_path: Path) -> MarqueeAnimation:
        state, runtime = StateDirectory(tmp_path / "state"), RuntimeDirectory(tmp_path / "run")
        state.create_folders()
        runtime.create_folder()
        for name, size in (("long", (300, 60)), ("short", (20, 60)), ("flat", (300, 30))):
            pygame.image.save(pygame.Surface(size), state.frames / f"{name}.png")
        (state.frames / "broken.png").write_bytes(b"broken")
        return MarqueeAnimation(FrameCache(state, runtime))

    def ribbon(self, *strips: tuple[str, int | None], rectangle: Rectangle = FULL) -> PlacedFrame:
        return placed("ticker", rectangle, *(MarqueeStrip(f"{name}.png", until_ms) for name, until_ms in strips))

    @pytest.mark.parametrize(
        ("until_ms", "clock", "moves"),
        [
            (None, ClockState.TRUSTED, True), (None, ClockState.UNKNOWN, True), (NOON + 1, ClockState.TRUSTED, True),
            (NOON + 1, ClockState.CARRIED, True), (NOON + 1, ClockState.UNKNOWN, False),
            (NOON, ClockState.TRUSTED, False), (NOON - 1, ClockState.TRUSTED, False),
        ],
    )  # fmt: skip
    def test_a_message_scrolls_until_it_is_over_as_far_as_the_time_is_known(self, marquee, until_ms, clock, moves):
        ribbon = self.ribbon(("long", until_ms))
        assert marquee.needs_steps(ribbon, Moment(NOON, 0, clock)) is moves
        assert (marquee.layers_over(ribbon, step_at(NOON, SIZE, clock=clock)) is not None) is moves

    def test_a_frame_without_messages_has_nothing_over_it(self, marquee):
        assert marquee.layers_over(placed("a"), step_at(NOON, SIZE)) is None

    @pytest.mark.parametrize("names", [("broken",), ("missing",), ("flat",), ("flat", "broken")])
    def test_strips_that_do_not_fit_or_cannot_be_read_are_left_out(self, marquee, names):
        assert marquee.layers_over(self.ribbon(*((name, None) for name in names)), step_at(NOON, SIZE)) is None
        found = marquee.layers_over(self.ribbon(*((name, None) for name in (*names, "long"))), step_at(NOON, SIZE))
        assert found is not None
        assert {layer.content.get_size() for layer in found.layers} == {(300, 60)}

    @pytest.mark.parametrize(("rectangle", "covers"), [(FULL, True), (RIGHT, False)])
    def test_on_the_whole_screen_nothing_below_it_is_seen(self, marquee, rectangle, covers):
        found = marquee.layers_over(self.ribbon(("long", None), rectangle=rectangle), step_at(NOON, SIZE))
        assert found is not None
        assert found.covers_panel is covers

    def test_a_band_shorter_than_the_zone_is_repeated(self, marquee):
        found = marquee.layers_over(self.ribbon(("short", None)), step_at(NOON, SIZE, has_subpixels=False))
        assert found is not None
        assert sum(layer.area[2] for layer in found.layers) == 100
        assert 5 <= len(found.layers) <= 6


class TestTransition:
    AFTER, BEFORE = PanelComposition(SIZE, ()), PanelComposition(SIZE, ())

    def running(self, kind: SlideTransition = SlideTransition.CROSSFADE) -> RunningTransition:
        return RunningTransition(kind, self.BEFORE, 1_000.0, (1, 2, 3, 4))

    @pytest.mark.parametrize(
        ("elapsed", "progress"),
        [(-9, 0), (0, 0), (0.25, 0.15625), (0.5, 0.5), (0.75, 0.84375), (1, 1.0), (9, 1.0)],
    )
    def test_it_begins_and_ends_slowly(self, elapsed, progress):
        step = self.running().composition_at(self.AFTER, 1_000.0 + elapsed * TRANSITION_MS)
        assert step.progress == pytest.approx(progress)

    def test_a_step_says_what_gives_way_and_where(self):
        step = self.running(SlideTransition.WIPE).composition_at(self.AFTER, 1_000.0)
        assert step.previous is self.BEFORE
        assert (step.transition, step.changing_area) == (SlideTransition.WIPE, (1, 2, 3, 4))

    @pytest.mark.parametrize("kind", [kind for kind in SlideTransition if kind is not SlideTransition.CUT])
    def test_it_is_over_when_nothing_is_left_of_what_was_before(self, kind):
        transition = self.running(kind)
        length = ZOOM_MS if kind is SlideTransition.ZOOM else TRANSITION_MS
        assert transition.duration_ms == length
        assert not transition.is_over(1_000.0 + length - 1)
        assert transition.is_over(1_000.0 + length)
        assert transition.composition_at(self.AFTER, 1_000.0 + length - 1).progress < 1
