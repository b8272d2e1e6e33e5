"""What the API takes and returns of alerts, and how requests become values of them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.model.alert import HAZARD_NAMES
from beffroi_content.timeline import AlertVisibility
from beffroi_server.accounts.models import Town, User
from beffroi_server.alerts import queries
from beffroi_server.alerts.broadcast_checks import LONGEST_ALERT
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.scenario_services import offered_scenarios
from beffroi_server.alerts.translations import stored_translations
from beffroi_server.api.languages import AlertTranslationAnswer, NewAlertTranslations
from beffroi_server.api.operations import ApiRequest
from beffroi_server.api.problems import invalid_field
from beffroi_server.api.repeated_requests import read_key
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Line40,
    Line80,
    Line120,
    PageQuery,
    Slugs,
    WarningText,
    WarningTitle,
    WebAddress,
    named_row,
    named_rows,
)
from beffroi_server.fleet import content_owners
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets

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
Minutes = Annotated[int, Field(ge=1, le=LONGEST_ALERT.days * 1440)]
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
    """What the screen shows of it now, given everything that it was sent; None once it is over, or where the screen
    has left its groups since."""
    masked_by: list[str]
    """Titles of the alerts that hide it now, or that hid it up to its end."""
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
    masking: list[str]
    """Sentences on what would hide it on which screens, and on what it would hide there."""
    no_room: str
    """Why it would be refused now beside the other alerts; empty where there is room for it."""


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


def token_of(request: ApiRequest) -> uuid.UUID | None:
    """Return the token that the Idempotency-Key of a request stands for; None without one."""
    key = read_key(request)
    return uuid.uuid5(_KEY_SPACE, f"{request.caller.key} {key}") if key else None


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
