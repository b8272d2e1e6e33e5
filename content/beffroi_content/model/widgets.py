"""Widgets: content that a player draws from data and the time, without a network.

A widget contains its data, about 20 KB at most, and the ages from which the data is stale and useless.
"""

from __future__ import annotations

import datetime as dt
import itertools
from enum import StrEnum
from typing import Annotated, Literal, get_args

from pydantic import Field, NaiveDatetime, StringConstraints, model_validator

from beffroi_content.model.base_models import Colour, Instant, Line, WireModel, newer_word_as

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
PAGE_MS = 10_000
"""The time for which each of several pages is shown: a part of a minute, so that pages change with the minute."""
EARLY_CHART_MS = 3 * 60 * MINUTE_MS
"""How long before it begins the first period of a chart of vigilance is taken to be in force."""
MESSAGE_MS = 8_000
"""The time for which a message of a ticker is shown."""

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=160)]
_Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)]
_Day = Annotated[dt.date, Field(ge=dt.date(1970, 1, 1), le=dt.date(2200, 1, 1))]
_LocalTime = Annotated[NaiveDatetime, Field(ge=dt.datetime(1970, 1, 1), le=dt.datetime(2200, 1, 1))]  # noqa: DTZ001
_Number = Annotated[float, Field(ge=-1e12, le=1e12)]
_Duration = Annotated[int, Field(ge=0, le=3_660 * DAY_MS)]


class DataFreshness(StrEnum):
    """Freshness of data at an instant."""

    FRESH = "fresh"
    DATED = "dated"
    """Shown, with the time that it is from."""
    USELESS = "useless"
    """Too old to be shown."""


class _TitledWidget(WireModel):
    title: Line = ""

    @property
    def tick_ms(self) -> int | None:
        """The interval at which it is drawn again, in milliseconds; None: never."""
        return MINUTE_MS


class _AgeingWidget(_TitledWidget):
    """Base of widgets with data that was known at an instant, and ages."""

    source: _Short = ""
    """The origin of the data as the town calls it, such as “Médiathèque”."""
    credit: _Short = ""
    """The name of who made the data, where its licence asks for it, such as “MET Norway, CC BY 4.0”."""
    fetched_at_ms: Instant | None = None
    """The instant at which the data was right; None: it was written by hand and does not age."""
    stale_after_ms: _Duration = DAY_MS
    """The age from which its time is shown with it."""
    useless_after_ms: _Duration | None = None
    """The age from which it is not shown at all; None: never."""

    def freshness_at(self, at_ms: int | None) -> DataFreshness:
        """Return how fresh the data is at an instant; None: the time is not known."""
        if self.fetched_at_ms is None:
            return DataFreshness.FRESH
        if at_ms is None:
            return DataFreshness.DATED if self.useless_after_ms is None else DataFreshness.USELESS
        age_ms = at_ms - self.fetched_at_ms
        if self.useless_after_ms is not None and age_ms >= self.useless_after_ms:
            return DataFreshness.USELESS
        return DataFreshness.DATED if age_ms >= self.stale_after_ms else DataFreshness.FRESH


class _PagedWidget(_AgeingWidget):
    """Base of widgets whose data may need several pages, one after the other."""

    @property
    def tick_ms(self) -> int | None:
        """The interval at which the page changes, in milliseconds."""
        return PAGE_MS


class ClockWidget(_TitledWidget):
    """The time of day and the date."""

    kind: Literal["clock"] = "clock"
    is_analogue: bool = False
    """Whether a large canvas shows a face with hands beside the figures."""


class CountdownWidget(_TitledWidget):
    """The days, hours and minutes to an instant."""

    kind: Literal["countdown"] = "countdown"
    target_at_ms: Instant
    after: Line = ""
    """The text from then on."""


class TickerMessage(WireModel):
    """A short message."""

    text: _Text
    until_ms: Instant | None = None
    """First instant at which it is no longer shown."""


class TickerWidget(_TitledWidget):
    """Short messages, one at a time."""

    kind: Literal["ticker"] = "ticker"
    messages: Annotated[tuple[TickerMessage, ...], Field(max_length=40)] = ()

    @property
    def tick_ms(self) -> int | None:
        """The interval at which the message changes, in milliseconds."""
        return MESSAGE_MS


