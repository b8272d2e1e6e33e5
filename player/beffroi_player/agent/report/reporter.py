"""The reporting thread's work: reads what the stage presents, and lets receipts, images and the report follow."""

from __future__ import annotations

from collections.abc import Callable

from beffroi_player.agent.effects import Effect, RemoveUnneeded, RepairFrames
from beffroi_player.agent.report.frame_repair import FrameRepairs
from beffroi_player.agent.report.receipts import ReceiptLog
from beffroi_player.agent.report.report_facts import ReportFacts
from beffroi_player.agent.report.report_sender import ReportSender
from beffroi_player.agent.report.screenshots import ScreenshotSender
from beffroi_player.state.directories import PresentedStatus, RuntimeDirectory


class ScreenReporter:
    """Reports what a screen presents. Belongs to one thread.

    Args:
        runtime: Where the stage says what it presents.
        facts: Asked for the present facts.
        receipts: Keeps and sends receipts.
        report: Sends the report.
        screenshots: Sends images of the screen.
        repairs: Tells which frames are to be repaired.
        put: Puts an effect into the inbox of the admission thread.
    """

    def __init__(
        self, runtime: RuntimeDirectory, facts: Callable[[], ReportFacts], receipts: ReceiptLog,
        report: ReportSender, screenshots: ScreenshotSender, repairs: FrameRepairs,
        put: Callable[[Effect], object],
    ) -> None:  # fmt: skip
        self._runtime, self._facts, self._put = runtime, facts, put
        self._receipts, self._report, self._screenshots, self._repairs = receipts, report, screenshots, repairs
        self._presented: PresentedStatus | None = None
        self._presented_stamp: object = None
        self._programme_presented: int | None = None

    @property
    def presented(self) -> PresentedStatus | None:
        """What the stage last said that it presents."""
        return self._presented

    def report_changes(self) -> float:
        """Report what there is to report. Return the seconds until there may be more."""
        if (now := self._runtime.presented.file_stamp) != self._presented_stamp:
            self._presented_stamp = now
            presented = self._runtime.presented.read()
            if presented is not None:
                self._note_presented(presented)
        if self._presented is not None and (frames := self._repairs.due_frames(self._presented)):
            self._put(RepairFrames(frames))
        self._screenshots.pass_on(self._presented, lambda: self._facts().alerts)
        return self._report.send_if_due(self._presented, self._facts)

    def on_connected(self) -> None:
        """Report everything again: there is a new connection."""
        self._report.repeat_everything()
        self._receipts.on_connected()
        self._screenshots.on_connected()

    def _note_presented(self, presented: PresentedStatus) -> None:
        before, self._presented = self._presented, presented
        self._receipts.send_new(presented, self._facts())
        if presented.programme is not None and presented.programme != self._programme_presented:
            # What only the programme before needed can go.
            self._programme_presented = presented.programme
            self._put(RemoveUnneeded())
        is_another_frame = before is None or before.frame != presented.frame
        self._screenshots.note_presented(presented, is_another_frame=is_another_frame)
