"""The dispatcher: carries out the effects of admission and of other threads. Nothing else in the agent does.

Two threads belong to it. The *admission thread* takes documents and effects from the inbox, one after another; nothing
in it may wait for a disk or a network, because the next item may be an alert. The *disk worker* takes sequences of
effects that do wait. Both queues are bounded: a document that is dropped comes again with the next poll.

Alerts come in two steps. :class:`ShowAlerts` draws the most urgent form of each and wakes the stage. Only
``AFTER_ALERT_SECONDS`` later, while the stage has had the processor to itself, :class:`FinishAlerts` draws the other
forms and has all of them written to the disk, with the floors.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from beffroi_content.wire.local_triggers import StatementRefused
from beffroi_player.agent import effects as do
from beffroi_player.agent.admission import decide_on_document
from beffroi_player.agent.commands import CommandRunner
from beffroi_player.agent.effects import Effect
from beffroi_player.agent.held_alerts import HeldAlerts
from beffroi_player.agent.held_state import HeldState
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.local_acts import LocalActs, TriggerRefused
from beffroi_player.agent.prepare.asset_downloads import AssetStore
from beffroi_player.agent.prepare.preparation_queue import PreparationQueue
from beffroi_player.agent.prepare.programme_preparation import remove_other_frames
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.serial_worker import SerialWorker, WorkQueue
from beffroi_player.agent.storage import PendingProgramme
from beffroi_player.state.directories import DocumentReception, RuntimeDirectory, StateDirectory
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

AFTER_ALERT_SECONDS = 0.2
"""After an alert: the stage has the processor to itself while it presents the first form."""

Inbox = WorkQueue[ReceivedDocument | Effect]
"""What the admission thread has to do. Any thread may put something in."""


class Dispatcher:
    """Takes documents and effects, and carries the effects out.

    Args:
        inbox: The queue of the admission thread.
        disk: The queue of the disk worker.
        held: What the agent holds.
        alerts: The alerts that are held.
        local: What was triggered on the spot.
        clock: The clock of the agent.
        refusals: Told of what is not accepted.
        preparation: Makes programmes ready.
        commands: Runs commands.
        assets: The files of programmes.
        state: The state directory.
        runtime: The runtime directory; its sockets wake stage and agent.
        subscribe: Subscribes to every topic again.
        poll: Fetches every document over HTTP soon.
        acts_changed: Called when something else was triggered on the spot than before.
    """

    def __init__(
        self, inbox: Inbox, disk: WorkQueue[do.OnDisk], held: HeldState, alerts: HeldAlerts, local: LocalActs,
        clock: AgentClock, refusals: RefusalLog, preparation: PreparationQueue, commands: CommandRunner,
        assets: AssetStore, state: StateDirectory, runtime: RuntimeDirectory, subscribe: Callable[[], None],
        poll: Callable[[], None], acts_changed: Callable[[], object],
    ) -> None:  # fmt: skip
        self._inbox, self._disk = inbox, disk
        self._held, self._alerts, self._clock, self._refusals = held, alerts, clock, refusals
        self._preparation, self._commands, self._assets = preparation, commands, assets
        self._state, self._runtime = state, runtime
        self._subscribe, self._poll = subscribe, poll
        self._local, self._acts_changed = local, acts_changed
        self._carried_out_by = self._in_admission_thread() | self._on_disk_worker()
        self._admission_worker = SerialWorker("admission", inbox, self.handle)
        self._disk_worker = SerialWorker("disk", disk, self.handle_on_disk)

    def start(self) -> None:
        """Start both threads."""
        self._disk_worker.start()
        self._admission_worker.start()

    def stop(self) -> None:
        """Handle what is waiting and end."""
        self._admission_worker.stop()
        self._disk_worker.stop()

    @property
    def seconds_at_work(self) -> float:
        """For how long the admission thread has handled the present item."""
        return self._admission_worker.seconds_at_work

    def handle(self, item: ReceivedDocument | Effect) -> None:
        """Admit a document, or carry out an effect. In the admission thread."""
        if isinstance(item, ReceivedDocument):
            self._admit(item)
        else:
            self._carry_out(item)
        if (dropped := self._inbox.take_dropped()) is not None:
            # State, not events: what was dropped comes again with the next poll.
            subject = dropped.topic if isinstance(dropped, ReceivedDocument) else type(dropped).__name__
            self._refusals.record_refusal(subject, "overrun", "more documents than can be checked")
            self._poll()

    def handle_on_disk(self, sequence: do.OnDisk) -> None:
        """Carry out a sequence of effects. In the disk worker."""
        for effect in sequence.effects:
            self._carry_out(effect)

    def _admit(self, received: ReceivedDocument) -> None:
        held = self._held
        held.admission, effects = decide_on_document(held.admission, received, self._clock.now(), self._clock.server)
        for effect in effects:
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        self._carried_out_by[type(effect)](effect)

    def _in_admission_thread(self) -> dict[type[Effect], Callable[[Any], object]]:
        return {
            do.RaiseClockFloor: lambda effect: self._clock.raise_floor(effect.newest_at_ms),
            do.SetClock: self._set_clock,
            do.ShowAlerts: self._show_alerts,
            do.HoldScenarios: self._hold_scenarios,
            do.TriggerScenario: self._trigger_scenario,
            do.FollowStatement: self._follow_statement,
            do.NoteReported: self._note_reported,
            do.RetainStreams: self._retain_streams,
            do.HoldProgramme: self._hold_programme,
            do.RequestSubscriptions: lambda _: self._subscribe(),
            do.RequestPoll: lambda _: self._poll(),
            do.RecordRefusal: lambda effect: self._refusals.record_refusal(
                effect.subject, effect.code, effect.detail
            ),
            do.ReportChange: lambda _: send_wakeup(self._runtime.agent_socket),
            do.OnDisk: self._put_on_disk,
            do.FinishAlerts: self._finish_alerts,
            do.SaveAlerts: self._save_alerts,
            do.UpdateDrawingContext: self._update_drawing_context,
            do.ResizeDisplay: self._resize_display,
            do.RepairFrames: self._repair_frames,
            do.RepairStateFiles: self._repair_state_files,
            do.RemoveUnneeded: self._remove_unneeded,
        }  # fmt: skip

    def _on_disk_worker(self) -> dict[type[Effect], Callable[[Any], object]]:
        return {
            do.SaveTrust: lambda _: self._held.save_trust(),
            do.SavePending: lambda effect: self._held.save_pending(effect.programme),
            do.PrepareProgramme: lambda effect: self._preparation.offer_programme(effect.programme),
            do.RunCommand: lambda effect: self._commands.run_command(effect.command),
            do.WriteAlerts: lambda effect: self._held.save_alerts(lambda: self._alerts.save_record(effect.record)),
            do.SaveSets: lambda _: self._held.save_sets(),
            do.SaveScenarios: lambda _: self._held.save_local("scenarios.json", self._local.save_scenarios),
            do.SaveActs: lambda _: self._held.save_local("acts.json", self._local.save_acts),
            do.RewriteProgramme: lambda _: self._held.rewrite_programme(),
            do.RepairCopies: lambda _: self._held.repair_copies(),
            do.RemoveOtherFrames: lambda effect: remove_other_frames(self._state.frames, effect.needed),
            do.RemoveUnneededAssets: lambda _: self._assets.remove_unneeded(self._held.needed_assets()),
        }

    def _put_on_disk(self, sequence: do.OnDisk) -> None:
        if not self._disk.put(sequence):
            self._refusals.record_refusal("state directory", "disk", "it is too slow: something was not written")

    # --- alerts

    def _set_clock(self, effect: do.SetClock) -> None:
        self._clock.apply_beat(effect.reading)
        if self._alerts.measure_lapses(self._clock.server):
            self._finish_alerts_later()

    def restore_alerts(self) -> None:
        """Present the alerts that were held before this start."""
        self._alerts.restore(self._held.restored_alerts)
        self._alerts.retain_streams(self._held.admission.alert_streams)
        self._local.retain_streams(self._held.admission.set_streams)
        self._alerts.hold_local(self._local.held(), self._clock.now())
        self._finish_alerts_later()

    def _show_alerts(self, effect: do.ShowAlerts) -> None:
        self._alerts.take_set(
            effect.stream, effect.document,
            self._reception(effect.stream, effect.document.sequence, effect.received_uptime_ms), self._clock.server,
        )  # fmt: skip
        if self._local.note_set(effect.document):
            self._show_acts()
        self._finish_alerts_later()

    def _retain_streams(self, effect: do.RetainStreams) -> None:
        self._local.retain_streams(effect.streams)
        self._alerts.hold_local(self._local.held(), self._clock.now())
        if self._alerts.retain_streams(effect.streams):
            self._finish_alerts_later()

    # --- on the spot

    def _hold_scenarios(self, effect: do.HoldScenarios) -> None:
        self._local.take_scenarios(effect.stream, effect.document)
        self._alerts.hold_local(self._local.held(), self._clock.now())

    def _trigger_scenario(self, effect: do.TriggerScenario) -> None:
        try:
            said = self._local.carry_out(effect.request)
        except TriggerRefused as refused:
            effect.answer(False, str(refused))
            return
        self._show_acts()
        effect.answer(True, said)

    def _follow_statement(self, effect: do.FollowStatement) -> None:
        try:
            if self._local.follow_statement(effect.statement, effect.nonce):
                self._show_acts()
        except StatementRefused as refused:
            self._refusals.record_refusal("statement of a peer", "statement-refused", str(refused))

    def _note_reported(self, effect: do.NoteReported) -> None:
        self._local.note_reported(effect.acts)
        self._put_on_disk(do.OnDisk((do.SaveActs(),)))

    def _show_acts(self) -> None:
        """Present what was triggered on the spot as it is now; the disk, the peers and the server come after."""
        self._alerts.hold_local(self._local.held(), self._clock.now())
        self._alerts.end_now(self._local.ended)
        self._finish_alerts_later()
        self._put_on_disk(do.OnDisk((do.SaveActs(),)))
        self._acts_changed()

    def _update_drawing_context(self, _: do.UpdateDrawingContext) -> None:
        self._use_drawing_context(self._alerts.drawing_context.settings.screen_class.size)

    def _resize_display(self, effect: do.ResizeDisplay) -> None:
        if self._held.active is None:
            self._use_drawing_context(effect.size)

    def _use_drawing_context(self, size: tuple[int, int]) -> None:
        if self._alerts.use_drawing_context(self._held.drawing_context(size)):
            self._finish_alerts_later()

    def _finish_alerts_later(self) -> None:
        # Whatever comes first may be another alert.
        self._inbox.put_later(do.FinishAlerts(), AFTER_ALERT_SECONDS)

    def _finish_alerts(self, _: do.FinishAlerts) -> None:
        self._alerts.draw_later_forms()
        self._write_alerts()

    def _save_alerts(self, _: do.SaveAlerts) -> None:
        if self._alerts.has_alerts:
            # An “end of alert” that was shown long enough leaves the record, and its frames the disk.
            self._alerts.hold_local(self._local.held(), self._clock.now())
            self._write_alerts()
            self._put_on_disk(do.OnDisk((do.SaveActs(),)))

    def _write_alerts(self) -> None:
        self._put_on_disk(do.OnDisk((do.WriteAlerts(self._alerts.to_record()), do.SaveTrust(), do.SaveSets())))

    # --- programmes

    def _hold_programme(self, effect: do.HoldProgramme) -> None:
        is_first = self._held.active is None
        self._held.pending = effect.programme
        self._held.programme_reception = self._reception(
            effect.stream, effect.programme.sequence, effect.received_uptime_ms
        )
        if is_first:
            # It says what display this is, long before it is ready.
            self._use_drawing_context(self._alerts.drawing_context.settings.screen_class.size)

    def _reception(self, stream: str, sequence: int, uptime_ms: float) -> DocumentReception:
        return DocumentReception(stream, sequence, self._clock.now().unix_ms, uptime_ms)

    def _remove_unneeded(self, _: do.RemoveUnneeded) -> None:
        # In the admission thread: what is drawn for a newer programme is drawn later.
        active = self._held.active
        if active is None or self._held.pending is not None:
            return
        needed = active.frame_names | self._alerts.frame_names
        self._put_on_disk(do.OnDisk((do.RemoveOtherFrames(frozenset(needed)),)))
        self._put_on_disk(do.OnDisk((do.RemoveUnneededAssets(),)))

    # --- repair

    def _repair_frames(self, effect: do.RepairFrames) -> None:
        for name in effect.frames:
            with contextlib.suppress(OSError):
                (self._state.frames / name).unlink()
        if self._alerts.redraw_frames(effect.frames):
            self._finish_alerts_later()
        active = self._held.active
        if active is not None and self._held.pending is None:
            self._preparation.offer_programme(PendingProgramme(sequence=active.sequence, manifest=active.manifest))

    def _repair_state_files(self, _: do.RepairStateFiles) -> None:
        self._held.make_folders()
        if self._held.are_alerts_damaged:
            self._write_alerts()
        if self._held.is_programme_damaged:
            self._put_on_disk(do.OnDisk((do.RewriteProgramme(),)))
