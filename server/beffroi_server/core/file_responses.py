"""Handing out files of the media store, whole or in part (RFC 9110, section 14)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import IO, TypeVar

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
Response = TypeVar("Response", bound=HttpResponseBase)


def file_response(request: HttpRequest, path: Path, sha256: str, media_type: str) -> HttpResponseBase:
    """Return a file, or the part of it that is asked for. Its name is its content, so it never changes."""
    size, etag = path.stat().st_size, f'"{sha256}"'
    if request.headers.get("If-None-Match") == etag:
        return _described(HttpResponse(status=304), etag)
    part = _part(request, size, etag)
    if part is None:
        refused = _described(HttpResponse(f"the file has {size} bytes", status=416, content_type="text/plain"), etag)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    start, end = part
    return _described(_file_response(path, media_type, start, end, size), etag)


def _part(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """Return first and last byte that are wanted; None for a part that the file does not have.

    A range that is not understood, or of which the file has changed, means the whole file (RFC 9110, 14.2 and 13.1.5).
    """
    whole = 0, size - 1
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or match[0] == "bytes=-" or request.headers.get("If-Range", etag) != etag:
        return whole
    if not match[1]:
        length = int(match[2])
        return (max(0, size - length), size - 1) if length else None
    start, end = int(match[1]), min(int(match[2] or size), size - 1)
    if match[2] and int(match[2]) < start:
        return whole
    return (start, end) if start < size else None


def _file_response(path: Path, media_type: str, start: int, end: int, size: int) -> FileResponse:
    file = path.open("rb")
    file.seek(start)
    length = end - start + 1
    served = file if end == size - 1 else _Part(file, length)
    response = FileResponse(served, status=200 if length == size else 206, content_type=media_type)
    response["Content-Length"] = str(length)
    if length != size:
        response["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response


class _Part:
    """A file that ends early.

    It can be sought in: so waitress sends it from its main loop, as it does whole files. What cannot be sought in holds
    one of its threads until the client has read nearly all of it.
    """

    def __init__(self, file: IO[bytes], length: int) -> None:
        self._file = file
        self._start, self._end = file.tell(), file.tell() + length

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._end - self._file.tell())
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: self._start, os.SEEK_CUR: self._file.tell(), os.SEEK_END: self._end}[whence]
        self._file.seek(max(self._start, origin + offset))
        return self.tell()

    def tell(self) -> int:
        return self._file.tell() - self._start

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()


def _described(response: Response, etag: str) -> Response:
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
