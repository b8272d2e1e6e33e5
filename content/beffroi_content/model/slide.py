"""Slides: entries of a playlist, each of which fills a zone for a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from beffroi_content.model.announcement import TEMPLATE_NAMES, Announcement
from beffroi_content.model.base_models import AssetReference, Identifier, Instant, Line, WireModel
from beffroi_content.model.widgets import WIDGET_KINDS, Widget


class ImageFit(StrEnum):
    """Ways to fit an image into a zone of another shape."""

    CONTAIN = "contain"
    """Show all of it; the rest is filled with a blurred copy."""
    COVER = "cover"
    """Fill the zone; the edges may be lost."""


class AnnouncementContent(WireModel):
    """An announcement, drawn by its template."""

    kind: Literal["announcement"] = "announcement"
    announcement: Announcement


class ImageContent(WireModel):
    """An image, as it is."""

    kind: Literal["image"] = "image"
    picture: AssetReference
    fit: ImageFit = ImageFit.CONTAIN
    description: Line = ""
    """Alternative text."""


class VideoContent(WireModel):
    """A video, as the server has prepared it for players, with the image that is drawn for it."""

    kind: Literal["video"] = "video"
    video: AssetReference
    poster: AssetReference
    fit: ImageFit = ImageFit.CONTAIN
    description: Line = ""
    """Alternative text."""


class WidgetContent(WireModel):
    """A widget: drawn from data and the time, such as a clock or an agenda."""

    kind: Literal["widget"] = "widget"
    widget: Widget


class UnknownContent(WireModel):
    """Content of a kind, or with a template, that this version does not know: never shown, and reported."""

    kind: str


def _content_kind(value: Any) -> str:
    # The union is told apart by hand: pydantic would refuse the whole programme for one slide of a newer version.
    if isinstance(value, AnnouncementContent | ImageContent | VideoContent | WidgetContent):
        return value.kind
    if not isinstance(value, dict):
        return "unknown"
    if value.get("kind") == "announcement":
        return "unknown" if _is_newer(value.get("announcement"), "template", TEMPLATE_NAMES) else "announcement"
    if value.get("kind") in ("image", "video"):
        return "unknown" if _is_newer(value, "fit", tuple(ImageFit)) else str(value["kind"])
    if value.get("kind") == "widget":
        widget = value.get("widget")
        is_newer = isinstance(widget, dict) and widget.get("kind") not in WIDGET_KINDS
        return "unknown" if is_newer else "widget"
    return "unknown"


def _is_newer(value: Any, field: str, known: Collection[str]) -> bool:
    """Tell whether a field has a word that only a newer version knows."""
    word = value.get(field) if isinstance(value, dict) else None
    return isinstance(word, str) and word not in known


Content = Annotated[
    Annotated[AnnouncementContent, Tag("announcement")]
    | Annotated[ImageContent, Tag("image")]
    | Annotated[VideoContent, Tag("video")]
    | Annotated[WidgetContent, Tag("widget")]
    | Annotated[UnknownContent, Tag("unknown")],
    Discriminator(_content_kind),
]


class Slide(WireModel):
    """Content to show for a time, within its own validity.

    A slide whose text needs several pages is on for ``duration_ms`` per page.
    """

    id: Identifier
    name: Line
    content: Content
    duration_ms: Annotated[int, Field(ge=1_000, le=3_600_000)] = 10_000
    pages: Annotated[int, Field(ge=1, le=20)] = 1
    """The number of frames that are drawn of it for the screen's class."""
    valid_from_ms: Instant | None = None
    valid_until_ms: Instant | None = None
    """First instant at which it may no longer be shown."""
    most_per_hour: Annotated[int, Field(ge=0, le=3600)] = 0
    """Showings in an hour at most, while there is something else to show; 0: no limit."""
    tags: Annotated[frozenset[Annotated[str, StringConstraints(max_length=60)]], Field(max_length=20)] = frozenset()
    """Its subjects: a playlist may be filled with all slides of a tag."""
    published_at_ms: Instant = 0
    """The instant of publication, for playlists that begin with the newest."""
    event_at_ms: Instant | None = None
    """The instant of the event that it announces, for playlists that begin with the soonest."""

    @model_validator(mode="after")
    def _check_validity(self) -> Slide:
        if (
            self.valid_from_ms is not None
            and self.valid_until_ms is not None
            and self.valid_until_ms <= self.valid_from_ms
        ):
            raise ValueError("the validity of a slide ends after it starts")
        return self

    def shown_in(self, languages: Sequence[str], locale: str) -> Slide:
        """Return the slide as a screen shows it that has chosen languages; see :meth:`Announcement.shown_in`."""
        if not isinstance(self.content, AnnouncementContent):
            return self
        shown = self.content.announcement.shown_in(languages, locale)
        if shown is self.content.announcement:
            return self
        return self.model_copy(update={"content": self.content.model_copy(update={"announcement": shown})})

    @property
    def assets(self) -> tuple[AssetReference, ...]:
        """The files that must be present before the slide can be drawn."""
        content = self.content
        if isinstance(content, AnnouncementContent):
            picture = content.announcement.picture
            return ((picture,) if picture else ()) + content.announcement.pictures
        if isinstance(content, VideoContent):
            return (content.poster, content.video)
        return (content.picture,) if isinstance(content, ImageContent) else ()

    @property
    def tick_ms(self) -> int | None:
        """The interval at which it changes by itself, in milliseconds of the wall clock; None: never."""
        return self.content.widget.tick_ms if isinstance(self.content, WidgetContent) else None
