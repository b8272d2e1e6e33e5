"""From what an editor wrote to what a screen draws: an announcement, or a widget that changes by itself."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.model import widget as widgets
from beffroi_server.instants import unix_ms
from beffroi_server.library.models import FED, LIVE, Announcement, Template
from beffroi_server.texts import shortened

EVENTS = 40
"""Events of an agenda at most: the soonest."""
MESSAGES, LONGEST = 40, 160
"""Messages of a ticker at most, and the letters of a message or of an event in an agenda."""
_VOTES = re.compile(r"^(?P<label>.+?)\s*:\s*(?P<votes>\d[\d\s]*)$")
_DAY = dt.timedelta(days=1)

Written = content.Announcement | content.Widget


def written(announcement: Announcement, time_zone: str) -> Written:
    """Return what screens draw of an announcement.

    Raises:
        ValueError: it holds what cannot be drawn; the message is for people.
    """
    if announcement.template not in LIVE:
        return announcement.to_content(time_zone)
    return _WIDGETS[Template(announcement.template)](announcement, ZoneInfo(time_zone))


def content_of(shown: Written) -> content.AnnouncementContent | content.WidgetContent:
    """Return it as a slide holds it."""
    if isinstance(shown, content.Announcement):
        return content.AnnouncementContent(announcement=shown)
    return content.WidgetContent(widget=shown)


def _clock(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.ClockWidget(title=announcement.title, is_analogue=True)


def _countdown(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    if announcement.starts is None:
        raise ValueError(_("Say to which day and hour it counts down."))
    after = next(iter(_lines(announcement.body)), "")[:200]
    return widgets.CountdownWidget(title=announcement.title, target_at_ms=unix_ms(announcement.starts), after=after)


def _ticker(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    lines = _lines(announcement.body)
    if not 1 <= len(lines) <= MESSAGES or any(len(line) > LONGEST for line in lines):
        raise ValueError(_("Write a message on each line, forty at most, each of 160 letters at most."))
    messages = [{"text": line} for line in lines]
    return widgets.TickerWidget.model_validate({"title": announcement.title, "messages": messages})


def _agenda(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    if announcement.feed is not None:
        return widgets.AgendaWidget.model_validate(_fed(announcement))
    now = timezone.now()
    lasting = Q(starts__gte=now - _DAY) | Q(ends__gte=now)
    coming = Announcement.objects.filter(lasting, template=Template.EVENT).order_by("starts")
    events = [
        {
            "title": shortened(event.title, LONGEST),
            "starts": _local(event.starts, zone),
            "ends": _local(event.ends, zone),
            "place": shortened(event.place, 80),
        }
        for event in coming[:EVENTS]
    ]
    return widgets.AgendaWidget.model_validate({"title": announcement.title, "events": events})


def _poll(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    found = [_VOTES.match(line) for line in _lines(announcement.body)]
    options: list[dict[str, Any]] = [
        {"label": match["label"], "votes": int(re.sub(r"\s", "", match["votes"]))} for match in found if match
    ]
    too_long = any(len(option["label"]) > 80 or option["votes"] > 1_000_000_000 for option in options)
    if not 1 <= len(options) <= 8 or not all(found) or too_long:
        raise ValueError(_("Write an answer on each line, eight at most, with its votes: “Yes: 120”."))
    return widgets.PollWidget.model_validate(
        {"title": announcement.title, "options": options, "source": shortened(announcement.source, 60)}
    )


def _fed(announcement: Announcement) -> dict[str, Any]:
    """Return the fields of a widget that shows a feed."""
    feed, wanted = announcement.feed, FED[Template(announcement.template)]
    if feed is None or feed.kind != wanted:
        raise ValueError(_("Choose a feed of the kind “%(kind)s”.") % {"kind": wanted.label})
    if not feed.data:
        raise ValueError(
            _("The feed “%(name)s” was not read yet. %(problem)s") % {"name": feed, "problem": feed.problem}
        )
    return {"title": announcement.title, **feed.widget_values()}


def _headlines(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.NewsWidget.model_validate(_fed(announcement))


def _weather(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.WeatherWidget.model_validate(_fed(announcement) | {"source": "MET Norway"})


def _vigilance(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.VigilanceWidget.model_validate(_fed(announcement) | {"source": "Météo-France"})


def _table(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.TableWidget.model_validate(_fed(announcement))


_WIDGETS = {
    Template.CLOCK: _clock,
    Template.COUNTDOWN: _countdown,
    Template.TICKER: _ticker,
    Template.AGENDA: _agenda,
    Template.POLL: _poll,
    Template.HEADLINES: _headlines,
    Template.WEATHER: _weather,
    Template.VIGILANCE: _vigilance,
    Template.TABLE: _table,
}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _local(moment: dt.datetime | None, zone: ZoneInfo) -> dt.datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None) if moment else None
