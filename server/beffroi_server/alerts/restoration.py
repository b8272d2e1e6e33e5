"""What to do when the screens know more than this database, as after it was restored from a backup.

An alert that was withdrawn after the backup is open in it, and one that was broadcast after it is missing. Whatever the
next set of that scope says, the screens would believe it. So the newest sets that were really signed are looked for:

- in the data folder, where a copy of each stands beside the database;
- at the broker, which retains them;
- on the screens, which hand in what they hold when the server offers them something older;
- in the reports, which name sequences and alerts. They are not signed, so they weigh less: see
  ``reported_showings``.

A set with a higher sequence than this database has ever given, signed with the town's key, is the truth. What it
contains goes on: an alert that is unknown here gets its row again. What it lacks is held back until a person has said
whether it still runs. Nothing is ever shown again, or taken off, by the restoration alone.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid

from django.utils import timezone

from beffroi_content import model as content
from beffroi_content.model.base_models import MAX_WHOLE_NUMBER
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import AlertSet, KeyList, SigningRole
from beffroi_content.wire.messages import ALERTS, KEYS
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import Topic
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts import corrections, queries
from beffroi_server.alerts.models import Alert, Restoration
from beffroi_server.alerts.pending_alerts import find_pending
from beffroi_server.alerts.set_publication import publish_scopes
from beffroi_server.alerts.translations import stored_translations
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import set_copies, signing
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import Targets

logger = logging.getLogger(__name__)
MARK_HOLDS_S = 10.0
_mark: tuple[float, str] = (-MARK_HOLDS_S, "")
MAX_SEQUENCE = MAX_WHOLE_NUMBER // 2
"""Above it nothing is followed, whoever signed it: with the largest of all, a thief of the alert key would leave this
server no sequence for any set to come, under a new key either."""


def consider_set(topic_name: str, payload: bytes, source: str) -> bool:
    """Compare an alert set that was found with this database; return whether it told something new.

    Args:
        topic_name: The topic that it was published on.
        payload: The signed document, unchecked.
        source: Where it was found: see ``Restoration.source``.
    """
    found = _open_genuine(topic_name, payload)
    if found is None:
        return False
    topic, document = found
    if document.sequence <= signing.newest_sequence(topic):
        return False
    if document.sequence > MAX_SEQUENCE:
        logger.error("a set of %s has a sequence that no server gives: somebody may have the alert key", topic)
        return False
    now = timezone.now()
    with serialised():
        if not signing.raise_sequence(topic, document.sequence):
            return False
        scopes = _follow_set(topic.scope, document, source, now)
        publish_scopes(scopes, now)
    return True


def consider_copies() -> int:
    """Compare the copies in the data folder with this database; return how many told something new."""
    site = signing.current_site()
    return sum(consider_set(topic, payload, "folder") for topic, payload in set_copies.read_copies(site))


def restart_alert(alert: Alert, *, user: User | None) -> None:
    """Show an alert again that was held back: a person says that it is still running."""
    require(user, "may_alert")
    screen_scopes.check_row(user, alert)
    now = timezone.now()
    with serialised():
        if Alert.objects.filter(pk=alert.pk, settled=False).exclude(held_back_at=None).update(held_back_at=None):
            publish_scopes(Targets.of(alert).scopes, now)
            audit.record_event(user, "alert-restarted", alert, id=str(alert.pk))


def drop_alert(alert: Alert, *, user: User | None) -> None:
    """Close an alert that was held back: a person says that it is over."""
    require(user, "may_alert")
    screen_scopes.check_row(user, alert)
    now = timezone.now()
    with serialised():
        held_back = Alert.objects.filter(pk=alert.pk, settled=False).exclude(held_back_at=None)
        if held_back.update(withdrawn_at=now, ended_by=user, settled=True):
            publish_scopes(Targets.of(alert).scopes, now)
            audit.record_event(user, "alert-withdrawn", alert, id=str(alert.pk))


def close_restoration(*, user: User | None) -> bool:
    """Close the notice: a person has looked. Return False, and leave it, while an alert waits for a decision."""
    require(user, "may_alert")
    screen_scopes.check_whole_town(user)
    with serialised():
        if queries.held_back_alerts():
            return False
        if Restoration.objects.filter(closed_at=None).update(closed_at=timezone.now(), closed_by=user):
            audit.record_event(user, "restoration-checked", "")
    return True


def open_restoration() -> Restoration | None:
    """Return the notice that this database is older than what screens hold, until a person has closed it."""
    return Restoration.objects.filter(closed_at=None).first()


def open_notice(source: str, now: dt.datetime) -> None:
    """Note that this database is older than what the screens hold, where that is not known yet; see ``Restoration``."""
    if open_restoration() is None:
        Restoration.objects.create(noticed_at=now, source=source)
        logger.warning("this database is older than what the screens hold: look at the alerts that still run")


def restoration_mark() -> str:
    """Return what changes whenever this database was found to be older; empty where it never was.

    Every poll of a player asks for it, so it may be some seconds old.
    """
    global _mark  # noqa: PLW0603 - of this process
    at, value = _mark
    if time.monotonic() - at >= MARK_HOLDS_S:
        newest = Restoration.objects.first()
        value = str(newest.pk) if newest is not None else ""
        _mark = time.monotonic(), value
    return value


def is_uuid(text: str) -> bool:
    """Tell whether a name can be that of an alert of this server: of a UUID there is but one way to write it."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _open_genuine(topic_name: str, payload: bytes) -> tuple[Topic, AlertSet] | None:
    """Return an alert set that the town's alert key has signed for this topic; None for anything else."""
    try:
        topic = Topic.parse(topic_name)
        sealed = envelope.parse_envelope(payload)
        keys = signing.published_document(KEYS, TopicScope.all_screens())
        if topic.site != signing.current_site() or topic.leaf != ALERTS.leaf or not isinstance(keys, KeyList):
            return None
        rule = keys.roles.get(SigningRole.ALERT)
        if rule is None or sealed.role is not SigningRole.ALERT or len(payload) > ALERTS.size_limit:
            return None
        allowed = {name: keys.keys[name] for name in rule.keys if name in keys.keys}
        if len(sealed.valid_signers(topic.audience, allowed)) < rule.threshold:
            return None
        return topic, AlertSet.model_validate_json(sealed.decode_body())
    except ValueError:
        return None


