"""Queue of uploads: a file is stored and answered for at once, and decoded in the background, one after another.

The queue is in the database and in a folder of the media store, so it goes on after a restart.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import User
from beffroi_server.core import database, disk_space
from beffroi_server.fleet import content_owners
from beffroi_server.library import library_scopes, services
from beffroi_server.library.errors import AlreadyInLibrary, MediaRefused
from beffroi_server.library.media import uploads
from beffroi_server.library.media.sentences import media_refusal
from beffroi_server.library.models import MediaItem, Upload

logger = logging.getLogger(__name__)
upload_due = threading.Event()
"""Set when a file was uploaded; the thread of the leading server process waits for it."""
POLL_INTERVAL_S = 15
"""Seconds between two looks into the database: another server process may have received an upload."""
MAX_ATTEMPTS = 3
MAX_WAITING, MAX_WAITING_OF_USER = 300, 100
"""Uploads that may wait, of all users and of one."""


def enqueue_upload(file: IO[bytes], *, name: str, user: User) -> Upload:
    """Store an uploaded file, to be decoded later; a file that waits already waits once.

    Args:
        file: An uploaded file; one that lies on the media store is moved.
        name: Its name in the library.
        user: Somebody who uploads it.

    Raises:
        AlreadyInLibrary: it was uploaded before, and is still there.
        MediaRefused: too many wait, there is no room, or its size or first bytes show that screens cannot show it.
    """
    _check_room(user)
    upload = Upload(name=name, uploaded_by=user, language=translation.get_language() or settings.LANGUAGE_CODE)
    path = waiting_path(upload)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        uploads.receive_upload(file, path, name)
        upload.digest = uploads.file_digest(path)
        twin = _find_twin(upload.digest, user)
        if twin is not None:
            path.unlink()
            return twin
        upload.save(force_insert=True)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    transaction.on_commit(upload_due.set)
    return upload


def _find_twin(digest: str, user: User) -> Upload | None:
    """Return the upload of the same file that waits already, if there is one that the user sees.

    What others uploaded for themselves is no help to the user: the same file comes into the library twice then, and
    into the media store once.

    Raises:
        AlreadyInLibrary: the file has been decoded before.
    """
    usable = Q(video=None) | Q(video__problem="")
    seen = library_scopes.media_in_scope(MediaItem.objects.all(), user)
    known = seen.filter(usable, upload_digest=digest).order_by("pk")
    items = [item for item in known if uploads.media_path(item.picture_id).exists()]
    if items:
        raise AlreadyInLibrary(items)
    return uploads_in_scope(user).filter(digest=digest, problem="").first()


def waiting_path(upload: Upload) -> Path:
    """Return the path of the file of an upload that waits."""
    return Path(settings.MEDIA_STORE) / ".waiting" / upload.pk.hex


def uploads_in_scope(user: User) -> QuerySet[Upload]:
    """Return the uploads that a user sees and may dismiss: a contributor the own, others those of their colleagues."""
    if not user.may_edit:
        return Upload.objects.filter(uploaded_by=user)
    served = content_owners.served_municipalities(user)
    if served is None:
        return Upload.objects.all()
    limited = User.objects.filter(is_limited_to_groups=True)
    if not served:
        return Upload.objects.exclude(uploaded_by__in=limited.filter(scope_groups__municipality__isnull=False))
    colleagues = limited.filter(scope_groups__municipality__in=[each.pk for each in served])
    return Upload.objects.filter(Q(uploaded_by=user) | Q(uploaded_by__in=colleagues))


def dismiss_upload(upload: Upload) -> None:
    """Forget an upload that was refused."""
    Upload.objects.filter(pk=upload.pk).exclude(problem="").delete()


class UploadQueue:
    """Decodes what waits. Users take turns: who uploads many files holds nobody else up."""

    def __init__(self) -> None:
        self._last_user: int | None = None

    @database.close_connection_after()
    def run_uploads(self, stopping: threading.Event) -> None:
        """Decode uploads until ``stopping`` is set."""
        while not stopping.is_set():
            try:
                while not stopping.is_set() and database.with_fresh_connection(self.process_next):
                    pass
            except Exception:
                logger.exception("an upload could not be decoded")
            upload_due.wait(timeout=POLL_INTERVAL_S)
            upload_due.clear()

    def process_next(self) -> bool:
        """Decode the next upload; return whether there was one.

        Raises:
            OSError: the disk is full or broken; the upload stays in the queue.
        """
        upload = self._choose_upload()
        if upload is None:
            return False
        self._last_user = upload.uploaded_by_id
        with translation.override(upload.language):
            try:
                self._process_upload(upload)
            except MediaRefused as refused:
                Upload.objects.filter(pk=upload.pk).update(problem=refused.message[:500])
                waiting_path(upload).unlink(missing_ok=True)
        return True

    def _choose_upload(self) -> Upload | None:
        waiting = Upload.objects.filter(problem="").select_related("uploaded_by").order_by("attempts", "created_at")
        others = waiting.exclude(uploaded_by=self._last_user) if self._last_user is not None else waiting
        return others.first() or waiting.first()

    def _process_upload(self, upload: Upload) -> None:
        path, rows = waiting_path(upload), Upload.objects.filter(pk=upload.pk)
        if not path.is_file() or upload.attempts >= MAX_ATTEMPTS:
            raise media_refusal("too-complex", upload.name)
        # Counted before, so that a file that brings the whole machine down is not tried for ever.
        rows.update(attempts=F("attempts") + 1, is_started=True)
        try:
            images = uploads.store_received(path, upload.name)
        except OSError:
            rows.update(attempts=F("attempts") - 1, is_started=False)
            raise
        with transaction.atomic():
            services.create_media_items(images, name=upload.name, user=upload.uploaded_by, upload=upload)
            rows.delete()
        path.unlink(missing_ok=True)


def remove_leftovers(is_old: Callable[[float], bool]) -> int:
    """Remove files that wait for no upload any more, and return how many.

    Args:
        is_old: Told the time of a file's last change; false for one that may just be arriving.
    """
    known = {pk.hex for pk in Upload.objects.filter(problem="").values_list("pk", flat=True)}
    folder = Path(settings.MEDIA_STORE) / ".waiting"
    found = [path for path in folder.glob("*") if path.name not in known and is_old(path.stat().st_mtime)]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _check_room(user: User) -> None:
    waiting = Upload.objects.filter(problem="")
    if waiting.count() >= MAX_WAITING or waiting.filter(uploaded_by=user).count() >= MAX_WAITING_OF_USER:
        raise MediaRefused(
            "too-many", _("Too many files are waiting to be prepared. Wait until they are done, then add the others.")
        )
    if not disk_space.has_room_for(0):
        raise MediaRefused(
            "no-room",
            _("The server’s disk is nearly full: no file can be added. Tell the person who runs the server."),
        )
