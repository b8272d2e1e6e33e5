"""Types of the values that the API takes and returns: texts as forms clean them, instants, identifiers, pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Generic, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from beffroi_content.raster.text.characters import clean_text, is_blank, missing_characters, name_characters
from beffroi_server.accounts.models import User
from beffroi_server.api.problems import invalid_field, not_found

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
MAX_KEY = 2**63 - 1
MAX_LISTED = 1_000
"""Rows that one request may name."""
_EARLIEST = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
_LATEST = dt.datetime(2199, 12, 31, tzinfo=dt.UTC)


class Answer(BaseModel):
    """Base of what the API returns."""

    model_config = ConfigDict(frozen=True)


class Change(BaseModel):
    """Base of what the API takes: a field that it does not know is an error; one that is left out is unchanged."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def given(self) -> dict[str, Any]:
        """Return the fields that were given, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class PageOf(Answer, Generic[Item]):
    """Some of the rows of a list."""

    items: list[Item]
    count: int
    """Rows of the whole list."""
    page: int
    pages: int


class PageQuery(BaseModel):
    """Which rows of a list are wanted."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    per_page: Annotated[int, Field(ge=1, le=200)] = 50


def clean_line(value: Any) -> Any:
    """Return a text on one line, without what nobody typed on purpose; anything else as it is."""
    return clean_text(value).replace("\n", " ").strip() if isinstance(value, str) else value


def _clean_paragraphs(value: Any) -> Any:
    return clean_text(value).strip() if isinstance(value, str) else value


def _drawable(value: str) -> str:
    missing = missing_characters(value)
    if missing:
        raise ValueError(_("the screens have no letter for %(letters)s") % {"letters": name_characters(missing)})
    return value


def _visible(value: str) -> str:
    if is_blank(value):
        raise ValueError(_("this contains no visible characters"))
    return value


def _storable(value: dt.datetime) -> dt.datetime:
    # Compared first: an instant at the edge of the calendar has no other time zones.
    if not _EARLIEST <= value <= _LATEST:
        raise ValueError(_("give a time between 1970 and 2199"))
    return value.astimezone(dt.UTC)


def _near(day: dt.date) -> dt.date:
    if not 1970 <= day.year <= 2199:
        raise ValueError(_("give a day between 1970 and 2199"))
    return day


def _whole_minute(time: dt.time) -> dt.time:
    if time.tzinfo is not None or time.second or time.microsecond:
        raise ValueError(_("give hours and minutes of the town’s time, such as 18:30"))
    return time


