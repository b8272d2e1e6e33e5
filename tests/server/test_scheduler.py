"""Tests of the scheduler and of the periodic jobs that packages declare."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
import time_machine
from apscheduler.events import EVENT_JOB_SUBMITTED, JobSubmissionEvent
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import BaseScheduler
from django.utils import timezone

from beffroi_server import scheduler
from beffroi_server.alerts import jobs as alert_jobs
from beffroi_server.alerts.set_publication import publish_all_sets
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery import jobs as delivery_jobs
from beffroi_server.delivery import outbox, signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.feeds.feed_readings import reading_due
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.schedule import jobs as schedule_jobs
from beffroi_server.schedule import publication


def run_job(name: str, stopping: threading.Event | None = None) -> object:
    (job,) = (each for each in scheduler.JOBS if each.name == name)
    return job.run(stopping or threading.Event())


def renewed() -> int:
    return alert_jobs.renew_alert_sets() + schedule_jobs.renew_programmes()


class Recorder:
    """A transport that keeps what it was handed."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    def publish(self, topic: str, payload: bytes, *, quality: int, retained: bool) -> int | None:
        self.topics.append(topic.split("/down/")[1])
        return len(self.topics)


@pytest.mark.usefixtures("keyring")
class TestJobs:
    @pytest.fixture(autouse=True)
    def sent(self) -> Iterator[list[str]]:
        recorder = Recorder()
        outbox.install_publisher(outbox.OutboxPublisher(recorder))
        yield recorder.topics
        outbox.install_publisher(None)

    def test_the_beat(self, sent):
        delivery_jobs.send_beat()
        delivery_jobs.send_beat()

        assert sent == ["all/beat", "all/beat"]
        assert not OutboxDocument.objects.filter(topic__endswith="beat").exists()

    def test_a_screen_that_is_behind_gets_its_programme_again(self, sent, hall, quay, playlist):
        publication.publish_due_programmes()
        newest = OutboxDocument.objects.get(topic__endswith="s-hall/programme").sequence
        for screen, sequence in ((hall, newest), (quay, 5)):
            ScreenState.objects.create(screen=screen, online=True, report={"programme": sequence})

        assert schedule_jobs.reconcile_programmes() == 1
        assert sent == ["s-quay/programme"]

    def test_a_screen_that_is_off_is_left_alone(self, sent, hall, playlist):
        publication.publish_due_programmes()
        ScreenState.objects.create(screen=hall, online=False, report={"programme": 5})

        assert schedule_jobs.reconcile_programmes() == 0

    def test_what_is_due_is_published(self, hall):
        schedule_jobs.reconcile_programmes()

        assert Screen.objects.get().programme_due_at is None

    def test_what_would_soon_be_too_old_is_signed_again(self, hall, playlist):
        publication.publish_due_programmes()
        publish_all_sets(timezone.now())
        before = dict(OutboxDocument.objects.values_list("topic", "sequence"))
        assert renewed() == 0

        OutboxDocument.objects.update(expires_at=timezone.now() + dt.timedelta(days=3))

        assert renewed() == 2
        after = dict(OutboxDocument.objects.values_list("topic", "sequence"))
        assert {topic.rsplit("/", 1)[1] for topic in after if after[topic] > before[topic]} == {"alerts", "programme"}
        assert renewed() == 0

    def test_what_is_published_while_others_are_signed_again_is_not_undone(self, hall, quay, playlist, monkeypatch):
        publication.publish_due_programmes()
        OutboxDocument.objects.update(expires_at=timezone.now() + dt.timedelta(days=3))
        seal = signing.seal_document

        def seal_while_somebody_turns_the_other_screen(message, scope, *rest, **more):
            if scope.screen == "hall":
                Screen.objects.filter(slug="quay").update(rotation=90, programme_due_at=timezone.now())
                publication.publish_programme(Screen.objects.get(slug="quay"))
            return seal(message, scope, *rest, **more)

        monkeypatch.setattr(signing, "seal_document", seal_while_somebody_turns_the_other_screen)
        renewed()

        assert publication.published_manifest(hall).settings.rotation == 0
        assert publication.published_manifest(quay).settings.rotation == 90

    def test_a_minute_later_feeds_are_looked_at(self):
        reading_due.clear()

        run_job("feed-refresh")

        assert reading_due.is_set()

    def test_each_package_has_its_jobs(self):
        assert {job.name for job in scheduler.JOBS} == {
            "beat", "key-change", "key-list-renewal", "play-retention", "feed-refresh", "programme-reconciliation",
            "programme-renewal", "planned-alerts", "drill-start", "drill-follow", "drill-retention",
            "rollout-follow", "release-copy",
            "alert-settling", "alert-renewal", "upload-cleanup", "day-import", "disk-watch",
            "clock-watch", "media-cleanup", "account-cleanup", "audit-check", "play-totals", "outage-watch",
            "incident-watch", "mail-sending", "webhook-sending", "push-sending", "certificate-watch",
            "incident-retention", "thumbnail-cleanup", "outlet-follow", "outlet-send", "outlet-clean",
            "outlet-home-assistant", "cap-output", "cap-retention", "channel-send", "channel-follow",
            "api-answers-remove", "subscriber-mails", "subscriber-purge", "warning-following", "warning-reading-1",
            "warning-reading-2", "warning-reading-3", "warning-retention", "local-scenarios", "alert-set-retention",
            "browser-purge", "night-backup", "process-note", "examination", "revocation-watch",
            "finding-watch",
        }  # fmt: skip


