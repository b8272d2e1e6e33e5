"""Operations on warnings of other authorities: their sources, the policy of each, and what was done with what came."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from cryptography import x509
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import AfterValidator, Field, StringConstraints

from beffroi_content.model import AlertLevel
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Line120,
    Name60,
    PageOf,
    PageQuery,
    WrittenAddress,
    find_row,
    page_of,
)
from beffroi_server.cap.policy import Decision
from beffroi_server.cap.reason_texts import reason_sentence
from beffroi_server.feeds.addresses import complete_address
from beffroi_server.outside_warnings import services, webhooks
from beffroi_server.outside_warnings.assessments import stored_reasons
from beffroi_server.outside_warnings.models import (
    OutsideWarning,
    ReceivedMessage,
    SourceKind,
    WarningSource,
    WarningState,
)

TAG = "warnings of other authorities"
READ, WRITE = "town:read", "town:write"
REHEARSED = 200
FromLevel = Literal["never", "information", "vigilance", "alert", "emergency"]
PhenomenonLevel = Literal["", "never", "information", "vigilance", "alert", "emergency"]
Minutes = Annotated[int, Field(ge=1, le=1_440)]
WaitMinutes = Annotated[int, Field(ge=5, le=1_440)]
Lines = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]
BrokerWord = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Policy = Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]


def _readable_certificates(text: str) -> str:
    if text.strip():
        try:
            x509.load_pem_x509_certificates(text.encode())
        except ValueError as error:
            raise ValueError(_("this is no certificate in PEM form")) from error
    return text


Certificates = Annotated[
    str, StringConstraints(max_length=50_000, pattern=r"^[^\x00]*$"), AfterValidator(_readable_certificates)
]


class SourceAnswer(Answer):
    """An authority whose warnings are read, and what is done with them."""

    id: int
    name: str
    kind: SourceKind
    address: str
    topic: str
    username: str
    broker_certificates: str
    zones: str
    is_on: bool
    attribution: str
    propose_from: FromLevel
    broadcast_from: FromLevel
    phenomena: dict[str, tuple[PhenomenonLevel, PhenomenonLevel]]
    """For single phenomena of Météo-France, by number: from which level an officer is asked, and from which it is
    broadcast; empty: as for all of them."""
    events: str
    waits_min: int
    tests: Decision
    ahead: Decision
    interval_min: int
    expected_hours: int | None
    is_snapshot: bool
    codes: str
    certificates: str
    needs_signature: bool
    own_policy: str
    webhook_address: str
    """Where it sends its warnings; empty where they are read."""
    read_at: dt.datetime | None
    failing_since: dt.datetime | None
    problem: str


class SourceChange(Change):
    """Fields of a source."""

    name: Name60 = ""
    kind: SourceKind = SourceKind.ADDRESS
    address: WrittenAddress = ""
    """Of a document, or ``mqtts://host:port`` of a broker."""
    topic: BrokerWord = ""
    username: BrokerWord = ""
    password: BrokerWord = ""
    """For its broker; it is not shown again."""
    broker_certificates: Certificates = ""
    zones: Lines = ""
    """Departments or reaches of rivers, one a line; empty: those of the town."""
    is_on: bool = True
    attribution: Line120 = ""
    propose_from: FromLevel = "vigilance"
    broadcast_from: FromLevel = "never"
    events: Lines = ""
    """Words of the event or its codes, one a line."""
    waits_min: WaitMinutes = 120
    tests: Decision = Decision.IGNORE
    ahead: Decision = Decision.PROPOSE
    """What is announced for tomorrow, of charts."""
    interval_min: Minutes = 5
    expected_hours: Annotated[int, Field(ge=1, le=744)] | None = None
    """Of one that sends by itself: hours after which its silence is told; null: never."""
    is_snapshot: bool = False
    codes: Lines = ""
    certificates: Certificates = ""
    """In PEM form."""
    needs_signature: bool = False
    own_policy: Policy = ""
    """JSON, instead of the choices above."""


class NewSource(SourceChange):
    """A new source."""

    name: Name60


class SourceSecretAnswer(Answer):
    """What a source sends as ``CAP-Webhook-Auth``; it is not shown again."""

    secret: str
    webhook_address: str


class RehearsedAnswer(Answer):
    """What a policy would have done with a message when it came."""

    title: str
    received_at: dt.datetime
    decision: Decision
    sentence: str


class RehearsalAnswer(Answer):
    """What the policy of a source would have done with what came, the newest first."""

    items: list[RehearsedAnswer]


class WarningAnswer(Answer):
    """A warning that concerns the town."""

    id: int
    source: int
    state: WarningState
    title: str
    level: AlertLevel
    sentence: str
    """Why it was proposed or broadcast."""
    began_at: dt.datetime
    ends_at: dt.datetime
    closed_at: dt.datetime | None
    close_reason: str
    alert: uuid.UUID | None
    proposal: uuid.UUID | None
    problem: str


class WarningQuery(PageQuery):
    """Which warnings are wanted."""

    over: bool = False
    """Those that are over, instead of those in force."""


class ReceivedAnswer(Answer):
    """A message that came, and what was done with it."""

    id: int
    source: int
    title: str
    sent_at: dt.datetime | None
    received_at: dt.datetime
    decision: Decision
    sentence: str


@operation("GET", "/warning-sources", scope=READ, returns=PageOf[SourceAnswer], tag=TAG)
def list_warning_sources(request: ApiRequest, query: Query[PageQuery]) -> PageOf[SourceAnswer]:
    """List the sources of warnings by name."""
    return page_of(query, WarningSource.objects.all(), source_answer)


