"""Manifests: everything that one screen has to show, complete, with the settings of the screen."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from beffroi_content.model.alert_sound import AlertSound
from beffroi_content.model.announcement import MAX_LANGUAGES, LanguageCode
from beffroi_content.model.base_models import (
    AssetReference,
    Colour,
    Identifier,
    Instant,
    Line,
    WireModel,
    newer_word_as,
)
from beffroi_content.model.layout import Layout
from beffroi_content.model.schedule import DayCalendar, Playlist, ScheduleRule, ScreenHours, SpecialHours
from beffroi_content.model.screen_class import ScreenClass
from beffroi_content.model.screen_mounting import DownloadSettings, Viewport
from beffroi_content.model.slide import Slide
from beffroi_content.model.software import SoftwareTarget


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone, such as Europe/Paris") from error
    return name


DEEPEST_NESTING = 4
"""Levels of playlists within each other, at most."""


MAX_GROUPS = 64
"""Groups that a screen is in at most: a player subscribes to the alerts of each."""


class Town(WireModel):
    """The organisation that the screens belong to: its name, colours and place."""

    name: Line
    colour: Colour = "#1d4f91"
    """The town's colour; the raster keeps the contrast of the text on it."""
    logo: AssetReference | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] = 48.86
    """Degrees north, for sunrise and sunset."""
    longitude: Annotated[float, Field(ge=-180, le=180)] = 2.35
    """Degrees east."""


class ScreenAppearance(StrEnum):
    """Appearances of announcements: dark on light by day, light on dark by night."""

    DAY = "day"
    NIGHT = "night"


class SlideTransition(StrEnum):
    """Transitions from one slide to the next. Alerts always cut."""

    CUT = "cut"
    CROSSFADE = "crossfade"
    PUSH = "push"
    WIPE = "wipe"
    ZOOM = "zoom"


class UncertainClock(StrEnum):
    """Content that is shown while the time is only carried over, as after a power cut. Alerts are shown anyway."""

    BELIEVED = "believed"
    """All of the programme, by the time that was carried over."""
    UNDATED = "undated"
    """What has neither days nor hours."""
    IDLE = "idle"
    """The idle slide."""


class BrokerPlace(WireModel):
    """Where a broker is, without an account there."""

    host: Annotated[str, StringConstraints(max_length=253, pattern=r"^[0-9A-Za-z.:_-]+$")]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool = False


AuthorityPem = Annotated[str, StringConstraints(max_length=8192, pattern=r"^-----BEGIN CERTIFICATE-----\n")]
"""A certificate as PEM."""
MAX_AUTHORITIES = 4
"""Two, and two that are to take their place."""


class ScreenSettings(WireModel):
    """Settings of a screen that its player applies."""

    screen_class: ScreenClass
    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which the image is rotated on the panel."""
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "Europe/Paris"
    locale: Literal["fr", "en"] = "fr"
    languages: Annotated[tuple[LanguageCode, ...], Field(max_length=MAX_LANGUAGES)] = ()
    """Languages in which it shows announcements, in order; none: all, in the order of each announcement. The slides of
    its manifest hold no others."""
    groups: Annotated[tuple[Identifier, ...], Field(max_length=MAX_GROUPS)] = ()
    """The groups whose alerts concern this screen; a player refuses those of other groups."""
    town: Town
    appearance: ScreenAppearance = ScreenAppearance.DAY
    transition: Annotated[SlideTransition, newer_word_as(SlideTransition.CUT)] = SlideTransition.CUT
    hours: Annotated[tuple[ScreenHours, ...], Field(max_length=50)] = ()
    """The first that fits an instant decides; where none does, the display is on."""
    special_hours: Annotated[tuple[SpecialHours, ...], Field(max_length=60)] = ()
    """Hours of single days; of several for one day, the first."""
    off_until_ms: Instant | None = None
    """Until then a person has switched the display off; an emergency switches it on all the same."""
    output: Annotated[str, StringConstraints(max_length=200, pattern=r"^[!-~]*$")] = ""
    """Where the player shows its frames, in the words of its own option ``--output``; empty: as it was set up."""
    overscan_percent: Annotated[float, Field(ge=0, le=15)] = 0
    """How much of its width and height the display cuts off at each edge: the image is made smaller by that."""
    viewports: Annotated[tuple[Viewport, ...], Field(max_length=64)] = ()
    """Places of parts of the image on the display, which is black elsewhere; none: all of it, as it is."""
    darkest: Annotated[int, Field(ge=1, le=100)] = 100
    """Percent of brightness in darkness, where the machine has a light sensor; 100: the sensor is not heeded."""
    volume: Annotated[int, Field(ge=0, le=100)] = 0
    """Percent at which the sound of videos is played; 0: not at all."""
    alert_sound: AlertSound | None = None
    """What may be heard of alerts; None: nothing."""
    downloads: DownloadSettings = DownloadSettings()
    software: SoftwareTarget = SoftwareTarget()
    """The version of the player that the town wants here."""
    idle_after_hours: Annotated[int | None, Field(ge=1, le=8760)] = None
    dark_after_hours: Annotated[int | None, Field(ge=24, le=8760)] = None
    """Hours of running without a word that the town has signed, after which nothing of the town is shown any more: the
    machine was lost, or stolen. None: never."""
    """After so many hours without a message of the server only the idle slide and alerts are shown; None: never."""
    server: Annotated[str, StringConstraints(max_length=200, pattern=r"^(https?://[!-~]+)?$")] = ""
    """The address of the server by now, which its player tries where the one of its enrolment does not answer."""
    broker: BrokerPlace | None = None
    """Where the broker is by now, which its player tries where the one that it knows brings no beat."""
    authorities: Annotated[tuple[AuthorityPem, ...], Field(max_length=MAX_AUTHORITIES)] = ()
    """Certificate authorities that vouch for server and broker, beside those that the player's machine knows."""
    uncertain_clock: Annotated[UncertainClock, newer_word_as(UncertainClock.IDLE)] = UncertainClock.BELIEVED


