"""Operations on the on-call rota: who is on call now and in the coming weeks, who takes turns, and exceptions."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Status

from beffroi_server.accounts.models import User
from beffroi_server.alerts import on_call
from beffroi_server.api.alert_models import READ, WRITE
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import invalid_field
from beffroi_server.api.town import Username
from beffroi_server.api.values import Answer, Change, Instant, Key, named_rows

TAG = "on call"
MOST_MEMBERS = 100


class TurnAnswer(Answer):
    """A time in which somebody is on call."""

    user: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    exception: int | None
    """Identifier of the exception that says so; null for the rota."""


class OnCallAnswer(Answer):
    """Who is on call."""

    users: list[str]
    """Now; empty where the town has no rota."""
    members: list[str]
    """Who takes turns of a week, in order."""
    turns: list[TurnAnswer]
    """Of the coming weeks."""


class MembersChange(Change):
    """Who takes turns, in order."""

    members: list[Username]


class NewException(Change):
    """A time in which somebody is on call, whoever the rota says."""

    user: Username
    starts_at: Instant
    ends_at: Instant


@operation("GET", "/on-call", scope=READ, returns=OnCallAnswer, tag=TAG)
def read_on_call(request: ApiRequest) -> OnCallAnswer:
    """Return who is on call now, and in the coming weeks."""
    return on_call_answer()


@operation("PUT", "/on-call", scope=WRITE, returns=OnCallAnswer, tag=TAG)
def change_on_call(request: ApiRequest, body: MembersChange) -> OnCallAnswer:
    """Set who takes turns of a week, in this order; nobody for no rota."""
    on_call.save_members(_officers(body.members[:MOST_MEMBERS], "members"), user=request.user)
    return on_call_answer()


@operation("POST", "/on-call/exceptions", scope=WRITE, returns=OnCallAnswer, status=201, tag=TAG)
def add_on_call_exception(request: ApiRequest, body: NewException) -> Status[OnCallAnswer]:
    """Have somebody be on call for a time, as for a swap."""
    person = _officers([body.user], "user")[0]
    on_call.add_exception(person, body.starts_at, body.ends_at, user=request.user)
    return Status(201, on_call_answer())


@operation("DELETE", "/on-call/exceptions/{exception_id}", scope=WRITE, status=204, tag=TAG)
def remove_on_call_exception(request: ApiRequest, exception_id: Key) -> Status[None]:
    """Let the rota say again who is on call."""
    on_call.remove_exception(exception_id, user=request.user)
    return Status(204, None)


def _officers(names: list[str], field: str) -> list[User]:
    found = named_rows(User.objects.filter(is_active=True), names, field, key="username")
    for user in found:
        if not user.may_alert:
            raise invalid_field(field, _("%(name)s may not broadcast alerts.") % {"name": user.get_username()})
    return found


def on_call_answer() -> OnCallAnswer:
    """Return who is on call, as the API shows it."""
    now, rota = timezone.now(), on_call.read_rota()
    return OnCallAnswer(
        users=[user.get_username() for user in rota.on_call_at(now)],
        members=[user.get_username() for user in rota.members],
        turns=[
            TurnAnswer(user=turn.user.get_username(), starts_at=turn.starts_at, ends_at=turn.ends_at,
                       exception=turn.exception)
            for turn in rota.turns(now)
        ],
    )  # fmt: skip
