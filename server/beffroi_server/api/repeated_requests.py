"""Requests that are sent again because their answer was lost: done once, answered the same (``Idempotency-Key``).

Alerts have their own way, which does not depend on the database: see ``alerts``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.api.callers import Caller
from beffroi_server.api.models import RepeatableRequest
from beffroi_server.api.problems import ApiProblem

HEADER = "Idempotency-Key"
MOST_KEPT = 2_000
"""Answers that are kept of one caller."""
_PRUNED_EVERY = 50
_UNANSWERED_AFTER = dt.timedelta(minutes=10)
"""A request that has no answer by then was cut off, and is done again."""
_KEY = re.compile(r"[\x21-\x7e]{1,100}")


def read_key(request: HttpRequest) -> str:
    """Return the key of a request; empty where it has none.

    Raises:
        ApiProblem: it is none.
    """
    key = request.headers.get(HEADER, "")
    if key and not _KEY.fullmatch(key):
        sentence = _("An Idempotency-Key has 1 to 100 letters, digits and signs of ASCII, without spaces.")
        raise ApiProblem(422, "bad-key", sentence)
    return key


def reused_key() -> ApiProblem:
    """Return the refusal of a key that stands for another request."""
    return ApiProblem(
        422, "key-reused", _("This Idempotency-Key was used for another request."), _("Choose a new key.")
    )


def answer_once(request: HttpRequest, caller: Caller, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Run a request, or return its answer if it was run before with the same key.

    Raises:
        ApiProblem: the key stands for another request, or for one that is not answered yet.
    """
    key = read_key(request)
    if not key or request.path.endswith("/alerts"):
        return run()
    row = _claim(caller.key, key, _fingerprint(request))
    if row.status is not None:
        replayed = HttpResponse(row.body, status=row.status, content_type=row.media_type)
        replayed["Idempotency-Replayed"] = "true"
        return replayed
    answer: HttpResponse | None = None
    try:
        answer = run()
    finally:
        if answer is None or answer.status_code >= 400:
            row.delete()  # what was refused may be right the next time
    if answer.status_code < 400:
        row.status, row.body = answer.status_code, answer.content.decode()
        row.media_type = answer.headers.get("Content-Type", "")[:60]
        row.save()
    return answer


def _claim(caller: str, key: str, fingerprint: str) -> RepeatableRequest:
    try:
        with transaction.atomic():
            row = RepeatableRequest.objects.create(caller=caller, key=key, fingerprint=fingerprint)
    except IntegrityError:
        return _known(caller, key, fingerprint)
    if row.pk % _PRUNED_EVERY == 0:
        _prune(caller)
    return row


def _known(caller: str, key: str, fingerprint: str) -> RepeatableRequest:
    now = timezone.now()
    row = RepeatableRequest.objects.filter(caller=caller, key=key).first()
    if row is not None and row.fingerprint != fingerprint:
        raise reused_key()
    if row is not None and row.status is not None:
        return row
    # The row count decides between two who take up the same one that was cut off.
    late = RepeatableRequest.objects.filter(caller=caller, key=key, status=None, created_at__lt=now - _UNANSWERED_AFTER)
    if row is None or not late.update(created_at=now):
        sentence = _("The first request with this Idempotency-Key is still being answered.")
        raise ApiProblem(409, "in-progress", sentence, _("Wait a moment."), headers={"Retry-After": "5"})
    return row


def _prune(caller: str) -> None:
    kept = RepeatableRequest.objects.filter(caller=caller).order_by("-pk").values_list("pk", flat=True)[:MOST_KEPT]
    last = list(kept)[-1:]
    if last:
        RepeatableRequest.objects.filter(caller=caller, pk__lt=last[0]).delete()


def _fingerprint(request: HttpRequest) -> str:
    # A file is not read twice: of an upload, its length stands for it.
    is_upload = request.content_type == "multipart/form-data"
    body = request.headers.get("Content-Length", "").encode() if is_upload else request.body
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + body).hexdigest()
