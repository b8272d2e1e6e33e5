"""Sentences on uploads: why a file was refused, and what is missing of one that was taken in.

The processes that open files know codes and figures only; here they become words in the language of the reader.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.library.errors import MediaRefused


def media_refusal(code: str, name: str, **figures: Any) -> MediaRefused:
    """Return the refusal of a file, with a message that says what is wrong and what to do.

    Args:
        code: The reason; one that is not known counts as ``too-complex``.
        name: The name of the file.
        figures: What the reason goes with: ``megapixels``, the most that such a file may have.
    """
    reasons = _size_refusals() | _image_refusals() | _video_refusals()
    known = code if code in reasons else "too-complex"
    values = {
        "name": name,
        "limit": settings.PICTURE_LIMIT // (1024 * 1024),
        "film_limit": settings.UPLOAD_LIMIT // (1024 * 1024),
        "megapixels": int(figures.get("megapixels") or 60),
    }
    return MediaRefused(known, reasons[known] % values)


def warning_sentence(warning: dict[str, Any]) -> str:
    """Return in words what is missing of an upload that was taken in.

    Args:
        warning: Its ``code``, and the figures ``count``, ``shown`` or ``of`` that go with it.
    """
    values = {key: int(warning.get(key) or 0) for key in ("count", "shown", "of")}
    texts = _document_warnings(values["count"]) | _video_warnings(values["count"])
    unknown = _("Something in this file could not be shown: compare it with the original.")
    return texts.get(str(warning.get("code")), unknown) % values


def _size_refusals() -> dict[str, str]:
    return {
        "empty": _("“%(name)s” is empty. The copy may have been interrupted: choose the file again."),
        "too-large": _("“%(name)s” is larger than %(film_limit)s MB. Export a smaller version, or cut it."),
        "too-large-picture": _(
            "“%(name)s” is larger than %(limit)s MB. Export a smaller version: 3840 pixels are enough."
        ),
        "too-complex": _("“%(name)s” could not be read within the limits. Save it again as JPEG and add that file."),
    }


def _image_refusals() -> dict[str, str]:
    return {
        "not-an-image": _(
            "“%(name)s” is not an image or video that can be read. Save it as JPEG, PNG, PDF or MP4 and add that file."
        ),
        "heic": _(
            "“%(name)s” is a HEIC image that cannot be read. Save it as JPEG and add that file; an "
            "iPhone takes JPEG photos under Settings, Camera, Formats, Most Compatible."
        ),
        "raw-photo": _(
            "“%(name)s” is a raw photo of a camera. Export it as JPEG with the camera's program and add that file."
        ),
        "unknown-compression": _(
            "“%(name)s” is saved with a compression that is not known here. Save it as JPEG or PNG and add that file."
        ),
        "locked": _("“%(name)s” is protected by a password. Save it without one and add that file."),
        "too-many-pixels": _(
            "“%(name)s” has more than %(megapixels)s million pixels. Export it at 3840 pixels on the long side."
        ),
        "too-narrow": _("“%(name)s” is a strip that no screen could show. Cut it into several images and add those."),
        "truncated": _(
            "“%(name)s” is incomplete or damaged. Open it on your computer, save it again and add that file."
        ),
    }


def _video_refusals() -> dict[str, str]:
    return {
        "video-too-long": _("“%(name)s” is longer than 10 minutes. Cut it: passers-by only see a few seconds of it."),
        "video-too-large": _("“%(name)s” has more pixels than 4K. Export it as 1920 × 1080."),
        "video-incomplete": _(
            "“%(name)s” is incomplete: the end of the video is missing. Copy it again from the camera or the telephone "
            "and add that file."
        ),
        "video-codec": _(
            "“%(name)s” is compressed in a way that is not known here. Export it as MP4 with H.264 and add that file."
        ),
        "no-picture": _("“%(name)s” has sound and no picture. Add a video or an image."),
    }


def _document_warnings(count: int) -> dict[str, str]:
    return {
        "pages-left-out": _(
            "Only the first %(shown)d of %(of)d pages were added. Save the others as a file of their own and add it."
        ),
        "pages-unreadable": ngettext(
            "%(count)d page could not be read and was left out.",
            "%(count)d pages could not be read and were left out.",
            count,
        ),
        "pictures-left-out": ngettext(
            "%(count)d more picture in this file is not shown.",
            "%(count)d more pictures in this file are not shown.",
            count,
        ),
        "form-left-out": _(
            "This document is a form that only Adobe's own programs show. Print it there into a PDF, and add that one."
        ),
        "profile-unreadable": _("The colour profile could not be read: colours may differ from the original."),
        "animation-still": _(
            "This animation is too large to be played: its first picture is shown. Export it as an MP4 video."
        ),
    }


def _video_warnings(count: int) -> dict[str, str]:
    return {
        "streams-left-out": ngettext(
            "%(count)d more picture track of this file is not shown.",
            "%(count)d more picture tracks of this file are not shown.",
            count,
        ),
        "sound-left-out": ngettext(
            "%(count)d more sound track of this file is not played.",
            "%(count)d more sound tracks of this file are not played.",
            count,
        ),
        "subtitles-left-out": _("The subtitles of this file are not shown."),
        "sound-unreadable": _("The sound could not be read: the video is shown without it. Export it as MP4."),
        "sound-cut": _("The sound is longer than the video: it ends with the picture."),
        "video-cut-short": _(
            "The file is damaged or incomplete: the video ends after %(shown)d of %(of)d seconds. Copy it again."
        ),
        "frames-unreadable": ngettext(
            "%(count)d damaged place of the video was left out.",
            "%(count)d damaged places of the video were left out.",
            count,
        ),
        "shape-changes": _("The video changes its shape: parts of another shape are shown between bars."),
    }
