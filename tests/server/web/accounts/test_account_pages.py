"""The door, people, the town and the trail, as people meet them."""

from __future__ import annotations

import ast
import datetime as dt
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beffroi_server.accounts import audit, audit_actions, services
from beffroi_server.accounts.audit_verification import verify_lines
from beffroi_server.accounts.models import AuditEvent, SignInLink, User, UserRole
from beffroi_server.fleet import services as fleet
from beffroi_server.fleet.models import Screen
from beffroi_server.web.accounts import sign_in_attempts
from beffroi_server.web.accounts.sign_in_attempts import DEVICE_COOKIE, NAME_LIMIT, NETWORK_LIMIT

ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}
SERVER = Path(audit_actions.__file__).parents[1]


def sign_in(client: Client, name="alice", password="alice", **values):  # noqa: S107
    return client.post("/sign-in/", {"username": name, "password": password, **values})


class TestTheDoor:
    def test_lets_in_with_name_and_password(self, client, alice):
        assert sign_in(client).headers["Location"] == "/"
        assert client.get("/account/").status_code == 200

    def test_goes_on_to_the_page_that_was_asked_for(self, client, alice):
        asked = client.get("/audit/").headers["Location"]
        assert asked == "/sign-in/?next=/audit/"
        assert 'value="/audit/"' in client.get(asked).content.decode()
        assert sign_in(client, next="/account/").headers["Location"] == "/account/"

    @pytest.mark.parametrize("address", ["https://example.com/", "//example.com", "javascript:alert(1)"])
    def test_leads_to_no_other_site(self, client, alice, address):
        assert sign_in(client, next=address).headers["Location"] == "/"

    @pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("nobody", "alice")])
    def test_does_not_say_which_of_both_was_wrong(self, client, alice, name, password):
        answer = sign_in(client, name, password)
        assert answer.status_code == 422
        assert "do not match" in answer.content.decode()
        assert f'value="{name}"' in answer.content.decode()

    def guess(self, client, times=NAME_LIMIT, name="alice"):
        for _ in range(times):
            sign_in(client, name, password="wrong")

    def test_slows_guesses_down(self, client, alice):
        self.guess(client)
        assert "Try again in" in sign_in(client).content.decode()

    def test_lets_the_user_in_from_another_network_while_somebody_guesses(self, client, alice):
        self.guess(client, 5 * NAME_LIMIT)
        assert sign_in(Client(REMOTE_ADDR="192.0.2.9")).status_code == 302

    def test_lets_others_in_from_the_same_network(self, client, alice, bob):
        self.guess(client)
        assert sign_in(Client(), "bob", "bob").status_code == 302

    def test_lets_a_known_device_in_from_the_same_network(self, client, alice):
        officer = Client()
        sign_in(officer)
        officer.post("/sign-out/")
        self.guess(client, 5 * NAME_LIMIT)
        assert sign_in(officer).status_code == 302

    def test_a_known_device_guesses_no_faster(self, client, alice, bob):
        sign_in(client, "bob", "bob")
        client.post("/sign-out/")
        self.guess(client, name="bob")
        assert "Try again in" in sign_in(client, "bob", "bob").content.decode()

    def test_one_network_cannot_try_many_names(self, client, alice):
        for number in range(NETWORK_LIMIT):
            sign_in(client, f"name-{number}", "wrong")
        assert "Too many wrong passwords" in sign_in(client).content.decode()

    def test_a_forged_device_is_not_known(self, client, alice):
        client.cookies[DEVICE_COOKIE] = "alice 0123456789abcdef:1v0000:forged"
        self.guess(client)
        assert sign_in(client).status_code == 422

    def test_signs_out(self, client, alice):
        client.force_login(alice)
        assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
        assert client.get("/account/").status_code == 302


