"""What the API takes and returns of screens: settings, hours, states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import Field, StringConstraints, model_validator

from beffroi_content.model import ScreenAppearance, SlideTransition, UncertainClock
from beffroi_server.api.languages import Languages
from beffroi_server.api.values import (
    Answer,
    Change,
    Day,
    Key,
    Line200,
    MinuteOfDay,
    Name80,
    PageQuery,
    Search,
    Slug,
    Slugs,
    TimeOfDay,
    WarningText,
)
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.screen_hours import MAX_SPECIAL_DAYS, DayMode
from beffroi_server.monitoring import status_text
from beffroi_server.monitoring.screen_overview import ScreenOverview

TAG = "screens"
READ, WRITE = "screens:read", "screens:write"
ScreenState = Literal["right", "pending", "wrong", "offline", "new"]
OutputText = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
SoundLevel = Literal["", "vigilance", "alert", "emergency"]
PercentOfLight = Annotated[int, Field(ge=1, le=100)]


class StateAnswer(Answer):
    """State of a screen."""

    state: ScreenState
    sentence: str
    reasons: list[str]
    """Codes: why it is not “right”."""
    reason_sentences: list[str]
    seen_at: dt.datetime | None


class OffHours(Change):
    """When a display is off on a day: hours that reach over midnight belong to the day on which they begin."""

    mode: DayMode
    off_from: MinuteOfDay | None = None
    """For ``hours``."""
    off_until: MinuteOfDay | None = None

    @model_validator(mode="after")
    def _has_both(self) -> OffHours:
        if (self.mode is DayMode.HOURS) != (self.off_from is not None and self.off_until is not None):
            raise ValueError(_("give both times for “hours”, and none otherwise"))
        return self

    def stored(self) -> dict[str, str]:
        """Return the hours as ``screen_hours`` has them."""
        if self.off_from is None or self.off_until is None:
            return {"mode": self.mode.value}
        return {"mode": self.mode.value, "from": f"{self.off_from:%H:%M}", "until": f"{self.off_until:%H:%M}"}


class WeekdayHours(OffHours):
    """When a display is off on a day of the week."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    """1 is Monday."""


class SpecialDays(OffHours):
    """When a display is off on some days."""

    first: Day
    last: Day

    @model_validator(mode="after")
    def _is_in_order(self) -> SpecialDays:
        if self.last < self.first:
            raise ValueError(_("the last day is before the first"))
        return self


class ScreenAnswer(Answer):
    """A screen with its settings."""

    slug: str
    name: str
    place: str
    screen_class: int
    rotation: int
    groups: list[str]
    appearance: ScreenAppearance
    transition: SlideTransition
    languages: list[str]
    """In which it shows announcements, in order; none: as its groups or the town say, otherwise all."""
    off_from: TimeOfDay | None
    off_until: TimeOfDay | None
    night_brightness: int
    darkest: int
    volume: int
    sound_level: SoundLevel
    """The mildest alerts that are heard; empty: none."""
    sound_volume: int
    sound_speech: bool
    sound_from: TimeOfDay | None
    sound_until: TimeOfDay | None
    sound_at_night: bool
    """Whether emergencies are heard outside these hours, too."""
    overscan_percent: float
    viewports: str
    download_limit: int | None
    download_from: TimeOfDay | None
    download_until: TimeOfDay | None
    neighbours: bool
    idle_after_hours: int | None
    uncertain_clock: UncertainClock
    output: str
    """As the player's option ``--output`` has it; empty: as it was installed."""
    day_hours: list[WeekdayHours]
    """Weekdays on which it is off at other hours."""
    special_days: list[SpecialDays]
    switched_off_until: dt.datetime | None
    enrolled_at: dt.datetime | None


class ScreenWithState(ScreenAnswer):
    """A screen with its settings and its state."""

    state: StateAnswer


