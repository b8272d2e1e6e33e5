"""Operations on the caller's own account: what it is told and how, its tokens, its sessions, what it can undo.

Passwords, second factors and the mail address that opens a forgotten account stay with people and their browsers.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import Field

from beffroi_server.accounts import api_tokens, services, undo, user_sessions
from beffroi_server.accounts.models import ApiToken, User
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import ApiProblem, invalid_field, not_found
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Line60,
    MinuteOfDay,
    PageOf,
    PageQuery,
    TimeOfDay,
    WrittenAddress,
    find_row,
    page_of,
)
from beffroi_server.core import webhooks
from beffroi_server.core.transactions import serialised
from beffroi_server.notifications import choices, notices
from beffroi_server.notifications.models import (
    Delivery,
    Notice,
    NotificationChoice,
    PushSubscription,
    Way,
    choice_of,
)
from beffroi_server.notifications.occasions import Occasion

TAG = "own account"
READ, WRITE = "account:read", "account:write"
_KEPT = (
    "urgent", "delivery", "digest_at", "quiet_from", "quiet_until", "language", "tells_acknowledged", "tells_recovered",
    "webhook_address",
)  # fmt: skip
Ways = Annotated[list[Way], Field(max_length=len(Way))]
Occasions = Annotated[list[Occasion], Field(max_length=len(Occasion))]
NoticeLanguage = Literal["", "fr", "en"]


class WayState(Answer):
    """What became of the newest message by one way."""

    attempted_at: dt.datetime | None
    sent_at: dt.datetime | None
    problem: str
    is_test_waiting: bool


class NotificationsAnswer(Answer):
    """What a user is told of, by which ways, and when."""

    email: str
    """Changed on the page of notifications only: it opens the account of who forgot the password."""
    ways: dict[str, list[Way]]
    """By occasion."""
    urgent: list[Occasion]
    """Told at once, in quiet hours too."""
    delivery: Delivery
    digest_at: TimeOfDay
    quiet_from: TimeOfDay | None
    quiet_until: TimeOfDay | None
    language: NoticeLanguage
    """Empty: that of the town."""
    tells_acknowledged: bool
    tells_recovered: bool
    webhook_address: str
    states: dict[str, WayState]
    """By way."""


class NotificationsChange(Change):
    """What to be told of; ``ways`` and ``urgent`` replace those of before as a whole."""

    ways: Annotated[dict[Occasion, Ways], Field(max_length=len(Occasion))] = {}
    urgent: Occasions = []
    delivery: Delivery = Delivery.IMMEDIATE
    digest_at: MinuteOfDay = dt.time(7, 30)
    quiet_from: MinuteOfDay | None = None
    quiet_until: MinuteOfDay | None = None
    language: NoticeLanguage = ""
    tells_acknowledged: bool = True
    tells_recovered: bool = True
    webhook_address: WrittenAddress = ""


class SecretAnswer(Answer):
    """A secret, which is not shown again."""

    secret: str


class BrowserAnswer(Answer):
    """A browser that takes messages. Only a browser can add itself."""

    id: int
    browser: str
    created_at: dt.datetime


class TokenAnswer(Answer):
    """A token of the API, without its secret. Tokens are made on the page “API tokens”."""

    id: int
    user: str
    name: str
    scopes: list[str]
    created_at: dt.datetime
    expires_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


class SessionAnswer(Answer):
    """A browser in which one is signed in."""

    id: int
    user_agent: str
    address: str
    created_at: dt.datetime


class NameChange(Change):
    """One's own name."""

    first_name: Line60 = ""
    last_name: Line60 = ""


class NameAnswer(Answer):
    """One's own name."""

    username: str
    first_name: str
    last_name: str


class UndoAnswer(Answer):
    """Something that one did and can take back."""

    id: uuid.UUID
    sentence: str
    created_at: dt.datetime
    expires_at: dt.datetime


class UndoneAnswer(Answer):
    """What became of it."""

    sentence: str
    restored: int
    """How many things are as they were before."""


