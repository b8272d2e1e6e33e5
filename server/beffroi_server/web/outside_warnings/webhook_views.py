"""The address at which sources send their messages: raw CAP, with a secret in ``CAP-Webhook-Auth``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of
from beffroi_server.fleet.plays.intake_quotas import HourlyQuota
from beffroi_server.outside_warnings import webhooks
from beffroi_server.outside_warnings.document_reading import DocumentRefused

MAX_FAILURES, FAILURE_INTERVAL_S = 10, 6.0
"""Wrong secrets that one network may send at once, and the seconds after which it may send another."""
MESSAGES_PER_HOUR = 1_200
throttle = AttemptThrottle(MAX_FAILURES, FAILURE_INTERVAL_S)
quota = HourlyQuota(MESSAGES_PER_HOUR)


@csrf_exempt
@require_POST
def receive_cap(request: HttpRequest, token: str) -> HttpResponse:
    """Take in a message; 202 says that it was understood, whether or not anything is done with it."""
    network = network_of(request.META.get("REMOTE_ADDR", ""))
    if wait_s := throttle.wait_s(network):
        return _answer(429, "too many attempts", wait_s)
    source = webhooks.source_of(token, request.headers.get("CAP-Webhook-Auth", ""))
    if source is None:
        throttle.record_failure(network)
        return _answer(401, "address or CAP-Webhook-Auth is wrong")
    if not quota.take(source.pk, 1):
        return _answer(429, "too many messages", 60)
    try:
        count = webhooks.receive_body(source, request.body)
    except DocumentRefused as refused:
        return _answer(400, str(refused))
    return _answer(202, f"{count} new")


def _answer(status: int, text: str, retry_s: float = 0) -> HttpResponse:
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    if retry_s:
        response["Retry-After"] = str(round(retry_s + 0.5))
    return response
