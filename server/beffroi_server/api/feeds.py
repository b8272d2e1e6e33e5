"""Operations on feeds that the town reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ninja import Query, Status

from beffroi_server.api.municipalities import municipality_slug
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, Key, Name60, PageOf, PageQuery, WrittenAddress, find_row, page_of
from beffroi_server.feeds import services
from beffroi_server.feeds.addresses import checked_address
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.fleet import content_owners

TAG = "feeds"
READ, WRITE = "schedule:read", "schedule:write"


class FeedAnswer(Answer):
    """A feed."""

    id: int
    name: str
    municipality: str | None
    """Whose it is, by the identifier of its group; null: shared by all."""
    kind: FeedKind
    address: str
    read_at: dt.datetime | None
    """When its data was last confirmed."""
    is_waiting: bool
    """Whether it is about to be read."""
    failures: int
    """In a row."""
    problem: str
    skipped: int
    """Parts that the last reading left out."""


class FeedChange(Change):
    """Fields of a feed."""

    name: Name60 = ""
    kind: FeedKind = FeedKind.CALENDAR
    address: WrittenAddress = ""
    """Of a web page; the number of a department for weather warnings; empty for the weather."""


class NewFeed(FeedChange):
    """A new feed."""

    name: Name60
    kind: FeedKind


def _feeds(request: ApiRequest) -> Any:
    return content_owners.seen_by(Feed.objects.select_related("municipality__group"), request.user)


def feed_answer(row: Feed) -> FeedAnswer:
    """Return a feed as the API shows it."""
    return FeedAnswer(
        id=row.pk, name=row.name, municipality=municipality_slug(row), kind=FeedKind(row.kind),
        address=row.address, read_at=row.read_at,
        is_waiting=row.is_waiting, failures=row.failures, problem=row.problem, skipped=row.skipped_count,
    )  # fmt: skip


@operation("GET", "/feeds", scope=READ, returns=PageOf[FeedAnswer], tag=TAG)
def list_feeds(request: ApiRequest, query: Query[PageQuery]) -> PageOf[FeedAnswer]:
    """List feeds by name."""
    return page_of(query, _feeds(request), feed_answer)


@operation("POST", "/feeds", scope=WRITE, returns=FeedAnswer, status=201, tag=TAG)
def create_feed(request: ApiRequest, body: NewFeed) -> Status[FeedAnswer]:
    """Add a feed, which is read in the background at once."""
    return Status(201, _save(Feed(), body, request))


@operation("GET", "/feeds/{feed_id}", scope=READ, returns=FeedAnswer, tag=TAG)
def read_feed(request: ApiRequest, feed_id: Key) -> FeedAnswer:
    """Return a feed, and whether it could be read."""
    return feed_answer(find_row(_feeds(request), pk=feed_id))


@operation("PATCH", "/feeds/{feed_id}", scope=WRITE, returns=FeedAnswer, tag=TAG)
def change_feed(request: ApiRequest, feed_id: Key, body: FeedChange) -> FeedAnswer:
    """Change a feed; with another address its data is dropped."""
    return _save(find_row(_feeds(request), pk=feed_id), body, request)


@operation("DELETE", "/feeds/{feed_id}", scope=WRITE, status=204, tag=TAG)
def delete_feed(request: ApiRequest, feed_id: Key) -> Status[None]:
    """Delete a feed that no announcement shows."""
    services.delete_feed(find_row(_feeds(request), pk=feed_id), user=request.user)
    return Status(204, None)


@operation("POST", "/feeds/{feed_id}/readings", scope=WRITE, returns=FeedAnswer, status=202, tag=TAG)
def request_reading(request: ApiRequest, feed_id: Key) -> Status[FeedAnswer]:
    """Have a feed read now."""
    services.request_reading(find_row(_feeds(request), pk=feed_id))
    return Status(202, feed_answer(find_row(_feeds(request), pk=feed_id)))


def _save(row: Feed, body: FeedChange, request: ApiRequest) -> FeedAnswer:
    for name, value in body.given().items():
        setattr(row, name, value)
    row.kind = str(row.kind)
    row.address = checked_address(FeedKind(row.kind), row.address)
    services.save_feed(row, user=request.user)
    return feed_answer(find_row(_feeds(request), pk=row.pk))
