"""Second factors: set up, asked for at the sign-in, and what goes around them."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from beffroi_server.accounts import second_factor
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import AuditEvent, LinkKind, Town, UsedCode
from beffroi_server.web.accounts import sign_in_flow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_used_codes():
    cache.clear()


def code_of(secret: str, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret.replace(" ", ""), int(time.time()) // 30 + steps))


@pytest.fixture
def secret(bob) -> str:
    secret = second_factor.totp.generate_totp_secret()
    assert second_factor.add_app(bob, secret, code_of(secret, -1))
    return secret


def give_password(client: Client):
    return client.post("/sign-in/", {"username": "bob", "password": "bob", "next": "/alerts/"})


def give_code(client: Client, code: str):
    return client.post("/sign-in/second-factor/", {"code": code})


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_an_app_is_set_up_with_its_first_code_and_gives_recovery_codes(as_bob, bob):
    as_bob.post("/sign-in/", {"username": "bob", "password": "bob"})
    page = as_bob.get("/account/second-factor/app/")
    secret = page.context["secret"]
    assert as_bob.post("/account/second-factor/app/", {"code": "000000"}).status_code == 422
    answer = as_bob.post("/account/second-factor/app/", {"code": code_of(secret)})
    assert len(answer.context["codes"]) == 10
    assert second_factor.has_second_factor(bob)
    assert AuditEvent.objects.first().action == "second-factor-added"
    assert secret.replace(" ", "") not in str(list(AuditEvent.objects.values("detail")))


def test_the_password_alone_signs_nobody_in(client, secret):
    assert give_password(client).headers["Location"] == "/sign-in/second-factor/"
    assert not is_signed_in(client)
    assert give_code(client, "000000").status_code == 422
    assert not is_signed_in(client)
    assert give_code(client, code_of(secret)).headers["Location"] == "/alerts/"
    assert is_signed_in(client)


def test_a_code_works_once_over_all_processes_of_a_server(bob, secret):
    assert second_factor.check_code(bob, code_of(secret))
    # What another process remembers in its memory is not here.
    cache.clear()
    assert not second_factor.check_code(bob, code_of(secret))
    UsedCode.objects.update(used_at=timezone.now() - second_factor.CODE_LIFETIME - dt.timedelta(seconds=1))
    cache.clear()
    assert second_factor.check_code(bob, code_of(secret))


def test_a_code_works_once(client, secret):
    give_password(client)
    code = code_of(secret)
    give_code(client, code)
    other = Client()
    give_password(other)
    assert give_code(other, code).status_code == 422


def test_a_recovery_code_replaces_it_once(client, bob, secret):
    code = second_factor.renew_recovery_codes(bob)[0]
    give_password(client)
    assert give_code(client, code).status_code == 302
    other = Client()
    give_password(other)
    assert give_code(other, code).status_code == 422


@pytest.mark.parametrize("code", ["", " ", "١٢٣٤٥٦", "9" * 4000, "\0", "abc", "-1"])
def test_what_is_no_code_is_no_fault(client, secret, code):
    give_password(client)
    assert give_code(client, code).status_code == 422


@pytest.mark.parametrize("answer", ["{}", "[]", "x", '{"id": 1}', '{"response": {"userHandle": "x"}}', "[" * 9000])
def test_what_is_no_passkey_is_no_fault(client, secret, answer):
    give_password(client)
    assert client.post("/sign-in/second-factor/", {"answer": answer}).status_code == 422
    assert client.post("/sign-in/passkey/", {"answer": answer}).headers["Location"] == "/sign-in/"


def test_the_step_between_lasts_ten_minutes_and_ends_with_another_password(client, bob, secret):
    give_password(client)
    accounts.set_password(bob, "another long password")
    assert give_code(client, code_of(secret)).headers["Location"] == "/sign-in/"
    session = client.session
    session[sign_in_flow.PENDING_KEY] = {
        "user": bob.pk, "password": bob.get_session_auth_hash(), "at": time.time() - 601, "following": "/",
        "chooses_password": False,
    }  # fmt: skip
    session.save()
    assert give_code(client, code_of(secret)).headers["Location"] == "/sign-in/"


def test_guesses_wait_whatever_network_they_come_from_but_not_the_known_device(client, bob, secret):
    give_password(client)
    give_code(client, code_of(secret))
    client.post("/sign-out/")
    for number in range(sign_in_flow.CODE_LIMIT):
        guesser = Client(REMOTE_ADDR=f"10.0.{number}.1")
        give_password(guesser)
        give_code(guesser, "000000")
    stranger = Client(REMOTE_ADDR="10.9.9.9", HTTP_ACCEPT_LANGUAGE="en")
    give_password(stranger)
    assert "Too many wrong codes" in give_code(stranger, code_of(secret, 1)).content.decode()
    give_password(client)
    assert give_code(client, code_of(secret, 1)).status_code == 302


class TestWithoutIt:
    def path(self, address: str) -> str:
        return address.removeprefix("http://localhost:8000")

    def test_the_emergency_code_and_a_link_of_the_command_line_sign_in(self, bob, secret):
        links = (
            accounts.sign_in_address(accounts.create_emergency_code(bob)),
            accounts.create_sign_in_link(bob, kind=LinkKind.RESCUE),
        )
        for link in links:
            client = Client()
            assert client.post(self.path(link)).headers["Location"] == "/"
            assert is_signed_in(client)

    def test_links_that_were_handed_over_ask_for_it(self, bob, dora, secret):
        for link in (accounts.invite_user(bob, actor=dora), accounts.create_reset_link(bob)):
            client = Client()
            assert client.post(self.path(link)).headers["Location"] == "/sign-in/second-factor/"
            assert not is_signed_in(client)

    def test_an_administrator_removes_it(self, as_dora, bob, secret, client):
        as_dora.post(f"/users/{bob.pk}/second-factor/")
        assert give_password(Client()).headers["Location"] == "/alerts/"


class TestWhereTheTownAsksForIt:
    @pytest.fixture(autouse=True)
    def asked(self, town):
        Town.objects.update(second_factor_since=timezone.now() - second_factor.GRACE - dt.timedelta(days=1))

    @pytest.fixture
    def late(self, bob, client):
        bob.date_joined = timezone.now() - dt.timedelta(days=60)
        bob.save()
        client.force_login(bob)
        return client

    def test_pages_wait_for_it_and_alerts_do_not(self, late):
        assert late.get("/announcements/").headers["Location"] == "/account/second-factor/"
        assert late.get("/", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
        for path in ("/alerts/", "/alerts/choose/", "/account/", "/account/second-factor/"):
            assert late.get(path).status_code in {200, 404}, path

    def test_days_of_grace_count_from_the_setting_and_from_joining(self, client, bob):
        client.force_login(bob)
        assert client.get("/announcements/").status_code == 200

    def test_it_is_not_asked_of_who_takes_no_screen(self, client, alice):
        alice.date_joined = timezone.now() - dt.timedelta(days=60)
        alice.save()
        client.force_login(alice)
        assert client.get("/announcements/").status_code == 200


def test_changes_ask_for_a_fresh_sign_in(as_bob, bob):
    bob.last_login = timezone.now() - dt.timedelta(minutes=11)
    bob.save()
    for path in ("app/", "passkey/"):
        assert as_bob.get(f"/account/second-factor/{path}").headers["Location"] == "/account/second-factor/"
    assert as_bob.post("/account/second-factor/codes/").status_code == 302
