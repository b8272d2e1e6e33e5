"""A programme as it is sent to one screen: everything it has to show, complete."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from beffroi_content.model.base import AssetReference, Colour, Identifier, Line, WireModel
from beffroi_content.model.layout import Layout
from beffroi_content.model.schedule import Playlist, ScheduleRule
from beffroi_content.model.screen import ScreenClass
from beffroi_content.model.slide import Slide


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone, such as Europe/Paris") from error
    return name


class Town(WireModel):
    """Who speaks, and in which colours."""

    name: Line
    colour: Colour = "#1d4f91"
    """The town's colour; the raster keeps the contrast of the text on it."""
    logo: AssetReference | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] = 48.86
    """Degrees north, for sunrise and sunset."""
    longitude: Annotated[float, Field(ge=-180, le=180)] = 2.35
    """Degrees east."""


class Appearance(StrEnum):
    """Whether announcements are dark on light or light on dark."""

    DAY = "day"
    NIGHT = "night"


class ScreenSettings(WireModel):
    """What a player must know of its own screen."""

    screen_class: ScreenClass
    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which the picture is turned on the panel."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Paris"
    locale: Literal["fr", "en"] = "fr"
    groups: Annotated[tuple[Identifier, ...], Field(max_length=8)] = ()
    """The groups whose alerts concern this screen."""
    town: Town
    appearance: Appearance = Appearance.DAY


class Manifest(WireModel):
    """All that a screen has to show, until a newer one."""

    screen: Identifier
    settings: ScreenSettings
    layout: Layout
    slides: Annotated[tuple[Slide, ...], Field(max_length=1000)] = ()
    playlists: Annotated[tuple[Playlist, ...], Field(max_length=200)] = ()
    rules: Annotated[tuple[ScheduleRule, ...], Field(max_length=500)] = ()
    idle: Slide
    """Shown in a zone where no rule has anything to show: a screen is never black."""

    @model_validator(mode="after")
    def _check(self) -> Manifest:
        slides = [slide.id for slide in (*self.slides, self.idle)]
        playlists = [playlist.id for playlist in self.playlists]
        rules = [rule.id for rule in self.rules]
        for kind, names in (("slides", slides), ("playlists", playlists), ("rules", rules)):
            if len(set(names)) != len(names):
                raise ValueError(f"two {kind} have the same identifier")
        missing = {entry for playlist in self.playlists for entry in playlist.slides} - set(slides)
        missing |= {rule.playlist for rule in self.rules} - set(playlists)
        missing |= {rule.zone for rule in self.rules} - {zone.id for zone in self.layout.zones}
        if missing:
            raise ValueError(f"the manifest refers to what it does not contain: {', '.join(sorted(missing))}")
        if self.idle.valid_from_ms is not None or self.idle.valid_until_ms is not None:
            raise ValueError("the idle slide is always valid: it is shown when nothing else may be")
        return self

    @property
    def assets(self) -> tuple[AssetReference, ...]:
        """Every file that the programme needs, each once, in the order of first use."""
        found: dict[str, AssetReference] = {}
        logo = self.settings.town.logo
        references = [asset for slide in (self.idle, *self.slides) for asset in slide.assets]
        for asset in ([logo] if logo else []) + references:
            found.setdefault(asset.sha256, asset)
        return tuple(found.values())
