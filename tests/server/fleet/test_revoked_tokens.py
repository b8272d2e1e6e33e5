"""A player whose credentials were taken away is told so by the town, in a signed command."""

from __future__ import annotations

import base64

import pytest
from django.urls import include, path
from django.utils import timezone

from beffroi_content.wire import envelope
from beffroi_content.wire.documents import CommandKind, ScreenCommand
from beffroi_server.fleet import revoked_tokens, services
from beffroi_server.fleet.box_models import RevokedToken
from beffroi_server.fleet.device_credentials import token_sha256

urlpatterns = [path("device/v1/", include("beffroi_server.device_api.urls"))]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.usefixtures("keyring")]


def enrol(screen) -> str:
    token = services.enrol_player(services.open_enrolment(screen)[0])["token"]
    screen.refresh_from_db()
    return token


@pytest.mark.parametrize("replace", [False, True])
def test_it_is_told_so_once_a_minute_and_the_new_player_is_not_meant(client, hall, replace):
    old = enrol(hall)
    new = enrol(hall) if replace else services.revoke_player(hall)

    def ask(token: str):
        return client.get("/device/v1/documents", headers={"Authorization": f"Bearer {token}"})

    refused = ask(old)
    assert refused.status_code == 401
    keys, order = refused.json()["documents"]
    assert keys["topic"].endswith("/all/keys")
    body = envelope.parse_envelope(base64.b64decode(order["payload"])).decode_body()
    command = ScreenCommand.model_validate_json(body)
    assert (command.kind, command.credentials) == (CommandKind.REVOKED, token_sha256(old)[:16])
    assert "documents" not in ask(old).json()
    assert RevokedToken.objects.get().seen_at is not None
    if replace:
        assert ask(new).status_code == 200
        assert token_sha256(new)[:16] != command.credentials


def test_a_token_that_never_was_is_refused_without_a_word(client):
    assert revoked_tokens.order_for("nonsense", "", timezone.now()) is None
