"""Overview of screens: states and reasons."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from beffroi_server.alerts.set_publication import publish_all_sets
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.monitoring import expected_frames as expected
from beffroi_server.monitoring import screen_overview as screens
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.schedule import publication


def fresh(screen: Screen) -> Screen:
    return Screen.objects.get(pk=screen.pk)


class TestOverview:
    @pytest.fixture
    def reporting(self, keyring, playlist, hall) -> dict[str, object]:
        """What the screen reports when all is well."""
        publication.publish_due_programmes()
        now = timezone.now()
        hall = fresh(hall)
        hall.enrolled_at = now
        hall.save()
        digest = expected.expected_frame(hall, now)[1]
        ScreenState.objects.create(screen=hall, online=True, boot="b", seen_at=now, report_number=1)
        return {
            "boot": "b", "number": 1, "at_ms": unix_ms(now), "clock": "trusted", "link": "live",
            "programme": OutboxDocument.objects.get(topic__endswith="programme").sequence, "frame": digest,
            "presented_at_ms": unix_ms(now),
        }  # fmt: skip

    def look(self, report: dict[str, object] | None, **state: object):
        ScreenState.objects.update(report=report, **state)
        known = screens.overview_all(timezone.now())
        (found,) = screens.compare_frames(known, ExpectedContents(each.screen for each in known))
        return found.state, found.reasons

    def test_all_is_well(self, reporting):
        assert self.look(reporting) == ("right", ())

    @pytest.mark.parametrize(
        ("change", "state", "reason"),
        [
            ({"programme": 5}, "pending", "programme-older"),
            ({"programme": None}, "pending", "programme-older"),
            ({"preparing": "waits for 1 of 2 files"}, "pending", "programme-preparing"),
            ({"frame": "0" * 64}, "wrong", "frame-differs"),
            # A technician looks at a test card: nobody need be told.
            ({"frame": "0" * 64, "overlay": True}, "pending", "overlay"),
            ({"clock": "unknown"}, "wrong", "clock-unknown"),
            ({"link": "lost"}, "wrong", "connection-lost"),
            ({"link": "polling"}, "pending", "connection-polling"),
        ],
    )
    def test_what_differs_is_named(self, reporting, change, state, reason):
        assert self.look(reporting | change) == (state, (reason,))

    def test_an_alert_that_did_not_arrive(self, reporting):
        publish_all_sets(timezone.now())

        assert self.look(reporting) == ("wrong", ("alerts-older",))
        newest = OutboxDocument.objects.get(topic__endswith="alerts").sequence
        assert self.look(reporting | {"alerts": {"all/alerts": newest}}) == ("right", ())

    def test_refusals(self, reporting):
        refusal = {"subject": "x", "code": "wrong-key", "detail": "", "last_at_ms": reporting["at_ms"]}

        assert self.look(reporting | {"refusals": [refusal]}) == ("wrong", ("refusals",))
        assert self.look(reporting | {"refusals": [refusal | {"last_at_ms": 5}]}) == ("right", ())

    @pytest.mark.parametrize("reason", ["malformed", "flood", "quota", "unstorable"])
    def test_messages_that_were_refused(self, reporting, reason):
        now = timezone.now()
        refused = {"refused_reason": reason, "refused_count": 5}

        assert self.look(reporting, refused_at=now, **refused) == ("wrong", (f"messages-{reason}",))
        assert self.look(None, refused_at=now, **refused) == ("new", ("no-report", f"messages-{reason}"))
        assert self.look(reporting, refused_at=now - dt.timedelta(hours=2), **refused) == ("right", ())

    def test_a_screen_that_is_off(self, reporting):
        assert self.look(reporting, online=False) == ("offline", ("offline",))

    def test_a_screen_that_says_nothing(self, reporting):
        assert self.look(reporting, seen_at=timezone.now() - dt.timedelta(minutes=6)) == ("offline", ("silent",))

    def test_a_screen_without_a_broker_that_fetches_its_documents_over_http(self, reporting):
        now = timezone.now()
        gone = {"online": False, "seen_at": now - dt.timedelta(seconds=30)}
        assert self.look(reporting, **gone, polled_at=now) == ("pending", ("connection-polling",))
        assert self.look(reporting, **gone, polled_at=now - dt.timedelta(seconds=31)) == ("offline", ("offline",))

    def test_a_screen_that_fetches_while_the_broker_passes_nothing_on(self, reporting):
        now = timezone.now()
        quiet = now - dt.timedelta(seconds=80)
        reporting |= {"at_ms": unix_ms(quiet)}
        assert self.look(reporting, seen_at=quiet, polled_at=now) == ("pending", ("connection-polling",))
        later = {"seen_at": quiet + dt.timedelta(seconds=20), "polled_at": now}
        assert self.look(reporting, **later) == ("right", ())
        assert self.look(reporting, seen_at=quiet, polled_at=quiet - dt.timedelta(seconds=1)) == ("right", ())

    def test_two_players_with_one_identity(self, reporting):
        assert self.look(reporting, clash_at=timezone.now()) == ("wrong", ("identity-clash",))

    def test_a_screen_that_never_said_anything(self, reporting):
        assert self.look(None) == ("new", ("no-report",))

    def test_a_report_that_nobody_can_read(self, reporting):
        assert self.look({"boot": 5}) == ("new", ("no-report",))

    def test_a_report_from_the_end_of_time(self, reporting):
        assert self.look(reporting | {"presented_at_ms": 253_402_300_799_999})[0] == "wrong"

    def test_a_screen_without_a_player(self, hall):
        (found,) = screens.overview_all(timezone.now())

        assert (found.state, found.reasons) == ("new", ("not-enrolled",))

    def test_many_screens_take_few_queries(self, reporting, full_hd, django_assert_max_num_queries):
        for number in range(20):
            Screen.objects.create(slug=f"s{number}", name=str(number), screen_class=full_hd)

        with django_assert_max_num_queries(3):
            screens.overview_all(timezone.now())
