"""The dossier of an alert: what was broadcast, who did what, and what each screen has proven.

It covers the alert with all its texts, former and later. Who is limited to some groups gets those of its screens that
are in them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from beffroi_content.wire.messages import ALERTS, KEYS
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_server.accounts.models import AuditEvent, Town, User
from beffroi_server.alerts import corrections, planned_alerts, queries, receipts, sent_sets
from beffroi_server.alerts.models import Alert, AlertProposal, PlannedAlert, SentAlertSet
from beffroi_server.alerts.receipts import ScreenReceipt
from beffroi_server.core.formatting import moment_since, moments_between
from beffroi_server.delivery import signing_keys
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.dossiers import shown_plays
from beffroi_server.dossiers.shown_plays import ShownPlays
from beffroi_server.fleet import presence, screen_scopes
from beffroi_server.fleet.models import ReceiptRecord, Screen
from beffroi_server.fleet.targets import Targets
from beffroi_server.monitoring import receipt_frames
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.outlets.models import CapMessage

MAX_TEXTS = 20
MAX_SCREENS = 1_000
"""Screens of one text; the rest is counted."""
MAX_ROWS = 4_000
"""Screens of all texts together."""
MAX_EVENTS, MAX_SETS, MAX_CAP = 500, 500, 100
MAX_COMPARED = 60
MAX_KEY_LISTS = 40
"""Screens whose frame is compared for one dossier: each takes some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class ScreenRecord:
    """What one screen has proven of one text."""

    receipt: ScreenReceipt
    first: ReceiptRecord | None
    """Of the first showing."""
    plays: ShownPlays | None
    all_clear_at: dt.datetime | None
    is_exact: bool | None
    """Whether its pixels were those that the server draws; None: not compared."""
    reason: str
    """Why it did not show it; empty where it did."""

    @property
    def screen(self) -> Screen:
        """The screen."""
        return self.receipt.screen

    @property
    def is_shown(self) -> bool:
        """Whether a receipt proves that it was on the screen."""
        return self.receipt.state == "shown"


@dataclass(frozen=True, slots=True)
class TextRecord:
    """One text of the alert, with what its screens have proven."""

    alert: Alert
    targets: Targets
    proposal: AlertProposal | None
    plan: PlannedAlert | None
    screens: tuple[ScreenRecord, ...]
    left_off: int
    """How many screens are not listed."""

    @property
    def latencies_ms(self) -> list[float]:
        """From the press of the button to the glass, of each screen that showed it, the shortest first."""
        return sorted(each.receipt.latency_ms for each in self.screens if each.receipt.latency_ms is not None)


@dataclass(frozen=True, slots=True)
class SetRecord:
    """A signed alert set, as it was sent."""

    row: SentAlertSet
    alerts: tuple[str, ...]
    """Which texts of this alert it carried."""


@dataclass(frozen=True, slots=True)
class AlertDossier:
    """Everything that a dossier says."""

    alert: Alert
    """The text that was asked for."""
    town: Town
    made_by: User
    made_at: dt.datetime
    groups: tuple[str, ...] | None
    """Names of the groups whose screens it covers; None: all screens."""
    texts: tuple[TextRecord, ...]
    """The first text first."""
    events: tuple[AuditEvent, ...]
    sets: tuple[SetRecord, ...]
    key_list: bytes
    """The signed key list in force; empty where there is none."""
    former_key_lists: tuple[bytes, ...]
    """Those before it, the newest first: what the town's former keys have signed is verified with them."""
    cap: tuple[CapMessage, ...]


class NothingInScope(Exception):
    """The alert reaches no screen of the user's groups."""


def build_dossier(alert: Alert, user: User, town: Town, now: dt.datetime) -> AlertDossier:
    """Return the dossier of an alert as a user may see it.

    Raises:
        NothingInScope: the user is limited to groups without a screen that it is for.
    """
    keys = screen_scopes.scope_group_keys(user)
    groups = list(screen_scopes.groups_in_scope(user)) if keys is not None else None
    allowed = None if groups is None else set(screen_scopes.screens_in_scope(user).values_list("pk", flat=True))
    texts, room = [], MAX_ROWS
    rows = _all_texts(alert)
    family = [str(row.pk) for row in rows]
    for row in rows:
        texts.append(_text_record(row, allowed, family, now, room))
        room = max(0, room - len(texts[-1].screens))
    if allowed is not None and not any(text.screens for text in texts):
        raise NothingInScope
    proposals = [str(text.proposal.pk) for text in texts if text.proposal is not None]
    identifiers = [str(text.alert.pk) for text in texts]
    events = AuditEvent.objects.filter(action__startswith="alert-").filter(
        Q(detail__id__in=identifiers) | Q(detail__proposal__in=proposals)
    )
    key_list = OutboxDocument.objects.filter(topic=str(KEYS.topic_for(town.site, TopicScope.all_screens())))
    return AlertDossier(
        alert, town, user, now,
        None if groups is None else tuple(group.name for group in groups),
        tuple(texts),
        tuple(events.order_by("id")[:MAX_EVENTS]),
        tuple(_sets(texts, town, None if groups is None else {group.slug for group in groups}, allowed)),
        next((bytes(each) for each in key_list.values_list("payload", flat=True)), b""),
        tuple(signing_keys.former_key_lists(MAX_KEY_LISTS)),
        tuple(CapMessage.objects.filter(alert__in=identifiers).order_by("sent", "pk")[:MAX_CAP]),
    )  # fmt: skip


