"""The on-call rota: who is on call when. Weeks go round among the members; exceptions, as for a swap, come first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.accounts.saved_town import saved_town
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import OnCallException, OnCallMember
from beffroi_server.core.transactions import serialised

HANDOVER = dt.time(8)
"""On Mondays, by the clocks of the town."""
WEEKS_SHOWN = 8
MOST_EXCEPTIONS = 200
_FIRST_MONDAY = dt.date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Turn:
    """A time in which somebody is on call."""

    user: User
    starts_at: dt.datetime
    ends_at: dt.datetime
    exception: int | None = None
    """Key of the exception that says so; None for the rota."""


class Rota:
    """The rota as it is stored, read once.

    Args:
        zone: Of the town.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        members = OnCallMember.objects.filter(user__is_active=True).select_related("user")
        self.members = [each.user for each in members if each.user.may_alert]
        exceptions = OnCallException.objects.filter(user__is_active=True).select_related("user")
        self._exceptions = [each for each in exceptions if each.user.may_alert]

    def on_call_at(self, at: dt.datetime) -> list[User]:
        """Return who is on call at an instant: nobody where there is no rota."""
        swapped = [each.user for each in self._exceptions if each.starts_at <= at < each.ends_at]
        if swapped:
            return list({user.pk: user for user in swapped}.values())
        return [self.members[self._week_of(at) % len(self.members)]] if self.members else []

    def turns(self, since: dt.datetime, weeks: int = WEEKS_SHOWN) -> list[Turn]:
        """Return the turns of some weeks from that of an instant on, the exceptions among them by their beginning."""
        first = self._week_of(since)
        starts = [self._start_of(first + ahead) for ahead in range(weeks + 1)]
        found = [
            Turn(self.members[(first + ahead) % len(self.members)], starts[ahead], starts[ahead + 1])
            for ahead in range(weeks)
            if self.members
        ]
        near = [each for each in self._exceptions if each.ends_at > since and each.starts_at < starts[-1]]
        found += [Turn(each.user, each.starts_at, each.ends_at, each.pk) for each in near]
        return sorted(found, key=lambda turn: (turn.starts_at, turn.exception is not None))

    def _week_of(self, at: dt.datetime) -> int:
        local = at.astimezone(self._zone)
        monday = local.date() - dt.timedelta(days=local.weekday())
        week = (monday - _FIRST_MONDAY).days // 7
        return week if at >= self._start_of(week) else week - 1

    def _start_of(self, week: int) -> dt.datetime:
        return dt.datetime.combine(_FIRST_MONDAY + dt.timedelta(weeks=week), HANDOVER, self._zone).astimezone(dt.UTC)


def read_rota() -> Rota:
    """Return the rota of the town."""
    town = saved_town()
    return Rota(ZoneInfo(town.time_zone if town is not None else "Europe/Paris"))


def officers_on_call(at: dt.datetime | None = None) -> list[User]:
    """Return who is on call now, or at an instant; nobody where the town has no rota."""
    return read_rota().on_call_at(at or timezone.now())


def save_members(members: Sequence[User], *, user: User | None) -> None:
    """Set who takes turns, in this order; none for no rota."""
    require(user, "may_alert")
    with serialised():
        before = [str(each.user) for each in OnCallMember.objects.select_related("user")]
        OnCallMember.objects.all().delete()
        OnCallMember.objects.bulk_create(OnCallMember(user=each, position=n) for n, each in enumerate(members))
        audit.record_event(user, "on-call-changed", _names(members), before=before)


def add_exception(person: User, starts_at: dt.datetime, ends_at: dt.datetime, *, user: User | None) -> None:
    """Have somebody be on call for a time, whoever the rota says.

    Raises:
        AlertRefused: the time makes no sense, or there are too many exceptions.
    """
    require(user, "may_alert")
    if ends_at <= starts_at or ends_at <= timezone.now():
        raise AlertRefused("no-duration", _("The end is before the beginning, or already past."))
    with serialised():
        OnCallException.objects.filter(ends_at__lt=timezone.now() - dt.timedelta(days=366)).delete()
        if OnCallException.objects.count() >= MOST_EXCEPTIONS:
            raise AlertRefused("too-many", _("There are too many exceptions. Remove some first."))
        same = {"user": person, "starts_at": starts_at, "ends_at": ends_at}
        if not OnCallException.objects.filter(**same).exists():
            OnCallException.objects.create(**same)
            audit.record_event(user, "on-call-changed", str(person), starts_at=starts_at, ends_at=ends_at)


def remove_exception(key: int, *, user: User | None) -> None:
    """Let the rota say again who is on call; nothing where the exception is gone already."""
    require(user, "may_alert")
    with serialised():
        row = OnCallException.objects.filter(pk=key).first()
        if row is not None:
            audit.record_event(user, "on-call-changed", str(row.user), removed=[row.starts_at, row.ends_at])
            row.delete()


def _names(users: Iterable[User]) -> str:
    return ", ".join(str(user) for user in users) or "–"
