"""A clock that tests set, people with addresses, screens that come and go, and somewhere to send to."""

from __future__ import annotations

import datetime as dt
import ipaddress
import threading

import pytest
import time_machine
from tests.support.http_receiver import http_receiver
from tests.support.smtp_sink import smtp_sink

from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.notifications import incidents, observations, sending
from beffroi_server.notifications.models import Way
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.schedule import publication

NOON = dt.datetime(2026, 11, 30, 11, 3, tzinfo=dt.UTC)
"""12:03 in the town."""


class Day:
    """A day of the town: time passes, screens speak or do not, the leader looks and sends."""

    def __init__(self, travel: time_machine.Coordinates, town) -> None:
        self._travel, self.town, self.now = travel, town, NOON
        self.ways = [Way.MAIL]
        self.travel_to(NOON)

    def travel_to(self, at: dt.datetime) -> None:
        self.now = at
        self._travel.move_to(at)

    def passes(self, minutes: float) -> None:
        """Let time pass; look every minute."""
        end = self.now + dt.timedelta(minutes=minutes)
        while self.now < end:
            self.travel_to(min(end, self.now + dt.timedelta(minutes=1)))
            self.look()

    def look(self) -> None:
        seen = observations.silent_screens(self.now)
        incidents.reconcile(seen, (Occasion.SCREEN_SILENT,), self.now, town=self.town)
        self.send()

    def send(self) -> None:
        for way in self.ways:
            sending.send_due(way, threading.Event())

    def falls_silent(self, *screens: Screen) -> None:
        """Have the last wills of some screens come in now."""
        for screen in screens:
            values = {"online": False, "seen_at": self.now, "polled_at": None}
            ScreenState.objects.update_or_create(screen=screen, defaults=values)

    def is_back(self, *screens: Screen) -> None:
        """Have some screens speak from now on; they poll, in tests, for ever."""
        ahead = self.now + dt.timedelta(days=2)
        for screen in screens:
            values = {"online": True, "seen_at": None, "polled_at": ahead}
            ScreenState.objects.update_or_create(screen=screen, defaults=values)


@pytest.fixture
def day(town):
    town.locale = "en"
    town.save()
    with time_machine.travel(NOON, tick=False) as travel:
        yield Day(travel, town)


@pytest.fixture
def screens(full_hd, town) -> list[Screen]:
    """Twelve screens with players."""
    return [
        Screen.objects.create(slug=f"s{number}", name=f"Screen {number}", screen_class=full_hd, enrolled_at=NOON)
        for number in range(1, 13)
    ]


@pytest.fixture
def publish_off(keyring, day):
    """Publish hours in which a screen is off, and have its player report that it is off and then be gone."""

    def publish(screen: Screen, start: dt.time, end: dt.time) -> Screen:
        screen.off_from, screen.off_until = start, end
        screen.save()
        publication.publish_programme(screen)
        day.falls_silent(screen)
        ScreenState.objects.filter(screen=screen).update(report={"power": "off"})
        return screen

    return publish


@pytest.fixture
def sink(settings):
    with smtp_sink() as made:
        settings.EMAIL_BACKEND = "beffroi_server.core.mail_backend.TownMailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield made


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
    with http_receiver() as made:
        yield made


@pytest.fixture
def tess(charlie):
    """The technician, who has given an address and chosen nothing."""
    charlie.email = "tess@saint-aubin.test"
    charlie.save()
    return charlie
