"""Inputs of the manifest compiler, read from the database: rules, playlists with their slides, settings of a screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_server.accounts.models import Town
from beffroi_server.core.read_once import read_once
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import shown_languages, targets, viewports
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.services import broker_place
from beffroi_server.library import slide_content
from beffroi_server.library.event_dates import event_end
from beffroi_server.library.further_images import further_images
from beffroi_server.library.models import Announcement
from beffroi_server.library.town_branding import TOWN_RELATIONS, town_content, town_of_screen, with_municipality
from beffroi_server.schedule import auto_fill, band_layouts, day_calendars, layouts, playlist_nesting
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.manifest_compiler import CompileError, CompileInputs, PlaylistInput, SlideProblem
from beffroi_server.schedule.models import AnnouncementPlacement, Entry, Playlist, ScheduleRule

IDLE_SLIDE_ID = "idle"
PLACED_ID = "placed"
"""Identifier of the loop of the announcements that are published directly, and of the rule that shows it."""


def load_inputs(screen: Screen, layout: LayoutChoice | None = None) -> CompileInputs:
    """Return everything that decides the programme of a screen.

    Args:
        screen: The screen.
        layout: A layout to try on it; None: the one that it follows.

    Raises:
        CompileError: the screen has settings that no player accepts.
        Town.DoesNotExist: ``beffroi-server init`` was not run.
    """
    screen = with_municipality(screen)
    town = town_of_screen(screen, current_town())
    rules, placements = _rules_of(screen), list(_aimed_placements(screen))
    beside = [placement.announcement for placement in placements]
    playlists, unready = load_playlists({rule.playlist_id for rule in rules}, town, beside)
    placed, unready_placed = placed_loop(placements, town)
    problems = (*unready, *unready_placed)
    inputs = inputs_of_rules(screen, town, rules, tuple(playlists.values()), problems, placed)
    return _with_bands(inputs, layout or layouts.layout_of(screen))


def inputs_of_rules(
    screen: Screen,
    town: Town,
    rules: Sequence[ScheduleRule],
    playlists: tuple[PlaylistInput, ...],
    unready: tuple[SlideProblem, ...] = (),
    placed: PlaylistInput | None = None,
) -> CompileInputs:
    """Return the inputs for a screen on which exactly these rules apply.

    Args:
        screen: The screen, for its settings.
        town: The town as the screen shows it.
        rules: The rules.
        playlists: All playlists that they name.
        unready: Slides that cannot be shown yet.
        placed: What ``placed_loop`` has found for the screen.
    """
    known = tuple(rule.to_content() for rule in rules)
    return CompileInputs(
        screen=screen.slug,
        settings=screen_settings(screen, town),
        playlists=(*playlists, placed) if placed else playlists,
        rules=(*known, _placement_rule(placed)) if placed else known,
        calendars=day_calendars.calendars_of_rules(rules, town),
        idle=_idle_slide(town),
        unready=unready,
    )


def load_playlists(
    keys: Iterable[int], town: Town, beside: Iterable[Announcement] = ()
) -> tuple[dict[int, PlaylistInput], tuple[SlideProblem, ...]]:
    """Return playlists by their primary keys with the slides that they show now, and the slides that are not ready.

    Playlists that lie within those are among them.

    Args:
        keys: The primary keys.
        town: The town.
        beside: Announcements whose further images are read by the same query as those of the playlists.
    """
    related = ("announcement__picture__picture", "announcement__feed", "media__picture", "media__video__converted")
    shown = Entry.objects.filter(announcement__archived_at=None, announcement__placement__taken_off_at=None)
    playlists = playlist_nesting.playlists_within(keys)
    prefetch_related_objects(playlists, Prefetch("entries", queryset=shown.select_related(*related)))
    zone = ZoneInfo(town.time_zone)
    entries = {playlist: [*playlist.entries.all(), *_auto_fill_entries(playlist, zone)] for playlist in playlists}
    announcements = [entry.announcement for rows in entries.values() for entry in rows if entry.announcement]
    prefetch_related_objects([*announcements, *beside], further_images())
    unready: list[SlideProblem] = []
    found = {
        playlist.pk: _playlist_input(playlist, _ready_slides(rows, town, unready)) for playlist, rows in entries.items()
    }
    return found, tuple(unready)


def shown_placements(placements: QuerySet[AnnouncementPlacement]) -> QuerySet[AnnouncementPlacement]:
    """Return those of some placements that are not taken off and not over, with what their slides need."""
    return _without_images(placements).prefetch_related(further_images("announcement__"))


def _aimed_placements(screen: Screen) -> QuerySet[AnnouncementPlacement]:
    """Return the placements that a screen shows now or later, newest first, without the further images."""
    return _without_images(targets.rows_aimed_at(AnnouncementPlacement.objects.all(), screen))


def _without_images(placements: QuerySet[AnnouncementPlacement]) -> QuerySet[AnnouncementPlacement]:
    shown = placements.filter(taken_off_at=None, announcement__archived_at=None).exclude(ends_at__lte=timezone.now())
    return shown.select_related("announcement__picture__picture", "announcement__feed")


def placed_loop(
    placements: Iterable[AnnouncementPlacement], town: Town
) -> tuple[PlaylistInput | None, tuple[SlideProblem, ...]]:
    """Return the loop of the announcements that are published directly, or None; and the slides that are not ready."""
    unready: list[SlideProblem] = []
    slides = _ready_slides([_placed_entry(each) for each in placements], town, unready)
    if not slides:
        return None, tuple(unready)
    # The name is part of the manifest, which must not depend on the language of whoever happens to compile it.
    with translation.override(town.locale):
        name = _("Announcements published directly")
    return PlaylistInput(id=PLACED_ID, name=name, slides=slides), tuple(unready)


def _placement_rule(placed: PlaylistInput) -> content.ScheduleRule:
    return content.ScheduleRule(id=PLACED_ID, name=placed.name, playlist=placed.id, weight=0)


def _placed_entry(placement: AnnouncementPlacement) -> Entry:
    """Return an unsaved entry, without a playlist, for an announcement that is published directly."""
    return Entry(
        announcement=placement.announcement,
        duration_s=placement.duration_s,
        valid_from=placement.starts_at,
        valid_until=placement.ends_at,
    )


def playlists_within(keys: Iterable[int], playlists: Mapping[int, PlaylistInput]) -> tuple[PlaylistInput, ...]:
    """Return those of the loaded playlists that have these primary keys or lie within them, in the order of keys."""
    by_name = {playlist.id: key for key, playlist in playlists.items()}
    found, new = set[int](), set(keys)
    while new:
        found |= new
        named = {part for key in new for part in playlists[key].slides if isinstance(part, str)}
        new = {by_name[name] for name in named} - found
    return tuple(playlists[key] for key in sorted(found))


@read_once
def current_town() -> Town:
    """Return the town with its logo; a page has read it before.

    Raises:
        Town.DoesNotExist: ``beffroi-server init`` was not run.
    """
    return Town.objects.select_related(*TOWN_RELATIONS).get()


def screen_settings(screen: Screen, town: Town) -> content.ScreenSettings:
    """Return the settings of a screen as its player needs them.

    Raises:
        CompileError: a player would not accept them, for instance since the screen is in too many groups.
    """
    now, groups = timezone.now(), targets.groups_of(screen)
    is_led = screen.screen_class.technology == content.DisplayTechnology.LED
    values = {
        "screen_class": screen.screen_class.to_content(),
        "rotation": screen.rotation,
        "time_zone": town.time_zone,
        "locale": town.locale,
        "languages": shown_languages.languages_of(screen, groups, town),
        # Every group, without a cut: a player accepts the alerts of these groups, and no others.
        "groups": tuple(group.slug for group in groups),
        "town": town_content(town),
        "appearance": screen.appearance,
        "transition": content.SlideTransition.CUT if is_led else screen.transition,
        "hours": screen.display_hours(),
        "special_hours": screen.special_hours(now.astimezone(ZoneInfo(town.time_zone)).date()),
        "off_until_ms": _optional_ms(screen.switched_off_until if screen.is_switched_off(now) else None),
        "output": screen.output,
        "overscan_percent": screen.overscan_percent,
        "viewports": viewports.parse_viewports(screen.viewports),
        "darkest": screen.darkest,
        "volume": screen.volume,
        "alert_sound": screen.alert_sound(),
        "downloads": screen.download_settings(),
        "software": screen.software_target(),
        "idle_after_hours": screen.idle_after_hours,
        "dark_after_hours": town.dark_after_hours,
        "uncertain_clock": screen.uncertain_clock,
        "server": settings.PUBLIC_URL,
        "broker": broker_place(),
        "authorities": settings.AUTHORITIES,
    }
    try:
        return content.ScreenSettings.model_validate(values)
    except ValueError as error:
        message = _("The settings of “%(screen)s” cannot be sent: %(fault)s")
        raise CompileError("bad-settings", message % {"screen": screen, "fault": error}) from error


def _with_bands(inputs: CompileInputs, choice: LayoutChoice | None) -> CompileInputs:
    """Return the inputs with the zones of a layout, and the slides of its bands."""
    if choice is None:
        return inputs
    bands = layouts.band_slides(choice)
    layout = band_layouts.ready_layout(
        band_layouts.ReadyLayout(choice.layout), inputs.settings.screen_class.size, bands.keys()
    )
    shown = tuple((zone.id, bands[zone.id]) for zone in layout.zones if zone.id in bands)
    return replace(inputs, layout=layout, bands=shown)


def announcement_id_of(slide: str) -> str | None:
    """Return the identifier of the announcement that a slide shows, given the identifier of the slide."""
    return slide.removeprefix("announcement-")[:36] if slide.startswith("announcement-") else None


def _rules_of(screen: Screen) -> list[ScheduleRule]:
    rules = targets.rows_aimed_at(ScheduleRule.objects.all(), screen)
    return list(rules.prefetch_related("only_on", "never_on").order_by("pk"))


def _playlist_input(playlist: Playlist, slides: tuple[content.Slide | str, ...]) -> PlaylistInput:
    order = content.PlaylistOrder(playlist.order)
    return PlaylistInput(playlist.identifier, playlist.name, slides, order, playlist.take)


def _ready_slides(entries: Iterable[Entry], town: Town, unready: list[SlideProblem]) -> tuple[content.Slide | str, ...]:
    slides: list[content.Slide | str] = []
    for entry in entries:
        if entry.inner_id is not None:
            slides.append(f"playlist-{entry.inner_id}")
            continue
        # One announcement that cannot be shown must not take the whole programme down.
        try:
            slides.append(slide_of_entry(entry, town))
        except ValueError as error:
            identifier = f"announcement-{entry.announcement_id}-{_slide_suffix(entry)}"
            unready.append(SlideProblem(identifier, str(entry), "unready", f"“{entry}”: {error}"))
    return tuple(slides)


def _auto_fill_entries(playlist: Playlist, zone: ZoneInfo) -> list[Entry]:
    """Return unsaved entries for the announcements that fill a playlist without being listed, without their images."""
    found = auto_fill.auto_filled_announcements(playlist, zone).prefetch_related(None)
    return [Entry(playlist=playlist, announcement=each, duration_s=auto_fill.SLIDE_DURATION_S) for each in found]


def slide_of_entry(entry: Entry, town: Town) -> content.Slide:
    """Return the slide of an entry, which need not be saved.

    Raises:
        ValueError: its content cannot be shown yet; the message is for people.
    """
    times: dict[str, Any] = {}
    valid_until = entry.valid_until
    if entry.announcement is not None:
        end = event_end(entry.announcement, ZoneInfo(town.time_zone))
        # An event leaves by itself at its end, unless somebody has it shown from a later day on.
        if end is not None and (entry.valid_from is None or end > entry.valid_from):
            valid_until = min(filter(None, (valid_until, end)))
        times = {
            "published_at_ms": _optional_ms(entry.announcement.created_at) or 0,
            "event_at_ms": _optional_ms(entry.announcement.starts),
        }
        name, identifier = entry.announcement.title, f"announcement-{entry.announcement_id}-{_slide_suffix(entry)}"
        shown: Any = slide_content.slide_content(slide_content.drawn_content(entry.announcement, town))
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
    # An announcement may be in several playlists, and several times in one: each slide has an identifier of its own.
    if entry.pk:
        return str(entry.pk)
    return f"p{entry.playlist_id}" if entry.playlist_id else PLACED_ID


def _idle_slide(town: Town) -> content.Slide:
    welcome = content.Announcement(id="welcome", template="notice", title=town.name)
    return content.Slide(id=IDLE_SLIDE_ID, name=town.name, content=content.AnnouncementContent(announcement=welcome))


def _optional_ms(moment: dt.datetime | None) -> int | None:
    return unix_ms(moment) if moment is not None else None
