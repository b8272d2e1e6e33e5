"""Changes to the library: images, videos and announcements, each recorded and announced to whoever shows them."""

from __future__ import annotations

from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, UndoEntry, User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import content_owners
from beffroi_server.library import library_scopes, media_undo, queries, slide_content, versions
from beffroi_server.library.errors import EditConflict, ItemInUse, NotArchived
from beffroi_server.library.events import AnnouncementChange, announcement_changed, announcement_changing
from beffroi_server.library.media import uploads, video_queue
from beffroi_server.library.models import Announcement, DeletedItem, MediaItem, Upload, Video


def add_image(file: IO[bytes], *, name: str, description: str = "", user: User | None) -> MediaItem:
    """Store an uploaded image, or the first page of a document; see :func:`add_images`."""
    return add_images(file, name=name, description=description, user=user)[0]


def add_images(file: IO[bytes], *, name: str, description: str = "", user: User | None) -> list[MediaItem]:
    """Store an uploaded image, every page of a document, or a video as copies for screens.

    A video is converted later, by the leading process; until then screens show its still.

    Args:
        file: An uploaded file, or any other that can be read.
        name: Name in the library; a document with several pages gets the number of the page added.
        description: Text for those who do not see the image.
        user: Somebody who uploads it; None for the server itself.

    Raises:
        MediaRefused: screens cannot show it; the message says why and what to do.
    """
    return create_media_items(uploads.store_upload(file, name), name=name, description=description, user=user)


def create_media_items(
    images: list[uploads.StoredImage],
    *,
    name: str,
    description: str = "",
    user: User | None,
    upload: Upload | None = None,
) -> list[MediaItem]:
    """Create the media items of a file that was stored.

    Args:
        images: What was stored of it.
        name: As for :func:`add_images`.
        description: As for :func:`add_images`.
        user: As for :func:`add_images`.
        upload: The upload that it came with; None for a file that was handed over by the server itself.
    """
    require(user, "may_write")
    with serialised():
        items = [
            MediaItem.objects.create(
                name=name if len(images) == 1 else _page_name(name, image.page),
                description=description,
                picture=uploads.asset_row(image.normalised),
                thumbnail=uploads.asset_row(image.thumbnail),
                width=image.width,
                height=image.height,
                warnings=list(image.warnings),
                uploaded_by=user,
                municipality=content_owners.home_of(user),
                upload_id=upload.pk if upload else None,
                upload_digest=upload.digest if upload else "",
            )
            for image in images
        ]
        for item, image in zip(items, images, strict=True):
            if image.duration_ms is not None and image.original is not None:
                if not uploads.media_path(image.original.sha256).exists():
                    # The same video was converted in this moment: its upload is gone, and is stored again.
                    raise FileNotFoundError(image.original.sha256)
                original = uploads.asset_row(image.original)
                Video.objects.create(item=item, duration_ms=image.duration_ms, original=original)
                transaction.on_commit(video_queue.conversion_due.set)
        audit.record_event(user, "picture-added", name, sha256=images[0].normalised.sha256, pages=len(images))
    return items


def _page_name(name: str, number: int) -> str:
    return _("%(name)s, page %(page)d") % {"name": name[:100], "page": number}


def update_image(item: MediaItem, *, user: User | None, name: str, description: str) -> None:
    """Change the name and the description of a media item.

    Raises:
        ValidationError: a value is not valid.
    """
    library_scopes.check_media(user, item)
    item.name, item.description = name, description
    item.clean_fields(exclude={"uploaded_by"})
    with serialised():
        before = audit.stored_values(item)
        item.save(update_fields=["name", "description", "folded_name", "search_text"])
        changes = audit.changes_since(before, item)
        audit.record_event(user, "picture-changed", name, sha256=item.picture_id, **changes)


