"""Broadcasting, changing and ending of alerts.

Row, audit event and the signed alert sets are written in one transaction; the sets are sent as it commits. Each set is
the complete state of its scope (see docs/protocol.md), so a lost message is mended by the next one.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Mapping
from copy import copy

from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.wire.documents import AlertSetBody
from beffroi_content.wire.messages import ALERTS
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts import (
    clock_steps,
    corrections,
    pending_alerts,
    planned_alerts,
    queries,
    two_person_rule,
)
from beffroi_server.alerts.broadcast_checks import LONGEST_ALERT, check_content, check_request
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert, Scenario
from beffroi_server.alerts.pending_alerts import aim_unsaved, find_pending
from beffroi_server.alerts.set_capacity import check_capacity
from beffroi_server.alerts.set_publication import AlertSets, publish_scopes
from beffroi_server.alerts.translations import stored_translations
from beffroi_server.core import database
from beffroi_server.core.database_faults import fault_of
from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import Targets

logger = logging.getLogger(__name__)
_SAME_ALERT: PreparedQuery[uuid.UUID] = PreparedQuery(
    lambda: Alert.objects.filter(Q(pk=uuid.UUID(int=0)) | Q(token=uuid.UUID(int=0))).order_by("pk")
    .values_list("pk", flat=True)
)  # fmt: skip
LOCK_WAIT_S = 0.5
"""Seconds that an alert waits for the database; where that is held longer, it is sent first and stored later."""


def broadcast_alert(
    *,
    level: str,
    status: str = content.AlertStatus.ACTUAL,
    hazard: str = content.GENERAL_HAZARD,
    title: str,
    description: str = "",
    instruction: str = "",
    short_text: str = "",
    phone: str = "",
    link: str = "",
    source: str,
    translations: Iterable[Mapping[str, str]] = (),
    targets: Targets,
    duration_min: int | None,
    is_open_ended: bool = False,
    all_clear_s: int = 300,
    scenario: Scenario | None = None,
    corrects: Alert | None = None,
    proposed_by: User | None = None,
    confirmed_by: User | None = None,
    alone_reason: str = "",
    token: uuid.UUID | None = None,
    pressed_at: dt.datetime | None = None,
    user: User | None,
) -> Alert:
    """Broadcast an alert at once, or have it take the place of one that is running: a correction.

    A correction is an alert of its own: its receipts start anew, and the former text keeps those that it had. One set
    takes the former out and the new one in, so that no screen ever shows both or neither.

    Args:
        level: Value of ``content.AlertLevel``.
        status: Value of ``content.AlertStatus``.
        hazard: One of ``alerts.models.hazard_choices``.
        title: The most important thing that passers-by must know.
        description: Event and place.
        instruction: Advice to passers-by.
        short_text: The same in a few words, for small panels.
        phone: The number for what does not fit.
        link: The address for what does not fit.
        source: The service that speaks.
        translations: Texts in further languages, as ``translations.stored_translations`` takes them.
        targets: The screens that show it.
        duration_min: Minutes until it ends by itself, or, where it is open-ended, until somebody is asked to end it.
            None leaves the end of the alert that is corrected.
        is_open_ended: Whether it lasts until somebody ends it; it ends by itself ``corrections.SAFEGUARD`` after that.
        all_clear_s: Seconds for which screens then show “end of alert”.
        scenario: The scenario that it was prepared as.
        corrects: The running alert whose place it takes.
        proposed_by: Who wrote it, where that is somebody else than the user.
        confirmed_by: The second officer, at the levels for which the town wants two.
        alone_reason: Why it goes out without one.
        token: Token of the form. A second press of its button returns the same alert and broadcasts nothing new.
        pressed_at: When the button was pressed, by the server's clock; receipts count from then.
        user: Somebody who broadcasts it; None for the server itself.

    Raises:
        AlertRefused: it cannot be broadcast as it is; the message says why and what to do.
    """
    require(user, "may_alert")
    screen_scopes.check_targets(user, targets)
    if corrects is not None:
        screen_scopes.check_row(user, corrects)
        # Its end is inherited, and the clock may have been set a moment ago.
        corrects = clock_steps.as_of_now(corrects)
    now = timezone.now()
    if token is not None and (known := find_pending(token=token) or corrections.corrected_before(token, corrects)):
        return known
    corrections.check_running(corrects, now)
    alone_reason = " ".join(alone_reason.split())[:300]
    if confirmed_by is None and not alone_reason:
        two_person_rule.check_alone(level, status, user)
    end, review = corrections.planned_end(now, duration_min, corrects, is_open_ended=is_open_ended)
    check_request(targets, end - now)
    alert = Alert(
        token=token,
        level=level,
        status=status,
        hazard=hazard,
        title=title.strip(),
        description=description.strip(),
        instruction=instruction.strip(),
        short_text=short_text.strip(),
        phone=phone.strip(),
        link=link.strip(),
        source=source.strip(),
        translations=stored_translations(translations),
        everywhere=targets.everywhere,
        all_clear_s=all_clear_s,
        scenario=scenario,
        corrects=corrects,
        is_open_ended=is_open_ended,
        issued_at=now,
        pressed_at=pressed_at,
        ends_at=end,
        review_at=review,
        confirmed_by=confirmed_by,
        alone_reason=alone_reason,
        issued_by=proposed_by or user,
    )
    clock_steps.note_clock(alert)
    check_content(alert)
    aim_unsaved(alert, targets)
    try:
        with database.short_lock_wait(LOCK_WAIT_S):
            return _store_alert(alert, targets, is_sent=False)
    except (DatabaseError, OSError) as error:
        if fault_of(error) is None:
            raise
        logger.warning("the database takes nothing in (%s): the alert %s is sent before it is stored", error, alert.pk)
    return _send_unstored(alert, targets)


def store_pending_alerts() -> int:
    """Store the alerts that are on the screens and not in the database yet; return how many.

    One that cannot be stored keeps none of the others waiting.

    Raises:
        DatabaseError: it still takes nothing in.
    """
    stored, problems = 0, []
    for alert in pending_alerts.pending_alerts():
        try:
            _store_pending(alert)
            stored += 1
        except Exception as error:  # noqa: BLE001 - raised below, once the others have had their turn
            problems.append(error)
    if problems:
        raise problems[0]
    return stored


def store_pending_alert(pk: uuid.UUID) -> None:
    """Store an alert now if it waits for the database: somebody wants to change it.

    Raises:
        DatabaseError: it still takes nothing in.
    """
    if (alert := find_pending(pk=pk)) is not None:
        _store_pending(alert)


def _store_pending(alert: Alert) -> None:
    targets = Targets.of(alert)
    row = _store_alert(alert, targets, is_sent=True)
    pending_alerts.remove_pending(alert)
    logger.info("the alert %s is stored now", row.pk)
    if row.pk != alert.pk:
        # The button was pressed twice, and the other press was stored: the screens show one of them.
        with serialised():
            publish_scopes(targets.scopes, timezone.now())


def _store_alert(alert: Alert, targets: Targets, *, is_sent: bool) -> Alert:
    with serialised():
        # One that is new and has no token cannot be there already.
        if (is_sent or alert.token is not None) and (known := _stored_alert(alert)):
            return known
        moved = clock_steps.follow_clock()
        row = copy(alert)
        row._prefetched_objects_cache = {}  # type: ignore[attr-defined]
        former = corrections.replace_corrected(row, is_sent=is_sent)
        if is_sent:
            _clear_deleted(row)
        row.save(force_insert=True)
        if not targets.everywhere:
            # Some of them may have been deleted while it waited.
            row.groups.set(ScreenGroup.objects.filter(pk__in=[group.pk for group in targets.groups]))
            row.screens.set(Screen.objects.filter(pk__in=[screen.pk for screen in targets.screens]))
        now = timezone.now() if is_sent else alert.issued_at
        sets = queries.alert_sets(now)
        if not is_sent:
            _check_capacity(alert, targets, sets, now)
        # Those with the correction first: it takes the former text off wherever both have come.
        publish_scopes(targets.scopes, now, sets)
        left = Targets.of(former).scopes if former is not None else ()
        publish_scopes({*left, *moved} - {*targets.scopes}, now, sets)
        how = {"alone_reason": row.alone_reason, "confirmed_by": str(row.confirmed_by or "")}
        how = {name: said for name, said in how.items() if said}
        corrected = {"former": str(former.pk), **corrections.text_changes(former, row)} if former is not None else {}
        audit.record_event(
            row.issued_by, "alert-broadcast" if former is None else "alert-corrected", alert, id=str(alert.pk),
            level=alert.level, status=alert.status, until=alert.ends_at,
            scopes=["-".join(filter(None, (scope.kind, scope.name))) for scope in targets.scopes], **corrected, **how,
        )  # fmt: skip
    return row


def _stored_alert(alert: Alert) -> Alert | None:
    # Nearly always there is none: so only its key is asked for.
    key, token = (Alert._meta.pk.get_db_prep_value(each, connection) for each in (alert.pk, alert.token or alert.pk))
    known = _SAME_ALERT.first(key, token)
    return Alert.objects.get(pk=known) if known is not None else None


def _clear_deleted(row: Alert) -> None:
    """Have an alert name nobody, and no scenario, that was deleted while it waited for the database."""
    if row.issued_by_id is not None:
        row.issued_by = User.objects.filter(pk=row.issued_by_id).first()
    if row.confirmed_by_id is not None:
        row.confirmed_by = User.objects.filter(pk=row.confirmed_by_id).first()
    if row.scenario_id is not None:
        row.scenario = Scenario.objects.filter(pk=row.scenario_id).first()


def _send_unstored(alert: Alert, targets: Targets) -> Alert:
    """Sign and send the alert sets with an alert that the database does not take in now; return what was sent."""
    now = alert.issued_at
    if (known := pending_alerts.add_pending(alert)) is not alert:
        return known
    sets = queries.alert_sets(now)
    try:
        _check_capacity(alert, targets, sets, now)
    except AlertRefused:
        pending_alerts.remove_pending(alert)
        raise
    former = Targets.of(alert.corrects).scopes if alert.corrects is not None else ()
    planned = planned_alerts.planned_sets(now)
    for scope in dict.fromkeys((*targets.scopes, *former)):
        body = AlertSetBody(alerts=sets.get(scope, ()), planned=planned.get(scope, ()))
        signing.publish_unstored(ALERTS, scope, body)
    return alert


def _check_capacity(alert: Alert, targets: Targets, sets: AlertSets, now: dt.datetime) -> None:
    added = queries.to_content(alert, now)
    replaced = Targets.of(alert.corrects).scopes if alert.corrects is not None else ()
    for scope in targets.scopes:
        check_capacity(scope, sets.get(scope, ()), added, is_replacement=scope in replaced)


def end_alert(alert: Alert, *, user: User | None) -> None:
    """End an alert: its screens show “end of alert” for the set time, then their loop.

    Raises:
        AlertRefused: it is over already.
    """
    _check_officer(user, alert)
    now = timezone.now()
    with serialised():
        moved = clock_steps.follow_clock()
        _apply_change(alert, now, ends_at=now, ended_by=user)
        publish_scopes({*Targets.of(alert).scopes, *moved}, now)
        audit.record_event(user, "alert-ended", alert, id=str(alert.pk))


def end_on_the_spot(alert: Alert, now: dt.datetime) -> None:
    """End an alert that was ended on the spot, within a serialised transaction."""
    moved = clock_steps.follow_clock()
    _apply_change(alert, now, ends_at=now)
    publish_scopes({*Targets.of(alert).scopes, *moved}, now)


def withdraw_alert(alert: Alert, *, user: User | None) -> None:
    """Take an alert off at once, without an “end of alert”, as is right for a mistake; also while its end is shown.

    Raises:
        AlertRefused: it is withdrawn or settled already.
    """
    _check_officer(user, alert)
    now = timezone.now()
    with serialised():
        # The update decides between two people who act at the same time: one of them changes no row.
        open_alerts = Alert.objects.filter(pk=alert.pk, settled=False, withdrawn_at=None)
        if not open_alerts.update(withdrawn_at=now, ended_by=user, settled=True):
            raise corrections.over_error(alert)
        alert.refresh_from_db()
        publish_scopes(Targets.of(alert).scopes, now)
        audit.record_event(user, "alert-withdrawn", alert, id=str(alert.pk))


def extend_alert(alert: Alert, minutes: int, *, user: User | None) -> None:
    """Extend an alert by some minutes.

    Raises:
        AlertRefused: it is over already, or would last longer than 31 days.
    """
    _check_officer(user, alert)
    now = timezone.now()
    with serialised():
        moved = clock_steps.follow_clock()
        current = Alert.objects.get(pk=alert.pk)
        length = dt.timedelta(minutes=minutes)
        # Of an open-ended one the question is put off, from now on where it is overdue.
        review = max(current.review_at, now) + length if current.review_at is not None else None
        until = current.ends_at + length if review is None else review + corrections.SAFEGUARD
        if minutes <= 0 or until - now > LONGEST_ALERT:
            raise AlertRefused("no-duration", _("Enter the number of minutes to extend the alert by, up to 31 days."))
        _apply_change(alert, now, ends_at=until, review_at=review)
        publish_scopes({*Targets.of(alert).scopes, *moved}, now)
        changes = {"ends_at": [current.ends_at, until]}
        audit.record_event(
            user, "alert-extended", alert, id=str(alert.pk), until=until, model="alerts.alert", changes=changes
        )


def settle_ended_alerts(now: dt.datetime) -> int:
    """Take alerts out of their sets whose “end of alert” was shown long enough; return the number of alerts.

    If the clock was set, the times of those that are still on are moved with it first.
    """
    with serialised():
        scopes = clock_steps.follow_clock()
        ended = [alert for alert in queries.unsettled_alerts() if queries.all_clear_ends_at(alert) <= now]
        over = [alert for alert in ended if clock_steps.is_judged(alert)]
        scopes |= {scope for alert in over for scope in Targets.of(alert).scopes}
        Alert.objects.filter(pk__in=[alert.pk for alert in over]).update(settled=True)
        publish_scopes(scopes, now)
    return len(over)


def _check_officer(user: User | None, alert: Alert) -> None:
    require(user, "may_alert")
    screen_scopes.check_row(user, alert)


def _apply_change(alert: Alert, now: dt.datetime, **values: object) -> None:
    active = Alert.objects.filter(pk=alert.pk, ends_at__gt=now, withdrawn_at=None, replaced_at=None)
    if not active.update(**values):
        raise corrections.over_error(alert)
    alert.refresh_from_db()
