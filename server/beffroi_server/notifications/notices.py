"""The queue of notices: who is told what, by which way, and when."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from zoneinfo import ZoneInfo

from django.db.models import Count

from beffroi_content.model import is_within_hours
from beffroi_server.accounts.models import Town, User
from beffroi_server.fleet import screen_scopes
from beffroi_server.notifications.models import (
    Delivery,
    Incident,
    Notice,
    NoticeKind,
    NotificationChoice,
    PushSubscription,
    Way,
    complete_choice,
)

logger = logging.getLogger(__name__)
PAUSE = dt.timedelta(minutes=5)
"""Between two messages to one user by one way, unless they are urgent: what comes meanwhile is told together."""
QUEUE_LIMIT = 200
"""Notices that wait for one user and way at most; each names all incidents of its instant."""
KEPT = dt.timedelta(days=30)
"""For how long what was sent or given up is kept, for the page."""


def queue_notices(
    kind: NoticeKind, incidents: Sequence[Incident], now: dt.datetime, *, without: User | None = None
) -> int:
    """Queue what is to be told of some incidents to everybody who wants it; return how many notices that are.

    Inside the transaction of the change. That something is over, or taken care of, is told to those who were told that
    it began.
    """
    if kind is not NoticeKind.OPENED:
        incidents = [each for each in incidents if each.announced_at is not None]
    if not incidents:
        return 0
    zone = ZoneInfo(Town.objects.get().time_zone)
    waiting = _waiting_counts()
    last = _last_messages(now)
    with_browser = set(PushSubscription.objects.values_list("user", flat=True))
    queued = []
    for choice in choices():
        if choice.user == without or not _wants(choice, kind):
            continue
        concerned = [each for each in _within_scope(choice.user, incidents) if _is_meant(choice.user, each)]
        for way, wanted in _by_way(choice, concerned, with_browser).items():
            if waiting[choice.user.pk, way] >= QUEUE_LIMIT:
                logger.warning("the queue of %s by %s is full: something is not told", choice.user, way)
                continue
            for is_urgent, part in _by_urgency(choice, kind, wanted):
                queued.append(
                    Notice(
                        user=choice.user, way=way, kind=kind, incidents=[each.pk for each in part],
                        is_urgent=is_urgent, created_at=now,
                        due_at=now if is_urgent else due_at(choice, now, zone, last.get((choice.user.pk, way))),
                    )
                )  # fmt: skip
    Notice.objects.bulk_create(queued)
    return len(queued)


def queue_test(user: User, way: Way, now: dt.datetime) -> Notice:
    """Queue a test to a user by one way."""
    return Notice.objects.create(user=user, way=way, kind=NoticeKind.TEST, is_urgent=True, created_at=now, due_at=now)


def choices() -> list[NotificationChoice]:
    """Return what each user who may sign in wants to be told."""
    users = User.objects.filter(is_active=True).select_related("notification_choice")
    return [complete_choice(user, getattr(user, "notification_choice", None)) for user in users]


def ways_that_work(user: User, choice: NotificationChoice, *, has_browser: bool) -> set[str]:
    """Return the ways by which a user can be told anything: an address or a browser is known."""
    known = {Way.MAIL: bool(user.email), Way.WEBHOOK: bool(choice.webhook_address), Way.PUSH: has_browser}
    return {way.value for way, is_known in known.items() if is_known}


def due_at(
    choice: NotificationChoice, now: dt.datetime, zone: ZoneInfo, last: dt.datetime | None = None
) -> dt.datetime:
    """Return when something that is not urgent may be told.

    Args:
        choice: Of the user.
        now: The present instant.
        zone: Of the town: quiet hours and the hour of the digest are those of its clocks.
        last: When the user was last told something by the same way.
    """
    if choice.delivery == Delivery.DAILY:
        return _next_time(choice.digest_at, now, zone)
    earliest = max(now, last + PAUSE) if last is not None else now
    return quiet_end(choice, earliest, zone) or earliest


def quiet_end(choice: NotificationChoice, at: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """Return when the quiet hours end that an instant is in; None where it is in none."""
    start, end = choice.quiet_from, choice.quiet_until
    if start is None or end is None or start == end:
        return None
    return _next_time(end, at, zone) if is_within_hours(at.astimezone(zone).time(), start, end) else None


def delete_old(now: dt.datetime) -> int:
    """Delete notices that were sent or given up long ago; return how many."""
    return Notice.objects.filter(due_at=None, created_at__lt=now - KEPT).delete()[0]


def _next_time(time: dt.time, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    local = after.astimezone(zone)
    found = dt.datetime.combine(local.date(), time, zone)
    if found <= local:
        found = dt.datetime.combine(local.date() + dt.timedelta(days=1), time, zone)
    return found.astimezone(dt.UTC)


def _wants(choice: NotificationChoice, kind: NoticeKind) -> bool:
    if kind is NoticeKind.ACKNOWLEDGED:
        return choice.tells_acknowledged
    return choice.tells_recovered if kind is NoticeKind.RECOVERED else True


def _is_meant(user: User, incident: Incident) -> bool:
    """Tell whether a user is among those whom an incident is for; most are for everybody who wants to be told."""
    return user.pk in incident.detail.get("for", [user.pk])


def _is_called(user: User, incident: Incident) -> bool:
    """Tell whether a user must be told at once, in quiet hours too: who is on call, or is asked to act."""
    return user.pk in incident.detail.get("on_call", ()) or user.pk in incident.detail.get("for", ())


def _disturbs(choice: NotificationChoice, incident: Incident) -> bool:
    if _is_called(choice.user, incident):
        return True
    # Where somebody else is on call, the others sleep.
    return incident.occasion in choice.urgent and not incident.detail.get("on_call")


def _within_scope(user: User, incidents: Sequence[Incident]) -> Sequence[Incident]:
    if screen_scopes.scope_group_keys(user) is None:
        return incidents
    keys = set(screen_scopes.screens_in_scope(user).values_list("pk", flat=True))
    return [each for each in incidents if each.screen_id is None or each.screen_id in keys]


def _by_way(
    choice: NotificationChoice, incidents: Iterable[Incident], with_browser: Collection[int]
) -> dict[str, list[Incident]]:
    found: defaultdict[str, list[Incident]] = defaultdict(list)
    for incident in incidents:
        ways = choice.ways_for(incident.occasion)
        if not ways and _is_called(choice.user, incident):
            ways = [Way.MAIL.value, Way.PUSH.value]
        for way in ways:
            found[way].append(incident)
    usable = ways_that_work(choice.user, choice, has_browser=choice.user.pk in with_browser)
    return {way: wanted for way, wanted in found.items() if way in usable}


def _by_urgency(
    choice: NotificationChoice, kind: NoticeKind, incidents: list[Incident]
) -> list[tuple[bool, list[Incident]]]:
    """Split incidents into urgent and other ones; that one is taken care of is never urgent."""
    urgent = [each for each in incidents if kind is not NoticeKind.ACKNOWLEDGED and _disturbs(choice, each)]
    others = [each for each in incidents if each not in urgent]
    return [(is_urgent, part) for is_urgent, part in ((True, urgent), (False, others)) if part]


def _waiting_counts() -> defaultdict[tuple[int, str], int]:
    found: defaultdict[tuple[int, str], int] = defaultdict(int)
    rows = Notice.objects.filter(due_at__isnull=False).values_list("user", "way").annotate(count=Count("pk"))
    found.update({(user, way): count for user, way, count in rows.order_by()})
    return found


def _last_messages(now: dt.datetime) -> dict[tuple[int, str], dt.datetime]:
    recent = Notice.objects.filter(sent_at__gte=now - PAUSE).order_by("sent_at")
    rows = recent.values_list("user", "way", "sent_at")
    return {(user, way): at for user, way, at in rows if at is not None}
