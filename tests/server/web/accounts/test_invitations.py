"""Invitations, forgotten passwords, sessions, and the last administrator."""

from __future__ import annotations

import re
from concurrent.futures import Future

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from beffroi_server.accounts import account_mail
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.errors import LastAdministratorError, NotPermitted
from beffroi_server.accounts.jobs import clean_accounts
from beffroi_server.accounts.models import AuditEvent, User, UserRole
from beffroi_server.accounts.user_sessions import sessions_of

pytestmark = pytest.mark.django_db


class AtOnce:
    """An executor that does what it is given before it returns."""

    def submit(self, act, *arguments):
        done: Future = Future()
        done.set_result(act(*arguments))
        return done


@pytest.fixture
def mailing(settings, monkeypatch):
    settings.EMAIL_HOST = "mail.example.org"
    monkeypatch.setattr(account_mail, "_executor", AtOnce())
    monkeypatch.setattr(account_mail.database, "with_fresh_connection", lambda act: act())


def link_in(text: str) -> str:
    found = re.search(r"http://localhost:8000(/sign-in/\S+/)", text)
    assert found is not None
    return found[1]


INVITED = {"username": "nina", "email": "nina@example.org", "role": "editor"}


class TestAnInvitation:
    def test_is_mailed_shown_and_leads_to_a_password(self, as_dora, mailing, district):
        page = as_dora.post("/users/add/", {**INVITED, "groups": [district.pk]})
        assert mail.outbox[0].to == ["nina@example.org"]
        path = link_in(mail.outbox[0].body)
        assert path in page.content.decode()
        nina = User.objects.get(username="nina")
        assert (nina.is_limited_to_groups, list(nina.scope_groups.all())) == (True, [district])
        browser = Client(HTTP_ACCEPT_LANGUAGE="en")
        assert browser.post(path).headers["Location"] == "/account/password/"
        assert browser.post("/account/password/", {"new": "short"}).status_code == 422
        assert browser.post("/account/password/", {"new": "a sentence as password"}).headers["Location"] == "/"
        assert User.objects.get(username="nina").check_password("a sentence as password")
        assert browser.get("/account/password/").headers["Location"] == "/account/"
        assert Client().post(path).status_code == 410

    def test_needs_no_mail_server(self, as_dora):
        page = as_dora.post("/users/add/", INVITED)
        assert link_in(page.content.decode())
        assert mail.outbox == []

    @pytest.mark.parametrize("values", [{"email": "x"}, {"role": "king"}, {"username": ""}])
    def test_with_a_wrong_value_invites_nobody(self, as_dora, values):
        assert as_dora.post("/users/add/", INVITED | values).status_code == 422
        assert not User.objects.filter(username="nina").exists()

    def test_has_an_address_of_its_own(self, as_dora, alice):
        alice.email = "Nina@example.org"
        alice.save()
        assert as_dora.post("/users/add/", INVITED).status_code == 422


