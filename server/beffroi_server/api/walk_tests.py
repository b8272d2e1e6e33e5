"""Operations on test cards and walk tests: what technicians have screens show while they stand before them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from ninja import Query, Status
from pydantic import Field

from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Line200,
    PageOf,
    PageQuery,
    Slug,
    find_row,
    named_rows,
    page_of,
)
from beffroi_server.fleet import screen_scopes, walk_tests
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.walk_models import WalkResult, WalkTest

TAG = "screens"
READ, WRITE = "screens:read", "screens:write"
Minutes = Annotated[int, Field(ge=0, le=walk_tests.LONGEST_MINUTES)]


class StopAnswer(Answer):
    """What was found at one screen of a walk test."""

    number: int
    screen: str
    result: WalkResult
    note: str
    noted_at: dt.datetime | None


class WalkAnswer(Answer):
    """A walk test."""

    id: int
    started_at: dt.datetime
    shown_until: dt.datetime
    ended_at: dt.datetime | None
    stops: list[StopAnswer]


class ScreensToTest(Change):
    """Screens that show something for some minutes."""

    screens: Annotated[list[Slug], Field(min_length=1, max_length=walk_tests.MOST_SCREENS)]
    minutes: Minutes = walk_tests.USUAL_MINUTES
    """0 ends a test card."""


class Finding(Change):
    """What was found at a screen."""

    result: WalkResult
    note: Line200 = ""


@operation("POST", "/test-cards", scope=WRITE, status=202, tag=TAG)
def show_test_card(request: ApiRequest, body: ScreensToTest) -> Status[None]:
    """Have screens show a test card; 0 minutes end it."""
    walk_tests.show_test_card(_screens(request, body), body.minutes, user=request.user)
    return Status(202, None)


@operation("GET", "/walk-tests", scope=READ, permission="may_install", returns=PageOf[WalkAnswer], tag=TAG)
def list_walk_tests(request: ApiRequest, query: Query[PageQuery]) -> PageOf[WalkAnswer]:
    """List walk tests with what was found, the newest first."""
    rows = walk_tests.tests_in_scope(request.user).prefetch_related("stops__screen")
    return page_of(query, rows, walk_answer)


@operation("POST", "/walk-tests", scope=WRITE, returns=WalkAnswer, status=201, tag=TAG)
def start_walk_test(request: ApiRequest, body: ScreensToTest) -> Status[WalkAnswer]:
    """Have screens show a number each, and begin to note what is found there."""
    return Status(201, walk_answer(walk_tests.start_walk(_screens(request, body), body.minutes, user=request.user)))


@operation("POST", "/walk-tests/{test_id}/again", scope=WRITE, status=202, tag=TAG)
def show_walk_test_again(request: ApiRequest, test_id: Key) -> Status[None]:
    """Have the screens of a walk test show their numbers again for a quarter of an hour."""
    walk_tests.show_again(_test(request, test_id), walk_tests.USUAL_MINUTES, user=request.user)
    return Status(202, None)


@operation("POST", "/walk-tests/{test_id}/end", scope=WRITE, status=202, tag=TAG)
def end_walk_test(request: ApiRequest, test_id: Key) -> Status[None]:
    """Have the screens of a walk test show their programme again."""
    walk_tests.end_walk(_test(request, test_id), user=request.user)
    return Status(202, None)


@operation("PUT", "/walk-tests/{test_id}/stops/{number}", scope=WRITE, status=204, tag=TAG)
def note_walk_result(request: ApiRequest, test_id: Key, number: Key, body: Finding) -> Status[None]:
    """Note what was found at a screen of a walk test."""
    stop = find_row(_test(request, test_id).stops.select_related("screen"), number=number)
    walk_tests.note_result(stop, body.result, body.note, user=request.user)
    return Status(204, None)


def _screens(request: ApiRequest, body: ScreensToTest) -> list[Screen]:
    return named_rows(screen_scopes.screens_in_scope(request.user), body.screens, "screens", key="slug")


def _test(request: ApiRequest, key: int) -> WalkTest:
    return find_row(walk_tests.tests_in_scope(request.user), pk=key)


def walk_answer(row: WalkTest) -> WalkAnswer:
    """Return a walk test as the API shows it."""
    stops = [
        StopAnswer(
            number=stop.number, screen=stop.screen.slug, result=WalkResult(stop.result), note=stop.note,
            noted_at=stop.noted_at,
        )
        for stop in row.stops.all()
    ]  # fmt: skip
    return WalkAnswer(
        id=row.pk, started_at=row.started_at, shown_until=row.shown_until, ended_at=row.ended_at, stops=stops
    )
