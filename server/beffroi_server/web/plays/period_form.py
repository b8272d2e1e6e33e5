"""What proof is asked for, as the address of a page has it: days, a place, words or one content."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.monitoring.proof import content_names
from beffroi_server.monitoring.proof.play_queries import GROUPINGS, PlayPeriod
from beffroi_server.web.access import UserRequest
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.requests import read_search

FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2199, 12, 31)
MAX_CONTENTS = 300
"""Contents that a search finds at most."""
CONTENT_DAYS = 7
"""Days that are asked for where a content is named and no day is; without a content it is yesterday."""


@dataclass(frozen=True)
class AskedPeriod:
    """What a page was asked for, with what its form shows again."""

    period: PlayPeriod
    grouping: str
    where: str
    """``screen:<slug>``, ``group:<slug>``, or empty for everywhere."""
    search: str
    content: str


def read_period(request: UserRequest) -> AskedPeriod:
    """Return what is asked for; what makes no sense is as if it had not been said: yesterday, everywhere."""
    values, today = request.GET, timezone.localdate()
    # Everything of a week is a hundred thousand totals in a town of a thousand screens.
    days = CONTENT_DAYS if values.get("content") or values.get("search") else 1
    last = read_day(values.get("until", ""), today if days > 1 or "from" in values else today - dt.timedelta(days=1))
    first = min(read_day(values.get("from", ""), last - dt.timedelta(days=days - 1)), last)
    kind, _separator, slug = values.get("where", "")[:60].partition(":")
    screen = limit_rows(Screen.objects.filter(slug=slug)).first() if kind == "screen" and _is_slug(slug) else None
    group = limit_rows(ScreenGroup.objects.filter(slug=slug)).first() if kind == "group" and _is_slug(slug) else None
    where = f"screen:{screen.slug}" if screen is not None else f"group:{group.slug}" if group is not None else ""
    search, content = read_search(request), values.get("content", "")[:63].replace("\0", "")
    contents = _contents(search, content)
    grouping = values.get("by", "")
    return AskedPeriod(
        PlayPeriod(first, last, contents, screen, group, request.user),
        grouping if grouping in GROUPINGS else "content",
        where,
        search,
        content,
    )


def read_day(text: str, otherwise: dt.date) -> dt.date:
    """Return a day of a query parameter, or another where it is none."""
    try:
        day = dt.date.fromisoformat(text[:10])
    except ValueError:
        return otherwise
    return day if FIRST_DAY <= day <= LAST_DAY else otherwise


def read_time(text: str) -> dt.time | None:
    """Return a time of day of a query parameter; None where it is none."""
    try:
        time = dt.time.fromisoformat(text[:8])
    except ValueError:
        return None
    return time.replace(tzinfo=None)


def quick_periods(today: dt.date) -> list[tuple[str, dt.date, dt.date]]:
    """Return the periods that are a tap away: name, first and last day."""
    yesterday, month = today - dt.timedelta(days=1), today.replace(day=1)
    last_of_former = month - dt.timedelta(days=1)
    return [
        (_("Today"), today, today),
        (_("Yesterday"), yesterday, yesterday),
        (_("7 days"), today - dt.timedelta(days=6), today),
        (_("This month"), month, today),
        (_("Last month"), last_of_former.replace(day=1), last_of_former),
    ]


def _contents(search: str, content: str) -> tuple[str, ...] | None:
    if content:
        return (content,)
    return tuple(content_names.search_contents(search, MAX_CONTENTS)) if search else None


def _is_slug(text: str) -> bool:
    return text.replace("-", "").replace("_", "").isalnum() and text.isascii()
