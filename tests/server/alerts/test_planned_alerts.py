"""Planned alerts: their days, and that players hold the next one ahead of its hour."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import undo
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import plan_services, queries, reported_showings, restoration, services
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert, PlannedAlert
from beffroi_server.alerts.planned_alerts import occurrences_between, repeat_rules
from beffroi_server.delivery import signing
from beffroi_server.fleet.events import ReportedAlerts
from beffroi_server.fleet.targets import EVERYWHERE, Targets

pytestmark = pytest.mark.usefixtures("keyring", "english")
NOW = dt.datetime(2027, 3, 1, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    def at(instant: dt.datetime) -> dt.datetime:
        monkeypatch.setattr(timezone, "now", lambda: instant)
        return instant

    at(NOW)
    return at


def plan(user=None, targets: Targets = EVERYWHERE, **values) -> PlannedAlert:
    given = {
        "level": "emergency", "status": "test", "title": "Siren", "source": "Town hall", "duration_min": 10,
        "starts_on": dt.date(2027, 3, 3), "starts_time": dt.time(12), "recurrence": "FREQ=MONTHLY;BYDAY=1WE",
    }  # fmt: skip
    row = PlannedAlert(**(given | values))
    plan_services.save_plan(row, targets, user=user)
    return row


def held_ahead(scope: TopicScope | None = None) -> list[tuple[str, int]]:
    found = signing.published_document(ALERTS, scope or TopicScope.all_screens())
    return [(alert.id, alert.issued_at_ms // 1000) for alert in found.planned]


def test_the_next_siren_is_on_the_players_long_before_and_begins_at_noon_in_summer_too(bob, clock):
    siren = plan(bob)
    noon = dt.datetime(2027, 3, 3, 11, tzinfo=dt.UTC)
    assert siren.next_at == noon
    ((identifier, starts),) = held_ahead()
    assert starts == noon.timestamp()
    assert not queries.active_alerts(NOW)

    now = clock(noon + dt.timedelta(seconds=2))
    assert plan_services.begin_due(now) == 1
    assert plan_services.begin_due(now) == 0

    (alert,) = queries.active_alerts(now)
    assert (str(alert.pk), alert.issued_at, alert.issued_by) == (identifier, noon, bob)
    assert [each.id for each in signing.published_document(ALERTS, TopicScope.all_screens()).alerts] == [identifier]
    siren.refresh_from_db()
    assert siren.next_at == dt.datetime(2027, 4, 7, 10, tzinfo=dt.UTC)
    assert held_ahead()[0][1] == siren.next_at.timestamp()


def test_what_began_and_ended_while_the_server_was_away_has_its_record(clock):
    siren = plan()
    begun = siren.next_at
    now = clock(begun + dt.timedelta(days=90))

    plan_services.begin_due(now)

    alert = Alert.objects.get()
    assert (alert.issued_at, alert.settled) == (begun, True)
    siren.refresh_from_db()
    assert siren.next_at > now


def test_on_the_screens_before_it_has_its_row_is_no_sign_of_a_restored_database(clock, hall):
    siren = plan()
    ((identifier, _starts),) = held_ahead()
    clock(siren.next_at)
    reported_showings.note_reports([ReportedAlerts("hall", {}, frozenset({identifier}))])
    assert restoration.open_restoration() is None
    assert not reported_showings.unknown_alerts(siren.next_at)


@pytest.mark.parametrize("act", ["deleted", "changed"])
def test_stays_on_the_screens_where_it_had_begun_a_moment_before_its_plan_was_changed(clock, act):
    siren = plan()
    now = clock(siren.next_at + dt.timedelta(milliseconds=300))
    if act == "deleted":
        plan_services.delete_plan(siren, user=None)
    else:
        siren.title = "Siren test"
        plan_services.save_plan(siren, EVERYWHERE, user=None)
    (alert,) = queries.active_alerts(now)
    assert alert.title == "Siren"
    assert [each.id for each in signing.published_document(ALERTS, TopicScope.all_screens()).alerts] == [str(alert.pk)]


def test_is_skipped_and_postponed_once_per_press_and_put_back(bob, hall):
    siren = plan(bob, Targets(screens=(hall,)))
    first = siren.next_at
    entry = plan_services.skip_next(siren, first, user=bob)
    assert plan_services.skip_next(siren, first, user=bob) is None
    assert siren.next_at == dt.datetime(2027, 4, 7, 10, tzinfo=dt.UTC)
    undo.undo_act(entry.pk, bob)
    siren.refresh_from_db()
    assert siren.next_at == first

    plan_services.postpone_next(siren, first, 60, user=bob)
    assert held_ahead(TopicScope.of_screen("hall"))[0][1] == (first + dt.timedelta(hours=1)).timestamp()
    plan_services.skip_next(siren, first + dt.timedelta(hours=1), user=bob)
    assert siren.next_at == dt.datetime(2027, 4, 7, 10, tzinfo=dt.UTC), "a delay moves one occurrence only"
    plan_services.delete_plan(siren, user=bob)
    assert not held_ahead(TopicScope.of_screen("hall"))
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"planned-alert-created", "planned-alert-skipped", "planned-alert-postponed"} <= actions


def test_once_is_once_and_never_in_the_past(clock):
    water = plan(recurrence="", title="Water cut", level="information", status="actual")
    plan_services.begin_due(clock(water.next_at))
    water.refresh_from_db()
    assert water.next_at is None
    with pytest.raises(AlertRefused, match="in the past"):
        plan(recurrence="", starts_on=dt.date(2027, 2, 1))


def test_stays_ahead_whatever_is_broadcast_meanwhile():
    plan()
    before = held_ahead()
    services.broadcast_alert(
        level="emergency", title="Flood", source="Town hall", targets=EVERYWHERE, duration_min=60, user=None
    )
    assert held_ahead() == before


@pytest.mark.parametrize(
    ("day", "rule"),
    [("2027-03-03", "FREQ=MONTHLY;BYDAY=1WE"), ("2027-03-31", "FREQ=MONTHLY;BYDAY=-1WE")],
)
def test_a_form_offers_the_weekday_of_the_month(day, rule):
    assert repeat_rules(dt.date.fromisoformat(day))["monthly-weekday"] == rule


def test_the_calendar_has_each_occurrence_where_it_is_shown(hall, quay):
    siren = plan(targets=Targets(screens=(hall,)), recurrence="FREQ=WEEKLY;BYDAY=WE")
    plan_services.postpone_next(siren, siren.next_at, 1_440, user=None)
    zone = ZoneInfo("Europe/Paris")
    span = NOW, NOW + dt.timedelta(days=14)

    found = occurrences_between(*span, EVERYWHERE, zone)

    assert [at.astimezone(zone).strftime("%d %H") for at, _plan in found] == ["04 12", "10 12"]
    assert not occurrences_between(*span, Targets(screens=(quay,)), zone)
