"""Declarations of templates: all that the rest of Beffroi needs to know of one, said once.

A template is one module of :mod:`beffroi_content.templates.announcements` or :mod:`beffroi_content.templates.widgets`
that holds a ``TEMPLATE``. The server's choices, the fields and hints of the announcement form, the gallery, the golden
frames and the list in the guides are derived from it; see :mod:`beffroi_content.templates.registry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from beffroi_content.model import Announcement, AssetReference, Widget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.pictograms import Pictogram
from beffroi_content.raster.page import Page

SampleImages = Mapping[str, AssetReference]
"""The images that samples may show, by name; see :mod:`beffroi_content.templates.sample_images`."""


class TemplateField(StrEnum):
    """A field of the announcement form that only some templates use; the others are always shown."""

    FIGURE = "figure"
    FEED = "feed"
    PLACE = "place"
    STARTS = "starts"
    ENDS = "ends"
    MORE_PICTURES = "more_pictures"


EVENT_FIELDS = frozenset({TemplateField.PLACE, TemplateField.STARTS, TemplateField.ENDS})


@dataclass(frozen=True, slots=True)
class LocalisedText:
    """A text in the languages of the operators' pages."""

    en: str
    fr: str

    def in_language(self, language: str) -> str:
        """Return the text for a language code such as ``fr`` or ``fr-ca``; English for any other."""
        return self.fr if language.split("-", maxsplit=1)[0] == "fr" else self.en


@dataclass(frozen=True, kw_only=True)
class RowFormat:
    """Form of a text whose lines are rows of cells, so that a page can offer a table in its place."""

    separator: str
    """Stands between two cells, such as ``|``."""
    columns: tuple[LocalisedText, ...] = ()
    """Names of the columns; none: the first row names them, and there may be more or fewer."""
    has_days: bool = False
    """True if the first column may hold days or weekdays."""


@dataclass(frozen=True, kw_only=True)
class TemplateDeclaration:
    """The part of a declaration that templates of announcements and of widgets have in common."""

    name: str
    """The name of its module, which is also its name on the wire and in the database."""
    position: int
    """Its place in the list of choices, from 10 in steps of 10; the news come first."""
    label: LocalisedText
    summary: LocalisedText
    """One sentence for the guides: what it shows, and how its fields are filled in."""
    icon: str
    """The inside of an SVG of 24 by 24 units, drawn with strokes."""
    fields: frozenset[TemplateField] = frozenset()
    hint: LocalisedText | None = None
    """Advice for the operator on how to write its text, where that is not plain."""
    rows: RowFormat | None = None
    """The form of its text where that is a table; None: it is a text."""


@dataclass(frozen=True, kw_only=True)
class AnnouncementTemplate(TemplateDeclaration):
    """A template that draws an announcement as its editor wrote it."""

    layout: Callable[[Announcement, Canvas], tuple[Page, ...]]
    """Returns the pages on a canvas that has room for a composition; panels are laid out without a template."""
    samples: Callable[[SampleImages], Iterable[Announcement]]
    """Returns announcements for the gallery and the golden frames: one at least, and each form that it takes."""
    panel_text: Callable[[str], str] | None = None
    """Returns its text as a panel shows it, where the text has a form of its own, such as the cells of a table."""
    ends_with_event: bool = False
    """True if the announcement is over when its event is."""


@dataclass(frozen=True, kw_only=True)
class WidgetTemplate(TemplateDeclaration):
    """A template that draws a widget: data that changes by itself, at an instant."""

    widget: type[Any]
    """The wire model of its data."""
    layout: Callable[[Any, Canvas, int | None], Page]
    """Returns the page at a Unix time in milliseconds; None: nobody knows the time."""
    sample: Callable[[], Widget]
    """Returns a widget for the gallery and the tests, good at ``SAMPLE_AT_MS``."""
    feed: str | None = None
    """The kind of feed that fills it, such as ``calendar``; None: its text does."""
    lists_events: bool = False
    """True if it shows the events of the library where no feed fills it."""
    is_offered: bool = True
    """True if operators can choose it for an announcement."""

    @property
    def kind(self) -> str:
        """The kind of its widget on the wire."""
        return str(self.widget.model_fields["kind"].default)


@dataclass(frozen=True, kw_only=True)
class HazardDeclaration:
    """Something that alerts warn of."""

    name: str
    """The name of its module, which is also its name on the wire and in the database."""
    position: int
    """Its place in the list of choices."""
    label: LocalisedText
    pictogram: Pictogram
