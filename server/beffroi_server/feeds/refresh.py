"""Refreshing of feeds: fetch, parse in a confined process, store, and announce what has changed.

A feed that cannot be read keeps its data and is tried again later, after an exponentially growing delay.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import Town
from beffroi_server.core.due_times import retry_pause, spread
from beffroi_server.core.transactions import serialised
from beffroi_server.feeds import fetch
from beffroi_server.feeds.events import feed_changed
from beffroi_server.feeds.feed_limits import CONTENT_LIMITS
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.feeds.reading_process import FeedRefused, run_reader

logger = logging.getLogger(__name__)
MAX_RETRY_DELAY = dt.timedelta(hours=2)
WEATHER_URL = "https://api.met.no/weatherapi/locationforecast/2.0/complete?lat={latitude:.2f}&lon={longitude:.2f}"
"""Forecast of MET Norway (CC BY 4.0). Two decimals of a degree are about a kilometre; their terms ask for no more, so
that their caches work.
"""
VIGILANCE_URL = "https://public-api.meteofrance.fr/public/DPVigilance/v1/cartevigilance/encours"


class RefreshError(Exception):
    """A feed cannot be read now; the message says why, for people."""


def refresh_feed(feed: Feed) -> bool:
    """Read one feed, and return whether that succeeded. Network and parser run outside any transaction."""
    try:
        reading = _read_data(feed)
    except (RefreshError, FeedRefused, fetch.FetchError) as error:
        _record_failure(feed, str(error))
        return False
    _record_success(feed, reading)
    return True


def _read_data(feed: Feed) -> dict[str, Any]:
    town = Town.objects.get()
    department = feed.address if feed.kind == FeedKind.VIGILANCE else ""
    content = _fetch_content(feed, town)
    return run_reader(content, kind=feed.kind, zone=town.time_zone, department=department, kept=feed.kept)


def _fetch_content(feed: Feed, town: Town) -> bytes:
    if feed.kind == FeedKind.WEATHER:
        local = feed.municipality
        place = local if local is not None and local.latitude is not None else town
        if place.latitude is None or place.longitude is None:
            raise RefreshError(
                _("The location of the town is missing: an administrator can enter it on the “Town” page.")
            )
        return fetch.fetch_url(WEATHER_URL.format(latitude=place.latitude, longitude=place.longitude))
    if feed.kind == FeedKind.VIGILANCE:
        if not settings.METEOFRANCE_KEY:
            raise RefreshError(
                _(
                    "Météo-France requires a key, which is free. The person who runs the server sets it in "
                    "BEFFROI_METEOFRANCE_KEY."
                )
            )
        return fetch.fetch_url(VIGILANCE_URL, {"apikey": settings.METEOFRANCE_KEY})
    return fetch.fetch_url(feed.address, limit=CONTENT_LIMITS[feed.kind])


def _record_success(feed: Feed, reading: dict[str, Any]) -> None:
    now = timezone.now()
    changed = reading["data"] != feed.data
    # Each publication is a new manifest for every screen that shows the feed. Where the data is the same, the newer
    # time alone is published only well before screens would mark the data as stale.
    publishes = changed or feed.told_at is None or now - feed.told_at > feed.refresh_interval.stale / 3
    values: dict[str, Any] = {
        "data": reading["data"], "kept": reading["kept"], "skipped": reading["skipped"],
        "skipped_count": reading["skipped_count"], "read_at": now,
        "due_at": now + spread(feed.refresh_interval.every, 0.9, 1.1),
        "failures": 0, "problem": "", **({"told_at": now} if publishes else {}),
    }  # fmt: skip
    with serialised():
        # Somebody may have given the feed another address meanwhile: this data is not that of the new one.
        if Feed.objects.filter(pk=feed.pk, kind=feed.kind, address=feed.address).update(**values) and publishes:
            feed_changed.send(feed)


def _record_failure(feed: Feed, problem: str) -> None:
    logger.info("the feed %s is not read: %s", feed, problem)
    pause = spread(retry_pause(feed.refresh_interval.every, feed.failures, MAX_RETRY_DELAY), 0.5, 1.0)
    changed = {"failures": min(feed.failures + 1, 1000), "problem": problem[:300], "due_at": timezone.now() + pause}
    Feed.objects.filter(pk=feed.pk, kind=feed.kind, address=feed.address).update(**changed)
