"""Times by the sun, further hours, screen hours, and playlists that fill themselves."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from beffroi_content.model import PowerState, ScreenAppearance
from beffroi_content.timeline import Moment, resolve_scene
from beffroi_content.timeline.display_power import display_power
from beffroi_server.fleet.models import Screen
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.models import ScheduleRule

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
DAY = dt.timedelta(days=1)


@pytest.fixture
def editor(client, alice, town):
    client.force_login(alice)
    client.defaults |= {"HTTP_ACCEPT_LANGUAGE": "en"}
    return client


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def manifest(screen):
    return compiling.compile_manifest(load_inputs(Screen.objects.get(pk=screen.pk))).manifest


def on_at(screen, moment: dt.datetime) -> list[str]:
    """Return the names of the slides that are on."""
    scene = resolve_scene(manifest(screen), (), Moment(int(moment.timestamp() * 1000), 0), (1920, 1080))
    return [showing.slide.name for showing in scene.showings if showing.slide]


def rule_values(playlist, **changes):
    return {
        "playlist": playlist.pk, "name": "Rule", "everywhere": "on", "every_day": "on", "mode": "rotate", "level": "50",
    } | changes  # fmt: skip


class TestTimesOfARule:
    def test_several_parts_of_a_day(self, editor, hall, playlist):
        ScheduleRule.objects.all().delete()
        values = rule_values(playlist, start_time="08:00", end_time="09:00", more_times="18h-20:00, 12:00-14:00")
        editor.post("/schedule/new/", values)

        rule = ScheduleRule.objects.get()
        assert rule.more_times == [["12:00", "14:00"], ["18:00", "20:00"]]
        day = dt.datetime(2026, 11, 25, tzinfo=PARIS)
        shown = [hour for hour in range(24) if "La piscine rouvre lundi" in on_at(hall, day.replace(hour=hour))]
        assert shown == [8, 12, 13, 18, 19]
        page = text(editor.get("/schedule/"))
        assert "and from 18" in page
        assert "12:00-14:00, 18:00-20:00" in text(editor.get(f"/schedule/{rule.pk}/"))

    @pytest.mark.parametrize("wrong", ["noon", "12:00", "25:00-26:00", "12:00-12:00", "12:00-13:00-14:00", "1-2," * 9])
    def test_what_is_no_part_of_a_day_is_said(self, editor, playlist, wrong):
        values = rule_values(playlist, start_time="08:00", end_time="09:00", more_times=wrong)
        answer = editor.post("/schedule/new/", values)
        assert answer.status_code == 422
        assert "time range" in text(answer) or "time ranges" in text(answer)

    def test_by_the_sun_of_the_town(self, editor, hall, playlist, town):
        ScheduleRule.objects.all().delete()
        town.latitude, town.longitude = 48.39, -4.49  # Brest: the sun is late
        town.save()
        editor.post("/schedule/new/", rule_values(playlist, daypart="dark"))

        evening = dt.datetime(2026, 6, 20, tzinfo=PARIS)
        shown = [hour for hour in range(24) if "La piscine rouvre lundi" in on_at(hall, evening.replace(hour=hour))]
        assert shown == [0, 1, 2, 3, 4, 5, 6, 23]
        assert "from sunset to sunrise" in text(editor.get("/schedule/"))


class TestScreenHours:
    def test_off_at_night_and_dimmed_after_sunset(self, client, charlie, hall, town):
        client.force_login(charlie)
        values = {
            "name": "Town hall", "screen_class": hall.screen_class_id, "rotation": 0, "appearance": "night",
            "off_from": "23:00", "off_until": "06:00", "night_brightness": 40,
        }  # fmt: skip
        client.post(f"/screens/{hall.slug}/edit/", values)

        sent = manifest(hall)
        assert sent.settings.appearance is ScreenAppearance.NIGHT
        day = dt.datetime(2026, 11, 25, tzinfo=PARIS)
        states = {
            hour: display_power(sent, (), Moment(int(day.replace(hour=hour).timestamp() * 1000), 0))
            for hour in (3, 7, 12, 20, 23)
        }
        assert {hour: state.state for hour, state in states.items()} == {
            3: PowerState.OFF, 7: PowerState.DIM, 12: PowerState.ON, 20: PowerState.DIM, 23: PowerState.OFF,
        }  # fmt: skip
        assert states[20].brightness == 40

    def test_hours_with_one_end_are_refused(self, client, charlie, hall):
        client.force_login(charlie)
        values = {"name": "Town hall", "screen_class": hall.screen_class_id, "rotation": 0, "off_from": "23:00"}
        assert client.post(f"/screens/{hall.slug}/edit/", values).status_code == 422


class TestAPlaylistThatFillsItself:
    def filled(self, editor, playlist, **values):
        return editor.post(f"/playlists/{playlist.pk}/fill/", {"category": "Sorties", "order": "soonest"} | values)

    def event(self, alice, title: str, days: int, **values) -> Announcement:
        starts = timezone.now() + days * DAY
        return library.save_announcement(
            user=alice, title=title, template="event", label="sorties", starts=starts, **values
        )

    def test_shows_what_is_of_its_category_the_soonest_first(self, editor, hall, playlist, alice):
        self.filled(editor, playlist)
        for title, days in (("Later", 9), ("Soon", 2), ("Over", -3)):
            self.event(alice, title, days)
        library.save_announcement(user=alice, title="Another", label="Travaux")

        sent = manifest(hall)
        assert sorted(slide.name for slide in sent.slides) == ["La piscine rouvre lundi", "Later", "Soon"]
        assert sent.playlists[0].order == "soonest"
        now = timezone.now()
        turns = [on_at(hall, now + dt.timedelta(seconds=10 * n))[0] for n in range(4)]
        assert turns[turns.index("Soon", 0, 3) + 1] == "Later"
        assert "Later" in text(editor.get(f"/playlists/{playlist.pk}/"))

    def test_a_new_announcement_reaches_the_screens_at_once(self, editor, hall, playlist, alice):
        self.filled(editor, playlist)
        Screen.objects.update(programme_due_at=None)
        self.event(alice, "Fair", 1)
        assert "Fair" in [slide.name for slide in manifest(hall).slides]

    def test_the_categories_that_there_are_can_be_chosen(self, editor, playlist, alice):
        self.event(alice, "Fair", 1)
        self.event(alice, "Concert", 2)
        assert text(editor.get(f"/playlists/{playlist.pk}/")).count('<option value="sorties">') == 1

    def test_an_event_leaves_by_itself(self, editor, hall, playlist, alice):
        self.filled(editor, playlist)
        fair = self.event(alice, "Fair", 1, ends=timezone.now() + DAY + dt.timedelta(hours=2))
        slide = next(slide for slide in manifest(hall).slides if slide.name == "Fair")
        assert abs(slide.valid_until_ms - fair.ends.timestamp() * 1000) < 2

    def test_what_is_listed_is_not_shown_twice(self, editor, hall, playlist, alice):
        self.filled(editor, playlist)
        fair = self.event(alice, "Fair", 1)
        programme.add_entry(playlist, announcement=fair, user=alice)
        assert [slide.name for slide in manifest(hall).slides].count("Fair") == 1


def test_a_slide_may_be_shown_less_often(editor, hall, playlist):
    entry = playlist.entries.get()
    editor.post(f"/entries/{entry.pk}/", {"duration_s": 10, "most_per_hour": 4, "playlist": playlist.pk})
    assert manifest(hall).slides[0].most_per_hour == 4
    editor.post(f"/entries/{entry.pk}/", {"duration_s": 12, "playlist": playlist.pk})
    assert (manifest(hall).slides[0].duration_ms, manifest(hall).slides[0].most_per_hour) == (12_000, 4)
