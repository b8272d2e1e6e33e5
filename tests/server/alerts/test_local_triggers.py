"""Scenarios that can be triggered on the spot, and what players say that they have triggered."""

from __future__ import annotations

import datetime as dt
import html
import json
import uuid

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_content.timeline import ClockState
from beffroi_content.wire.envelope import public_hex
from beffroi_content.wire.local_triggers import (
    ActCause,
    ActStatement,
    LocalAct,
    SignedStatement,
    StatementRefused,
    TriggerKind,
    new_act_id,
    sign_statement,
)
from beffroi_content.wire.messages import ALERTS, SCENARIOS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.__main__ import main
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import local_acts, reported_showings, services
from beffroi_server.alerts.local_scenarios import publish_scenarios
from beffroi_server.alerts.models import Alert, Restoration, Scenario
from beffroi_server.alerts.scenario_services import delete_scenario, save_scenario
from beffroi_server.alerts.trigger_models import TriggerContact, TriggeredAlert
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import signing
from beffroi_server.dossiers.alert_dossier import build_dossier
from beffroi_server.dossiers.dossier_json import dossier_json
from beffroi_server.fleet.events import ReportedAlerts
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.outlets import cap_messages
from beffroi_server.outlets.models import CapMessage, CapOutput

KEY = Ed25519PrivateKey.generate()
NIGHT = dt.datetime(2026, 6, 15, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
ALL = TopicScope.all_screens()


@pytest.fixture
def trigger(hall: Screen, keyring) -> Screen:
    """A screen whose player has a key."""
    hall.trigger_key = public_hex(KEY)
    hall.save()
    return hall


@pytest.fixture
def flood(trigger: Screen) -> Scenario:
    """A scenario that can be triggered at that screen, for an hour."""
    scenario = Scenario(name="Crue", title="Crue", source="Mairie", local_minutes=60)
    save_scenario(scenario, EVERYWHERE, user=None, triggers=[trigger])
    return scenario


def published(scope: TopicScope = ALL):
    document = signing.published_document(SCENARIOS, scope)
    return {each.id: each for each in document.scenarios} if document else None


def cause(at: dt.datetime, who: str = "2", clock: ClockState = ClockState.TRUSTED) -> ActCause:
    return ActCause(kind=TriggerKind.CONTACT, who=who, at_ms=unix_ms(at), clock=clock)


def act_of(scenario: Scenario, **fields: object) -> LocalAct:
    values = {"began": cause(NIGHT), "left_ms": 3_600_000, **fields}
    return LocalAct(id=new_act_id(), scenario=f"scenario-{scenario.pk}", **values)


def said(*acts: LocalAct, key: Ed25519PrivateKey = KEY) -> SignedStatement:
    return sign_statement(ActStatement(site="saint-aubin", screen="hall", acts=acts), key)


class TestWhatIsPublished:
    def test_is_signed_with_the_keys_of_those_who_may_trigger_it(self, flood):
        (scenario,) = published().values()
        assert (scenario.name, scenario.longest_ms, scenario.is_shown) == ("Crue", 3_600_000, True)
        assert scenario.triggers == {"hall": public_hex(KEY)}
        assert publish_scenarios() == 0

    def test_is_nothing_where_no_scenario_is_meant_for_it(self, trigger):
        save_scenario(Scenario(name="Feu", title="Feu", source="Mairie"), EVERYWHERE, user=None)
        assert published() is None

    def test_is_revoked_by_a_newer_document(self, flood):
        flood.local_minutes = None
        save_scenario(flood, EVERYWHERE, user=None)
        assert published() == {}

    def test_is_revoked_with_the_scenario(self, flood):
        delete_scenario(flood, user=None)
        assert published() == {}

    def test_follows_a_player_that_was_enrolled_anew(self, flood, trigger):
        other = public_hex(Ed25519PrivateKey.generate())
        Screen.objects.filter(pk=trigger.pk).update(trigger_key=other)
        assert publish_scenarios() == 1
        assert published()[f"scenario-{flood.pk}"].triggers == {"hall": other}

    def test_reaches_a_screen_that_may_only_trigger_it_for_others(self, trigger, quay):
        scenario = Scenario(name="Quai", title="Quai", source="Mairie", local_minutes=10)
        save_scenario(scenario, Targets(screens=(quay,)), user=None, triggers=[trigger])
        shown = {screen: [each.is_shown for each in published(TopicScope.of_screen(screen)).values()]
                 for screen in ("quay", "hall")}  # fmt: skip
        assert shown == {"quay": [True], "hall": [False]}

    def test_is_renewed_before_it_is_too_old(self, flood):
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=47)):
            assert publish_scenarios() == 1
            assert publish_scenarios() == 0


