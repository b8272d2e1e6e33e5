"""The REST API: who may call it, what it answers, and what happens to a request that comes twice."""

from __future__ import annotations

import base64
import json
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beffroi_server.accounts import audit, services
from beffroi_server.accounts.models import ApiToken, AuditEvent, User, UserRole
from beffroi_server.alerts import services as alert_services
from beffroi_server.alerts.models import Alert, Scenario
from beffroi_server.api import callers, jobs
from beffroi_server.api.document import document_text, openapi_document
from beffroi_server.api.models import RepeatableRequest
from beffroi_server.api.values import Answer, Change
from beffroi_server.core.http_server.request_threads import RequestKind
from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement
from beffroi_server.notifications.models import Incident
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
from beffroi_server.service import THREAD_GROUPS
from beffroi_server.web.request_policy import body_sender, request_kind

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
PIXEL = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


class TestCallers:
    def test_a_token_acts_for_its_user_and_the_audit_trail_names_it(self, program_of, alice, town):
        program = program_of(alice, "announcements:write", name="Website")
        made = program.post("/announcements", {"title": "Marché de Noël"})
        assert made.status_code == 201
        assert made.json()["updated_by"] == "alice"
        event = AuditEvent.objects.get(action="announcement-created")
        assert (event.actor, event.detail["token"]) == ("alice", "Website")
        assert audit.verify_chain()

    def test_a_token_does_no_more_than_its_scopes(self, program_of, dora, town):
        answer = program_of(dora, "announcements:read").post("/announcements", {"title": "Non"})
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:beffroi:problem:scope")
        assert "announcements:write" in answer.json()["next_step"]

    def test_a_token_does_no_more_than_the_role_of_its_user_now(self, program_of, dora, bob, hall):
        program = program_of(bob, "alerts:broadcast")
        bob.role = UserRole.TECHNICIAN
        services.update_user(bob, actor=dora)
        answer = program.post("/alerts", {"title": "Crue", "everywhere": True})
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:beffroi:problem:role")
        assert not Alert.objects.exists()

    @pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer beffroi_nonsense", "Basic YTpi", "Bearer \x00"])
    def test_no_other_secret_is_one(self, town, header):
        answer = Client().get("/api/v1/me", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer["Content-Type"] == "application/problem+json"

    def test_a_revoked_or_expired_token_or_that_of_a_locked_user_is_none(self, program_of, alice, bob, charlie, dora):
        programs = [program_of(user, "screens:read") for user in (alice, bob, charlie)]
        assert [each.get("/me").status_code for each in programs] == [200, 200, 200]
        ApiToken.objects.filter(user=alice).update(expires_at="2020-01-01T00:00Z")
        ApiToken.objects.filter(user=bob).update(revoked_at="2020-01-01T00:00Z")
        charlie.is_active = False
        charlie.save()
        assert [each.get("/me").status_code for each in programs] == [401, 401, 401]

    def test_only_a_hash_of_the_secret_is_stored(self, api, dora):
        row = ApiToken.objects.get()
        assert api.token not in json.dumps({name: str(value) for name, value in vars(row).items()})

    def test_a_session_reads_and_takes_its_csrf_token_to_change(self, alice, town):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice)
        assert browser.get("/api/v1/announcements").status_code == 200
        refused = browser.post("/api/v1/announcements", {"title": "Non"}, content_type="application/json")
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:beffroi:problem:csrf")
        browser.get("/account/")
        token = browser.cookies["csrftoken"].value
        accepted = browser.post(
            "/api/v1/announcements", {"title": "Oui"}, content_type="application/json", headers={"X-CSRFToken": token}
        )
        assert accepted.status_code == 201

    def test_who_sends_too_much_waits_and_alerts_are_counted_apart(self, api, hall, keyring, monkeypatch):
        monkeypatch.setattr(callers.request_throttle, "_limit", 2)
        answers = [api.get("/me") for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert int(answers[2]["Retry-After"]) >= 1
        assert api.post("/alerts", {"title": "Crue", "everywhere": True}).status_code == 201

    def test_who_guesses_tokens_waits_and_keeps_nobody_away(self, api, town, monkeypatch):
        monkeypatch.setattr(callers.guess_throttle, "_limit", 1)
        guesses = [Client().get("/api/v1/me", headers={"Authorization": "Bearer beffroi_x"}) for _ in range(2)]
        assert [each.status_code for each in guesses] == [401, 429]
        assert api.get("/me").status_code == 200

    def test_me_names_the_scopes_that_may_be_used(self, program_of, bob, town):
        found = program_of(bob, "alerts:broadcast", "screens:read").get("/me").json()
        assert (found["user"], found["role"], found["token"]) == ("bob", "officer", "script")
        assert found["scopes"] == ["screens:read", "alerts:read", "alerts:broadcast"]


class TestRefusals:
    def test_a_refusal_names_the_fields_in_the_language_of_the_reader(self, api, town):
        answer = api.post("/announcements", {"title": "漢字", "colour": "red"}).json()
        assert answer["status"] == 422
        assert {each["field"] for each in answer["fields"]} == {"title", "colour"}
        assert "漢" in answer["detail"]

    @pytest.mark.parametrize(
        "path", ["/nothing", "/announcements/1", "/playlists/0", "/screens/Hall", "/rules/" + "9" * 30]
    )
    def test_what_does_not_exist_is_404(self, api, town, path):
        assert api.get(path).status_code == 404

    def test_another_method_is_405(self, api, town):
        answer = api.call("DELETE", "/announcements")
        assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
        assert "GET" in answer["Allow"]

    def test_a_body_that_is_no_json_is_400(self, api, town):
        answer = api._client.post(
            "/api/v1/announcements", "{", content_type="application/json",
            headers={"Authorization": f"Bearer {api.token}"},
        )  # fmt: skip
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")

    def test_a_body_that_is_too_large_is_413(self, api, town, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        assert api.post("/announcements", {"title": "a", "body": "b" * 200}).status_code == 413

    def test_a_fault_of_the_server_is_told_in_the_same_form(self, api, town, monkeypatch):
        monkeypatch.setattr("beffroi_server.api.town.town_answer", lambda _town: 1 / 0)
        api._client.raise_request_exception = False
        answer = api.get("/town")
        assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")


class TestChanges:
    def test_an_announcement_is_written_read_changed_and_deleted(self, api, town):
        made = api.post("/announcements", {"title": "Fête de la\nmusique", "starts": "2027-06-21T18:00:00+02:00"})
        address = f"/announcements/{made.json()['id']}"
        assert made.json()["title"] == "Fête de la musique"
        assert api.get(address).json()["starts"] == "2027-06-21T16:00:00Z"
        changed = api.patch(address, {"body": "Place du Marché"})
        assert (changed.json()["version"], changed.json()["title"]) == (2, "Fête de la musique")
        assert (changed.json()["created_by"], changed.json()["updated_by"]) == ("dora", "dora")
        assert [each["id"] for each in api.get("/announcements?search=musique").json()["items"]] == [made.json()["id"]]
        assert api.get("/announcements?search=absent").json()["count"] == 0
        assert api.delete(address).status_code == 409
        assert api.post(f"{address}/archive").json()["archived_at"] is not None
        assert api.get("/announcements").json()["count"] == 0
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404

    def test_an_announcement_has_translations_and_screens_choose_languages(self, api, town, hall, district):
        texts = [{"language": "de", "title": "Markt"}, {"language": "ar", "title": "سوق", "body": "مجاني"}]
        made = api.post("/announcements", {"title": "Marché", "translations": texts})
        assert (made.status_code, made.json()["language"]) == (201, "fr")
        address = f"/announcements/{made.json()['id']}"
        assert [each["title"] for each in api.get(address).json()["translations"]] == ["Markt", "سوق"]
        shown = api.get(f"{address}/content").json()
        assert [each["language"] for each in shown["translations"]] == ["de", "ar"]
        for wrong in ({"language": "de"}, {"translations": [*texts, texts[0]]}, {"translations": [{"language": "de"}]}):
            assert api.patch(address, wrong).status_code == 422
        assert api.patch(address, {"translations": []}).json()["translations"] == []

        for place in ("/screens/hall", f"/groups/{district.slug}", "/town"):
            assert api.patch(place, {"languages": ["fr", "de"]}).json()["languages"] == ["fr", "de"]
            assert api.patch(place, {"languages": ["fr", "fr"]}).status_code == 422
            assert api.patch(place, {"languages": ["xx"]}).status_code == 422

    def test_a_change_of_an_older_version_is_a_conflict(self, api, announcement, town):
        address = f"/announcements/{announcement.pk}"
        assert api.patch(address, {"title": "Deux", "version": 1}).status_code == 200
        answer = api.patch(address, {"title": "Trois", "version": 1})
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:beffroi:problem:edit-conflict")
        assert Announcement.objects.get().title == "Deux"

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    def test_an_entity_tag_that_holds_no_longer_is_412(self, api, announcement, town, method):
        address = f"/announcements/{announcement.pk}"
        before = api.get(address)["ETag"]
        assert api.get(address, If_None_Match=before).status_code == 304
        after = api.patch(address, {"title": "Deux"}, If_Match=before)
        assert (after.status_code, after["ETag"] != before) == (200, True)
        body = {"title": "Trois"} if method == "PATCH" else None
        Announcement.objects.update(archived_at="2026-01-01T00:00Z")
        after = api.get(address)
        assert api.call(method, address, body, If_Match=before).status_code == 412
        assert api.call(method, address, body, If_Match=after["ETag"]).status_code in {200, 204}

    def test_what_is_in_use_is_not_deleted(self, api, playlist, announcement):
        feed = api.post("/feeds", {"name": "Agenda", "kind": "calendar", "address": "example.org/a.ics"}).json()
        assert feed["address"] == "https://example.org/a.ics"
        api.patch(f"/announcements/{announcement.pk}", {"feed": feed["id"]})
        answer = api.delete(f"/feeds/{feed['id']}")
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:beffroi:problem:in-use")

    def test_an_announcement_is_published_and_taken_off(self, api, quay, announcement):
        address = f"/announcements/{announcement.pk}"
        placed = api.call("PUT", f"{address}/placement", {"groups": ["harbour"], "ends_at": "2199-01-01T00:00Z"})
        assert placed.json()["placement"]["groups"] == ["harbour"]
        assert api.get("/announcements?on_screens=true").json()["count"] == 1
        assert api.post(f"{address}/take-off").json()["placement"]["taken_off_at"] is not None
        assert api.get("/announcements?on_screens=true").json()["count"] == 0
        assert api.post(f"{address}/put-back").json()["placement"]["taken_off_at"] is None

    def test_who_only_proposes_publishes_nothing(self, program_of, carla, quay, announcement):
        program = program_of(carla, "announcements:write")
        made = program.post("/announcements", {"title": "Proposée", "tags": ["été"]})
        assert made.json()["tags"] == ["été"], made.content
        address = f"/announcements/{made.json()['id']}/placement"
        answer = program.call("PUT", address, {"everywhere": True})
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:beffroi:problem:role")

    def test_a_request_that_comes_again_is_done_once(self, api, town):
        first = api.post("/announcements", {"title": "Une fois"}, Idempotency_Key="k1")
        again = api.post("/announcements", {"title": "Une fois"}, Idempotency_Key="k1")
        assert (first.json(), again.status_code) == (again.json(), 201)
        assert again["Idempotency-Replayed"] == "true"
        assert Announcement.objects.count() == 1
        other = api.post("/announcements", {"title": "Autre"}, Idempotency_Key="k1")
        assert (other.status_code, other.json()["type"]) == (422, "urn:beffroi:problem:key-reused")

    def test_a_request_that_was_refused_is_tried_anew(self, api, town):
        assert api.post("/playlists", {"name": ""}, Idempotency_Key="k1").status_code == 422
        assert not RepeatableRequest.objects.exists()
        assert api.post("/playlists", {"name": "Bonne"}, Idempotency_Key="k1").status_code == 201

    def test_answers_are_kept_for_a_day(self, api, town):
        api.post("/announcements", {"title": "Une fois"}, Idempotency_Key="k1")
        RepeatableRequest.objects.update(created_at="2020-01-01T00:00Z")
        jobs.remove_old_answers()
        assert not RepeatableRequest.objects.exists()

    def test_a_playlist_is_put_on_screens(self, api, quay, announcement):
        playlist = api.post("/playlists", {"name": "Quai", "order": "newest"}).json()
        entries = f"/playlists/{playlist['id']}/entries"
        for _ in range(2):
            api.post(entries, {"announcement": str(announcement.pk), "duration_s": 8})
        last = api.get(entries).json()["items"][-1]
        assert api.patch(f"{entries}/{last['id']}", {"position": 0}).json()["position"] == 0
        made = api.post(
            "/rules",
            {
                "name": "Matin", "playlist": playlist["id"], "groups": ["harbour"], "weekdays": [1, 2],
                "times": [{"start": "08:00", "end": "12:00"}, {"start": "14:00", "end": "18:00"}],
                "except_dates": ["2026-12-25"],
            },
        )  # fmt: skip
        assert made.status_code == 201, made.content
        rule = ScheduleRule.objects.get()
        assert (rule.weekdays, rule.more_times, rule.except_dates) == ("12", [["14:00", "18:00"]], ["2026-12-25"])
        assert made.json()["times"][1] == {"start": "14:00:00", "end": "18:00:00"}
        assert [each.slug for each in rule.groups.all()] == ["harbour"]
        refused = api.patch(f"/rules/{rule.pk}", {"screens": ["nowhere"]})
        assert refused.json()["fields"] == [{"field": "screens", "sentence": "nowhere: there is no such thing"}]

    def test_a_playlist_within_another_is_an_entry(self, api, playlist):
        outer = Playlist.objects.create(name="Soir")
        Entry.objects.create(playlist=outer, inner=playlist, position=0)
        Playlist.objects.filter(pk=playlist.pk).update(take=3)
        (entry,) = api.get(f"/playlists/{outer.pk}/entries").json()["items"]
        assert (entry["inner"], entry["name"], entry["announcement"]) == (playlist.pk, playlist.name, None)
        assert api.get(f"/playlists/{playlist.pk}").json()["take"] == 3

    def test_a_picture_is_uploaded_and_waits(self, api, town):
        file = SimpleUploadedFile("Fête du port.png", PIXEL, "image/png")
        answer = api._client.post("/api/v1/media", {"file": file}, headers={"Authorization": f"Bearer {api.token}"})
        assert (answer.status_code, answer.json()["name"], answer.json()["state"]) == (202, "Fête du port", "waiting")
        assert api.get(f"/media/uploads/{answer.json()['id']}").status_code == 200

    def test_a_screen_says_what_is_on_and_why(self, api, quay, playlist, keyring):
        found = api.get("/screens/quay/now").json()
        assert found["on"][0]["content"].startswith("La piscine rouvre lundi")
        assert "Everywhere" in found["on"][0]["reason"]
        assert found["state"]["state"] == "new"
        image = api.get("/screens/quay/expected")
        assert (image["Content-Type"], image.content[:4]) == ("image/png", b"\x89PNG")
        assert api.get("/screens?group=harbour&state=new").json()["count"] == 1

    def test_a_list_of_screens_takes_few_queries(self, api, quay, django_assert_max_num_queries):
        for number in range(5):
            Screen.objects.create(slug=f"s{number}", name=f"Écran {number}", screen_class=quay.screen_class)
        with django_assert_max_num_queries(12):
            found = api.get("/screens").json()["items"]
        assert [(each["name"], each["groups"]) for each in found if each["slug"] == "quay"] == [
            (quay.name, ["harbour"])
        ]


class TestAlerts:
    ALERT = {"title": "Crue", "level": "emergency", "screens": ["quay"], "duration_min": 30}

    def test_an_alert_is_broadcast_extended_ended(self, program_of, bob, quay, keyring):
        api = program_of(bob)
        long = {**self.ALERT, "link": f"https://example.org/{'a' * 300}"}
        for address in ("/alerts/preview", f"/alerts/preview/page?screen_class={quay.screen_class_id}"):
            assert api.post(address, long).json()["type"] == "urn:beffroi:problem:alert-too-long"
        calm = api.post("/alerts/preview", self.ALERT).json()
        assert (calm["screens"], calm["offline"], calm["masking"]) == (1, ["Quay"], [])
        made = api.post("/alerts", self.ALERT)
        assert (made.status_code, made.json()["source"], made.json()["state"]) == (201, "Saint-Aubin", "active")
        address = f"/alerts/{made.json()['id']}"
        assert api.get(f"{address}/receipts").json()["offline"] == 1
        milder = api.post("/alerts/preview", {**self.ALERT, "level": "alert"}, Accept_Language="en").json()
        assert [each[:41] for each in milder["masking"]] == ["It will not be seen: hidden by “Crue” up "]
        assert api.post(f"{address}/extend", {"minutes": 30}).json()["ends_at"] > made.json()["ends_at"]
        assert [each["id"] for each in api.get("/alerts?active=true").json()["items"]] == [made.json()["id"]]
        assert api.post(f"{address}/end").json()["state"] == "all-clear"
        assert api.post(f"{address}/end").status_code == 409

    def test_a_correction_is_another_alert_with_the_rest_as_it_was(self, program_of, bob, quay, keyring):
        api = program_of(bob)
        former = api.post("/alerts", self.ALERT).json()
        answers = [
            api.post(f"/alerts/{former['id']}/correct", {"instruction": "Montez"}, Idempotency_Key="c-1")
            for _ in range(2)
        ]
        assert [each.status_code for each in answers] == [201, 201]
        new = answers[0].json()
        assert answers[1].json() == new
        assert (new["corrects"], new["instruction"]) == (former["id"], "Montez")
        assert (new["title"], new["ends_at"]) == (former["title"], former["ends_at"])
        assert api.get(f"/alerts/{former['id']}").json()["state"] == "corrected"
        assert Alert.objects.get(pk=new["id"]).pressed_at is not None
        lists = [api.get(f"/alerts?active={active}").json()["items"] for active in ("true", "false")]
        assert [[each["id"] for each in found] for found in lists] == [[new["id"]], [former["id"]]]
        assert api.post(f"/alerts/{former['id']}/end").status_code == 409

    def test_one_key_is_one_alert_without_a_row_of_its_own(self, program_of, bob, quay, keyring):
        api = program_of(bob)
        answers = [api.post("/alerts", self.ALERT, Idempotency_Key="flood-1") for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 201]
        assert answers[0].json()["id"] == answers[1].json()["id"]
        assert (Alert.objects.count(), RepeatableRequest.objects.count()) == (1, 0)
        other = api.post("/alerts", {**self.ALERT, "title": "Feu"}, Idempotency_Key="flood-1")
        assert other.json()["type"] == "urn:beffroi:problem:key-reused"

    @pytest.mark.parametrize("act", ["withdraw", "end", "extend"])
    def test_an_act_that_a_dying_server_cut_off_is_done_when_it_comes_again(
        self, program_of, bob, quay, keyring, monkeypatch, act
    ):
        """What was not done is never “still being answered”, and what was done is not done twice."""
        api, words = program_of(bob), {"minutes": 30} if act == "extend" else {}
        address = f"/alerts/{api.post('/alerts', self.ALERT).json()['id']}"
        before = api.get(address).json()
        with monkeypatch.context() as dying:
            # Neither is the transaction committed, nor does anything tidy up: the process is gone.
            dying.setattr(RepeatableRequest, "delete", lambda row: None)
            dying.setattr(alert_services, f"{act}_alert", lambda *_, **__: sys.exit())
            with pytest.raises(SystemExit):
                api.post(f"{address}/{act}", words, Idempotency_Key="again")
        assert api.get(address).json() == before
        answers = [api.post(f"{address}/{act}", words, Idempotency_Key="again") for _ in range(2)]
        assert [each.status_code for each in answers] == [200, 200]
        assert answers[0].json() == answers[1].json() == api.get(address).json() != before

    def test_a_scenario_gives_what_is_left_out(self, program_of, bob, quay, keyring):
        api = program_of(bob)
        scenario = api.post(
            "/scenarios",
            {"name": "Crue", "title": "Crue de la rivière", "source": "Préfecture", "screens": ["quay"]},
        )
        assert scenario.status_code == 201, scenario.content
        made = api.post("/alerts", {"scenario": scenario.json()["id"], "instruction": "Éloignez-vous"}).json()
        assert (made["title"], made["instruction"], made["screens"]) == (
            "Crue de la rivière",
            "Éloignez-vous",
            ["quay"],
        )
        assert Alert.objects.get().scenario == Scenario.objects.get()

    def test_an_alert_without_screens_is_refused(self, program_of, bob, keyring):
        answer = program_of(bob).post("/alerts", {"title": "Crue"})
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:beffroi:problem:alert-no-target")

    def test_an_editor_reads_alerts_and_broadcasts_none(self, program_of, alice, quay, keyring):
        api = program_of(alice)
        assert api.get("/alerts").status_code == 200
        assert api.post("/alerts", self.ALERT).status_code == 403


class TestTown:
    def test_the_last_administrator_stays(self, api, dora):
        answer = api.patch(f"/users/{dora.pk}", {"is_active": False})
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:beffroi:problem:last-administrator")

    def test_the_town_is_changed_and_the_trail_says_so(self, api, town):
        assert api.patch("/town", {"colour": "#aa0000", "latitude": 47.2}).json()["colour"] == "#aa0000"
        found = api.get("/audit?action=town-changed").json()
        assert [each["detail"]["token"] for each in found["items"]] == ["script"]


def test_content_of_a_municipality_is_for_its_people_and_those_who_work_for_all(api, program_of, dora, town, hall):
    """Insider, colleague and outsider: an editor of Lavau, one of Rouilly, and one of a district."""
    for name in ("Lavau", "Rouilly"):
        assert api.post("/municipalities", {"name": name, "colour": "#7a1f3d"}).status_code == 201
    assert api.patch("/municipalities/lavau", {"screens": ["hall"]}).json()["screens"] == ["hall"]
    api.post("/groups", {"name": "District"})
    programs = {}
    for slug in ("lavau", "rouilly", "district"):
        made = api.post("/users", {"username": f"{slug}-editor", "role": "editor", "groups": [slug]})
        assert made.json()["groups"] == [slug]
        programs[slug] = program_of(User.objects.get(pk=made.json()["id"]))
    ours = programs["lavau"].post("/announcements", {"title": "Fête"}).json()
    shared = api.post("/announcements", {"title": "Tri"}).json()
    assert (ours["municipality"], shared["municipality"]) == ("lavau", None)

    for slug, read, changed in (("lavau", 200, 200), ("rouilly", 404, 404), ("district", 404, 404)):
        assert programs[slug].get(f"/announcements/{ours['id']}").status_code == read
        assert programs[slug].patch(f"/announcements/{ours['id']}", {"body": "Ici"}).status_code == changed
        assert programs[slug].get(f"/announcements/{shared['id']}").status_code == 200
    assert programs["lavau"].patch(f"/announcements/{shared['id']}", {"body": "Ici"}).status_code == 403
    assert programs["lavau"].patch("/municipalities/lavau", {"name": "Autre"}).status_code == 403
    assert programs["lavau"].post("/playlists", {"name": "Theirs", "municipality": "rouilly"}).status_code == 403
    for path in ("/playlists", "/feeds"):
        body = {"name": "Ours"} | ({"kind": "weather"} if path == "/feeds" else {})
        made = programs["lavau"].post(path, body).json()
        assert made["municipality"] == "lavau"
        assert programs["rouilly"].get(f"{path}/{made['id']}").status_code == 404
        assert programs["rouilly"].delete(f"{path}/{made['id']}").status_code == 404


class TestWhatPagesDo:
    """What the pages of the library and of incidents can do."""

    def test_an_earlier_version_is_restored(self, api, announcement):
        address = f"/announcements/{announcement.pk}"
        api.patch(address, {"title": "Fermée"})
        versions = api.get(f"{address}/versions").json()["items"]
        assert [each["title"] for each in versions] == ["Fermée", "La piscine rouvre lundi"]
        first = versions[-1]["number"]
        assert api.post(f"{address}/versions/{first}/restore").json()["title"] == "La piscine rouvre lundi"
        assert api.get(f"{address}/versions").json()["items"][0]["restored_from"] == first
        assert api.post(f"{address}/versions/999/restore").status_code == 404

    def test_categories_and_tags_are_kept(self, api, program_of, carla, announcement):
        made = api.post("/categories", {"name": "Sports", "default_days": 7}).json()
        assert api.patch(f"/categories/{made['id']}", {"name": "Sport"}).json()["default_days"] == 7
        assert api.get(f"/announcements/{announcement.pk}").json()["label"] == "Sport"
        assert api.post("/categories", {"name": "sport"}).status_code == 422
        assert api.delete(f"/categories/{made['id']}").status_code == 204
        api.patch(f"/announcements/{announcement.pk}", {"tags": ["été"]})
        (tag,) = api.get("/tags").json()["items"]
        assert api.patch(f"/tags/{tag['id']}", {"name": "Hiver"}).json()["name"] == "Hiver"
        contributor = program_of(carla)
        assert contributor.get("/categories").status_code == 200
        assert contributor.delete(f"/tags/{tag['id']}").status_code == 403
        assert api.delete(f"/tags/{tag['id']}").status_code == 204

    def test_incidents_within_the_scope_are_acknowledged(self, api, program_of, sam, hall, quay):
        now = timezone.now()
        for screen in (hall, quay):
            Incident.objects.create(
                occasion="screen-silent", subject=f"screen-{screen.pk}", screen=screen, name=screen.name, began_at=now,
                noticed_at=now, due_at=now,
            )  # fmt: skip
        limited = program_of(sam)
        (seen,) = limited.get("/incidents").json()["items"]
        assert (seen["screen"], seen["acknowledged_at"]) == ("quay", None)
        assert limited.post(f"/incidents/{seen['id']}/acknowledge").json()["acknowledged_by"] == "sam"
        other = Incident.objects.get(screen=hall)
        assert limited.post(f"/incidents/{other.pk}/acknowledge").status_code == 404
        assert limited.post("/incidents/acknowledge").json() == {"acknowledged": 0}
        assert api.post("/incidents/acknowledge").json() == {"acknowledged": 1}
        assert api.get("/incidents?over=true").json()["items"] == []


class TestServing:
    @pytest.mark.parametrize(
        ("method", "path", "kind"),
        [
            ("POST", "/api/v1/alerts", RequestKind.API_ALERT),
            ("POST", f"/api/v1/alerts/{uuid.UUID(int=1)}/end", RequestKind.API_ALERT),
            ("POST", "/api/v1/alerts/preview", RequestKind.API),
            ("GET", "/api/v1/alerts", RequestKind.API),
            ("GET", "/api/v1/screens", RequestKind.API),
        ],
    )
    def test_programs_are_served_by_threads_of_their_own(self, method, path, kind):
        assert request_kind(method, path) is kind
        theirs = [group for group in THREAD_GROUPS if {RequestKind.API, RequestKind.API_ALERT} & set(group.kinds)]
        assert all({*group.kinds} <= {RequestKind.API, RequestKind.API_ALERT} for group in theirs)

    def test_a_token_may_send_large_bodies(self, api, program_of, charlie, settings, monkeypatch):
        monkeypatch.setattr("beffroi_server.core.database.close_old_connections", lambda: None)
        sender = body_sender({"AUTHORIZATION": f"Bearer {api.token}"})
        assert sender is not None
        assert sender.limit > settings.UPLOAD_LIMIT
        technician = body_sender({"AUTHORIZATION": f"Bearer {program_of(charlie).token}"})
        assert technician is not None
        assert technician.limit < settings.UPLOAD_LIMIT
        assert body_sender({"AUTHORIZATION": "Bearer beffroi_nonsense"}) is None


def _kinds_of(base: type) -> Iterator[type]:
    """Yield the models of the API below one of its bases; “PageOf” is made anew for each of its items."""
    for each in base.__subclasses__():
        if each.__module__.startswith("beffroi_server.api.") and "[" not in each.__name__:
            yield each
        yield from _kinds_of(each)


class TestDocument:
    def test_the_committed_document_is_the_one_of_the_code(self):
        stored = (ROOT / "docs/api/openapi.json").read_text(encoding="utf-8")
        assert stored == document_text(), "run `make schemas`"

    def test_anybody_may_read_it_and_the_page_loads_nothing_from_elsewhere(self, town):
        assert Client().get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")
        page = Client().get("/api/v1/").content.decode()
        assert "POST /api/v1/alerts" in page
        assert "//" not in page.replace("https://", "").replace("http://", "") or "cdn" not in page

    def test_no_two_values_of_it_share_a_name(self):
        names = Counter(each.__name__ for each in {*_kinds_of(Answer), *_kinds_of(Change)})
        assert [name for name, count in names.items() if count > 1] == []

    def test_every_operation_names_its_scope_and_its_refusals(self):
        for path, operations in openapi_document()["paths"].items():
            for method, operation in operations.items():
                assert {"401", "403", "422", "429"} <= set(operation["responses"]), (method, path)
                assert operation["security"][0].keys() == {"token"}


class TestTokenPage:
    def test_a_user_makes_a_token_sees_it_once_and_revokes_it(self, town, alice):
        browser = Client(HTTP_ACCEPT_LANGUAGE="en")
        browser.force_login(alice)
        address = reverse("api-tokens")
        made = browser.post(address, {"name": "Site", "scopes": ["announcements:read"], "lifetime": "90"})
        secret = made.content.decode().partition('<pre id="secret">')[2].partition("</pre>")[0]
        assert Client().get("/api/v1/announcements", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        assert secret not in browser.get(address).content.decode()
        browser.post(reverse("api-token-revoke", args=[ApiToken.objects.get().pk]))
        assert Client().get("/api/v1/announcements", headers={"Authorization": f"Bearer {secret}"}).status_code == 401

    def test_nobody_gives_more_than_the_own_role(self, town, alice):
        browser = Client(HTTP_ACCEPT_LANGUAGE="en")
        browser.force_login(alice)
        refused = browser.post(reverse("api-tokens"), {"name": "x", "scopes": ["alerts:broadcast"], "lifetime": "90"})
        assert refused.status_code == 422
        assert not ApiToken.objects.exists()

    def test_others_see_and_revoke_their_own_only_administrators_all(self, town, alice, bob, dora, program_of):
        program_of(alice, "screens:read", name="Of alice")
        token = ApiToken.objects.get()
        browser = Client(HTTP_ACCEPT_LANGUAGE="en")
        browser.force_login(bob)
        assert "Of alice" not in browser.get(reverse("api-tokens")).content.decode()
        assert browser.post(reverse("api-token-revoke", args=[token.pk])).status_code == 404
        browser.force_login(dora)
        assert "Of alice" in browser.get(reverse("api-tokens")).content.decode()
        browser.post(reverse("api-token-revoke", args=[token.pk]))
        token.refresh_from_db()
        assert token.revoked_at is not None
