"""Feeds of the public announcements: Atom (RFC 4287), JSON Feed 1.1, and events as iCalendar (RFC 5545)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import icalendar
from django.conf import settings as server
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone

from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library.models import Announcement, PublicSettings
from beffroi_server.outlets import public_contents
from beffroi_server.public.conditional import StableAtomFeed, text_as_html
from beffroi_server.public.reader_language import for_readers
from beffroi_server.public.views import for_anybody, municipality_of


def _address(name: str, *arguments: Any) -> str:
    return f"{server.PUBLIC_URL}{reverse(name, args=arguments)}"


def _current(request: HttpRequest, settings: PublicSettings, municipality: Municipality | None) -> list[Announcement]:
    return for_readers(request, settings, public_contents.current_announcements(timezone.now(), municipality))


def _page(name: str, slug: str) -> str:
    """Return the address of a page or feed of all screens, or of those of a municipality."""
    return _address(f"{name}-of", slug) if slug else _address(name)


def _issuer(each: Announcement, settings: PublicSettings) -> str:
    return each.source or str(each.municipality or settings.town.name)


@for_anybody
def atom_feed(request: HttpRequest, settings: PublicSettings, slug: str = "") -> HttpResponse:
    """Return what is on the screens as Atom."""
    municipality = municipality_of(slug)
    feed = StableAtomFeed(
        title=str(municipality or settings.town.name), link=_page("public-announcements", slug), description="",
        language=settings.town.locale, feed_url=_page("public-atom", slug),
        author_name=str(municipality or settings.town.name),
    )  # fmt: skip
    for each in _current(request, settings, municipality):
        feed.add_item(
            title=each.title, link=_address("public-announcement", each.pk), description=text_as_html(each.body),
            unique_id=f"urn:uuid:{each.pk}", updateddate=each.updated_at, pubdate=each.created_at,
            categories=[each.label] if each.label else [], author_name=_issuer(each, settings),
        )  # fmt: skip
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@for_anybody
def json_feed(request: HttpRequest, settings: PublicSettings, slug: str = "") -> HttpResponse:
    """Return what is on the screens as JSON Feed."""
    municipality = municipality_of(slug)
    items = [
        {
            "id": str(each.pk), "url": _address("public-announcement", each.pk), "title": each.title,
            "content_text": each.body, "language": each.language, "date_published": each.created_at.isoformat(),
            "date_modified": each.updated_at.isoformat(), "authors": [{"name": _issuer(each, settings)}],
            **({"external_url": each.link} if each.link else {}),
            **({"image": _address("public-image", each.pk)} if each.picture_id else {}),
            **({"tags": [each.label]} if each.label else {}),
        }
        for each in _current(request, settings, municipality)
    ]  # fmt: skip
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": str(municipality or settings.town.name),
        "language": settings.town.locale,
        "home_page_url": _page("public-announcements", slug), "feed_url": _page("public-json", slug), "items": items,
    }  # fmt: skip
    return JsonResponse(body, content_type="application/feed+json")


@for_anybody
def calendar_feed(request: HttpRequest, settings: PublicSettings, slug: str = "") -> HttpResponse:
    """Return the events on the screens as a calendar."""
    municipality = municipality_of(slug)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Beffroi//announcements//FR")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", str(municipality or settings.town.name))
    for each in for_readers(request, settings, public_contents.public_events(timezone.now(), municipality)):
        calendar.add_component(_event(each))
    return HttpResponse(calendar.to_ical(), content_type="text/calendar; charset=utf-8")


def _event(each: Announcement) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{each.pk}@beffroi")
    event.add("dtstamp", each.updated_at)
    event.add("last-modified", each.updated_at)
    event.add("summary", each.title)
    if each.starts is not None:
        event.add("dtstart", each.starts.astimezone(dt.UTC))
    if each.ends is not None:
        event.add("dtend", each.ends.astimezone(dt.UTC))
    if each.place:
        event.add("location", each.place)
    if each.body:
        event.add("description", each.body)
    event.add("url", each.link or _address("public-announcement", each.pk))
    return event