class TestContacts:
    VALUES = {"number": "2", "line": "17", "lasts": "closed", "is_active_low": "on", "hold_ms": "80",
              "chip": "gpiochip0"}  # fmt: skip

    def test_are_set_by_a_technician_for_what_an_officer_has_released_there(self, flood, trigger, client, charlie):
        client.force_login(charlie)
        sent = {**self.VALUES, "scenario": str(flood.pk)}
        assert client.post("/screens/hall/contacts/", sent).status_code == 302
        document = signing.published_document(SCENARIOS, TopicScope.of_screen("hall"))
        (contact,) = document.contacts
        assert (contact.number, contact.line, contact.scenario, contact.hold_ms) == (2, 17, f"scenario-{flood.pk}", 80)
        Scenario.objects.update(name="L’Orne\u00a0: $HOME")
        page = html.unescape(client.get("/screens/hall/contacts/").content.decode())
        assert "sudo beffroi-player trigger 'L’Orne : $HOME'" in page
        assert "GPIO 17" in " ".join(page.split())

        row = TriggerContact.objects.get()
        assert client.post(f"/screens/hall/contacts/{row.pk}/remove/").status_code == 302
        assert signing.published_document(SCENARIOS, TopicScope.of_screen("hall")).contacts == ()

    def test_trigger_nothing_that_nobody_has_released(self, flood, quay, client, charlie):
        client.force_login(charlie)
        sent = {**self.VALUES, "scenario": str(flood.pk)}
        assert client.post("/screens/quay/contacts/", sent).status_code == 422
        assert not TriggerContact.objects.exists()


