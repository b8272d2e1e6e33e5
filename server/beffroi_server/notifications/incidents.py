"""Incidents: opened and closed by comparing what is observed with what is open; announced once, and when over.

What comes and goes is damped. An incident that was announced is over only after it has stayed away for the settling
time of its occasion, which doubles with each time that it was announced within a day. One that ends before anybody was
told is only history, unless it comes back again and again: then it is announced as unsteady.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, User
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes
from beffroi_server.notifications import notices
from beffroi_server.notifications.models import Incident, NoticeKind
from beffroi_server.notifications.observations import Observation
from beffroi_server.notifications.occasions import OCCASION_TIMES, Occasion

GROUP_WITHIN = dt.timedelta(minutes=3)
"""Screens that fell silent within this of one that is announced are announced with it: reports are a minute apart."""
UNSTEADY_COUNT, UNSTEADY_WITHIN = 5, dt.timedelta(hours=1)
"""So many short incidents within this, and the next one is announced at once."""
LONGEST_SETTLE = dt.timedelta(hours=1)
REMINDER_EVERY = dt.timedelta(minutes=1)
REPEATS_WITHIN = dt.timedelta(days=1)
UNSTEADY = "unsteady"
_BATCH = 500
MIN_NOTICE = dt.timedelta(minutes=1)
"""What began long before it was noticed, as while the server was off, is announced no sooner after that."""


def reconcile(
    observed: Iterable[Observation], occasions: Collection[Occasion], now: dt.datetime,
    *, town: Town, unchecked: Collection[str] = (),
) -> None:  # fmt: skip
    """Open, continue and close incidents of some occasions by what is observed, and announce what is due.

    Args:
        observed: All that needs attention now, of these occasions.
        occasions: The kinds that were looked at.
        now: The present instant.
        town: Its settings.
        unchecked: Subjects that were not looked at: their incidents stay as they are.
    """
    by_key = {(each.occasion.value, each.subject): each for each in observed}
    is_open = Q(ended_at__isnull=True, occasion__in=[occasion.value for occasion in occasions])
    with transaction.atomic():
        known = {(each.occasion, each.subject): each for each in Incident.objects.filter(is_open)}
        if not known and not by_key:
            return
        _continue([(incident, by_key[key]) for key, incident in known.items() if key in by_key], now)
        _leave([each for key, each in known.items() if key not in by_key and each.subject not in unchecked], now)
        _open([each for key, each in by_key.items() if key not in known], now, town)
        _announce_due(occasions, now)


def hold_of(occasion: Occasion, town: Town) -> dt.timedelta:
    """Return how long an incident lasts before people are told."""
    if occasion is Occasion.SCREEN_SILENT:
        return dt.timedelta(minutes=town.silent_minutes)
    return OCCASION_TIMES[occasion].hold


def acknowledge(incident: Incident, *, user: User) -> bool:
    """Note that somebody takes care of an incident, and tell the others; False where it is over, or somebody does."""
    now = _now()
    with serialised():
        row = Incident.objects.filter(pk=incident.pk, ended_at=None, acknowledged_by=None)
        if not row.update(acknowledged_by=user, acknowledged_at=now):
            return False
        audit.record_event(user, "incident-acknowledged", str(incident), occasion=incident.occasion)
        incident.refresh_from_db()
        notices.queue_notices(NoticeKind.ACKNOWLEDGED, [incident], now, without=user)
    return True


def remind_overdue(now: dt.datetime) -> int:
    """Tell again, once a minute, of each alert that nobody has ended in time, until somebody takes care of it."""
    with transaction.atomic():
        due = Incident.objects.filter(
            occasion=Occasion.ALERT_WAITS, reason="overdue", ended_at=None, right_since=None, acknowledged_by=None,
            announced_at__lte=now - REMINDER_EVERY,
        )  # fmt: skip
        found = list(due)
        Incident.objects.filter(pk__in=[each.pk for each in found]).update(announced_at=now)
        notices.queue_notices(NoticeKind.OPENED, found, now)
    return len(found)


def acknowledge_all(*, user: User) -> int:
    """Note that a user takes care of everything that is open and that nobody takes care of; return how many."""
    with serialised():
        return sum(acknowledge(each, user=user) for each in open_incidents(user).filter(acknowledged_by=None))


def visible_incidents(user: User | None) -> QuerySet[Incident]:
    """Return the incidents that concern a user: those of screens within the scope, and of no screen."""
    if screen_scopes.scope_group_keys(user) is None:
        return Incident.objects.all()
    return Incident.objects.filter(Q(screen=None) | Q(screen__in=screen_scopes.screens_in_scope(user)))


def open_incidents(user: User | None) -> QuerySet[Incident]:
    """Return what needs a user's attention, the newest first."""
    return visible_incidents(user).filter(ended_at__isnull=True, right_since__isnull=True)


