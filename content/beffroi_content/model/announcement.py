"""Announcements: what an editor writes once, for screens of every kind."""

from __future__ import annotations

import datetime as dt
import pkgutil
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from beffroi_content.model.base_models import AssetReference, Identifier, Line, Paragraphs, WireModel

# The names are those of the modules, read from their folder without importing one of them: the display side of a player
# reads announcements, too, and must not load what draws them. A template is thereby declared in its module alone.
_TEMPLATES = Path(__file__).parent.parent / "templates"
TEMPLATE_NAMES = frozenset(module.name for module in pkgutil.iter_modules([str(_TEMPLATES / "announcements")]))
"""The templates of announcements that this version knows."""


def _known_template(value: str) -> str:
    if value not in TEMPLATE_NAMES:
        raise ValueError(f"this version knows no template “{value}”")
    return value


TemplateName = Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$"), AfterValidator(_known_template)]
"""The name of a template of announcements; see :mod:`beffroi_content.templates.registry`."""


class Announcement(WireModel):
    """One piece of information of the town, independent of the screens that show it.

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
    """Further images: the map of works, the second of a comparison, all but the first of a slideshow."""
    figure: Annotated[str, StringConstraints(strip_whitespace=True, max_length=24)] = ""
    """A number as people write it, such as “12 500 €”."""
    link: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s]+)?$", max_length=500)] = ""
    """The address of a page that tells more; drawn as a QR code where there is space for one."""
    permalink: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s]+)?$", max_length=200)] = ""
    """The address of its own public page; drawn as a QR code where a page has room left and ``link`` is empty."""
    source: Line = ""
    """The sender within the town, such as “Service des sports”; empty means the town."""

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
