"""CAP messages of our alerts: one for each act, signed once, and never changed afterwards.

They follow the audit trail as webhooks do, a few seconds behind the screens, which wait for nobody.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import logging
import uuid
from collections.abc import Iterable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from lxml import etree

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.raster.text.phrases import phrases_of
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.registry import hazard_declarations
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import AuditEvent, Town, User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.queries import all_clear_ends_at
from beffroi_server.alerts.translations import in_language
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery.plain_publisher import NotPublished, publish_retained
from beffroi_server.outlets.cap_document import CapArea, CapContent, CapText, MessageType, references_of, write_cap
from beffroi_server.outlets.cap_signing import sign_cap
from beffroi_server.outlets.home_assistant import other_broker
from beffroi_server.outlets.models import CapMessage, CapOutput

logger = logging.getLogger(__name__)
EVENTS_PER_ROUND = 200
MOST_LISTED = 100
KEPT = dt.timedelta(days=30)
OVER_HOLDS = dt.timedelta(hours=1)
"""How long a message at least holds that says that an alert is over, however short the screens say so."""
_TYPE_OF_ACTION = {
    "alert-broadcast": MessageType.ALERT,
    "alert-begun": MessageType.ALERT,
    "alert-triggered": MessageType.ALERT,
    "alert-corrected": MessageType.UPDATE,
    "alert-extended": MessageType.UPDATE,
    "alert-ended": MessageType.UPDATE,
    "alert-ended-locally": MessageType.UPDATE,
    "alert-withdrawn": MessageType.CANCEL,
}
_ENDS = frozenset({"alert-ended", "alert-ended-locally"})
_REGIONS = {"fr": "fr-FR", "en": "en-GB"}


def cap_output() -> CapOutput | None:
    """Return the settings where alerts are given out as CAP; None where they are not."""
    return CapOutput.objects.filter(is_on=True).first()


def saved_output() -> CapOutput:
    """Return the settings, or the usual ones, not saved."""
    return CapOutput.objects.first() or CapOutput()


def save_output(chosen: CapOutput, *, user: User | None) -> None:
    """Save whether and how alerts are given out; what was before is not given out afterwards.

    Raises:
        NotPermitted: the user is no administrator.
        ValidationError: a value is not valid.
    """
    require(user, "may_administer")
    with serialised():
        chosen.full_clean()
        if chosen.is_on and not CapOutput.objects.filter(pk=chosen.pk, is_on=True).exists():
            chosen.followed_event = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
        chosen.save()
        audit.record_event(user, "cap-output-changed", Town.objects.get().name, is_on=chosen.is_on)


def listed_messages() -> list[CapMessage]:
    """Return the newest messages, for the feed."""
    return list(CapMessage.objects.all()[:MOST_LISTED])


def follow_alerts(now: dt.datetime | None = None) -> int:
    """Write the messages of what was done to alerts since the last time; return how many."""
    output = cap_output()
    if output is None:
        return 0
    now, town = now or timezone.now(), Town.objects.get()
    rows = list(AuditEvent.objects.filter(id__gt=output.followed_event).order_by("id")[:EVENTS_PER_ROUND])
    written = 0
    for row in rows:
        try:
            written += row.action in _TYPE_OF_ACTION and _write(row, output, town, now)
        except ValueError:
            # One act that cannot be told keeps none of those after it waiting.
            logger.exception("no CAP message of the act %s", row.pk)
    if rows:
        CapOutput.objects.filter(pk=output.pk).update(followed_event=rows[-1].pk)
    return written


def publish_messages() -> int:
    """Publish the newest message of each alert to the town's other broker, once; return how many.

    Retained, below ``beffroi-<site>/cap/``, QoS 1. Where none is set, they are in the feed alone.
    """
    waiting = list(CapMessage.objects.filter(is_published=False).order_by("sent", "pk")[:EVENTS_PER_ROUND])
    broker, town = other_broker(), Town.objects.first()
    if not waiting or broker is None or town is None:
        return 0
    newest = {each.alert: each for each in waiting}
    try:
        publish_retained(broker, [(f"beffroi-{town.site}/cap/{each.alert}", each.document) for each in newest.values()])
    except NotPublished as error:
        logger.warning("CAP messages wait for the other broker: %s", error)
        return 0
    CapMessage.objects.filter(pk__in=[each.pk for each in waiting]).update(is_published=True)
    return len(newest)


def delete_old(now: dt.datetime) -> int:
    """Delete messages that are older than they are kept; return how many."""
    return CapMessage.objects.filter(sent__lt=now - KEPT).delete()[0]


def _write(row: AuditEvent, output: CapOutput, town: Town, now: dt.datetime) -> bool:
    alert = _alert_of(row)
    if alert is None or CapMessage.objects.filter(source=f"audit-{row.pk}").exists():
        return False
    family = _family(alert)
    earlier = list(CapMessage.objects.filter(alert__in=family).order_by("sent", "pk"))
    if not earlier and (row.action == "alert-ended-locally" or alert.ends_at <= row.at):
        # What began and ended while nobody could tell of it is no news.
        return False
    content = _content(alert, row, output, town, "", earlier)
    # Named by what it says: a database that was restored from a backup counts anew, and another act with the number of
    # one that was sent before would be taken for it.
    said = hashlib.sha256(etree.tostring(write_cap(content, ZoneInfo(town.time_zone)))).hexdigest()
    identifier = f"{town.site}.{alert.pk}.{len(earlier) + 1}-{said[:16]}"
    content = dataclasses.replace(content, identifier=identifier)
    with transaction.atomic():
        CapMessage.objects.create(
            identifier=identifier, alert=family[-1], source=f"audit-{row.pk}", sender=content.sender,
            message_type=content.message_type, headline=content.texts[0].headline[:200],
            sent=row.at.replace(microsecond=0),
            document=sign_cap(write_cap(content, ZoneInfo(town.time_zone))), written_at=now,
        )  # fmt: skip
    return True


def _alert_of(row: AuditEvent) -> Alert | None:
    try:
        key = uuid.UUID(str(row.detail.get("id", "")))
    except ValueError:
        return None
    return Alert.objects.filter(pk=key).first()


def _family(alert: Alert) -> list[uuid.UUID]:
    """Return the keys of an alert and of those whose place it has taken, the first one last."""
    keys, each = [alert.pk], alert
    while (corrected := getattr(each, "corrects", None)) is not None and len(keys) < MOST_LISTED:
        each = corrected
        keys.append(each.pk)
    return keys


def _content(
    alert: Alert, row: AuditEvent, output: CapOutput, town: Town, identifier: str, earlier: Iterable[CapMessage]
) -> CapContent:
    sender = urlsplit(settings.PUBLIC_URL).hostname or town.site
    kind = _TYPE_OF_ACTION[row.action]
    references = references_of((each.sender, each.identifier, each.sent) for each in earlier)
    is_over = row.action in {*_ENDS, "alert-withdrawn"}
    with translation.override(town.locale):
        return CapContent(
            identifier=identifier, sender=sender, sent=row.at, status=AlertStatus(alert.status),
            # An update of something that nobody was told is news.
            message_type=kind if references or kind is MessageType.CANCEL else MessageType.ALERT,
            references=references, level=AlertLevel(alert.level), hazard=alert.hazard,
            texts=_texts(alert, town, row.action, is_over=is_over), effective=row.at,
            # Who drops an “end of alert” that has expired would take the alert for one that goes on.
            expires=max(row.at + OVER_HOLDS, all_clear_ends_at(alert)) if is_over else max(row.at, alert.ends_at),
            sender_name=alert.source,
            areas=_areas(alert, output, town), contact=output.contact,
            note=_("Withdrawn: it was broadcast by mistake.") if kind is MessageType.CANCEL else "", is_over=is_over,
        )  # fmt: skip


def _texts(alert: Alert, town: Town, action: str, *, is_over: bool) -> tuple[CapText, ...]:
    found = []
    for code in (town.locale, *(each["language"] for each in alert.translations)):
        said = in_language(alert, code)
        headline = said.title
        if action in _ENDS:
            headline = typeset_text(f"{phrases_of(code).all_clear}: {said.title}", code)
        found.append(
            CapText(
                _REGIONS.get(code, code), _event(alert, code, headline), headline, said.description,
                "" if is_over else said.instruction,
            )
        )  # fmt: skip
    return tuple(found)


def _event(alert: Alert, code: str, headline: str) -> str:
    """Return the name of the hazard in a language; where it has none there, what the headline says."""
    if code not in _REGIONS:
        return headline
    hazard = hazard_declarations().get(alert.hazard)
    return hazard.label.in_language(code) if hazard is not None else _("Alert")


def _areas(alert: Alert, output: CapOutput, town: Town) -> tuple[CapArea, ...]:
    names = [] if alert.everywhere else [*alert.groups.values_list("name", flat=True)]
    names += [] if alert.everywhere else [each.place or each.name for each in alert.screens.all()]
    description = f"{town.name} : {', '.join(names)}" if names else town.name
    code = (("INSEE", town.insee),) if town.insee else ()
    return (CapArea(description, town.latitude, town.longitude, float(output.radius_km), code),)