class AgendaEvent(WireModel):
    """An event. Times are local."""

    title: _Text
    starts: _LocalTime
    ends: _LocalTime | None = None
    place: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)] = ""
    whole_days: bool | None = None
    """Whether it takes whole days; None: midnight at both ends, or at the only one, means that."""

    @model_validator(mode="after")
    def _check_times(self) -> AgendaEvent:
        if self.ends is not None and self.ends < self.starts:
            raise ValueError("an event ends after it starts")
        return self

    @property
    def is_whole_day(self) -> bool:
        """Tell whether it takes whole days."""
        if self.whole_days is not None:
            return self.whole_days
        return self.starts.time() == dt.time() and (self.ends is None or self.ends.time() == dt.time())

    @property
    def over_at(self) -> dt.datetime:
        """The end of the event in local time; where none is given, an hour after it began."""
        if self.is_whole_day:
            ends = self.ends or self.starts
            return ends if ends > self.starts else self.starts + dt.timedelta(days=1)
        if self.ends is None or self.ends == self.starts:
            return self.starts + dt.timedelta(hours=1)
        return self.ends


class AgendaWidget(_PagedWidget):
    """The next events; those that are over are left out."""

    kind: Literal["agenda"] = "agenda"
    events: Annotated[tuple[AgendaEvent, ...], Field(max_length=60)] = ()


class NewsItem(WireModel):
    """A message of a feed."""

    title: _Text
    published_at_ms: Instant | None = None
    source: _Short = ""


class NewsWidget(_PagedWidget):
    """The newest messages of a feed."""

    kind: Literal["news"] = "news"
    items: Annotated[tuple[NewsItem, ...], Field(max_length=40)] = ()


class SkyCondition(StrEnum):
    """The weather of a day in one word."""

    SUN = "sun"
    VEILED = "veiled"
    CLOUD = "cloud"
    FOG = "fog"
    RAIN = "rain"
    SHOWERS = "showers"
    STORM = "storm"
    SNOW = "snow"
    WIND = "wind"
    UNKNOWN = "unknown"


_Celsius = Annotated[int, Field(ge=-90, le=70)]
_Speed = Annotated[int, Field(ge=0, le=500)]


class WeatherDay(WireModel):
    """The forecast of a day: degrees Celsius, and kilometres an hour."""

    day: _Day
    sky: Annotated[SkyCondition, newer_word_as(SkyCondition.UNKNOWN)] = SkyCondition.UNKNOWN
    low: _Celsius | None = None
    high: _Celsius
    wind_kmh: _Speed | None = None


class WeatherWidget(_PagedWidget):
    """The weather of today and of the next days."""

    kind: Literal["weather"] = "weather"
    days: Annotated[tuple[WeatherDay, ...], Field(max_length=7)] = ()


_VigilanceLevel = Annotated[int, Field(ge=1, le=4)] | None
"""1 green, 2 yellow, 3 orange, 4 red; None: nobody knows, which is never drawn as green."""


class WeatherDanger(WireModel):
    """A danger of the weather and its level."""

    name: _Short
    level: _VigilanceLevel


_Phenomena = Annotated[tuple[WeatherDanger, ...], Field(max_length=9)]


class VigilancePeriod(WireModel):
    """A time for which one level and its dangers are declared."""

    begins_at_ms: Instant
    ends_at_ms: Instant
    """First instant at which it is over."""
    level: _VigilanceLevel = None
    phenomena: _Phenomena = ()


