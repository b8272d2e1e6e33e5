"""Pictures of the screen: when the stage is asked for one, and for whom the one that it writes is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from beffroi_content import rendering
from beffroi_content.timeline import ClockState
from beffroi_content.wire.messages import SCREENSHOT, WireMessage
from beffroi_content.wire.reports import SCREENSHOT_BOX, ShownPart
from beffroi_player.agent.report.capture_upload import ExactCapture
from beffroi_player.agent.report.screenshots import (
    LAST_MS,
    REPEAT_MS,
    SCREENSHOT_SIDE,
    WAIT_MS,
    ScreenshotSender,
    small_jpeg,
)
from beffroi_player.state.directories import CaptureInfo, PresentedStatus, RuntimeDirectory, StateDirectory
from beffroi_player.state.ppm_images import ppm_header
from beffroi_player.wakeup import CAPTURE_REQUESTED, WakeupSocket

NOW_MS = 1_780_000_000_000
SIZE = (64, 36)
RED = Image.new("RGB", SIZE, "red")
SLIDE = ShownPart(slide="pool", reason="rule")
FLOOD = ShownPart(alert="flood", form="takeover", reason="alert")


class ScreenTrial:
    """A sender, a stage that is asked, and a broker that takes what is sent."""

    def __init__(self, folder: Path, stage: WakeupSocket) -> None:
        self.state, self.runtime = StateDirectory(folder / "state"), RuntimeDirectory(folder / "run")
        self.uptime_ms = 60_000.0
        self.stage = stage
        self.sent: list[bytes] = []
        self.captures: list[ExactCapture] = []
        self.sender = ScreenshotSender(
            self.state, self.runtime, self._publish, lambda: self.uptime_ms, self.captures.append
        )

    def _publish(self, message: WireMessage, payload: bytes, _acknowledged: object) -> bool:
        assert message is SCREENSHOT
        self.sent.append(payload)
        return True

    @property
    def is_stage_asked(self) -> bool:
        return CAPTURE_REQUESTED in self.stage.wait(0)

    def present(self, *showings: ShownPart, is_another_frame: bool = True, **changes: Any) -> PresentedStatus:
        """Let the stage say what it presents."""
        values = {
            "started_at_ms": NOW_MS, "number": 1, "size": SIZE, "showings": showings, "programme": 3,
            "presented_at_ms": NOW_MS, "presented_uptime_ms": self.uptime_ms, "clock": ClockState.TRUSTED,
            "frame": rendering.image_digest(RED),
        }  # fmt: skip
        presented = PresentedStatus(**{**values, **changes})
        self.sender.note_presented(presented, is_another_frame=is_another_frame)
        return presented

    def write(self, presented: PresentedStatus | None, taken_ms: float | None = None, comment: bytes = b"") -> None:
        """Let the stage write a picture, and the sender find it."""
        info = CaptureInfo(at_ms=NOW_MS, uptime_ms=self.uptime_ms if taken_ms is None else taken_ms, moves=False)
        head = ppm_header(SIZE, comment or info.to_json())
        self.runtime.capture_image.unlink(missing_ok=True)
        self.runtime.capture_image.write_bytes(head + RED.tobytes())
        self.look(presented)

    def look(self, presented: PresentedStatus | None = None) -> None:
        self.sender.pass_on(presented, lambda: {"all/alerts": 7})


@pytest.fixture
def trial(tmp_path: Path) -> Any:
    StateDirectory(tmp_path / "state").create_folders()
    runtime = RuntimeDirectory(tmp_path / "run")
    runtime.create_folder()
    with WakeupSocket(runtime.stage_socket) as stage:
        yield ScreenTrial(tmp_path, stage)


# --- screenshots


def test_a_screenshot_is_taken_when_it_is_asked_for_and_sent_once(trial: ScreenTrial) -> None:
    trial.sender.request_screenshot(0)
    assert trial.is_stage_asked
    trial.write(None)
    trial.write(None)
    assert len(trial.sent) == 1
    with Image.open(io.BytesIO(trial.sent[0])) as image:
        assert (image.format, image.size) == ("JPEG", SIZE)


def test_nobody_is_sent_an_image_that_nobody_has_asked_for(trial: ScreenTrial) -> None:
    trial.write(None)
    assert trial.sent == trial.captures == []


@pytest.mark.parametrize(
    ("after_ms", "is_another_frame", "is_asked"),
    [(0, True, True), (9_999, True, True), (10_000, True, False), (0, False, False)],
)
def test_for_so_many_seconds_each_change_is_sent(
    trial: ScreenTrial, after_ms: int, is_another_frame: bool, is_asked: bool
) -> None:
    trial.sender.request_screenshot(10)
    trial.write(None)
    assert trial.is_stage_asked
    trial.uptime_ms += after_ms
    # An alert, because a programme would be asked for by itself: as the last frame.
    trial.present(FLOOD, is_another_frame=is_another_frame)
    assert trial.is_stage_asked is is_asked


@pytest.mark.parametrize("size", [(3840, 2160), (2160, 3840), (480, 270), (100, 3_000), (20, 20)])
def test_a_screenshot_is_small_and_keeps_its_shape(size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(small_jpeg(Image.new("RGB", size, "blue")))) as image:
        assert max(image.size) == min(SCREENSHOT_SIDE, max(size))
        assert image.width / image.height == pytest.approx(size[0] / size[1], rel=0.1)


def test_a_screenshot_says_on_which_machine_it_was_made() -> None:
    made = small_jpeg(Image.new("RGB", SIZE, "blue"), "a" * 16)
    assert SCREENSHOT_BOX + b"a" * 16 in made
    assert SCREENSHOT_BOX not in small_jpeg(Image.new("RGB", SIZE, "blue"))


def test_the_largest_screenshot_of_noise_is_no_larger_than_allowed() -> None:
    noise = Image.effect_noise((SCREENSHOT_SIDE, SCREENSHOT_SIDE), 100).convert("RGB")
    assert len(small_jpeg(noise)) <= SCREENSHOT.size_limit


# --- captures


def test_a_capture_is_passed_on_with_the_alerts_of_that_moment(trial: ScreenTrial) -> None:
    trial.sender.request_capture()
    assert trial.is_stage_asked
    trial.write(None)
    trial.write(None)
    (capture,) = trial.captures
    assert capture.alerts == {"all/alerts": 7}
    assert capture.taken.uptime_ms == trial.uptime_ms
    assert trial.sent == []


def test_an_image_from_before_it_was_asked_for_is_no_capture(trial: ScreenTrial) -> None:
    trial.sender.request_capture()
    trial.write(None, taken_ms=trial.uptime_ms - 1)
    assert trial.captures == []
    trial.write(None)
    assert len(trial.captures) == 1


def test_the_stage_is_asked_again_and_not_for_ever(trial: ScreenTrial) -> None:
    trial.sender.request_capture()
    assert trial.is_stage_asked
    asked = 0
    for _ in range(2 * WAIT_MS // REPEAT_MS):
        trial.uptime_ms += REPEAT_MS
        trial.look()
        asked += trial.is_stage_asked
    assert asked == WAIT_MS // REPEAT_MS
    trial.write(None)
    assert trial.captures == []


@pytest.mark.parametrize("comment", [b"{}", b"not json", b"null", b"\xff\xfe"])
def test_an_image_of_which_nothing_is_known_is_no_capture(
    trial: ScreenTrial, comment: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    trial.sender.request_capture()
    trial.write(None, comment=comment)
    assert trial.captures == []
    assert "nothing is known" in caplog.text


@pytest.mark.parametrize(
    "content", [b"", b"P6\n", b"P6\n64 36 255\n", b"\x89PNG\r\n\x1a\n", ppm_header((9_999, 9_999))]
)
def test_a_file_that_is_no_image_is_left_where_it_is(
    trial: ScreenTrial, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    trial.sender.request_screenshot(0)
    trial.runtime.capture_image.write_bytes(content)
    trial.look()
    assert trial.sent == []
    assert "no image of the screen" in caplog.text


# --- the last frame, for the next start


@pytest.mark.parametrize(
    ("showings", "changes", "is_lasting"),
    [
        pytest.param((SLIDE,), {}, True, id="a slide"),
        pytest.param((SLIDE,), {"programme": None}, False, id="no programme"),
        pytest.param((), {}, False, id="nothing"),
        pytest.param((FLOOD,), {}, False, id="an alert"),
        pytest.param((SLIDE, FLOOD), {}, False, id="an alert beside it"),
        pytest.param((SLIDE,), {"overlay": True}, False, id="an overlay"),
    ],
)
def test_the_last_frame_is_one_that_may_be_shown_after_a_start(
    trial: ScreenTrial, showings: tuple[ShownPart, ...], changes: dict[str, Any], is_lasting: bool
) -> None:
    presented = trial.present(*showings, **changes)
    assert trial.is_stage_asked is is_lasting
    trial.write(presented)
    assert trial.state.last_frame.exists() is is_lasting


def test_the_last_frame_is_what_the_stage_says_that_it_presents(trial: ScreenTrial) -> None:
    presented = trial.present(SLIDE, frame="0" * 64)
    trial.write(presented)
    assert not trial.state.last_frame.exists()
    trial.write(trial.present(SLIDE))
    with Image.open(trial.state.last_frame) as image:
        assert image.tobytes() == RED.tobytes()


def test_the_last_frame_is_renewed_with_the_programme_and_now_and_then(trial: ScreenTrial) -> None:
    asked = []
    for after_ms, programme in [(0, 3), (LAST_MS - 1, 3), (1, 3), (1, 3), (1, 4)]:
        trial.uptime_ms += after_ms
        presented = trial.present(SLIDE, programme=programme)
        asked.append(trial.is_stage_asked)
        trial.write(presented)
    assert asked == [True, False, True, False, True]


def test_an_alert_that_comes_meanwhile_is_not_the_last_frame(trial: ScreenTrial) -> None:
    trial.present(SLIDE)
    trial.write(trial.present(FLOOD))
    assert not trial.state.last_frame.exists()
    trial.write(trial.present(SLIDE))
    assert trial.state.last_frame.exists()