Line60 = Annotated[str, BeforeValidator(clean_line), StringConstraints(max_length=60)]
Line40 = Annotated[str, BeforeValidator(clean_line), StringConstraints(max_length=40)]
Line80 = Annotated[str, BeforeValidator(clean_line), StringConstraints(max_length=80)]
Line120 = Annotated[str, BeforeValidator(clean_line), StringConstraints(max_length=120)]
Line200 = Annotated[str, BeforeValidator(clean_line), StringConstraints(max_length=200)]
Name60 = Annotated[
    str, BeforeValidator(clean_line), StringConstraints(min_length=1, max_length=60), AfterValidator(_visible)
]
Name80 = Annotated[
    str, BeforeValidator(clean_line), StringConstraints(min_length=1, max_length=80), AfterValidator(_visible)
]
Name120 = Annotated[
    str, BeforeValidator(clean_line), StringConstraints(min_length=1, max_length=120), AfterValidator(_visible)
]
TagName = Annotated[
    str, BeforeValidator(clean_line), StringConstraints(min_length=1, max_length=40), AfterValidator(_visible)
]
DrawnFigure = Annotated[str, BeforeValidator(clean_line), StringConstraints(max_length=24), AfterValidator(_drawable)]
DrawnLabel = Annotated[Line60, AfterValidator(_drawable)]
DrawnLine80 = Annotated[Line80, AfterValidator(_drawable)]
DrawnLine120 = Annotated[Line120, AfterValidator(_drawable)]
DrawnLine = Annotated[Line200, AfterValidator(_drawable)]
DrawnTitle = Annotated[
    str, BeforeValidator(clean_line), StringConstraints(min_length=1, max_length=200),
    AfterValidator(_visible), AfterValidator(_drawable),
]  # fmt: skip
DrawnTownName = Annotated[
    str, BeforeValidator(clean_line), StringConstraints(min_length=1, max_length=100),
    AfterValidator(_visible), AfterValidator(_drawable),
]  # fmt: skip
DrawnText = Annotated[
    str, BeforeValidator(_clean_paragraphs), StringConstraints(max_length=5_000), AfterValidator(_drawable)
]
WarningTitle = Annotated[
    str, BeforeValidator(clean_line), StringConstraints(min_length=1, max_length=200), AfterValidator(_visible)
]
"""The title of an alert, which is not refused for a letter that screens lack."""
WarningText = Annotated[str, BeforeValidator(_clean_paragraphs), StringConstraints(max_length=5_000)]
WebAddress = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s\x00-\x1f]+)?$", max_length=500)]
WrittenAddress = Annotated[str, BeforeValidator(clean_line), StringConstraints(max_length=450)]
"""As somebody writes it: it may lack its scheme."""
Search = Annotated[str, BeforeValidator(clean_line), StringConstraints(max_length=200)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
InseeCode = Annotated[str, StringConstraints(pattern=r"^([0-9][0-9AB][0-9]{3})?$")]
Key = Annotated[int, Field(ge=1, le=MAX_KEY)]
Keys = Annotated[list[Key], Field(max_length=MAX_LISTED)]
Slugs = Annotated[list[Slug], Field(max_length=MAX_LISTED)]
Instant = Annotated[AwareDatetime, AfterValidator(_storable)]
"""With an offset, such as ``2026-12-24T18:00:00+01:00``."""
Day = Annotated[dt.date, AfterValidator(_near)]
MinuteOfDay = Annotated[dt.time, AfterValidator(_whole_minute)]
TimeOfDay = Annotated[dt.time, WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"})]
"""Hours and minutes by the clocks of the town, in an answer: JSON Schema wants an offset of its own times."""
Percent = Annotated[int, Field(ge=0, le=100)]


def page_of(
    query: PageQuery, rows: Any, build: Callable[[Any], Item], *, complete: Callable[[list[Any]], list[Any]] = list
) -> PageOf[Item]:
    """Return the page of a list that was asked for, or the nearest one that exists.

    Args:
        query: Which page.
        rows: The whole list.
        build: Returns a row as the API shows it.
        complete: Reads what the rows of the page lack, where a list holds only what it is searched by.
    """
    found = Paginator(rows, query.per_page).get_page(query.page)
    return PageOf(
        items=[build(row) for row in complete(list(found))], count=found.paginator.count, page=found.number,
        pages=found.paginator.num_pages,
    )  # fmt: skip


def user_name(user: User | None) -> str:
    """Return the name of a user; empty for nobody."""
    return user.get_username() if user is not None else ""


def find_row(rows: QuerySet[Row], **key: Any) -> Row:
    """Return the row with a key.

    Raises:
        ApiProblem: there is none.
    """
    found = rows.filter(**key).first()
    if found is None:
        raise not_found()
    return found


def named_rows(rows: QuerySet[Row], keys: Iterable[Any], field: str, *, key: str = "pk") -> list[Row]:
    """Return the rows that a field of a request names, in its order.

    Raises:
        ApiProblem: one of them does not exist.
    """
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return []
    found = {getattr(row, key): row for row in rows.filter(**{f"{key}__in": wanted})}
    missing = [str(each) for each in wanted if each not in found]
    if missing:
        raise invalid_field(field, _("%(names)s: there is no such thing") % {"names": ", ".join(missing[:10])})
    return [found[each] for each in wanted]


def named_row(rows: QuerySet[Row], value: Any, field: str, *, key: str = "pk") -> Row | None:
    """Return the row that a field of a request names; None where it names none.

    Raises:
        ApiProblem: it does not exist.
    """
    return None if value is None else named_rows(rows, [value], field, key=key)[0]