@operation("POST", "/warning-sources", scope=WRITE, returns=SourceAnswer, status=201, tag=TAG)
def create_warning_source(request: ApiRequest, body: NewSource) -> Status[SourceAnswer]:
    """Add a source; its address is read at once. One that sends its warnings itself needs a secret."""
    return Status(201, _save(WarningSource(), body, request))


@operation("GET", "/warning-sources/{source_id}", scope=READ, returns=SourceAnswer, tag=TAG)
def read_warning_source(request: ApiRequest, source_id: Key) -> SourceAnswer:
    """Return a source, and whether it could be read."""
    return source_answer(find_row(WarningSource.objects.all(), pk=source_id))


@operation("PATCH", "/warning-sources/{source_id}", scope=WRITE, returns=SourceAnswer, tag=TAG)
def change_warning_source(request: ApiRequest, source_id: Key, body: SourceChange) -> SourceAnswer:
    """Change a source; what is in force is judged again."""
    return _save(find_row(WarningSource.objects.all(), pk=source_id), body, request)


@operation("DELETE", "/warning-sources/{source_id}", scope=WRITE, status=204, tag=TAG)
def delete_warning_source(request: ApiRequest, source_id: Key) -> Status[None]:
    """Delete a source with its messages; what was broadcast from it goes on until its end."""
    services.delete_source(find_row(WarningSource.objects.all(), pk=source_id), user=request.user)
    return Status(204, None)


@operation("POST", "/warning-sources/{source_id}/readings", scope=WRITE, status=202, tag=TAG)
def request_warning_reading(request: ApiRequest, source_id: Key) -> Status[None]:
    """Have a source read in the next seconds."""
    found = find_row(WarningSource.objects.all(), pk=source_id)
    WarningSource.objects.filter(pk=found.pk).update(due_at=None)
    return Status(202, None)


@operation("POST", "/warning-sources/{source_id}/secret", scope=WRITE, returns=SourceSecretAnswer, tag=TAG,
           is_repeatable=False)  # fmt: skip
def renew_warning_secret(request: ApiRequest, source_id: Key) -> SourceSecretAnswer:
    """Give the webhook of a source another secret; the former one is void at once."""
    found = find_row(WarningSource.objects.filter(kind=SourceKind.WEBHOOK), pk=source_id)
    secret = webhooks.new_secret(found, user=request.user)
    return SourceSecretAnswer(secret=secret, webhook_address=_webhook_address(found))


@operation("GET", "/warning-sources/{source_id}/rehearsal", scope=READ, returns=RehearsalAnswer, tag=TAG)
def rehearse_policy(request: ApiRequest, source_id: Key) -> RehearsalAnswer:
    """Return what the policy of a source would have done with the messages that came, the newest first."""
    found = services.rehearse_policy(find_row(WarningSource.objects.all(), pk=source_id))[:REHEARSED]
    return RehearsalAnswer(
        items=[
            RehearsedAnswer(
                title=services.title_of(each.alert), received_at=each.at, decision=each.verdict.decision,
                sentence=reason_sentence(each.verdict.reasons, _language()),
            )
            for each in found
        ]
    )  # fmt: skip


@operation("GET", "/warnings", scope="alerts:read", permission="may_alert", returns=PageOf[WarningAnswer], tag=TAG)
def list_warnings(request: ApiRequest, query: Query[WarningQuery]) -> PageOf[WarningAnswer]:
    """List the warnings that concern the town, the newest first."""
    rows = OutsideWarning.objects.filter(closed_at__isnull=not query.over)
    return page_of(query, rows, warning_answer)


@operation("GET", "/warning-messages", scope="alerts:read", permission="may_alert", returns=PageOf[ReceivedAnswer],
           tag=TAG)  # fmt: skip
def list_warning_messages(request: ApiRequest, query: Query[PageQuery]) -> PageOf[ReceivedAnswer]:
    """List the messages that came, the newest first, and what was done with each."""
    return page_of(query, ReceivedMessage.objects.defer("message"), _received)


def _save(row: WarningSource, body: SourceChange, request: ApiRequest) -> SourceAnswer:
    for name, value in body.given().items():
        setattr(row, name, value.value if isinstance(value, SourceKind | Decision) else value)
    if row.kind == SourceKind.ADDRESS:
        row.address = complete_address(row.address)
    services.save_source(row, user=request.user)
    return source_answer(find_row(WarningSource.objects.all(), pk=row.pk))


def source_answer(row: WarningSource) -> SourceAnswer:
    """Return a source of warnings as the API shows it."""
    own = {name: getattr(row, name) for name in SourceAnswer.model_fields if name not in ("webhook_address", "problem")}
    told = {"webhook_address": _webhook_address(row), "problem": row.problem_words}
    return SourceAnswer.model_validate({**own, **told})


def _webhook_address(row: WarningSource) -> str:
    if row.kind != SourceKind.WEBHOOK:
        return ""
    return f"{settings.PUBLIC_URL}{reverse('cap-webhook', args=[row.token])}"


def warning_answer(row: OutsideWarning) -> WarningAnswer:
    """Return a warning as the API shows it."""
    related = {"source": row.source_id, "alert": row.alert_id, "proposal": row.proposal_id}
    own = {name: getattr(row, name) for name in set(WarningAnswer.model_fields) - {"sentence", *related}}
    return WarningAnswer.model_validate({**own, **related, "sentence": _sentence(row)})


def _received(row: ReceivedMessage) -> ReceivedAnswer:
    own = {name: getattr(row, name) for name in set(ReceivedAnswer.model_fields) - {"sentence", "source"}}
    return ReceivedAnswer.model_validate({**own, "source": row.source_id, "sentence": _sentence(row)})


def _sentence(row: Any) -> str:
    return reason_sentence(stored_reasons(row.reasons), _language())


def _language() -> str:
    return (get_language() or "fr")[:2]
