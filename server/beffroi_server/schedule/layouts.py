"""Layouts of screens: which choice a screen follows, and what its bands show.

The choice for a screen wins over those for its groups, of which the first by name counts, and these over the one for
the town. Nothing else decides this: pages and compilation ask this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q

from beffroi_content import model as content
from beffroi_content.model import widgets
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.schedule.band_layouts import CLOCK, MESSAGES, WEATHER
from beffroi_server.schedule.layout_models import LayoutChoice

MOST_HEADLINES = 12
"""Headlines of a feed that follow the messages, the newest."""
BAND_PREFIX = "band-"
"""Begin of the identifiers of slides, playlists and rules of bands in a manifest."""


def layout_of(screen: Screen, but: LayoutChoice | None = None) -> LayoutChoice | None:
    """Return the choice that a screen follows; None: the loop has the whole screen.

    Args:
        screen: The screen.
        but: A choice that is left out of account: what would the screen follow without it?
    """
    of_groups = Q(group__in=targets.groups_of(screen))
    of_town = Q(screen__isnull=True, group__isnull=True)
    rows = LayoutChoice.objects.filter(Q(screen=screen) | of_groups | of_town)
    if but is not None and but.pk is not None:
        rows = rows.exclude(pk=but.pk)
    ranked = rows.order_by(F("screen").asc(nulls_last=True), F("group__name").asc(nulls_last=True), "pk")
    return ranked.select_related("screen", "group", "news_feed", "weather_feed").first()


def choice_for(screen: Screen | None = None, group: ScreenGroup | None = None) -> LayoutChoice:
    """Return the choice made for a screen, a group or the town itself; an unsaved one where there is none."""
    found = LayoutChoice.objects.filter(screen=screen, group=group).select_related("news_feed", "weather_feed").first()
    return found or LayoutChoice(screen=screen, group=group)


def band_slides(choice: LayoutChoice) -> dict[str, content.Slide]:
    """Return the slide of each band that has something to show, by the name of its zone."""
    found = {name: _BUILDERS[name](choice) for name in (CLOCK, WEATHER, MESSAGES) if name in choice.bands}
    return {name: _slide(name, widget) for name, widget in found.items() if widget is not None}


def _slide(band: str, widget: content.Widget) -> content.Slide:
    return content.Slide(id=f"{BAND_PREFIX}{band}", name=band, content=content.WidgetContent(widget=widget))


def _clock(choice: LayoutChoice) -> content.Widget | None:
    return widgets.ClockWidget(is_analogue=True)


def _weather(choice: LayoutChoice) -> content.Widget | None:
    feed = choice.weather_feed
    if feed is None or not feed.data:
        return None
    return widgets.WeatherWidget.model_validate({**feed.widget_values(), "source": "MET Norway"})


def _messages(choice: LayoutChoice) -> content.Widget | None:
    messages = [*({"text": line} for line in choice.message_lines()), *_headlines(choice.news_feed)]
    return widgets.TickerWidget.model_validate({"messages": messages}) if messages else None


def _headlines(feed: Feed | None) -> Iterator[dict[str, Any]]:
    """Yield the newest headlines of a feed; they leave by themselves when nobody could read it for too long."""
    if feed is None or not feed.data:
        return
    news = widgets.NewsWidget.model_validate(feed.widget_values())
    ages = news.fetched_at_ms, news.useless_after_ms
    until_ms = ages[0] + ages[1] if ages[0] is not None and ages[1] is not None else None
    yield from ({"text": item.title, "until_ms": until_ms} for item in news.items[:MOST_HEADLINES])


_BUILDERS = {CLOCK: _clock, WEATHER: _weather, MESSAGES: _messages}