class ScreenChange(Change):
    """Settings of a screen."""

    name: Name80 = ""
    place: Line200 = ""
    screen_class: Key = 1
    rotation: Literal[0, 90, 180, 270] = 0
    groups: Slugs = []
    appearance: ScreenAppearance = ScreenAppearance.DAY
    transition: SlideTransition = SlideTransition.CROSSFADE
    languages: Languages = []
    off_from: MinuteOfDay | None = None
    off_until: MinuteOfDay | None = None
    night_brightness: PercentOfLight = 100
    darkest: PercentOfLight = 100
    volume: Annotated[int, Field(ge=0, le=100)] = 0
    sound_level: SoundLevel = ""
    sound_volume: Annotated[int, Field(ge=1, le=100)] = 50
    sound_speech: bool = True
    sound_from: MinuteOfDay | None = dt.time(7)
    sound_until: MinuteOfDay | None = dt.time(22)
    sound_at_night: bool = False
    overscan_percent: Annotated[float, Field(ge=0, le=15)] = 0
    viewports: WarningText = ""
    download_limit: Annotated[int, Field(ge=8, le=1_000_000)] | None = None
    download_from: MinuteOfDay | None = None
    download_until: MinuteOfDay | None = None
    neighbours: bool = False
    idle_after_hours: Annotated[int, Field(ge=1, le=8760)] | None = None
    uncertain_clock: UncertainClock = UncertainClock.BELIEVED
    output: OutputText = ""
    """Such as ``sacn://192.168.1.40?universe=1``; empty: as the player was installed."""
    day_hours: Annotated[list[WeekdayHours], Field(max_length=7)] = []
    special_days: Annotated[list[SpecialDays], Field(max_length=MAX_SPECIAL_DAYS)] = []
    """Ranges of days that differ, such as holidays."""


class NewScreen(ScreenChange):
    """A new screen. Its identifier is made of its name."""

    name: Name80
    screen_class: Key


class ScreenQuery(PageQuery):
    """Which screens are wanted."""

    search: Search = ""
    group: Slug | None = None
    state: ScreenState | None = None


class ShownAnswer(Answer):
    """What is on a screen, and why."""

    at: dt.datetime
    content: str
    reason: str


class NowAnswer(Answer):
    """What a screen shows now, given that it has received everything, and what comes next."""

    state: StateAnswer
    is_verified: bool
    """Whether the player has reported exactly the pixels that are expected."""
    until: dt.datetime | None
    on: list[ShownAnswer]
    """The first is on now."""
    problems: list[str]
    """Slides that it does not show although a rule says so."""


class EnrolmentAnswer(Answer):
    """The code that enrols a player, once; it is not shown again."""

    code: str
    command: str
    """What to type on the player."""


class MachineAnswer(Answer):
    """A machine that has used the identity of a screen."""

    box: str
    address: str
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    is_player: bool


class ImageQuery(Change):
    """How an image is wanted."""

    small: bool = False


def screen_values(row: Screen) -> dict[str, Any]:
    """Return the settings of a screen as its answer has them."""
    built = {"groups", "screen_class", "day_hours", "special_days"}
    return {
        **{name: getattr(row, name) for name in ScreenAnswer.model_fields if name not in built},
        "day_hours": [{**_hours(entry), "weekday": int(day)} for day, entry in sorted(row.day_hours.items())],
        "special_days": [
            {**_hours(entry), "first": entry["first"], "last": entry["last"]} for entry in row.special_days
        ],
        "groups": list(targets.group_slugs_of(row)),
        "screen_class": row.screen_class_id,
    }


def state_answer(overview: ScreenOverview) -> StateAnswer:
    """Return the state of a screen as the API shows it."""
    return StateAnswer.model_validate(
        {
            "state": overview.state, "sentence": status_text.state_text(overview.state)["text"],
            "reasons": overview.reasons, "seen_at": overview.seen_at,
            "reason_sentences": [str(status_text.REASON_TEXTS[code]) for code in overview.reasons],
        }
    )  # fmt: skip


def with_state(overview: ScreenOverview) -> ScreenWithState:
    """Return a screen with its state as the API shows it."""
    return ScreenWithState.model_validate({**screen_values(overview.screen), "state": state_answer(overview)})


def stored_hours(values: dict[str, Any]) -> None:
    """Turn the hours of a request into those that a screen stores."""
    if "day_hours" in values:
        values["day_hours"] = {str(each.weekday): each.stored() for each in values["day_hours"]}
    if "special_days" in values:
        ranges = sorted(values["special_days"], key=lambda each: (each.first, each.last))
        values["special_days"] = [
            {"first": each.first.isoformat(), "last": each.last.isoformat(), **each.stored()} for each in ranges
        ]


def _hours(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"mode": entry["mode"], "off_from": entry.get("from"), "off_until": entry.get("until")}