class TestALink:
    def path(self, person, **how):
        return services.create_sign_in_link(person, **how).removeprefix("http://localhost:8000")

    def test_is_not_used_up_by_opening_it(self, client, alice):
        path = self.path(alice)
        for _ in range(3):
            assert client.get(path).status_code == 200
        assert client.post(path).headers["Location"] == "/"
        assert client.get("/account/").status_code == 200

    def test_works_once(self, client, alice):
        path = self.path(alice)
        client.post(path)
        answer = Client(**ENGLISH).post(path)
        assert answer.status_code == 410
        assert "no longer works" in answer.content.decode()

    def test_ends_with_a_newer_one_and_with_a_new_password(self, client, alice, dora):
        older = services.invite_user(alice, actor=dora).removeprefix("http://localhost:8000")
        newer = services.invite_user(alice, actor=dora).removeprefix("http://localhost:8000")
        assert client.post(older).status_code == 410
        services.set_password(alice, "another long password")
        assert client.post(newer).status_code == 410

    def test_ends(self, client, alice):
        assert client.post(self.path(alice, lifetime=dt.timedelta(seconds=-1))).status_code == 410


class TestTheEmergencyCode:
    @pytest.fixture
    def code(self, as_dora, alice) -> str:
        page = as_dora.post(f"/users/{alice.pk}/emergency/").content.decode()
        return re.search(r"<pre[^>]*>([^<]+)</pre>", page)[1]

    def test_lets_in_while_passwords_are_refused(self, client, code):
        for _ in range(5 * NETWORK_LIMIT):
            sign_in_attempts.network_throttle.record_failure("127.0.0.1")
        typed = code.lower().replace("-", " ")
        onward = client.post("/sign-in/emergency/", {"code": typed}).headers["Location"]
        assert client.post(onward).headers["Location"] == "/"
        assert client.get("/account/").status_code == 200
        assert AuditEvent.objects.first().action == "emergency-code-used"

    def test_works_once(self, client, code):
        assert client.post(f"/sign-in/{code}/").status_code == 302
        assert Client().post(f"/sign-in/{code}/").status_code == 410

    def test_stays_when_the_password_changes_and_ends_with_the_next_code(self, client, code, alice, dora):
        services.set_password(alice, "another long password")
        services.invite_user(alice, actor=dora)
        services.create_emergency_code(alice)
        assert client.post(f"/sign-in/{code}/").status_code == 410

    def test_is_stored_nowhere(self, code):
        assert not SignInLink.objects.filter(token_sha256__contains=code)
        assert code not in str(list(AuditEvent.objects.values()))

    def test_the_page_of_the_user_says_that_it_is_there_or_was_used(self, as_dora, code, alice):
        assert "A sealed code exists" in as_dora.get(f"/users/{alice.pk}/").content.decode()
        Client().post(f"/sign-in/{code}/")
        assert "The code was used" in as_dora.get(f"/users/{alice.pk}/").content.decode()

    @pytest.mark.parametrize("typed", ["", "ABC", "é" * 25, "A" * 26, "/" * 25, "\0" * 25])
    def test_what_is_no_code_is_said_so(self, client, db, typed):
        assert client.post("/sign-in/emergency/", {"code": typed}).status_code in {200, 422}

    @pytest.mark.parametrize("who", ["as_alice", "as_bob"])
    def test_is_made_by_administrators_only(self, request, alice, who):
        assert request.getfixturevalue(who).post(f"/users/{alice.pk}/emergency/").status_code == 403


class TestTheLanguage:
    def test_is_french_unless_the_browser_asks_for_english(self, town):
        assert 'lang="fr"' in Client().get("/sign-in/").content.decode()
        assert 'lang="en"' in Client(**ENGLISH).get("/sign-in/").content.decode()

    def test_stays_as_chosen(self, client):
        assert client.post("/language/", {"language": "fr", "next": "/sign-in/"}).headers["Location"] == "/sign-in/"
        assert 'lang="fr"' in client.get("/sign-in/").content.decode()

    def test_of_nowhere_changes_nothing(self, client):
        client.post("/language/", {"language": "tlh"})
        assert 'lang="en"' in client.get("/sign-in/").content.decode()