class VigilanceWidget(_PagedWidget):
    """The vigilance of Météo-France for a department."""

    kind: Literal["vigilance"] = "vigilance"
    department: _Short
    level: _VigilanceLevel = None
    phenomena: _Phenomena = ()
    """Level and dangers at the instant of ``fetched_at_ms``; where there are periods, these say more."""
    periods: Annotated[tuple[VigilancePeriod, ...], Field(max_length=4)] = ()
    """In order of time."""
    advice: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""

    def period_at(self, at_ms: int) -> VigilancePeriod:
        """Return what is in force at an instant; its level is unknown where no period tells it."""
        if not self.periods:
            return VigilancePeriod(begins_at_ms=0, ends_at_ms=at_ms, level=self.level, phenomena=self.phenomena)
        # A chart may be out before the time that it is for.
        known = (each for each in self.periods if each.begins_at_ms - EARLY_CHART_MS <= at_ms < each.ends_at_ms)
        return next(known, VigilancePeriod(begins_at_ms=0, ends_at_ms=at_ms))

    def next_period_at(self, at_ms: int) -> VigilancePeriod | None:
        """Return the period after the one in force, if it is graver than that; it is to be announced."""
        now = self.period_at(at_ms)
        following = next((each for each in self.periods if each.begins_at_ms > at_ms and each != now), None)
        return following if following and (following.level or 0) > max(now.level or 0, 1) else None


_Cells = Annotated[tuple[Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)], ...],
                   Field(min_length=1, max_length=8)]  # fmt: skip


class TableWidget(_PagedWidget):
    """A timetable or a menu. A first column of dates or weekdays tells which row is today's."""

    kind: Literal["table"] = "table"
    heading: Annotated[tuple[_Short, ...], Field(max_length=8)] = ()
    rows: Annotated[tuple[_Cells, ...], Field(max_length=60)] = ()


class QrWidget(_TitledWidget):
    """The address of a page, to be scanned."""

    kind: Literal["qr"] = "qr"
    address: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=300)]
    text: Line = ""

    @property
    def tick_ms(self) -> int | None:
        """None: it never changes."""
        return None


class CounterWidget(_AgeingWidget):
    """A number, what it counts, and how it has changed."""

    kind: Literal["counter"] = "counter"
    value: _Number
    unit: Annotated[str, StringConstraints(strip_whitespace=True, max_length=12)] = ""
    label: Line = ""
    change: _Number | None = None
    change_label: _Short = ""
    """The time of comparison, such as “depuis hier”."""


class GaugeSegment(WireModel):
    """A part of a scale, from the end of the one before."""

    until: _Number
    word: Annotated[str, StringConstraints(strip_whitespace=True, max_length=30)]
    colour: Colour


class GaugeWidget(_AgeingWidget):
    """A value on a scale of colours, such as the quality of the air."""

    kind: Literal["gauge"] = "gauge"
    value: _Number
    unit: Annotated[str, StringConstraints(strip_whitespace=True, max_length=12)] = ""
    least: _Number = 0
    segments: Annotated[tuple[GaugeSegment, ...], Field(min_length=1, max_length=8)]
    advice: Line = ""

    @model_validator(mode="after")
    def _check_segments(self) -> GaugeWidget:
        ends = (self.least, *(segment.until for segment in self.segments))
        if any(later <= earlier for earlier, later in itertools.pairwise(ends)):
            raise ValueError("each segment of a gauge ends above the one before")
        return self

    @property
    def segment_index(self) -> int:
        """The index of the segment that the value lies in, from 0."""
        last = len(self.segments) - 1
        return next((at for at, segment in enumerate(self.segments) if self.value < segment.until), last)


class PollOption(WireModel):
    """An answer and how many gave it."""

    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    votes: Annotated[int, Field(ge=0, le=1_000_000_000)]


class PollWidget(_AgeingWidget):
    """What people answered, as shares. The title is the question."""

    kind: Literal["poll"] = "poll"
    options: Annotated[tuple[PollOption, ...], Field(min_length=1, max_length=8)]


Widget = Annotated[
    ClockWidget
    | CountdownWidget
    | TickerWidget
    | AgendaWidget
    | NewsWidget
    | WeatherWidget
    | VigilanceWidget
    | TableWidget
    | QrWidget
    | CounterWidget
    | GaugeWidget
    | PollWidget,
    Field(discriminator="kind"),
]
DataWidget = (
    AgendaWidget | NewsWidget | WeatherWidget | VigilanceWidget | TableWidget | CounterWidget | GaugeWidget | PollWidget
)
WIDGET_KINDS = frozenset(
    kind for model in get_args(get_args(Widget)[0]) for kind in get_args(model.model_fields["kind"].annotation)
)
"""The kinds of the union above, read from its members."""
