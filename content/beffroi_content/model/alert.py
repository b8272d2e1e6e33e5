"""Alerts: messages that override the programme of a screen."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from beffroi_content.model.announcement import MAX_LANGUAGES, LanguageCode
from beffroi_content.model.base_models import MAX_WHOLE_NUMBER, Identifier, Instant, Line, Paragraphs, WireModel


class AlertLevel(StrEnum):
    """Levels of alerts, from the mildest to the gravest: how far each reaches into the programme."""

    INFORMATION = "information"
    """Enters the loop."""
    VIGILANCE = "vigilance"
    """A banner over the programme."""
    ALERT = "alert"
    """Takes the screen over; the loop resumes between."""
    EMERGENCY = "emergency"
    """Takes the screen over."""

    @property
    def rank(self) -> int:
        """The order of the levels: 0 for information to 3 for emergency."""
        return tuple(AlertLevel).index(self)


class AlertStatus(StrEnum):
    """Statuses of alerts: whether people must act on it."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


GENERAL_HAZARD = "general"
"""The hazard of an alert that shows no pictogram."""
# Read from the folder without importing a module, as the names of templates are.
_HAZARDS = Path(__file__).parent.parent / "templates" / "hazards"
HAZARD_NAMES = frozenset({GENERAL_HAZARD, *(module.name for module in pkgutil.iter_modules([str(_HAZARDS)]))})
"""The hazards that this version knows; see :mod:`beffroi_content.templates.registry`."""


def _known_hazard(value: Any) -> Any:
    # A newer server may know more of them: an alert is never refused for its pictogram.
    return value if isinstance(value, str) and value in HAZARD_NAMES else GENERAL_HAZARD


HazardName = Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$"), BeforeValidator(_known_hazard)]
"""The hazard that people are warned of; it decides the pictogram."""


class AlertForm(StrEnum):
    """Forms in which an alert is shown."""

    TAKEOVER = "takeover"
    """The whole screen."""
    BANNER = "banner"
    """A band over the programme."""
    SLIDE = "slide"
    """An entry of the loop."""
    ALL_CLEAR = "all-clear"
    """The alert is over."""


class AlertTranslation(WireModel):
    """The texts of an alert in another language. An empty one stays empty: it says nothing in the main language."""

    language: LanguageCode
    title: Line
    description: Paragraphs = ""
    instruction: Paragraphs = ""
    short_text: Line = ""


ALERT_TRANSLATED_FIELDS = tuple(name for name in AlertTranslation.model_fields if name != "language")
"""The texts of an alert that each language has of its own."""

MAX_FORMER = 20
"""Earlier texts that an alert names at most, besides the one that it corrects."""