class Manifest(WireModel):
    """Everything that a screen has to show, until a newer manifest replaces it."""

    screen: Identifier
    settings: ScreenSettings
    layout: Layout
    slides: Annotated[tuple[Slide, ...], Field(max_length=1000)] = ()
    playlists: Annotated[tuple[Playlist, ...], Field(max_length=200)] = ()
    rules: Annotated[tuple[ScheduleRule, ...], Field(max_length=500)] = ()
    calendars: Annotated[tuple[DayCalendar, ...], Field(max_length=16)] = ()
    idle: Slide
    """Shown in a zone where no rule has anything to show: a screen is never black."""

    @model_validator(mode="after")
    def _check_references(self) -> Manifest:
        named = {
            "slides or playlists": [
                *(slide.id for slide in (*self.slides, self.idle)),
                *(p.id for p in self.playlists),
            ],
            "rules": [rule.id for rule in self.rules],
            "calendars": [each.id for each in self.calendars],
        }
        for kind, names in named.items():
            if len(set(names)) != len(names):
                raise ValueError(f"two {kind} have the same identifier")
        missing = self._missing_references(frozenset(named["slides or playlists"]))
        if missing:
            raise ValueError(f"the manifest refers to what it does not contain: {', '.join(sorted(missing))}")
        # After the references: nesting can only be followed where everything exists.
        self._check_nesting()
        if self.idle.valid_from_ms is not None or self.idle.valid_until_ms is not None:
            raise ValueError("the idle slide is always valid: it is shown when nothing else may be")
        return self

    def _missing_references(self, parts: frozenset[str]) -> set[str]:
        playlists, calendars = {playlist.id for playlist in self.playlists}, {each.id for each in self.calendars}
        missing = {entry for playlist in self.playlists for entry in playlist.slides} - parts
        missing |= {rule.playlist for rule in self.rules} - playlists
        missing |= {rule.zone for rule in self.rules} - {zone.id for zone in self.layout.zones}
        return missing | {name for rule in self.rules for name in rule.only_on | rule.never_on} - calendars

    def _check_nesting(self) -> None:
        """Refuse playlists that contain themselves, or each other too deeply."""
        inner = {playlist.id: playlist.slides for playlist in self.playlists}
        nested = {name: {part for part in parts if part in inner} for name, parts in inner.items()}
        # Each pass takes the innermost playlists away. What still contains others after the allowed number of passes
        # is nested too deeply, or contains itself.
        for _ in range(DEEPEST_NESTING):
            nested = {name: {part for part in parts if nested[part]} for name, parts in nested.items()}
        if deep := sorted(name for name, parts in nested.items() if parts):
            raise ValueError(
                f"playlists contain each other in a circle, or more than {DEEPEST_NESTING} deep: {deep[0]}"
            )

    def without_slides(self, slides: Collection[str]) -> Manifest:
        """Return the manifest without some slides, in whatever playlist they are; the idle slide stays."""
        gone = frozenset(slides) - {self.idle.id}
        return self.replace(
            slides=tuple(slide for slide in self.slides if slide.id not in gone),
            playlists=tuple(
                playlist.replace(slides=tuple(name for name in playlist.slides if name not in gone))
                for playlist in self.playlists
            ),
        )

    @property
    def assets(self) -> tuple[AssetReference, ...]:
        """Every file that the programme needs, each once, in the order of first use."""
        found: dict[str, AssetReference] = {}
        logo = self.settings.town.logo
        references = [asset for slide in (self.idle, *self.slides) for asset in slide.assets]
        for asset in ([logo] if logo else []) + references:
            found.setdefault(asset.sha256, asset)
        return tuple(found.values())
