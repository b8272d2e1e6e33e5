"""What the API takes and returns of announcements, and how requests become values of them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field, StringConstraints

from beffroi_content.templates.registry import offered_templates
from beffroi_server.api.languages import NewTranslations, OptionalLanguage, TranslationAnswer
from beffroi_server.api.municipalities import municipality_slug, named_municipality
from beffroi_server.api.operations import ApiRequest
from beffroi_server.api.problems import invalid_field
from beffroi_server.api.values import (
    Answer,
    Change,
    DrawnFigure,
    DrawnLabel,
    DrawnLine,
    DrawnLine120,
    DrawnText,
    DrawnTitle,
    Instant,
    Key,
    PageQuery,
    Search,
    Slug,
    Slugs,
    TagName,
    WebAddress,
    named_row,
    named_rows,
    user_name,
)
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import content_owners
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library import library_scopes
from beffroi_server.library.models import MAX_MORE_IMAGES, Announcement, MediaItem
from beffroi_server.library.town_branding import LOGO_RELATION
from beffroi_server.library.translations import stored_translations
from beffroi_server.schedule import placements

TAG = "announcements"
READ, WRITE = "announcements:read", "announcements:write"


def _offered(value: str) -> str:
    if value not in offered_templates():
        raise ValueError(_("there is no template of this name"))
    return value


TemplateChoice = Annotated[
    str, StringConstraints(max_length=20), AfterValidator(_offered),
    Field(json_schema_extra={"enum": sorted(offered_templates())}),
]  # fmt: skip


class PlacementAnswer(Answer):
    """Where and when an announcement is published directly, without a playlist."""

    everywhere: bool
    screens: list[str]
    groups: list[str]
    starts_at: dt.datetime | None
    """Null: at once."""
    ends_at: dt.datetime | None
    """Null: for ever, or until what it tells of is over."""
    duration_s: int
    taken_off_at: dt.datetime | None
    """Since when it is off all screens; null while it is on."""


class NewPlacement(Change):
    """Where and when to publish an announcement."""

    everywhere: bool = False
    screens: Slugs = []
    groups: Slugs = []
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    duration_s: Annotated[int, Field(ge=1, le=3600)] = 10


class AnnouncementAnswer(Answer):
    """An announcement."""

    id: uuid.UUID
    template: str
    title: str
    body: str
    label: str
    """Text above the title; the category."""
    place: str
    starts: dt.datetime | None
    ends: dt.datetime | None
    picture: int | None
    """Identifier of a media item."""
    more_pictures: list[int]
    figure: str
    language: str
    """Code of the language of its texts; empty: that of the town's screens."""
    translations: list[TranslationAnswer]
    link: str
    feed: int | None
    source: str
    municipality: str | None
    """Whose it is, by the identifier of its group; null: shared by all."""
    tags: list[str]
    """Screens never show them."""
    version: int
    """Rises at each change."""
    archived_at: dt.datetime | None
    """Since when it is in the archive; null while it is in use."""
    placement: PlacementAnswer | None
    """Where and when it is published without a playlist."""
    created_at: dt.datetime
    created_by: str
    updated_at: dt.datetime
    updated_by: str


