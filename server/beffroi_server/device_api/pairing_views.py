"""Views of the device interface for players that belong to nobody yet: they ask for a code, and for its end.

Whoever reaches the server may ask; what is handed out is sealed for the player that has shown the code.
"""

from __future__ import annotations

import math

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from beffroi_content.wire.pairing import PairedIdentity, PairingAnswer, PairingRequest, PairingState
from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.device_api.views import error_response
from beffroi_server.fleet import pairings

ASKED_AT_ONCE, ASK_INTERVAL_S = 60, 15.0
"""Codes that one network may ask for at once, and the seconds after which it may ask for another."""
ASKED_BY_ALL, ALL_INTERVAL_S = 300, 1.0
MAX_BODY = 16 * 1024
ask_throttle = AttemptThrottle(ASKED_AT_ONCE, ASK_INTERVAL_S)
total_throttle = AttemptThrottle(ASKED_BY_ALL, ALL_INTERVAL_S)


@csrf_exempt
@require_POST
def open_pairing(request: HttpRequest) -> HttpResponse:
    """Give a player the first letters of a code, and what it needs to make the others."""
    network = network_of(request.META.get("REMOTE_ADDR", ""))
    if wait_s := max(ask_throttle.wait_s(network), total_throttle.wait_s("")):
        return _try_later(wait_s)
    try:
        wanted = PairingRequest.model_validate_json(request.body[:MAX_BODY])
    except ValidationError:
        return error_response(400, "malformed", "this is not the request of a player for a code")
    ask_throttle.record_failure(network)
    total_throttle.record_failure("")
    try:
        return JsonResponse(pairings.open_pairing(wanted, network).model_dump(mode="json"))
    except pairings.TooManyPairings:
        return _try_later(60)
    except KeysMissing as error:
        return error_response(503, "no-keys", str(error))


@require_GET
def read_pairing(request: HttpRequest, handle: str) -> HttpResponse:
    """Tell a player whether its code was typed; if so, which code that was, sealed."""
    try:
        response = JsonResponse(PairingState(typed=pairings.typed_code(handle)).model_dump(mode="json"))
    except pairings.PairingGone:
        return _gone()
    response["Cache-Control"] = "no-store"
    return response


@csrf_exempt
@require_POST
def answer_pairing(request: HttpRequest, handle: str) -> HttpResponse:
    """Hand a player that proves that it has shown the code the identity of the screen, sealed."""
    try:
        answer = PairingAnswer.model_validate_json(request.body[:MAX_BODY])
        identity = pairings.answer_typed_code(handle, answer.number)
    except ValidationError:
        return error_response(400, "malformed", 'send {"number": "…"}')
    except pairings.PairingGone:
        return _gone()
    except pairings.PairingForged:
        return error_response(403, "not-proved", "this player has not shown the code that was typed")
    except KeysMissing as error:
        return error_response(503, "no-keys", str(error))
    return JsonResponse(PairedIdentity(identity=identity).model_dump(mode="json"))


def _gone() -> JsonResponse:
    return error_response(404, "no-pairing", "this code is over: ask for another one")


def _try_later(wait_s: float) -> JsonResponse:
    response = error_response(429, "too-many-pairings", "too many codes were asked for: try again later")
    response["Retry-After"] = str(math.ceil(wait_s))
    return response
