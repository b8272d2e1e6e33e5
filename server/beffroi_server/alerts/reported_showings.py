"""What screens say of alerts in their reports that this database does not know: signs that it is older than they are.

Reports are not signed. So they bring nothing back and take nothing off: they open the notice of a restoration, and what
a newer set may have ended is held back until a person has said whether it still runs.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from beffroi_content.wire.local_triggers import is_act_id
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts import planned_alerts, queries
from beffroi_server.alerts.models import Alert, UnknownShowing
from beffroi_server.alerts.pending_alerts import find_pending
from beffroi_server.alerts.restoration import is_uuid, open_notice
from beffroi_server.alerts.set_publication import publish_scopes
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.events import ReportedAlerts
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.targets import Targets, scopes_of

logger = logging.getLogger(__name__)
_unknown_rows = threading.Event()
"""Set while there may be rows of unknown alerts, so that nobody looks for them with every report."""
_unknown_rows.set()
SHOWING_HOLDS = dt.timedelta(minutes=3)
"""How long a report that names an unknown alert counts: the next one is due within a minute."""
MAX_SEQUENCE_LEAD = dt.timedelta(days=366)
"""How far ahead of the time a sequence may be that a report names. A report is not signed."""


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


def unknown_alerts(now: dt.datetime) -> dict[str, list[str]]:
    """Return the alerts that screens show and this database does not know, with the names of those screens."""
    rows = UnknownShowing.objects.filter(seen_at__gt=now - SHOWING_HOLDS).order_by("screen__name")
    found: dict[str, list[str]] = {}
    for identifier, screen in rows.values_list("alert", "screen__name"):
        found.setdefault(identifier, []).append(screen)
    for known in _known_alerts(found):
        del found[known]
    return found


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
        open_notice("report", now)


def _known_alerts(names: Iterable[str]) -> set[str]:
    identifiers = [uuid.UUID(name) for name in names if is_uuid(name)]
    if not identifiers:
        return set()
    known = {str(key) for key in Alert.objects.filter(pk__in=identifiers).values_list("pk", flat=True)}
    # What was triggered on the spot its player tells in a moment; it is no sign of a restored database.
    known |= {name for name in names if is_act_id(name)}
    if any(str(each) not in known for each in identifiers):
        # Players begin a planned alert to the millisecond; its row comes within a second, or once the server is back.
        known |= {str(planned_alerts.occurrence_of(plan).pk) for plan in planned_alerts.open_plans()}
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
        open_notice("report", now)
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
