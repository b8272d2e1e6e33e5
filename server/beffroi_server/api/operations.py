"""What every operation of the API has: rights, pace, repeated requests, entity tags, and refusals in one form.

An operation is declared by :func:`operation`, with the scope that it takes. Before its view runs, the caller is known
and may do it; after, the answer gets its entity tag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Router
from ninja.decorators import decorate_view

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, User
from beffroi_server.api.callers import (
    SAFE_METHODS,
    Caller,
    check_pace,
    check_permission,
    check_rights,
    check_second_factor,
    identify_caller,
)
from beffroi_server.api.problems import ApiProblem, not_found, problem_of
from beffroi_server.api.repeated_requests import Repetition, answer_once
from beffroi_server.core.transactions import serialised

View = TypeVar("View", bound=Callable[..., Any])
Run = Callable[..., HttpResponse]
router = Router()
REFUSALS = (400, 401, 403, 404, 409, 412, 413, 422, 429, 503, 507)
_CHANGING = frozenset({"PUT", "PATCH", "DELETE"})
_readers: dict[str, Run] = {}
"""By path: what answers GET there, which entity tags are made of."""
_HEADERS = {
    "GET": ("If-None-Match", "An entity tag that was read before: where it still holds, the answer is 304."),
    "POST": (
        "Idempotency-Key",
        "Any text of your own. A request that is sent again with it within a day is done once, and answered the same.",
    ),
    **dict.fromkeys(
        _CHANGING, ("If-Match", "The entity tag that was read: where it holds no longer, the answer is 412.")
    ),
}


class ApiRequest(HttpRequest):
    """A request of which the caller is known."""

    user: User
    caller: Caller


def operation(
    method: str, path: str, *, scope: str, returns: Any = None, status: int = 200, tag: str, permission: str = "",
    media_type: str = "", is_repeatable: bool = True, repetition: Repetition = Repetition.CLAIMED,
) -> Callable[[View], View]:  # fmt: skip
    """Return a decorator that makes a view an operation of the API.

    Args:
        method: Of HTTP.
        path: Below ``/api/v1``, with parameters in braces.
        scope: One of ``api_tokens.SCOPES``; empty for what every caller may ask.
        returns: The model of the answer; None for an empty one, or one that is no JSON.
        status: Of the answer where all is well.
        tag: The part of the documentation that it belongs to.
        permission: Name of a property of ``User`` that must hold besides, such as ``may_edit``.
        media_type: Of an answer that is no JSON, or JSON without a model.
        is_repeatable: Whether the answer may be kept for a request that comes again; not where it holds a secret.
        repetition: How a request that comes again is recognised.
    """

    def declare(view: View) -> View:
        repeated = repetition if method == "POST" and is_repeatable else None
        decorate_view(lambda run: _served(run, (scope, permission), method, path, repeated))(view)
        router.add_api_operation(
            path, [method], view,
            # Refusals are added to the document: as models here, eleven for each operation, they took most of a start.
            response={status: returns, **({304: None} if method == "GET" else {})},
            summary=(view.__doc__ or "").splitlines()[0].rstrip("."),
            description=f"Takes the scope `{scope}`." if scope else "Any token may ask this.",
            operation_id=view.__name__,
            tags=[tag],
            openapi_extra=_documented(method, scope, status, media_type, is_repeatable=is_repeatable),
        )  # fmt: skip
        return view

    return declare


def _documented(method: str, scope: str, status: int, media_type: str, *, is_repeatable: bool) -> dict[str, Any]:
    name, meaning = _HEADERS[method]
    parameters = [{"in": "header", "name": name, "description": meaning, "required": False,
                   "schema": {"type": "string", "maxLength": 200}}]  # fmt: skip
    found: dict[str, Any] = {"security": [{"token": [scope] if scope else []}, {"session": []}]}
    if method != "POST" or is_repeatable:
        found["parameters"] = parameters
    if media_type:
        # JSON that is no model of ours, such as a dossier, is any object.
        schema = {"type": "object"} if media_type == "application/json" else {"type": "string", "format": "binary"}
        found["responses"] = {status: {"content": {media_type: {"schema": schema}}}}
    return found


def _served(run: Run, rights: tuple[str, str], method: str, path: str, repetition: Repetition | None) -> Run:
    scope, permission = rights
    if method == "GET":
        _readers[path] = run

    def serve(request: ApiRequest, **values: Any) -> HttpResponse:
        try:
            request.caller = caller = identify_caller(request)
            request.user = caller.user
            if scope:
                check_rights(caller, scope)
            check_permission(caller, permission)
            check_second_factor(caller, scope)
            check_pace(caller, scope)
            _check_size(request)
            with timezone.override(_town_zone()), audit.acting_by_token(caller.token.name if caller.token else ""):
                if repetition is not None:
                    answer = answer_once(request, caller, lambda: run(request, **values), repetition)
                else:
                    answer = _run_if_unchanged(run, request, path, values)
        except Exception as error:  # noqa: BLE001 - raised again where it is a fault of ours
            return refusal_response(request, error)
        return _tagged(request, answer, path)

    return serve


def _check_size(request: HttpRequest) -> None:
    """Read a body that is no upload, so that one which is too large is refused as such."""
    if request.method not in SAFE_METHODS and request.content_type != "multipart/form-data":
        try:
            _ = request.body
        except RequestDataTooBig as error:
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            raise ApiProblem(
                413, "too-large", gettext("A body has %(most)d bytes at most.") % {"most": most}
            ) from error


def refusal_response(_request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the answer to a request that failed.

    Raises:
        Exception: the error itself, where it is a fault of ours.
    """
    problem = problem_of(error)
    if problem is None:
        raise error
    return problem.to_response()


