"""What is observed, how long it is kept, and what part of the time screens were there."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from beffroi_content.wire.documents import SigningRole
from beffroi_server.alerts.services import broadcast_alert
from beffroi_server.delivery import key_files, signing_keys
from beffroi_server.fleet import revoked_tokens
from beffroi_server.fleet.models import ReceiptRecord
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.notifications import (
    certificate,
    conditions,
    incident_texts,
    incidents,
    observations,
    outage_history,
)
from beffroi_server.notifications.incident_watch import START_GRACE, IncidentWatch
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.occasions import Occasion

pytestmark = pytest.mark.django_db


def silence(screen, began_at, until, **more) -> Incident:
    return Incident.objects.create(
        occasion=Occasion.SCREEN_SILENT, subject=f"screen-{screen.pk}", screen=screen, name=screen.name,
        began_at=began_at, noticed_at=began_at, due_at=began_at, ended_at=until, **more,
    )  # fmt: skip


class TestAlerts:
    def test_an_alert_that_a_screen_does_not_show_is_told_after_the_time_of_the_town(self, keyring, day, screens):
        alert = broadcast_alert(
            level="emergency", title="Flood", source="Town", targets=EVERYWHERE, duration_min=60, user=None
        )
        assert observations.unseen_alerts(day.now + dt.timedelta(seconds=59), day.town) == []
        later = day.now + dt.timedelta(seconds=61)
        assert observations.unseen_alerts(later, day.town)[0].detail["missing"] == 12
        for screen in screens:
            ReceiptRecord.objects.create(
                screen=screen, stream="all/alerts", sequence=1, alert=str(alert.pk), form="takeover",
                received_at=later, presented_at=later, latency_ms=5, frame="a", clock="trusted",
            )  # fmt: skip
        assert observations.unseen_alerts(later, day.town) == []


class TestBackups:
    def test_a_failure_is_told_until_one_succeeds(self, day):
        conditions.record_backup(day.now, problem="No space left on the\ndisk")
        watch = IncidentWatch()
        watch.look_around(day.now)
        found = Incident.objects.get(occasion=Occasion.BACKUP)
        assert (found.detail["problem"], found.announced_at) == ("No space left on the disk", day.now)
        conditions.record_backup(day.now)
        watch.look_around(day.now)
        found.refresh_from_db()
        assert found.ended_at == day.now


def test_after_a_start_nobody_is_silent_before_everybody_could_have_spoken(day, screens):
    seconds = [0.0]
    watch = IncidentWatch(lambda: seconds[0])
    day.falls_silent(screens[0])
    watch.look_often(day.now)
    assert not Incident.objects.exists()
    seconds[0] = START_GRACE.total_seconds()
    watch.look_often(day.now)
    assert Incident.objects.get().began_at == day.now


def test_an_address_without_a_certificate_has_none_to_expire():
    assert certificate.read_expiry("http://127.0.0.1:1") is None
    assert certificate.read_expiry("https://127.0.0.1:1") is None


class TestAvailability:
    def test_is_the_part_of_the_time_since_its_player_was_enrolled(self, day, screens):
        screen = screens[0]
        screen.enrolled_at = day.now - dt.timedelta(days=10)
        silence(screen, day.now - dt.timedelta(days=2), day.now - dt.timedelta(days=1))
        found = outage_history.availability_of([screen], day.now)[0]
        assert [round(percent, 2) for percent in found.percents] == [85.71, 90.0]
        assert found.percent_texts == ("85,71\u202f%", "90,00\u202f%")
        assert found.outages == 1

    def test_counts_an_outage_that_goes_on_and_none_before_the_period(self, day, screens):
        screen = screens[0]
        screen.enrolled_at = day.now - dt.timedelta(days=60)
        silence(screen, day.now - dt.timedelta(days=40), day.now - dt.timedelta(days=39))
        silence(screen, day.now - dt.timedelta(days=7), None)
        assert outage_history.availability_of([screen], day.now)[0].percents[0] == 0.0

    def test_leaves_out_what_was_right_in_between(self, day, screens):
        screen = screens[0]
        screen.enrolled_at = day.now - dt.timedelta(days=7)
        silence(screen, day.now - dt.timedelta(days=2), day.now, right_s=86_400)
        assert round(outage_history.availability_of([screen], day.now)[0].percents[0], 2) == 85.71

    def test_is_that_of_the_screen_through_all_its_players(self, day, screens, keyring):
        screen = screens[0]
        screen.token_sha256, screen.enrolled_at = "a" * 64, day.now - dt.timedelta(days=60)
        # A day of silence before the box is taken away, and a day without any.
        silence(screen, day.now - dt.timedelta(days=5), day.now - dt.timedelta(days=4))
        revoked_tokens.note_revoked(screen, day.now - dt.timedelta(days=4))
        screen.token_sha256, screen.enrolled_at = "b" * 64, day.now - dt.timedelta(days=3)
        found = outage_history.availability_of([screen], day.now)[0]
        assert [round(percent, 2) for percent in found.percents if percent is not None] == [71.43, 93.33]

    def test_a_screen_without_a_player_has_none(self, day, screens):
        screens[0].enrolled_at = None
        assert outage_history.availability_of(screens[:1], day.now)[0].percent_texts == ("–", "–")


def test_outages_are_kept_for_as_long_as_the_town_says(day, screens):
    day.town.outages_months = 2
    old, young = day.now - dt.timedelta(days=62), day.now - dt.timedelta(days=58)
    silence(screens[0], old, old)
    kept = [silence(screens[0], young, young), silence(screens[1], old, None)]
    assert incidents.delete_old(day.now, day.town) == 1
    assert set(Incident.objects.all()) == set(kept)


class TestKeys:
    def test_the_end_of_the_key_list_is_told_half_a_year_ahead_and_again_two_weeks_ahead(self, keyring, day):
        ends = timezone.now() + (signing_keys.key_list_expires_in() or dt.timedelta())

        def observed(ahead: dt.timedelta) -> list[tuple[str, str]]:
            return [(each.subject, each.reason) for each in observations.keys_in_need(ends - ahead)]

        assert observed(dt.timedelta(days=200)) == []
        assert observed(dt.timedelta(days=100)) == [("key-list", "ending")]
        assert observed(dt.timedelta(days=10)) == [("key-list", "ending-soon"), ("key-list-soon", "ending-soon")]
        assert observed(-dt.timedelta(days=1))[0] == ("key-list", "ended")

    @pytest.mark.usefixtures("english")
    def test_a_lost_key_is_told_in_words(self, keyring, day):
        key_files.key_path(SigningRole.ALERT).unlink()
        IncidentWatch().look_around(day.now)
        found = Incident.objects.get(occasion=Occasion.KEYS)
        assert incident_texts.incident_sentence(found).startswith("A key with which the server signs is missing")