@operation("PATCH", "/me", scope=WRITE, returns=NameAnswer, tag=TAG)
def change_own_name(request: ApiRequest, body: NameChange) -> NameAnswer:
    """Change one's own name."""
    own = User.objects.get(pk=request.user.pk)
    for name, value in body.given().items():
        setattr(own, name, value)
    services.update_account(own)
    return NameAnswer(username=own.get_username(), first_name=own.first_name, last_name=own.last_name)


@operation("GET", "/me/notifications", scope=READ, returns=NotificationsAnswer, tag=TAG)
def read_notifications(request: ApiRequest) -> NotificationsAnswer:
    """Return what one is told of, by which ways, and whether the last messages arrived."""
    return _notifications(request.user, choice_of(request.user))


@operation("PATCH", "/me/notifications", scope=WRITE, returns=NotificationsAnswer, tag=TAG)
def change_notifications(request: ApiRequest, body: NotificationsChange) -> NotificationsAnswer:
    """Change what one is told of."""
    values = body.given()
    with serialised():
        choice = choice_of(request.user)
        if "ways" in values:
            given = values.pop("ways")
            choice.ways = {occasion.value: [way.value for way in ways] for occasion, ways in given.items()}
        for name, value in values.items():
            setattr(choice, name, [each.value for each in value] if name == "urgent" else value)
        choice.delivery = str(choice.delivery)
        if (choice.quiet_from is None) != (choice.quiet_until is None):
            raise invalid_field("quiet_until", _("Enter both times, or none."))
        if choice.webhook_address and (problem := webhooks.address_problem(choice.webhook_address)):
            raise invalid_field("webhook_address", problem)
        if choice.webhook_address and not choice.webhook_secret:
            choice.webhook_secret = webhooks.new_secret()
        choices.save_choice(request.user, choice)
    return _notifications(request.user, choice)


@operation("POST", "/me/notifications/secret", scope=WRITE, returns=SecretAnswer, tag=TAG, is_repeatable=False)
def renew_notification_secret(request: ApiRequest) -> SecretAnswer:
    """Make a new secret for one's own webhook; the former one is void at once."""
    with serialised():
        choice = choice_of(request.user)
        choice.webhook_secret = webhooks.new_secret()
        choices.save_choice(request.user, choice)
    return SecretAnswer(secret=choice.webhook_secret)


@operation("POST", "/me/notifications/tests/{way}", scope=WRITE, status=202, tag=TAG)
def test_notification(request: ApiRequest, way: Way) -> Status[None]:
    """Send a test by one way; the outcome is read with one's notifications."""
    waiting = Notice.objects.filter(user=request.user, way=way, kind="test", due_at__isnull=False)
    if not waiting.exists():
        notices.queue_test(request.user, way, timezone.now())
    return Status(202, None)


@operation("GET", "/me/browsers", scope=READ, returns=PageOf[BrowserAnswer], tag=TAG)
def list_browsers(request: ApiRequest, query: Query[PageQuery]) -> PageOf[BrowserAnswer]:
    """List the browsers that take one's messages, the first one first."""
    rows = PushSubscription.objects.filter(user=request.user).order_by("created_at", "pk")
    return page_of(query, rows, lambda row: _plain(BrowserAnswer, row))


@operation("DELETE", "/me/browsers/{browser_id}", scope=WRITE, status=204, tag=TAG)
def remove_browser(request: ApiRequest, browser_id: Key) -> Status[None]:
    """Send nothing more to a browser."""
    find_row(PushSubscription.objects.filter(user=request.user), pk=browser_id).delete()
    return Status(204, None)


@operation("GET", "/tokens", scope=READ, returns=PageOf[TokenAnswer], tag=TAG)
def list_tokens(request: ApiRequest, query: Query[PageQuery]) -> PageOf[TokenAnswer]:
    """List one's tokens; with the scope “town:read” those of all."""
    return page_of(query, _tokens(request, "town:read"), _token)


