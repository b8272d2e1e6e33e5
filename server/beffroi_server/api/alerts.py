"""Operations on alerts: preview, broadcast, extend, end, withdraw, receipts.

An ``Idempotency-Key`` becomes the token of the alert, as that of a form does, so that a request that comes twice
broadcasts one alert, even while the database takes nothing in.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import AfterValidator, Field

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.model.alert import HAZARD_NAMES
from beffroi_content.raster.text.characters import missing_characters, name_characters
from beffroi_content.timeline import AlertVisibility
from beffroi_server.accounts.models import Town, User
from beffroi_server.alerts import pending_alerts, queries, receipts, services
from beffroi_server.alerts.drafts import draft_alert
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.scenario_services import offered_scenarios
from beffroi_server.alerts.translations import stored_translations, texts_of
from beffroi_server.api.languages import AlertTranslationAnswer, NewAlertTranslations
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import invalid_field, not_found
from beffroi_server.api.repeated_requests import Repetition, read_key, reused_key
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Line40,
    Line80,
    Line120,
    PageOf,
    PageQuery,
    Slugs,
    WarningText,
    WarningTitle,
    WebAddress,
    find_row,
    named_row,
    named_rows,
    page_of,
)
from beffroi_server.core.request_times import arrived_at
from beffroi_server.fleet import content_owners, presence
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library import preview

TAG = "alerts"
READ, WRITE = "alerts:read", "alerts:broadcast"
DEFAULT_MINUTES = 60
_KEY_SPACE = uuid.UUID("0d6f3c3e-52f5-4f5e-9d39-6b7f2f7f3d15")
"""Name space of the tokens that are made of keys (RFC 9562, version 5)."""


def _known_hazard(value: str) -> str:
    if value not in HAZARD_NAMES:
        raise ValueError(_("there is no hazard of this name"))
    return value


Hazard = Annotated[
    str, Field(max_length=20, json_schema_extra={"enum": sorted(HAZARD_NAMES)}), AfterValidator(_known_hazard)
]
Minutes = Annotated[int, Field(ge=1, le=services.LONGEST_ALERT.days * 1440)]
AlertState = Literal["active", "all-clear", "ended", "withdrawn", "corrected", "held-back"]


class AlertTextChange(Change):
    """Texts and targets of an alert or of a scenario."""

    level: AlertLevel = AlertLevel.EMERGENCY
    hazard: Hazard = "general"
    title: WarningTitle = ""
    description: WarningText = ""
    """What is happening, and where."""
    instruction: WarningText = ""
    """What to do."""
    short_text: Line80 = ""
    """The same in a few words, for small panels."""
    phone: Line40 = ""
    """The number for what does not fit."""
    link: WebAddress = ""
    """The address for what does not fit; becomes a QR code."""
    source: Line120 = ""
    """Who speaks; empty: the town."""
    translations: NewAlertTranslations = []
    """Its texts in further languages, which screens show besides those of the town."""
    everywhere: bool = False
    groups: Slugs = []
    screens: Slugs = []
    all_clear_s: Annotated[int, Field(ge=0, le=86_400)] = 300
    """Seconds for which screens show “end of alert”."""

    def given(self) -> dict[str, Any]:
        """Return the fields that were given, by name; translations as rows hold them."""
        values = super().given()
        if "translations" in values:
            values["translations"] = self.stored_translations()
        return values

    def stored_translations(self) -> list[dict[str, str]]:
        """Return the translations as rows hold them."""
        return stored_translations(each.model_dump() for each in self.translations)


class NewAlert(AlertTextChange):
    """An alert to broadcast. What is left out comes from the scenario, if one is named."""

    scenario: Key | None = None
    status: AlertStatus = AlertStatus.ACTUAL
    duration_min: Minutes = DEFAULT_MINUTES
    is_open_ended: bool = False
    """Whether it lasts until somebody ends it, who is reminded after its minutes; it ends by itself a day later."""
    alone_reason: Annotated[str, Field(max_length=300)] = ""
    """Why no second officer confirms it, where the town wants one; all officers are told. See /alert-proposals."""


class CorrectionChange(AlertTextChange):
    """What changes of an alert; what is left out stays as it is, its end as well."""

    status: AlertStatus = AlertStatus.ACTUAL
    duration_min: Minutes | None = None
    """Minutes from now on."""
    is_open_ended: bool = False
    alone_reason: Annotated[str, Field(max_length=300)] = ""


class AlertAnswer(Answer):
    """An alert that was broadcast."""

    id: uuid.UUID
    level: AlertLevel
    status: AlertStatus
    hazard: str
    title: str
    description: str
    instruction: str
    short_text: str
    phone: str
    link: str
    source: str
    translations: list[AlertTranslationAnswer]
    everywhere: bool
    groups: list[str]
    screens: list[str]
    all_clear_s: int
    state: AlertState
    scenario: int | None
    issued_at: dt.datetime
    ends_at: dt.datetime
    is_open_ended: bool
    review_at: dt.datetime | None
    """When an open-ended one is to be ended, or extended."""
    withdrawn_at: dt.datetime | None
    corrects: uuid.UUID | None
    """The alert whose place it took."""
    replaced_at: dt.datetime | None
    """When a correction took its place."""
    issued_by: str


class ReceiptAnswer(Answer):
    """State of an alert on one screen."""

    screen: str
    name: str
    state: Literal["shown", "masked", "dark", "waiting", "offline"]
    """``shown``: a receipt proves that it was on the screen; ``masked`` or ``dark``: it was not yet, since other alerts
    hide it or the display is off."""
    received_at: dt.datetime | None
    """When the player had it, verified, by the player's clock."""
    shown_at: dt.datetime | None
    """By the player's clock."""
    latency_ms: float | None
    """From the press of the button to the presented frame."""
    drawing_ms: float | None
    """The part of it since the player had it."""
    frame: str
    """Digest of what was presented."""
    visibility: AlertVisibility | None
    """What the screen shows of it now, given everything that it was sent; None once it is over."""
    masked_by: list[str]
    """Titles of the alerts that hide it now."""
    hidden_until: dt.datetime | None
    """Until when it is hidden, as far as is known now."""


