"""An entry of a playlist: something that fills a zone for a while."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from beffroi_content.model.announcement import Announcement, Template
from beffroi_content.model.base import AssetReference, Identifier, Instant, Line, WireModel


class ImageFit(StrEnum):
    """What to do when a picture does not have the shape of the zone."""

    CONTAIN = "contain"
    """Show all of it; the rest is filled with a blurred copy."""
    COVER = "cover"
    """Fill the zone; the edges may be lost."""


class AnnouncementContent(WireModel):
    """An announcement, drawn by its template."""

    kind: Literal["announcement"] = "announcement"
    announcement: Announcement


class ImageContent(WireModel):
    """A picture, as it is."""

    kind: Literal["image"] = "image"
    picture: AssetReference
    fit: ImageFit = ImageFit.CONTAIN
    description: Line = ""
    """Alternative text."""


class UnknownContent(WireModel):
    """A kind, or a look of one, that this version does not know: never shown, reported."""

    kind: str


def _kind(value: Any) -> str:
    if isinstance(value, AnnouncementContent | ImageContent):
        return value.kind
    if not isinstance(value, dict):
        return "unknown"
    if value.get("kind") == "announcement":
        return "unknown" if _is_newer(value.get("announcement"), "template", Template) else "announcement"
    if value.get("kind") == "image":
        return "unknown" if _is_newer(value, "fit", ImageFit) else "image"
    return "unknown"


def _is_newer(value: Any, field: str, known: type[StrEnum]) -> bool:
    """Tell whether a field says something that only a newer version has a word for."""
    word = value.get(field) if isinstance(value, dict) else None
    return isinstance(word, str) and word not in tuple(known)


Content = Annotated[
    Annotated[AnnouncementContent, Tag("announcement")]
    | Annotated[ImageContent, Tag("image")]
    | Annotated[UnknownContent, Tag("unknown")],
    Discriminator(_kind),
]


class Slide(WireModel):
    """Something to show for a time, within its own validity.

    A slide whose text needs several pages is on for ``duration_ms`` per page.
    """

    id: Identifier
    name: Line
    content: Content
    duration_ms: Annotated[int, Field(ge=1_000, le=3_600_000)] = 10_000
    pages: Annotated[int, Field(ge=1, le=20)] = 1
    """How many frames the raster makes of it on this screen's class."""
    valid_from_ms: Instant | None = None
    valid_until_ms: Instant | None = None
    """First instant at which it may no longer be shown."""

    @model_validator(mode="after")
    def _check(self) -> Slide:
        if (
            self.valid_from_ms is not None
            and self.valid_until_ms is not None
            and self.valid_until_ms <= self.valid_from_ms
        ):
            raise ValueError("the validity of a slide ends after it starts")
        return self

    @property
    def assets(self) -> tuple[AssetReference, ...]:
        """The files that must be present before the slide can be drawn."""
        content = self.content
        if isinstance(content, AnnouncementContent):
            picture = content.announcement.picture
            return (picture,) if picture else ()
        return (content.picture,) if isinstance(content, ImageContent) else ()
