"""Every page asks the database little, in a town with several of everything."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image
from tests.support.page_addresses import page_addresses
from tests.support.pairing_players import pairing_player

from beffroi_server.accounts.models import User
from beffroi_server.alerts import second_officer
from beffroi_server.alerts.models import Alert, AlertProposal, Scenario
from beffroi_server.alerts.scenario_services import save_scenario
from beffroi_server.alerts.services import broadcast_alert
from beffroi_server.drills import silent_drills
from beffroi_server.drills.models import Drill
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import pairings
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.pairing_models import Pairing
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement, MediaItem, Tag
from beffroi_server.outside_warnings.models import WarningSource
from beffroi_server.schedule import placements, services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
from beffroi_server.schedule.publication import publish_due_programmes

MOST_QUERIES = 15
WHILE_ALERTS_RUN = {
    "announcement": 3, "announcement-new": 2, "playlist": 3, "entry": 3, "alert-correct": 2, "screen": 1,
}  # fmt: skip
"""More than that while alerts run and wait: these, and where they reach and were seen."""

KINDS: dict[str, Any] = {
    "playlists": Playlist, "schedule": ScheduleRule, "groups": ScreenGroup, "media": MediaItem, "entries": Entry,
    "feeds": Feed, "screen-classes": ScreenClass, "users": User, "alerts": Alert, "alerts/proposals": AlertProposal,
    "scenarios": Scenario, "warnings/sources": WarningSource, "drills": Drill, "announcements/tags": Tag,
    "announcements": Announcement, "pairing": Pairing,
}  # fmt: skip
"""What the addresses of pages number."""


def write_announcement(number: int, images: list[MediaItem]) -> Announcement:
    found = Announcement.objects.create(
        template="news", title=f"Marché {number}", label="Sports", picture=images[0], body="Place de la Mairie"
    )
    found.more_pictures.set(images[1:])
    found.tags.add(Tag.objects.get_or_create(name=f"Été {number % 2}")[0])
    return found


def hold_alerts(groups: list[ScreenGroup], screens: list[Screen], user: User) -> None:
    """Three running alerts, two proposed ones, three scenarios, a source of warnings and a drill."""
    text = {"level": "alert", "source": "Town hall", "description": "The Loire rises.", "duration_min": 60}
    for number, group in enumerate(groups):
        targets = Targets(groups=(group,), screens=tuple(screens[:3]))
        broadcast_alert(title=f"Flood {number}", targets=targets, user=user, **text)
        save_scenario(Scenario(name=f"Scenario {number}", title="Flood", **text), targets, user=user)
    for number in range(2):
        values = text | {"title": f"Storm {number}"}
        second_officer.propose_alert(values, EVERYWHERE, user=user, token=uuid.uuid4())
    WarningSource.objects.create(name="Weather", address="https://example.org/cap.xml")
    silent_drills.start_drill(timezone.now(), user=user)


@pytest.fixture
def images(dora) -> list[MediaItem]:
    found = []
    for shade in (0, 80, 160):
        drawn = io.BytesIO()
        Image.new("RGB", (40, 30), (shade, shade, 200)).save(drawn, "PNG")
        drawn.seek(0)
        found.append(library.add_image(drawn, name=f"Image {shade}", user=dora))
    return found


@pytest.fixture
def busy_town(keyring, quay, led, district, dora, images) -> Announcement:
    """Seven small screens, three groups, six playlists within each other, six rules, and twelve announcements.

    Returns:
        The announcement that is in everything: placed on a group and a screen, listed, with images and tags.
    """
    Screen.objects.update(enrolled_at=timezone.now())
    groups = [district, *(ScreenGroup.objects.create(slug=f"g{n}", name=f"Group {n}") for n in range(2))]
    screens = [Screen.objects.create(slug=f"s{n}", name=f"Screen {n}", screen_class=led) for n in range(6)]
    for number, screen in enumerate(screens):
        screen.groups.add(groups[number % 3])
    written = [write_announcement(number, images) for number in range(12)]
    Feed.objects.create(name="Agenda", address="https://example.org/agenda.ics")
    calendar = DayCalendar.objects.create(name="Strike", days=[["2026-12-24", "2026-12-24"]])
    playlists = [services.create_playlist(f"Loop {number}", user=None) for number in range(6)]
    for number, playlist in enumerate(playlists):
        for announcement in (written[0], written[number * 2], written[number * 2 + 1]):
            services.add_entry(playlist, announcement=announcement, user=None)
        rule = ScheduleRule(name=f"Rule {number}", playlist=playlist)
        places = {"groups": [groups[number % 3]], "screens": screens[number : number + 1]}
        services.save_rule(rule, user=None, only_on=[calendar], never_on=[calendar], **places)
    services.add_slides(playlists[1], [playlists[0]], user=None)
    services.set_auto_fill(playlists[0], category="Sports", order="listed", take=2, user=None)
    soon = timezone.now() + dt.timedelta(days=3)
    for announcement in written[:4]:
        placements.place_announcement(announcement, groups=groups[:2], screens=screens[:2], ends_at=soon, user=None)
    LayoutChoice.objects.create(layout="frame", group=groups[0], messages="Marché couvert")
    publish_due_programmes()
    pairings.confirm_pairing(pairing_player().notice.code, quay, user=dora)
    Pairing.objects.update(polled_at=soon, expires_at=soon)
    return written[0]


def addresses_of(shown: Announcement) -> dict[str, str]:
    """Return the address of every page, about what the town holds where it is about something."""
    found = {part: model.objects.order_by("pk").first() for part, model in KINDS.items()}
    rows = {part: row for part, row in found.items() if row is not None} | {"announcements": shown}
    keys = {f"/{part}/{key}/": f"/{part}/{row.pk}/" for part, row in rows.items() for key in (1, uuid.UUID(int=1))}
    keys |= {"/screens/x/": "/screens/s1/"}
    found = page_addresses()
    for written, key in keys.items():
        found = {name: address.replace(written, key) for name, address in found.items()}
    return found | {"pair": f"{found['pair']}?code={Pairing.objects.get().prefix}BCDFG"}


def count_queries(shown: Announcement, user: User) -> dict[str, int]:
    """Return how many questions each page asks, by its name."""
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    # What every screen is asked for once in a while, such as its screenshot, is no part of each page.
    client.get("/")
    asked = {}
    for name, address in addresses_of(shown).items():
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            asked[name] = len(queries)
    return asked


def above_budget(asked: dict[str, int], further: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in asked.items() if count > MOST_QUERIES + further.get(name, 0)}


def test_no_page_asks_more_than_fifteen_questions(busy_town, dora):
    asked = count_queries(busy_town, dora)

    assert {"announcement", "rule", "playlist", "entry", "screen", "screen-problems", "group"} <= asked.keys()
    assert {"pair", "pairing"} <= asked.keys()
    assert above_budget(asked, {}) == {}


def test_the_bars_of_alerts_leave_nearly_all_pages_within_fifteen(busy_town, dora):
    hold_alerts(list(ScreenGroup.objects.all()), list(Screen.objects.all()), dora)

    asked = count_queries(busy_town, dora)

    assert {"alert", "alert-correct", "alert-proposal", "scenario", "warning-source", "drill"} <= asked.keys()
    assert above_budget(asked, WHILE_ALERTS_RUN) == {}
