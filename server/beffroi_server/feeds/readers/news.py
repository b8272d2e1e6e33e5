"""Reader of news (RSS and Atom)."""

from __future__ import annotations

import datetime as dt
import io
import re
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from beffroi_server.core.text import shorten_text
from beffroi_server.feeds.readers.news_dates import parse_moment
from beffroi_server.feeds.readers.reading import TITLE_LENGTH, FeedContentError, Reading, ReadingContext, SkippedParts
from beffroi_server.feeds.readers.text import clean_line, plain_text

MAX_ITEMS = 40
MAX_PARSED_ITEMS = 1_000
"""Items that are parsed, the first ones of the file: each takes about half a millisecond."""
FUTURE_TOLERANCE, FUTURE_LIMIT = dt.timedelta(days=1), dt.timedelta(days=400)
"""How far ahead a date counts as now, and as a date at all."""
LINK_LENGTH = 300
_DATES = ("published", "updated", "created")
_ITEM_BEGINS = re.compile(rb"<(?:item|entry)[\s>]", re.IGNORECASE)
_ITEM_ENDS = (b"</item>", b"</entry>")
_FIRST_MOMENT = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def read_news(content: bytes, context: ReadingContext) -> Reading:
    """Return the newest items of an RSS or Atom feed, with plain text for titles.

    An item without a title has the beginning of its description. Items without a date stay beside the one before them;
    those of a day to come follow the others, the soonest first, and those whose date makes no sense are last.

    Raises:
        FeedContentError: it is not a feed, or has no item with a text.
    """
    skipped = SkippedParts()
    found = _parse_feed(_without_late_items(content, skipped))
    if not found.entries and found.bozo:
        raise FeedContentError("not-a-feed")
    ranked: list[tuple[tuple[int, float], dict[str, Any]]] = []
    last_known: float | None = None
    base = str(found.feed.get("link") or found.get("href") or "")
    is_atom = str(found.get("version", "")).startswith("atom")
    for number, entry in enumerate(found.entries, 1):
        title = _title_of(entry, is_atom=is_atom)
        if not title:
            skipped.add("item", "no-title", number, clean_line(str(entry.get("link", ""))))
            continue
        moment, is_odd = _moment_of(entry, context, skipped, number, title)
        rank = (2, 0.0) if is_odd else _rank(moment, last_known, context.now)
        last_known = moment.timestamp() if moment and rank[0] == 0 else last_known
        ranked.append((rank, _item(title, moment, _link_of(entry, base))))
    if not ranked:
        raise FeedContentError("empty")
    ranked.sort(key=lambda each: each[0])
    return Reading({"items": [item for _, item in ranked[:MAX_ITEMS]]}, skipped)


def _without_late_items(content: bytes, skipped: SkippedParts) -> bytes:
    """Return a feed with its first items only, and with what closes it."""
    begins = [found.start() for found in islice(_ITEM_BEGINS.finditer(content), MAX_PARSED_ITEMS + 1)]
    ends = max(content.rfind(end) + len(end) for end in _ITEM_ENDS)
    if len(begins) <= MAX_PARSED_ITEMS or ends < begins[-1]:
        return content
    skipped.add("item", "too-many-items", f"{MAX_PARSED_ITEMS + 1}\u2013")
    return content[: begins[-1]] + content[ends:]


def _parse_feed(content: bytes) -> Any:
    import feedparser  # noqa: PLC0415 - other kinds do without

    try:
        return feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise FeedContentError("not-a-feed") from error


def _item(title: str, moment: dt.datetime | None, link: str) -> dict[str, Any]:
    published = None if moment is None else round(moment.timestamp() * 1000)
    return {"title": shorten_text(title, TITLE_LENGTH), "published_at_ms": published, "link": link}


def _rank(moment: dt.datetime | None, last_known: float | None, now: dt.datetime) -> tuple[int, float]:
    """Return the place of an item: by its date, or by that of the one before it."""
    if moment is None:
        return (0, -last_known) if last_known is not None else (0, -now.timestamp())
    if moment > now + FUTURE_TOLERANCE:
        return 1, moment.timestamp()
    return 0, -moment.timestamp()


def _title_of(entry: Any, *, is_atom: bool) -> str:
    """Return the title of an item as plain text, or the beginning of its description."""
    title = str(entry.get("title") or "")
    # Atom says so where a title is no markup; in RSS nobody knows.
    is_plain = is_atom and (entry.get("title_detail") or {}).get("type") == "text/plain"
    return (clean_line(title) if is_plain else plain_text(title)) or _description_of(entry)


def _description_of(entry: Any) -> str:
    texts = [str(entry.get("summary") or ""), *(str(each.get("value") or "") for each in entry.get("content") or [])]
    return next((plain for text in texts if (plain := plain_text(text))), "")


def _moment_of(
    entry: Any, context: ReadingContext, skipped: SkippedParts, number: int, title: str
) -> tuple[dt.datetime | None, bool]:
    """Return the date of an item or None, and whether it has one that makes no sense."""
    # Past the library's own look-up, which takes “published” where “updated” is missing.
    written = [text for name in _DATES if (text := clean_line(str(dict.get(entry, name) or "")))]
    reason = ""
    for moment in _moments(entry, written, context):
        if moment < _FIRST_MOMENT:
            reason = reason or "date-too-old"
        elif moment > context.now + FUTURE_LIMIT:
            reason = reason or "date-too-far"
        else:
            return moment, False
    if written:
        skipped.add("date", reason or "date-unknown", number, f"{shorten_text(title, 50)} ({written[0][:28]})")
    return None, bool(reason)


def _moments(entry: Any, written: list[str], context: ReadingContext) -> Iterator[dt.datetime]:
    for text in written:
        if moment := parse_moment(text, context.zone):
            yield moment
    for name in _DATES:
        known: time.struct_time | None = dict.get(entry, f"{name}_parsed")
        # A number of seconds is no date, whatever its first four figures are.
        if known and not str(dict.get(entry, name) or "").strip().isdecimal():
            try:
                yield dt.datetime(*known[:6], tzinfo=dt.UTC)
            except (ValueError, OverflowError):
                continue


def _link_of(entry: Any, base: str) -> str:
    """Return the address of an item's page, complete; empty if it has none on the web."""
    # The library takes the last of several, such as a page in another language or an attachment that is named a page.
    pages = (each.get("href") for each in entry.get("links") or [] if each.get("rel") == "alternate")
    try:
        link = urljoin(base, str(next(pages, None) or entry.get("link") or "").strip())
        is_web = urlsplit(link).scheme in {"http", "https"}
    except ValueError:
        return ""
    return link if is_web and len(link) <= LINK_LENGTH and clean_line(link) == link else ""
