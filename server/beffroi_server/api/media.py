"""Operations on images and videos: upload, state, list, description."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import PurePath
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Query, Status, UploadedFile

from beffroi_server.api.municipalities import municipality_slug
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import not_found
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Line200,
    Name120,
    PageOf,
    PageQuery,
    Search,
    clean_line,
    find_row,
    page_of,
)
from beffroi_server.core.folded_text import filter_by_words
from beffroi_server.library import library_scopes, queries, services, upload_queue
from beffroi_server.library.media.sentences import media_refusal, warning_sentence
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import MediaItem, Upload

TAG = "media"
READ, WRITE = "announcements:read", "announcements:write"
SERVED_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "video/mp4"})


class MediaAnswer(Answer):
    """An image or a video."""

    id: int
    name: str
    description: str
    municipality: str | None
    """Whose it is, by the identifier of its group; null: shared by all."""
    kind: Literal["image", "video"]
    width: int
    height: int
    duration_s: int | None
    """Of a video."""
    state: Literal["ready", "converting", "refused"]
    """A video is converted; until then screens show its still."""
    progress: int
    """Percent of the conversion."""
    problem: str
    """Why it was refused."""
    warnings: list[str]
    """What the copy lacks of the upload."""
    uploaded_at: dt.datetime


class UploadAnswer(Answer):
    """A file that was uploaded and waits to be decoded, or was refused."""

    id: uuid.UUID
    name: str
    state: Literal["waiting", "refused"]
    problem: str
    created_at: dt.datetime


class MediaChange(Change):
    """Name and description of an image or a video."""

    name: Name120 = ""
    description: Line200 = ""


class MediaQuery(PageQuery):
    """Which media items are wanted."""

    search: Search = ""


def media_answer(row: MediaItem) -> MediaAnswer:
    """Return an image or a video as the API shows it."""
    video = row.video_details
    problem = media_refusal(video.problem, row.name).message if video is not None and video.problem else ""
    state: Any = "ready" if video is None or video.converted_id else "refused" if problem else "converting"
    return MediaAnswer(
        id=row.pk, name=row.name, description=row.description, municipality=municipality_slug(row),
        kind="image" if video is None else "video",
        width=row.width, height=row.height, duration_s=video.seconds if video is not None else None, state=state,
        progress=100 if state == "ready" else video.progress if video is not None else 0, problem=problem,
        warnings=[warning_sentence(each) for each in row.warnings], uploaded_at=row.uploaded_at,
    )  # fmt: skip


def _upload_answer(row: Upload) -> UploadAnswer:
    state: Any = "refused" if row.problem else "waiting"
    return UploadAnswer(id=row.pk, name=row.name, state=state, problem=row.problem, created_at=row.created_at)


def media_rows() -> QuerySet[MediaItem]:
    """Return images and videos with what their answers show."""
    return MediaItem.objects.select_related("video", "picture", "municipality__group")


def _media_items(request: ApiRequest) -> Any:
    return library_scopes.media_in_scope(media_rows(), request.user)


@operation("GET", "/media", scope=READ, returns=PageOf[MediaAnswer], tag=TAG)
def list_media(request: ApiRequest, query: Query[MediaQuery]) -> PageOf[MediaAnswer]:
    """List images and videos, the newest first."""
    return page_of(query, filter_by_words(_media_items(request), query.search, "name", "description"), media_answer)


@operation("POST", "/media", scope=WRITE, returns=UploadAnswer, status=202, tag=TAG)
def upload_media(request: ApiRequest, file: File[UploadedFile]) -> Status[UploadAnswer]:
    """Upload an image, a video or a document, which is decoded in the background."""
    name = clean_line(PurePath(file.name or "").stem)[:120] or _("Image")
    return Status(202, _upload_answer(upload_queue.enqueue_upload(file, name=name, user=request.user)))


@operation("GET", "/media/uploads", scope=READ, returns=PageOf[UploadAnswer], tag=TAG)
def list_uploads(request: ApiRequest, query: Query[PageQuery]) -> PageOf[UploadAnswer]:
    """List uploads that wait or were refused; one that was taken in is among the media."""
    return page_of(query, upload_queue.uploads_in_scope(request.user), _upload_answer)


@operation("GET", "/media/uploads/{upload_id}", scope=READ, returns=UploadAnswer, tag=TAG)
def read_upload(request: ApiRequest, upload_id: uuid.UUID) -> UploadAnswer:
    """Return the state of an upload; once it is taken in, there is nothing at this address any more."""
    return _upload_answer(find_row(upload_queue.uploads_in_scope(request.user), pk=upload_id))


@operation("DELETE", "/media/uploads/{upload_id}", scope=WRITE, status=204, tag=TAG)
def dismiss_upload(request: ApiRequest, upload_id: uuid.UUID) -> Status[None]:
    """Take an upload that was refused off the list."""
    upload_queue.dismiss_upload(find_row(upload_queue.uploads_in_scope(request.user), pk=upload_id))
    return Status(204, None)


@operation("GET", "/media/{media_id}", scope=READ, returns=MediaAnswer, tag=TAG)
def read_media(request: ApiRequest, media_id: Key) -> MediaAnswer:
    """Return an image or a video."""
    return media_answer(find_row(_media_items(request), pk=media_id))


@operation("GET", "/media/{media_id}/file", scope=READ, media_type="image/*", tag=TAG)
def read_media_file(request: ApiRequest, media_id: Key) -> HttpResponse:
    """Return the file of an image, or the still of a video."""
    asset = find_row(_media_items(request), pk=media_id).picture
    path = media_path(asset.sha256)
    if asset.media_type not in SERVED_TYPES or not path.is_file():
        raise not_found()
    return HttpResponse(path.read_bytes(), content_type=asset.media_type)


@operation("PATCH", "/media/{media_id}", scope=WRITE, returns=MediaAnswer, tag=TAG)
def change_media(request: ApiRequest, media_id: Key, body: MediaChange) -> MediaAnswer:
    """Change the name or the description of an image or a video."""
    row = find_row(_media_items(request), pk=media_id)
    values = {"name": row.name, "description": row.description, **body.given()}
    services.update_image(row, user=request.user, **values)
    return media_answer(row)


@operation("DELETE", "/media/{media_id}", scope=WRITE, status=204, tag=TAG)
def delete_media(request: ApiRequest, media_id: Key) -> Status[None]:
    """Delete an image or a video that nothing shows."""
    services.delete_image(find_row(_media_items(request), pk=media_id), user=request.user)
    return Status(204, None)


class UsesAnswer(Answer):
    """Where something is in use."""

    places: list[str]


@operation("GET", "/media/{media_id}/uses", scope=READ, returns=UsesAnswer, tag=TAG)
def list_media_uses(request: ApiRequest, media_id: Key) -> UsesAnswer:
    """Name the announcements and playlists that show an image or a video."""
    return UsesAnswer(places=queries.places_showing_image(find_row(_media_items(request), pk=media_id)))
