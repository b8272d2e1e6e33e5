"""Operations on what screens show when: the coming days, a day that was, and switching a display off for a time."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query
from pydantic import Field

from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import invalid_field
from beffroi_server.api.values import Answer, Change, Day, Instant, Slug, find_row
from beffroi_server.fleet import screen_scopes, services
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets
from beffroi_server.monitoring.programme_calendar import programme_calendar
from beffroi_server.monitoring.proof import content_names
from beffroi_server.monitoring.proof.screen_day import SpanKind, read_day

TAG = "screens"
MOST_DAYS = 14
FURTHEST = dt.timedelta(days=732)
"""Before and after today that can be looked at."""


class SlideAnswer(Answer):
    """A slide with its share of a part of a day."""

    name: str
    share: str
    """Such as ``33 %``."""
    announcement: uuid.UUID | None
    media: int | None
    rules: list[int]
    """By which it is shown; none where it is published directly."""


class PartAnswer(Answer):
    """A part of a day in which the same slides take turns; none while nothing is scheduled."""

    start: dt.datetime
    end: dt.datetime
    slides: list[SlideAnswer]


class OffAnswer(Answer):
    """A time in which the display is off."""

    start: dt.datetime
    end: dt.datetime


class DayAnswer(Answer):
    """A day of the town, with its parts in order."""

    day: dt.date
    parts: list[PartAnswer]
    off: list[OffAnswer]


class ProgrammeAnswer(Answer):
    """What a screen shows on some days, as its present programme has it."""

    days: list[DayAnswer]


class ProgrammeQuery(Change):
    """Which days are wanted."""

    first: Day
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 1


class SpanAnswer(Answer):
    """A part of a day that was, in one state."""

    kind: SpanKind
    start: dt.datetime
    end: dt.datetime


class PlayedAnswer(Answer):
    """What was on within an hour of a day."""

    hour: dt.datetime
    content: str
    name: str
    times: int
    seconds: int
    percent: int
    """Of the hour."""


class ScreenDayAnswer(Answer):
    """What was on a screen on a day, and why nothing was."""

    day: dt.date
    spans: list[SpanAnswer]
    played: list[PlayedAnswer]
    is_cut: bool
    """Whether there was more than is read."""


class DayQuery(Change):
    """Which day is wanted."""

    day: Day


class OffChange(Change):
    """Until when a display is switched off."""

    until: Instant


class SwitchAnswer(Answer):
    """Whether somebody has switched a display off."""

    switched_off_until: dt.datetime | None


@operation("GET", "/screens/{slug}/programme", scope="screens:read", returns=ProgrammeAnswer, tag=TAG)
def read_screen_programme(request: ApiRequest, slug: Slug, query: Query[ProgrammeQuery]) -> ProgrammeAnswer:
    """Return what a screen shows on some days, and why: slides with their shares, and when it is off."""
    if abs(query.first - timezone.localdate()) > FURTHEST:
        raise invalid_field("first", _("This is more than two years away."))
    found = programme_calendar(Targets(screens=(_screen(request, slug),)), query.first, query.days)
    days = found.sets[0].days if found.sets else ()
    return ProgrammeAnswer(
        days=[
            DayAnswer(
                day=day.date, off=[OffAnswer(start=start, end=end) for start, end in day.dark],
                parts=[
                    PartAnswer(start=part.start, end=part.end, slides=[
                        SlideAnswer(
                            name=each.name, share=each.share,
                            announcement=uuid.UUID(each.announcement) if each.announcement else None,
                            media=int(each.media) if each.media.isdecimal() else None,
                            rules=[reason.rule for reason in each.reasons if reason.rule is not None],
                        )
                        for each in part.slides
                    ])
                    for part in day.parts
                ],
            )
            for day in days
        ]
    )  # fmt: skip


@operation("GET", "/screens/{slug}/day", scope="plays:read", returns=ScreenDayAnswer, tag="plays")
def read_screen_day(request: ApiRequest, slug: Slug, query: Query[DayQuery]) -> ScreenDayAnswer:
    """Return what was on a screen on a day by its display log, hour by hour, with the gaps and their reasons."""
    if abs(query.day - timezone.localdate()) > 5 * FURTHEST:
        raise invalid_field("day", _("This is more than ten years away."))
    found = read_day(_screen(request, slug), query.day, timezone.get_current_timezone(), timezone.now())
    names = content_names.names_of(found.contents)
    return ScreenDayAnswer(
        day=found.day, is_cut=found.is_cut,
        spans=[SpanAnswer(kind=span.kind, start=span.start, end=span.end) for span in found.spans],
        played=[
            PlayedAnswer(hour=hour.start, content=each.content, name=names[each.content], times=each.times,
                         seconds=each.seconds, percent=each.percent)
            for hour in found.hours
            for each in hour.contents
        ],
    )  # fmt: skip


@operation("POST", "/screens/{slug}/off", scope="screens:switch", returns=SwitchAnswer, tag=TAG)
def switch_screen_off(request: ApiRequest, slug: Slug, body: OffChange) -> SwitchAnswer:
    """Switch a display off until an instant, for a month at most; emergencies are still shown."""
    row = _screen(request, slug)
    services.switch_off(row, body.until, user=request.user)
    return SwitchAnswer(switched_off_until=row.switched_off_until)


@operation("POST", "/screens/{slug}/on", scope="screens:switch", returns=SwitchAnswer, tag=TAG)
def switch_screen_on(request: ApiRequest, slug: Slug) -> SwitchAnswer:
    """Let a display follow its hours again."""
    row = _screen(request, slug)
    services.switch_on(row, user=request.user)
    return SwitchAnswer(switched_off_until=row.switched_off_until)


def _screen(request: ApiRequest, slug: str) -> Screen:
    return find_row(screen_scopes.screens_in_scope(request.user).select_related("screen_class"), slug=slug)
