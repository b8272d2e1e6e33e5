"""Operations on schedule rules and day calendars."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import AfterValidator, Field, ValidationError

from beffroi_content.model import InterjectionCadence, RuleMode
from beffroi_server.accounts.models import Town
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import ApiProblem, invalid_field, invalid_model
from beffroi_server.api.values import (
    Answer,
    Change,
    Day,
    Key,
    Keys,
    MinuteOfDay,
    Name80,
    PageOf,
    PageQuery,
    Slugs,
    find_row,
    named_row,
    named_rows,
    page_of,
)
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.schedule import day_calendars, rule_summary, services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.models import EVERY_DAY, Playlist, RuleRecurrence, ScheduleRule, SolarDaypart

TAG = "rules"
READ, WRITE = "schedule:read", "schedule:write"
MAX_DATES, MAX_TIMES = 400, 7


def _each_once(days: list[int]) -> list[int]:
    return sorted(set(days))


Days = Annotated[list[Day], Field(max_length=MAX_DATES)]
Weekdays = Annotated[
    list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7), AfterValidator(_each_once)
]


class TimeRange(Change):
    """Hours of a day in the town's time; an end before the start is on the next day."""

    start: MinuteOfDay
    end: MinuteOfDay


class RuleAnswer(Answer):
    """A schedule rule."""

    id: int
    name: str
    sentence: str
    """What it does, for people."""
    playlist: int
    everywhere: bool
    screens: list[str]
    groups: list[str]
    priority: int
    mode: RuleMode
    weight: int
    """Its share beside other rules."""
    cadence: InterjectionCadence
    amount: int
    first_date: dt.date | None
    last_date: dt.date | None
    weekdays: list[int]
    """1 is Monday."""
    rhythm: str
    daypart: str
    times: list[TimeRange]
    """Empty: the whole day."""
    extra_dates: list[dt.date]
    except_dates: list[dt.date]
    only_on: list[int]
    """Identifiers of calendars."""
    never_on: list[int]


class RuleChange(Change):
    """Fields of a rule."""

    name: Name80 = ""
    playlist: Key = 1
    everywhere: bool = False
    screens: Slugs = []
    groups: Slugs = []
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    mode: RuleMode = RuleMode.ROTATE
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    cadence: InterjectionCadence = InterjectionCadence.EVERY_MINUTES
    amount: Annotated[int, Field(ge=1, le=3600)] = 10
    first_date: Day | None = None
    last_date: Day | None = None
    weekdays: Weekdays = [1, 2, 3, 4, 5, 6, 7]
    rhythm: Literal["weekly", "fortnightly", "1", "2", "3", "4", "-1"] = "weekly"
    daypart: Literal["", "daylight", "dark"] = ""
    times: Annotated[list[TimeRange], Field(max_length=MAX_TIMES)] = []
    extra_dates: Days = []
    except_dates: Days = []
    only_on: Keys = []
    never_on: Keys = []


class NewRule(RuleChange):
    """A new rule."""

    name: Name80
    playlist: Key


class CalendarAnswer(Answer):
    """Named days, such as school holidays."""

    id: int
    name: str
    country: str
    """Of public holidays, which need no import."""
    days: list[tuple[dt.date, dt.date]]
    """First and last day of each range; of public holidays, those of the years around."""


class DaySpan(Change):
    """Days in a row."""

    first: Day
    last: Day


class NewCalendar(Change):
    """Name and days of a calendar."""

    name: Name80
    days: Annotated[list[DaySpan], Field(max_length=2_000)]


def rule_rows() -> Any:
    """Return the schedule rules with what their answers show."""
    return ScheduleRule.objects.select_related("playlist").prefetch_related("screens", "groups", "only_on", "never_on")


