"""Operations on the proof of play: totals of a period, and the showings of a screen one by one."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query
from pydantic import Field

from beffroi_server.accounts.models import Town
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import invalid_field
from beffroi_server.api.values import MAX_KEY, Answer, Change, Day, Instant, PageOf, PageQuery, Slug, find_row, page_of
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.plays import log_export
from beffroi_server.monitoring.proof import content_names, play_queries
from beffroi_server.monitoring.proof.content_names import names_of
from beffroi_server.monitoring.proof.play_queries import PlayPeriod, day_bounds

TAG = "plays"
READ = "plays:read"
LONGEST_DAYS = 3_660
LONGEST_PERIOD = dt.timedelta(days=400)
MOST_LOGGED = 50_000
"""Plays of a display log in one answer."""


class TotalAnswer(Answer):
    """How often and for how long something was shown in a period."""

    content: str
    """Such as ``announcement-…``; empty in totals by screen or by day."""
    name: str
    """Of the content, or of the screen."""
    screen: str
    day: dt.date | None
    shown: int
    """How often."""
    confirmed: int
    """How many of that are proven by the digest of the presented frame."""
    length_s: int
    first_at: dt.datetime
    last_at: dt.datetime
    screens: int


class TotalQuery(PageQuery):
    """Which totals are wanted."""

    first: Day
    last: Day
    """Days of the town, both included."""
    by: Literal["content", "screen", "day"] = "content"
    screen: Slug | None = None


class PlayAnswer(Answer):
    """One showing."""

    number: int
    slide: str
    alert: str
    page: int
    zone: str
    started_at: dt.datetime
    lasted_ms: int
    ended: str
    frame: str
    chain: str


class PlaysAnswer(Answer):
    """Showings of a screen in their order."""

    items: list[PlayAnswer]
    next_after: int | None
    """Give it as ``after`` for those that follow; null where there are none."""


class PlaysQuery(Change):
    """Which showings are wanted."""

    since: Instant
    until: Instant
    after: Annotated[int, Field(ge=0, le=MAX_KEY)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class LogQuery(Change):
    """Of which days and screen the display log is wanted."""

    first: Day
    last: Day
    """Days of the town, both included."""
    screen: Slug | None = None


@operation("GET", "/plays", scope=READ, returns=PageOf[TotalAnswer], tag=TAG)
def list_play_totals(request: ApiRequest, query: Query[TotalQuery]) -> PageOf[TotalAnswer]:
    """Return how often and how long contents were shown, by content, screen or day, on screens in scope."""
    if query.last < query.first or (query.last - query.first).days > LONGEST_DAYS:
        raise invalid_field("last", _("This is before the first day, or too long after it."))
    screen = None
    if query.screen is not None:
        screen = find_row(screen_scopes.screens_in_scope(request.user), slug=query.screen)
    period = PlayPeriod(query.first, query.last, screen=screen, user=request.user)
    found = page_of(query, play_queries.totals_by(period, query.by), dict)
    names = names_of([row["content"] for row in found.items if "content" in row])
    return PageOf(
        items=[_total_answer(row, names) for row in found.items], count=found.count, page=found.page, pages=found.pages
    )


def _total_answer(row: dict[str, Any], names: dict[str, str]) -> TotalAnswer:
    content = row.get("content", "")
    return TotalAnswer(
        content=content, name=names.get(content, "") or row.get("screen__name", ""), screen=row.get("screen__slug", ""),
        day=row.get("day"), shown=row["shown"], confirmed=row["proven"], length_s=row["length_ms"] // 1000,
        first_at=row["begins_at"], last_at=row["ends_at"], screens=row["on_screens"],
    )  # fmt: skip


@operation("GET", "/screens/{slug}/plays", scope=READ, returns=PlaysAnswer, tag=TAG)
def list_plays(request: ApiRequest, slug: Slug, query: Query[PlaysQuery]) -> PlaysAnswer:
    """Return the showings of a screen one by one, as its player reported them."""
    if not dt.timedelta(0) < query.until - query.since <= LONGEST_PERIOD:
        raise invalid_field("until", _("This is before the start, or more than 400 days after it."))
    screen = find_row(screen_scopes.screens_in_scope(request.user), slug=slug)
    rows = PlayRecord.objects.filter(
        screen=screen, started_at__gte=query.since, started_at__lt=query.until, number__gt=query.after
    ).order_by("number")
    found = list(rows[: query.limit + 1])
    items = [
        PlayAnswer.model_validate({name: getattr(row, name) for name in PlayAnswer.model_fields})
        for row in found[: query.limit]
    ]
    return PlaysAnswer(items=items, next_after=items[-1].number if len(found) > query.limit else None)


@operation("GET", "/plays/log", scope=READ, media_type="application/jsonl", tag=TAG)
def read_display_log(request: ApiRequest, query: Query[LogQuery]) -> HttpResponse:
    """Return the display log of screens, which “beffroi-server plays verify” checks; the command writes longer ones."""
    if not dt.timedelta(0) <= query.last - query.first < LONGEST_PERIOD:
        raise invalid_field("last", _("This is before the first day, or too long after it."))
    screen, town = None, find_row(Town.objects.all())
    if query.screen is not None:
        screen = find_row(screen_scopes.screens_in_scope(request.user), slug=query.screen)
    screens = list(PlayPeriod(query.first, query.last, screen=screen, user=request.user).screens())
    zone = timezone.get_current_timezone()
    start, end = day_bounds(query.first, zone)[0], day_bounds(query.last, zone)[1]
    if log_export.count_plays(screens, start, end, MOST_LOGGED + 1) > MOST_LOGGED:
        raise invalid_field("last", _("That is more than %(count)d records. Choose fewer days or one screen.")
                            % {"count": MOST_LOGGED})  # fmt: skip
    lines = log_export.log_lines(town, screens, start, end, content_names.recorded_names_of)
    return HttpResponse(b"".join(lines), content_type="application/jsonl")
