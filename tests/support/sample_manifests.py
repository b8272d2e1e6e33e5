"""Programmes in a few words, for the tests of what is on."""

import datetime as dt
from zoneinfo import ZoneInfo

from beffroi_content.model import (
    Announcement,
    AnnouncementContent,
    Layout,
    LayoutZone,
    Manifest,
    Playlist,
    Rectangle,
    ScheduleRule,
    ScreenClass,
    ScreenSettings,
    Slide,
    TimeWindow,
    Town,
)
from beffroi_content.timeline import ClockState, Moment

SIZE = (1080, 1920)
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
YEAR = 365 * 24 * HOUR
UPTIME = 500 * HOUR


def unix(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris")).timestamp()) * 1000


NOW = unix("2026-11-24T12:00")
"""A Tuesday, on a full minute."""


def at(offset_ms: int = 0, clock: ClockState = ClockState.TRUSTED) -> Moment:
    return Moment(NOW + offset_ms, UPTIME + offset_ms, clock)


def slide(name: str, seconds: int = 10, **changes) -> Slide:
    announcement = Announcement(id=name, template="news", title=name)
    content = AnnouncementContent(announcement=announcement)
    return Slide(**{"id": name, "name": name, "content": content, "duration_ms": seconds * SECOND} | changes)


def manifest(*programme: tuple[ScheduleRule, list[Slide]], zones: tuple[str, ...] = ("main",), **changes) -> Manifest:
    """Return a programme of rules, each with the slides of its own playlist."""
    screen_class = ScreenClass(name="Totem", width=1080, height=1920, physical_height_mm=1200, viewing_distance_mm=3000)
    slides = {one.id: one for _, slides in programme for one in slides}
    layout = Layout(
        zones=tuple(
            LayoutZone(id=name, rectangle=Rectangle(y=400 * number, width=1080, height=400))
            for number, name in enumerate(zones)
        )
    )
    facts = {"screen": "hall", "idle": slide("idle")} | changes
    return Manifest(
        **facts,
        settings=ScreenSettings(screen_class=screen_class, town=Town(name="Saint-Aubin")),
        layout=layout,
        slides=tuple(slides.values()),
        playlists=tuple(
            Playlist(id=rule.playlist, name=rule.name, slides=tuple(one.id for one in slides))
            for rule, slides in programme
        ),
        rules=tuple(rule for rule, _ in programme),
    )


def rule(name: str, *windows: str, **changes) -> ScheduleRule:
    times = [TimeWindow(start=start, end=end) for start, end in (window.split("-") for window in windows)]
    return ScheduleRule(**{"id": name, "name": name, "playlist": f"{name}-list", "times": times} | changes)
