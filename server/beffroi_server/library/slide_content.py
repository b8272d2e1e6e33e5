"""Conversion of announcements into the content of slides: a laid-out announcement, or a widget that changes by itself.

The fields of an announcement have another meaning in each widget: a ticker takes a message from each line of its
body, a countdown the instant of its start, a table the data of its feed.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.model import widgets
from beffroi_content.templates.widgets.gauge import AIR_QUALITY
from beffroi_server.accounts.models import Town, UserRole
from beffroi_server.core.text import shorten_text
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import content_owners
from beffroi_server.library.event_dates import event_is_over
from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import EVENT_TEMPLATES, FEED_TEMPLATES, WIDGET_TEMPLATES
from beffroi_server.library.town_branding import permalink_of

MAX_EVENTS = 40
"""Events of an agenda at most; the soonest are shown."""
MAX_MESSAGES, MESSAGE_LENGTH = 40, 160
"""Messages of a ticker at most, and the characters of a message or of an event in an agenda."""
MAX_ROWS = 60
"""Rows of a table at most."""
_FIGURE = re.compile(r"(?P<number>[+\u2212-]?\d(?:[\d\s\u202f\xa0.,]*\d)?)(?P<unit>.*)", re.DOTALL)
_CHANGE = re.compile(r"(?P<number>[+\u2212-]?\d(?:[\d\s\u202f\xa0.,]*\d)?)\s*(?P<label>.*)")
_VOTE_LINE = re.compile(r"^(?P<label>.+?)\s*:\s*(?P<votes>\d[\d\s]*)$")

DrawnContent = content.Announcement | content.Widget


def drawn_content(announcement: Announcement, town: Town) -> DrawnContent:
    """Return the announcement or widget that screens of a town draw.

    Raises:
        ValueError: its fields do not make one; the message is for people.
    """
    if announcement.template not in WIDGET_TEMPLATES:
        drawn = announcement.to_content(town.time_zone)
        permalink = permalink_of(announcement.pk, town)
        return drawn.replace(permalink=permalink) if permalink else drawn
    return _WIDGET_BUILDERS[announcement.template](announcement, ZoneInfo(town.time_zone))


def slide_content(shown: DrawnContent) -> content.AnnouncementContent | content.WidgetContent:
    """Return the content of a slide that shows an announcement or widget."""
    if isinstance(shown, content.Announcement):
        return content.AnnouncementContent(announcement=shown)
    return content.WidgetContent(widget=shown)


def _clock_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.ClockWidget(title=announcement.title, is_analogue=True)


def _countdown_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    if announcement.starts is None:
        raise ValueError(_("Enter the date and time it counts down to."))
    after = next(iter(_non_empty_lines(announcement.body)), "")[:200]
    return widgets.CountdownWidget(title=announcement.title, target_at_ms=unix_ms(announcement.starts), after=after)


def _ticker_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    lines = _non_empty_lines(announcement.body)
    if not 1 <= len(lines) <= MAX_MESSAGES or any(len(line) > MESSAGE_LENGTH for line in lines):
        raise ValueError(_("Write one message per line: up to 40 messages of up to 160 characters each."))
    messages = [{"text": line} for line in lines]
    return widgets.TickerWidget.model_validate({"title": announcement.title, "messages": messages})


def _agenda_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    if announcement.feed is not None:
        return widgets.AgendaWidget.model_validate(_feed_fields(announcement))
    # The schedule knows what was taken off the screens: a wrong date must not stay in the agenda either.
    events = Announcement.objects.filter(template__in=EVENT_TEMPLATES, starts__isnull=False, archived_at=None)
    events_of_town = content_owners.shown_with(events, announcement.municipality_id).exclude(
        placement__taken_off_at__isnull=False
    )
    # Nor is an agenda a way round the approval of what contributors write.
    approved = Announcement.objects.filter(proposals__state="approved", proposals__version=F("version"))
    events_of_town = events_of_town.exclude(
        Q(updated_by__role=UserRole.CONTRIBUTOR) & ~Q(pk__in=approved.order_by().values("pk"))
    )
    # Shared by who reaches some screens only, it is for these, until somebody shows it everywhere or approves it.
    everywhere = Q(placement__everywhere=True) | Q(pk__in=approved.order_by().values("pk"))
    limited = Q(municipality=None, updated_by__is_limited_to_groups=True) & ~Q(updated_by=announcement.updated_by_id)
    events_of_town = events_of_town.exclude(limited & ~everywhere)
    coming = events_of_town.exclude(event_is_over(timezone.now(), zone)).order_by("starts")
    listed = [
        {
            "title": shorten_text(event.title, MESSAGE_LENGTH),
            "starts": _local_time(event.starts, zone),
            "ends": _local_time(event.ends, zone),
            "place": shorten_text(event.place, 80),
        }
        for event in coming[:MAX_EVENTS]
    ]
    return widgets.AgendaWidget.model_validate({"title": announcement.title, "events": listed})


def _poll_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    found = [_VOTE_LINE.match(line) for line in _non_empty_lines(announcement.body)]
    options: list[dict[str, Any]] = [
        {"label": match["label"], "votes": int(re.sub(r"\s", "", match["votes"]))} for match in found if match
    ]
    too_long = any(len(option["label"]) > 80 or option["votes"] > 1_000_000_000 for option in options)
    if not 1 <= len(options) <= 8 or not all(found) or too_long:
        raise ValueError(_("Write one answer per line, up to eight, with its votes: “Yes: 120”."))
    return widgets.PollWidget.model_validate(
        {"title": announcement.title, "options": options, "source": shorten_text(announcement.source, 60)}
    )


def _feed_fields(announcement: Announcement) -> dict[str, Any]:
    """Return the fields of a widget that shows a feed: its data, under the title of the announcement.

    Raises:
        ValueError: no feed of the right kind is chosen, or it was not read yet.
    """
    feed, wanted = announcement.feed, FEED_TEMPLATES[announcement.template]
    if feed is None or feed.kind != wanted:
        raise ValueError(_("Choose a feed of type “%(kind)s”.") % {"kind": wanted.label})
    if not feed.data:
        raise ValueError(
            _("The feed “%(name)s” has not been read yet. %(problem)s") % {"name": feed, "problem": feed.problem}
        )
    return {"title": announcement.title, **feed.widget_values()}


def _news_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.NewsWidget.model_validate(_feed_fields(announcement))


def _weather_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.WeatherWidget.model_validate(_feed_fields(announcement) | {"source": "MET Norway"})


def _vigilance_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    return widgets.VigilanceWidget.model_validate(_feed_fields(announcement) | {"source": "Météo-France"})


def _table_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    if announcement.feed is not None:
        return widgets.TableWidget.model_validate(_feed_fields(announcement))
    rows = [tuple(cell.strip()[:100] for cell in line.split("|"))[:8] for line in _non_empty_lines(announcement.body)]
    if len(rows) < 2:
        raise ValueError(_("Write a heading and at least one row, or choose a feed."))
    heading = [shorten_text(cell, 60) for cell in rows[0]]
    return widgets.TableWidget.model_validate(
        {"title": announcement.title, "heading": heading, "rows": rows[1 : MAX_ROWS + 1]}
    )


def _counter_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    value, unit = _number_and_unit(announcement.figure)
    lines = [*_non_empty_lines(announcement.body), "", ""]
    change = _CHANGE.match(lines[1])
    values = {"title": announcement.title, "value": value, "unit": unit, "label": shorten_text(lines[0], 200)}
    if change:
        values |= {"change": _number(change["number"]), "change_label": shorten_text(change["label"], 60)}
    return widgets.CounterWidget.model_validate(values)


def _gauge_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    value, unit = _number_and_unit(announcement.figure)
    rows = [[cell.strip() for cell in line.split("|")] for line in _non_empty_lines(announcement.body)]
    if not rows:
        rows = [[str(20 * number), word, colour] for number, (word, colour) in enumerate(AIR_QUALITY, 1)]
    if any(len(row) != 3 for row in rows):
        raise ValueError(_gauge_advice())
    segments = [{"until": _number(row[0]), "word": row[1], "colour": row[2].lower()} for row in rows]
    values = {"title": announcement.title, "value": value, "unit": unit, "segments": segments}
    try:
        return widgets.GaugeWidget.model_validate(values | {"source": shorten_text(announcement.source, 60)})
    except ValueError as error:
        raise ValueError(_gauge_advice()) from error


def _gauge_advice() -> str:
    return _("Each part of the scale has a rising value, a word and a colour such as #50ccaa; up to eight parts.")


def _qr_widget(announcement: Announcement, zone: ZoneInfo) -> content.Widget:
    if not announcement.link or len(announcement.link) > 300:
        raise ValueError(_("Enter the web page that the code leads to, with up to 300 characters."))
    text = next(iter(_non_empty_lines(announcement.body)), "")[:200]
    return widgets.QrWidget(title=announcement.title, address=announcement.link, text=text)


def _number_and_unit(figure: str) -> tuple[float, str]:
    """Return the number that a figure such as ``12 450 km`` begins with, and its unit.

    Raises:
        ValueError: it begins with no number; the message is for people.
    """
    found = _FIGURE.match(figure.strip())
    if found is None:
        raise ValueError(_("Enter a number as the figure, for example 12,450 or 47."))
    return _number(found["number"]), found["unit"].strip()[:12]


def _number(text: str) -> float:
    """Return a number as people write it: ``12 450``, ``3,5``, ``12,450`` or ``+312``.

    Raises:
        ValueError: it is none; the message is for people.
    """
    plain = re.sub(r"[\s\u202f\xa0]", "", text).replace("\u2212", "-")
    # A comma or a point before exactly three figures groups them, as in 12,450; otherwise it begins the decimals.
    plain = re.sub(r"[.,](?=\d{3}(?!\d))", "", plain).replace(",", ".")
    try:
        return float(plain)
    except ValueError as error:
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text[:40]}) from error


_WIDGET_BUILDERS = {
    "clock": _clock_widget,
    "countdown": _countdown_widget,
    "ticker": _ticker_widget,
    "agenda": _agenda_widget,
    "poll": _poll_widget,
    "headlines": _news_widget,
    "weather": _weather_widget,
    "vigilance": _vigilance_widget,
    "table": _table_widget,
    "counter": _counter_widget,
    "gauge": _gauge_widget,
    "qr": _qr_widget,
}


def _non_empty_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _local_time(moment: dt.datetime | None, zone: ZoneInfo) -> dt.datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None) if moment else None
