"""Operations on groups and classes of screens."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Query, Status
from pydantic import Field

from beffroi_content.model import DisplayTechnology
from beffroi_server.api.languages import Languages
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Name80,
    PageOf,
    PageQuery,
    Slug,
    Slugs,
    find_row,
    named_rows,
    page_of,
)
from beffroi_server.fleet import services
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.slugs import free_slug

TAG = "groups"
READ, WRITE = "screens:read", "screens:write"
Pixels = Annotated[int, Field(ge=16, le=7680)]
Millimetres = Annotated[int, Field(ge=1, le=1_000_000)]


class GroupAnswer(Answer):
    """A set of screens."""

    slug: str
    name: str
    screens: list[str]
    needs_approval: bool
    """Whether announcements are shown only once somebody who may approve has agreed."""
    languages: list[str]
    """In which its screens show announcements, unless they say otherwise."""


class GroupChange(Change):
    """Fields of a group."""

    name: Name80 = ""
    screens: Slugs = []
    needs_approval: bool = False
    languages: Languages = []


class NewGroup(GroupChange):
    """A new group. Its identifier is made of its name."""

    name: Name80


class ClassAnswer(Answer):
    """A kind of display."""

    id: int
    name: str
    width: int
    height: int
    technology: DisplayTechnology
    physical_height_mm: int
    viewing_distance_mm: int
    colour_depth: int


class ClassChange(Change):
    """Fields of a kind of display; width and height are as one looks at it."""

    name: Name80 = ""
    width: Pixels = 1920
    height: Pixels = 1080
    technology: DisplayTechnology = DisplayTechnology.LCD
    physical_height_mm: Millimetres = 680
    viewing_distance_mm: Millimetres = 4_000
    colour_depth: Literal[1, 8, 24] = 24


class NewClass(ClassChange):
    """A new kind of display."""

    name: Name80
    width: Pixels
    height: Pixels
    physical_height_mm: Millimetres
    viewing_distance_mm: Millimetres


def _groups() -> Any:
    return ScreenGroup.objects.prefetch_related("screens")


def group_answer(row: ScreenGroup) -> GroupAnswer:
    """Return a group as the API shows it."""
    screens = sorted(each.slug for each in row.screens.all())
    return GroupAnswer(
        slug=row.slug, name=row.name, screens=screens, needs_approval=row.needs_approval, languages=row.languages
    )  # fmt: skip


@operation("GET", "/groups", scope=READ, returns=PageOf[GroupAnswer], tag=TAG)
def list_groups(request: ApiRequest, query: Query[PageQuery]) -> PageOf[GroupAnswer]:
    """List groups by name."""
    return page_of(query, _groups(), group_answer)


@operation("POST", "/groups", scope=WRITE, returns=GroupAnswer, status=201, tag=TAG)
def create_group(request: ApiRequest, body: NewGroup) -> Status[GroupAnswer]:
    """Create a group of screens."""
    return Status(201, _save(ScreenGroup(slug=free_slug(ScreenGroup, body.name)), body, request))


@operation("GET", "/groups/{slug}", scope=READ, returns=GroupAnswer, tag=TAG)
def read_group(request: ApiRequest, slug: Slug) -> GroupAnswer:
    """Return a group with its screens."""
    return group_answer(find_row(_groups(), slug=slug))


@operation("PATCH", "/groups/{slug}", scope=WRITE, returns=GroupAnswer, tag=TAG)
def change_group(request: ApiRequest, slug: Slug, body: GroupChange) -> GroupAnswer:
    """Change the name, the screens or the languages of a group."""
    return _save(find_row(ScreenGroup.objects.all(), slug=slug), body, request)


def _save(row: ScreenGroup, body: GroupChange, request: ApiRequest) -> GroupAnswer:
    values = body.given()
    screens = values.pop("screens", None)
    chosen = named_rows(Screen.objects.all(), screens, "screens", key="slug") if screens is not None else None
    for name, value in values.items():
        setattr(row, name, value)
    services.save_group(row, user=request.user, screens=chosen)
    return group_answer(find_row(_groups(), slug=row.slug))


def class_answer(row: ScreenClass) -> ClassAnswer:
    """Return a screen class as the API shows it."""
    return ClassAnswer.model_validate({name: getattr(row, name) for name in ClassAnswer.model_fields})


@operation("GET", "/screen-classes", scope=READ, returns=PageOf[ClassAnswer], tag=TAG)
def list_screen_classes(request: ApiRequest, query: Query[PageQuery]) -> PageOf[ClassAnswer]:
    """List classes of screens by name."""
    return page_of(query, ScreenClass.objects.all(), class_answer)


@operation("POST", "/screen-classes", scope=WRITE, returns=ClassAnswer, status=201, tag=TAG)
def create_screen_class(request: ApiRequest, body: NewClass) -> Status[ClassAnswer]:
    """Create a class of screens."""
    return Status(201, _save_class(ScreenClass(), body, request))


@operation("GET", "/screen-classes/{class_id}", scope=READ, returns=ClassAnswer, tag=TAG)
def read_screen_class(request: ApiRequest, class_id: Key) -> ClassAnswer:
    """Return a class of screens."""
    return class_answer(find_row(ScreenClass.objects.all(), pk=class_id))


@operation("PATCH", "/screen-classes/{class_id}", scope=WRITE, returns=ClassAnswer, tag=TAG)
def change_screen_class(request: ApiRequest, class_id: Key, body: ClassChange) -> ClassAnswer:
    """Change a class of screens; the programmes of its screens follow."""
    return _save_class(find_row(ScreenClass.objects.all(), pk=class_id), body, request)


def _save_class(row: ScreenClass, body: ClassChange, request: ApiRequest) -> ClassAnswer:
    for name, value in body.given().items():
        setattr(row, name, value)
    row.technology = str(row.technology)
    services.save_screen_class(row, user=request.user)
    return class_answer(row)