class AnnouncementChange(Change):
    """Fields of an announcement; those that are left out stay as they are."""

    template: TemplateChoice = "news"
    title: DrawnTitle = ""
    body: DrawnText = ""
    label: DrawnLabel = ""
    place: DrawnLine = ""
    starts: Instant | None = None
    """When the event starts, that it tells of."""
    ends: Instant | None = None
    picture: Key | None = None
    more_pictures: Annotated[list[Key], Field(max_length=MAX_MORE_IMAGES)] = []
    figure: DrawnFigure = ""
    language: OptionalLanguage = ""
    """Of these texts; empty: that of the town's screens."""
    translations: NewTranslations = []
    """All of them: those that are left out are removed."""
    link: WebAddress = ""
    feed: Key | None = None
    source: DrawnLine120 = ""
    municipality: Slug | None = None
    """Whose it is; left out of a new one: the municipality that you work for."""
    tags: Annotated[list[TagName], Field(max_length=20)] = []
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The version that was read: where it is no longer the newest, the answer is 409."""


class NewAnnouncement(AnnouncementChange):
    """A new announcement."""

    title: DrawnTitle


class AnnouncementQuery(PageQuery):
    """Which announcements are wanted."""

    search: Search = ""
    archived: bool = False
    """Those in the archive, instead of those in use."""
    on_screens: bool | None = None
    """Those that are published and not taken off, or the others."""
    template: TemplateChoice | None = None
    label: Search = ""


class PreviewQuery(Change):
    """Which page of a drawing is wanted."""

    screen_class: Key
    page: Annotated[int, Field(ge=0, le=1000)] = 0


class ReadabilityAnswer(Answer):
    """How an announcement is read on screens of a class."""

    screen_class: int
    pages: int
    distance_m: float
    """From how far the smallest letters can be read."""
    reading_seconds: int
    """Of a page."""


def announcement_answer(row: Announcement) -> AnnouncementAnswer:
    """Return an announcement as the API shows it."""
    return AnnouncementAnswer(
        id=row.pk, template=row.template, title=row.title, body=row.body, label=row.label, place=row.place,
        starts=row.starts, ends=row.ends, picture=row.picture_id,
        more_pictures=[item.pk for item in row.more_pictures.all()],
        figure=row.figure, link=row.link, feed=row.feed_id, source=row.source, version=row.version,
        municipality=municipality_slug(row),
        language=row.language, translations=[TranslationAnswer.model_validate(each) for each in row.translations],
        tags=sorted(tag.name for tag in row.tags.all()), archived_at=row.archived_at, placement=_placement_answer(row),
        created_at=row.created_at, created_by=user_name(row.created_by), updated_at=row.updated_at,
        updated_by=user_name(row.updated_by),
    )  # fmt: skip


def _placement_answer(row: Announcement) -> PlacementAnswer | None:
    placement = placements.placement_of(row)
    if placement is None:
        return None
    return PlacementAnswer(
        everywhere=placement.everywhere, screens=sorted(each.slug for each in placement.screens.all()),
        groups=sorted(each.slug for each in placement.groups.all()), starts_at=placement.starts_at,
        ends_at=placement.ends_at, duration_s=placement.duration_s, taken_off_at=placement.taken_off_at,
    )  # fmt: skip


def announcement_rows() -> QuerySet[Announcement]:
    """Return the announcements with what their answers show."""
    related = ("more_pictures", "tags", "placement__screens", "placement__groups")
    home = ("municipality__group", f"municipality__{LOGO_RELATION}")
    return Announcement.objects.select_related("created_by", "updated_by", "placement", *home).prefetch_related(
        *related
    )


def announcements_of(request: ApiRequest) -> Any:
    """Return the announcements that the caller may work on, with what their answers show."""
    return library_scopes.announcements_in_scope(announcement_rows(), request.user)


def placement_targets(body: NewPlacement) -> Targets:
    """Return the screens that a request names.

    Raises:
        ApiProblem: one of them does not exist.
    """
    if body.everywhere:
        return EVERYWHERE
    return Targets(
        groups=tuple(named_rows(ScreenGroup.objects.all(), body.groups, "groups", key="slug")),
        screens=tuple(named_rows(Screen.objects.all(), body.screens, "screens", key="slug")),
    )


def named_targets(chosen: Targets) -> dict[str, Any]:
    """Return targets as the services take them."""
    return {"everywhere": chosen.everywhere, "screens": chosen.screens, "groups": chosen.groups}


def placement_times(body: NewPlacement) -> dict[str, Any]:
    """Return when a request publishes, and for how long at a time, as the services take it."""
    return {"starts_at": body.starts_at, "ends_at": body.ends_at, "duration_s": body.duration_s}


def announcement_values(body: AnnouncementChange, row: Announcement, request: ApiRequest) -> dict[str, Any]:
    """Return the fields of the model that a request gives."""
    values = body.given()
    values.pop("version", None)
    media = library_scopes.media_in_scope(MediaItem.objects.all(), request.user)
    if "picture" in values:
        values["picture"] = named_row(media, body.picture, "picture")
    if "more_pictures" in values:
        values["more_pictures"] = named_rows(media, body.more_pictures, "more_pictures")
    if "translations" in values:
        values["translations"] = stored_translations(each.model_dump() for each in values["translations"])
    if "feed" in values:
        values["feed"] = named_row(content_owners.seen_by(Feed.objects.all(), request.user), body.feed, "feed")
    if "municipality" in values:
        values["municipality"] = named_municipality(body.municipality)
    starts, ends = values.get("starts", row.starts), values.get("ends", row.ends)
    if ends is not None and starts is None:
        raise invalid_field("starts", _("Also enter when the event starts."))
    if starts is not None and ends is not None and ends <= starts:
        raise invalid_field("ends", _("The event ends before it starts. Correct one of the two."))
    return values
