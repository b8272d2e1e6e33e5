"""From playlists and rules to the manifest of one screen. ``compile_manifest`` is pure; ``load_inputs`` reads rows."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.wire.messages import PROGRAMME
from beffroi_server.accounts.models import Town
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import viewports
from beffroi_server.fleet.models import Screen
from beffroi_server.library import slide_content
from beffroi_server.library.errors import SlideNotDrawable
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import auto_fill, day_calendars
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule

PageCounter = Callable[[content.Slide, content.ScreenSettings], int]
"""Returns how many frames the raster makes of a slide, or raises ``Undrawable``."""
ENVELOPE_BYTES = 512
"""What header, signature and the document around the manifest add at most."""
MAX_GROUPS = 8
IDLE_SLIDE_ID = "idle"


class CompileError(Exception):
    """The programme of a screen cannot be sent. The message is for people: why, and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class SlideProblem:
    """Something that a screen does not show, and why."""

    slide: str
    """The identifier that the slide would have."""
    name: str
    code: str
    """Why: a code of ``RasterError``, such as ``text-too-long``."""
    message: str
    """For people."""


@dataclass(frozen=True, slots=True)
class PlaylistInput:
    """A playlist with what it shows."""

    id: str
    name: str
    slides: tuple[content.Slide, ...]
    order: content.PlaylistOrder = content.PlaylistOrder.LISTED


@dataclass(frozen=True, slots=True)
class CompileInputs:
    """All that decides the programme of a screen."""

    screen: str
    settings: content.ScreenSettings
    playlists: tuple[PlaylistInput, ...]
    rules: tuple[content.ScheduleRule, ...]
    idle: content.Slide
    calendars: tuple[content.DayCalendar, ...] = ()
    unready: tuple[SlideProblem, ...] = ()
    """What cannot be shown on any screen."""


@dataclass(frozen=True, slots=True)
class CompiledManifest:
    """A manifest, and what had to be left out of it."""

    manifest: content.Manifest
    problems: tuple[SlideProblem, ...]


def compile_manifest(inputs: CompileInputs, page_count: PageCounter | None = None) -> CompiledManifest:
    """Return the manifest of a screen.

    A slide that cannot be drawn on this screen is left out, and listed among the problems.

    Raises:
        CompileProblem: the whole is more than a programme may be.
    """
    count = page_count or _page_count
    problems = list(inputs.unready)
    playlists = []
    slides: list[content.Slide] = []
    for playlist in inputs.playlists:
        fit = [
            slide for slide in (_with_page_count(s, inputs.settings, count, problems) for s in playlist.slides) if slide
        ]
        slides += fit
        playlists.append((playlist, tuple(slide.id for slide in fit)))
    idle = _with_page_count(inputs.idle, inputs.settings, count, []) or inputs.idle
    manifest = _build_manifest(inputs, tuple(slides), playlists, idle)
    _check_size(manifest)
    return CompiledManifest(manifest, tuple(problems))


def load_inputs(screen: Screen) -> CompileInputs:
    """Read what decides the programme of a screen.

    Raises:
        Town.DoesNotExist: ``beffroi-server init`` was not run.
    """
    town = Town.objects.select_related("logo__picture").get()
    groups = list(screen.groups.order_by("slug"))
    rules = list(_rules_for(screen))
    shown = Playlist.objects.filter(pk__in={rule.playlist_id for rule in rules}).order_by("pk")
    related = ("announcement__picture__picture", "announcement__feed", "media__picture", "media__video__film")
    entries = Entry.objects.select_related(*related).prefetch_related("announcement__more_pictures__picture")
    playlists = shown.prefetch_related(Prefetch("entries", queryset=entries))
    unready: list[SlideProblem] = []
    read = [_playlist_input(playlist, town, unready) for playlist in playlists]
    return CompileInputs(
        screen=screen.slug,
        settings=screen_settings(screen, town, tuple(group.slug for group in groups[:MAX_GROUPS])),
        playlists=tuple(read),
        rules=tuple(rule.to_content() for rule in rules),
        calendars=day_calendars.calendars_of_rules(rules),
        idle=_idle_slide(town),
        unready=tuple(unready),
    )


def screen_settings(screen: Screen, town: Town, groups: tuple[str, ...]) -> content.ScreenSettings:
    """Return what a player must know of its own screen."""
    is_led = screen.screen_class.technology == content.DisplayTechnology.LED
    return content.ScreenSettings.model_validate(
        {
            "screen_class": screen.screen_class.to_content(),
            "rotation": screen.rotation,
            "time_zone": town.time_zone,
            "locale": town.locale,
            "groups": groups,
            "town": town.to_content(),
            "appearance": screen.appearance,
            "transition": content.SlideTransition.CUT if is_led else screen.transition,
            "hours": screen.display_hours(),
            "overscan_percent": screen.overscan_percent,
            "viewports": viewports.parse_viewports(screen.viewports),
            "darkest": screen.darkest,
            "volume": screen.volume,
            "downloads": screen.download_settings(),
            "idle_after_hours": screen.idle_after_hours,
            "uncertain_clock": screen.uncertain_clock,
        }
    )


