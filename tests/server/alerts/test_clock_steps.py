"""Alerts while the server's clock is set: they end when their author said, in real time."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.utils import timezone

from beffroi_content.model import AlertLevel
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import corrections, queries, services
from beffroi_server.alerts.models import Alert
from beffroi_server.core import machine_clock
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import clock_watch, signing, steady_clock
from beffroi_server.delivery.clock_watch import ClockWatch
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.fleet import jobs as fleet_jobs
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.schedule import publication

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
STEPS = [-50 * 365 * DAY, -DAY, -62 * MINUTE, -120_000, -600, 600, 62 * MINUTE, DAY, 50 * 365 * DAY]


class Machine:
    """The clocks of the server's machine."""

    def __init__(self) -> None:
        self.real_ms = unix_ms(timezone.now())
        self.wrong_ms = 0
        self.booted_ms = self.real_ms - 10 * MINUTE
        self.boot = "first"
        self.is_disciplined = False

    @property
    def wall_ms(self) -> int:
        return self.real_ms + self.wrong_ms

    def start_anew(self, wrong_ms: int = 0) -> None:
        """Start the machine anew, after a minute, with a clock that is wrong."""
        self.real_ms += MINUTE
        self.booted_ms, self.boot, self.wrong_ms = self.real_ms, self.boot + "+", wrong_ms


@pytest.fixture
def machine(monkeypatch, keyring):
    made = Machine()
    monkeypatch.setattr(machine_clock, "wall_ms", lambda: made.wall_ms)
    monkeypatch.setattr(machine_clock, "uptime_ms", lambda: made.real_ms - made.booted_ms)
    monkeypatch.setattr(machine_clock, "boot_id", lambda: made.boot)
    monkeypatch.setattr(machine_clock, "is_disciplined", lambda: made.is_disciplined)
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime.fromtimestamp(made.wall_ms / 1000, dt.UTC))
    monkeypatch.setattr(clock_watch, "_newest_step_uptime_ms", None)
    steady_clock.reload_boot()
    yield made
    steady_clock.reload_boot()


def broadcast(minutes: int | None = 60, **values: object) -> Alert:
    return services.broadcast_alert(
        targets=EVERYWHERE, level=AlertLevel.EMERGENCY, title="Flood", source="Hall", duration_min=minutes, user=None,
        **values,
    )  # fmt: skip


def settle() -> int:
    return services.settle_ended_alerts(timezone.now())


def published():
    found = signing.published_document(ALERTS, TopicScope.all_screens())
    assert found is not None
    return found


@pytest.mark.parametrize("step_ms", STEPS)
def test_an_alert_ends_in_time_however_the_clock_is_set_meanwhile(machine, step_ms):
    alert = broadcast()
    for step in (step_ms, -step_ms):
        machine.real_ms += 20 * MINUTE
        machine.wrong_ms += step
        assert settle() == 0
        assert len(queries.active_alerts(timezone.now())) == 1
        (sent,) = published().alerts
        assert abs(sent.ends_at_ms - machine.wrong_ms - unix_ms(alert.ends_at)) <= 1
    assert abs(sent.time_to_live_ms - 20 * MINUTE) <= 1

    machine.real_ms += 20 * MINUTE
    assert queries.active_alerts(timezone.now()) == []
    machine.real_ms += 5 * MINUTE
    assert settle() == 1
    assert published().alerts == ()


@pytest.mark.parametrize("step_ms", STEPS)
def test_what_is_over_stays_over_however_the_clock_is_set(machine, step_ms):
    broadcast()
    machine.real_ms += 66 * MINUTE
    assert settle() == 1
    for step in (step_ms, -step_ms):
        machine.wrong_ms += step
        assert settle() == 0
        assert queries.active_alerts(timezone.now()) == []


@pytest.mark.parametrize("step_ms", STEPS)
def test_it_can_be_ended_and_extended_at_once_after_a_step(machine, step_ms):
    alert = broadcast()
    machine.wrong_ms += step_ms
    services.extend_alert(alert, 30, user=None)
    machine.wrong_ms -= step_ms
    machine.real_ms += 80 * MINUTE
    assert settle() == 0
    services.end_alert(alert, user=None)
    assert queries.active_alerts(timezone.now()) == []


@pytest.mark.parametrize("step_ms", STEPS)
def test_an_open_ended_alert_is_overdue_in_time_however_the_clock_is_set_meanwhile(machine, step_ms):
    alert = broadcast(is_open_ended=True)
    machine.real_ms += 30 * MINUTE
    machine.wrong_ms += step_ms
    settle()
    for minutes, is_overdue in ((0, False), (29, False), (2, True)):
        machine.real_ms += minutes * MINUTE
        alert.refresh_from_db()
        assert corrections.is_overdue(alert, timezone.now()) is is_overdue
    assert alert.ends_at - alert.review_at == corrections.SAFEGUARD


