"""Sign-in with the town's own account, against an issuer on this machine."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from tests.support.oidc_issuer import CLIENT_ID, CLIENT_SECRET, running_issuer

from beffroi_server import settings as product_settings
from beffroi_server.accounts import second_factor
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import User, UserRole

pytestmark = pytest.mark.django_db


@pytest.fixture
def issuer(settings):
    with running_issuer() as found:
        app = {
            "provider_id": "town", "name": "the town’s account", "client_id": CLIENT_ID, "secret": CLIENT_SECRET,
            "settings": {"server_url": found.address},
        }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        settings.OIDC_NAME, settings.OIDC_GROUPS_CLAIM = "the town’s account", "groups"
        settings.OIDC_ROLES = {"communication": "editor", "astreinte": "officer", "elus": "viewer"}
        found.claims = {"sub": "42", "preferred_username": "zoe", "given_name": "Zoé", "groups": ["communication"]}
        yield found


def sign_on(client):
    there = client.get("/sign-in/account/town/")
    asked = parse_qs(urlsplit(there.headers["Location"]).query)
    return asked, client.get("/sign-in/account/town/back/", {"code": "c", "state": asked["state"][0]})


def said(client) -> str:
    return client.get("/sign-in/").content.decode()


def test_the_first_sign_in_makes_a_user_with_the_role_of_the_groups(client, issuer):
    asked, answer = sign_on(client)
    assert asked["code_challenge_method"] == ["S256"]
    assert "code_verifier=" in issuer.asked_for_tokens[0]
    assert answer.headers["Location"] == "/"
    zoe = User.objects.get()
    assert (zoe.username, zoe.first_name, zoe.role, zoe.has_usable_password()) == ("zoe", "Zoé", "editor", False)
    assert client.get("/announcements/").status_code == 200


def test_the_role_follows_the_groups_and_the_last_of_several_counts(client, issuer):
    sign_on(client)
    for groups, role in ((["elus"], "viewer"), (["communication", "astreinte", "x"], "officer")):
        issuer.claims["groups"] = groups
        sign_on(client)
        assert User.objects.get().role == role


@pytest.mark.parametrize("groups", [[], ["others"], None, "communications", {"a": 1}, [["communication"]]])
def test_who_is_in_no_group_of_ours_is_not_signed_in(client, issuer, groups):
    issuer.claims["groups"] = groups
    _asked, answer = sign_on(client)
    assert answer.headers["Location"] == "/sign-in/"
    assert "no access to the screens" in said(client)
    assert not User.objects.exists()


def test_a_user_with_a_password_is_not_taken_over(client, issuer, dora):
    issuer.claims |= {"preferred_username": "DORA", "email": "dora@example.org", "email_verified": True}
    dora.email = "dora@example.org"
    dora.save()
    _asked, answer = sign_on(client)
    assert answer.headers["Location"] == "/sign-in/"
    assert "a password" in said(client)
    assert User.objects.count() == 1


def test_nobody_becomes_an_administrator_and_none_ceases_to_be(client, issuer, settings):
    sign_on(client)
    zoe = User.objects.get()
    zoe.role = UserRole.ADMINISTRATOR
    zoe.save()
    issuer.claims["groups"] = []
    _asked, answer = sign_on(client)
    assert answer.headers["Location"] == "/"
    assert User.objects.get().role == UserRole.ADMINISTRATOR


def test_a_setting_that_makes_administrators_is_refused(monkeypatch):
    monkeypatch.setenv("BEFFROI_OIDC_ROLES", "dsi=administrator")
    with pytest.raises(ImproperlyConfigured, match="by hand"):
        product_settings._oidc_roles()


def test_a_locked_user_stays_out(client, issuer, dora):
    sign_on(client)
    client.post("/sign-out/")
    zoe = User.objects.get(username="zoe")
    zoe.is_active = False
    accounts.update_user(zoe, actor=dora)
    _asked, answer = sign_on(client)
    assert answer.headers["Location"] == "/sign-in/"
    assert "disabled" in said(client)


def test_the_issuer_asks_for_the_second_factor(client, issuer):
    sign_on(client)
    client.post("/sign-out/")
    second_factor.totp.TOTP.activate(User.objects.get(), second_factor.totp.generate_totp_secret())
    _asked, answer = sign_on(client)
    assert answer.headers["Location"] == "/"


def test_an_answer_that_nobody_asked_for_signs_nobody_in(client, issuer):
    answer = client.get("/sign-in/account/town/back/", {"code": "c", "state": "forged"})
    assert answer.headers["Location"] == "/sign-in/"
    assert not User.objects.exists()


@pytest.mark.parametrize("query", [{"error": "access_denied"}, {"error": "x", "state": "y"}, {}])
def test_who_gives_up_at_the_issuer_is_back_at_the_sign_in(client, issuer, query):
    assert client.get("/sign-in/account/town/back/", query).headers["Location"] == "/sign-in/"


def test_an_issuer_that_is_away_is_said(client, issuer, settings):
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"] = {"server_url": "http://127.0.0.1:9"}
    assert client.get("/sign-in/account/town/").headers["Location"] == "/sign-in/"
    assert "cannot be reached" in said(client)


def test_it_is_off_unless_it_is_set(client):
    assert client.get("/sign-in/account/town/").status_code == 404
    assert "/sign-in/account/" not in said(client)