def rule_answer(row: ScheduleRule) -> RuleAnswer:
    """Return a schedule rule as the API shows it."""
    return RuleAnswer(
        id=row.pk, name=row.name, sentence=rule_summary.saved_rule_sentence(row), playlist=row.playlist_id,
        everywhere=row.everywhere, screens=sorted(each.slug for each in row.screens.all()),
        groups=sorted(each.slug for each in row.groups.all()), priority=row.priority, mode=RuleMode(row.mode),
        weight=row.weight, cadence=InterjectionCadence(row.cadence), amount=row.amount, first_date=row.first_date,
        last_date=row.last_date, weekdays=[int(day) for day in row.weekdays], rhythm=row.rhythm, daypart=row.daypart,
        times=_times(row), extra_dates=[dt.date.fromisoformat(day) for day in row.extra_dates],
        except_dates=[dt.date.fromisoformat(day) for day in row.except_dates],
        only_on=sorted(each.pk for each in row.only_on.all()), never_on=sorted(each.pk for each in row.never_on.all()),
    )  # fmt: skip


def _times(row: ScheduleRule) -> list[TimeRange]:
    if row.start_time is None or row.end_time is None:
        return []
    first = TimeRange(start=row.start_time.replace(second=0, microsecond=0),
                      end=row.end_time.replace(second=0, microsecond=0))  # fmt: skip
    return [first, *(TimeRange.model_validate({"start": start, "end": end}) for start, end in row.more_times)]


@operation("GET", "/rules", scope=READ, returns=PageOf[RuleAnswer], tag=TAG)
def list_rules(request: ApiRequest, query: Query[PageQuery]) -> PageOf[RuleAnswer]:
    """List schedule rules, those of the highest priority first."""
    return page_of(query, screen_scopes.rows_in_scope(rule_rows(), request.user), rule_answer)


@operation("POST", "/rules", scope=WRITE, returns=RuleAnswer, status=201, tag=TAG)
def create_rule(request: ApiRequest, body: NewRule) -> Status[RuleAnswer]:
    """Make a rule that shows a playlist on screens."""
    return Status(201, _save(ScheduleRule(), body, request))


@operation("GET", "/rules/{rule_id}", scope=READ, returns=RuleAnswer, tag=TAG)
def read_rule(request: ApiRequest, rule_id: Key) -> RuleAnswer:
    """Return a rule."""
    return rule_answer(find_row(rule_rows(), pk=rule_id))


@operation("PATCH", "/rules/{rule_id}", scope=WRITE, returns=RuleAnswer, tag=TAG)
def change_rule(request: ApiRequest, rule_id: Key, body: RuleChange) -> RuleAnswer:
    """Change a rule; the screens that it reaches or leaves follow."""
    return _save(find_row(rule_rows(), pk=rule_id), body, request)


@operation("DELETE", "/rules/{rule_id}", scope=WRITE, status=204, tag=TAG)
def delete_rule(request: ApiRequest, rule_id: Key) -> Status[None]:
    """Delete a rule; its playlist stays."""
    services.delete_rule(find_row(rule_rows(), pk=rule_id), user=request.user)
    return Status(204, None)


def _save(rule: ScheduleRule, body: RuleChange, request: ApiRequest) -> RuleAnswer:
    values = body.given()
    related: dict[str, Any] = {}
    for name, rows, key in (
        ("screens", Screen.objects.all(), "slug"), ("groups", ScreenGroup.objects.all(), "slug"),
        ("only_on", DayCalendar.objects.all(), "pk"), ("never_on", DayCalendar.objects.all(), "pk"),
    ):  # fmt: skip
        if name in values:
            related[name] = named_rows(rows, values.pop(name), name, key=key)
    if values.get("everywhere"):
        related |= {"screens": [], "groups": []}
    if "playlist" in values:
        values["playlist"] = named_row(Playlist.objects.all(), body.playlist, "playlist")
    for name, value in _stored_values(values).items():
        setattr(rule, name, value)
    for name in ("only_on", "never_on"):
        if name in related:
            setattr(rule, f"chosen_{name}", related[name])
    try:
        rule.to_content()
    except ValidationError as error:
        raise invalid_model(error) from error
    services.save_rule(rule, user=request.user, **related)
    return rule_answer(find_row(rule_rows(), pk=rule.pk))