@pytest.mark.parametrize("is_open_ended", [False, True])
@pytest.mark.parametrize("step_ms", STEPS)
def test_a_correction_at_once_after_a_step_keeps_the_end_of_its_former_text(machine, step_ms, is_open_ended):
    former = broadcast(is_open_ended=is_open_ended)
    machine.wrong_ms += step_ms
    alert = broadcast(None, corrects=former, is_open_ended=is_open_ended)
    due = alert.review_at or alert.ends_at
    assert abs(due - timezone.now() - dt.timedelta(hours=1)) < dt.timedelta(seconds=1)
    former.refresh_from_db()
    assert former.replaced_at == alert.issued_at


@pytest.mark.parametrize("wrong_ms", [62 * MINUTE, DAY, -DAY, -50 * 365 * DAY])
def test_a_machine_that_starts_with_a_wrong_clock_loses_no_alert(machine, wrong_ms):
    broadcast()
    machine.start_anew(wrong_ms)
    assert settle() == 0
    machine.real_ms += 2 * MINUTE
    machine.wrong_ms, machine.is_disciplined = 0, True
    assert settle() == 0
    assert len(queries.active_alerts(timezone.now())) == 1
    (sent,) = published().alerts
    assert abs(sent.time_to_live_ms - 57 * MINUTE) <= 1
    machine.real_ms += 62 * MINUTE
    assert settle() == 1


def test_without_ntp_an_alert_of_before_the_start_is_settled_an_hour_later(machine):
    broadcast(minutes=5)
    machine.start_anew()
    machine.real_ms += 30 * MINUTE
    assert settle() == 0
    machine.real_ms += 31 * MINUTE
    assert settle() == 1


def test_a_clock_that_is_behind_gives_an_alert_no_longer_life_than_it_was_meant_to_have(machine):
    broadcast()
    machine.start_anew(-50 * 365 * DAY)
    broadcast()
    assert {alert.time_to_live_ms for alert in published().alerts} == {60 * MINUTE}


def test_the_step_is_in_the_audit_trail(machine):
    broadcast()
    machine.wrong_ms += 62 * MINUTE
    settle()
    assert AuditEvent.objects.get(action="alert-moved").detail["seconds"] == 62 * 60


def test_the_steady_clock_rises_from_boot_to_boot_whatever_the_wall_clock_says(machine):
    machine.wrong_ms = 50 * 365 * DAY
    before = steady_clock.read_steady()
    machine.wrong_ms = 0
    machine.real_ms += HOUR
    after = steady_clock.read_steady()
    assert (after.epoch, after.ms - before.ms) == (before.epoch, HOUR)
    machine.start_anew()
    anew = steady_clock.read_steady()
    assert anew.epoch != after.epoch
    assert anew.ms > after.ms
    steady_clock.reload_boot()
    assert steady_clock.read_steady() == anew


@pytest.mark.parametrize("step_ms", STEPS)
def test_a_clock_that_is_set_is_noticed_once(step_ms):
    clocks = {"wall": 10**12, "uptime": 5_000}
    watch = ClockWatch(lambda: clocks["wall"], lambda: clocks["uptime"])
    for name in clocks:
        clocks[name] += 1_000
    assert watch.take_step() == 0
    clocks["wall"] += step_ms
    assert [watch.take_step(), watch.take_step()] == [step_ms, 0]


@pytest.mark.django_db
@pytest.mark.parametrize("step_ms", [-HOUR, HOUR])
def test_feeds_are_due_after_the_same_interval(town, step_ms):
    due = timezone.now() + dt.timedelta(minutes=15)
    feed = Feed.objects.create(name="one", kind=FeedKind.NEWS, address="https://example.org/", due_at=due)
    clock_watch.clock_set.send(step_ms)
    feed.refresh_from_db()
    assert feed.due_at == due + dt.timedelta(milliseconds=step_ms)


def test_a_confirmed_clock_is_disciplined_or_has_run_for_an_hour(machine):
    assert not clock_watch.is_clock_confirmed()
    machine.real_ms += HOUR
    assert clock_watch.is_clock_confirmed()
    watch = ClockWatch(machine_clock.wall_ms, machine_clock.uptime_ms)
    machine.wrong_ms = 50 * 365 * DAY
    watch.take_step()
    assert not clock_watch.is_clock_confirmed()
    assert fleet_jobs.delete_expired_plays(threading.Event()) == 0
    machine.is_disciplined = True
    assert clock_watch.is_clock_confirmed()


def test_what_a_wrong_clock_has_dated_is_signed_again_once_it_is_set(machine, hall, playlist):
    machine.wrong_ms = -50 * 365 * DAY
    broadcast()
    publication.publish_due_programmes()
    machine.wrong_ms = 0
    settle()
    clock_watch.clock_set.send(50 * 365 * DAY)
    ends = OutboxDocument.objects.filter(retained=True, topic__regex="/(alerts|programme)$")
    assert ends.count() == 2
    assert all(row.expires_at > timezone.now() for row in ends)
