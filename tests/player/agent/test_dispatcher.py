"""The dispatcher: which effect is carried out where, and in which order, seen from the files and the sockets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.player_harness import ImmediateQueue, PlayerHarness
from tests.support.signing_town import SCREEN, SigningTown, alert, slide

from beffroi_content.trust import TrustState
from beffroi_player.agent import effects as do
from beffroi_player.agent.dispatcher import AFTER_ALERT_SECONDS
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.serial_worker import WorkQueue
from beffroi_player.state.page_images import SUFFIX
from beffroi_player.wakeup import WakeupSocket


@pytest.fixture
def informed(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    player.receive(hall.publish_keys(), hall.publish_beat())
    return player


def handle(player: PlayerHarness, document: tuple[str, bytes]) -> None:
    """Handle a document in the admission thread alone: what it puts on the disk stays in the queue."""
    player.dispatcher.handle(ReceivedDocument(*document, player.time.uptime_ms, live=True))


def floor_of(player: PlayerHarness, stream: str) -> int:
    """Return the sequence of the floor that is on the disk; 0 where there is none."""
    trust = player.storage.trust.read()
    assert isinstance(trust, TrustState)
    return trust.floors[stream].sequence if stream in trust.floors else 0


# --- documents, before and after the disk


def test_an_alert_is_in_memory_and_its_stage_awake_while_the_disk_has_heard_of_nothing(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    with WakeupSocket(informed.runtime.stage_socket) as stage:
        handle(informed, hall.publish_alerts(alert()))
        assert stage.wait(0)
    record = informed.runtime.alerts.read()
    assert record is not None
    assert [held.alert.id for held in record.all_held()] == ["flood"]
    assert all((informed.runtime.folder / name).with_suffix(SUFFIX).exists() for name in record.frame_names)
    assert informed.state.alerts.read().all_held() == ()
    assert floor_of(informed, "all/alerts") == 0
    informed.settle()
    assert [held.alert.id for held in informed.state.alerts.read().all_held()] == ["flood"]
    assert floor_of(informed, "all/alerts") == hall.sequence


def test_the_floor_of_a_programme_is_on_the_disk_before_it_is_prepared(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    floors: list[int] = []
    offer = informed.preparer.offer_programme
    monkeypatch.setattr(
        informed.preparer,
        "offer_programme",
        lambda programme: (floors.append(floor_of(informed, f"s-{SCREEN}/programme")), offer(programme)),
    )
    handle(informed, hall.publish_programme(hall.manifest(slide("pool"))))
    assert floors == []
    informed.settle()
    assert floors == [hall.sequence]
    assert informed.slides == ["pool"]


def test_the_floor_of_a_command_is_on_the_disk_before_it_is_run(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle(informed, hall.publish_command("c1", "restart"))
    assert informed.restarts == 0
    synced: list[str] = []
    fsync = os.fsync

    def recorded(handle: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        assert informed.restarts == 0
        fsync(handle)

    monkeypatch.setattr(os, "fsync", recorded)
    informed.settle()
    assert informed.restarts == 1
    assert any("trust.json" in name for name in synced)
    assert floor_of(informed, f"s-{SCREEN}/command") == hall.sequence


def test_keys_are_on_the_disk_at_once(player: PlayerHarness, hall: SigningTown) -> None:
    before = player.subscriptions
    handle(player, hall.publish_keys())
    assert floor_of(player, "all/keys") == hall.sequence
    assert player.subscriptions == before + 1


def test_a_programme_that_is_held_is_forgotten_by_no_crash_before_it_is_ready(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    handle(informed, hall.publish_programme(hall.manifest(slide("pool"))))
    sequence = informed.disk.get_waiting()
    assert sequence is not None
    informed.dispatcher.handle_on_disk(sequence)
    informed.start()
    assert informed.slides == ["pool"]


# --- alerts in two steps


class RecordingQueue(ImmediateQueue):
    """Remembers after how many seconds something was to be done."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def put_later(self, item: ReceivedDocument | do.Effect, seconds: float) -> None:
        assert isinstance(item, do.FinishAlerts)
        self.seconds.append(seconds)
        super().put_later(item, seconds)