class TestTheAccount:
    def test_changes_the_name(self, client, alice):
        client.force_login(alice)
        client.post("/account/", {"form": "names", "first_name": "<b>Alice</b>", "last_name": "Martin"})
        page = client.get("/account/").content.decode()
        assert "&lt;b&gt;Alice&lt;/b&gt;" in page
        assert "<b>Alice</b>" not in page

    def test_changes_the_password_of_whom_knows_the_present_one(self, client, alice):
        client.force_login(alice)
        answer = client.post("/account/", {"form": "password", "current": "wrong", "new": "quatre chats gris"})
        assert answer.status_code == 422
        client.post("/account/", {"form": "password", "current": "alice", "new": "quatre chats gris"})
        assert client.get("/account/").status_code == 200, "this session goes on"
        assert sign_in(Client(), password="quatre chats gris").status_code == 302

    def test_refuses_a_weak_password(self, client, alice):
        client.force_login(alice)
        answer = client.post("/account/", {"form": "password", "current": "alice", "new": "alice"})
        assert answer.status_code == 422

    def test_asks_for_no_password_where_there_is_none(self, client):
        erin = services.create_user("erin")
        client.force_login(erin)
        client.post("/account/", {"form": "password", "new": "quatre chats gris"})
        assert sign_in(Client(), "erin", "quatre chats gris").status_code == 302


class TestTheTown:
    VALUES = {
        "name": "Saint-Aubin", "colour": "#aa0000", "logo": "", "time_zone": "Indian/Reunion", "locale": "fr",
        "plays_months": "13", "outages_months": "13", "alert_sets_months": "24",
        "silent_minutes": "5", "unseen_seconds": "90",
    }  # fmt: skip

    def test_is_changed_for_every_screen(self, client, dora, hall, town):
        Screen.objects.update(programme_due_at=None)
        client.force_login(dora)
        assert client.post("/town/", self.VALUES).status_code == 302
        town.refresh_from_db()
        assert (town.colour, town.time_zone, town.site) == ("#aa0000", "Indian/Reunion", "saint-aubin")
        assert (town.plays_months, town.alert_sets_months) == (13, 24)
        assert Screen.objects.get().programme_due_at is not None

    def test_keeps_what_was_typed_when_it_is_wrong(self, client, dora):
        client.force_login(dora)
        answer = client.post("/town/", self.VALUES | {"colour": "red", "name": "Sainte-Anne"})
        assert answer.status_code == 422
        assert 'value="Sainte-Anne"' in answer.content.decode()
        assert "not been saved yet" in answer.content.decode()


class TestPeople:
    def test_somebody_new_gets_a_link_that_is_shown_once(self, client, dora):
        client.force_login(dora)
        answer = client.post("/users/add/", {"username": "erin", "role": "officer", "first_name": "Erin"})
        link = re.search(r"http[^<\s]+/sign-in/[^<\s]+/", answer.content.decode())
        assert link
        assert "no-store" in answer.headers["Cache-Control"]
        fresh = Client()
        assert fresh.post(link[0].removeprefix("http://localhost:8000")).status_code == 302
        assert User.objects.get(username="erin").role == UserRole.OFFICER

    def test_a_taken_name_is_said_and_nothing_is_lost(self, client, dora, alice):
        client.force_login(dora)
        answer = client.post("/users/add/", {"username": "alice", "role": "editor", "first_name": "Erin"})
        assert answer.status_code == 422
        assert 'value="Erin"' in answer.content.decode()

    def test_the_last_administrator_stays_one(self, client, dora):
        client.force_login(dora)
        answer = client.post(f"/users/{dora.pk}/", {"role": "editor", "is_active": "on"})
        assert answer.status_code == 422
        assert "last administrator" in answer.content.decode()
        dora.refresh_from_db()
        assert dora.role == UserRole.ADMINISTRATOR

    def test_somebody_who_is_locked_out_is_out_at_once(self, client, dora, alice):
        hers = Client()
        hers.force_login(alice)
        client.force_login(dora)
        client.post(f"/users/{alice.pk}/", {"role": "editor"})
        assert hers.get("/account/").status_code == 302

    def test_a_list_takes_few_queries(self, client, dora, django_assert_max_num_queries):
        for number in range(30):
            services.create_user(f"person{number}")
        client.force_login(dora)
        with django_assert_max_num_queries(8):
            client.get("/users/")


