"""Tests of the scheduler and of the periodic jobs that packages declare."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from django.utils import timezone

from beffroi_server import scheduler
from beffroi_server.alerts import jobs as alert_jobs
from beffroi_server.alerts import services as alerts
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
        alerts.publish_all_sets(timezone.now())
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
            "beat", "key-list-warning", "play-retention", "feed-refresh", "programme-reconciliation",
            "programme-renewal", "alert-settling", "alert-renewal", "upload-cleanup", "day-import", "disk-watch",
            "clock-watch", "media-cleanup", "account-cleanup",
        }  # fmt: skip


class ManualTime:
    """Monotonic time that passes only while somebody waits; what is in the list happens then."""

    def __init__(self, lasts: float) -> None:
        self.now = 0.0
        self.lasts = lasts
        self.waited: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += seconds
        return self.now >= self.lasts


@pytest.mark.django_db
class TestJobScheduler:
    @pytest.mark.parametrize("step_s", [-86_400, -3_600, -120, 0, 3_600])
    def test_a_wall_clock_that_is_set_changes_nothing(self, monkeypatch, step_s):
        time_, ran = ManualTime(lasts=60), []

        def beat(_stopping: threading.Event) -> None:
            ran.append(time_.now)
            monkeypatch.setattr("time.time", lambda: 1.8e9 + step_s * len(ran))

        stopping = threading.Event()
        made = scheduler.JobScheduler([], stopping, lambda: time_.now, time_.wait)
        made.repeat_job(PeriodicJob("beat", 10, beat))

        assert ran == [0, 10, 20, 30, 40, 50]

    def test_what_was_missed_runs_once(self):
        time_, ran = ManualTime(lasts=50), []

        def slow(_stopping: threading.Event) -> None:
            ran.append(time_.now)
            time_.now += 35 if len(ran) == 1 else 1

        scheduler.JobScheduler([], threading.Event(), lambda: time_.now, time_.wait).repeat_job(
            PeriodicJob("slow", 10, slow)
        )

        assert ran == [0, 35, 45]

    def test_a_job_that_fails_is_run_again_and_a_slow_one_holds_up_no_other(self, caplog):
        stopping, quick = threading.Event(), threading.Event()

        def fail(_stopping: threading.Event) -> None:
            if "failed" in caplog.text:
                quick.set()
            raise ValueError("broken")

        jobs = [PeriodicJob("slow", 1, lambda stop: stop.wait(30)), PeriodicJob("quick", 0, fail)]
        made = scheduler.JobScheduler(jobs, stopping)
        made.start()
        assert quick.wait(30)
        stopping.set()
        made.shutdown()
