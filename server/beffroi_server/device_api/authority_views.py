"""View of the device interface for players that were off while the town changed its certificate authority."""

from __future__ import annotations

import base64
import math
import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from beffroi_content.authority_statements import ROLE, AuthorityStatement, sign_statement
from beffroi_content.wire.documents import NONCE_HEADER
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of
from beffroi_server.delivery import key_files, key_rotation, signing
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.device_api.views import error_response

ASKED_AT_ONCE, ASK_INTERVAL_S = 60, 2.0
"""Questions of one network at once, and the seconds after which it may ask another: each costs a signature."""
_NONCE = re.compile(r"[0-9a-zA-Z]{16,64}")
ask_throttle = AttemptThrottle(ASKED_AT_ONCE, ASK_INTERVAL_S)


@require_GET
def say_authorities(request: HttpRequest) -> HttpResponse:
    """Say who vouches for server and broker, signed, with the key list that verifies it.

    Whoever asks gives no token, which would go to whoever answers. The nonce of the header ``Beffroi-Nonce`` is in the
    answer: it proves that nobody has kept it from another day.
    """
    network, nonce = network_of(request.META.get("REMOTE_ADDR", "")), request.headers.get(NONCE_HEADER, "")
    if wait_s := ask_throttle.wait_s(network):
        response = error_response(429, "too-many-attempts", "too many questions: wait, then try again")
        response["Retry-After"] = str(math.ceil(wait_s))
        return response
    ask_throttle.record_failure(network)
    if not settings.AUTHORITIES:
        return error_response(404, "no-authorities", "the town has no certificate authority of its own")
    if not _NONCE.fullmatch(nonce):
        return error_response(400, "malformed", f"give 16 to 64 letters and digits in the header {NONCE_HEADER}")
    site = signing.current_site()
    topic = KEYS.topic_for(site, TopicScope.all_screens())
    newest = OutboxDocument.objects.filter(topic=str(topic), retained=True).first()
    statement = AuthorityStatement(site=site, nonce=nonce, authorities=settings.AUTHORITIES)
    try:
        signed = sign_statement(statement, [key_files.private_key(ROLE)])
    except KeysMissing as error:
        return error_response(503, "no-keys", str(error))
    if newest is None:
        return error_response(503, "no-keys", "no key list is published yet")
    response = JsonResponse({
        "statement": base64.b64encode(signed).decode(),
        "key_list": base64.b64encode(bytes(newest.payload)).decode(),
        "key_steps": [base64.b64encode(step).decode() for step in key_rotation.key_steps(newest.sequence)],
    })  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response