def delete_old(now: dt.datetime, town: Town) -> int:
    """Delete incidents that have been over for longer than the town keeps them; return how many."""
    limit = now - dt.timedelta(days=round(town.outages_months * 30.44))
    return Incident.objects.filter(ended_at__lt=limit).delete()[0]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _continue(present: Iterable[tuple[Incident, Observation]], now: dt.datetime) -> None:
    """Note that incidents are still seen, or again; few statements, however many they are."""
    changed = [incident for incident, seen in present if _note_seen(incident, seen, now)]
    fields = ["right_s", "right_since", "interruptions", "reason", "detail"]
    Incident.objects.bulk_update(changed, fields, batch_size=_BATCH)


def _note_seen(incident: Incident, seen: Observation, now: dt.datetime) -> bool:
    """Take over what is seen of an incident; return whether that changes it."""
    is_back = incident.right_since is not None
    if incident.right_since is not None:
        incident.right_s += max(0, round((now - incident.right_since).total_seconds()))
        incident.right_since = None
        incident.interruptions += 1
    # An unsteady screen stays one until it is over; otherwise the newest reason counts.
    reason = UNSTEADY if incident.reason == UNSTEADY else seen.reason
    is_other = (incident.reason, incident.detail) != (reason, seen.detail)
    incident.reason, incident.detail = reason, seen.detail
    return is_back or is_other


def _leave(absent: Sequence[Incident], now: dt.datetime) -> None:
    """Note that incidents are not seen any more; one that was announced is over once it has stayed away."""
    untold = [each.pk for each in absent if each.announced_at is None]
    told = [each for each in absent if each.announced_at is not None]
    just_right = [each for each in told if each.right_since is None]
    Incident.objects.filter(pk__in=untold).update(ended_at=now)
    Incident.objects.filter(pk__in=[each.pk for each in just_right]).update(right_since=now)
    for each in just_right:
        each.right_since = now
    repeats = _repeats(told, now)
    over = [each for each in told if now - (each.right_since or now) >= _settle_time(each, repeats)]
    Incident.objects.filter(pk__in=[each.pk for each in over]).update(ended_at=F("right_since"))
    # That a reminder is no longer due is no news.
    news = [each for each in over if each.occasion != Occasion.ALERT_WAITS]
    if news:
        notices.queue_notices(NoticeKind.RECOVERED, news, now)


def _repeats(told: Sequence[Incident], now: dt.datetime) -> Counter[tuple[str, str]]:
    """Return how often each occasion and subject of some incidents was announced within a day."""
    if not told:
        return Counter()
    recent = Incident.objects.filter(
        subject__in={each.subject for each in told}, announced_at__gte=now - REPEATS_WITHIN
    )
    return Counter(recent.values_list("occasion", "subject"))


def _settle_time(incident: Incident, announced: Counter[tuple[str, str]]) -> dt.timedelta:
    settle = OCCASION_TIMES[Occasion(incident.occasion)].settle
    # Itself is among those that were announced.
    repeats = max(0, announced[incident.occasion, incident.subject] - 1) + min(incident.interruptions, 4)
    return min(LONGEST_SETTLE, settle * int(2 ** min(repeats, 8)))


def _open(seen: Sequence[Observation], now: dt.datetime, town: Town) -> None:
    unsteady = _unsteady_subjects(seen, now)
    Incident.objects.bulk_create(
        [
            Incident(
                occasion=each.occasion, subject=each.subject, screen_id=each.screen_id, name=each.name[:200],
                reason=UNSTEADY if (each.occasion, each.subject) in unsteady else each.reason, detail=each.detail,
                began_at=each.began_at, noticed_at=now,
                due_at=now if (each.occasion, each.subject) in unsteady else _due_at(each, now, town),
            )
            for each in seen
        ]
    )  # fmt: skip


def _due_at(seen: Observation, now: dt.datetime, town: Town) -> dt.datetime:
    hold = hold_of(seen.occasion, town)
    return max(seen.began_at + hold, now + min(hold, MIN_NOTICE))


def _unsteady_subjects(seen: Sequence[Observation], now: dt.datetime) -> set[tuple[str, str]]:
    """Return the occasions and subjects that came and went again and again within the last hour."""
    recent = Incident.objects.filter(
        ended_at__gte=now - UNSTEADY_WITHIN, announced_at=None, subject__in=[each.subject for each in seen]
    ).values_list("occasion", "subject")
    return {key for key, count in Counter(recent).items() if count >= UNSTEADY_COUNT}


def _announce_due(occasions: Collection[Occasion], now: dt.datetime) -> None:
    waiting = Incident.objects.filter(
        ended_at=None, right_since=None, announced_at=None, occasion__in=[each.value for each in occasions]
    )
    due = list(waiting.filter(due_at__lte=now))
    if not due:
        return
    silent = [each.began_at for each in due if each.occasion == Occasion.SCREEN_SILENT]
    if silent:
        together = waiting.filter(
            occasion=Occasion.SCREEN_SILENT,
            began_at__gte=min(silent) - GROUP_WITHIN, began_at__lte=max(silent) + GROUP_WITHIN,
        )  # fmt: skip
        due = list({each.pk: each for each in [*due, *together]}.values())
    Incident.objects.filter(pk__in=[each.pk for each in due]).update(announced_at=now)
    notices.queue_notices(NoticeKind.OPENED, due, now)
