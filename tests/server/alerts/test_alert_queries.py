"""Queries on alerts: active ones, those of a screen, and their titles."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from beffroi_content import model as content
from beffroi_server.alerts import queries, services
from beffroi_server.alerts.models import Alert
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets

pytestmark = pytest.mark.usefixtures("keyring")


def broadcast(title: str = "Crue", targets: Targets = EVERYWHERE, **values) -> Alert:
    given = {"level": "emergency", "source": "Mairie", "duration_min": 60, "user": None}
    return services.broadcast_alert(title=title, targets=targets, **(given | values))


def held_by(screen, seconds: float = 0) -> set[str]:
    now = timezone.now() + dt.timedelta(seconds=seconds)
    return {alert.title for alert in queries.alerts_for(screen, now)}


class TestActive:
    def test_are_those_before_their_end_also_where_the_clock_was_set_back(self):
        alert = broadcast(duration_min=1)

        assert queries.active_alerts(alert.issued_at) == [alert]
        assert queries.active_alerts(alert.issued_at - dt.timedelta(hours=1)) == [alert]
        assert queries.active_alerts(alert.ends_at - dt.timedelta(seconds=1)) == [alert]
        assert queries.active_alerts(alert.ends_at) == []

    def test_are_the_newest_first(self):
        first, second = broadcast("First"), broadcast("Second")

        assert queries.active_alerts(timezone.now()) == [second, first]

    def test_are_not_those_that_were_ended_or_withdrawn(self):
        services.end_alert(broadcast("Ended"), user=None)
        services.withdraw_alert(broadcast("Withdrawn"), user=None)

        assert queries.active_alerts(timezone.now()) == []


class TestOfAScreen:
    def test_are_those_of_each_of_its_scopes(self, hall, quay, district):
        broadcast("All")
        broadcast("Harbour", Targets(groups=(district,)))
        broadcast("Hall", Targets(screens=(hall,)))

        assert held_by(hall) == {"All", "Hall"}
        assert held_by(quay) == {"All", "Harbour"}

    def test_come_once_however_many_scopes_carry_them(self, quay, district):
        broadcast("Both", Targets(groups=(district,), screens=(quay,)))

        assert [alert.title for alert in queries.alerts_for(quay, timezone.now())] == ["Both"]

    def test_stay_until_their_end_was_shown(self, hall):
        broadcast("Short", duration_min=1, all_clear_s=30)

        assert held_by(hall, 59) == {"Short"}
        assert held_by(hall, 89) == {"Short"}
        assert held_by(hall, 91) == set()

    def test_are_those_of_a_ninth_group_too(self, hall):
        groups = [ScreenGroup.objects.create(slug=f"g{number}", name=f"Group {number}") for number in range(9)]
        hall.groups.set(groups)
        for group in groups:
            broadcast(group.name, Targets(groups=(group,)))

        assert held_by(hall) == {group.name for group in groups}


class TestTargets:
    def test_are_every_screen(self, hall, quay):
        assert set(queries.targeted_screens(broadcast())) == {hall, quay}

    def test_are_each_once(self, hall, quay, district):
        alert = broadcast(targets=Targets(groups=(district,), screens=(quay, hall)))

        assert sorted(screen.slug for screen in queries.targeted_screens(alert)) == ["hall", "quay"]

    def test_of_a_group_that_was_emptied_are_none(self, hall):
        group = ScreenGroup.objects.create(slug="river", name="River")
        hall.groups.add(group)
        alert = broadcast(targets=Targets(groups=(group,)))
        hall.groups.clear()

        assert list(queries.targeted_screens(alert)) == []


class TestWire:
    @pytest.mark.parametrize(("passed_s", "left_s"), [(0, 600), (60, 540), (599, 1), (601, 0), (10_000, 0)])
    def test_what_is_left_is_counted_from_now(self, passed_s, left_s):
        alert = broadcast(duration_min=10)

        found = queries.to_content(alert, alert.issued_at + dt.timedelta(seconds=passed_s))

        assert found.time_to_live_ms == left_s * 1000
        assert (found.issued_at_ms, found.ends_at_ms) == (unix_ms(alert.issued_at), unix_ms(alert.ends_at))

    def test_all_that_people_gave_is_carried(self):
        alert = broadcast(
            "Crue", level="vigilance", status="test", hazard="flood", description="a", instruction="b", all_clear_s=20
        )

        found = queries.to_content(alert, alert.issued_at)

        assert (found.id, found.title, found.description, found.instruction) == (str(alert.pk), "Crue", "a", "b")
        assert (found.level, found.status) == (content.AlertLevel.VIGILANCE, content.AlertStatus.TEST)
        assert (found.hazard, found.all_clear_ms) == ("flood", 20_000)


class TestTitles:
    def test_are_by_identifier(self):
        alert = broadcast("Crue")

        assert queries.alert_titles([str(alert.pk)]) == {str(alert.pk): "Crue"}

    @pytest.mark.parametrize("identifier", ["", "preview", "not-a-uuid", str(uuid.UUID(int=5))])
    def test_of_what_is_no_alert_are_left_out(self, identifier):
        assert queries.alert_titles([identifier]) == {}

    def test_of_nothing_take_no_query(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert queries.alert_titles(["preview"]) == {}


class TestTokens:
    def test_a_form_that_is_sent_twice_broadcasts_once(self):
        token = uuid.uuid4()

        first, second = broadcast(token=token), broadcast("Another title", token=token)

        assert first == second
        assert Alert.objects.count() == 1
        assert Alert.objects.get().title == "Crue"

    def test_another_form_broadcasts_another_alert(self):
        broadcast(token=uuid.uuid4())
        broadcast(token=uuid.uuid4())

        assert Alert.objects.count() == 2
