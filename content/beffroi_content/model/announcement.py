"""What an editor writes once, for every support."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from beffroi_content.model.base_models import AssetReference, Identifier, Line, Paragraphs, WireModel


class TemplateName(StrEnum):
    """The look of an announcement."""

    NEWS = "news"
    """A picture, a title and a text."""
    EVENT = "event"
    """A date that is seen first, then title, place and text."""
    NOTICE = "notice"
    """Practical information on a quiet card."""
    WORKS = "works"
    """Works on a road: from when to when, where, with a map among ``pictures``."""
    QUOTE = "quote"
    """A sentence that somebody said: the body is the quotation, the title says who."""
    FIGURE = "figure"
    """One number, large, and what it means."""
    LIST = "list"
    """Lines of the body as entries, such as a menu; “Monday: carrots” gives an entry a heading."""
    TIMETABLE = "timetable"
    """Lines of the body as rows of a table, cells divided by ``|``; the first row is the heading."""
    COMPARISON = "comparison"
    """Before and after: ``picture`` and the first of ``pictures``."""
    LINK = "link"
    """A page of the web, as a QR code."""
    WELCOME = "welcome"
    """A greeting over a picture."""
    TEXT = "text"
    """Nothing but large letters on the town's colour."""
    SLIDESHOW = "slideshow"
    """A page for each picture, with the title as its caption."""


class Announcement(WireModel):
    """One piece of information of the town, without any support in mind.

    ``starts`` and ``ends`` are local wall-clock times of the event that is announced; they say nothing of when
    the announcement is shown.
    """

    id: Identifier
    template: TemplateName
    title: Line
    body: Paragraphs = ""
    label: Line = ""
    """A short category above the title, such as “Travaux”."""
    place: Line = ""
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None
    picture: AssetReference | None = None
    pictures: Annotated[tuple[AssetReference, ...], Field(max_length=12)] = ()
    """Further pictures: the map of works, what comes after, the rest of a slideshow."""
    figure: Annotated[str, StringConstraints(strip_whitespace=True, max_length=24)] = ""
    """A number in words for people, such as “12 500 €”."""
    link: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s]+)?$", max_length=500)] = ""
    """The address of a page that tells more; drawn as a QR code where there is room for one."""
    source: Line = ""
    """The service that speaks, such as “Service des sports”; empty means the town."""

    @model_validator(mode="after")
    def _check_event_times(self) -> Announcement:
        if not self.title:
            raise ValueError("an announcement needs a title")
        for moment in (self.starts, self.ends):
            if moment is not None and moment.tzinfo is not None:
                raise ValueError("the times of an event are local: give them without an offset")
        if self.ends and (self.starts is None or self.ends < self.starts):
            raise ValueError("an event ends after it starts")
        return self
