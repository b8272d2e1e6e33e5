"""Operations on layouts: the bands beside the loop, of a screen, of a group, and of the town."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Status
from pydantic import Field

from beffroi_content.rendering import RasterError
from beffroi_server.api.announcement_drawing import not_drawable
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, DrawnText, Key, Slug, find_row, named_row
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.fleet import content_owners, screen_scopes
from beffroi_server.fleet.models import Screen
from beffroi_server.library.preview import encode_png
from beffroi_server.monitoring import layout_preview
from beffroi_server.schedule import layout_services, layouts
from beffroi_server.schedule.band_layouts import ReadyLayout
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.publish_permissions import check_publishing

TAG = "layouts"
READ, WRITE = "schedule:read", "schedule:write"
Messages = Annotated[DrawnText, Field(max_length=4_000)]


class LayoutAnswer(Answer):
    """The layout that was chosen for something, or that it follows."""

    layout: ReadyLayout
    messages: str
    """One on each line."""
    news_feed: int | None
    """Its headlines follow the messages."""
    weather_feed: int | None
    is_own: bool
    """False where it follows that of a group or of the town, or shows the loop alone."""
    updated_at: dt.datetime | None


class NewLayout(Change):
    """A layout; it replaces the one of before as a whole."""

    layout: ReadyLayout
    messages: Messages = ""
    news_feed: Key | None = None
    weather_feed: Key | None = None


class LayoutQuery(Change):
    """A layout that is not saved."""

    layout: ReadyLayout
    messages: Messages = ""
    news_feed: Key | None = None
    weather_feed: Key | None = None


@operation("GET", "/layout", scope=READ, returns=LayoutAnswer, tag=TAG)
def read_town_layout(request: ApiRequest) -> LayoutAnswer:
    """Return the layout of all screens."""
    return layout_answer(layouts.choice_for())


@operation("PUT", "/layout", scope=WRITE, returns=LayoutAnswer, tag=TAG)
def choose_town_layout(request: ApiRequest, body: NewLayout) -> LayoutAnswer:
    """Choose the layout of all screens that have none of their own or of a group."""
    return _choose(layouts.choice_for(), body, request)


@operation("DELETE", "/layout", scope=WRITE, status=204, tag=TAG)
def remove_town_layout(request: ApiRequest) -> Status[None]:
    """Remove the layout of all screens: the loop has the whole of each again."""
    return _remove(layouts.choice_for(), request)


@operation("GET", "/groups/{slug}/layout", scope=READ, returns=LayoutAnswer, tag=TAG)
def read_group_layout(request: ApiRequest, slug: Slug) -> LayoutAnswer:
    """Return the layout of a group, or that of all screens where it has none."""
    return layout_answer(_of_group(request, slug))


@operation("PUT", "/groups/{slug}/layout", scope=WRITE, returns=LayoutAnswer, tag=TAG)
def choose_group_layout(request: ApiRequest, slug: Slug, body: NewLayout) -> LayoutAnswer:
    """Choose the layout of the screens of a group; they follow."""
    return _choose(_of_group(request, slug), body, request)


@operation("DELETE", "/groups/{slug}/layout", scope=WRITE, status=204, tag=TAG)
def remove_group_layout(request: ApiRequest, slug: Slug) -> Status[None]:
    """Remove the layout of a group: that of all screens counts again."""
    return _remove(_of_group(request, slug), request)


@operation("GET", "/screens/{slug}/layout", scope=READ, returns=LayoutAnswer, tag=TAG)
def read_screen_layout(request: ApiRequest, slug: Slug) -> LayoutAnswer:
    """Return the layout of a screen, or the one that it follows."""
    return layout_answer(layouts.choice_for(screen=_screen(request, slug)))


@operation("PUT", "/screens/{slug}/layout", scope=WRITE, returns=LayoutAnswer, tag=TAG)
def choose_screen_layout(request: ApiRequest, slug: Slug, body: NewLayout) -> LayoutAnswer:
    """Choose the layout of one screen; it follows."""
    return _choose(layouts.choice_for(screen=_screen(request, slug)), body, request)


@operation("DELETE", "/screens/{slug}/layout", scope=WRITE, status=204, tag=TAG)
def remove_screen_layout(request: ApiRequest, slug: Slug) -> Status[None]:
    """Remove the layout of a screen: that of its groups or of all screens counts again."""
    return _remove(layouts.choice_for(screen=_screen(request, slug)), request)


@operation("GET", "/screens/{slug}/layout/preview", scope=READ, media_type="image/png", tag=TAG)
def draw_layout(request: ApiRequest, slug: Slug, query: Query[LayoutQuery]) -> HttpResponse:
    """Return what a screen would show now with a layout that is not saved, as PNG."""
    screen = _screen(request, slug)
    choice = LayoutChoice(screen=screen)
    _fill(choice, query, request)
    choice.clean()
    try:
        image = layout_preview.layout_frame(screen, choice, timezone.now())
    except RasterError as error:
        raise not_drawable(error) from error
    return HttpResponse(encode_png(image), content_type="image/png")


def _choose(choice: LayoutChoice, body: NewLayout, request: ApiRequest) -> LayoutAnswer:
    _fill(choice, body, request)
    layout_services.save_layout(choice, user=request.user)
    return layout_answer(choice)


def _remove(choice: LayoutChoice, request: ApiRequest) -> Status[None]:
    check_publishing(request.user, choice.targets)
    if not choice._state.adding:
        layout_services.remove_layout(choice, user=request.user)
    return Status(204, None)


def _of_group(request: ApiRequest, slug: str) -> LayoutChoice:
    return layouts.choice_for(group=find_row(screen_scopes.groups_in_scope(request.user), slug=slug))


def _screen(request: ApiRequest, slug: str) -> Screen:
    return find_row(screen_scopes.screens_in_scope(request.user).select_related("screen_class"), slug=slug)


def _fill(choice: LayoutChoice, body: NewLayout | LayoutQuery, request: ApiRequest) -> None:
    feeds = content_owners.seen_by(Feed.objects.all(), request.user)
    choice.layout, choice.messages = body.layout.value, body.messages
    choice.news_feed = named_row(feeds.filter(kind=FeedKind.NEWS), body.news_feed, "news_feed")
    choice.weather_feed = named_row(feeds.filter(kind=FeedKind.WEATHER), body.weather_feed, "weather_feed")


def layout_answer(choice: LayoutChoice) -> LayoutAnswer:
    """Return a layout as the API shows it."""
    is_own = not choice._state.adding
    shown = choice
    if not is_own and choice.screen is not None:
        shown = layouts.layout_of(choice.screen) or choice
    elif not is_own and choice.group is not None:
        shown = layouts.choice_for()
    return LayoutAnswer(
        layout=ReadyLayout(shown.layout), messages=shown.messages, news_feed=shown.news_feed_id,
        weather_feed=shown.weather_feed_id, is_own=is_own, updated_at=choice.updated_at if is_own else None,
    )  # fmt: skip