class TestWhatWasTriggered:
    def test_becomes_an_alert_that_the_officer_can_end(self, flood, trigger, bob):
        act = act_of(flood, left_ms=59 * 60_000)
        with time_machine.travel(NIGHT + MINUTE, tick=False):
            assert local_acts.take_statement(trigger, said(act)) == 1
            alert = Alert.objects.get()
            assert (str(alert.pk), alert.title, alert.issued_at, alert.ends_at) == (
                act.id, "Crue", NIGHT, NIGHT + 60 * MINUTE,
            )  # fmt: skip
            (listed,) = signing.published_document(ALERTS, ALL).alerts
            assert listed.id == act.id
            services.end_alert(alert, user=bob)
        row = TriggeredAlert.objects.get()
        assert (row.kind, row.who, row.screen_name, row.at) == ("contact", "2", trigger.name, NIGHT)
        event = AuditEvent.objects.get(action="alert-triggered")
        assert event.actor == ""

    def test_is_taken_in_once(self, flood, trigger):
        statement = said(act_of(flood))
        with time_machine.travel(NIGHT, tick=False):
            assert [local_acts.take_statement(trigger, statement) for _ in range(2)] == [1, 0]

    def test_ends_on_all_screens_when_it_is_ended_on_the_spot(self, flood, trigger):
        act = act_of(flood)
        with time_machine.travel(NIGHT, tick=False):
            local_acts.take_statement(trigger, said(act))
        over = act.model_copy(update={"ended": cause(NIGHT + 5 * MINUTE, "pi"), "left_ms": 0})
        with time_machine.travel(NIGHT + 5 * MINUTE, tick=False):
            assert local_acts.take_statement(trigger, said(over)) == 1
            (listed,) = signing.published_document(ALERTS, ALL).alerts
            # An old statement that a thief has recorded does not bring it back.
            assert local_acts.take_statement(trigger, said(act)) == 0
        assert listed.ends_at_ms == unix_ms(NIGHT + 5 * MINUTE)
        assert TriggeredAlert.objects.get().ended_who == "pi"

    def test_is_told_to_those_outside_unless_it_was_over_by_then(self, flood, trigger, dora):
        cap_messages.save_output(CapOutput(is_on=True), user=dora)
        act, late = act_of(flood), act_of(flood, ended=cause(NIGHT + 5 * MINUTE), left_ms=0)
        with time_machine.travel(NIGHT + 6 * MINUTE, tick=False):
            local_acts.take_statement(trigger, said(late))
            assert cap_messages.follow_alerts() == 0
        with time_machine.travel(NIGHT + 7 * MINUTE, tick=False):
            local_acts.take_statement(trigger, said(act))
            assert cap_messages.follow_alerts() == 1
            over = act.model_copy(update={"ended": cause(NIGHT + 8 * MINUTE, "pi"), "left_ms": 0})
            local_acts.take_statement(trigger, said(over))
            assert cap_messages.follow_alerts() == 1
        begun, ended = CapMessage.objects.order_by("pk")
        assert (begun.message_type, ended.message_type, begun.alert) == ("Alert", "Update", uuid.UUID(act.id))
        assert "<responseType>AllClear</responseType>" in ended.document

    def test_is_history_where_it_was_over_before_the_server_was_told(self, flood, trigger):
        act = act_of(flood, ended=cause(NIGHT + 5 * MINUTE), left_ms=0)
        with time_machine.travel(NIGHT + dt.timedelta(days=2), tick=False):
            assert local_acts.take_statement(trigger, said(act)) == 1
            assert signing.published_document(ALERTS, ALL) is None
        alert = Alert.objects.get()
        assert (alert.settled, alert.issued_at, alert.ends_at) == (True, NIGHT, NIGHT + 5 * MINUTE)

    def test_begins_by_the_clock_of_the_server_where_that_of_the_player_is_wrong(self, flood, trigger):
        wrong = cause(NIGHT - dt.timedelta(days=400), clock=ClockState.CARRIED)
        with time_machine.travel(NIGHT, tick=False):
            local_acts.take_statement(trigger, said(act_of(flood, began=wrong)))
        assert Alert.objects.get().issued_at == NIGHT

    def test_is_refused_without_the_key_of_the_player(self, flood, trigger):
        with pytest.raises(StatementRefused):
            local_acts.take_statement(trigger, said(act_of(flood), key=Ed25519PrivateKey.generate()))
        assert not Alert.objects.exists()

    def test_is_not_shown_where_the_town_no_longer_lets_it_be_triggered_there(self, flood, trigger):
        save_scenario(flood, EVERYWHERE, user=None, triggers=[])
        with time_machine.travel(NIGHT, tick=False):
            assert local_acts.take_statement(trigger, said(act_of(flood))) == 0
        assert not Alert.objects.exists()
        assert AuditEvent.objects.filter(action="alert-triggered").count() == 1

    def test_is_in_a_dossier_that_anybody_can_verify(self, flood, trigger, bob, town, tmp_path, capsys):
        with time_machine.travel(NIGHT, tick=False):
            local_acts.take_statement(trigger, said(act_of(flood)))
            values = json.loads(dossier_json(build_dossier(Alert.objects.get(), bob, town, NIGHT)))
        (text,) = values["texts"]
        assert (text["triggered"]["kind"], text["triggered"]["who"]) == ("contact", "2")
        path = tmp_path / "dossier.json"
        path.write_text(json.dumps(values))
        assert main(["alerts", "verify", str(path)]) == 0
        text["triggered"]["statement"]["body"] = text["triggered"]["statement"]["body"].replace('"2"', '"3"')
        path.write_text(json.dumps(values))
        assert main(["alerts", "verify", str(path)]) == 1
        assert "is not signed by its key" in capsys.readouterr().out

    def test_is_no_sign_of_a_restored_database_while_it_is_not_reported_yet(self, flood, trigger):
        reported_showings.note_reports([ReportedAlerts("hall", {}, frozenset({act_of(flood).id}))])
        assert not Restoration.objects.exists()