class ReceiptsAnswer(Answer):
    """State of an alert on each screen that it is for."""

    shown: int
    masked: int
    dark: int
    waiting: int
    offline: int
    receipts: list[ReceiptAnswer]


class PreviewAnswer(Answer):
    """What an alert would do, without broadcasting it."""

    screens: int
    """How many it reaches."""
    offline: list[str]
    """Names of those that cannot be reached now."""
    missing_letters: str
    """Characters that screens cannot draw."""


class ExtensionChange(Change):
    """By how much an alert is extended."""

    minutes: Minutes


class AlertQuery(PageQuery):
    """Which alerts are wanted."""

    active: bool | None = None


class DrawingQuery(Change):
    """Which page of an alert is wanted."""

    screen_class: Key
    page: Annotated[int, Field(ge=0, le=1000)] = 0


def alert_answer(row: Alert) -> AlertAnswer:
    """Return an alert as the API shows it, whether it is stored already or waits for the database."""
    targets = Targets.of(row)
    return AlertAnswer(
        id=row.pk, level=AlertLevel(row.level), status=AlertStatus(row.status), hazard=row.hazard, title=row.title,
        description=row.description, instruction=row.instruction,
        short_text=row.short_text, phone=row.phone, link=row.link, source=row.source,
        translations=[AlertTranslationAnswer.model_validate(each) for each in row.translations],
        everywhere=row.everywhere,
        groups=sorted(each.slug for each in targets.groups), screens=sorted(each.slug for each in targets.screens),
        all_clear_s=row.all_clear_s, state=_state_of(row, timezone.now()), scenario=row.scenario_id,
        issued_at=row.issued_at, ends_at=row.ends_at, withdrawn_at=row.withdrawn_at,
        is_open_ended=row.is_open_ended, review_at=row.review_at, corrects=row.corrects_id,
        replaced_at=row.replaced_at,
        issued_by=row.issued_by.get_username() if row.issued_by is not None else "",
    )  # fmt: skip


def _state_of(row: Alert, now: dt.datetime) -> AlertState:
    if row.replaced_at is not None:
        return "corrected"
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.held_back_at is not None and not row.settled:
        return "held-back"
    if now < row.ends_at:
        return "active"
    return "ended" if row.settled or now >= queries.all_clear_ends_at(row) else "all-clear"


def _alerts() -> Any:
    return Alert.objects.select_related("issued_by").prefetch_related("groups", "screens")


@operation("GET", "/alerts", scope=READ, returns=PageOf[AlertAnswer], tag=TAG)
def list_alerts(request: ApiRequest, query: Query[AlertQuery]) -> PageOf[AlertAnswer]:
    """List the alerts that were broadcast, the newest first, or only those that are active."""
    if query.active:
        return page_of(query, queries.active_alerts(timezone.now()), alert_answer)
    rows = _alerts() if query.active is None else _alerts().filter(ends_at__lte=timezone.now())
    return page_of(query, rows, alert_answer)


