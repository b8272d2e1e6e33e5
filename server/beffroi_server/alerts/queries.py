"""Queries on alerts: those that are active, and the alert set of each scope."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from beffroi_content import model as content
from beffroi_content.model.alert import MAX_FORMER
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_content.wire.topics import Topic
from beffroi_server.alerts import corrections
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.pending_alerts import pending_alerts
from beffroi_server.alerts.translations import translations_of
from beffroi_server.core.named_relations import read_names
from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.core.read_once import read_once
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets

_OPEN_ALERTS = PreparedQuery(lambda: Alert.objects.filter(settled=False))


@read_once
def unsettled_alerts() -> list[Alert]:
    """Return the alerts that are active, or whose end is still shown, with their targets.

    Those that wait for the database are among them.
    """
    found = _unsettled_rows()
    _read_targets(found)
    return found


def read_targets(alert: Alert) -> None:
    """Read the targets of an alert, and those of all with which its page is about to compare it."""
    _read_targets([alert] if alert.settled else [alert, *_unsettled_rows()])


def _read_targets(alerts: list[Alert]) -> None:
    aimed = [alert for alert in alerts if not alert.everywhere]
    read_names((aimed, "groups"), (aimed, "screens"))


@read_once
def _unsettled_rows() -> list[Alert]:
    waiting = pending_alerts()
    found = _OPEN_ALERTS.rows()
    if waiting:
        stored = set(Alert.objects.filter(pk__in=[alert.pk for alert in waiting]).values_list("pk", flat=True))
        # What was corrected before the database took the correction in is off the screens all the same.
        corrected = {alert.corrects_id for alert in waiting}
        found = [*(alert for alert in waiting if alert.pk not in stored), *found]
        found = [alert for alert in found if alert.pk not in corrected]
    return found


def over_at(alert: Alert) -> dt.datetime:
    """Return when an alert stopped being active, or will: by its end, as a mistake, or for a correction."""
    return min(at for at in (alert.ends_at, alert.withdrawn_at, alert.replaced_at) if at is not None)


def all_clear_ends_at(alert: Alert) -> dt.datetime:
    """Return the instant up to which screens show “end of alert”, which that of an information has none of."""
    if alert.level == content.AlertLevel.INFORMATION:
        return alert.ends_at
    return alert.ends_at + dt.timedelta(seconds=alert.all_clear_s)


def held_back_alerts() -> list[Alert]:
    """Return the alerts of which a person has to say whether they are still running."""
    return [alert for alert in unsettled_alerts() if alert.held_back_at is not None]


def running_alerts(*, with_targets: bool = True) -> list[Alert]:
    """Return the alerts that are active, or whose end is still shown, and that nobody holds back.

    Args:
        with_targets: Whether their groups and screens are read with them; see ``alert_reach.reach_and_seen`` otherwise.
    """
    found = unsettled_alerts() if with_targets else _unsettled_rows()
    return [alert for alert in found if alert.held_back_at is None]


def active_alerts(now: dt.datetime, running: Iterable[Alert] | None = None) -> list[Alert]:
    """Return the alerts that are active at an instant, the newest first; ``running`` as in ``alert_sets``."""
    return [alert for alert in (running_alerts() if running is None else running) if now < alert.ends_at]


def alert_sets(now: dt.datetime, running: Iterable[Alert] | None = None) -> dict[TopicScope, tuple[content.Alert, ...]]:
    """Return the alert set of every scope that has any: its active alerts, and those whose end is still shown.

    Args:
        now: The instant.
        running: The ``running_alerts`` where they were read before; None reads them.
    """
    sets: defaultdict[TopicScope, list[content.Alert]] = defaultdict(list)
    for alert in running_alerts() if running is None else running:
        if now < all_clear_ends_at(alert):
            for scope in Targets.of(alert).scopes:
                sets[scope].append(to_content(alert, now))
    return {scope: tuple(alerts) for scope, alerts in sets.items()}


def alerts_for(screen: Screen, now: dt.datetime, running: Iterable[Alert] | None = None) -> tuple[content.Alert, ...]:
    """Return the alerts of every scope that a screen listens to, each once; ``running`` as in ``alert_sets``."""
    sets = alert_sets(now, running)
    found = {alert.id: alert for scope in targets.scopes_of(screen) for alert in sets.get(scope, ())}
    return tuple(found.values())


def published_scopes() -> Iterable[TopicScope]:
    """Return the scopes for which an alert set was ever published: each is retained by the broker."""
    for name in OutboxDocument.objects.filter(retained=True, topic__endswith=f"/{ALERTS.leaf}").values_list(
        "topic", flat=True
    ):
        yield Topic.parse(name).scope


def to_content(alert: Alert, now: dt.datetime) -> content.Alert:
    """Return an alert as players receive it; its remaining time is counted from ``now``.

    The remaining time lets a player without a trusted clock count down on its monotonic clock.

    Raises:
        ValueError: the wire model does not allow a value.
    """
    # A clock that was set back may end an alert before it began, which the wire model refuses.
    ends_at = max(alert.ends_at, alert.issued_at)
    return content.Alert(
        id=str(alert.pk),
        level=content.AlertLevel(alert.level),
        status=content.AlertStatus(alert.status),
        hazard=alert.hazard,
        title=alert.title,
        description=alert.description,
        instruction=alert.instruction,
        short_text=alert.short_text,
        phone=alert.phone,
        link=alert.link,
        source=alert.source,
        translations=translations_of(alert.translations),
        issued_at_ms=unix_ms(alert.issued_at),
        ends_at_ms=unix_ms(ends_at),
        # A clock that is behind must not give an alert longer to live than it was meant to last.
        time_to_live_ms=max(0, unix_ms(ends_at) - max(unix_ms(now), unix_ms(alert.issued_at))),
        all_clear_ms=alert.all_clear_s * 1000,
        corrects=str(alert.corrects_id) if alert.corrects_id is not None else None,
        former=tuple(map(str, corrections.former_keys(alert)[1 : MAX_FORMER + 1])),
        corrected_at_ms=unix_ms(alert.issued_at) if alert.corrects_id is not None else None,
        is_open_ended=alert.is_open_ended,
    )


def targeted_screens(alert: Alert) -> QuerySet[Screen]:
    """Return the screens that the alert is for."""
    return Targets.of(alert).reached_screens()


def alert_titles(identifiers: Iterable[str]) -> dict[str, str]:
    """Return the titles of alerts by their identifiers on the wire; unknown identifiers are left out."""
    known = [each for each in identifiers if _is_uuid(each)]
    return {str(alert.pk): alert.title for alert in Alert.objects.filter(pk__in=known)} if known else {}


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
