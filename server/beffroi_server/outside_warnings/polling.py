"""Reading of the sources that have an address: conditional requests, the documents that a feed links to, retries."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Mapping

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.cap.messages import CapAlert
from beffroi_server.cap.reader import links_to_fetch
from beffroi_server.core import outside_http
from beffroi_server.core.due_times import retry_pause, spread
from beffroi_server.core.outside_http import AllowedNetworks, OutsideRequestError, OutsideResponse
from beffroi_server.outside_warnings import charts, following, intake
from beffroi_server.outside_warnings.document_reading import DocumentRefused, ReadDocument, read_confined
from beffroi_server.outside_warnings.feed_documents import FetchedDocuments
from beffroi_server.outside_warnings.models import CHART_KINDS, READ_KINDS, ReceivedMessage, WarningSource

logger = logging.getLogger(__name__)
FEED_LIMIT, MESSAGE_LIMIT = 16 * 1024 * 1024, 2 * 1024 * 1024
"""Bytes of a document at an address, and of one that a feed links to."""
LINKS_AT_ONCE = 40
LINKS_S = 60.0
"""Documents of a feed that one reading fetches, and the seconds after which it leaves the others to the next."""
MAX_RETRY_DELAY = dt.timedelta(minutes=30)
LONGEST_ETAG, LONGEST_MODIFIED = 300, 100
_lock = threading.Lock()
_in_progress: set[int] = set()


def read_next(now: dt.datetime) -> bool:
    """Read the source that is due first and that no other thread reads; return whether there was one."""
    source = _take_due(now)
    if source is None:
        return False
    try:
        read_source(source)
    finally:
        with _lock:
            _in_progress.discard(source.pk)
    return True


def read_source(source: WarningSource) -> bool:
    """Read one source, and do what its warnings ask for; return whether that succeeded."""
    if source.kind in CHART_KINDS:
        return _read_charts(source)
    try:
        answer = _fetch(source.address, source)
        if answer.status == 304:
            _record_unchanged(source)
        else:
            _take_in_answer(source, answer)
    except (OutsideRequestError, DocumentRefused) as error:
        _record_failure(source, str(error))
        return False
    following.follow_source(source, timezone.now())
    return True


def _read_charts(source: WarningSource) -> bool:
    try:
        found = charts.read_charts(source, timezone.now())
    except charts.ChartProblem as error:
        _record_failure(source, str(error))
        return False
    now = timezone.now()
    intake.take_in(source, found.messages, now)
    if found.old_of is not None:
        _record_failure(source, "", chart_made_at=found.old_of)
    else:
        _record_success(source, now, {}, found.problem)
    following.follow_source(source, timezone.now())
    return found.old_of is None


def _take_due(now: dt.datetime) -> WarningSource | None:
    with _lock:
        due = WarningSource.objects.filter(Q(due_at=None) | Q(due_at__lte=now), kind__in=READ_KINDS, is_on=True)
        source = due.exclude(pk__in=_in_progress).order_by(F("due_at").asc(nulls_first=True), "pk").first()
        if source is not None:
            _in_progress.add(source.pk)
    return source


def _fetch(address: str, source: WarningSource | None = None, limit: int = FEED_LIMIT) -> OutsideResponse:
    headers = {"Accept": "application/cap+xml, application/atom+xml, application/rss+xml, application/xml, */*;q=0.5"}
    if source is not None and source.etag:
        headers["If-None-Match"] = source.etag
    if source is not None and source.modified:
        headers["If-Modified-Since"] = source.modified
    allowed = AllowedNetworks(settings.FEED_NETWORKS, "BEFFROI_FEED_NETWORKS")
    answer = outside_http.send_request("GET", address, allowed=allowed, headers=headers, limit=limit)
    if answer.status != 200 and not (answer.status == 304 and source is not None):
        raise OutsideRequestError(_("It responded with error %(code)d.") % {"code": answer.status})
    return answer


def _take_in_answer(source: WarningSource, answer: OutsideResponse) -> None:
    found = read_confined(answer.body, source.certificates, source.address)
    document = found.document
    signatures = found.signatures
    fetched, is_complete, problem = FetchedDocuments(source.fetched), True, ""
    followed: list[CapAlert] = []
    if document.links:
        at_hand = {link.address for link in document.links if fetched.has(link)}
        links = links_to_fetch(document.links, at_hand, _known_messages(source), LINKS_AT_ONCE + 1)
        linked, is_complete, problem = _read_links([link.address for link in links[:LINKS_AT_ONCE]], source)
        is_complete = is_complete and len(links) <= LINKS_AT_ONCE
        for link in links:
            if (read := linked.get(link.address)) is not None:
                fetched.note(link, read.document)
                followed += read.document.alerts
                signatures |= read.signatures
    now = timezone.now()
    alerts = [*fetched.without_summaries(document), *followed]
    listed, is_whole = fetched.listing(document)
    is_listing = document.kind in ("atom", "rss", "zip", "other")
    intake.take_in(
        source, alerts, now, signatures=signatures, listed=listed if is_listing else None, is_complete=is_whole
    )
    values = {
        # What is missing is fetched at the next reading, which must not be answered by “unchanged”.
        "etag": answer.headers.get("ETag", "")[:LONGEST_ETAG] if is_complete else "",
        "modified": answer.headers.get("Last-Modified", "")[:LONGEST_MODIFIED] if is_complete else "",
        "fetched": fetched.stored(),
        "skipped": [[note.code, note.where[:80], note.value[:80]] for note in document.notes[:20]],
    }
    _record_success(source, now, values, problem)


def _read_links(addresses: list[str], source: WarningSource) -> tuple[dict[str, ReadDocument], bool, str]:
    """Return the documents behind links, whether all were read, and what was wrong with the last that was not."""
    found: dict[str, ReadDocument] = {}
    problem, until = "", time.monotonic() + LINKS_S
    for address in addresses:
        if time.monotonic() > until:
            return found, False, problem
        try:
            found[address] = read_confined(_fetch(address, limit=MESSAGE_LIMIT).body, source.certificates)
        except (OutsideRequestError, DocumentRefused) as error:
            problem = f"{address[:100]}: {error}"
            logger.info("a message of %s is not read: %s", source, problem)
    return found, not problem, problem


def _known_messages(source: WarningSource) -> set[tuple[str, object]]:
    """Return the messages that are known in full, by key and instant."""
    rows = ReceivedMessage.objects.filter(source=source).exclude(message__contains='"is_summary":true')
    return set(rows.values_list("key", "sent_at"))


def _record_unchanged(source: WarningSource) -> None:
    now = timezone.now()
    # What was in the feed at the last reading is in it still.
    source.messages.filter(misses=0, ended_at=None).update(seen_at=now)
    _record_success(source, now, {}, "")


def _record_success(source: WarningSource, now: dt.datetime, values: Mapping[str, object], problem: str) -> None:
    due = now + spread(dt.timedelta(minutes=source.interval_min), 0.9, 1.0)
    changed = {
        **values, "read_at": now, "due_at": due, "failures": 0, "failing_since": None, "problem": problem[:300],
        "chart_made_at": None,
    }  # fmt: skip
    # Somebody may have given it another address meanwhile.
    WarningSource.objects.filter(pk=source.pk, address=source.address).update(**changed)
    source.refresh_from_db()


def _record_failure(source: WarningSource, problem: str, chart_made_at: dt.datetime | None = None) -> None:
    logger.info("the source %s is not read: %s", source, problem or f"its chart is of {chart_made_at}")
    now = timezone.now()
    usual = dt.timedelta(minutes=source.interval_min)
    pause = max(usual, retry_pause(usual, source.failures, MAX_RETRY_DELAY))
    changed = {
        "failures": min(source.failures + 1, 1000), "problem": problem[:300], "etag": "", "modified": "",
        "chart_made_at": chart_made_at,
        "failing_since": source.failing_since or now, "due_at": now + spread(pause, 0.7, 1.0),
    }  # fmt: skip
    WarningSource.objects.filter(pk=source.pk, address=source.address).update(**changed)
