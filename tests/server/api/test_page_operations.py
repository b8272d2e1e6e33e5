"""Operations for what long was on the pages only: publishing acts, layouts, the own account, channels, drills."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from tests.support.pairing_players import pairing_player

from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import AuditEvent, Town, User, UserRole
from beffroi_server.fleet import pairings
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library import services as library
from beffroi_server.library import town_branding
from beffroi_server.notifications.models import Notice
from beffroi_server.outside_warnings.models import WarningSource
from beffroi_server.schedule import layouts
from beffroi_server.schedule.charter_models import CharterRule, CharterSubject
from beffroi_server.software import mirror
from beffroi_server.software.models import Rollout

pytestmark = pytest.mark.django_db


class TestPublishing:
    def test_a_copy_says_the_same_and_is_nowhere(self, program_of, alice, hall):
        original = library.save_announcement(user=alice, title="Marché", body="Place du Marché", label="Fêtes")
        api = program_of(alice)
        api.call("PUT", f"/announcements/{original.pk}/placement", {"everywhere": True})
        copy = api.post(f"/announcements/{original.pk}/duplicate").json()
        assert (copy["title"], copy["body"], copy["label"]) == ("Copy of Marché", "Place du Marché", "Fêtes")
        assert copy["placement"] is None
        assert copy["id"] != str(original.pk)

    def test_a_check_tells_share_and_charter_and_changes_nothing(self, program_of, alice, playlist, hall):
        CharterRule.objects.create(
            subject=CharterSubject.SUSPENDED, category="Fêtes", reason="Art. L52-1", refuses=True
        )
        row, api = library.save_announcement(user=alice, title="Bal", label="Fêtes"), program_of(alice)
        found = api.post(f"/announcements/{row.pk}/placement/check", {"everywhere": True}).json()
        assert [(each["subject"], each["refuses"]) for each in found["findings"]] == [("suspended", True)]
        assert (found["outlook"][0]["screen"], found["outlook"][0]["percent"]) == ("hall", 50.0)
        assert api.get(f"/announcements/{row.pk}").json()["placement"] is None

    def test_an_act_on_many_names_what_stays_by_title_and_can_be_undone(self, program_of, sam, quay):
        near, far = (library.save_announcement(user=None, title=title) for title in ("Près", "Loin"))
        admin = program_of(accounts.create_user("root", UserRole.ADMINISTRATOR))
        admin.call("PUT", f"/announcements/{near.pk}/placement", {"groups": ["harbour"]})
        admin.call("PUT", f"/announcements/{far.pk}/placement", {"everywhere": True})
        api = program_of(sam)

        done = api.post("/announcement-acts", {"act": "take-off", "announcements": [str(near.pk), str(far.pk)]}).json()

        assert done["changed"] == 1
        assert "Loin" in done["refused"]
        assert api.post(f"/me/undo/{done['undo']}").json()["restored"] == 1
        assert api.get(f"/announcements/{near.pk}").json()["placement"]["taken_off_at"] is None

    def test_a_contributor_proposes_and_is_told_what_was_decided(self, program_of, carla, paula, hall, settings):
        row = library.save_announcement(user=carla, title="Loto")
        made = program_of(carla).post(f"/announcements/{row.pk}/proposals", {"everywhere": True})
        assert made.status_code == 201
        assert (
            program_of(carla).call("PUT", f"/announcements/{row.pk}/placement", {"everywhere": True}).status_code == 403
        )

        publisher = program_of(paula)
        listed = publisher.get("/proposals").json()["items"]
        assert [each["title"] for each in listed] == ["Loto"]
        path = f"/proposals/{listed[0]['id']}"
        assert publisher.post(f"{path}/approve", {"version": row.version + 1}).status_code == 409
        assert publisher.post(f"{path}/approve", {"version": row.version}).json()["state"] == "approved"
        assert publisher.get(f"/announcements/{row.pk}").json()["placement"]["everywhere"]
        assert program_of(carla).get("/proposals?own=true").json()["items"][0]["decided_by"] == "paula"


class TestOwnAccount:
    def test_notifications_are_the_own_ones_and_keep_what_is_not_given(self, program_of, alice, bob):
        api = program_of(alice, "account:write")
        changed = api.patch(
            "/me/notifications", {"ways": {"disk": ["mail"]}, "quiet_from": "22:00", "quiet_until": "06:30"}
        )
        assert changed.json()["ways"]["disk"] == ["mail"]
        assert changed.json()["ways"]["feed-broken"] == []
        assert api.patch("/me/notifications", {"quiet_until": None}).status_code == 422
        assert api.get("/me/notifications").json()["quiet_until"] == "06:30:00"
        assert program_of(bob).get("/me/notifications").json()["quiet_from"] is None
        assert api.post("/me/notifications/tests/mail").status_code == 202
        assert Notice.objects.get().user == alice

    def test_no_token_changes_the_address_that_opens_the_account(self, program_of, alice):
        assert program_of(alice).patch("/me/notifications", {"email": "thief@example.org"}).status_code == 422

    def test_one_revokes_ones_own_token_and_an_administrator_any(self, program_of, alice, bob, dora, town):
        mine, theirs = program_of(alice), program_of(bob)
        key = bob.api_tokens.get().pk
        assert mine.delete(f"/tokens/{key}").status_code == 404
        assert program_of(dora).delete(f"/tokens/{key}").status_code == 204
        assert theirs.get("/me").status_code == 401

    def test_a_token_for_one_part_does_not_reach_the_account(self, program_of, alice):
        assert program_of(alice, "screens:read").get("/me/notifications").status_code == 403


class TestLayouts:
    def test_of_screen_group_and_town_win_over_each_other(self, program_of, alice, quay, hall, district):
        api = program_of(alice)
        band = {"layout": "foot", "messages": "Bienvenue"}
        assert api.call("PUT", "/layout", band).json()["is_own"]
        assert api.get("/screens/quay/layout").json() | {"updated_at": None} == {
            **band, "news_feed": None, "weather_feed": None, "is_own": False, "updated_at": None,
        }  # fmt: skip
        api.call("PUT", "/screens/quay/layout", {"layout": "full"})
        assert layouts.layout_of(quay).layout == "full"
        assert api.delete("/screens/quay/layout").status_code == 204
        assert layouts.layout_of(quay).layout == "foot"
        assert api.call("PUT", "/groups/harbour/layout", {"layout": "foot"}).status_code == 422

    def test_of_screens_beyond_the_scope_are_refused(self, program_of, sam, hall, quay):
        api = program_of(sam)
        assert api.call("PUT", "/layout", {"layout": "full"}).status_code == 403
        assert api.call("PUT", "/screens/hall/layout", {"layout": "full"}).status_code == 404
        assert api.call("PUT", "/screens/quay/layout", {"layout": "full"}).status_code == 200


class TestScreens:
    def test_hours_come_back_as_they_were_given(self, program_of, charlie, hall):
        days = [{"weekday": 6, "mode": "hours", "off_from": "23:00:00", "off_until": "08:00:00"}]
        special = [{"first": "2026-12-24", "last": "2026-12-26", "mode": "on", "off_from": None, "off_until": None}]
        api = program_of(charlie)
        changed = api.patch("/screens/hall", {"day_hours": days, "special_days": special}).json()
        assert (changed["day_hours"], changed["special_days"]) == (days, special)
        assert Screen.objects.get(slug="hall").day_hours == {"6": {"mode": "hours", "from": "23:00", "until": "08:00"}}
        assert api.patch("/screens/hall", {"day_hours": [{"weekday": 1, "mode": "hours"}]}).status_code == 422

    def test_a_player_that_shows_a_code_is_paired(self, program_of, charlie, alice, keyring, hall, monkeypatch):
        monkeypatch.setattr(pairings, "LIVELY_S", 3600)
        player, api = pairing_player(), program_of(charlie)
        path = f"/pairings/{player.notice.code}"
        found = api.get(path).json()
        assert (found["check_number"], found["stage"], found["screen"]) == (player.notice.check_number, "open", None)
        assert program_of(alice).get(path).status_code == 403
        assert api.post("/screens/hall/pairing", {"code": player.notice.code.lower()}).json()["stage"] == "waiting"
        assert player.poll() is not None
        assert (api.get(path).json()["stage"], api.get(path).json()["screen"]) == ("paired", "hall")
        assert api.post("/screens/hall/pairing", {"code": player.notice.code}).status_code == 422

    def test_officers_switch_a_display_off_and_on(self, program_of, bob, alice, hall):
        until = (timezone.now() + dt.timedelta(hours=1)).isoformat()
        assert program_of(bob).post("/screens/hall/off", {"until": until}).json()["switched_off_until"]
        assert program_of(alice).post("/screens/hall/off", {"until": until}).status_code == 403
        assert program_of(bob).post("/screens/hall/on").json()["switched_off_until"] is None

    def test_the_programme_of_a_day_says_what_is_on_and_why(self, program_of, alice, playlist, hall):
        found = program_of(alice).get(f"/screens/hall/programme?first={timezone.localdate()}").json()
        slide = found["days"][0]["parts"][0]["slides"][0]
        assert (slide["name"], slide["rules"]) == ("La piscine rouvre lundi", [playlist.rules.get().pk])


class TestMunicipalities:
    @pytest.fixture
    def local(self, town, hall, quay) -> User:
        """The local administrator of Lavau, which has the screen in the hall."""
        village = Municipality(name="Lavau")
        town_branding.save_municipality(village, logo=None, screens=[hall], user=None)
        user = accounts.create_user("lea", UserRole.LOCAL_ADMINISTRATOR, is_limited_to_groups=True)
        user.scope_groups.add(village.group)
        return user

    def test_a_local_administrator_manages_its_people_only(self, program_of, local, alice, dora, district):
        api = program_of(local)
        made = api.post("/users", {"username": "paul", "groups": ["lavau"], "email": "paul@example.org"}).json()
        assert (made["groups"], made["role"]) == (["lavau"], "editor")
        assert {each["username"] for each in api.get("/users").json()["items"]} == {"lea", "paul"}
        assert api.patch(f"/users/{alice.pk}", {"is_active": False}).status_code == 404
        assert api.patch(f"/users/{made['id']}", {"role": "administrator"}).status_code == 403
        assert api.post("/users", {"username": "zoe", "groups": ["harbour"]}).status_code == 403
        assert api.post(f"/users/{made['id']}/invitation").json()["link"].startswith("http")
        User.objects.filter(pk=made["id"]).update(last_login=timezone.now())
        assert api.post(f"/users/{made['id']}/invitation").status_code == 409

    def test_and_changes_its_municipality_but_for_its_screens(self, program_of, local):
        api = program_of(local)
        assert api.patch("/municipalities/lavau", {"colour": "#aa0000"}).json()["colour"] == "#aa0000"
        assert api.patch("/municipalities/lavau", {"screens": ["quay"]}).status_code == 403
        assert api.post("/municipalities", {"name": "Rouilly"}).status_code == 403
        assert api.patch("/town", {"name": "Lavau"}).status_code == 403


class TestTown:
    def test_the_secret_of_a_channel_is_never_shown(self, api, town, monkeypatch):
        made = api.post("/channels", {"name": "Liste", "kind": "mail", "recipients": ["a@example.org"]})
        assert made.json()["recipients"] == ["a@example.org"]
        assert "secret" not in made.json()
        assert api.post(f"/channels/{made.json()['id']}/trials").json()["act"] == "trial"
        assert api.patch(f"/channels/{made.json()['id']}", {"is_on": False}).json()["is_on"] is False

    def test_reading_the_subscribers_is_in_the_audit_trail(self, api, town):
        assert api.post("/subscribers/export").json() == {"items": []}
        assert AuditEvent.objects.filter(action="subscribers-exported").exists()

    def test_a_source_says_what_is_done_with_single_phenomena(self, api, town):
        source = WarningSource.objects.create(name="Vigilance", kind="vigilance", phenomena={"3": ["alert", ""]})
        assert api.get(f"/warning-sources/{source.pk}").json()["phenomena"] == {"3": ["alert", ""]}

    def test_a_source_that_sends_gets_a_secret_once(self, api, town):
        made = api.post("/warning-sources", {"name": "Météo", "kind": "webhook", "propose_from": "alert"}).json()
        secret = api.post(f"/warning-sources/{made['id']}/secret").json()
        assert secret["webhook_address"] == made["webhook_address"]
        assert secret["secret"] not in api.get(f"/warning-sources/{made['id']}").content.decode()

    def test_a_drill_is_held_on_every_screen_by_officers(self, program_of, bob, alice, keyring, hall):
        Screen.objects.update(enrolled_at=timezone.now())
        held = program_of(bob).post("/drills")
        assert (held.status_code, [each["screen"] for each in held.json()["screens"]]) == (201, ["hall"])
        assert program_of(bob).post("/drills").json()["id"] == held.json()["id"]
        assert program_of(alice).post("/drills").status_code == 403
        assert program_of(alice).get("/drills").json()["count"] == 1

    def test_the_rota_takes_officers_only(self, program_of, bob, alice, town):
        api = program_of(bob)
        assert api.call("PUT", "/on-call", {"members": ["bob"]}).json()["users"] == ["bob"]
        assert api.call("PUT", "/on-call", {"members": ["alice"]}).status_code == 422

    def test_settings_of_the_town_keep_what_is_not_given(self, api, town):
        api.patch("/town", {"second_officer_levels": ["emergency"], "asks_second_factor": True, "insee": "44109"})
        changed = Town.objects.get()
        assert (changed.second_officer_levels, changed.insee) == (["emergency"], "44109")
        assert changed.second_factor_since is not None
        assert (
            api.patch("/public-page", {"is_on": True, "framed_by": ["https://ville.example.org"]}).json()["past_days"]
            == 30
        )


class TestRollouts:
    @pytest.fixture
    def waiting(self, town, hall, monkeypatch) -> Screen:
        """A screen with version 1.0 of the player, while the server has 1.1."""
        monkeypatch.setattr(mirror, "available_versions", lambda: {"1.1": ("amd64-python3.11.tar.xz",)})
        Screen.objects.filter(pk=hall.pk).update(enrolled_at=timezone.now())
        report = {"version": "1.0", "software": {"can_change": True, "failed": []}}
        ScreenState.objects.update_or_create(screen=hall, defaults={"online": True, "report": report})
        return hall

    def test_a_technician_starts_pauses_resumes_and_ends_one(self, program_of, charlie, waiting):
        api = program_of(charlie)
        assert [each["version"] for each in api.get("/player-versions").json()] == ["1.1"]
        begun = api.post("/rollouts", {"version": "1.1", "hold_hours": 2})
        assert begun.status_code == 201
        (screen,) = api.get("/screen-versions").json()["items"]
        assert (screen["screen"], screen["running"], screen["wanted"]) == ("hall", "1.0", "1.1")
        for act, state in (("pause", "paused"), ("resume", "running"), ("end", "ended")):
            assert api.post(f"/rollouts/{begun.json()['id']}/{act}").json()["state"] == state
        assert [each["state"] for each in api.get("/rollouts").json()["items"]] == ["ended"]

    def test_what_is_not_here_is_refused_and_nobody_else_may(self, program_of, charlie, alice, waiting):
        assert program_of(charlie).post("/rollouts", {"version": "9.9"}).status_code == 422
        assert program_of(charlie).post("/rollouts", {"version": "1.1", "first_group": "none"}).status_code == 404
        assert program_of(alice).post("/rollouts", {"version": "1.1"}).status_code == 403
        assert program_of(alice).get("/screen-versions").status_code == 403
        assert not Rollout.objects.exists()