def _stored_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a request as the model has them."""
    times: list[TimeRange] | None = values.pop("times", None)
    if times is not None:
        if any(each.start == each.end for each in times):
            raise invalid_field("times", _("A time range ends at another time than it starts."))
        values["start_time"] = times[0].start if times else None
        values["end_time"] = times[0].end if times else None
        values["more_times"] = [[f"{each.start:%H:%M}", f"{each.end:%H:%M}"] for each in times[1:]]
    if "weekdays" in values:
        values["weekdays"] = "".join(map(str, values["weekdays"])) or EVERY_DAY
    for name in ("extra_dates", "except_dates"):
        if name in values:
            values[name] = sorted({day.isoformat() for day in values[name]})
    for name, kind in (("mode", str), ("cadence", str), ("rhythm", RuleRecurrence), ("daypart", SolarDaypart)):
        if name in values:
            values[name] = kind(values[name])
    return values


def calendar_answer(row: DayCalendar) -> CalendarAnswer:
    """Return a day calendar as the API shows it."""
    days = [(each.first, each.last) for each in row.to_content().days] if row.country else row.days
    return CalendarAnswer(id=row.pk, name=row.name, country=row.country, days=days)


@operation("GET", "/calendars", scope=READ, returns=PageOf[CalendarAnswer], tag=TAG)
def list_calendars(request: ApiRequest, query: Query[PageQuery]) -> PageOf[CalendarAnswer]:
    """List day calendars."""
    return page_of(query, DayCalendar.objects.all(), calendar_answer)


@operation("POST", "/calendars", scope=WRITE, returns=CalendarAnswer, status=201, tag=TAG)
def create_calendar(request: ApiRequest, body: NewCalendar) -> Status[CalendarAnswer]:
    """Create a day calendar."""
    return Status(201, _save_calendar(DayCalendar(), body, request))


@operation("GET", "/calendars/{calendar_id}", scope=READ, returns=CalendarAnswer, tag=TAG)
def read_calendar(request: ApiRequest, calendar_id: Key) -> CalendarAnswer:
    """Return a day calendar."""
    return calendar_answer(find_row(DayCalendar.objects.all(), pk=calendar_id))


@operation("PUT", "/calendars/{calendar_id}", scope=WRITE, returns=CalendarAnswer, tag=TAG)
def replace_calendar(request: ApiRequest, calendar_id: Key, body: NewCalendar) -> CalendarAnswer:
    """Give a day calendar another name and other days."""
    return _save_calendar(_own_calendar(calendar_id), body, request)


@operation("DELETE", "/calendars/{calendar_id}", scope=WRITE, status=204, tag=TAG)
def delete_calendar(request: ApiRequest, calendar_id: Key) -> Status[None]:
    """Delete a day calendar; rules that depend on it go on without it."""
    services.delete_calendar(_own_calendar(calendar_id), user=request.user)
    return Status(204, None)


def _own_calendar(calendar_id: int) -> DayCalendar:
    row = find_row(DayCalendar.objects.all(), pk=calendar_id)
    if row.country:
        raise ApiProblem(409, "public-holidays", _("The public holidays are not changed here."))
    return row


def _save_calendar(row: DayCalendar, body: NewCalendar, request: ApiRequest) -> CalendarAnswer:
    if any(each.last < each.first for each in body.days):
        raise invalid_field("days", _("A range of days ends before it begins."))
    ranges = [{"first": each.first.isoformat(), "last": each.last.isoformat(), "places": []} for each in body.days]
    town = Town.objects.first()
    today = timezone.localdate() if town is not None else dt.date(2000, 1, 1)
    row.name = body.name
    row.days = day_calendars.days_to_save({"data": {"ranges": ranges}}, "", today)
    services.save_calendar(row, user=request.user)
    return calendar_answer(find_row(DayCalendar.objects.all(), pk=row.pk))
