"""Operations on the versions of an announcement: who saved what when, and restoring one of them."""

from __future__ import annotations

import datetime as dt
import uuid

from ninja import Query

from beffroi_server.api.announcement_models import (
    READ,
    WRITE,
    AnnouncementAnswer,
    announcement_answer,
    announcements_of,
)
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Key, PageOf, PageQuery, find_row, page_of
from beffroi_server.library import library_scopes, services, versions
from beffroi_server.library.models import AnnouncementVersion

TAG = "announcements"


class VersionAnswer(Answer):
    """An announcement as it was saved once."""

    number: int
    """The ``version`` that the announcement had then."""
    title: str
    saved_at: dt.datetime
    saved_by: str
    restored_from: int | None
    """Number of the version that was restored by this save."""


def version_answer(row: AnnouncementVersion) -> VersionAnswer:
    """Return a version of an announcement as the API shows it."""
    return VersionAnswer(
        number=row.number, title=str(row.values.get("title", "")), saved_at=row.saved_at,
        saved_by=row.saved_by.get_username() if row.saved_by is not None else "", restored_from=row.restored_from,
    )  # fmt: skip


@operation("GET", "/announcements/{announcement_id}/versions", scope=READ, returns=PageOf[VersionAnswer], tag=TAG)
def list_versions(request: ApiRequest, announcement_id: uuid.UUID, query: Query[PageQuery]) -> PageOf[VersionAnswer]:
    """List the versions of an announcement that are kept, the newest first."""
    row = find_row(announcements_of(request), pk=announcement_id)
    return page_of(query, row.versions.select_related("saved_by"), version_answer)


@operation("POST", "/announcements/{announcement_id}/versions/{number}/restore", scope=WRITE,
           returns=AnnouncementAnswer, tag=TAG)  # fmt: skip
def restore_version(request: ApiRequest, announcement_id: uuid.UUID, number: Key) -> AnnouncementAnswer:
    """Save the values of an earlier version as a new one; the versions between stay."""
    row = find_row(announcements_of(request), pk=announcement_id)
    library_scopes.check_announcement(request.user, row)
    version = find_row(row.versions.all(), number=number)
    values = versions.values_to_restore(version)
    services.save_announcement(row, user=request.user, restored_from=number, **values)
    return announcement_answer(find_row(announcements_of(request), pk=announcement_id))
