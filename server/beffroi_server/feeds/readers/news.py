"""Reader of news (RSS and Atom)."""

from __future__ import annotations

import calendar as calendar_module
import io
from typing import Any

from beffroi_server.core.text import shorten_text
from beffroi_server.feeds.readers.reading import TITLE_LENGTH, FeedContentError, Reading, ReadingContext
from beffroi_server.feeds.readers.text import plain_text

MAX_ITEMS = 40


def read_news(content: bytes, context: ReadingContext) -> Reading:
    """Return the newest items of an RSS or Atom feed, with plain text for titles.

    Raises:
        FeedContentError: it is not a feed, or has no item with a title.
    """
    import feedparser  # noqa: PLC0415

    found = feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    if not found.entries and found.bozo:
        raise FeedContentError("not-a-feed")
    items: list[dict[str, Any]] = []
    for entry in found.entries:
        title = plain_text(entry.get("title", ""))
        moment = entry.get("published_parsed") or entry.get("updated_parsed")
        if title:
            published = calendar_module.timegm(moment) * 1000 if moment else None
            items.append({"title": shorten_text(title, TITLE_LENGTH), "published_at_ms": published})
    if not items:
        raise FeedContentError("empty")
    items.sort(key=lambda item: -(item["published_at_ms"] or 0))
    return Reading({"items": items[:MAX_ITEMS]})