class TestAForgottenPassword:
    @pytest.fixture
    def reachable(self, alice) -> User:
        alice.email = "alice@example.org"
        alice.save()
        return alice

    @pytest.mark.parametrize("name", ["alice", "ALICE@example.org"])
    def test_is_replaced_by_a_mailed_link(self, client, reachable, mailing, name):
        client.post("/sign-in/forgotten/", {"name": name})
        path = link_in(mail.outbox[0].body)
        assert client.post(path).headers["Location"] == "/account/password/"
        client.post("/account/password/", {"new": "a sentence as password"})
        assert User.objects.get(pk=reachable.pk).check_password("a sentence as password")
        assert Client().post(path).status_code == 410

    def test_is_answered_the_same_for_a_stranger(self, client, reachable, mailing):
        answers = [client.post("/sign-in/forgotten/", {"name": name}) for name in ("alice", "nobody", "x@example.org")]
        pages = {re.sub('name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode()) for answer in answers}
        assert len(pages) == 1
        assert len(mail.outbox) == 1

    def test_of_a_locked_user_is_not_replaced(self, client, reachable, mailing):
        reachable.is_active = False
        reachable.save()
        client.post("/sign-in/forgotten/", {"name": "alice"})
        assert mail.outbox == []

    def test_fills_no_mailbox_and_serves_no_guesser(self, client, reachable, mailing):
        for _ in range(5):
            client.post("/sign-in/forgotten/", {"name": "alice"})
        assert len(mail.outbox) == 3
        answers = [client.post("/sign-in/forgotten/", {"name": str(number)}).status_code for number in range(10)]
        assert answers[-1] == 422


class TestSessions:
    def test_are_listed_with_their_device_and_ended(self, client, alice):
        client.post("/sign-in/", {"username": "alice", "password": "alice"})
        phone = Client(HTTP_USER_AGENT="Mozilla/5.0 (iPhone; CPU iPhone OS 18) Version/18 Safari/604.1")
        phone.post("/sign-in/", {"username": "alice", "password": "alice"})
        rows = client.get("/account/").context["sessions"]
        assert [(row.device, row.is_this) for row in rows] == [("Safari, iPhone", False), ("Unknown browser", True)]
        client.post(f"/account/sessions/{rows[0].pk}/end/")
        assert phone.get("/account/").status_code == 302
        assert client.get("/account/").status_code == 200

    def test_of_others_are_not_ones_own_to_end(self, as_alice, bob):
        other = Client()
        other.post("/sign-in/", {"username": "bob", "password": "bob"})
        as_alice.post(f"/account/sessions/{sessions_of(bob)[0].pk}/end/")
        assert other.get("/account/").status_code == 200

    def test_end_where_an_administrator_ends_or_locks_them(self, as_dora, alice):
        browsers = [Client(), Client()]
        for browser in browsers:
            browser.post("/sign-in/", {"username": "alice", "password": "alice"})
        as_dora.post(f"/users/{alice.pk}/sessions/end/")
        assert [browser.get("/account/").status_code for browser in browsers] == [302, 302]
        assert AuditEvent.objects.first().action == "sessions-ended"

    def test_that_are_over_leave_no_address_behind(self, alice):
        here, there = Client(), Client()
        for browser in (here, there):
            browser.post("/sign-in/", {"username": "alice", "password": "alice"})
        Session.objects.filter(pk=there.session.session_key).update(expire_date=timezone.now())
        clean_accounts()
        assert [each.session_key for each in UserSession.objects.all()] == [here.session.session_key]


class TestTheLastAdministrator:
    @pytest.mark.parametrize("values", [{"role": UserRole.EDITOR}, {"is_active": False}])
    def test_cannot_be_locked_or_demoted(self, dora, values):
        for name, value in values.items():
            setattr(dora, name, value)
        with pytest.raises(LastAdministratorError):
            accounts.update_user(dora, actor=None)

    def test_cannot_be_deleted_by_anything(self, dora):
        for delete in (dora.delete, User.objects.all().delete):
            with transaction.atomic(), pytest.raises(LastAdministratorError):
                delete()
        assert User.objects.filter(pk=dora.pk).exists()

    def test_is_never_limited(self, as_dora, dora, district):
        values = {"role": "administrator", "is_active": "on", "groups": [district.pk]}
        assert as_dora.post(f"/users/{dora.pk}/", values).status_code == 302
        assert not User.objects.get(pk=dora.pk).is_limited_to_groups


@pytest.mark.parametrize("who", ["victor", "alice", "bob", "charlie", "paula"])
def test_nobody_else_changes_users_whatever_calls_the_service(request, who, carla):
    actor = request.getfixturevalue(who)
    carla.role = UserRole.ADMINISTRATOR
    for act in (
        lambda: accounts.update_user(carla, actor=actor),
        lambda: accounts.create_user("x", actor=actor),
        lambda: accounts.invite_user(carla, actor=actor),
    ):
        with pytest.raises(NotPermitted):
            act()