@operation(
    "POST", "/alerts", scope=WRITE, returns=AlertAnswer, status=201, tag=TAG, repetition=Repetition.OWN
)  # fmt: skip
def broadcast_alert(request: ApiRequest, body: NewAlert) -> Status[AlertAnswer]:
    """Broadcast an alert at once. Give an Idempotency-Key, so that a lost answer never makes two of it."""
    values, token = alert_values(body, request.user), token_of(request)
    services.check_reach(values["targets"])
    alert = services.broadcast_alert(
        level=values["level"], status=body.status, hazard=values["hazard"], title=values["title"],
        description=values["description"], instruction=values["instruction"], source=values["source"],
        short_text=values["short_text"], phone=values["phone"], link=values["link"],
        translations=values["translations"],
        all_clear_s=values["all_clear_s"], duration_min=values["duration_min"], targets=values["targets"],
        scenario=values["scenario"], is_open_ended=body.is_open_ended,
        alone_reason=body.alone_reason, token=token, user=request.user,
        pressed_at=arrived_at(request, timezone.now()),
    )  # fmt: skip
    if (alert.title, alert.level, alert.status) != (values["title"], str(values["level"]), str(body.status)):
        raise reused_key()
    return Status(201, alert_answer(alert))


def token_of(request: ApiRequest) -> uuid.UUID | None:
    """Return the token that the Idempotency-Key of a request stands for; None without one."""
    key = read_key(request)
    return uuid.uuid5(_KEY_SPACE, f"{request.caller.key} {key}") if key else None


@operation(
    "POST", "/alerts/{alert_id}/correct", scope=WRITE, returns=AlertAnswer, status=201, tag=TAG,
    repetition=Repetition.OWN,
)  # fmt: skip
def correct_alert(request: ApiRequest, alert_id: uuid.UUID, body: CorrectionChange) -> Status[AlertAnswer]:
    """Have another text take the place of a running alert, in one step; return the alert that screens show then."""
    former, given = _alert(alert_id), body.given()
    is_aimed = bool(body.model_fields_set & {"everywhere", "groups", "screens"})
    names = (
        "level", "status", "hazard", "title", "description", "instruction", "short_text", "phone", "link", "source",
        "all_clear_s", "is_open_ended", "translations",
    )  # fmt: skip
    values = {name: given.get(name, getattr(former, name)) for name in names}
    alert = services.broadcast_alert(
        **values, targets=named_targets(body) if is_aimed else Targets.of(former), duration_min=body.duration_min,
        scenario=former.scenario, corrects=former, alone_reason=body.alone_reason,
        token=token_of(request), user=request.user,
    )  # fmt: skip
    if alert.corrects_id != former.pk or alert.title != values["title"]:
        raise reused_key()
    return Status(201, alert_answer(alert))


@operation("POST", "/alerts/preview", scope=WRITE, returns=PreviewAnswer, tag=TAG, is_repeatable=False)
def preview_alert(request: ApiRequest, body: NewAlert) -> PreviewAnswer:
    """Say what an alert would reach, without broadcasting it."""
    values, now = alert_values(body, request.user), timezone.now()
    reached = list(values["targets"].reached_screens().select_related("state"))
    drawn = " ".join(values[name] for name in ("title", "description", "instruction", "short_text", "source"))
    return PreviewAnswer(
        screens=len(reached),
        offline=[each.name for each in reached if not presence.is_reachable(getattr(each, "state", None), now)],
        missing_letters=name_characters(missing_characters(f"{drawn} {texts_of(values['translations'])}")),
    )


@operation(
    "POST", "/alerts/preview/page", scope=WRITE, media_type="image/png", tag=TAG, is_repeatable=False
)  # fmt: skip
def draw_alert(request: ApiRequest, query: Query[DrawingQuery], body: NewAlert) -> HttpResponse:
    """Return a page of an alert as screens of a class would draw it, as PNG, without broadcasting it."""
    screen_class, town = find_row(ScreenClass.objects.all(), pk=query.screen_class), Town.objects.first()
    if town is None:
        raise not_found()
    alert = draft_alert({**alert_values(body, request.user), "status": body.status})
    pages = preview.preview_alert(alert, preview.alert_form(alert.level), screen_class, town)
    if query.page >= len(pages):
        raise not_found()
    return HttpResponse(pages[query.page], content_type="image/png")


