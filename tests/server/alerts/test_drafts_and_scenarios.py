"""Drafts of alerts for previews, and changes to scenarios."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from beffroi_content import model as content
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import scenario_services as scenarios
from beffroi_server.alerts import services
from beffroi_server.alerts.drafts import draft_alert
from beffroi_server.alerts.models import Alert, Scenario
from beffroi_server.fleet.targets import EVERYWHERE, Targets

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)


class TestDrafts:
    def test_of_an_empty_form_can_be_drawn(self):
        found = draft_alert({})

        assert (found.level, found.status) == (content.AlertLevel.EMERGENCY, content.AlertStatus.ACTUAL)
        assert found.hazard == content.GENERAL_HAZARD
        assert found.title
        assert found.time_to_live_ms == 3_600_000

    def test_hold_what_was_written(self):
        values = {
            "level": "vigilance", "status": "exercise", "hazard": "flood", "title": "Crue", "description": "Les quais",
            "instruction": "Montez", "source": "Mairie", "duration_min": 90,
        }  # fmt: skip

        found = draft_alert(values)

        kept = found.model_dump(mode="json", include=set(values))
        assert kept == {name: value for name, value in values.items() if name != "duration_min"}
        assert found.ends_at_ms - found.issued_at_ms == 90 * 60_000

    @pytest.mark.parametrize(("seconds", "is_same"), [(1, True), (59, True), (60, False)])
    def test_are_the_same_within_a_minute(self, seconds, is_same):
        with time_machine.travel(NOON, tick=False):
            first = draft_alert({"title": "Crue"})
        with time_machine.travel(NOON + dt.timedelta(seconds=seconds), tick=False):
            assert (draft_alert({"title": "Crue"}) == first) is is_same

    @pytest.mark.parametrize("values", [{"level": "apocalypse"}, {"title": "x" * 201}, {"duration_min": -5}])
    def test_of_what_is_no_alert_are_refused(self, values):
        with pytest.raises(ValueError, match=r"\w"):
            draft_alert(values)


@pytest.mark.usefixtures("town")
class TestScenarios:
    def scenario(self, **values: object) -> Scenario:
        return Scenario(name="Crue", title="Crue", source="Mairie", **values)

    def test_are_saved_with_their_targets(self, bob, hall, district):
        targets = Targets(groups=(district,), screens=(hall,))

        scenarios.save_scenario(self.scenario(), targets, user=bob)

        saved = Scenario.objects.get()
        assert not saved.everywhere
        assert (list(saved.groups.all()), list(saved.screens.all())) == ([district], [hall])
        event = AuditEvent.objects.first()
        assert (event.actor, event.action, event.subject) == ("bob", "scenario-created", "Crue")

    def test_are_changed(self, bob, hall):
        scenarios.save_scenario(self.scenario(), Targets(screens=(hall,)), user=bob)
        saved = Scenario.objects.get()
        saved.title = "Crue de la Loire"

        scenarios.save_scenario(saved, EVERYWHERE, user=bob)

        saved = Scenario.objects.get()
        assert (saved.title, saved.everywhere, saved.screens.count()) == ("Crue de la Loire", True, 0)
        assert AuditEvent.objects.first().action == "scenario-changed"

    @pytest.mark.parametrize(
        "values",
        [
            {"level": "apocalypse"},
            {"hazard": "dragon"},
            {"duration_min": 0},
            {"duration_min": 1441},
            {"all_clear_s": 86_401},
        ],
    )
    def test_that_cannot_be_broadcast_are_refused(self, values):
        with pytest.raises(ValidationError):
            scenarios.save_scenario(self.scenario(**values), EVERYWHERE, user=None)

        assert not Scenario.objects.exists()
        assert not AuditEvent.objects.filter(action__startswith="scenario").exists()

    def test_have_a_name_of_their_own(self):
        scenarios.save_scenario(self.scenario(), EVERYWHERE, user=None)

        with pytest.raises(ValidationError, match=r"[Nn]ame|[Nn]om"):
            scenarios.save_scenario(self.scenario(), EVERYWHERE, user=None)

    def test_that_are_deleted_leave_their_alerts(self, keyring, bob):
        scenarios.save_scenario(self.scenario(), EVERYWHERE, user=bob)
        saved = Scenario.objects.get()
        alert = services.broadcast_alert(
            level="emergency", title="Crue", source="Mairie", targets=EVERYWHERE, duration_min=5, scenario=saved,
            user=None,
        )  # fmt: skip

        scenarios.delete_scenario(saved, user=bob)

        assert not Scenario.objects.exists()
        assert Alert.objects.get() == alert
        assert Alert.objects.get().scenario is None
        assert AuditEvent.objects.first().action == "scenario-deleted"
        assert alert.issued_at <= timezone.now()
