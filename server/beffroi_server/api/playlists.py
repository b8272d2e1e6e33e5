"""Operations on playlists and their entries."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import Field

from beffroi_content.model import PlaylistOrder
from beffroi_server.api.municipalities import municipality_slug, named_municipality
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import invalid_field
from beffroi_server.api.values import (
    Answer,
    Change,
    Instant,
    Key,
    Line60,
    Name80,
    PageOf,
    PageQuery,
    Search,
    Slug,
    find_row,
    named_row,
    page_of,
)
from beffroi_server.core.folded_text import filter_by_words
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import content_owners
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule import publish_permissions, services
from beffroi_server.schedule.models import Entry, Playlist

TAG = "playlists"
READ, WRITE = "schedule:read", "schedule:write"
Seconds = Annotated[int, Field(ge=1, le=3600)]


class EntryAnswer(Answer):
    """An announcement, a media item or another playlist in a playlist."""

    id: int
    position: int
    name: str
    announcement: uuid.UUID | None
    media: int | None
    inner: int | None
    """The playlist that it stands for."""
    duration_s: int
    most_per_hour: int
    """0: as often as the order of the playlist has it."""
    valid_from: dt.datetime | None
    valid_until: dt.datetime | None


class PlaylistAnswer(Answer):
    """A playlist."""

    id: int
    name: str
    municipality: str | None
    """Whose it is, by the identifier of its group; null: shared by all."""
    category: str
    """Announcements of this category are in it without being listed."""
    order: PlaylistOrder
    take: int
    """Slides that it gives each time round a playlist that contains it; 0: all."""
    entries: int
    rules: list[int]
    """Identifiers of the rules that show it."""
    updated_at: dt.datetime


class PlaylistChange(Change):
    """Fields of a playlist."""

    name: Name80 = ""
    category: Line60 = ""
    order: PlaylistOrder = PlaylistOrder.LISTED


class NewPlaylist(PlaylistChange):
    """A new playlist."""

    name: Name80
    municipality: Slug | None = None
    """Whose it is; left out: the municipality that you work for."""


class EntryChange(Change):
    """Fields of an entry."""

    duration_s: Seconds = 10
    most_per_hour: Annotated[int, Field(ge=0, le=3600)] = 0
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    position: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """0 is the first; beyond the end means last."""


class NewEntry(EntryChange):
    """A new entry: an announcement or a media item."""

    announcement: uuid.UUID | None = None
    media: Key | None = None


class PlaylistQuery(PageQuery):
    """Which playlists are wanted."""

    search: Search = ""


def playlist_rows() -> QuerySet[Playlist]:
    """Return the playlists with what their answers show."""
    return Playlist.objects.select_related("municipality__group").prefetch_related("rules", "entries")


def _playlists(request: ApiRequest) -> Any:
    return content_owners.seen_by(playlist_rows(), request.user)


def _playlist(request: ApiRequest, key: int) -> Playlist:
    return find_row(content_owners.seen_by(Playlist.objects.all(), request.user), pk=key)


def playlist_answer(row: Playlist) -> PlaylistAnswer:
    """Return a playlist as the API shows it."""
    return PlaylistAnswer(
        id=row.pk, name=row.name, municipality=municipality_slug(row), category=row.category,
        order=PlaylistOrder(row.order), take=row.take,
        entries=len(row.entries.all()), rules=sorted(rule.pk for rule in row.rules.all()), updated_at=row.updated_at,
    )  # fmt: skip


def entry_answer(row: Entry) -> EntryAnswer:
    """Return an entry of a playlist as the API shows it."""
    return EntryAnswer(
        id=row.pk, position=row.position, name=str(row), announcement=row.announcement_id, media=row.media_id,
        inner=row.inner_id, duration_s=row.duration_s, most_per_hour=row.most_per_hour, valid_from=row.valid_from,
        valid_until=row.valid_until,
    )  # fmt: skip


@operation("GET", "/playlists", scope=READ, returns=PageOf[PlaylistAnswer], tag=TAG)
def list_playlists(request: ApiRequest, query: Query[PlaylistQuery]) -> PageOf[PlaylistAnswer]:
    """List playlists by name."""
    within = publish_permissions.playlists_of(_playlists(request), request.user)
    return page_of(query, filter_by_words(within, query.search, "name"), playlist_answer)


@operation("POST", "/playlists", scope=WRITE, returns=PlaylistAnswer, status=201, tag=TAG)
def create_playlist(request: ApiRequest, body: NewPlaylist) -> Status[PlaylistAnswer]:
    """Create an empty playlist."""
    with serialised():
        row = services.create_playlist(body.name, user=request.user, municipality=named_municipality(body.municipality))
        _change(row, body, request)
    return Status(201, playlist_answer(row))


@operation("GET", "/playlists/{playlist_id}", scope=READ, returns=PlaylistAnswer, tag=TAG)
def read_playlist(request: ApiRequest, playlist_id: Key) -> PlaylistAnswer:
    """Return a playlist."""
    return playlist_answer(find_row(_playlists(request), pk=playlist_id))


@operation("PATCH", "/playlists/{playlist_id}", scope=WRITE, returns=PlaylistAnswer, tag=TAG)
def change_playlist(request: ApiRequest, playlist_id: Key, body: PlaylistChange) -> PlaylistAnswer:
    """Change the name, the category or the order of a playlist."""
    with serialised():
        row = _playlist(request, playlist_id)
        if "name" in body.model_fields_set and body.name != row.name:
            services.rename_playlist(row, body.name, user=request.user)
        _change(row, body, request)
    return playlist_answer(find_row(_playlists(request), pk=playlist_id))


def _change(row: Playlist, body: PlaylistChange, request: ApiRequest) -> None:
    if body.model_fields_set & {"category", "order"}:
        values = {"category": row.category, "order": row.order, **body.given()}
        services.set_auto_fill(row, user=request.user, category=values["category"], order=str(values["order"]))


@operation("DELETE", "/playlists/{playlist_id}", scope=WRITE, status=204, tag=TAG)
def delete_playlist(request: ApiRequest, playlist_id: Key) -> Status[None]:
    """Delete a playlist with its entries, and the rules that show it."""
    services.delete_playlist(_playlist(request, playlist_id), user=request.user)
    return Status(204, None)


@operation("GET", "/playlists/{playlist_id}/entries", scope=READ, returns=PageOf[EntryAnswer], tag=TAG)
def list_entries(request: ApiRequest, playlist_id: Key, query: Query[PageQuery]) -> PageOf[EntryAnswer]:
    """List the entries of a playlist in their order."""
    row = _playlist(request, playlist_id)
    return page_of(query, row.entries.select_related("announcement", "media", "inner"), entry_answer)


@operation("POST", "/playlists/{playlist_id}/entries", scope=WRITE, returns=EntryAnswer, status=201, tag=TAG)
def add_entry(request: ApiRequest, playlist_id: Key, body: NewEntry) -> Status[EntryAnswer]:
    """Add an announcement or a media item to a playlist."""
    if (body.announcement is None) == (body.media is None):
        raise invalid_field("announcement", _("Name an announcement or a media item."))
    with serialised():
        playlist = _playlist(request, playlist_id)
        values = body.given()
        position = values.pop("position", None)
        values["announcement"] = named_row(Announcement.objects.all(), body.announcement, "announcement")
        values["media"] = named_row(MediaItem.objects.select_related("video"), body.media, "media")
        entry = services.add_entry(playlist, user=request.user, **values)
        if position is not None:
            services.move_entry(entry, position, user=request.user)
    return Status(201, entry_answer(entry))


@operation("GET", "/playlists/{playlist_id}/entries/{entry_id}", scope=READ, returns=EntryAnswer, tag=TAG)
def read_entry(request: ApiRequest, playlist_id: Key, entry_id: Key) -> EntryAnswer:
    """Return an entry of a playlist."""
    return entry_answer(_entry(request, playlist_id, entry_id))


@operation("PATCH", "/playlists/{playlist_id}/entries/{entry_id}", scope=WRITE, returns=EntryAnswer, tag=TAG)
def change_entry(request: ApiRequest, playlist_id: Key, entry_id: Key, body: EntryChange) -> EntryAnswer:
    """Change the duration, the validity, the frequency or the place of an entry."""
    with serialised():
        entry = _entry(request, playlist_id, entry_id)
        values = body.given()
        position = values.pop("position", None)
        if values:
            services.update_entry(entry, user=request.user, **values)
        if position is not None:
            services.move_entry(entry, position, user=request.user)
    return entry_answer(entry)


@operation("DELETE", "/playlists/{playlist_id}/entries/{entry_id}", scope=WRITE, status=204, tag=TAG)
def remove_entry(request: ApiRequest, playlist_id: Key, entry_id: Key) -> Status[None]:
    """Take an entry out of its playlist."""
    services.remove_entry(_entry(request, playlist_id, entry_id), user=request.user)
    return Status(204, None)


def _entry(request: ApiRequest, playlist_id: int, entry_id: int) -> Entry:
    entries = Entry.objects.select_related("playlist", "announcement", "media", "inner")
    return find_row(entries, pk=entry_id, playlist=_playlist(request, playlist_id))
