"""Operations on versions of the player: which are here, which screens run which, and rollouts."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from django.utils import timezone
from ninja import Query, Status
from pydantic import Field

from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, Line40, PageOf, PageQuery, Slug, find_row, page_of
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.software import mirror, rollouts
from beffroi_server.software.models import DEFAULT_HOLD_HOURS, Rollout, RolloutState, RolloutStep
from beffroi_server.software.progress import Progress, ScreenProgress, progress_of

TAG = "screens"
READ, WRITE = "screens:read", "screens:write"
MAY = "may_install"


class PlayerVersionAnswer(Answer):
    """A version of the player that is on the server."""

    version: str
    archives: list[str]
    """One for each kind of machine and of Python."""


class RolloutAnswer(Answer):
    """The rollout of a version."""

    id: UUID
    version: str
    state: RolloutState
    step: RolloutStep
    first_group: str | None
    at_once: bool
    hold_hours: int
    has_failed: bool
    """Whether it was paused because a screen has taken the version back."""
    held_since: dt.datetime | None
    """Since when every screen of the step that is there has the version."""
    started_at: dt.datetime


class ScreenVersionAnswer(Answer):
    """How far a screen is with a version."""

    screen: str
    running: str
    """The version that it reports; empty: it never has."""
    wanted: str
    progress: Progress
    detail: str
    """What it waits for, or why it has taken the version back."""
    gap_ms: int | None
    """How long the display had no new frame at the last change."""


class NewRollout(Change):
    """A rollout to be started."""

    version: Line40
    first_group: Slug | None = None
    """Whose screens come first; none: one screen of the town."""
    at_once: bool = False
    """Whether players fetch and change it also by day."""
    hold_hours: Annotated[int, Field(ge=0, le=24 * 14)] = DEFAULT_HOLD_HOURS


class ScreenVersionsQuery(PageQuery):
    """Which version screens are compared with."""

    version: str = Field("", max_length=40)
    """Empty: the one that was last rolled out."""


@operation("GET", "/player-versions", scope=READ, permission=MAY, returns=list[PlayerVersionAnswer], tag=TAG)
def list_player_versions(request: ApiRequest) -> list[PlayerVersionAnswer]:
    """List the versions of the player that are on the server, the newest first."""
    found = mirror.available_versions()
    return [PlayerVersionAnswer(version=version, archives=list(names)) for version, names in found.items()]


@operation("GET", "/screen-versions", scope=READ, permission=MAY, returns=PageOf[ScreenVersionAnswer], tag=TAG)
def list_screen_versions(request: ApiRequest, query: Query[ScreenVersionsQuery]) -> PageOf[ScreenVersionAnswer]:
    """List which version each screen runs, and how far it is with another."""
    newest = None if query.version else Rollout.objects.first()
    version = newest.version if newest is not None else query.version
    rows = progress_of(version, timezone.now(), screen_scopes.screens_in_scope(request.user))
    return page_of(query, rows, _screen_answer)


@operation("GET", "/rollouts", scope=READ, permission=MAY, returns=PageOf[RolloutAnswer], tag=TAG)
def list_rollouts(request: ApiRequest, query: Query[PageQuery]) -> PageOf[RolloutAnswer]:
    """List rollouts, the newest first."""
    return page_of(query, Rollout.objects.select_related("first_group"), _answer)


@operation("POST", "/rollouts", scope=WRITE, returns=RolloutAnswer, status=201, tag=TAG)
def start_rollout(request: ApiRequest, body: NewRollout) -> Status[RolloutAnswer]:
    """Start the rollout of a version with its first screens: then one screen in ten gets it, then all."""
    group = find_row(ScreenGroup.objects.all(), slug=body.first_group) if body.first_group else None
    rollout = Rollout(version=body.version, first_group=group, at_once=body.at_once, hold_hours=body.hold_hours)
    return Status(201, _answer(rollouts.start_rollout(rollout, user=request.user, now=timezone.now())))


@operation("POST", "/rollouts/{rollout_id}/pause", scope=WRITE, returns=RolloutAnswer, tag=TAG)
def pause_rollout(request: ApiRequest, rollout_id: UUID) -> RolloutAnswer:
    """Stop a rollout for now: screens that do not run the version yet stay as they are."""
    rollouts.pause_rollout(_rollout(rollout_id), user=request.user, now=timezone.now())
    return _answer(_rollout(rollout_id))


@operation("POST", "/rollouts/{rollout_id}/resume", scope=WRITE, returns=RolloutAnswer, tag=TAG)
def resume_rollout(request: ApiRequest, rollout_id: UUID) -> RolloutAnswer:
    """Let a rollout go on; screens on which it has failed are passed over from now on."""
    rollouts.resume_rollout(_rollout(rollout_id), user=request.user, now=timezone.now())
    return _answer(_rollout(rollout_id))


@operation("POST", "/rollouts/{rollout_id}/end", scope=WRITE, returns=RolloutAnswer, tag=TAG)
def end_rollout(request: ApiRequest, rollout_id: UUID) -> RolloutAnswer:
    """End a rollout for good: screens that do not run the version yet stay as they are."""
    rollouts.end_rollout(_rollout(rollout_id), user=request.user, now=timezone.now())
    return _answer(_rollout(rollout_id))


def _rollout(key: UUID) -> Rollout:
    return find_row(Rollout.objects.select_related("first_group"), pk=key)


def _answer(row: Rollout) -> RolloutAnswer:
    return RolloutAnswer(
        id=row.pk, version=row.version, state=RolloutState(row.state), step=RolloutStep(row.step),
        first_group=row.first_group.slug if row.first_group else None, at_once=row.at_once, hold_hours=row.hold_hours,
        has_failed=row.has_failed, held_since=row.held_since, started_at=row.started_at,
    )  # fmt: skip


def _screen_answer(row: ScreenProgress) -> ScreenVersionAnswer:
    return ScreenVersionAnswer(
        screen=row.slug, running=row.running, wanted=row.wanted, progress=row.progress, detail=row.detail,
        gap_ms=row.gap_ms,
    )  # fmt: skip
