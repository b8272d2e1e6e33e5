"""What the town hall does once: people, announcements, playlists, rules, scenarios, screens.

A program of its own, since it works with the server's models: ``python -m demo.office load|enrol|watch``. It prints
JSON, one object a line. Settings come from the environment, as the server's do.
"""

from __future__ import annotations

# ruff: noqa: E402 - models can be imported only once Django is set up
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beffroi_server.settings")
django.setup()

from django.db import close_old_connections, transaction

from beffroi_content.model import RuleMode
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.accounts.services import create_user
from beffroi_server.alerts.models import Scenario
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.services import open_enrolment, save_screen
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.library.services import add_image, save_announcement
from beffroi_server.schedule.compile_inputs import announcement_id_of
from beffroi_server.schedule.models import Playlist, ScheduleRule
from beffroi_server.schedule.services import add_entry, create_playlist, save_rule
from demo.announcements import PICTURES, SCENARIOS, TOWN, Text, daily_life, french, outings

ZONE = ZoneInfo("Europe/Paris")
FOLDER = Path(__file__).parent / "pictures"
PEOPLE = (
    ("claire", "Claire", UserRole.EDITOR),
    ("malik", "Malik", UserRole.OFFICER),
    ("jeanne", "Jeanne", UserRole.TECHNICIAN),
)
SCREENS = (
    ("hall", "Hall de la mairie", "1 place de la Mairie", (1920, 1080), ("centre",)),
    ("marche", "Place du marché", "Angle de la rue des Tanneurs", (1080, 1920), ("centre", "quais")),
    ("quai", "Quai des Mariniers", "Panneau lumineux du pont", (128, 64), ("quais",)),
)
WATCH_EVERY_S = 0.25


def load() -> None:
    """Load the town, whole or not at all; nothing if it is there already."""
    with transaction.atomic():
        if Screen.objects.exists():
            _say(loaded=False)
            return
        _add_people()
        today = dt.datetime.now(ZONE).date()
        claire = User.objects.get(username="claire")
        pictures = {name: _add_picture(name, claire) for name in PICTURES}
        life = _add_playlist("Vie municipale", daily_life(today), pictures, claire)
        trips = _add_playlist("Sorties et loisirs", outings(today), pictures, claire)
        add_entry(trips, user=claire, media=pictures["belfry"], duration_s=8)
        screens = _add_screens()
        _add_rules(life, trips, screens, today, claire)
        _add_scenarios()
    _say(loaded=True, announcements=Announcement.objects.count(), screens=len(screens))


def enrol() -> None:
    """Make an enrolment code for every screen of the demo that still exists."""
    for screen in Screen.objects.filter(slug__in=[slug for slug, *_ in SCREENS]):
        _code, command = open_enrolment(screen)
        _say(screen=screen.slug, command=command)


def watch() -> None:
    """Say of each screen, once, what it confirms to have on the glass; end when all have."""
    waiting = {slug for slug, *_ in SCREENS}
    started = dt.datetime.now(dt.UTC)
    while waiting:
        close_old_connections()
        found = Screen.objects.filter(slug__in=waiting, state__seen_at__gte=started).select_related("state")
        for screen in found:
            report = screen.state.report or {}
            if report.get("programme") and report.get("shown") and report.get("frame"):
                waiting.discard(screen.slug)
                _say(screen=screen.slug, name=screen.name, shows=_shown(report["shown"][0]))
        time.sleep(WATCH_EVERY_S)


def _add_people() -> None:
    for username, first_name, role in PEOPLE:
        create_user(username, role, first_name=first_name)


def _add_picture(name: str, person: User) -> MediaItem:
    with (FOLDER / f"{name}.jpg").open("rb") as file:
        return add_image(file, name=french(PICTURES[name]), description=french(PICTURES[name]), user=person)


def _add_playlist(name: str, texts: list[Text], pictures: dict[str, MediaItem], person: User) -> Playlist:
    playlist = create_playlist(name, user=person)
    for text in texts:
        announcement = _add_announcement(text, pictures, person)
        until = text.until and dt.datetime.combine(text.until + dt.timedelta(days=1), dt.time(), ZONE)
        add_entry(playlist, user=person, announcement=announcement, duration_s=text.seconds, valid_until=until)
    return playlist


def _add_announcement(text: Text, pictures: dict[str, MediaItem], person: User) -> Announcement:
    more: dict[str, Any] = {
        name: value.replace(tzinfo=ZONE) if isinstance(value, dt.datetime) else french(value)
        for name, value in text.more.items()
    }
    return save_announcement(
        user=person,
        template=text.template,
        title=french(text.title),
        body=french(text.body),
        label=text.label,
        picture=pictures[text.picture] if text.picture else None,
        **more,
    )


def _add_screens() -> dict[str, Screen]:
    groups = {
        slug: ScreenGroup.objects.create(slug=slug, name=name)
        for slug, name in (("centre", "Centre-ville"), ("quais", "Quais"))
    }
    added = {}
    for slug, name, place, (width, height), member in SCREENS:
        kind = ScreenClass.objects.get(width=width, height=height)
        screen = Screen(slug=slug, name=name, place=place, screen_class=kind)
        added[slug] = save_screen(screen, user=None, groups=[groups[group] for group in member])
    return added


def _add_rules(life: Playlist, trips: Playlist, screens: dict[str, Screen], today: dt.date, person: User) -> None:
    always = ScheduleRule(name="Toute l’année", playlist=life, everywhere=True)
    month = ScheduleRule(
        name="Agenda du mois", playlist=trips, first_date=today, last_date=today + dt.timedelta(days=30)
    )
    noon = ScheduleRule(
        name="Pause de midi", playlist=trips, priority=60, mode=RuleMode.REPLACE, weekdays="12345",
        start_time=dt.time(12), end_time=dt.time(14),
    )  # fmt: skip
    save_rule(always, user=person)
    save_rule(month, user=person, screens=[screens["marche"]])
    save_rule(noon, user=person, screens=[screens["hall"]])


def _add_scenarios() -> None:
    for values in SCENARIOS:
        texts = {name: french(value) if isinstance(value, str) else value for name, value in values.items()}
        scenario = Scenario(source=f"Mairie de {TOWN}", **texts)
        scenario.full_clean()
        scenario.save()


def _shown(part: dict[str, Any]) -> str:
    """Return what a part of a report is called by people."""
    if part.get("alert"):
        return "an alert"
    identifier = announcement_id_of(str(part.get("slide") or ""))
    announcement = Announcement.objects.filter(pk=identifier).first() if identifier else None
    return announcement.title if announcement else TOWN


def _say(**values: Any) -> None:
    print(json.dumps(values), flush=True)


COMMANDS: dict[str, Callable[[], None]] = {"load": load, "enrol": enrol, "watch": watch}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]]()