def _all_texts(alert: Alert) -> list[Alert]:
    """Return an alert with its former and its later texts, the first one first."""
    found = [*reversed(corrections.former_texts(alert)), alert]
    while len(found) < MAX_TEXTS and (later := Alert.objects.filter(corrects=found[-1]).first()) is not None:
        found.append(later)
    return found[-MAX_TEXTS:]


def _text_record(
    alert: Alert, allowed: set[int] | None, family: Sequence[str], now: dt.datetime, room: int
) -> TextRecord:
    found = receipts.receipts_of(alert, now)
    if allowed is not None:
        found = [each for each in found if each.screen.pk in allowed]
    # Those first that have not shown it: they are what a reader looks for.
    found.sort(key=lambda each: (each.state == "shown", each.latency_ms or 0, each.screen.name))
    listed = found[: min(MAX_SCREENS, room)]
    keys = {each.screen.pk for each in listed}
    first, plays, clears = (
        shown_plays.first_receipts(alert),
        shown_plays.plays_of(alert, keys),
        shown_plays.all_clears(alert),
    )
    exact = receipt_frames.exact_screens(alert, listed, MAX_COMPARED)
    missing = {each.screen.pk for each in listed if each.state != "shown"}
    instead, silent = shown_plays.shown_instead(alert, missing, family), _silences(alert, missing)
    return TextRecord(
        alert, Targets.of(alert), AlertProposal.objects.filter(alert=alert).first(), planned_alerts.plan_of(alert),
        tuple(
            ScreenRecord(
                each, first.get(each.screen.pk), plays.get(each.screen.pk), clears.get(each.screen.pk),
                exact.get(each.screen.pk), _reason(alert, each, instead, silent, now),
            )
            for each in listed
        ),
        len(found) - len(listed),
    )  # fmt: skip


def _silences(alert: Alert, screens: set[int]) -> dict[int, Incident]:
    """Return when screens were silent while an alert was active, as it was noticed then, by the key of the screen."""
    rows = Incident.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=alert.issued_at), occasion=Occasion.SCREEN_SILENT, screen__in=screens,
        began_at__lt=queries.over_at(alert),
    )  # fmt: skip
    return {row.screen_id: row for row in rows if row.screen_id is not None}


def _reason(
    alert: Alert, receipt: ScreenReceipt, instead: dict[int, list[str]], silent: dict[int, Incident], now: dt.datetime
) -> str:
    if receipt.state == "shown":
        return ""
    key, parts = receipt.screen.pk, []
    if key in silent:
        parts.append(_silence_words(silent[key]))
    elif receipt.state == "offline":
        since = presence.last_contact(getattr(receipt.screen, "state", None))
        parts.append(_("no contact %(since)s") % {"since": moment_since(since)} if since else _("never heard of yet"))
    elif receipt.state == "dark":
        parts.append(_("the display is off"))
    names = receipt.masked_by or tuple(instead.get(key, ()))
    if names:
        quoted = ", ".join(_("“%(title)s”") % {"title": name} for name in names)
        parts.append(_("it showed %(names)s meanwhile") % {"names": quoted})
    if not parts:
        is_over = now >= queries.over_at(alert)
        parts.append(_("it was reachable and has not confirmed") if is_over else _("it has not confirmed yet"))
    return " · ".join(parts)


def _silence_words(incident: Incident) -> str:
    if incident.ended_at is None:
        return _("no contact %(since)s") % {"since": moment_since(incident.began_at)}
    return _("no contact %(span)s") % {"span": moments_between(incident.began_at, incident.ended_at)}


def _sets(
    texts: Sequence[TextRecord], town: Town, groups: set[str] | None, allowed: set[int] | None
) -> list[SetRecord]:
    scopes = {scope for text in texts for scope in text.targets.scopes}
    if groups is not None:
        slugs = set(Screen.objects.filter(pk__in=allowed or ()).values_list("slug", flat=True))
        scopes = {scope for scope in scopes if _is_visible(scope, groups, slugs)}
    topics = [str(ALERTS.topic_for(town.site, scope)) for scope in scopes]
    start, end = texts[0].alert.issued_at, max(queries.all_clear_ends_at(text.alert) for text in texts)
    named = [each.first.sequence for text in texts for each in text.screens if each.first is not None]
    found: list[SetRecord] = []
    identifiers = [str(text.alert.pk) for text in texts]
    for row, _document, carried in sent_sets.sets_with(identifiers, topics, start, end, named):
        found.append(SetRecord(row, carried))
        if len(found) == MAX_SETS:
            break
    return found


def _is_visible(scope: TopicScope, groups: set[str], screens: set[str]) -> bool:
    if scope.kind is ScopeKind.ALL:
        return True
    return scope.name in (groups if scope.kind is ScopeKind.GROUP else screens)
