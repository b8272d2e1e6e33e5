"""Operations on alerts that wait: for a second officer, or for their time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from beffroi_server.accounts.models import User
from beffroi_server.alerts import on_call
from beffroi_server.alerts.models import Alert, Scenario

pytestmark = pytest.mark.usefixtures("keyring", "english")
FLOOD = {
    "title": "Crue", "level": "emergency", "hazard": "flood", "short_text": "Évacuez", "phone": "112",
    "screens": ["quay"], "duration_min": 30,
}  # fmt: skip


class TestProposals:
    @pytest.fixture(autouse=True)
    def rule(self, town, quay) -> None:
        town.second_officer_levels = ["emergency"]
        town.save()

    def test_what_needs_two_is_proposed_by_one_program_and_confirmed_by_another(self, program_of, bob, dora):
        ours, theirs = program_of(bob), program_of(dora)
        refused = ours.post("/alerts", FLOOD)
        assert refused.json()["type"] == "urn:beffroi:problem:alert-second-officer"
        answers = [ours.post("/alert-proposals", FLOOD, Idempotency_Key="p-1") for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 201]
        proposal = answers[0].json()
        assert answers[1].json()["id"] == proposal["id"]
        assert (proposal["proposed_by"], proposal["decision"], proposal["alert"]) == ("bob", "", None)
        assert (proposal["hazard"], proposal["everywhere"], proposal["screens"]) == ("flood", False, ["quay"])
        assert (proposal["short_text"], proposal["phone"], proposal["link"]) == ("Évacuez", "112", "")
        assert [each["id"] for each in theirs.get("/alert-proposals").json()["items"]] == [proposal["id"]]
        address = f"/alert-proposals/{proposal['id']}"
        assert ours.post(f"{address}/confirm").status_code == refused.status_code
        assert not Alert.objects.exists()

        alert = theirs.post(f"{address}/confirm")

        assert (alert.status_code, alert.json()["title"], alert.json()["screens"]) == (201, "Crue", ["quay"])
        assert theirs.get("/alert-proposals").json()["count"] == 0
        (decided,) = theirs.get("/alert-proposals?waiting=false").json()["items"]
        assert (decided["decision"], decided["alert"]) == ("confirmed", alert.json()["id"])
        assert (decided["decided_by"], decided["decided_at"] is None) == ("dora", False)
        assert theirs.post(f"{address}/decline").status_code == 409

    def test_a_reason_stands_in_for_the_second_officer_and_a_declined_one_is_no_alert(self, program_of, bob):
        api = program_of(bob)
        declined, urgent = (api.post("/alert-proposals", FLOOD).json()["id"] for _ in range(2))
        assert api.post(f"/alert-proposals/{declined}/decline").json()["decision"] == "declined"
        assert api.post(f"/alert-proposals/{declined}/alone", {"reason": "Nobody answers"}).status_code == 409
        assert api.post(f"/alert-proposals/{urgent}/alone", {}).status_code == 422
        assert api.post(f"/alert-proposals/{urgent}/alone", {"reason": "Nobody answers"}).status_code == 201
        assert Alert.objects.get().alone_reason == "Nobody answers"

    def test_who_answers_for_other_screens_neither_sees_nor_confirms_it(self, program_of, bob, dora, hall):
        admin = program_of(dora)
        group = admin.post("/groups", {"name": "Elsewhere"}).json()["slug"]
        made = admin.post("/users", {"username": "sam", "role": "officer", "groups": [group]}).json()
        outsider = program_of(User.objects.get(pk=made["id"]))
        proposal = program_of(bob).post("/alert-proposals", FLOOD).json()["id"]
        assert outsider.get("/alert-proposals").json()["count"] == 0
        assert outsider.post(f"/alert-proposals/{proposal}/confirm").status_code in {403, 404}
        assert not Alert.objects.exists()


def test_languages_of_a_scenario_are_those_of_its_alert_unless_others_are_given(program_of, bob, quay):
    api = program_of(bob)
    german = {"language": "de", "title": "Hochwasser", "description": "", "instruction": "Nach oben.", "short_text": ""}
    made = api.post(
        "/scenarios",
        {"name": "Flood", "title": "Crue", "source": "Mairie", "everywhere": True, "translations": [german]},
    ).json()
    assert made["translations"] == [german]
    alert = api.post("/alerts", {"scenario": made["id"]}).json()
    assert alert["translations"] == [german]
    corrected = api.post(f"/alerts/{alert['id']}/correct", {"title": "Crue !"}).json()
    assert corrected["translations"] == [german]
    assert api.post("/alerts", {"scenario": made["id"], "translations": []}).json()["translations"] == []
    wrong = api.post("/alerts", {"title": "Crue", "everywhere": True, "translations": [{"language": "de"}]})
    assert wrong.status_code == 422


def test_a_scenario_says_where_it_can_be_triggered_without_the_server(program_of, bob, quay):
    scenario = Scenario.objects.create(
        name="Crue", title="Crue", source="Mairie", everywhere=True, is_draft=True, local_minutes=30
    )
    scenario.local_triggers.add(quay)
    api = program_of(bob)
    for shown in (api.get(f"/scenarios/{scenario.pk}").json(), api.get("/scenarios").json()["items"][0]):
        assert (shown["is_draft"], shown["local_minutes"], shown["local_triggers"]) == (True, 30, ["quay"])


class TestPlannedAlerts:
    def test_a_siren_test_is_planned_changed_postponed_skipped_and_deleted(self, program_of, bob, quay):
        api = program_of(bob)
        day = (timezone.localdate() + dt.timedelta(days=9)).isoformat()
        siren = {**FLOOD, "status": "test", "starts_on": day, "starts_time": "12:00", "recurrence": "FREQ=WEEKLY"}
        made = api.post("/planned-alerts", siren)
        assert (made.status_code, made.json()["screens"]) == (201, ["quay"])
        assert (made.json()["short_text"], made.json()["phone"], made.json()["created_by"]) == ("Évacuez", "112", "bob")
        first = dt.datetime.fromisoformat(made.json()["next_at"])
        assert [each["next_at"] for each in api.get("/planned-alerts").json()["items"]] == [made.json()["next_at"]]
        address = f"/planned-alerts/{made.json()['id']}"

        changed = api.patch(address, {"duration_min": 5}).json()
        assert (changed["duration_min"], changed["title"], changed["screens"]) == (5, "Crue", ["quay"])
        later = api.post(f"{address}/postpone", {"at": first.isoformat(), "minutes": 90}).json()["next_at"]
        assert dt.datetime.fromisoformat(later) == first + dt.timedelta(minutes=90)
        assert api.post(f"{address}/skip", {"at": first.isoformat()}).json()["next_at"] == later, "it is not the next"
        skipped = api.post(f"{address}/skip", {"at": later}).json()["next_at"]
        assert dt.datetime.fromisoformat(skipped) - first >= dt.timedelta(days=6, hours=23)
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404

    @pytest.mark.parametrize("wrong", [{"recurrence": "FREQ=NEVER"}, {"starts_on": "2020-01-01"}, {"screens": []}])
    def test_what_cannot_be_planned_is_refused_and_not_kept(self, program_of, bob, quay, wrong):
        api = program_of(bob)
        day = (timezone.localdate() + dt.timedelta(days=9)).isoformat()
        answer = api.post("/planned-alerts", {**FLOOD, "starts_on": day, "starts_time": "12:00", **wrong})
        assert 400 <= answer.status_code < 500
        assert api.get("/planned-alerts").json()["count"] == 0

    def test_an_editor_plans_nothing_and_officers_see_who_is_on_call(self, program_of, alice, bob, quay):
        day = (timezone.localdate() + dt.timedelta(days=9)).isoformat()
        siren = {**FLOOD, "starts_on": day, "starts_time": "12:00"}
        assert program_of(alice).post("/planned-alerts", siren).status_code == 403
        assert program_of(bob).get("/on-call").json()["users"] == []
        on_call.save_members([bob], user=bob)
        assert program_of(bob).get("/on-call").json()["users"] == ["bob"]
