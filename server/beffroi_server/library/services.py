"""Changes to the library: pictures and announcements."""

from __future__ import annotations

from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.library import queries, slide_content, uploads, video_queue
from beffroi_server.library.errors import EditConflict, ItemInUse
from beffroi_server.library.models import Announcement, MediaItem, Video
from beffroi_server.schedule import publication


def add_image(file: IO[bytes], *, name: str, description: str = "", user: User | None) -> MediaItem:
    """Take a picture in, or the first page of a document; see :func:`add_pictures`."""
    return add_images(file, name=name, description=description, user=user)[0]


def add_images(file: IO[bytes], *, name: str, description: str = "", user: User | None) -> list[MediaItem]:
    """Take a picture in, every page of a document, or a film: the original is kept, copies for screens are made.

    A film is prepared later, by the leading process; until then it is its still.

    Args:
        file: An uploaded file, or any other that can be read.
        name: What people call it; the number of the page is added to that of a document with several.
        description: What one sees on it, for those who do not see it.
        person: Who uploads it.

    Raises:
        MediaRefused: it is not a picture that screens can show; the message says why and what to do.
    """
    pictures = uploads.store_upload(file, name)
    with serialised():
        items = [
            MediaItem.objects.create(
                name=name if len(pictures) == 1 else _page_name(name, number),
                description=description,
                original=uploads.asset_row(picture.original),
                picture=uploads.asset_row(picture.normalised),
                thumbnail=uploads.asset_row(picture.thumbnail),
                width=picture.width,
                height=picture.height,
                uploaded_by=user,
            )
            for number, picture in enumerate(pictures, 1)
        ]
        for item, picture in zip(items, pictures, strict=True):
            if picture.duration_ms is not None:
                Video.objects.create(item=item, duration_ms=picture.duration_ms)
                transaction.on_commit(video_queue.conversion_due.set)
        audit.record_event(user, "picture-added", name, sha256=pictures[0].original.sha256, pages=len(pictures))
    return items


def _page_name(name: str, number: int) -> str:
    return _("%(name)s, page %(page)d") % {"name": name[:100], "page": number}


def update_image(item: MediaItem, *, user: User | None, name: str, description: str) -> None:
    """Change what a picture is called and what one sees on it.

    Raises:
        ValidationError: a value does not do.
    """
    item.name, item.description = name, description
    item.clean_fields(exclude={"uploaded_by"})
    with serialised():
        item.save(update_fields=["name", "description"])
        audit.record_event(user, "picture-changed", name, sha256=item.original_id)


def delete_image(item: MediaItem, *, user: User | None) -> None:
    """Delete a picture. Its files stay until the nightly tidying.

    Raises:
        InUse: it is shown somewhere.
    """
    with serialised():
        places = queries.places_showing_image(item)
        if places:
            raise ItemInUse(item.name, places)
        audit.record_event(user, "picture-deleted", item.name, sha256=item.original_id)
        item.delete()


def save_announcement(
    announcement: Announcement | None = None,
    *,
    user: User | None,
    expected_version: int | None = None,
    **values: Any,
) -> Announcement:
    """Create an announcement, or save a change of one.

    Args:
        announcement: The one that is changed; None to create one.
        person: Who does it.
        expected_version: The version that the person saw before writing.
        values: Fields of ``Announcement`` such as ``title``.

    Raises:
        EditConflict: somebody else saved it since.
        ValidationError: a value does not do.
    """
    with serialised():
        current = _current_version(announcement, expected_version)
        further = values.pop("more_pictures", None)
        for field, value in values.items():
            setattr(current, field, value)
        if further is not None:
            current.chosen_images = list(further)
        _validate_announcement(current)
        current.updated_by = user
        created = current._state.adding
        current.version = 1 if created else current.version + 1
        current.save()
        if further is not None:
            current.more_pictures.set(further)
        audit.record_event(
            user, "announcement-created" if created else "announcement-changed", current.title, id=str(current.pk)
        )
        publication.announcement_changed(current)
    return current


def delete_announcement(announcement: Announcement, *, user: User | None) -> None:
    """Delete an announcement.

    Raises:
        InUse: a playlist shows it.
    """
    with serialised():
        places = queries.playlists_showing(announcement)
        if places:
            raise ItemInUse(announcement.title, places)
        audit.record_event(user, "announcement-deleted", announcement.title, id=str(announcement.pk))
        publication.announcement_changed(announcement)
        announcement.delete()


def _current_version(announcement: Announcement | None, expected_version: int | None) -> Announcement:
    if announcement is None or announcement._state.adding:
        return announcement or Announcement()
    current = Announcement.objects.select_for_update(of=("self",)).get(pk=announcement.pk)
    if expected_version is not None and current.version != expected_version:
        raise EditConflict(current)
    return current


def _validate_announcement(announcement: Announcement) -> None:
    announcement.full_clean(exclude={"updated_by"})
    try:
        slide_content.drawn_content(announcement, "UTC")
    except ValueError as error:
        raise ValidationError(str(error)) from error
