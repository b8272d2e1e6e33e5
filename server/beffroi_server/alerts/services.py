"""Broadcasting, changing and ending of alerts.

Row, audit event and the signed alert sets are written in one transaction; the sets are sent as it commits. Each set is
the complete state of its scope (see docs/protocol.md), so a lost message is mended by the next one.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.wire.documents import AlertSetBody
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.alerts import queries
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert, Scenario
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.fleet.targets import Targets

LONGEST_ALERT = dt.timedelta(days=31)


def broadcast_alert(
    *,
    level: str,
    status: str = content.AlertStatus.ACTUAL,
    hazard: str = content.GENERAL_HAZARD,
    title: str,
    description: str = "",
    instruction: str = "",
    source: str,
    targets: Targets,
    duration_min: int,
    all_clear_s: int = 300,
    scenario: Scenario | None = None,
    token: uuid.UUID | None = None,
    user: User | None,
) -> Alert:
    """Broadcast an alert at once.

    Args:
        level: Value of ``content.AlertLevel``.
        status: Value of ``content.AlertStatus``.
        hazard: One of ``alerts.models.hazard_choices``.
        title: The most important thing that passers-by must know.
        description: Event and place.
        instruction: Advice to passers-by.
        source: The service that speaks.
        targets: The screens that show it.
        duration_min: Minutes until it ends by itself.
        all_clear_s: Seconds for which screens then show “end of alert”.
        scenario: The scenario that it was prepared as.
        token: Token of the form. A second press of its button returns the same alert and broadcasts nothing new.
        user: Somebody who broadcasts it; None for the server itself.

    Raises:
        AlertRefused: it cannot be broadcast as it is; the message says why and what to do.
    """
    now = timezone.now()
    _check_request(targets, duration_min)
    with serialised():
        if token is not None and (known := Alert.objects.filter(token=token).first()):
            return known
        alert = Alert(
            token=token,
            level=level,
            status=status,
            hazard=hazard,
            title=title.strip(),
            description=description.strip(),
            instruction=instruction.strip(),
            source=source.strip(),
            everywhere=targets.everywhere,
            all_clear_s=all_clear_s,
            scenario=scenario,
            issued_at=now,
            ends_at=now + dt.timedelta(minutes=duration_min),
            issued_by=user,
        )
        _validate_content(alert)
        alert.save(force_insert=True)
        if not targets.everywhere:
            alert.groups.set(targets.groups)
            alert.screens.set(targets.screens)
        _publish_scopes(targets.scopes, now)
        audit.record_event(
            user, "alert-broadcast", alert, id=str(alert.pk), level=level, status=status, until=alert.ends_at,
            scopes=["-".join(filter(None, (scope.kind, scope.name))) for scope in targets.scopes],
        )  # fmt: skip
    return alert


def end_alert(alert: Alert, *, user: User | None) -> None:
    """End an alert: its screens show “end of alert” for the set time, then their loop.

    Raises:
        AlertRefused: it is over already.
    """
    now = timezone.now()
    with serialised():
        _apply_change(alert, now, ends_at=now, ended_by=user)
        _publish_scopes(Targets.of(alert).scopes, now)
        audit.record_event(user, "alert-ended", alert, id=str(alert.pk))


def withdraw_alert(alert: Alert, *, user: User | None) -> None:
    """Take an alert off at once, without an “end of alert”, as is right for a mistake; also while its end is shown.

    Raises:
        AlertRefused: it is withdrawn or settled already.
    """
    now = timezone.now()
    with serialised():
        # The update decides between two people who act at the same time: one of them changes no row.
        open_alerts = Alert.objects.filter(pk=alert.pk, settled=False, withdrawn_at=None)
        if not open_alerts.update(withdrawn_at=now, ended_by=user, settled=True):
            raise _is_over(alert)
        alert.refresh_from_db()
        _publish_scopes(Targets.of(alert).scopes, now)
        audit.record_event(user, "alert-withdrawn", alert, id=str(alert.pk))


def extend_alert(alert: Alert, minutes: int, *, user: User | None) -> None:
    """Extend an alert by some minutes.

    Raises:
        AlertRefused: it is over already, or would last longer than 31 days.
    """
    now = timezone.now()
    with serialised():
        current = Alert.objects.get(pk=alert.pk)
        until = current.ends_at + dt.timedelta(minutes=minutes)
        if minutes <= 0 or until - now > LONGEST_ALERT:
            raise AlertRefused("no-duration", _("Enter the number of minutes to extend the alert by, up to 31 days."))
        _apply_change(alert, now, ends_at=until)
        _publish_scopes(Targets.of(alert).scopes, now)
        audit.record_event(user, "alert-extended", alert, id=str(alert.pk), until=until)


def settle_ended_alerts(now: dt.datetime) -> int:
    """Take alerts out of their sets whose “end of alert” was shown long enough; return the number of alerts."""
    with serialised():
        over = [alert for alert in queries.unsettled_alerts() if queries.all_clear_ends_at(alert) <= now]
        scopes = {scope for alert in over for scope in Targets.of(alert).scopes}
        Alert.objects.filter(pk__in=[alert.pk for alert in over]).update(settled=True)
        _publish_scopes(sorted(scopes), now)
    return len(over)


def publish_all_sets(now: dt.datetime) -> None:
    """Publish the alert set of all screens, and of every scope that has or had one, for start and renewal."""
    with serialised():
        _publish_scopes(sorted({TopicScope.all_screens(), *queries.alert_sets(now), *queries.published_scopes()}), now)


def _apply_change(alert: Alert, now: dt.datetime, **values: object) -> None:
    active = Alert.objects.filter(pk=alert.pk, ends_at__gt=now, issued_at__lte=now, withdrawn_at=None)
    if not active.update(**values):
        raise _is_over(alert)
    alert.refresh_from_db()


def _is_over(alert: Alert) -> AlertRefused:
    return AlertRefused("over", _("“%(title)s” has already ended.") % {"title": alert.title})


def _check_request(targets: Targets, duration_min: int) -> None:
    if not targets.scopes:
        raise AlertRefused("no-target", _("Choose the screens on which the alert is shown."))
    if not 0 < duration_min <= LONGEST_ALERT // dt.timedelta(minutes=1):
        raise AlertRefused("no-duration", _("Enter how many minutes the alert lasts, up to 31 days."))


def _validate_content(alert: Alert) -> None:
    # Checked before anything is stored: the wire has narrower limits than the database.
    try:
        alert.clean_fields(exclude={"issued_by", "ended_by", "scenario", "token"})
        queries.to_content(alert, alert.issued_at)
    except ValidationError as error:
        code = "no-title" if "title" in error.message_dict else "invalid"
        raise AlertRefused(code, " ".join(error.messages)) from error
    except ValueError as error:
        raise AlertRefused("too-long", _("The alert cannot be sent as it is: %(fault)s") % {"fault": error}) from error


def _publish_scopes(scopes: Iterable[TopicScope], now: dt.datetime) -> None:
    sets = queries.alert_sets(now)
    for scope in scopes:
        _publish_set(scope, sets.get(scope, ()))


def _publish_set(scope: TopicScope, alerts: tuple[content.Alert, ...]) -> None:
    try:
        signing.seal_document(ALERTS, scope, AlertSetBody(alerts=alerts))
    except (ValueError, signing.DocumentTooLarge) as error:
        raise AlertRefused("too-many", _("Too many alerts at the same time. End one of them first.")) from error
