"""Refusals of the API as problem details (RFC 9457): a sentence, the fields concerned, and the next step."""

from __future__ import annotations

from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, DataError
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.errors import HttpError
from ninja.errors import ValidationError as NinjaValidationError
from pydantic import Field, ValidationError

from beffroi_server.accounts.errors import LastAdministratorError
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.core.database_faults import StorageFault, fault_of
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.feeds.services import FeedInUse
from beffroi_server.library.errors import EditConflict, ItemInUse, LibraryError, NotArchived
from beffroi_server.schedule.errors import RuleConflict
from beffroi_server.schedule.manifest_compiler import CompileError

MEDIA_TYPE = "application/problem+json"
MAX_FIELDS = 50
"""Fields that one answer names."""


class FieldProblem(Schema):
    """What is wrong with one field."""

    field: str
    """Its name, with dots for what is in it; empty for the request as a whole."""
    sentence: str


class Problem(Schema):
    """Why a request was refused (RFC 9457)."""

    type: str
    """``urn:beffroi:problem:`` and a code that does not change, for programs."""
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    """What is wrong, as a sentence for people, in the language that was asked for."""
    next_step: str
    """What to do about it; empty where the sentence says it."""
    fields: list[FieldProblem]


class ApiProblem(Exception):
    """A refusal with all that its answer says."""

    def __init__(
        self, status: int, code: str, sentence: str, next_step: str = "", *,
        fields: list[FieldProblem] | None = None, headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(sentence)
        self.status, self.code, self.sentence, self.next_step = status, code, sentence, next_step
        self.fields, self.headers = fields or [], headers or {}

    def to_response(self) -> HttpResponse:
        """Return the answer."""
        titles = {
            400: _("The request cannot be read"), 401: _("No valid token"), 403: _("Not allowed"),
            404: _("Not found"), 405: _("Not possible here"), 409: _("Conflict"), 412: _("Changed meanwhile"),
            413: _("Too large"), 422: _("Not valid"), 429: _("Too many requests"), 503: _("Not available now"),
            507: _("The disk is full"),
        }  # fmt: skip
        problem = Problem(
            type=f"urn:beffroi:problem:{self.code}",
            title=titles.get(self.status, _("Refused")),
            status=self.status,
            detail=self.sentence,
            next_step=self.next_step,
            fields=self.fields[:MAX_FIELDS],
        )
        response = HttpResponse(problem.model_dump_json(), status=self.status, content_type=MEDIA_TYPE)
        for name, value in self.headers.items():
            response[name] = value
        response["Cache-Control"] = "no-store"
        return response


def problem_of(error: Exception) -> ApiProblem | None:
    """Return the refusal that an exception of the services means; None for a fault of ours."""
    if isinstance(error, ApiProblem):
        return error
    if isinstance(error, NinjaValidationError):
        return _request_problem(error)
    if isinstance(error, DjangoValidationError):
        return _values_problem(error)
    if isinstance(error, HttpError):
        code = {400: "unreadable", 403: "forbidden"}.get(error.status_code, "refused")
        return ApiProblem(error.status_code, code, _("The body is not what this address takes: see the documentation."))
    return _service_problem(error) or _storage_problem(error)


def not_found() -> ApiProblem:
    """Return the refusal of an address at which there is nothing."""
    return ApiProblem(404, "not-found", _("There is nothing at this address."), _("List what there is, and try again."))


def _service_problem(error: Exception) -> ApiProblem | None:
    if isinstance(error, AlertRefused):
        return ApiProblem(409 if error.code in {"over", "corrected"} else 422, f"alert-{error.code}", error.message)
    if isinstance(error, Http404):
        return not_found()
    for kind, status, code in _SERVICE_REFUSALS:
        if isinstance(error, kind):
            return ApiProblem(status, getattr(error, "code", code), _sentence_of(error), _step_after(code))
    return None


_SERVICE_REFUSALS: tuple[tuple[type[Exception], int, str], ...] = (
    (EditConflict, 409, "edit-conflict"),
    (RuleConflict, 409, "edit-conflict"),
    (ItemInUse, 409, "in-use"),
    (NotArchived, 409, "not-archived"),
    (FeedInUse, 409, "in-use"),
    (LastAdministratorError, 409, "last-administrator"),
    (CompileError, 409, "no-programme"),
    (LibraryError, 422, "refused"),
    (PermissionDenied, 403, "forbidden"),
)
"""Refusals of the services: status and code of each kind, the narrower kinds first."""


def _sentence_of(error: Exception) -> str:
    if isinstance(error, LastAdministratorError):
        return _("There must be at least one active administrator.")
    return str(getattr(error, "message", "") or error or _("You may not do this."))


def _step_after(code: str) -> str:
    return _("Read it again, and repeat the change with its new version.") if code == "edit-conflict" else ""


def _storage_problem(error: Exception) -> ApiProblem | None:
    if isinstance(error, KeysMissing):
        return ApiProblem(503, "no-keys", str(error))
    fault = fault_of(error)
    if fault is StorageFault.DISK_FULL:
        return ApiProblem(507, "disk-full", _("The disk of the server is full."), _("Free some space on it."))
    if fault is StorageFault.LOCKED:
        sentence = _("Another program holds the database of the server.")
        return ApiProblem(503, "locked", sentence, _("Try again in a minute."), headers={"Retry-After": "60"})
    if isinstance(error, DataError | OverflowError) or (isinstance(error, DatabaseError) and "NUL" in str(error)):
        return ApiProblem(422, "invalid", _("A value is beyond what can be stored."))
    return None


def _request_problem(error: NinjaValidationError) -> ApiProblem:
    """Return the refusal of values that do not fit the schema; in the address, they stand for nothing that exists."""
    if any(each["loc"][:1] == ("path",) for each in error.errors):
        return not_found()
    fields = [
        FieldProblem(field=".".join(str(part) for part in each["loc"][2 if each["loc"][0] == "body" else 1 :])[:200],
                     sentence=str(each["msg"])[:300])
        for each in error.errors[:MAX_FIELDS]
    ]  # fmt: skip
    return _invalid(fields)


def _values_problem(error: DjangoValidationError) -> ApiProblem:
    if hasattr(error, "error_dict"):
        fields = [
            FieldProblem(field="" if name == "__all__" else name, sentence=" ".join(messages)[:500])
            for name, messages in error.message_dict.items()
        ]
    else:
        fields = [FieldProblem(field="", sentence=" ".join(error.messages)[:500])]
    return _invalid(fields)


def _invalid(fields: list[FieldProblem]) -> ApiProblem:
    sentences = " ".join(f"{each.field}: {each.sentence}" if each.field else each.sentence for each in fields)
    return ApiProblem(422, "invalid", sentences[:1000], _("Correct the fields that are named."), fields=fields)


def invalid_field(field: str, sentence: str) -> ApiProblem:
    """Return the refusal of one field."""
    return _invalid([FieldProblem(field=field, sentence=sentence)])


def invalid_model(error: ValidationError) -> ApiProblem:
    """Return the refusal of values that the contract's own model does not take."""
    fields: list[Any] = [
        FieldProblem(field=".".join(map(str, each["loc"]))[:200], sentence=each["msg"][:300]) for each in error.errors()
    ]
    return _invalid(fields)
