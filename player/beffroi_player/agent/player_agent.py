"""The agent: builds its parts, starts them in order, reports until it is told to stop, and stops them in reverse.

A document's way through the parts, each of which is entered once:

1. ``transport.mqtt_client`` (or ``transport.polling``) puts it into the inbox;
2. ``dispatcher`` takes it out, in the admission thread;
3. ``admission`` checks it and answers with effects, which the dispatcher carries out: an alert goes to
   ``held_alerts`` and from there to the stage; a programme goes to the disk (``held_state``) and then to
4. ``prepare.preparation_queue``, which lets ``prepare.programme_preparation`` download its files
   (``prepare.asset_downloads``) and draw its frames (``prepare.render_process``);
5. ``held_state`` makes it the active programme with one rename, and wakes the stage.
"""

from __future__ import annotations

import gc
import logging
import threading
import uuid
from functools import partial
from types import FrameType
from urllib.parse import urlsplit

from beffroi_content.model import HeldAlert
from beffroi_content.trust import SequenceFloor
from beffroi_content.wire.reports import ConnectionState
from beffroi_player import system_clock, systemd_notify
from beffroi_player.agent import effects as do
from beffroi_player.agent.alert_sounds import AlertSounds
from beffroi_player.agent.commands import CommandRunner
from beffroi_player.agent.contacts import ContactWatch
from beffroi_player.agent.copied_card import CopiedCard
from beffroi_player.agent.dispatcher import Dispatcher, Inbox
from beffroi_player.agent.followed_settings import FollowedSettings
from beffroi_player.agent.held_alerts import HeldAlerts
from beffroi_player.agent.held_state import HeldState
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.host.box_identity import box_identity
from beffroi_player.agent.host.health import HealthMonitor
from beffroi_player.agent.local_acts import LocalActs
from beffroi_player.agent.notice_image import NoticeImage, warm_up
from beffroi_player.agent.periodic_tasks import PeriodicTasks
from beffroi_player.agent.prepare.asset_downloads import AssetStore
from beffroi_player.agent.prepare.live_frames import LiveFrames
from beffroi_player.agent.prepare.preparation_queue import PreparationQueue
from beffroi_player.agent.prepare.programme_preparation import ProgrammePreparer, broken_frames
from beffroi_player.agent.prepare.render_process import RenderProcess
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.report.act_upload import ActUploader
from beffroi_player.agent.report.capture_upload import CaptureUploader
from beffroi_player.agent.report.fact_collector import FactCollector
from beffroi_player.agent.report.frame_repair import FrameRepairs
from beffroi_player.agent.report.play_archive import PlayArchive
from beffroi_player.agent.report.play_upload import PlayUploader
from beffroi_player.agent.report.receipt_upload import ReceiptUploader
from beffroi_player.agent.report.receipts import ReceiptLog
from beffroi_player.agent.report.report_sender import ReportSender, software_version
from beffroi_player.agent.report.reporter import ScreenReporter
from beffroi_player.agent.report.screenshots import ScreenshotSender
from beffroi_player.agent.serial_worker import WorkQueue
from beffroi_player.agent.server_answers import ServerAnswers
from beffroi_player.agent.silence import TownSilence, credentials_of
from beffroi_player.agent.software.software_updates import SoftwareUpdates
from beffroi_player.agent.sound_process import SoundProcess
from beffroi_player.agent.storage import AgentStorage, PlayerEnrolment
from beffroi_player.agent.transport.alert_relay import AlertRelay
from beffroi_player.agent.transport.broker_moves import BrokerMoves
from beffroi_player.agent.transport.broker_watch import BEAT_TIMEOUT_MS, BrokerWatch
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.agent.transport.mqtt_client import PlayerMqttClient, broker_host
from beffroi_player.agent.transport.peer_sharing import PeerSharing
from beffroi_player.agent.transport.polling import DocumentPoller
from beffroi_player.agent.trigger_socket import TriggerSocket
from beffroi_player.doctor.facts import lasting_problems
from beffroi_player.releases.release_files import FOLDER, ReleaseFiles, package_root
from beffroi_player.state.atomic_files import remove_leftovers
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory
from beffroi_player.wakeup import WakeupSocket, send_wakeup

