"""Announcements that are published directly: what screens get, and how they are taken off again."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError

from beffroi_content.timeline import shown_ms
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.library import services as library
from beffroi_server.library.archive import archive_announcements
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services
from beffroi_server.schedule.compile_inputs import PLACED_ID, announcement_id_of, load_inputs
from beffroi_server.schedule.manifest_compiler import compile_manifest
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.schedule.placements import place_announcement, put_back_on_screens, take_off_screens

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""
HOUR = dt.timedelta(hours=1)


def make(title: str, **values: object) -> Announcement:
    return Announcement.objects.create(title=title, **values)


def titles(screen: Screen) -> set[str]:
    """Return the names of all slides in the programme of a screen."""
    return {slide.name for playlist in load_inputs(screen).playlists for slide in playlist.slides}


def shares(screen: Screen) -> dict[str, int]:
    """Return the percent of an hour that a screen shows each slide, by name."""
    manifest = compile_manifest(load_inputs(screen), lambda _slide, _settings: 1).manifest
    names = {slide.id: slide.name for slide in manifest.slides}
    start = unix_ms(NOON)
    shown = shown_ms(manifest, start, start + 3_600_000)["main"]
    return {names[slide]: round(ms / 36_000) for slide, ms in shown.items()}


def due() -> set[str]:
    """Return the slugs of the screens that are marked for publication, and clear the marks."""
    found = set(Screen.objects.filter(programme_due_at__isnull=False).values_list("slug", flat=True))
    Screen.objects.update(programme_due_at=None)
    return found


@pytest.fixture
def settled(hall, quay) -> None:
    Screen.objects.update(programme_due_at=None)


class TestWhere:
    def test_everywhere_a_group_or_a_screen(self, hall, quay, district):
        place_announcement(make("All"), everywhere=True, user=None)
        place_announcement(make("Harbour"), groups=[district], user=None)
        place_announcement(make("Hall"), screens=[hall], user=None)

        assert titles(hall) == {"All", "Hall"}
        assert titles(quay) == {"All", "Harbour"}

    def test_all_make_one_loop_whose_slides_proof_of_play_knows(self, hall):
        first, second = make("First"), make("Second")
        for each in (first, second):
            place_announcement(each, everywhere=True, user=None)

        found = load_inputs(hall)

        assert [rule.id for rule in found.rules] == [PLACED_ID]
        (playlist,) = found.playlists
        assert {announcement_id_of(slide.id) for slide in playlist.slides} == {str(first.pk), str(second.pk)}

    def test_screens_that_it_leaves_are_due_as_those_that_it_reaches(self, settled, hall, quay, announcement):
        place_announcement(announcement, screens=[hall], user=None)
        assert due() == {"hall"}

        place_announcement(announcement, screens=[quay], user=None)
        assert due() == {"hall", "quay"}
        assert titles(hall) == set()

    def test_a_change_of_the_text_and_its_archiving_are_due_too(self, settled, hall, announcement):
        place_announcement(announcement, screens=[hall], user=None)
        due()

        library.save_announcement(announcement, user=None, title="Corrected")
        assert due() == {"hall"}
        archive_announcements([announcement], user=None)
        assert due() == {"hall"}
        assert load_inputs(hall).rules == ()


class TestWhen:
    def test_slides_carry_the_dates(self, hall, announcement):
        with time_machine.travel(NOON, tick=False):
            place_announcement(
                announcement, everywhere=True, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, duration_s=20, user=None
            )
            ((slide,),) = (playlist.slides for playlist in load_inputs(hall).playlists)

        assert (slide.valid_from_ms, slide.valid_until_ms) == (unix_ms(NOON + HOUR), unix_ms(NOON + 2 * HOUR))
        assert slide.duration_ms == 20_000

    def test_what_is_over_is_not_sent(self, hall, announcement):
        place_announcement(announcement, everywhere=True, ends_at=NOON, user=None)

        with time_machine.travel(NOON, tick=False):
            assert load_inputs(hall).rules == ()

    def test_an_end_before_the_start_is_refused(self, hall, announcement):
        with pytest.raises(ValidationError):
            place_announcement(announcement, everywhere=True, starts_at=NOON, ends_at=NOON - HOUR, user=None)


class TestTakingOff:
    def test_hides_it_wherever_it_is_listed_until_it_is_put_back(self, playlist, hall, announcement, alice):
        services.set_auto_fill(playlist, user=None, category="Sports", order="listed")
        place_announcement(announcement, everywhere=True, user=None)
        due()

        assert take_off_screens([announcement], user=alice) == [announcement]
        assert take_off_screens([announcement], user=alice) == []
        assert titles(hall) == set()
        assert due() == {"hall"}

        assert put_back_on_screens([announcement], user=alice) == [announcement]
        assert titles(hall) == {announcement.title}
        assert due() == {"hall"}
        actions = AuditEvent.objects.filter(actor="alice").order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["announcement-taken-off", "announcement-put-back"]

    def test_takes_an_event_out_of_the_agenda(self, hall):
        agenda = make("Agenda", template="agenda")
        event = make("Fair", template="event", starts=NOON + HOUR)
        place_announcement(agenda, everywhere=True, user=None)
        with time_machine.travel(NOON, tick=False):
            take_off_screens([event], user=None)
            assert "Fair" not in load_inputs(hall).playlists[0].slides[0].model_dump_json()
            put_back_on_screens([event], user=None)
            assert "Fair" in load_inputs(hall).playlists[0].slides[0].model_dump_json()

    def test_outlives_a_change_of_its_place(self, hall, announcement):
        take_off_screens([announcement], user=None)

        place_announcement(announcement, everywhere=True, user=None)

        assert titles(hall) == set()


class TestShares:
    def test_are_by_the_number_of_slides(self, hall):
        """A playlist with one slide takes as much of the screen as any other slide, not a third of it."""
        for name, size in (("Life", 8), ("Alone", 1)):
            playlist = services.create_playlist(name, user=None)
            for number in range(size):
                services.add_entry(playlist, announcement=make(f"{name} {number}"), user=None)
            services.save_rule(ScheduleRule(name=name, playlist=playlist, everywhere=True), user=None)
        place_announcement(make("Placed"), screens=[hall], user=None)

        assert set(shares(hall).values()) == {10}

    def test_are_those_of_the_weight_where_somebody_gives_one(self, hall):
        for name, weight in (("A", 0), ("B", 3)):
            playlist = services.create_playlist(name, user=None)
            services.add_entry(playlist, announcement=make(name), user=None)
            rule = ScheduleRule(name=name, playlist=playlist, everywhere=True, weight=weight)
            services.save_rule(rule, user=None)

        assert shares(hall) == {"A": 25, "B": 75}
