"""Conditional answers of public pages and feeds: who has the same content already is told so, and fetches nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import OrderedDict

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import http_date

MOST_REMEMBERED = 1_000
"""Contents of addresses, in languages, of which this process remembers since when it has seen them."""
_SECOND = dt.timedelta(seconds=1)


class StableAtomFeed(Atom1Feed):
    """A feed that is the same as long as nothing happens, so that readers need not fetch it again."""

    def latest_post_date(self) -> dt.datetime:
        """Return when an entry was updated last; without entries, the beginning of the day."""
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return max((each["updateddate"] for each in self.items), default=today)


def text_as_html(text: str) -> str:
    """Return a text as the summary of an entry has it: Django calls every summary HTML."""
    return "<br>".join(escape(line) for line in text.splitlines())


class _FirstSeen:
    """Since when contents are what they are, as far as this process knows.

    What leaves a feed leaves no date in it, so none of its entries says when it has changed. Another process may name
    a later instant for the same content: that costs a fetch, and never hides a change.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[str, dt.datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def since(self, key: tuple[str, str], tag: str, now: dt.datetime) -> dt.datetime:
        """Return since when an address has had a content, in whole seconds, each content another one."""
        with self._lock:
            known = self._known.pop(key, None)
            if known is None or known[0] != tag:
                at = now.replace(microsecond=0)
                known = (tag, at if known is None else max(at, known[1] + _SECOND))
            self._known[key] = known
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
            return known[1]


_first_seen = _FirstSeen()


def answer_conditionally(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return a response with the tag and date of its content, or as “not modified” where the reader has that already.

    Its headers stay: those of a 304 take the place of the stored ones.
    """
    tag, now = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"', timezone.now()
    key = (request.get_full_path(), request.headers.get("Accept-Language", ""))
    since = _first_seen.since(key, tag, now)
    response["ETag"] = tag
    # Two changes within a second: the second one has no date before it is past.
    modified = round(since.timestamp()) if since <= now else None
    if modified is not None:
        response["Last-Modified"] = http_date(modified)
    found = get_conditional_response(request, tag, modified, response)
    if found is not None and found.status_code == 304:
        response.content, response.status_code = b"", 304
    return response