log = logging.getLogger(__name__)

STUCK_ADMISSION_SECONDS = 60.0
"""Where one document is admitted for so long no alert comes through any more: a new start may be the cure."""
LONGEST_WAIT_SECONDS = 5.0
"""How long the reporting thread sleeps at most."""
WITHHELD_MS = 5_000
KERNEL_CLOCK_MS = 10_000
DOWNLOADS_MS = 60_000
STATE_REPAIR_MS = 10_000
"""How often it looks whether somebody has damaged what the stage reads: two questions to the file system."""
ARCHIVE_MS = 60_000
HEALTH_MS = 60_000
COPIES_MS = 300_000
"""How often files are compared with their copies."""
SILENCE_MS = 30_000
"""How often it counts for how long the town has been silent."""
ALERTS_MS = 300_000
"""How often what the alerts have left to live goes to the disk."""


class PlayerAgent:
    """Everything on the network side of one screen.

    The parts are built from the bottom up: each is given what it calls, and nothing is added to it later. Whatever
    would point back up is put into the inbox as data.
    """

    def __init__(self, enrolment: PlayerEnrolment, state: StateDirectory, runtime: RuntimeDirectory) -> None:
        self._enrolment, self._state, self._runtime = enrolment, state, runtime
        self._stopping, self._box = threading.Event(), box_identity()
        self.is_to_start_anew = False
        """Whether the stage has to be started again, too: the play log goes on elsewhere."""
        for folder in (state.folder, state.frames, state.plays):
            remove_leftovers(folder)
        self._inbox: Inbox = WorkQueue()
        self._disk: WorkQueue[do.OnDisk] = WorkQueue()
        storage = AgentStorage(state.folder)
        credentials = credentials_of(enrolment.token)
        self._build_state(storage)
        self._build_transport(storage, boot := uuid.uuid4().hex)
        self._notice = NoticeImage(
            state, enrolment.name or enrolment.screen, self._held.drawing_context,
            partial(send_wakeup, runtime.stage_socket),
        )  # fmt: skip
        self._silence = TownSilence(state, system_clock.uptime_ms, self._notice.draw_again, credentials)
        self._build_preparation()
        self._settings = FollowedSettings(
            enrolment, self._held, self._clock, self._server, self._broker_moves, self._peers, self._preparation,
            self._silence,
        )  # fmt: skip
        self._build_reporting()
        self._act_reports = ActUploader(self._local, self._server.send_acts, self._inbox.put)
        self._triggers = TriggerSocket(self._runtime.trigger_socket, self._inbox.put)
        self._contacts = ContactWatch(lambda: self._local.contacts, self._inbox.put, self._refusals.record_refusal)
        self._sounds = AlertSounds(
            self._held_alerts, self._settings.of_screen, self._clock.now, SoundProcess(), storage.sounds
        )
        self._commands = CommandRunner(
            storage, runtime, self._refusals, self._clock, self._alerts, enrolment.screen, self._screenshots,
            self._stopping.set, self._box, self._copied_card.shut_out, credentials,
            self._silence.revoke, self._on_sound_trial,
        )  # fmt: skip
        self._build_reporter(boot)
        self._dispatcher = Dispatcher(
            self._inbox, self._disk, self._held, self._alerts, self._local, self._clock, self._refusals,
            self._preparation, self._commands, self._assets, state, runtime, self._mqtt.request_subscriptions,
            self._poller.poll_soon, self._on_acts_changed,
        )  # fmt: skip
        self._tasks = self._periodic_tasks()

    # --- building

    def _build_state(self, storage: AgentStorage) -> None:
        stored = storage.trust.read()
        self._clock = AgentClock(
            self._runtime, stored.newest_at_ms if stored else 0, partial(send_wakeup, self._runtime.stage_socket)
        )
        self._refusals = RefusalLog(lambda: self._clock.now().unix_ms, system_clock.uptime_ms)
        boot = system_clock.boot_id()
        self._held = HeldState(self._enrolment, self._state, storage, self._runtime, boot, self._clock, self._refusals)
        self._clock.raise_floor(self._held.admission.trust.newest_at_ms)
        self._alerts = HeldAlerts(
            self._state, self._runtime, boot, system_clock.uptime_ms, self._held.drawing_context(),
            seen=lambda: self._receipts.seen_alerts,
        )  # fmt: skip
        enrolment = self._enrolment
        self._local = LocalActs(
            enrolment.site, enrolment.screen, enrolment.trigger_key, storage.scenarios, storage.acts, boot,
            self._clock.now, self._alerts.is_active,
        )  # fmt: skip

    def _build_transport(self, storage: AgentStorage, boot: str) -> None:
        enrolment = self._enrolment
        wake_agent = partial(send_wakeup, self._runtime.agent_socket)
        caller = f"{self._box} {system_clock.boot_id()}" if self._box else ""
        self._server = ServerClient(enrolment.server, enrolment.token, caller)
        server_host = urlsplit(enrolment.server).hostname or "localhost"
        self._mqtt = PlayerMqttClient(
            enrolment, broker_host(enrolment.mqtt, server_host), boot, lambda: self._held.admission.topics,
            self._receive_document,
            lambda topic, detail: self._refusals.record_refusal(topic, "subscription-refused", detail),
            wake_agent, self._box,
        )  # fmt: skip
        self._broker_moves = BrokerMoves(
            enrolment, storage.enrolment, system_clock.uptime_ms,
            lambda broker: self._mqtt.use_broker(broker, broker_host(broker, server_host)),
            self._refusals.record_refusal,
        )  # fmt: skip
        self._connection = self._mqtt.history
        self._copied_card = CopiedCard(self._state, self._runtime, self._mqtt.stay_away, self._start_anew)
        self._plays = PlayUploader(self._state, self._mqtt.publish, box=self._box)
        self._receipts = ReceiptLog(boot, self._mqtt.publish, storage.receipts, self._box)
        answers = ServerAnswers(self._server, self._held, self._copied_card, self._broker_moves, self._receipts)
        self._poller = DocumentPoller(
            self._server, self._receive_document, wake_agent, system_clock.uptime_ms, self._plays.note_held,
            answers.note_answer, lambda: self._settings.find_authorities(),  # noqa: PLW0108 - it is made later
        )  # fmt: skip
        self._watch = BrokerWatch(
            system_clock.uptime_ms, lambda: self._held.admission.last_beat_uptime_ms,
            lambda: self._held.admission.withheld_streams, lambda: self._mqtt.is_fully_subscribed,
            lambda: self._poller.is_answered, self._poller.poll_soon, self._broker_moves.take_turn,
        )  # fmt: skip
        self._peers = PeerSharing(self._state.assets, enrolment.site)
        self._told_floors: dict[str, SequenceFloor] = {}
        self._relay = AlertRelay(
            enrolment.site, self._held.accepted_sets, lambda stream: stream in self._held.admission.alert_streams,
            lambda: self._watch.state is ConnectionState.LOST, self._receive_document, system_clock.uptime_ms,
            acts=self._local.statement, follow=lambda signed, nonce: self._inbox.put(do.FollowStatement(signed, nonce)),
        )  # fmt: skip

    def _build_preparation(self) -> None:
        state, runtime, held = self._state, self._runtime, self._held
        self._assets = AssetStore(state.assets, self._server, self._peers)
        preparer = ProgrammePreparer(
            state, self._assets, RenderProcess(state.assets, state.frames), held.needed_assets, self._clock.now
        )
        wake_agent, wake_stage = partial(send_wakeup, runtime.agent_socket), partial(send_wakeup, runtime.stage_socket)
        self._preparation = PreparationQueue(preparer, held, self._inbox.put, wake_agent)
        self._software = SoftwareUpdates(
            ReleaseFiles(state.folder / FOLDER), software_version(), package_root(),
            self._server.fetch_release_metadata, self._assets, lambda: held.active.manifest if held.active else None,
            self._clock.now, self._has_alert, held.hold_release_archive, wake_agent,
        )  # fmt: skip
        self._live_frames = LiveFrames(runtime, lambda: held.active, self._clock.now, wake_stage)

    def _build_reporting(self) -> None:
        state, runtime, publish = self._state, self._runtime, self._mqtt.publish
        self._archive = PlayArchive(state, self._clock.now)
        self._captures = CaptureUploader(self._server.upload_capture, self._refusals.record_refusal)
        self._host = HealthMonitor(state.folder, lasting=lasting_problems(state.folder))
        self._screenshots = ScreenshotSender(
            state, runtime, publish, system_clock.uptime_ms, self._captures.offer_capture, self._box
        )
        self._confirmations = ReceiptUploader(self._receipts, self._server.send_receipts)

    def _build_reporter(self, boot: str) -> None:
        self._facts = FactCollector(
            self._host, self._settings.of_screen, self._clock, self._watch, self._held, self._alerts,
            self._preparation, self._refusals, self._commands, self._sounds, self._software,
        )  # fmt: skip
        self._reporter = ScreenReporter(
            self._runtime, self._facts.collect, self._receipts,
            ReportSender(boot, self._mqtt.publish, system_clock.uptime_ms, self._host.read_machine(), self._box),
            self._screenshots, FrameRepairs(system_clock.uptime_ms), self._inbox.put,
        )  # fmt: skip

    def _periodic_tasks(self) -> PeriodicTasks:
        put, tasks = self._inbox.put, PeriodicTasks(system_clock.uptime_ms)
        tasks.add("kernel clock", KERNEL_CLOCK_MS, self._clock.ask_kernel)
        tasks.add("health", HEALTH_MS, lambda: self._facts.measure_health(self._reporter.presented))
        tasks.add("plays", lambda: self._plays.pause_ms, self._plays.send_batch)
        tasks.add("archive", ARCHIVE_MS, self._archive.tidy_files)
        tasks.add("downloads", DOWNLOADS_MS, self._settings.check_downloads)
        tasks.add("alerts", ALERTS_MS, lambda: put(do.SaveAlerts()))
        tasks.add("copies", COPIES_MS, lambda: put(do.OnDisk((do.RepairCopies(),))))
        tasks.add("withheld", WITHHELD_MS, self._watch.check_withheld)
        tasks.add("state files", STATE_REPAIR_MS, lambda: put(do.RepairStateFiles()))
        tasks.add("silence", SILENCE_MS, self._settings.check_silence)
        tasks.add("beat", BEAT_TIMEOUT_MS, self._watch.check_beat)
        return tasks

    # --- the life of the agent

    def start(self) -> None:
        """Start every thread; those that keep the screen right first."""
        # Alerts that were held go to the stage before anything else is done.
        self._dispatcher.restore_alerts()
        self._notice.draw((1920, 1080))
        warm_up(self._alerts.drawing_context)
        self._dispatcher.start()
        self._preparation.start()
        if self._held.pending is not None:
            self._preparation.offer_programme(self._held.pending)
        elif self._held.active is not None and broken_frames(self._held.active, self._state.frames):
            self._inbox.put(do.RepairFrames(()))
        self._live_frames.start()
        self._settings.learn_places()
        self._mqtt.start()
        self._poller.start()
        self._captures.start()
        self._confirmations.start()
        self._relay.start()
        self._act_reports.start()
        self._triggers.start()
        self._contacts.start()
        self._software.start()
        send_wakeup(self._runtime.stage_socket)
        # What was loaded until here stays: the collector need not look at it again.
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Stop what was started, in the reverse order."""
        self._sounds.stop()
        self._software.stop()
        self._contacts.stop()
        self._triggers.stop()
        self._act_reports.stop()
        self._relay.stop()
        self._peers.stop_sharing()
        self._captures.stop()
        self._confirmations.stop()
        if not self.is_to_start_anew:
            self._plays.save_progress()
        self._poller.stop()
        self._mqtt.stop()
        self._live_frames.stop()
        self._preparation.stop()
        self._dispatcher.stop()

    def serve(self, wakeups: WakeupSocket) -> None:
        """Report until it is time to stop."""
        while not self._stopping.is_set():
            self._note_connection()
            self._note_alert_sets()
            self._tasks.run_due()
            self._note_display()
            wait = min(LONGEST_WAIT_SECONDS, self._reporter.report_changes())
            self._follow_sounds()
            # The watchdog of systemd is fed here: a stuck admission ends in a restart.
            if self._dispatcher.seconds_at_work < STUCK_ADMISSION_SECONDS:
                link = self._watch.state
                if link is ConnectionState.LOST or self._held.admission.beat_saved_uptime_ms is None:
                    systemd_notify.notify_alive()
                else:
                    systemd_notify.notify_verified(link)
            wakeups.wait(wait)
        self._reporter.report_changes()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """End the service."""
        self._stopping.set()
        send_wakeup(self._runtime.agent_socket)

    def _start_anew(self) -> None:
        self.is_to_start_anew = True
        self._stopping.set()
        send_wakeup(self._runtime.agent_socket)

    def _on_acts_changed(self) -> None:
        """Tell server and peers that something else was triggered on the spot. In the admission thread."""
        self._act_reports.report_soon()
        self._relay.tell_of_acts()

    # --- what the reporting thread does beside reporting

    def _note_connection(self) -> None:
        """Say everything again on a new MQTT connection, and poll as soon as one is lost."""
        before, now = self._connection, self._mqtt.history
        self._connection = now
        if now.connected != before.connected:
            self._reporter.on_connected()
            self._plays.on_connected()
        if now.lost != before.lost:
            self._poller.poll_soon()

    def _note_alert_sets(self) -> None:
        """Tell peers of a newer alert set: one of them may hear nobody else."""
        floors = self._held.alert_floors()
        if floors != self._told_floors:
            self._told_floors = floors
            self._relay.tell_peers()

    def _receive_document(self, received: ReceivedDocument) -> None:
        self._inbox.put(received)
        self._held.sets.note_document(received)

    def _note_display(self) -> None:
        """Learn from the stage that it has no programme, and how large the display is."""
        presented = self._reporter.presented
        if presented is None or presented.programme is not None:
            return
        if self._held.active is not None:
            self._tasks.run_soon("state files")
        if not presented.showings and presented.size != self._notice.size:
            self._notice.draw(presented.size)
            self._inbox.put(do.ResizeDisplay(presented.size))

    def _follow_sounds(self) -> None:
        try:
            self._sounds.follow(self._reporter.presented)
        except Exception:
            # Whatever it is, the screen goes on.
            log.exception("the sound of alerts failed")

    def _on_sound_trial(self) -> bool:
        """Let a trial be heard. On the disk worker."""
        is_asked = self._sounds.request_trial()
        send_wakeup(self._runtime.agent_socket)
        return is_asked

    def _has_alert(self) -> bool:
        """Tell whether an alert is on, in whatever form. For any thread."""
        now = system_clock.uptime_ms()
        return any(not held.is_planned and held.lapses_at_uptime_ms > now for held in self._held_alerts())

    def _held_alerts(self) -> list[HeldAlert]:
        """Return every alert that is held. For any thread."""
        return [held for stream in list(dict(self._alerts.streams).values()) for held in stream.alerts]
