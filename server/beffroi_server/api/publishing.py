"""Operations on publishing: where and when announcements are shown, what that changes, and acts on many at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Annotated, Literal

from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import Field

from beffroi_server.accounts.models import UndoEntry
from beffroi_server.api.announcement_models import (
    TAG,
    WRITE,
    AnnouncementAnswer,
    NewPlacement,
    announcement_answer,
    announcements_of,
    named_targets,
    placement_targets,
    placement_times,
)
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import ApiProblem, invalid_field
from beffroi_server.api.values import (
    Answer,
    DrawnLabel,
    Instant,
    TagName,
    find_row,
    named_rows,
)
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import announcement_acts, placements, publish_permissions
from beffroi_server.schedule.announcement_acts import MAX_AT_ONCE, PlacementValues
from beffroi_server.schedule.charter import ProposedPublication, check_charter
from beffroi_server.schedule.charter_models import CharterSubject
from beffroi_server.schedule.partial_acts import SomeRefused
from beffroi_server.schedule.placement_outlook import announcement_outlook, proposed_placement

ActName = Literal["take-off", "put-back", "archive", "place", "extend", "category", "tag", "untag"]


class FindingAnswer(Answer):
    """What the charter says of a publication."""

    subject: CharterSubject
    sentence: str
    refuses: bool
    """Otherwise it warns, and it may be published anyway."""


class OutlookAnswer(Answer):
    """How some screens that are alike show an announcement in a week."""

    screen: str
    """The first of them by name."""
    screens: int
    """How many they are."""
    percent_before: float
    """Of the time in which the display is on."""
    percent: float
    shown_s: int
    """In the week."""
    next_at: dt.datetime | None
    problem: str
    """Why these screens cannot draw it."""


class PlacementCheckAnswer(Answer):
    """What a publication would change, without publishing."""

    needs_approval: bool
    """Whether it has to be proposed, rather than published."""
    findings: list[FindingAnswer]
    """Of the charter, refusals first."""
    outlook: list[OutlookAnswer]
    further_screens: int
    """Of which nothing is said: they are too different from each other."""


class ActChange(NewPlacement):
    """What is to be done with several announcements; each act takes the fields that it needs."""

    act: ActName
    announcements: Annotated[list[uuid.UUID], Field(min_length=1, max_length=MAX_AT_ONCE)]
    until: Instant | None = None
    """For ``extend``."""
    category: DrawnLabel = ""
    """For ``category``."""
    tag: TagName | None = None
    """For ``tag`` and ``untag``."""


class ActAnswer(Answer):
    """What was done; it can be undone for fifteen minutes."""

    changed: int
    undo: uuid.UUID | None
    """Identifier for ``/me/undo``; null where nothing had to be changed."""
    refused: str
    """Which announcements stay as they are, and why; empty where none does."""


@operation("PUT", "/announcements/{announcement_id}/placement", scope=WRITE, permission="may_edit",
           returns=AnnouncementAnswer, tag=TAG)  # fmt: skip
def place_announcement(request: ApiRequest, announcement_id: uuid.UUID, body: NewPlacement) -> AnnouncementAnswer:
    """Publish an announcement on screens, without a playlist, or change where and when it is published."""
    row, chosen = find_row(announcements_of(request), pk=announcement_id), placement_targets(body)
    publish_permissions.check_publishing(request.user, chosen)
    placements.place_announcement(row, **named_targets(chosen), **placement_times(body), user=request.user)
    return announcement_answer(find_row(announcements_of(request), pk=announcement_id))


@operation("POST", "/announcements/{announcement_id}/placement/check", scope=WRITE, returns=PlacementCheckAnswer,
           tag=TAG, is_repeatable=False)  # fmt: skip
def check_placement(request: ApiRequest, announcement_id: uuid.UUID, body: NewPlacement) -> PlacementCheckAnswer:
    """Say what a publication would change, and what the charter says of it, without publishing."""
    row, chosen, now = find_row(announcements_of(request), pk=announcement_id), placement_targets(body), timezone.now()
    findings = check_charter(
        ProposedPublication(row, chosen, max(body.starts_at or now, now), body.ends_at, body.duration_s)
    )
    try:
        proposed = proposed_placement(row, chosen, text=row, **placement_times(body))
    except ValueError as error:
        raise ApiProblem(409, "not-drawable", _("It cannot be shown like this yet.")) from error
    found = announcement_outlook(row, now, proposed)
    return PlacementCheckAnswer(
        needs_approval=publish_permissions.needs_approval(request.user, chosen),
        findings=[FindingAnswer(subject=each.subject, sentence=each.sentence, refuses=each.refuses)
                  for each in findings],
        outlook=[
            OutlookAnswer(
                screen=line.screens.first.slug, screens=line.screens.count,
                percent_before=round(line.before.percent, 1), percent=round(line.after.percent, 1),
                shown_s=line.after.shown_ms // 1000, next_at=line.after.next_at, problem=line.problem,
            )
            for line in found.lines
        ],
        further_screens=found.further,
    )  # fmt: skip


@operation("POST", "/announcement-acts", scope=WRITE, permission="may_edit", returns=ActAnswer, tag=TAG)
def change_announcements(request: ApiRequest, body: ActChange) -> ActAnswer:
    """Do one thing with several announcements; what may not be changed stays, is named, and the rest is done."""
    rows = named_rows(announcements_of(request), body.announcements, "announcements")
    refused = ""
    try:
        entry = _act(rows, body, request)
    except SomeRefused as some:
        entry, refused = some.entry, some.message
    return ActAnswer(changed=entry.count if entry else 0, undo=entry.pk if entry else None, refused=refused)


def _declare_act(name: str, sentence: str, act: Callable[..., object]) -> None:
    """Declare an operation that does something to one announcement and takes no body."""

    def view(request: ApiRequest, announcement_id: uuid.UUID) -> AnnouncementAnswer:
        row = find_row(announcements_of(request), pk=announcement_id)
        act([row], user=request.user)
        return announcement_answer(find_row(announcements_of(request), pk=announcement_id))

    view.__name__, view.__doc__ = f"{name.replace('-', '_')}_announcement", sentence
    path = f"/announcements/{{announcement_id}}/{name}"
    operation("POST", path, scope=WRITE, permission="may_edit", returns=AnnouncementAnswer, tag=TAG)(view)


_declare_act("take-off", "Take an announcement off all screens, wherever it is published.", announcement_acts.take_off)
_declare_act("put-back", "Put an announcement back that was taken off the screens.", announcement_acts.put_back)
_declare_act("archive", "Put an announcement into the archive, which takes it off the screens.",
             announcement_acts.archive_announcements)  # fmt: skip
_declare_act("restore", "Take an announcement out of the archive. It is on no screen until it is put back.",
             lambda rows, user: announcement_acts.restore(rows[0], user=user))  # fmt: skip


def _act(rows: list[Announcement], body: ActChange, request: ApiRequest) -> UndoEntry | None:
    user, simple = request.user, _SIMPLE_ACTS.get(body.act)
    if simple is not None:
        return simple(rows, user=user)
    if body.act == "category":
        return announcement_acts.change_category(rows, body.category, user=user)
    if body.act == "place":
        chosen = placement_targets(body)
        publish_permissions.check_publishing(user, chosen)
        values = PlacementValues(**named_targets(chosen), starts_at=body.starts_at, ends_at=body.ends_at)
        return announcement_acts.place(rows, values, user=user)
    if body.act == "extend":
        if body.until is None:
            raise invalid_field("until", _("Say until when."))
        return announcement_acts.extend(rows, body.until, user=user)
    if body.tag is None:
        raise invalid_field("tag", _("Name the tag."))
    act = announcement_acts.add_tag if body.act == "tag" else announcement_acts.remove_tag
    return act(rows, body.tag, user=user)


_SIMPLE_ACTS: dict[str, Callable[..., UndoEntry | None]] = {
    "take-off": announcement_acts.take_off,
    "put-back": announcement_acts.put_back,
    "archive": announcement_acts.archive_announcements,
}