def announcement_id_of(slide: str) -> str | None:
    """Return the identifier of the announcement that a slide shows, from that of the slide."""
    return slide.removeprefix("announcement-")[:36] if slide.startswith("announcement-") else None


def _rules_for(screen: Screen) -> list[ScheduleRule]:
    concerned = Q(everywhere=True) | Q(screens=screen) | Q(groups__screens=screen)
    return list(
        ScheduleRule.objects.filter(concerned).distinct().prefetch_related("only_on", "never_on").order_by("pk")
    )


def _playlist_input(playlist: Playlist, town: Town, unready: list[SlideProblem]) -> PlaylistInput:
    slides = []
    filled = [_auto_fill_entry(playlist, each) for each in auto_fill.auto_filled_announcements(playlist)]
    for entry in [*playlist.entries.all(), *filled]:
        try:
            slides.append(_slide_of(entry, town))
        except ValueError as error:
            identifier = f"announcement-{entry.announcement_id}-{_slide_suffix(entry)}"
            unready.append(SlideProblem(identifier, str(entry), "unready", f"“{entry}”: {error}"))
    order = content.PlaylistOrder(playlist.order)
    return PlaylistInput(id=f"playlist-{playlist.pk}", name=playlist.name, slides=tuple(slides), order=order)


def _auto_fill_entry(playlist: Playlist, announcement: Announcement) -> Entry:
    """Return the entry that an announcement would be, which fills a playlist without being listed."""
    return Entry(playlist=playlist, announcement=announcement, duration_s=auto_fill.SLIDE_DURATION_S)


def _slide_of(entry: Entry, town: Town) -> content.Slide:
    times: dict[str, Any] = {}
    valid_until = entry.valid_until
    if entry.announcement is not None:
        over = auto_fill.event_ends_at(entry.announcement, town)
        if over is not None and (entry.valid_from is None or over > entry.valid_from):
            # An event leaves by itself.
            valid_until = min(filter(None, (valid_until, over)))
        times = {
            "published_at_ms": _optional_ms(entry.announcement.created_at) or 0,
            "event_at_ms": _optional_ms(entry.announcement.starts),
        }
        name, identifier = entry.announcement.title, f"announcement-{entry.announcement_id}-{_slide_suffix(entry)}"
        shown: Any = slide_content.slide_content(slide_content.drawn_content(entry.announcement, town.time_zone))
    else:
        assert entry.media is not None
        name, identifier = entry.media.name, f"media-{entry.media_id}-{entry.pk}"
        shown = entry.media.to_content()
    return content.Slide.model_validate(
        {
            "id": identifier,
            "name": name,
            "content": shown,
            "duration_ms": entry.duration_s * 1000,
            "valid_from_ms": _optional_ms(entry.valid_from),
            "valid_until_ms": _optional_ms(valid_until),
            "most_per_hour": entry.most_per_hour,
            **times,
        }
    )


def _slide_suffix(entry: Entry) -> str:
    return str(entry.pk) if entry.pk else f"p{entry.playlist_id}"


def _idle_slide(town: Town) -> content.Slide:
    welcome = content.Announcement(id="welcome", template="notice", title=town.name)
    return content.Slide(id=IDLE_SLIDE_ID, name=town.name, content=content.AnnouncementContent(announcement=welcome))


def _optional_ms(moment: dt.datetime | None) -> int | None:
    return unix_ms(moment) if moment is not None else None


def _page_count(slide: content.Slide, settings: content.ScreenSettings) -> int:
    from beffroi_server.library import preview  # noqa: PLC0415 - Pillow loads only where something is drawn

    return preview.page_count(slide, settings)


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
            layout=content.Layout.full_screen(inputs.settings.screen_class.size),
            slides=slides,
            playlists=tuple(
                content.Playlist(id=p.id, name=p.name, slides=names, order=p.order) for p, names in playlists
            ),
            rules=inputs.rules,
            calendars=inputs.calendars,
            idle=idle,
        )
    except ValueError as error:
        message = _("The programme of “%(screen)s” is larger than a screen accepts: %(fault)s. Shorten its playlists.")
        raise CompileError("too-many", message % {"screen": inputs.screen, "fault": _first_line(error)}) from error


def _check_size(manifest: content.Manifest) -> None:
    size = len(zlib.compress(manifest.to_json(), 9)) + ENVELOPE_BYTES
    if size > PROGRAMME.size_limit:
        message = _(
            "The programme of “%(screen)s” takes %(size)d KB where %(limit)d are allowed. Shorten its playlists."
        )
        values = {"screen": manifest.screen, "size": size // 1024, "limit": PROGRAMME.size_limit // 1024}
        raise CompileError("too-large", message % values)


def _first_line(error: ValueError) -> str:
    return str(error).splitlines()[-1].strip()