@pytest.fixture
def seconds(informed: PlayerHarness, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the delays after which alerts are finished."""
    recording = RecordingQueue()
    monkeypatch.setattr(informed.dispatcher, "_inbox", recording)
    return recording.seconds


@pytest.mark.parametrize(
    ("effect", "is_drawn"),
    [
        pytest.param(do.UpdateDrawingContext(), False, id="the same screen"),
        pytest.param(do.ResizeDisplay((1920, 1080)), False, id="the size that is assumed"),
        pytest.param(do.ResizeDisplay((640, 360)), True, id="another size"),
        pytest.param(do.RetainStreams(frozenset({"all/alerts"})), False, id="every stream stays"),
        pytest.param(do.RetainStreams(frozenset()), True, id="a stream goes"),
        pytest.param(do.RepairFrames(("unknown.png",)), False, id="a frame of nobody"),
    ],
)
def test_alerts_are_finished_a_moment_after_something_was_drawn(
    informed: PlayerHarness, hall: SigningTown, seconds: list[float], effect: do.Effect, is_drawn: bool
) -> None:
    handle(informed, hall.publish_alerts(alert()))
    assert seconds == [AFTER_ALERT_SECONDS]
    informed.dispatcher.handle(effect)
    assert seconds == [AFTER_ALERT_SECONDS] * (1 + is_drawn)


def test_the_first_form_of_an_alert_does_not_wait_for_the_last(informed: PlayerHarness, hall: SigningTown) -> None:
    handle(informed, hall.publish_alerts(alert(all_clear_ms=60_000)))
    urgent = informed.held_alerts.frame_names
    informed.settle()
    assert urgent < informed.held_alerts.frame_names


def test_the_frame_of_an_alert_that_is_broken_is_drawn_again(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    (name, *_) = sorted(informed.runtime.alerts.read().frame_names)
    (informed.state.frames / name).write_bytes(b"broken")
    (informed.runtime.folder / name).with_suffix(SUFFIX).unlink(missing_ok=True)
    informed.carry_out(do.RepairFrames((name,)))
    assert (informed.state.frames / name).read_bytes().startswith(b"\x89PNG")


def test_alerts_are_not_written_again_where_there_are_none(informed: PlayerHarness) -> None:
    informed.dispatcher.handle(do.SaveAlerts())
    assert informed.disk.get_waiting() is None


# --- queues that are full


def test_a_document_that_does_not_fit_is_refused_and_fetched_again(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox: WorkQueue[ReceivedDocument | do.Effect] = WorkQueue(capacity=1)
    monkeypatch.setattr(informed.dispatcher, "_inbox", inbox)
    inbox.put(do.ReportChange())
    dropped = ReceivedDocument(*hall.publish_alerts(alert()), 60_000.0, live=True)
    assert not inbox.put(dropped)
    polls = informed.polls
    informed.dispatcher.handle(do.ReportChange())
    assert informed.polls == polls + 1
    (refusal,) = informed.refusals.newest_first()
    assert (refusal.subject, refusal.code) == (dropped.topic, "overrun")
    informed.dispatcher.handle(do.ReportChange())
    assert informed.polls == polls + 1


def test_a_disk_that_is_too_slow_is_reported_and_nothing_acts_without_its_floor(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(informed.dispatcher, "_disk", WorkQueue(capacity=1))
    handle(informed, hall.publish_command("c1", "restart"))
    hall.now_ms += 1
    handle(informed, hall.publish_command("c2", "restart"))
    assert informed.codes() == ["disk"]
    assert informed.restarts == 0


# --- files that are not needed, and files that were damaged


def test_only_what_neither_programme_nor_alert_needs_is_removed(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))), hall.publish_alerts(alert()))
    needed = {path.name for path in informed.state.frames.iterdir()}
    (informed.state.frames / "old.png").write_bytes(b"of last winter")
    informed.tidy()
    assert {path.name for path in informed.state.frames.iterdir()} == needed


def test_nothing_is_removed_before_there_is_a_programme(informed: PlayerHarness) -> None:
    (informed.state.frames / "old.png").write_bytes(b"of last winter")
    informed.tidy()
    assert (informed.state.frames / "old.png").exists()


def remove_file(path: Path) -> None:
    path.unlink()


def cut_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


@pytest.mark.parametrize("damage", [remove_file, cut_file])
def test_what_the_stage_reads_at_its_start_is_written_again(
    informed: PlayerHarness, hall: SigningTown, damage: Callable[[Path], None]
) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))), hall.publish_alerts(alert()))
    before = {file.path.name: file.read() for file in (informed.state.programme, informed.state.alerts)}
    for file in (informed.state.programme, informed.state.alerts):
        damage(file.path)
    informed.repair_state()
    assert informed.state.programme.read() == before["programme.json"]
    assert informed.state.alerts.path.stat().st_size > 20
    assert [held.alert.id for held in informed.state.alerts.read().all_held()] == ["flood"]


@pytest.mark.parametrize("name", ["programme.json", "alerts.json"])
def test_a_copy_that_was_damaged_is_made_again(informed: PlayerHarness, hall: SigningTown, name: str) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))), hall.publish_alerts(alert()))
    copy = informed.state.folder / "copies" / name
    whole = copy.read_bytes()
    copy.write_bytes(b"")
    informed.carry_out(do.OnDisk((do.RepairCopies(),)))
    assert copy.read_bytes() == whole


def test_what_is_whole_costs_no_write(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))), hall.publish_alerts(alert()))
    informed.dispatcher.handle(do.RepairStateFiles())
    assert informed.disk.get_waiting() is None


def test_frames_that_are_missing_at_the_start_are_made_again(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))))
    for path in informed.state.frames.iterdir():
        path.unlink()
    informed.carry_out(do.RepairFrames(()))
    assert informed.slides == ["pool"]
    assert informed.run_iteration().faults == ()


def test_every_effect_that_is_declared_can_be_carried_out(player: PlayerHarness) -> None:
    declared = {each for each in vars(do).values() if isinstance(each, type) and issubclass(each, do.Effect)}
    assert declared - {do.Effect} == set(player.dispatcher._carried_out_by)


def test_both_threads_end_after_what_is_waiting(informed: PlayerHarness, hall: SigningTown) -> None:
    for document in (hall.publish_alerts(alert()), hall.publish_command("c1", "restart")):
        informed.inbox.put(ReceivedDocument(*document, informed.time.uptime_ms, live=True))
    informed.dispatcher.start()
    informed.dispatcher.stop()
    assert informed.restarts == 1
    assert [held.alert.id for held in informed.runtime.alerts.read().all_held()] == ["flood"]
    assert informed.dispatcher.seconds_at_work == 0.0
