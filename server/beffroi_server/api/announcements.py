"""Operations on announcements: list, read, write, delete, draw."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import AfterValidator, Field, StringConstraints

from beffroi_content import model as content
from beffroi_content.model import widgets
from beffroi_content.rendering import RasterError
from beffroi_content.templates.registry import offered_templates
from beffroi_server.accounts.models import Town
from beffroi_server.api.languages import NewTranslations, OptionalLanguage, TranslationAnswer
from beffroi_server.api.municipalities import municipality_slug, named_municipality
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import ApiProblem, invalid_field, not_found
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
    PageOf,
    PageQuery,
    Search,
    Slug,
    Slugs,
    TagName,
    WebAddress,
    find_row,
    named_row,
    named_rows,
    page_of,
)
from beffroi_server.core.folded_text import search_words
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.core.transactions import serialised
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import content_owners, screen_scopes
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library import library_scopes, preview, services, slide_content, tags
from beffroi_server.library.models import MAX_MORE_IMAGES, Announcement, MediaItem
from beffroi_server.library.town_branding import LOGO_RELATION, local_town
from beffroi_server.library.translations import stored_translations
from beffroi_server.schedule import announcement_acts, placements, publish_permissions
from beffroi_server.schedule.models import AnnouncementPlacement

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
        created_at=row.created_at, updated_at=row.updated_at,
        updated_by=row.updated_by.get_username() if row.updated_by is not None else "",
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


def on_screens(now: dt.datetime) -> QuerySet[AnnouncementPlacement]:
    """Return the placements of announcements that are published at an instant and not taken off."""
    begun = Q(starts_at=None) | Q(starts_at__lte=now)
    lasting = Q(ends_at=None) | Q(ends_at__gt=now)
    aimed = Q(everywhere=True) | Q(screens__isnull=False) | Q(groups__isnull=False)
    return AnnouncementPlacement.objects.filter(begun, lasting, aimed, taken_off_at=None)


def announcements_of(request: ApiRequest) -> Any:
    """Return the announcements that the caller may work on, with what their answers show."""
    related = ("more_pictures", "tags", "placement__screens", "placement__groups")
    home = ("municipality__group", f"municipality__{LOGO_RELATION}")
    rows = Announcement.objects.select_related("updated_by", "placement", *home).prefetch_related(*related)
    return library_scopes.announcements_in_scope(rows, request.user)


@operation("GET", "/announcements", scope=READ, returns=PageOf[AnnouncementAnswer], tag=TAG)
def list_announcements(request: ApiRequest, query: Query[AnnouncementQuery]) -> PageOf[AnnouncementAnswer]:
    """List announcements, the one that was changed last first."""
    rows = announcements_of(request).filter(archived_at__isnull=not query.archived)
    for word in search_words(query.search):
        rows = rows.filter(search_text__contains=word)
    if query.on_screens is not None:
        shown = on_screens(timezone.now()).values("announcement")
        rows = rows.filter(pk__in=shown) if query.on_screens else rows.exclude(pk__in=shown)
    if query.template is not None:
        rows = rows.filter(template=query.template)
    if query.label:
        rows = rows.filter(label=query.label)
    return page_of(query, rows, announcement_answer)


@operation("POST", "/announcements", scope=WRITE, returns=AnnouncementAnswer, status=201, tag=TAG)
def create_announcement(request: ApiRequest, body: NewAnnouncement) -> Status[AnnouncementAnswer]:
    """Write a new announcement. Nothing shows it until it is published or in a playlist."""
    return Status(201, _save(None, body, request))


@operation("GET", "/announcements/{announcement_id}", scope=READ, returns=AnnouncementAnswer, tag=TAG)
def read_announcement(request: ApiRequest, announcement_id: uuid.UUID) -> AnnouncementAnswer:
    """Return an announcement."""
    return announcement_answer(find_row(announcements_of(request), pk=announcement_id))


@operation("PATCH", "/announcements/{announcement_id}", scope=WRITE, returns=AnnouncementAnswer, tag=TAG)
def change_announcement(
    request: ApiRequest, announcement_id: uuid.UUID, body: AnnouncementChange
) -> AnnouncementAnswer:
    """Change an announcement; screens that show it follow."""
    return _save(find_row(announcements_of(request), pk=announcement_id), body, request)


def _save(row: Announcement | None, body: AnnouncementChange, request: ApiRequest) -> AnnouncementAnswer:
    with serialised():
        values = _values(body, row or Announcement(), request)
        names = values.pop("tags", None)
        saved = services.save_announcement(row, user=request.user, expected_version=body.version, **values)
        if names is not None:
            tags.set_tags(saved, names, user=request.user)
    return announcement_answer(find_row(announcements_of(request), pk=saved.pk))


@operation("PUT", "/announcements/{announcement_id}/placement", scope=WRITE, permission="may_edit",
           returns=AnnouncementAnswer, tag=TAG)  # fmt: skip
def place_announcement(request: ApiRequest, announcement_id: uuid.UUID, body: NewPlacement) -> AnnouncementAnswer:
    """Publish an announcement on screens, without a playlist, or change where and when it is published."""
    row = find_row(announcements_of(request), pk=announcement_id)
    chosen = EVERYWHERE if body.everywhere else Targets(
        groups=tuple(named_rows(ScreenGroup.objects.all(), body.groups, "groups", key="slug")),
        screens=tuple(named_rows(Screen.objects.all(), body.screens, "screens", key="slug")),
    )  # fmt: skip
    publish_permissions.check_publishing(request.user, chosen)
    placements.place_announcement(
        row, everywhere=chosen.everywhere, screens=chosen.screens, groups=chosen.groups, starts_at=body.starts_at,
        ends_at=body.ends_at, duration_s=body.duration_s, user=request.user,
    )  # fmt: skip
    return announcement_answer(find_row(announcements_of(request), pk=announcement_id))


def _declare_act(name: str, sentence: str, act: Callable[..., object]) -> None:
    """Declare an operation that does something to one announcement and takes no body."""

    def view(request: ApiRequest, announcement_id: uuid.UUID) -> AnnouncementAnswer:
        row = find_row(announcements_of(request), pk=announcement_id)
        if (placement := placements.placement_of(row)) is not None:
            screen_scopes.check_targets(request.user, Targets.of(placement))
        act([row], user=request.user)
        return announcement_answer(find_row(announcements_of(request), pk=announcement_id))

    view.__name__, view.__doc__ = f"{name.replace('-', '_')}_announcement", sentence
    path = f"/announcements/{{announcement_id}}/{name}"
    operation("POST", path, scope=WRITE, permission="may_edit", returns=AnnouncementAnswer, tag=TAG)(view)


_declare_act("take-off", "Take an announcement off all screens, wherever it is published.", placements.take_off_screens)
_declare_act("put-back", "Put an announcement back that was taken off the screens.", placements.put_back_on_screens)
_declare_act("archive", "Put an announcement into the archive, which takes it off the screens.",
             announcement_acts.archive_announcements)  # fmt: skip
_declare_act("restore", "Take an announcement out of the archive. It is on no screen until it is put back.",
             lambda rows, user: announcement_acts.restore(rows[0], user=user))  # fmt: skip


@operation("DELETE", "/announcements/{announcement_id}", scope=WRITE, permission="may_delete_for_good", status=204,
           tag=TAG)  # fmt: skip
def delete_announcement(request: ApiRequest, announcement_id: uuid.UUID) -> Status[None]:
    """Delete an announcement for good that is in the archive."""
    services.delete_announcement(find_row(announcements_of(request), pk=announcement_id), user=request.user)
    return Status(204, None)


@operation(
    "GET", "/announcements/{announcement_id}/content", scope=READ,
    returns=content.Announcement | widgets.Widget, tag=TAG,
)  # fmt: skip
def read_announcement_content(request: ApiRequest, announcement_id: uuid.UUID) -> slide_content.DrawnContent:
    """Return an announcement as screens receive it: an announcement or a widget of the protocol."""
    return _drawn(find_row(announcements_of(request), pk=announcement_id), _town())


@operation("GET", "/announcements/{announcement_id}/preview", scope=READ, media_type="image/png", tag=TAG)
def draw_announcement(request: ApiRequest, announcement_id: uuid.UUID, query: Query[PreviewQuery]) -> HttpResponse:
    """Return a page of an announcement as screens of a class draw it, as PNG."""
    row = find_row(announcements_of(request), pk=announcement_id)
    town = local_town(_town(), row.municipality)
    screen_class = find_row(ScreenClass.objects.all(), pk=query.screen_class)
    try:
        pages = preview.preview_announcement(_drawn(row, town), screen_class, town, unix_ms(timezone.now()))
    except RasterError as error:
        raise not_drawable(error) from error
    if query.page >= len(pages):
        raise not_found()
    return HttpResponse(pages[query.page], content_type="image/png")


@operation("GET", "/announcements/{announcement_id}/readability", scope=READ, returns=ReadabilityAnswer, tag=TAG)
def read_readability(request: ApiRequest, announcement_id: uuid.UUID, query: Query[PreviewQuery]) -> ReadabilityAnswer:
    """Return from how far, and in which time, an announcement is read on screens of a class."""
    row = find_row(announcements_of(request), pk=announcement_id)
    town = local_town(_town(), row.municipality)
    screen_class = find_row(ScreenClass.objects.all(), pk=query.screen_class)
    at_ms = unix_ms(timezone.now())
    try:
        shown = _drawn(row, town)
        pages = preview.preview_announcement(shown, screen_class, town, at_ms)
        report = preview.preview_readability(shown, screen_class, town, at_ms)
    except RasterError as error:
        raise not_drawable(error) from error
    return ReadabilityAnswer(
        screen_class=screen_class.pk, pages=len(pages), distance_m=round(report.distance_m, 1),
        reading_seconds=report.reading_seconds,
    )  # fmt: skip


def not_drawable(error: RasterError) -> ApiProblem:
    """Return the refusal of what cannot be drawn on a class of screens."""
    return ApiProblem(
        409, error.code, _("It cannot be drawn for these screens: %(reason)s") % {"reason": error},
        _("Shorten the text, or choose another template."),
    )  # fmt: skip


def _town() -> Town:
    found = Town.objects.first()
    if found is None:
        raise not_found()
    return found


def _drawn(row: Announcement, town: Town) -> slide_content.DrawnContent:
    try:
        return slide_content.drawn_content(row, town)
    except ValueError as error:
        raise ApiProblem(409, "not-drawable", str(error)) from error


def _values(body: AnnouncementChange, row: Announcement, request: ApiRequest) -> dict[str, Any]:
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
