"""Layouts of screens: which choice a screen follows, and what its bands show.

The choice for a screen wins over those for its groups, of which the first by name counts, and these over the one for
the town. Nothing else decides this: pages and compilation ask this module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import F, Q, QuerySet

from beffroi_content import model as content
from beffroi_content.model import widgets
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.schedule.band_layouts import CLOCK, MESSAGES, WEATHER, ReadyLayout, ready_layout
from beffroi_server.schedule.layout_models import LayoutChoice

Size = tuple[int, int]
"""Width and height in pixels."""
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
    return _ranked(rows).first()


def loop_sizes(screen_classes: Iterable[ScreenClass]) -> dict[int, list[Size]]:
    """Return the sizes of the loop on the screens of classes, by the key of the class, the most common first.

    A class without screens has its whole size. Two queries, whatever the number of screens.
    """
    classes = {each.pk: each for each in screen_classes}
    choices = list(_ranked(LayoutChoice.objects.all()))
    counts: dict[int, Counter[Size]] = {key: Counter() for key in classes}
    if any(choice.bands for choice in choices):
        sizes = cache(lambda choice, key: _loop_size(choice, classes[key]))
        for key, choice in _followed_choices(classes, choices):
            counts[key][sizes(choice, key)] += 1
    return {
        key: [size for size, _count in counts[key].most_common()] or [(each.width, each.height)]
        for key, each in classes.items()
    }


def _ranked(rows: QuerySet[LayoutChoice]) -> QuerySet[LayoutChoice]:
    ranked = rows.order_by(F("screen").asc(nulls_last=True), F("group__name").asc(nulls_last=True), "pk")
    return ranked.select_related("screen", "group", "news_feed", "weather_feed")


def _followed_choices(
    classes: Collection[int], choices: Sequence[LayoutChoice]
) -> Iterator[tuple[int, LayoutChoice | None]]:
    """Yield the class of each screen of some classes, with the first of the ranked choices that concerns it."""
    screens = Screen.objects.filter(screen_class__in=classes).order_by("pk")
    rows = screens.values_list("pk", "screen_class", "groups")
    for (screen, key), members in groupby(rows, key=itemgetter(0, 1)):
        groups = {group for _screen, _key, group in members}
        yield key, next((each for each in choices if _concerns(each, screen, groups)), None)


def _concerns(choice: LayoutChoice, screen: int, groups: Collection[int | None]) -> bool:
    if choice.screen_id is not None:
        return choice.screen_id == screen
    return choice.group_id is None or choice.group_id in groups


def _loop_size(choice: LayoutChoice | None, screen_class: ScreenClass) -> Size:
    size = (screen_class.width, screen_class.height)
    if choice is None:
        return size
    return ready_layout(ReadyLayout(choice.layout), size, band_slides(choice).keys()).zones[0].rectangle.size


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
