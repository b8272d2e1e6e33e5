"""What to do when the screens know more than this database, as after it was restored from a backup.

An alert that was withdrawn after the backup is open in it, and one that was broadcast after it is missing. Whatever the
next set of that scope says, the screens would believe it. So the newest sets that were really signed are looked for:

- in the data folder, where a copy of each stands beside the database;
- at the broker, which retains them;
- on the screens, which hand in what they hold when the server offers them something older;
- in the reports, which name sequences and alerts. They are not signed, so they weigh less.

A set with a higher sequence than this database has ever given, signed with the town's key, is the truth. What it
contains goes on: an alert that is unknown here gets its row again. What it lacks is held back until a person has said
whether it still runs. Nothing is ever shown again, or taken off, by the restoration alone.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from beffroi_content import model as content
from beffroi_content.model.base_models import MAX_WHOLE_NUMBER
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import AlertSet, KeyList, SigningRole
from beffroi_content.wire.local_triggers import is_act_id
from beffroi_content.wire.messages import ALERTS, KEYS
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import Topic
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts import corrections, queries
from beffroi_server.alerts.models import Alert, Restoration, UnknownShowing
from beffroi_server.alerts.pending_alerts import find_pending
from beffroi_server.alerts.set_publication import publish_scopes
from beffroi_server.alerts.translations import stored_translations
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import set_copies, signing
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.events import ReportedAlerts
from beffroi_server.fleet.models import Screen, ScreenGroup, ScreenState
from beffroi_server.fleet.targets import Targets, scopes_of

logger = logging.getLogger(__name__)
_unknown_rows = threading.Event()
"""Set while there may be rows of unknown alerts, so that nobody looks for them with every report."""
_unknown_rows.set()
SHOWING_HOLDS = dt.timedelta(minutes=3)
"""How long a report that names an unknown alert counts: the next one is due within a minute."""
MARK_HOLDS_S = 10.0
_mark: tuple[float, str] = (-MARK_HOLDS_S, "")
MAX_SEQUENCE_LEAD = dt.timedelta(days=366)
"""How far ahead of the time a sequence may be that a report names. A report is not signed."""
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


def note_reports(reports: Iterable[ReportedAlerts]) -> None:
    """Look in reports for alerts that this database does not know, and for sets that are newer than its own.

    Args:
        reports: What each of them says of alerts.
    """
    try:
        _look_into_reports(list(reports), timezone.now())
    except Exception:
        # What screens say is stored all the same.
        logger.exception("reports could not be compared with the alerts of this database")


def _look_into_reports(said: list[ReportedAlerts], now: dt.datetime) -> None:
    _note_unknown_alerts(said, now)
    if not any(each.sequences for each in said):
        return
    heads = signing.newest_sequences(ALERTS)
    limit = round((now + MAX_SEQUENCE_LEAD).timestamp() * 1000)
    newer = {
        (screen, stream)
        for screen, streams, _shown in said
        for stream, sequence in streams.items()
        if heads.get(stream, 0) < sequence <= limit
    }
    # Only of a scope that concerns a screen can it hold a set: other names are made up.
    listening = _scopes_by_stream({screen for screen, _stream in newer})
    doubtful = {stream: scope for (screen, stream), scope in listening.items() if (screen, stream) in newer}
    for stream, scope in sorted(doubtful.items()):
        _doubt_stream(stream, scope, heads.get(stream, 0), said, now)


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


def end_unknown_alert(identifier: str, *, user: User | None) -> int:
    """Take an alert off the screens that this database does not know; return how many screens showed it.

    The sets that those screens hold are published anew, above the sequences that they have named.
    """
    require(user, "may_alert")
    screen_scopes.check_whole_town(user)
    now = timezone.now()
    rows = list(UnknownShowing.objects.filter(alert=identifier).select_related("screen"))
    limit = round((now + MAX_SEQUENCE_LEAD).timestamp() * 1000)
    site = signing.current_site()
    with serialised():
        scopes = set()
        for row in rows:
            for scope in _scopes_of(row):
                signing.raise_sequence(
                    ALERTS.topic_for(site, scope), min(limit, int(row.streams.get(ALERTS.stream_for(scope), 0)))
                )
                scopes.add(scope)
        publish_scopes(scopes, now)
        UnknownShowing.objects.filter(alert=identifier).delete()
        audit.record_event(user, "alert-taken-off", identifier, id=identifier, screens=len(rows))
    return len(rows)


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


def unknown_alerts(now: dt.datetime) -> dict[str, list[str]]:
    """Return the alerts that screens show and this database does not know, with the names of those screens."""
    rows = UnknownShowing.objects.filter(seen_at__gt=now - SHOWING_HOLDS).order_by("screen__name")
    found: dict[str, list[str]] = {}
    for identifier, screen in rows.values_list("alert", "screen__name"):
        found.setdefault(identifier, []).append(screen)
    for known in _known_alerts(found):
        del found[known]
    return found


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
    corrected = [each.corrects for each in document.alerts if each.corrects is not None and _is_uuid(each.corrects)]
    Alert.objects.filter(pk__in=corrected, settled=False).update(replaced_at=issued_at, settled=True)
    for alert in document.alerts:
        row = Alert.objects.filter(pk=alert.id).first() if _is_uuid(alert.id) else None
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
        _open_notice(source, now)
    return touched


def _is_ours_unstored(listed: dict[str, content.Alert]) -> bool:
    """Tell whether a set is newer because alerts in it were sent before the database took them in."""
    return any(_is_uuid(name) and find_pending(pk=uuid.UUID(name)) for name in listed)


def _adopt_alert(alert: content.Alert, scope: TopicScope, now: dt.datetime) -> None:
    """Give an alert its row again that this database has never known, or has forgotten."""
    ends_at = dt.datetime.fromtimestamp(alert.ends_at_ms / 1000, dt.UTC)
    all_clear_s = alert.all_clear_ms // 1000
    if not _is_uuid(alert.id) or find_pending(pk=uuid.UUID(alert.id)):
        return
    if now >= ends_at + dt.timedelta(seconds=all_clear_s):
        return
    former = (
        Alert.objects.filter(pk=alert.corrects) if alert.corrects is not None and _is_uuid(alert.corrects) else None
    )
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


def _open_notice(source: str, now: dt.datetime) -> None:
    if open_restoration() is None:
        Restoration.objects.create(noticed_at=now, source=source)
        logger.warning("this database is older than what the screens hold: look at the alerts that still run")


def _note_unknown_alerts(said: list[ReportedAlerts], now: dt.datetime) -> None:
    known = _known_alerts({name for _screen, _streams, shown in said for name in shown})
    unknown = [(screen, streams, shown - known) for screen, streams, shown in said]
    screens = [screen for screen, _streams, _shown in said]
    gone = UnknownShowing.objects.filter(screen__slug__in=screens)
    keep = [name for _screen, _streams, shown in unknown for name in shown]
    if not keep:
        if _unknown_rows.is_set() and not gone.delete()[0] and not UnknownShowing.objects.exists():
            _unknown_rows.clear()
        return
    _unknown_rows.set()
    keys = dict(Screen.objects.filter(slug__in=screens).values_list("slug", "pk"))
    rows = [
        UnknownShowing(screen_id=keys[screen], alert=name[:63], streams=streams, seen_at=now)
        for screen, streams, shown in unknown
        for name in sorted(shown)
        if screen in keys
    ]
    with transaction.atomic():
        gone.exclude(alert__in=keep).delete()
        UnknownShowing.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["screen", "alert"], update_fields=["seen_at", "streams"]
        )
        _open_notice("report", now)


def _known_alerts(names: Iterable[str]) -> set[str]:
    identifiers = [uuid.UUID(name) for name in names if _is_uuid(name)]
    if not identifiers:
        return set()
    known = {str(key) for key in Alert.objects.filter(pk__in=identifiers).values_list("pk", flat=True)}
    # What was triggered on the spot its player tells in a moment; it is no sign of a restored database.
    known |= {name for name in names if is_act_id(name)}
    return known | {str(each) for each in identifiers if find_pending(pk=each)}


def _scopes_by_stream(screens: set[str]) -> dict[tuple[str, str], TopicScope]:
    """Return the scopes whose alert sets screens receive, by screen and stream."""
    rows = Screen.objects.filter(slug__in=screens).prefetch_related("groups") if screens else ()
    return {(row.slug, ALERTS.stream_for(scope)): scope for row in rows for scope in scopes_of(row)}


def _doubt_stream(stream: str, scope: TopicScope, head: int, said: list[ReportedAlerts], now: dt.datetime) -> None:
    """Hold back the alerts of a scope of which screens hold a newer set, unless one of them holds the set from here.

    One screen that lies must not stop an alert on all the others.
    """
    if signing.is_unstored(ALERTS.topic_for(signing.current_site(), scope)):
        return
    # The database looks into the reports: to read those of a whole town here would hold up what screens say.
    told = ScreenState.objects.filter(online=True).annotate(held=KeyTransform(stream, KeyTransform("alerts", "report")))
    if any(streams.get(stream) == head for _screen, streams, _shown in said if head):
        return
    if head and told.filter(held=head).exists():
        return
    shown = {name for _screen, streams, names in said if streams.get(stream, 0) > head for name in names}
    with serialised():
        _open_notice("report", now)
        for row in queries.unsettled_alerts():
            if scope in Targets.of(row).scopes and str(row.pk) not in shown and not row.held_back_at:
                Alert.objects.filter(pk=row.pk).update(held_back_at=now)
                audit.record_event(None, "alert-held-back", row, id=str(row.pk))


def _scopes_of(row: UnknownShowing) -> list[TopicScope]:
    found = []
    for stream in row.streams:
        try:
            found.append(TopicScope.parse(stream.rpartition("/")[0]))
        except ValueError:
            continue
    return found or [TopicScope.all_screens()]


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
