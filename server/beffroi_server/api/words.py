"""Operations on the words by which the town orders its announcements: categories, with their days, and tags."""

from __future__ import annotations

from typing import Annotated

from ninja import Query, Status
from pydantic import Field

from beffroi_server.api.announcement_models import READ, WRITE
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, Key, Name60, PageOf, PageQuery, TagName, find_row, page_of
from beffroi_server.library import categories, tags
from beffroi_server.library.models import Category, Tag

TAG = "categories and tags"
Days = Annotated[int, Field(ge=1, le=3650)]


class CategoryAnswer(Answer):
    """A category of announcements."""

    id: int
    name: str
    default_days: int | None
    """For so long its announcements are shown unless somebody says otherwise; null: 30 days."""


class CategoryChange(Change):
    """Fields of a category."""

    name: Name60 = ""
    default_days: Days | None = None


class NewCategory(CategoryChange):
    """A new category."""

    name: Name60


class TagAnswer(Answer):
    """A tag."""

    id: int
    name: str


class TagChange(Change):
    """Another name of a tag."""

    name: TagName


def category_answer(row: Category) -> CategoryAnswer:
    """Return a category as the API shows it."""
    return CategoryAnswer(id=row.pk, name=row.name, default_days=row.default_days)


def tag_answer(row: Tag) -> TagAnswer:
    """Return a tag as the API shows it."""
    return TagAnswer(id=row.pk, name=row.name)


@operation("GET", "/categories", scope=READ, returns=PageOf[CategoryAnswer], tag=TAG)
def list_categories(request: ApiRequest, query: Query[PageQuery]) -> PageOf[CategoryAnswer]:
    """List the categories by name."""
    return page_of(query, Category.objects.all(), category_answer)


@operation("POST", "/categories", scope=WRITE, permission="may_edit", returns=CategoryAnswer, status=201, tag=TAG)
def create_category(request: ApiRequest, body: NewCategory) -> Status[CategoryAnswer]:
    """Add a category."""
    row = Category(name=body.name, default_days=body.default_days)
    return Status(201, category_answer(categories.save_category(row, user=request.user)))


@operation("GET", "/categories/{category_id}", scope=READ, returns=CategoryAnswer, tag=TAG)
def read_category(request: ApiRequest, category_id: Key) -> CategoryAnswer:
    """Return a category."""
    return category_answer(find_row(Category.objects.all(), pk=category_id))


@operation("PATCH", "/categories/{category_id}", scope=WRITE, permission="may_edit", returns=CategoryAnswer, tag=TAG)
def change_category(request: ApiRequest, category_id: Key, body: CategoryChange) -> CategoryAnswer:
    """Change a category; with another name, its announcements get that name, too."""
    row = find_row(Category.objects.all(), pk=category_id)
    for name, value in body.given().items():
        setattr(row, name, value)
    return category_answer(categories.save_category(row, user=request.user))


@operation("DELETE", "/categories/{category_id}", scope=WRITE, permission="may_edit", status=204, tag=TAG)
def delete_category(request: ApiRequest, category_id: Key) -> Status[None]:
    """Delete a category; its announcements keep its name above their title."""
    categories.delete_category(find_row(Category.objects.all(), pk=category_id), user=request.user)
    return Status(204, None)


@operation("GET", "/tags", scope=READ, returns=PageOf[TagAnswer], tag=TAG)
def list_tags(request: ApiRequest, query: Query[PageQuery]) -> PageOf[TagAnswer]:
    """List the tags by name. An announcement gets its tags with its other fields."""
    return page_of(query, Tag.objects.all(), tag_answer)


@operation("GET", "/tags/{tag_id}", scope=READ, returns=TagAnswer, tag=TAG)
def read_tag(request: ApiRequest, tag_id: Key) -> TagAnswer:
    """Return a tag."""
    return tag_answer(find_row(Tag.objects.all(), pk=tag_id))


@operation("PATCH", "/tags/{tag_id}", scope=WRITE, permission="may_edit", returns=TagAnswer, tag=TAG)
def rename_tag(request: ApiRequest, tag_id: Key, body: TagChange) -> TagAnswer:
    """Rename a tag; where another has that name already, the two become one, which is returned."""
    return tag_answer(tags.rename_tag(find_row(Tag.objects.all(), pk=tag_id), body.name, user=request.user))


@operation("DELETE", "/tags/{tag_id}", scope=WRITE, permission="may_edit", status=204, tag=TAG)
def delete_tag(request: ApiRequest, tag_id: Key) -> Status[None]:
    """Delete a tag; the announcements that had it stay."""
    tags.delete_tag(find_row(Tag.objects.all(), pk=tag_id), user=request.user)
    return Status(204, None)
