"""What an installer says of a screen reaches its player."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from beffroi_content.model import DownloadSettings, Rectangle, SlideTransition, TimeWindow, UncertainClock, Viewport
from beffroi_server.fleet import viewports
from beffroi_server.fleet.models import Screen
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule.compile_inputs import load_inputs

pytestmark = pytest.mark.django_db


@pytest.fixture
def installer(client, charlie, town):
    client.force_login(charlie)
    client.defaults |= {"HTTP_ACCEPT_LANGUAGE": "en"}
    return client


def save(client, screen, **changes):
    values = {"name": screen.name, "place": "", "screen_class": screen.screen_class_id, "rotation": 0} | changes
    return client.post(f"/screens/{screen.slug}/edit/", values)


def settings(screen):
    inputs = load_inputs(Screen.objects.get(pk=screen.pk))
    return compiling.compile_manifest(inputs).manifest.settings


def test_mounting_light_sound_and_line_are_in_the_programme(installer, hall):
    answer = save(
        installer, hall, transition="zoom", overscan_percent="2.5",
        viewports="0,0 640x96 > 0,0\n640,0 640x96>0,96*2@90",
        darkest="30", volume="60", download_limit="500", download_from="01:00", download_until="05:00",
        neighbours="on", idle_after_hours="48", uncertain_clock="undated",
    )  # fmt: skip
    assert answer.status_code == 302
    found = settings(hall)
    assert found.transition is SlideTransition.ZOOM
    assert found.overscan_percent == 2.5
    assert found.viewports == (
        Viewport(source=Rectangle(width=640, height=96)),
        Viewport(source=Rectangle(x=640, width=640, height=96), y=96, scale=2, rotation=90),
    )
    night = TimeWindow(start=dt.time(1), end=dt.time(5))
    assert found.downloads == DownloadSettings(kilobytes_per_second=500, window=night, neighbours=True)
    assert (found.darkest, found.volume, found.idle_after_hours) == (30, 60, 48)
    assert found.uncertain_clock is UncertainClock.UNDATED


def test_most_screens_need_none_of_it(installer, hall):
    assert save(installer, hall).status_code == 302
    found = settings(hall)
    assert (found.overscan_percent, found.viewports, found.darkest, found.volume) == (0, (), 100, 0)
    assert found.downloads == DownloadSettings()
    assert found.uncertain_clock is UncertainClock.BELIEVED
    assert '<details class="more">' in installer.get(f"/screens/{hall.slug}/edit/").content.decode()


def test_what_is_no_part_is_said_and_nothing_typed_is_lost(installer, hall):
    page = save(installer, hall, viewports="0,0 640 > 0,0", download_from="01:00").content.decode()
    assert "“0,0 640 &gt; 0,0” is not a valid part" in page
    assert "Enter both times, or none." in page
    assert '<details class="more" open>' in page
    assert ">\n0,0 640 &gt; 0,0</textarea>" in page


@pytest.mark.parametrize("text", ["", "  \n "])
def test_no_parts_is_all_of_the_picture(text):
    assert viewports.parse_viewports(text) == ()


@pytest.mark.parametrize(
    "text", ["0,0 0x5 > 0,0", "1,2 3x4", "0,0 9999x5 > 0,0", "0,0 5x5 > 0,0 *17", "0,0 5x5 > 0,0 @45"]
)
def test_a_part_that_cannot_be_is_refused(text):
    with pytest.raises(ValidationError):
        viewports.parse_viewports(text)


def test_a_card_has_so_many_parts_at_most():
    with pytest.raises(ValidationError):
        viewports.parse_viewports("0,0 5x5 > 0,0\n" * 65)