class ManualTime:
    """A machine's clocks that move only while the scheduler waits; the wall clock can be set.

    Args:
        wall: Sets the wall clock.
    """

    def __init__(self, wall: time_machine.Traveller) -> None:
        self._wall = wall
        self.now = 0.0
        self._step_s = 0.0

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds
        self.set_wall_clock(0)

    def set_wall_clock(self, step_s: float) -> None:
        self._step_s += step_s
        self._wall.move_to(1.8e9 + self.now + self._step_s)


class DrivenScheduler(scheduler.JobScheduler):
    """Runs jobs in the thread of the test, and lets time pass instead of waiting."""

    def __init__(self, jobs: list[PeriodicJob], time_: ManualTime) -> None:
        super().__init__(jobs, threading.Event(), lambda: time_.now, DebugExecutor())
        self._time = time_

    def wakeup(self) -> None:
        """Nobody sleeps."""

    def run_for(self, seconds: float) -> None:
        BaseScheduler.start(self)
        while self._time.now < seconds:
            self._time.pass_seconds(max(0.001, self._process_jobs()))
        BaseScheduler.shutdown(self)


@pytest.fixture
def time_() -> Iterator[ManualTime]:
    with time_machine.travel(1.8e9, tick=False) as wall:
        yield ManualTime(wall)


@pytest.mark.django_db
class TestJobScheduler:
    @pytest.mark.parametrize("step_s", [-86_400 * 400, -3_600, -120, -2, -0.3, 0, 0.3, 2, 3_600, 86_400 * 400])
    @pytest.mark.parametrize("interval_s", [1, 10, 60])
    def test_each_job_goes_on_at_its_interval_when_the_wall_clock_is_set(self, time_, step_s, interval_s):
        ran: list[float] = []
        steps = [0.0, step_s, -step_s]

        def set_clock(_stopping: threading.Event) -> None:
            time_.set_wall_clock(steps.pop(0) if steps else 0)

        jobs = [
            PeriodicJob("job", interval_s, lambda _stopping: ran.append(time_.now)),
            PeriodicJob("setting", 35, set_clock),
        ]
        DrivenScheduler(jobs, time_).run_for(180.7)

        expected = range(0, 181, interval_s)
        assert len(ran) == len(expected)
        assert ran == pytest.approx(list(expected), abs=0.6)

    @pytest.mark.parametrize("step_s", [-120, 120])
    def test_a_clock_that_is_set_while_jobs_are_looked_through_delays_none(self, time_, step_s):
        ran: list[float] = []
        driven = DrivenScheduler([PeriodicJob("beat", 10, lambda _stopping: ran.append(time_.now))], time_)

        def set_clock(event: JobSubmissionEvent) -> None:
            if len(ran) == 3:
                time_.set_wall_clock(step_s)

        driven.add_listener(set_clock, EVENT_JOB_SUBMITTED)
        driven.run_for(60.7)

        assert ran == pytest.approx([0, 10, 20, 30, 40, 50, 60], abs=0.6)

    def test_what_was_missed_runs_once(self, time_):
        ran: list[float] = []

        def slow(_stopping: threading.Event) -> None:
            ran.append(time_.now)
            time_.pass_seconds(35 if len(ran) == 1 else 1)

        DrivenScheduler([PeriodicJob("slow", 10, slow)], time_).run_for(45)

        assert ran == pytest.approx([0, 35, 40], abs=0.1)

    def test_a_job_that_fails_is_run_again(self, time_, caplog):
        def fail(_stopping: threading.Event) -> None:
            raise ValueError("broken")

        DrivenScheduler([PeriodicJob("broken", 10, fail)], time_).run_for(15)

        assert caplog.text.count("the job broken failed") == 2

    def test_slow_jobs_hold_up_no_other(self):
        stopping, quick = threading.Event(), threading.Event()
        jobs = [
            *(PeriodicJob(f"slow-{number}", 1, lambda stop: stop.wait(30)) for number in range(20)),
            PeriodicJob("quick", 1, lambda _stopping: quick.set()),
        ]
        made = scheduler.JobScheduler(jobs, stopping)
        made.start()
        assert quick.wait(30)
        stopping.set()
        made.shutdown()

    def test_all_run_late_rather_than_never(self):
        made = scheduler.build_scheduler(threading.Event())
        made.start(paused=True)
        found = {(job.misfire_grace_time, job.coalesce, job.max_instances) for job in made.get_jobs()}
        made.shutdown()

        assert found == {(None, True, 1)}
