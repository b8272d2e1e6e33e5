"""Requests that are sent again because their answer was lost: done once, answered the same (``Idempotency-Key``).

Whoever presses the button for an alert again, after the server has died, is never told to wait: see ``Repetition``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from enum import Enum, auto

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.api.callers import Caller
from beffroi_server.api.models import RepeatableRequest
from beffroi_server.api.problems import ApiProblem
from beffroi_server.core.transactions import serialised

HEADER = "Idempotency-Key"
MOST_KEPT = 2_000
"""Answers that are kept of one caller."""
_PRUNED_EVERY = 50
_UNANSWERED_AFTER = dt.timedelta(minutes=10)
"""A request that has no answer by then was cut off, and is done again."""
_KEY = re.compile(r"[\x21-\x7e]{1,100}")


class Repetition(Enum):
    """How an operation recognises a request that comes again."""

    CLAIMED = auto()
    """The key is claimed before the act. A server that dies in between leaves the claim, and whoever sends the request
    again is told for ``_UNANSWERED_AFTER`` that it is still being answered. The act may take long."""
    WHOLE = auto()
    """Key, act and answer are one transaction: a server that dies in between leaves nothing, and the request is done at
    once when it comes again. For acts that are short and wait for the database anyway."""
    OWN = auto()
    """The act knows the key itself, also where the database takes nothing in."""


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


def answer_once(
    request: HttpRequest, caller: Caller, run: Callable[[], HttpResponse], repetition: Repetition
) -> HttpResponse:
    """Run a request, or return its answer if it was run before with the same key.

    Raises:
        ApiProblem: the key stands for another request, or for one that is not answered yet.
    """
    key = read_key(request)
    if not key or repetition is Repetition.OWN:
        return run()
    if repetition is Repetition.WHOLE:
        # Whoever sends it again meanwhile waits here, and is answered what the first was.
        with serialised():
            return _answer_claimed(_claim(caller.key, key, _fingerprint(request)), run)
    row = _claim(caller.key, key, _fingerprint(request))

    def run_claimed() -> HttpResponse:
        try:
            return run()
        except BaseException:
            row.delete()  # what was refused may be right the next time
            raise

    return _answer_claimed(row, run_claimed)


def _answer_claimed(row: RepeatableRequest, run: Callable[[], HttpResponse]) -> HttpResponse:
    if row.status is not None:
        replayed = HttpResponse(row.body, status=row.status, content_type=row.media_type)
        replayed["Idempotency-Replayed"] = "true"
        return replayed
    answer = run()
    if answer.status_code >= 400:
        row.delete()
        return answer
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