class TestTheTrail:
    def test_says_who_did_what(self, client, dora, alice):
        client.force_login(dora)
        page = client.get("/audit/").content.decode()
        assert "added the user <strong>alice</strong>" in page
        assert "Every entry is unaltered" in page

    def test_shows_tampering(self, client, dora, alice):
        AuditEvent.objects.filter(subject="alice").update(subject="mallory")
        client.force_login(dora)
        assert "tampered" in client.get("/audit/").content.decode()

    def test_can_be_narrowed_down(self, client, dora, alice, town):
        client.force_login(dora)
        page = client.get("/audit/", {"action": "user-created"}).content.decode()
        assert "created the town <strong>" not in page

    def test_says_from_and_to(self, client, dora, hall, town):
        hall.place, hall.appearance, hall.neighbours = "Quay", "night", True
        fleet.save_screen(hall, user=dora)
        client.force_login(dora)
        (_event, _words, _amount, changes), *_rest = client.get("/audit/").context["rows"]

        assert [(each.label, each.before, each.after) for each in changes] == [
            ("Place", "Reception", "Quay"),
            ("Colours", "dark text on light", "light text on dark"),
            ("Share files with screens on the same network", "no", "yes"),
        ]

    @pytest.mark.parametrize(
        ("query", "found"),
        [("search=malory", 0), ("search=ALÏCE", 1), ("from=2099-01-01", 0), ("until=2001-01-01", 0), ("actor=erin", 0),
         ("from=x&until=9999-99-99", 2), ("actor=%00&action=%00", 2)],
    )  # fmt: skip
    def test_is_searched_by_words_days_and_people(self, client, dora, alice, query, found):
        client.force_login(dora)
        rows = client.get(f"/audit/?{query}").context["rows"]
        assert len([row for row in rows if row[0].action == "user-created"]) == found

    def test_is_exported_whole(self, client, dora, alice, town):
        client.force_login(dora)
        found = verify_lines(client.get("/audit/trail.jsonl"))
        assert (found.is_whole, found.count) == (True, AuditEvent.objects.count())
        table = b"".join(client.get("/audit/export.csv")).decode("utf-8-sig")
        assert len(table.splitlines()) == found.count + 1

    def test_a_long_trail_is_read_once(self, client, dora, monkeypatch, django_assert_max_num_queries):
        monkeypatch.setattr(audit, "SHORT_TRAIL", 2)
        for number in range(8):
            audit.record_event(dora, "rule-changed", "Noon", number=number)
        audit.check_trail(is_whole=True)
        AuditEvent.objects.filter(pk=AuditEvent.objects.last().pk).update(subject="mallory")
        client.force_login(dora)

        assert "tampered" not in client.get("/audit/").content.decode()
        with django_assert_max_num_queries(15):
            assert "tampered" in client.get("/audit/?check=1").content.decode()

    @pytest.mark.parametrize(
        ("language", "detail", "words"),
        [("en", {"path": "/backups/x", "is_encrypted": True}, "Saint-Aubin</strong> (encrypted, in /backups/x)"),
         ("fr", {"path": "/backups/x", "is_encrypted": False}, "Saint-Aubin</strong> (non chiffrée, dans /backups/x)"),
         ("en", {"folder": "as a later version may say it"}, "all that belongs to <strong>Saint-Aubin</strong>")],
    )  # fmt: skip
    def test_says_where_a_backup_went(self, client, dora, town, language, detail, words):
        audit.record_event(None, "town-backed-up", town, **detail)
        client.force_login(dora)

        page = client.get("/audit/", headers={"Accept-Language": language}).content.decode()

        assert words in re.sub(r'\s+|<span class="soft">', " ", page).replace("  ", " ")

    def test_has_words_for_every_action(self):
        recorded = {code for path in SERVER.rglob("*.py") for code in _recorded(path)}
        assert recorded
        assert recorded <= audit_actions.ACTION_TEXTS.keys()


def _recorded(path: Path) -> set[str]:
    """Return the codes that a module records: each such string in a call of ``audit.record_event``."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    calls = [call for call in calls if ast.unparse(call.func) == "audit.record_event"]
    strings = [node for call in calls for node in ast.walk(call.args[1]) if isinstance(node, ast.Constant)]
    return {node.value for node in strings if isinstance(node.value, str)}


@pytest.mark.parametrize("name", ["town", "users", "user-add", "audit"])
@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_only_administrators_administer(client, request, name, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse(name)).status_code == 403


def test_a_link_leaves_no_trace_of_itself_in_the_database(alice):
    token = services.create_sign_in_link(alice).rstrip("/").rpartition("/")[2]
    assert services.use_sign_in_link(token, timezone.now()).user == alice
    assert not any(token in str(event.detail) + event.subject for event in AuditEvent.objects.all())
