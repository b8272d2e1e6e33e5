"""What an editor writes once, for every support."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import model_validator

from beffroi_content.model.base import AssetReference, Identifier, Line, Paragraphs, WireModel


class Template(StrEnum):
    """The look of an announcement."""

    NEWS = "news"
    """A picture, a title and a text."""
    EVENT = "event"
    """A date that is seen first, then title, place and text."""
    NOTICE = "notice"
    """Text only: practical information."""


class Announcement(WireModel):
    """One piece of information of the town, without any support in mind.

    ``starts`` and ``ends`` are local wall-clock times of the event that is announced; they say nothing of when
    the announcement is shown.
    """

    id: Identifier
    template: Template
    title: Line
    body: Paragraphs = ""
    label: Line = ""
    """A short category above the title, such as “Travaux”."""
    place: Line = ""
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None
    picture: AssetReference | None = None
    source: Line = ""
    """The service that speaks, such as “Service des sports”; empty means the town."""

    @model_validator(mode="after")
    def _check(self) -> Announcement:
        if not self.title:
            raise ValueError("an announcement needs a title")
        for moment in (self.starts, self.ends):
            if moment is not None and moment.tzinfo is not None:
                raise ValueError("the times of an event are local: give them without an offset")
        if self.ends and (self.starts is None or self.ends < self.starts):
            raise ValueError("an event ends after it starts")
        return self
