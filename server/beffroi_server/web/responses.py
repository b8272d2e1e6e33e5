"""Responses with images, which browsers keep and ask for again by their entity tag (RFC 9110, 13.1.2), or files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, TypeVar

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

ResponseType = TypeVar("ResponseType", bound=HttpResponseBase)


def image_response(
    request: HttpRequest, body: bytes | IO[bytes], media_type: str, version: str, filename: str = ""
) -> HttpResponseBase:
    """Return an image, or 304 if the browser already has this version.

    Args:
        request: Its ``If-None-Match`` is compared with the version.
        body: The bytes, or an open file, which the response closes.
        media_type: Such as ``image/png``.
        version: A text that changes with the image; it becomes the entity tag.
        filename: The name under which a file is saved.
    """
    tag = f'"{version}"'
    response: HttpResponseBase
    if request.headers.get("If-None-Match") == tag:
        if not isinstance(body, bytes):
            body.close()
        response = HttpResponse(status=304)
    elif isinstance(body, bytes):
        response = HttpResponse(body, content_type=media_type)
    else:
        response = FileResponse(body, content_type=media_type, filename=filename)
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response


def file_response(lines: Iterable[bytes], media_type: str, name: str) -> HttpResponseBase:
    """Return a file that is sent as it is made, to be saved under a name."""
    return named_download(StreamingHttpResponse(lines, content_type=media_type), name)


def named_download(response: ResponseType, name: str) -> ResponseType:
    """Have a response saved under a name, and kept by no cache: it holds what only its reader may see."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