class Alert(WireModel):
    """One emergency message.

    It is active from ``issued_at_ms`` up to ``ends_at_ms``. After that the screens say “end of alert” for
    ``all_clear_ms``. To end it early is to publish it again with an earlier ``ends_at_ms``; to withdraw it without
    a word is to publish the set without it.
    """

    id: Identifier
    level: AlertLevel
    status: AlertStatus = AlertStatus.ACTUAL
    hazard: HazardName = GENERAL_HAZARD
    title: Line
    description: Paragraphs = ""
    """The event and its place."""
    instruction: Paragraphs = ""
    """The advice to people."""
    short_text: Line = ""
    """What to do, in the few words that a small panel can hold; without it, the instruction is condensed by rule."""
    source: Line
    """The sender, such as “Mairie de Saint-Aubin”."""
    link: Line = ""
    """The address where everything can be read; it becomes a QR code."""
    phone: Line = ""
    """The number where everything can be asked."""
    issued_at_ms: Instant
    ends_at_ms: Instant
    time_to_live_ms: Annotated[int, Field(ge=0, le=31 * 86_400_000)]
    """Counted on the player's monotonic clock from reception: it ends the alert where no clock can be trusted."""
    all_clear_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 300_000
    corrects: Identifier | None = None
    """The alert whose place this one takes: a screen that holds this one shows nothing of that one, whatever set it
    came with."""
    former: Annotated[tuple[Identifier, ...], Field(max_length=MAX_FORMER)] = ()
    """What the alert that it corrects has corrected before, the newest first: whoever saw any of these texts is told
    the end of this one."""
    corrected_at_ms: Instant | None = None
    """When the text took the place of another; screens say so. None for the first text of an alert."""
    is_open_ended: bool = False
    """Whether its end is only a safeguard: it is meant to last until somebody ends it."""
    translations: Annotated[tuple[AlertTranslation, ...], Field(max_length=MAX_LANGUAGES - 1)] = ()
    """Its texts in further languages; they are shown besides those of its own, never in their place."""

    @model_validator(mode="after")
    def _check_times(self) -> Alert:
        if not self.title:
            raise ValueError("an alert needs a title")
        if self.ends_at_ms < self.issued_at_ms:
            raise ValueError("an alert ends after it is issued")
        if not all(each.title for each in self.translations):
            raise ValueError("an alert needs a title in each language")
        if len({each.language for each in self.translations}) != len(self.translations):
            raise ValueError("an alert has one text in each language")
        return self

    def shown_in(self, languages: Sequence[str], locale: str) -> tuple[tuple[str, Alert], ...]:
        """Return the alert as a screen shows it: once for each language, with its code and without translations.

        The main language is always among them: nobody is kept from an alert by a choice that was made for
        announcements. The first one says what to do, where the alert says so at all.

        Args:
            languages: Codes in the order of the screen; none: every language, in the order of the alert.
            locale: The language of the screen, which is that of the main texts.
        """
        if not self.translations:
            return ((locale, self),)
        main = self.replace(translations=())
        texts = {locale: main}
        for each in self.translations:
            if each.language != locale:
                own = {name: getattr(each, name) for name in ALERT_TRANSLATED_FIELDS}
                texts[each.language] = main.replace(**own)
        chosen = [code for code in languages if code in texts] if languages else list(texts)
        shown = [*chosen, *([] if locale in chosen else [locale])]
        if main.has_order:
            shown.sort(key=lambda code: not texts[code].has_order)
        return tuple((code, texts[code]) for code in shown)

    @property
    def replaced(self) -> tuple[str, ...]:
        """Every alert whose place this one has taken, the newest first."""
        return () if self.corrects is None else (self.corrects, *self.former)

    @property
    def texts(self) -> frozenset[str]:
        """This alert, and every one whose place it has taken."""
        return frozenset({self.id, *self.replaced})

    @property
    def has_order(self) -> bool:
        """Whether somebody wrote what to do."""
        return bool(self.instruction or self.short_text)


class HeldAlert(WireModel):
    """An alert as a player holds it.

    ``lapses_at_uptime_ms`` is on the player's monotonic clock since boot, so that no step of the wall clock can
    prolong the alert. ``pages`` is how many frames the raster makes of it on this screen, and ``page_ms`` how long each
    of them takes to read.
    """

    alert: Alert
    lapses_at_uptime_ms: Annotated[int, Field(ge=-MAX_WHOLE_NUMBER, le=MAX_WHOLE_NUMBER)]
    is_measured: bool = False
    """Whether the lapse is that of the server, to a second or two: its steady clock has told how old the document is.
    No wall clock need end the alert then. Otherwise the alert was on its way for an unknown time, and lapses late."""
    is_planned: bool = False
    """Whether it begins at its ``issued_at_ms``, by a clock that is trusted; others began as they came."""
    is_unseen: bool = False
    """Whether it was never on this screen: hidden by another alert, in standby, or received too late. Its end is not
    shown then."""
    pages: Annotated[int, Field(ge=1, le=3 * MAX_LANGUAGES)] = 1
    page_ms: tuple[Annotated[int, Field(ge=1_000, le=600_000)], ...] = ()
    """Milliseconds, one for each page; empty where nobody measured it."""
