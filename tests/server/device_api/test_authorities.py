"""A player that no authority lets connect asks who vouches for the server, without showing who it is."""

from __future__ import annotations

import base64

import pytest
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from tests.support.private_authority import Authority

from beffroi_content.authority_statements import read_statement
from beffroi_content.timeline import Moment
from beffroi_content.trust import TrustAnchor, TrustState
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import signing_keys
from beffroi_server.device_api import authority_views

urlpatterns = [path("device/v1/", include("beffroi_server.device_api.urls"))]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.usefixtures("keyring", "authority")]
NONCE = "0123456789abcdef"


@pytest.fixture
def authority(settings) -> str:
    authority_views.ask_throttle.clear_all()
    pem = Authority("the town").pem
    settings.AUTHORITIES = (pem,)
    return pem


def ask(client: Client, nonce: str = NONCE):
    return client.get("/device/v1/authorities", headers={"Beffroi-Nonce": nonce})


def test_what_is_said_can_be_verified_by_a_player(client, town, authority):
    answer = ask(client).json()
    anchor: TrustAnchor = signing_keys.trust_anchor("hall")
    now = unix_ms(timezone.now())

    statement, key_list, *steps = (
        base64.b64decode(each) for each in (answer["statement"], answer["key_list"], *answer["key_steps"])
    )
    said = read_statement(TrustState(anchor=anchor), statement, NONCE, Moment(now, now), key_list, steps)

    assert said.authorities == (authority,)


def test_a_town_without_an_authority_of_its_own_says_so(client, town, settings):
    settings.AUTHORITIES = ()
    assert (ask(client).status_code, ask(client).json()["error"]) == (404, "no-authorities")


@pytest.mark.parametrize("nonce", ["", "short", "x" * 65, "0123456789abcde\u00e9"])
def test_a_question_has_a_nonce(client, town, nonce):
    assert ask(client, nonce).status_code == 400


def test_whoever_asks_too_often_waits(client, town):
    answers = [ask(client) for _ in range(authority_views.ASKED_AT_ONCE + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) >= 1
