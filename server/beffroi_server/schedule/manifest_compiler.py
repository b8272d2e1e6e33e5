"""Compiler of manifests: rules, playlists and settings in, the complete programme of one screen out.

Pure but for drawing, which decides how many pages a slide takes. Rows of the database become its inputs in
``compile_inputs``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.wire.messages import PROGRAMME
from beffroi_server.library.errors import SlideNotDrawable

PageCounter = Callable[[content.Slide, content.ScreenSettings], int]
"""Returns the number of pages that a slide takes on a screen, or raises ``SlideNotDrawable``."""
ENVELOPE_BYTES = 512
"""Bytes that header, signature and the document around the manifest add at most."""


class CompileError(Exception):
    """The programme of a screen cannot be sent; ``message`` says why and what to do, for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class SlideProblem:
    """A slide that a screen does not show although a rule says so, with the reason."""

    slide: str
    """The identifier that the slide would have."""
    name: str
    code: str
    """Code of a ``RasterError``, such as ``text-too-long``, or ``unready``."""
    message: str
    """The reason, for people."""


@dataclass(frozen=True, slots=True)
class PlaylistInput:
    """A playlist with its slides."""

    id: str
    name: str
    slides: tuple[content.Slide | str, ...]
    """Slides, and identifiers of other playlists among the inputs that stand in their place."""
    order: content.PlaylistOrder = content.PlaylistOrder.LISTED
    take: int = 0
    """Slides that it gives each time round a playlist that contains it; 0: all."""


@dataclass(frozen=True, slots=True)
class CompileInputs:
    """Everything that decides the programme of a screen."""

    screen: str
    settings: content.ScreenSettings
    playlists: tuple[PlaylistInput, ...]
    rules: tuple[content.ScheduleRule, ...]
    idle: content.Slide
    calendars: tuple[content.DayCalendar, ...] = ()
    layout: content.Layout | None = None
    """The zones, the first for the loop; None: the loop has the whole screen."""
    bands: tuple[tuple[str, content.Slide], ...] = ()
    """The slide that is always on in each of the further zones, with the zone."""
    unready: tuple[SlideProblem, ...] = ()
    """Slides that no screen can show yet, such as those of a feed that was never read."""

    @property
    def zones(self) -> content.Layout:
        """The layout, with one zone where none was chosen."""
        return self.layout or content.Layout.full_screen(self.settings.screen_class.size)


@dataclass(frozen=True, slots=True)
class CompiledManifest:
    """A manifest, and the slides that had to be left out of it."""

    manifest: content.Manifest
    problems: tuple[SlideProblem, ...]


def compile_manifest(inputs: CompileInputs, page_count: PageCounter | None = None) -> CompiledManifest:
    """Return the manifest of a screen.

    A slide that cannot be drawn on this screen is left out, and listed among the problems.

    Args:
        inputs: Everything that decides the programme.
        page_count: Counts the pages of a slide; None draws it.

    Raises:
        CompileError: the result is larger than a programme may be.
    """
    count = page_count or partial(_count_pages, size=inputs.zones.zones[0].rectangle.size)
    problems = list(inputs.unready)
    playlists = []
    slides: list[content.Slide] = []
    for playlist in inputs.playlists:
        names = []
        for part in playlist.slides:
            if isinstance(part, str):
                names.append(part)
            elif fitting := _with_page_count(_in_languages(part, inputs.settings), inputs.settings, count, problems):
                slides.append(fitting)
                names.append(fitting.id)
        playlists.append((playlist, tuple(names)))
    idle = _with_page_count(inputs.idle, inputs.settings, count, []) or inputs.idle
    manifest = _build_manifest(inputs, tuple(slides), playlists, idle)
    _check_size(manifest)
    return CompiledManifest(manifest, tuple(problems))


def _count_pages(slide: content.Slide, settings: content.ScreenSettings, size: tuple[int, int]) -> int:
    from beffroi_server.library import preview  # noqa: PLC0415 - Pillow loads only where something is drawn

    return preview.page_count(slide, settings, size)


def _in_languages(slide: content.Slide, settings: content.ScreenSettings) -> content.Slide:
    """Return a slide with the languages that the screen shows: no others are sent."""
    return slide.shown_in(settings.languages, settings.locale)


def _with_page_count(
    slide: content.Slide, settings: content.ScreenSettings, count: PageCounter, problems: list[SlideProblem]
) -> content.Slide | None:
    try:
        pages = count(slide, settings)
    except SlideNotDrawable as fault:
        screen = settings.screen_class.name
        message = _("“%(name)s” does not fit on “%(screen)s” (%(code)s). Shorten its text for this screen class.")
        values = {"name": slide.name, "screen": screen, "code": fault.detail or fault.code}
        problems.append(SlideProblem(slide.id, slide.name, fault.code, message % values))
        return None
    return slide.model_copy(update={"pages": pages})


def _build_manifest(
    inputs: CompileInputs,
    slides: tuple[content.Slide, ...],
    playlists: list[tuple[PlaylistInput, tuple[str, ...]]],
    idle: content.Slide,
) -> content.Manifest:
    try:
        return content.Manifest(
            screen=inputs.screen,
            settings=inputs.settings,
            layout=inputs.zones,
            slides=(*slides, *(slide for _zone, slide in inputs.bands)),
            playlists=(
                *(
                    content.Playlist(id=p.id, name=p.name, slides=names, order=p.order, take=p.take)
                    for p, names in playlists
                ),
                *(_band_playlist(slide) for _zone, slide in inputs.bands),
            ),
            rules=(*inputs.rules, *(_band_rule(zone, slide) for zone, slide in inputs.bands)),
            calendars=inputs.calendars,
            idle=idle,
        )
    except ValueError as error:
        # The model limits the numbers of slides, rules and calendars: more than that is a mistake of people.
        message = _("The programme of “%(screen)s” is larger than a screen accepts: %(fault)s. Shorten its playlists.")
        raise CompileError("too-many", message % {"screen": inputs.screen, "fault": _last_line(error)}) from error


def _band_playlist(slide: content.Slide) -> content.Playlist:
    return content.Playlist(id=f"{slide.id}-loop", name=slide.name, slides=(slide.id,))


def _band_rule(zone: str, slide: content.Slide) -> content.ScheduleRule:
    """Return the rule by which a slide is always on in its zone."""
    return content.ScheduleRule(id=slide.id, name=slide.name, playlist=_band_playlist(slide).id, zone=zone)


def _check_size(manifest: content.Manifest) -> None:
    # Compressed as delivery does it: what counts is the size of the message to the broker.
    size = len(zlib.compress(manifest.to_json(), 9)) + ENVELOPE_BYTES
    if size > PROGRAMME.size_limit:
        message = _(
            "The programme of “%(screen)s” takes %(size)d KB where %(limit)d are allowed. Shorten its playlists."
        )
        values = {"screen": manifest.screen, "size": size // 1024, "limit": PROGRAMME.size_limit // 1024}
        raise CompileError("too-large", message % values)


def _last_line(error: ValueError) -> str:
    return str(error).splitlines()[-1].strip()