@operation("GET", "/alerts/{alert_id}", scope=READ, returns=AlertAnswer, tag=TAG)
def read_alert(request: ApiRequest, alert_id: uuid.UUID) -> AlertAnswer:
    """Return an alert."""
    return alert_answer(_alert(alert_id))


@operation("GET", "/alerts/{alert_id}/receipts", scope=READ, returns=ReceiptsAnswer, tag=TAG)
def list_receipts(request: ApiRequest, alert_id: uuid.UUID) -> ReceiptsAnswer:
    """Return which screens have shown an alert, when, and how fast."""
    found = [
        ReceiptAnswer.model_validate(
            {
                "screen": each.screen.slug, "name": each.screen.name, "state": each.state, "shown_at": each.shown_at,
                "received_at": each.received_at, "latency_ms": each.latency_ms, "drawing_ms": each.drawing_ms,
                "frame": each.frame, "visibility": each.statement.visibility if each.statement else None,
                "masked_by": list(each.masked_by), "hidden_until": each.hidden_until,
            }
        )
        for each in receipts.receipts_of(_alert(alert_id))
    ]  # fmt: skip
    states = [each.state for each in found]
    counts = {name: states.count(name) for name in ("shown", "masked", "dark", "waiting", "offline")}
    return ReceiptsAnswer(**counts, receipts=found)


@operation(
    "POST", "/alerts/{alert_id}/extend", scope=WRITE, returns=AlertAnswer, tag=TAG, repetition=Repetition.WHOLE
)  # fmt: skip
def extend_alert(request: ApiRequest, alert_id: uuid.UUID, body: ExtensionChange) -> AlertAnswer:
    """Extend an alert by some minutes."""
    row = find_row(_alerts(), pk=alert_id)
    services.extend_alert(row, body.minutes, user=request.user)
    return alert_answer(_alert(alert_id))


@operation(
    "POST", "/alerts/{alert_id}/end", scope=WRITE, returns=AlertAnswer, tag=TAG, repetition=Repetition.WHOLE
)  # fmt: skip
def end_alert(request: ApiRequest, alert_id: uuid.UUID) -> AlertAnswer:
    """End an alert; its screens show “end of alert” for a time."""
    services.end_alert(find_row(_alerts(), pk=alert_id), user=request.user)
    return alert_answer(_alert(alert_id))


@operation(
    "POST", "/alerts/{alert_id}/withdraw", scope=WRITE, returns=AlertAnswer, tag=TAG, repetition=Repetition.WHOLE
)  # fmt: skip
def withdraw_alert(request: ApiRequest, alert_id: uuid.UUID) -> AlertAnswer:
    """Take an alert off at once, without “end of alert”, as is right for a mistake."""
    services.withdraw_alert(find_row(_alerts(), pk=alert_id), user=request.user)
    return alert_answer(_alert(alert_id))


def _alert(alert_id: uuid.UUID) -> Alert:
    return _alerts().filter(pk=alert_id).first() or pending_alerts.find_pending(pk=alert_id) or _missing()


def _missing() -> Alert:
    raise not_found()


def named_targets(body: AlertTextChange) -> Targets:
    """Return the screens that a request names.

    Raises:
        ApiProblem: one of them does not exist.
    """
    if body.everywhere:
        return EVERYWHERE
    groups = named_rows(ScreenGroup.objects.all(), body.groups, "groups", key="slug")
    return Targets(
        groups=tuple(groups), screens=tuple(named_rows(Screen.objects.all(), body.screens, "screens", key="slug"))
    )


def alert_values(body: NewAlert, user: User) -> dict[str, Any]:
    """Return the values of an alert: those given, then those of the scenario, then the usual ones."""
    scenario = named_row(offered_scenarios(user).prefetch_related("groups", "screens"), body.scenario, "scenario")
    names = (
        "level", "hazard", "title", "description", "instruction", "short_text", "phone", "link", "source",
        "all_clear_s", "duration_min",
    )  # fmt: skip
    values = {
        name: getattr(body if scenario is None or name in body.model_fields_set else scenario, name) for name in names
    }
    has_targets = bool(body.model_fields_set & {"everywhere", "groups", "screens"})
    is_own = scenario is None or "translations" in body.model_fields_set
    values["translations"] = body.stored_translations() if is_own or scenario is None else scenario.translations
    values["targets"] = named_targets(body) if scenario is None or has_targets else Targets.of(scenario)
    if not values["title"]:
        raise invalid_field("title", _("An alert needs a title."))
    if not values["source"]:
        town = Town.objects.values_list("name", flat=True).first()
        values["source"] = str(content_owners.home_of(user) or town or "–")
    return {**values, "scenario": scenario}