@operation("DELETE", "/tokens/{token_id}", scope=WRITE, status=204, tag=TAG)
def revoke_token(request: ApiRequest, token_id: Key) -> Status[None]:
    """Revoke one's own token; with the scope “town:write” that of anybody. It stays in the list."""
    api_tokens.revoke_token(find_row(_tokens(request, "town:write"), pk=token_id), actor=request.user)
    return Status(204, None)


@operation("GET", "/me/sessions", scope=READ, returns=PageOf[SessionAnswer], tag=TAG)
def list_sessions(request: ApiRequest, query: Query[PageQuery]) -> PageOf[SessionAnswer]:
    """List where one is signed in, the newest first."""
    return page_of(query, user_sessions.sessions_of(request.user), session_answer)


@operation("DELETE", "/me/sessions/{session_id}", scope=WRITE, status=204, tag=TAG)
def end_session(request: ApiRequest, session_id: Key) -> Status[None]:
    """Sign oneself out on a device."""
    if not user_sessions.end_session(request.user, session_id, actor=request.user):
        raise not_found()
    return Status(204, None)


@operation("GET", "/me/undo", scope=READ, returns=PageOf[UndoAnswer], tag=TAG)
def list_undoable(request: ApiRequest, query: Query[PageQuery]) -> PageOf[UndoAnswer]:
    """List what one did in the last fifteen minutes and can take back, the newest first."""
    return page_of(
        query, undo.undoable_entries(request.user),
        lambda row: UndoAnswer(
            id=row.pk, sentence=undo.describe_entry(row), created_at=row.created_at, expires_at=row.expires_at
        ),
    )  # fmt: skip


@operation("POST", "/me/undo/{entry_id}", scope=WRITE, returns=UndoneAnswer, tag=TAG)
def undo_act(request: ApiRequest, entry_id: uuid.UUID) -> UndoneAnswer:
    """Take back something that one did; what others changed meanwhile stays as it is."""
    try:
        result = undo.undo_act(entry_id, request.user)
    except undo.UndoRefused as refused:
        raise ApiProblem(409, "not-undoable", refused.message) from refused
    return UndoneAnswer(sentence=str(result), restored=result.restored)


def session_answer(row: Any) -> SessionAnswer:
    """Return a session as the API shows it."""
    return SessionAnswer(
        id=row.pk, user_agent=row.user_agent, address="" if row.ip == user_sessions.UNKNOWN_ADDRESS else row.ip,
        created_at=row.created_at,
    )  # fmt: skip


def _notifications(user: User, choice: NotificationChoice) -> NotificationsAnswer:
    values = {name: getattr(choice, name) for name in _KEPT}
    ways = {occasion.value: choice.ways_for(occasion.value) for occasion in Occasion}
    states = {way.value: _way_state(user, way) for way in Way}
    return NotificationsAnswer.model_validate({**values, "email": user.email, "ways": ways, "states": states})


def _way_state(user: User, way: Way) -> WayState:
    own = Notice.objects.filter(user=user, way=way)
    last = own.filter(attempted_at__isnull=False).order_by("-attempted_at").first()
    waits = own.filter(kind="test", due_at__isnull=False, attempts=0).exists()
    if last is None:
        return WayState(attempted_at=None, sent_at=None, problem="", is_test_waiting=waits)
    return WayState(attempted_at=last.attempted_at, sent_at=last.sent_at, problem=last.problem, is_test_waiting=waits)


def _tokens(request: ApiRequest, scope_for_all: str) -> Any:
    rows = ApiToken.objects.select_related("user")
    return rows if request.caller.may(scope_for_all) else rows.filter(user=request.user)


def _token(row: ApiToken) -> TokenAnswer:
    names = set(TokenAnswer.model_fields) - {"user"}
    return TokenAnswer.model_validate(
        {**{name: getattr(row, name, row.pk if name == "id" else None) for name in names},
         "user": row.user.get_username()}
    )  # fmt: skip


def _plain(kind: Any, row: Any) -> Any:
    return kind.model_validate({name: getattr(row, name) for name in kind.model_fields})
