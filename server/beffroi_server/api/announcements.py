"""Operations on announcements: list, read, write, duplicate, publish, archive, delete."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import Q, QuerySet
from django.utils import timezone
from ninja import Query, Status

from beffroi_server.api.announcement_models import (
    READ,
    TAG,
    WRITE,
    AnnouncementAnswer,
    AnnouncementChange,
    AnnouncementQuery,
    NewAnnouncement,
    announcement_answer,
    announcement_values,
    announcements_of,
)
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    PageOf,
    find_row,
    page_of,
)
from beffroi_server.core.folded_text import search_words
from beffroi_server.core.transactions import serialised
from beffroi_server.library import copies, services, tags
from beffroi_server.library.models import Announcement
from beffroi_server.schedule.models import AnnouncementPlacement


def on_screens(now: dt.datetime) -> QuerySet[AnnouncementPlacement]:
    """Return the placements of announcements that are published at an instant and not taken off."""
    begun = Q(starts_at=None) | Q(starts_at__lte=now)
    lasting = Q(ends_at=None) | Q(ends_at__gt=now)
    aimed = Q(everywhere=True) | Q(screens__isnull=False) | Q(groups__isnull=False)
    return AnnouncementPlacement.objects.filter(begun, lasting, aimed, taken_off_at=None)


@operation("GET", "/announcements", scope=READ, returns=PageOf[AnnouncementAnswer], tag=TAG)
def list_announcements(request: ApiRequest, query: Query[AnnouncementQuery]) -> PageOf[AnnouncementAnswer]:
    """List announcements, the one that was changed last first."""
    rows = announcements_of(request).filter(archived_at__isnull=not query.archived)
    for word in search_words(query.search):
        rows = rows.filter(search_text__contains=word)
    if query.on_screens is not None:
        shown = on_screens(timezone.now()).values("announcement")
        rows = rows.filter(pk__in=shown) if query.on_screens else rows.exclude(pk__in=shown)
    if query.template is not None:
        rows = rows.filter(template=query.template)
    if query.label:
        rows = rows.filter(label=query.label)
    return page_of(query, rows, announcement_answer)


@operation("POST", "/announcements", scope=WRITE, returns=AnnouncementAnswer, status=201, tag=TAG)
def create_announcement(request: ApiRequest, body: NewAnnouncement) -> Status[AnnouncementAnswer]:
    """Write a new announcement. Nothing shows it until it is published or in a playlist."""
    return Status(201, _save(None, body, request))


@operation("POST", "/announcements/{announcement_id}/duplicate", scope=WRITE, returns=AnnouncementAnswer, status=201,
           tag=TAG)  # fmt: skip
def duplicate_announcement(request: ApiRequest, announcement_id: uuid.UUID) -> Status[AnnouncementAnswer]:
    """Write a copy of an announcement, which nothing shows yet; it belongs to those for whom its author works."""
    original = find_row(announcements_of(request), pk=announcement_id)
    saved = services.save_announcement(None, user=request.user, **copies.copied_values(original))
    return Status(201, announcement_answer(find_row(announcements_of(request), pk=saved.pk)))


@operation("GET", "/announcements/{announcement_id}", scope=READ, returns=AnnouncementAnswer, tag=TAG)
def read_announcement(request: ApiRequest, announcement_id: uuid.UUID) -> AnnouncementAnswer:
    """Return an announcement."""
    return announcement_answer(find_row(announcements_of(request), pk=announcement_id))


@operation("PATCH", "/announcements/{announcement_id}", scope=WRITE, returns=AnnouncementAnswer, tag=TAG)
def change_announcement(
    request: ApiRequest, announcement_id: uuid.UUID, body: AnnouncementChange
) -> AnnouncementAnswer:
    """Change an announcement; screens that show it follow."""
    return _save(find_row(announcements_of(request), pk=announcement_id), body, request)


def _save(row: Announcement | None, body: AnnouncementChange, request: ApiRequest) -> AnnouncementAnswer:
    with serialised():
        values = announcement_values(body, row or Announcement(), request)
        names = values.pop("tags", None)
        saved = services.save_announcement(row, user=request.user, expected_version=body.version, **values)
        if names is not None:
            tags.set_tags(saved, names, user=request.user)
    return announcement_answer(find_row(announcements_of(request), pk=saved.pk))


@operation("DELETE", "/announcements/{announcement_id}", scope=WRITE, permission="may_delete_for_good", status=204,
           tag=TAG)  # fmt: skip
def delete_announcement(request: ApiRequest, announcement_id: uuid.UUID) -> Status[None]:
    """Delete an announcement for good that is in the archive."""
    services.delete_announcement(find_row(announcements_of(request), pk=announcement_id), user=request.user)
    return Status(204, None)
