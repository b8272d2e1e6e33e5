"""Agenda: what takes place next; what has passed leaves by itself."""

from __future__ import annotations

import datetime as dt

from beffroi_content.model.widgets import AgendaEvent, AgendaWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page
from beffroi_content.raster.text.dates import EventDateText, describe_event_dates, short_day_text, time_text
from beffroi_content.templates.declarations import LocalisedText, TemplateField, WidgetTemplate
from beffroi_content.templates.samples import SAMPLE_DAY
from beffroi_content.templates.widget_layout.entry_list import ListEntry, entry_page
from beffroi_content.templates.widget_layout.phrases import phrase
from beffroi_content.templates.widget_layout.stale_data import message_page, missing_data_page, source_note
from beffroi_content.templates.widget_layout.widget_page import local_time

_LONG = dt.timedelta(days=7)
"""An event that lasts longer is one of many days, such as an exhibition."""
_FORESEEABLE = dt.timedelta(days=300)
"""An end beyond is not named."""


def agenda_page(widget: AgendaWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return what takes place next."""
    title = widget.title or phrase("agenda", canvas.locale)
    if page := missing_data_page(widget, canvas, at_ms, title, needs_time=True):
        return page
    assert at_ms is not None
    now = local_time(at_ms, canvas)
    coming = sorted((event for event in widget.events if event.over_at > now), key=lambda event: _turn(event, now))
    if not coming:
        return message_page(canvas, title, "no-events")
    entries = [_event_entry(event, now, canvas.locale) for event in coming]
    return entry_page(canvas, title, source_note(widget, canvas, at_ms), entries, at_ms)


def _turn(event: AgendaEvent, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return what events are ordered by: what has gone on for days comes after what begins within a week."""
    today = dt.datetime.combine(now.date(), dt.time())
    has_gone_on = event.starts < today and event.over_at - event.starts > _LONG
    return (today + _LONG if has_gone_on else event.starts), event.starts


def _event_entry(event: AgendaEvent, now: dt.datetime, locale: str) -> ListEntry:
    when = describe_event_dates(event.starts, event.ends, locale, whole_days=event.is_whole_day)
    is_on = event.starts <= now
    hours = when.hours
    if event.ends is not None and not event.is_whole_day and when.first != when.last:
        # The hour of the first day says nothing of an event that goes over several.
        hours = "" if is_on else hours
    day = _day_text(when, now.date(), locale)
    start = "" if event.is_whole_day or is_on else time_text(event.starts.time(), locale)
    short = " · ".join(part for part in (day, start) if part)
    return ListEntry((day, hours), event.title, event.place, short, is_on)


def _day_text(when: EventDateText, today: dt.date, locale: str) -> str:
    if when.first < today < when.last:
        # A day years away, which has no year beside it, would be taken for one of this year.
        if when.last - today > _FORESEEABLE:
            return phrase("today", locale)
        return phrase("until", locale, day=short_day_text(when.last, locale))
    if when.first in (when.last, today):
        away = (when.first - today).days
        if away in (0, 1):
            return phrase(("today", "tomorrow")[away], locale)
    return phrase("today", locale) if when.last == today else when.short_days


def _sample() -> AgendaWidget:
    return AgendaWidget(title="Agenda", events=_SAMPLE_EVENTS, source="Agenda de la ville")


def _at(days: int, time: str) -> dt.datetime:
    return dt.datetime.combine(SAMPLE_DAY + dt.timedelta(days), dt.time.fromisoformat(time))


_SAMPLE_EVENTS = (
    AgendaEvent(
        title="Conte de Noël pour les tout-petits",
        starts=_at(0, "10:30"),
        ends=_at(0, "11:45"),
        place="Médiathèque Jean-Moulin",
    ),
    AgendaEvent(
        title="Conseil municipal",
        starts=_at(0, "19:00"),
        ends=_at(0, "21:30"),
        place="Hôtel de ville, salle des mariages",
    ),
    AgendaEvent(
        title="Permanence du conciliateur de justice",
        starts=_at(1, "09:00"),
        ends=_at(1, "12:00"),
        place="Maison France services",
    ),
    AgendaEvent(
        title="Marché de Noël", starts=_at(3, "00:00"), ends=_at(5, "00:00"), place="Place de l’Hôtel-de-Ville"
    ),
    AgendaEvent(title="Concert de l’harmonie municipale", starts=_at(4, "17:00"), place="Église Saint-Aubin"),
    AgendaEvent(title="Réunion passée", starts=_at(-1, "18:00")),
)


TEMPLATE = WidgetTemplate(
    name="agenda",
    position=240,
    label=LocalisedText(en="Upcoming events", fr="Agenda"),
    summary=LocalisedText(
        en="the next events of the library or of a calendar feed; what has passed leaves by itself",
        fr="les prochains événements de la bibliothèque ou d’un flux ; ce qui est passé s’en va tout seul",
    ),
    icon='<rect x="4" y="4" width="16" height="17" rx="1.5"/><path d="M8 2.5v3m8-3v3M8 10h8m-8 4h8m-8 4h5"/>',
    fields=frozenset({TemplateField.FEED}),
    hint=LocalisedText(
        en="It shows the events of the library or of a feed automatically; past events are removed.",
        fr="Il affiche automatiquement les événements de la bibliothèque ou d’un flux ; ceux qui sont passés sont"
        " retirés.",
    ),
    widget=AgendaWidget,
    layout=agenda_page,
    sample=_sample,
    feed="calendar",
    lists_events=True,
)