def delete_image(item: MediaItem, *, user: User | None) -> UndoEntry | None:
    """Delete a media item that nothing shows; return how to undo it, None for a video that is not converted yet.

    Its files stay in the media store: players may be fetching them.

    Raises:
        ItemInUse: something shows it.
    """
    library_scopes.check_media(user, item)
    with serialised():
        places = queries.places_showing_image(item)
        if places:
            raise ItemInUse(item.name, places)
        audit.record_event(user, "picture-deleted", item.name, sha256=item.picture_id)
        original = item.video_details.original_id if item.video_details else None
        entry = media_undo.record_deletion(item, user=user)
        DeletedItem.objects.create(source=f"media-{item.pk}", name=item.name)
        item.delete()
        uploads.remove_original(original)
    return entry


def save_announcement(
    announcement: Announcement | None = None,
    *,
    user: User | None,
    expected_version: int | None = None,
    restored_from: int | None = None,
    **values: Any,
) -> Announcement:
    """Create an announcement, or save a change of one; each save is kept as a version.

    Args:
        announcement: The one to change; None creates one.
        user: Somebody who saves it; None for the server itself.
        expected_version: The version that the user saw before the change; None overwrites any.
        restored_from: Number of the earlier version whose values these are; None for any other save.
        values: Fields of ``Announcement`` such as ``title``.

    Raises:
        EditConflict: somebody else saved it since.
        NotPermitted: it is beyond the scope of the user.
        ValidationError: a value is not valid.
    """
    with serialised():
        current = _current_version(announcement, expected_version)
        if not current._state.adding:
            library_scopes.check_announcement(user, current)
            announcement_changing.send(AnnouncementChange(current, user))
        versions.ensure_version(current)
        before = audit.stored_values(current)
        further = values.pop("more_pictures", None)
        if current._state.adding:
            values = {"municipality": content_owners.home_of(user)} | values
        for field, value in values.items():
            setattr(current, field, value)
        if further is not None:
            current.chosen_images = list(further)
        library_scopes.check_announcement(user, current)
        if current.translations and not current.language:
            current.language = Town.objects.get().locale
        _validate_announcement(current)
        current.updated_by = user
        created = current._state.adding
        current.version = 1 if created else current.version + 1
        if created:
            current.created_by = user
        current.save()
        if further is not None:
            current.more_pictures.set(further)
        versions.record_version(current, user, restored_from)
        action = "announcement-created" if created else "announcement-changed"
        changes = audit.changes_since(before, current)
        audit.record_event(
            user, action, current.title, id=str(current.pk), **content_owners.owner_detail(current), **changes
        )
        announcement_changed.send(current)
    return current


def delete_announcement(announcement: Announcement, *, user: User | None) -> None:
    """Delete an archived announcement for good, with its versions and its entries; only its name is kept, for plays.

    Raises:
        NotArchived: it is in use, so that screens may show it.
        NotPermitted: the user does not empty the archive, or it is beyond their scope.
    """
    require(user, "may_delete_for_good")
    with serialised():
        announcement.refresh_from_db()
        library_scopes.check_announcement(user, announcement)
        if announcement.archived_at is None:
            raise NotArchived(announcement.title)
        changes = audit.changes_since(audit.stored_values(announcement), None)
        audit.record_event(user, "announcement-deleted", announcement.title, id=str(announcement.pk), **changes)
        DeletedItem.objects.create(source=f"announcement-{announcement.pk}", name=announcement.title)
        announcement_changed.send(announcement)
        announcement.delete()


def _current_version(announcement: Announcement | None, expected_version: int | None) -> Announcement:
    if announcement is None or announcement._state.adding:
        return announcement or Announcement()
    current = Announcement.objects.select_for_update(of=("self",)).get(pk=announcement.pk)
    if expected_version is not None and current.version != expected_version:
        raise EditConflict(current)
    return current


def _validate_announcement(announcement: Announcement) -> None:
    announcement.full_clean(exclude={"updated_by", "created_by"})
    try:
        slide_content.drawn_content(announcement, Town(time_zone="UTC"))
    except ValueError as error:
        raise ValidationError(str(error)) from error
