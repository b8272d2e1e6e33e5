"""Receiving of uploaded files: straight into the media store, with room for one copy."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from beffroi_server.core import incoming_files


class IncomingUploadedFile(TemporaryUploadedFile):
    """A file on the media store that is removed unless somebody moves it."""

    def __init__(self, name: str | None, *details: Any) -> None:
        # Not removed by itself when it is closed: it may have been moved by then.
        file = tempfile.NamedTemporaryFile(prefix="upload-", dir=incoming_files.process_folder())  # noqa: SIM115
        UploadedFile.__init__(self, file, name, *details)


class IncomingUploadHandler(TemporaryFileUploadHandler):
    """Writes an uploaded file to the media store, and frees the received body behind what was read of it."""

    file: IncomingUploadedFile

    def new_file(self, *arguments: Any, **options: Any) -> None:
        """Begin a file."""
        super(TemporaryFileUploadHandler, self).new_file(*arguments, **options)
        self.file = IncomingUploadedFile(self.file_name, self.content_type, 0, self.charset, self.content_type_extra)
        body = self.request.META.get("wsgi.input") if self.request is not None else None
        try:
            self._body, self._space = body, incoming_files.ReadSpace(body.fileno())  # type: ignore[union-attr]
        except (AttributeError, OSError):
            self._body = None  # a small body is in memory

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece of the file."""
        super().receive_data_chunk(raw_data, start)
        if self._body is not None:
            self._space.free_until(self._body.tell())
