"""Calendar of screens: slides by the hour of any day, and why they are on."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import translation

from beffroi_content.timeline import Moment, resolve_scene
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library.models import Announcement
from beffroi_server.monitoring.programme_calendar import CalendarDay, programme_calendar, shown_slide
from beffroi_server.monitoring.status_text import scene_reason
from beffroi_server.schedule import services
from beffroi_server.schedule.models import Playlist, ScheduleRule
from beffroi_server.schedule.placements import place_announcement
from beffroi_server.schedule.queries import known_manifests

PARIS = ZoneInfo("Europe/Paris")
MONDAY = dt.date(2026, 6, 15)
NOON = dt.datetime(2026, 6, 15, 12, 0, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


def make_rule(name: str, **values: object) -> Playlist:
    playlist = services.create_playlist(name, user=None)
    services.add_entry(playlist, announcement=Announcement.objects.create(title=name), user=None)
    services.save_rule(ScheduleRule(name=name, playlist=playlist, everywhere=True, **values), user=None)
    return playlist


def day_of(screen: Screen, date: dt.date = MONDAY) -> CalendarDay:
    (found,) = programme_calendar(Targets(screens=(screen,)), date, 1).sets
    (day,) = found.days
    return day


def parts(day: CalendarDay) -> list[tuple[str, list[str]]]:
    return [(f"{part.start:%H}-{part.end:%H}", [slide.name for slide in part.slides]) for part in day.parts]


def test_a_day_is_cut_where_something_else_comes_on(hall):
    make_rule("Usual")
    make_rule("Noon", priority=70, start_time=dt.time(12), end_time=dt.time(18), weekdays="1")

    assert parts(day_of(hall)) == [("00-12", ["Usual"]), ("12-18", ["Noon"]), ("18-00", ["Usual"])]
    assert parts(day_of(hall, MONDAY + dt.timedelta(days=1))) == [("00-00", ["Usual"])]


def test_each_slide_has_its_share_and_its_reason(hall, announcement):
    playlist = make_rule("Usual")
    place_announcement(announcement, everywhere=True, starts_at=NOON, user=None)

    _morning, afternoon = day_of(hall).parts

    found = {slide.name: slide for slide in afternoon.slides}
    assert {slide.share for slide in found.values()} == {"50\u202f%"}
    placed, listed = found[announcement.title], found["Usual"]
    assert placed.announcement == str(announcement.pk)
    assert [reason.rule for reason in placed.reasons] == [None]
    (reason,) = listed.reasons
    assert (reason.rule, reason.playlist) == (ScheduleRule.objects.get().pk, playlist.pk)
    assert (reason.rule_name, reason.playlist_name) == ("Usual", "Usual")


def test_a_day_without_anything_has_one_empty_part(hall):
    assert parts(day_of(hall)) == [("00-00", [])]


def test_hours_in_which_the_display_is_off_are_told(hall):
    Screen.objects.update(off_from=dt.time(22), off_until=dt.time(6))

    dark = [(f"{since:%H:%M}", f"{until:%H:%M}") for since, until in day_of(Screen.objects.get()).dark]

    assert dark == [("00:00", "06:00"), ("22:00", "00:00")]


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clock_changes_is_whole(hall, day, hours):
    make_rule("Usual")
    make_rule("Morning", priority=70, start_time=dt.time(0), end_time=dt.time(12))

    morning, afternoon = day_of(hall, day).parts

    assert (morning.end - afternoon.start) == dt.timedelta(0)
    whole = afternoon.end.astimezone(dt.UTC) - morning.start.astimezone(dt.UTC)
    assert whole == dt.timedelta(hours=hours)


def test_screens_that_are_alike_stand_together_and_too_many_kinds_are_counted(hall, full_hd):
    make_rule("Usual")
    for number in range(6):
        screen = Screen.objects.create(slug=f"s{number}", name=f"Zoo {number}", screen_class=full_hd)
        if number:
            own = Announcement.objects.create(title=f"Own {number}")
            place_announcement(own, screens=[screen], user=None)

    found = programme_calendar(EVERYWHERE, MONDAY, 1)

    assert (found.sets[0].screens.first.name, found.sets[0].screens.count) == ("Town hall", 2)
    assert (len(found.sets), found.further) == (4, 2)


def test_what_is_on_now_is_told_with_its_reason(hall, announcement):
    place_announcement(announcement, everywhere=True, user=None)
    manifest = known_manifests([hall])[hall.pk]
    scene = resolve_scene(manifest, (), Moment(unix_ms(NOON), unix_ms(NOON)), manifest.settings.screen_class.size)

    found = shown_slide(scene, manifest)

    assert found is not None
    assert (found.announcement, [reason.rule for reason in found.reasons]) == (str(announcement.pk), [None])
    with translation.override("en"):
        assert scene_reason(scene, manifest) == "Published directly."