def _follow_set(scope: TopicScope, document: AlertSet, source: str, now: dt.datetime) -> set[TopicScope]:
    """Bring the alerts of a scope to what a newer set says; return the scopes that are to be published anew."""
    touched = {scope}
    listed = {alert.id: alert for alert in document.alerts}
    unsure = not _is_ours_unstored(listed)
    issued_at = dt.datetime.fromtimestamp(document.issued_at_ms / 1000, dt.UTC)
    corrected = [each.corrects for each in document.alerts if each.corrects is not None and is_uuid(each.corrects)]
    Alert.objects.filter(pk__in=corrected, settled=False).update(replaced_at=issued_at, settled=True)
    for alert in document.alerts:
        row = Alert.objects.filter(pk=alert.id).first() if is_uuid(alert.id) else None
        if row is None:
            _adopt_alert(alert, scope, now)
        elif not row.settled and row.withdrawn_at is None:
            _follow_alert(row, alert, scope)
    for row in queries.unsettled_alerts():
        if (
            str(row.pk) in listed
            or scope not in Targets.of(row).scopes
            or row.held_back_at
            or row.issued_at > issued_at
        ):
            continue
        if Alert.objects.filter(pk=row.pk).update(held_back_at=now):
            audit.record_event(None, "alert-held-back", row, id=str(row.pk))
            touched.update(Targets.of(row).scopes)
            unsure = True
    if unsure:
        open_notice(source, now)
    return touched


def _is_ours_unstored(listed: dict[str, content.Alert]) -> bool:
    """Tell whether a set is newer because alerts in it were sent before the database took them in."""
    return any(is_uuid(name) and find_pending(pk=uuid.UUID(name)) for name in listed)


def _adopt_alert(alert: content.Alert, scope: TopicScope, now: dt.datetime) -> None:
    """Give an alert its row again that this database has never known, or has forgotten."""
    ends_at = dt.datetime.fromtimestamp(alert.ends_at_ms / 1000, dt.UTC)
    all_clear_s = alert.all_clear_ms // 1000
    if not is_uuid(alert.id) or find_pending(pk=uuid.UUID(alert.id)):
        return
    if now >= ends_at + dt.timedelta(seconds=all_clear_s):
        return
    former = Alert.objects.filter(pk=alert.corrects) if alert.corrects is not None and is_uuid(alert.corrects) else None
    row = Alert.objects.create(
        corrects=former.filter(correction=None).first() if former is not None else None,
        is_open_ended=alert.is_open_ended, review_at=ends_at - corrections.SAFEGUARD if alert.is_open_ended else None,
        id=uuid.UUID(alert.id), level=alert.level.value, status=alert.status.value, hazard=alert.hazard,
        title=alert.title, description=alert.description, instruction=alert.instruction, source=alert.source,
        short_text=alert.short_text[:80], phone=alert.phone[:40], link=alert.link[:200],
        translations=stored_translations(each.model_dump() for each in alert.translations),
        everywhere=scope.kind is ScopeKind.ALL, all_clear_s=all_clear_s, ends_at=ends_at, found_at=now,
        issued_at=dt.datetime.fromtimestamp(alert.issued_at_ms / 1000, dt.UTC),
    )  # fmt: skip
    _add_target(row, scope)
    audit.record_event(None, "alert-found", row, id=str(row.pk))
    logger.warning("the alert %s is on the screens and was not in the database: it goes on", row.pk)


def _follow_alert(row: Alert, alert: content.Alert, scope: TopicScope) -> None:
    """Take over what a newer set says of an alert: when it ends, and that it was not ended."""
    ends_at = dt.datetime.fromtimestamp(alert.ends_at_ms / 1000, dt.UTC)
    Alert.objects.filter(pk=row.pk).update(ends_at=ends_at, held_back_at=None)
    if row.found_at is not None:
        _add_target(row, scope)


def _add_target(row: Alert, scope: TopicScope) -> None:
    if scope.kind is ScopeKind.GROUP:
        row.groups.add(*ScreenGroup.objects.filter(slug=scope.name))
    elif scope.kind is ScopeKind.SCREEN:
        row.screens.add(*Screen.objects.filter(slug=scope.name))
