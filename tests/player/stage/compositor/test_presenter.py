"""The presenter draws what differs from what is on, and numbers and times it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest
from tests.support.player_harness import ManualClock, RecordingOutput

from beffroi_content.model import PowerState, Rectangle, SlideTransition, Viewport
from beffroi_content.timeline import ClockState, Moment, ReasonKind
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_content.wire.reports import ShownPart
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.outputs.drawing.composition import PanelComposition
from beffroi_player.stage.compositor.frame_compositor import FrameCompositor
from beffroi_player.stage.compositor.presenter import START_COLOUR, ScreenPresenter
from beffroi_player.stage.compositor.transition import TRANSITION_MS
from beffroi_player.stage.frame_cache import FrameCache
from beffroi_player.stage.frame_lookup import PlacedFrame, SceneFrames
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory

SIZE = (64, 36)
LEFT, RIGHT = Rectangle(width=32, height=36), Rectangle(x=32, width=32, height=36)
FULL = Rectangle(width=64, height=36)
ON = DisplayPower(PowerState.ON, 100, None)
DIM = DisplayPower(PowerState.DIM, 40, None)
NOON = 1_780_000_000_000


class RecordingPainter:
    """Keeps what it is to draw."""

    has_subpixel_shift = False

    def __init__(self) -> None:
        self.drawn: list[PanelComposition] = []
        self.mountings: list[DisplayMounting] = []

    def set_mounting(self, mounting: DisplayMounting) -> None:
        self.mountings.append(mounting)

    def draw_composition(self, composition: PanelComposition) -> None:
        self.drawn.append(composition)

    def copy_presented(self, scratch: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        yield scratch


class Bench:
    """A presenter with all that it needs."""

    def __init__(self, folder: Path, splash: pygame.Surface | None = None) -> None:
        self.clock = ManualClock(system_ms=NOON)
        self.output, self.painter = RecordingOutput(SIZE), RecordingPainter()
        self.opened: list[tuple[int, int]] = []
        self.output.open = self.opened.append  # type: ignore[method-assign]
        self.frames = FrameCache(StateDirectory(folder / "state"), RuntimeDirectory(folder / "run"))
        compositor = FrameCompositor(())
        self.presenter = ScreenPresenter(
            self.output, self.painter, compositor, self.frames, lambda: self.clock.uptime_ms, splash
        )

    def show(
        self,
        *slides: tuple[str, Rectangle],
        transition: SlideTransition = SlideTransition.CUT,
        light: DisplayPower = ON,
        frame: str = "",
    ) -> SceneFrames:
        """Show slides at their places; return what was shown."""
        parts = tuple(
            PlacedFrame(f"{slide}{frame}.png", place, ShownPart(slide=slide, reason=ReasonKind.RULE))
            for slide, place in slides
        )
        found = SceneFrames(parts, tuple(pygame.Surface(place.size, depth=32) for _, place in slides), ())
        self.presenter.show_frames(found, self.moment, SIZE, light, transition)
        return found

    def advance(self, frames: SceneFrames, ms: int, *, videos: bool = False) -> None:
        """Let time pass, and draw the next step."""
        self.clock.pass_by(ms)
        self.presenter.advance_motion(frames, self.moment, SIZE, ON, videos=videos, animations=True)

    @property
    def moment(self) -> Moment:
        return Moment(self.clock.system_ms, int(self.clock.uptime_ms), ClockState.TRUSTED)

    @property
    def number(self) -> int:
        presented = self.presenter.presented_frame()
        assert presented is not None
        return presented.number


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_same_frames_are_drawn_once(bench):
    for _ in range(3):
        bench.show(("a", FULL))
    assert len(bench.painter.drawn) == 1
    assert bench.number == 1


@pytest.mark.parametrize("change", [{"frame": "-2"}, {"light": DIM}])
def test_other_frames_or_another_brightness_are_drawn(bench, change):
    bench.show(("a", FULL))
    bench.show(("a", FULL), **change)
    assert len(bench.painter.drawn) == 2
    assert bench.number == 2


def test_frames_that_are_turned_otherwise_are_drawn(bench):
    bench.show(("a", FULL))
    bench.frames.set_rotation(180)
    bench.show(("a", FULL))
    assert len(bench.painter.drawn) == 2


def test_the_display_is_opened_for_each_size_once(bench):
    bench.show(("a", FULL))
    bench.show(("b", FULL))
    assert bench.opened == [SIZE]
    bench.frames.set_rotation(90)
    bench.show(("b", FULL))
    assert bench.opened == [SIZE, (36, 64)]
    assert bench.presenter.panel_pixels == (36, 64)


def test_another_mounting_draws_everything_again(bench):
    bench.show(("a", FULL))
    mounting = DisplayMounting(10, ())
    for _ in range(2):
        bench.presenter.set_mounting(mounting)
    bench.show(("a", FULL))
    assert bench.painter.mountings == [mounting]
    assert len(bench.painter.drawn) == 2
    assert bench.opened[-1] == mounting.display_size(SIZE)


def test_viewports_change_the_size_of_the_display_and_not_that_of_the_panel(bench):
    viewport = Viewport(source=Rectangle(width=32, height=36), x=0, y=0)
    bench.presenter.set_mounting(DisplayMounting(0, (viewport,)))
    bench.show(("a", FULL))
    assert bench.presenter.panel_pixels == SIZE
    assert bench.opened == [DisplayMounting(0, (viewport,)).display_size(SIZE)]


def test_a_transition_is_drawn_step_by_step_and_presented_at_its_end(bench):
    bench.show(("a", FULL))
    bench.clock.pass_by(1_000)
    frames = bench.show(("b", FULL), transition=SlideTransition.CROSSFADE)
    assert len(bench.painter.drawn) == 1
    assert bench.presenter.is_in_transition
    for _ in range(3):
        bench.advance(frames, int(TRANSITION_MS / 4))
    progress = [composition.progress for composition in bench.painter.drawn[1:]]
    assert progress == sorted(progress)
    assert 0 < progress[0] < progress[-1] < 1
    bench.advance(frames, int(TRANSITION_MS / 4) + 1)
    assert not bench.presenter.has_motion
    assert bench.painter.drawn[-1].previous is None
    presented = bench.presenter.presented_frame()
    assert presented is not None
    assert (presented.number, presented.uptime_ms) == (2, bench.clock.uptime_ms)


def test_what_gives_way_gives_way_to_nothing_itself(bench):
    """A transition that is cut short by the next one would otherwise keep every frame before in memory."""
    bench.show(("a", FULL))
    for name in ("b", "c", "d"):
        frames = bench.show((name, FULL), transition=SlideTransition.CROSSFADE)
        bench.advance(frames, 100)
        previous = bench.painter.drawn[-1].previous
        assert previous is not None
        assert previous.previous is None


def test_only_zones_with_another_slide_take_part_in_a_transition(bench):
    bench.show(("a", LEFT), ("b", RIGHT))
    frames = bench.show(("a", LEFT), ("c", RIGHT), transition=SlideTransition.WIPE)
    bench.advance(frames, 100)
    assert bench.painter.drawn[-1].changing_area == (32, 0, 32, 36)


def test_where_zones_come_or_go_the_whole_panel_takes_part(bench):
    bench.show(("a", LEFT), ("b", RIGHT))
    frames = bench.show(("c", FULL), transition=SlideTransition.WIPE)
    bench.advance(frames, 100)
    assert bench.painter.drawn[-1].previous is not None
    assert bench.painter.drawn[-1].changing_area is None


def test_another_frame_of_the_same_slide_is_no_transition(bench):
    bench.show(("clock", FULL))
    bench.show(("clock", FULL), frame="-12h01", transition=SlideTransition.CROSSFADE)
    assert not bench.presenter.is_in_transition
    assert len(bench.painter.drawn) == 2


@pytest.mark.parametrize("before", ["nothing", "standby"])
def test_out_of_the_dark_there_is_no_transition(bench, before):
    if before == "standby":
        bench.show(("a", FULL))
        bench.presenter.show_black(SIZE)
    bench.show(("b", FULL), transition=SlideTransition.CROSSFADE)
    assert not bench.presenter.is_in_transition


def test_a_notice_ends_a_transition(bench, tmp_path):
    bench.show(("a", FULL))
    bench.show(("b", FULL), transition=SlideTransition.CROSSFADE)
    bench.presenter.show_notice(tmp_path / "missing.png", SIZE)
    assert not bench.presenter.has_motion
    assert bench.presenter.shows_notice
    assert bench.painter.drawn[-1].layers[0].content.get_at((5, 5))[:3] == START_COLOUR


def test_a_notice_is_read_again_when_its_file_changes(bench, tmp_path):
    path = tmp_path / "notice.png"
    for number, colour in enumerate(("red", "blue"), 1):
        image = pygame.Surface((64, 36 + number))
        image.fill(colour)
        pygame.image.save(image, path)
        for _ in range(2):
            bench.presenter.show_notice(path, SIZE)
        assert len(bench.painter.drawn) == number
    assert bench.painter.drawn[-1].layers[0].content.get_at((5, 5))[:3] == (0, 0, 255)


def test_standby_is_black_and_drawn_once(bench):
    bench.show(("a", FULL))
    for _ in range(3):
        bench.presenter.show_black(SIZE)
    assert len(bench.painter.drawn) == 2
    assert bench.painter.drawn[-1].layers[0].content.get_at((5, 5))[:3] == (0, 0, 0)


def test_a_frame_of_a_video_is_drawn_and_not_counted(bench):
    frames = bench.show(("video", FULL))
    before = bench.number
    bench.advance(frames, 40, videos=True)
    bench.advance(frames, 40)
    assert len(bench.painter.drawn) == 2
    assert bench.number == before
    assert not bench.presenter.has_motion


def test_what_is_on_at_the_start_counts_as_shown(tmp_path):
    splash = pygame.Surface(SIZE, depth=32)
    bench = Bench(tmp_path, splash)
    assert bench.presenter.shows_anything
    assert bench.presenter.panel_pixels == SIZE
    assert bench.presenter.capture_steps(None) is None, "nothing is known of what it is"
    bench.show(("a", FULL))
    assert bench.opened == []
    assert list(bench.presenter.capture_steps(splash) or ()) == [splash]


def test_while_something_moves_the_digest_comes_later(bench):
    bench.show(("a", FULL))
    ready: list[int] = []
    assert bench.presenter.presented_frame(lambda: ready.append(1)) is None
    bench.frames._reader.shutdown(wait=True)
    assert ready == [1]
    presented = bench.presenter.presented_frame(lambda: ready.append(2))
    assert presented is not None
    assert len(presented.digest) == 64


@pytest.mark.parametrize(("rotation", "size"), [(0, SIZE), (90, (36, 64))])
def test_while_nothing_says_otherwise_a_screen_measures_what_its_display_does(bench, rotation, size):
    assert bench.presenter.natural_size(rotation) == size
