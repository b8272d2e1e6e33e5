"""Announcements: what an editor writes once, for screens of every kind."""

from __future__ import annotations

import datetime as dt
import pkgutil
from collections.abc import Sequence
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


LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
"""A language by its code of ISO 639; see :mod:`beffroi_content.languages`. Readers take others than they know, too."""
Figure = Annotated[str, StringConstraints(strip_whitespace=True, max_length=24)]
MAX_LANGUAGES = 8
"""Languages of an announcement at most, and of those that a screen chooses."""


class Translation(WireModel):
    """The texts of an announcement in another language; None: the same as in the main language."""

    language: LanguageCode
    title: Line | None = None
    body: Paragraphs | None = None
    label: Line | None = None
    place: Line | None = None
    figure: Figure | None = None
    source: Line | None = None


TRANSLATED_FIELDS = tuple(name for name in Translation.model_fields if name != "language")
"""The texts of an announcement that each language has of its own."""


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
    figure: Figure = ""
    """A number as people write it, such as “12 500 €”."""
    link: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s]+)?$", max_length=500)] = ""
    """The address of a page that tells more; drawn as a QR code where there is space for one."""
    permalink: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s]+)?$", max_length=200)] = ""
    """The address of its own public page; drawn as a QR code where a page has room left and ``link`` is empty."""
    source: Line = ""
    """The sender within the town, such as “Service des sports”; empty means the town."""
    language: LanguageCode | None = None
    """The language of the texts; None: that of the screen."""
    translations: Annotated[tuple[Translation, ...], Field(max_length=MAX_LANGUAGES - 1)] = ()
    """In the order in which they are shown, all pages of one language after those of the other."""

    @model_validator(mode="after")
    def _check_event_times(self) -> Announcement:
        if not self.title:
            raise ValueError("an announcement needs a title")
        for moment in (self.starts, self.ends):
            if moment is not None and moment.tzinfo is not None:
                raise ValueError("the times of an event are local: give them without an offset")
        if self.ends and (self.starts is None or self.ends < self.starts):
            raise ValueError("an event ends after it starts")
        languages = [self.language, *(each.language for each in self.translations)]
        if len(set(languages)) != len(languages):
            raise ValueError("an announcement has one text in each language")
        return self

    def in_each_language(self) -> tuple[Announcement, ...]:
        """Return the announcement once for each language: the main one first, and each without translations."""
        if not self.translations:
            return (self,)
        main = self.replace(translations=())
        return (main, *(main.replace(**_own_texts(each)) for each in self.translations))

    def shown_in(self, languages: Sequence[str], locale: str) -> Announcement:
        """Return the announcement as a screen shows it that has chosen languages.

        The first of them in which there is a text becomes the main language, and the others follow in their order.
        Where there is a text in none of them, the main language stays alone.

        Args:
            languages: Codes in the order of the screen; none: every language, in the order of the announcement.
            locale: The language of the screen, which is that of an announcement without one.
        """
        if not languages or not self.translations:
            return self
        texts = {each.language or locale: each for each in self.in_each_language()}
        first, *others = [code for code in languages if code in texts] or [self.language or locale]
        return texts[first].replace(translations=tuple(_translation_of(texts[code], code) for code in others))


def _own_texts(translation: Translation) -> dict[str, str]:
    written = {name: getattr(translation, name) for name in TRANSLATED_FIELDS}
    # No announcement is without a title, so an empty one is that of the main language.
    own = {name: text for name, text in written.items() if text or (text is not None and name != "title")}
    return {"language": translation.language, **own}


def _translation_of(announcement: Announcement, language: str) -> Translation:
    # Every text, even an empty one: the main language is another now.
    texts = {name: getattr(announcement, name) for name in TRANSLATED_FIELDS}
    return Translation.model_validate({"language": language, **texts})
