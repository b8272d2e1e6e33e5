"""Refreshing of feeds: fetch, parse in a confined process, store, and announce what has changed.

A feed that cannot be read keeps its data and is tried again later, after an exponentially growing delay.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import random
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.model import WireModel, widgets
from beffroi_server.accounts.models import Town
from beffroi_server.core.transactions import serialised
from beffroi_server.feeds import fetch
from beffroi_server.feeds.events import feed_changed
from beffroi_server.feeds.models import Feed, FeedKind

logger = logging.getLogger(__name__)
READER_TIMEOUT_S = 90
"""Seconds for the parser process. It limits its own processor time to a quarter of this; a busy machine is slow."""
MAX_RETRY_DELAY = dt.timedelta(hours=2)
WEATHER_URL = "https://api.met.no/weatherapi/locationforecast/2.0/complete?lat={latitude:.2f}&lon={longitude:.2f}"
"""Forecast of MET Norway (CC BY 4.0). Two decimals of a degree are about a kilometre; their terms ask for no more, so
that their caches work.
"""
VIGILANCE_URL = "https://public-api.meteofrance.fr/public/DPVigilance/v1/cartevigilance/encours"

_WIDGET_MODELS: dict[FeedKind, type[WireModel]] = {
    FeedKind.CALENDAR: widgets.AgendaWidget,
    FeedKind.NEWS: widgets.NewsWidget,
    FeedKind.TABLE: widgets.TableWidget,
    FeedKind.WEATHER: widgets.WeatherWidget,
    FeedKind.VIGILANCE: widgets.VigilanceWidget,
}


class RefreshError(Exception):
    """A feed cannot be read now; the message says why, for people."""


def refresh_feed(feed: Feed) -> bool:
    """Read one feed, and return whether that succeeded. Network and parser run outside any transaction."""
    try:
        reading = _read_data(feed)
    except (RefreshError, fetch.FetchError) as error:
        _record_failure(feed, str(error))
        return False
    _record_success(feed, reading)
    return True


def _read_data(feed: Feed) -> dict[str, Any]:
    town = Town.objects.get()
    department = feed.address if feed.kind == FeedKind.VIGILANCE else ""
    content = _fetch_content(feed, town)
    return _run_reader(content, kind=feed.kind, zone=town.time_zone, department=department, kept=feed.kept)


def _fetch_content(feed: Feed, town: Town) -> bytes:
    if feed.kind == FeedKind.WEATHER:
        if town.latitude is None or town.longitude is None:
            raise RefreshError(
                _("The location of the town is missing: an administrator can enter it on the “Town” page.")
            )
        return fetch.fetch_url(WEATHER_URL.format(latitude=town.latitude, longitude=town.longitude))
    if feed.kind == FeedKind.VIGILANCE:
        if not settings.METEOFRANCE_KEY:
            raise RefreshError(
                _(
                    "Météo-France requires a key, which is free. The person who runs the server sets it in "
                    "BEFFROI_METEOFRANCE_KEY."
                )
            )
        return fetch.fetch_url(VIGILANCE_URL, {"apikey": settings.METEOFRANCE_KEY})
    return fetch.fetch_url(feed.address)


def _run_reader(content: bytes, **options: object) -> dict[str, Any]:
    """Read a feed in a confined process, and return what ``readers.read_feed`` found there.

    Args:
        content: The feed.
        options: Arguments of ``readers.read_feed``.

    Raises:
        RefreshError: there is nothing in it that can be shown.
    """
    command = [sys.executable, "-I", "-m", "beffroi_server.feeds.readers"]
    given = json.dumps(options).encode() + b"\n" + content
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=READER_TIMEOUT_S, check=False)  # noqa: S603 - our own module
        result: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, ValueError):
        result = {}
    if "data" not in result:
        raise RefreshError(_reader_error_message(str(result.get("code"))))
    try:
        _WIDGET_MODELS[FeedKind(str(options["kind"]))].model_validate(result["data"])
    except ValueError as error:
        raise RefreshError(_("It contains values that cannot be shown.")) from error
    return result


def _reader_error_message(code: str) -> str:
    reasons = {
        "not-a-calendar": _("This is not a calendar in iCal format. Look for an address that ends in .ics."),
        "not-a-feed": _("This is neither RSS nor Atom. Look for an “RSS” link on the page."),
        "not-a-table": _("This is not a table in CSV format."),
        "spreadsheet": _("This is a file of a spreadsheet program. Save it there as “CSV UTF-8”."),
        "not-a-forecast": _("The weather service’s response is not supported by this version."),
        "not-a-vigilance": _("The response from Météo-France is not supported by this version."),
        "no-department": _("Météo-France does not know this department. Enter its number, for example 44 or 2A."),
        "too-wide": _("The table has more than 8 columns, which passers-by cannot read."),
        "empty": _("It is still empty."),
    }
    return reasons.get(code, _("It could not be read within the memory and time limits."))


def _record_success(feed: Feed, reading: dict[str, Any]) -> None:
    now = timezone.now()
    changed = reading["data"] != feed.data
    # Each publication is a new manifest for every screen that shows the feed. Where the data is the same, the newer
    # time alone is published only well before screens would mark the data as stale.
    publishes = changed or feed.told_at is None or now - feed.told_at > feed.refresh_interval.stale / 3
    values: dict[str, Any] = {
        "data": reading["data"], "kept": reading["kept"], "skipped": reading["skipped"],
        "skipped_count": reading["skipped_count"], "read_at": now,
        "due_at": now + _spread(feed.refresh_interval.every, 0.9, 1.1),
        "failures": 0, "problem": "", **({"told_at": now} if publishes else {}),
    }  # fmt: skip
    with serialised():
        # Somebody may have given the feed another address meanwhile: this data is not that of the new one.
        if Feed.objects.filter(pk=feed.pk, kind=feed.kind, address=feed.address).update(**values) and publishes:
            feed_changed.send(feed)


def _record_failure(feed: Feed, problem: str) -> None:
    logger.info("the feed %s is not read: %s", feed, problem)
    pause = _spread(min(MAX_RETRY_DELAY, feed.refresh_interval.every * 2 ** min(feed.failures, 6)), 0.5, 1.0)
    changed = {"failures": min(feed.failures + 1, 1000), "problem": problem[:300], "due_at": timezone.now() + pause}
    Feed.objects.filter(pk=feed.pk, kind=feed.kind, address=feed.address).update(**changed)


def _spread(duration: dt.timedelta, low: float, high: float) -> dt.timedelta:
    """Return a random part of a duration, so that the feeds of many towns are not fetched at the same moment."""
    return duration * random.uniform(low, high)  # noqa: S311 - spreads load, keeps no secret