def _run_if_unchanged(run: Run, request: HttpRequest, path: str, values: dict[str, Any]) -> HttpResponse:
    """Run an operation; a change that names an entity tag only where that is still the one of what is there."""
    wanted = request.headers.get("If-Match")
    reader = _readers.get(path)
    if request.method not in _CHANGING or not wanted or reader is None:
        return run(request, **values)
    with serialised():
        current = reader(request, **values)
        if current.status_code != 200:
            return current
        if wanted.strip() != "*" and _tag_of(current) not in {each.strip() for each in wanted.split(",")}:
            raise ApiProblem(
                412,
                "changed",
                gettext("Somebody changed this since you read it."),
                gettext("Read it again, and decide anew."),
            )
        return run(request, **values)


def _tagged(request: HttpRequest, answer: HttpResponse, path: str) -> HttpResponse:
    answer.headers.setdefault("Cache-Control", "private, no-cache")
    if not 200 <= answer.status_code < 300 or path not in _readers or request.method == "DELETE":
        return answer
    answer["ETag"] = _tag_of(answer)
    wanted = request.headers.get("If-None-Match", "")
    if request.method != "GET" or answer["ETag"] not in {each.strip() for each in wanted.split(",")}:
        return answer
    unchanged = HttpResponse(status=304)
    unchanged["ETag"], unchanged["Cache-Control"] = answer["ETag"], answer["Cache-Control"]
    return unchanged


def _tag_of(answer: HttpResponse) -> str:
    return f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'


def _town_zone() -> ZoneInfo:
    found = Town.objects.values_list("time_zone", flat=True).first()
    return ZoneInfo(found or "UTC")


def answer_problems(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view of the API that answers a method which it does not have in the form of the other refusals."""

    def answer(request: HttpRequest, **values: Any) -> HttpResponse:
        response = view(request, **values)
        if response.status_code == 405:
            sentence = gettext("This address does not take %(method)s.") % {"method": request.method}
            return ApiProblem(405, "method", sentence, headers={"Allow": response["Allow"]}).to_response()
        return response

    answer.csrf_exempt = True  # type: ignore[attr-defined]  # sessions are checked by callers.identify_caller
    return answer


def unknown_address(_request: HttpRequest, **_values: str) -> HttpResponse:
    """Answer an address of the API that does not exist."""
    return not_found().to_response()
