"""Inputs of the manifest compiler: settings of a screen, and slides with their validity."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from beffroi_content import model as content
from beffroi_server.accounts.models import Town
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library.models import Announcement, Asset, MediaItem, Video
from beffroi_server.schedule import services
from beffroi_server.schedule.compile_inputs import announcement_id_of, load_inputs
from beffroi_server.schedule.models import Playlist

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""
HOUR = dt.timedelta(hours=1)


def slides(screen: Screen) -> tuple[content.Slide, ...]:
    """Return the slides of the only playlist of a screen."""
    (playlist,) = load_inputs(screen).playlists
    return playlist.slides


def ms(moment: dt.datetime | None) -> int | None:
    return None if moment is None else unix_ms(moment)


@pytest.fixture
def video(db) -> MediaItem:
    """A video of 12.3 seconds, of which the conversion is not finished."""
    still = Asset.objects.create(sha256="0" * 64, size=1, media_type="image/png")
    item = MediaItem.objects.create(name="Fête", picture=still, thumbnail=still, width=160, height=90)
    Video.objects.create(item=item, duration_ms=12_300)
    return item


class TestSettings:
    def test_hold_every_group(self, hall):
        """A player accepts alerts of exactly these groups: a ninth one must be among them."""
        groups = [ScreenGroup.objects.create(slug=f"g{number}", name=f"Group {number}") for number in range(9)]
        hall.groups.set(groups)

        assert load_inputs(hall).settings.groups == tuple(group.slug for group in groups)

    def test_are_those_of_screen_and_town(self, hall):
        Town.objects.update(time_zone="America/Martinique", locale="en")
        Screen.objects.update(rotation=90, volume=40, darkest=20, idle_after_hours=12, uncertain_clock="idle")

        found = load_inputs(Screen.objects.get()).settings

        assert (found.time_zone, found.locale, found.town.name) == ("America/Martinique", "en", "Saint-Aubin")
        assert (found.rotation, found.volume, found.darkest, found.idle_after_hours) == (90, 40, 20, 12)
        assert found.uncertain_clock is content.UncertainClock.IDLE

    @pytest.mark.parametrize("transition", content.SlideTransition)
    def test_of_led_panels_cut_from_slide_to_slide(self, hall, quay, transition):
        Screen.objects.update(transition=transition.value)

        assert load_inputs(Screen.objects.get(slug="hall")).settings.transition is transition
        assert load_inputs(Screen.objects.get(slug="quay")).settings.transition is content.SlideTransition.CUT

    def test_languages_are_those_of_the_screen_else_of_its_groups_else_of_the_town(self, hall, town):
        assert load_inputs(hall).settings.languages == ()
        Town.objects.update(languages=["fr", "en"])
        assert load_inputs(hall).settings.languages == ("fr", "en")
        for slug, name, languages in (("z", "A", []), ("a", "C", ["it"]), ("b", "B", ["de", "fr"])):
            hall.groups.add(ScreenGroup.objects.create(slug=slug, name=name, languages=languages))
        assert load_inputs(hall).settings.languages == ("de", "fr")
        hall.languages = ["es"]
        assert load_inputs(hall).settings.languages == ("es",)

    def test_need_a_town(self, db, full_hd):
        screen = Screen.objects.create(slug="hall", name="Hall", screen_class=full_hd)

        with pytest.raises(Town.DoesNotExist):
            load_inputs(screen)


class TestRules:
    def test_are_those_that_target_the_screen_each_once(self, playlist, hall, quay, district):
        rule = playlist.rules.get()
        rule.everywhere = False
        services.save_rule(rule, user=None, screens=[quay], groups=[district])

        assert [each.id for each in load_inputs(quay).rules] == [f"rule-{rule.pk}"]
        assert load_inputs(hall).rules == ()
        assert load_inputs(hall).playlists == ()


class TestSlides:
    def test_are_listed_entries_and_then_those_of_the_category(self, playlist, hall):
        services.set_auto_fill(playlist, user=None, category="sports", order="newest")
        for title in ("Tennis", "Judo"):
            Announcement.objects.create(title=title, label="Sports")
        Announcement.objects.create(title="Concert", label="Culture")

        (found,) = load_inputs(hall).playlists

        assert [slide.name for slide in found.slides] == ["La piscine rouvre lundi", "Judo", "Tennis"]
        assert found.order is content.PlaylistOrder.NEWEST
        assert len({slide.id for slide in found.slides}) == 3

    def test_name_their_announcement(self, playlist, hall, announcement):
        (slide,) = slides(hall)

        assert announcement_id_of(slide.id) == str(announcement.pk)
        assert announcement_id_of("media-3-4") is None

    @pytest.mark.parametrize(
        ("valid_from", "valid_until", "starts", "ends", "expected"),
        [
            (None, None, NOON, None, NOON + 12 * HOUR),
            (None, None, NOON, NOON + 2 * HOUR, NOON + 2 * HOUR),
            (None, NOON + HOUR, NOON, NOON + 2 * HOUR, NOON + HOUR),
            (None, NOON + 5 * HOUR, NOON, NOON + 2 * HOUR, NOON + 2 * HOUR),
            (NOON + 3 * HOUR, None, NOON, NOON + 2 * HOUR, None),
            (NOON + 3 * HOUR, NOON + 9 * HOUR, NOON, NOON + 2 * HOUR, NOON + 9 * HOUR),
            (NOON + HOUR, None, NOON, NOON + 2 * HOUR, NOON + 2 * HOUR),
        ],
    )
    def test_of_an_event_end_with_it_unless_they_begin_later(
        self, playlist, hall, valid_from, valid_until, starts, ends, expected
    ):
        Announcement.objects.update(template="event", starts=starts, ends=ends)
        services.update_entry(playlist.entries.get(), user=None, valid_from=valid_from, valid_until=valid_until)

        (slide,) = slides(hall)

        assert (slide.valid_from_ms, slide.valid_until_ms) == (ms(valid_from), ms(expected))
        assert slide.event_at_ms == ms(starts)

    def test_of_the_category_leave_out_events_that_are_over(self, playlist, hall):
        services.set_auto_fill(playlist, user=None, category="Sorties", order="soonest")
        for title, starts in (("Hier", NOON - 24 * HOUR), ("Ce matin", NOON - 3 * HOUR), ("Demain", NOON + 24 * HOUR)):
            Announcement.objects.create(title=title, label="Sorties", template="event", starts=starts)

        with time_machine.travel(NOON, tick=False):
            names = {slide.name for slide in slides(hall)}

        assert names == {"La piscine rouvre lundi", "Ce matin", "Demain"}

    def test_of_a_video_are_its_still_until_it_is_converted(self, playlist, hall, video):
        services.add_entry(playlist, media=video, user=None)
        *_, slide = slides(hall)
        assert isinstance(slide.content, content.ImageContent)
        assert slide.duration_ms == 13_000

        converted = Asset.objects.create(sha256="1" * 64, size=5, media_type="video/mp4")
        Video.objects.update(converted=converted, progress=100)

        *_, slide = slides(hall)
        assert isinstance(slide.content, content.VideoContent)
        assert slide.content.video.sha256 == "1" * 64
        assert slide.content.poster is not None
        assert slide.content.poster.sha256 == "0" * 64

    def test_that_are_not_ready_are_named_with_the_reason(self, playlist, hall):
        services.add_entry(
            playlist, announcement=Announcement.objects.create(title="Feu", template="countdown"), user=None
        )

        found = load_inputs(hall)

        (problem,) = found.unready
        assert (problem.name, problem.code) == ("Feu", "unready")
        assert "Feu" in problem.message
        assert [slide.name for slide in found.playlists[0].slides] == ["La piscine rouvre lundi"]

    def test_tell_when_they_were_published(self, playlist: Playlist, hall, announcement):
        (slide,) = slides(hall)

        assert slide.published_at_ms == unix_ms(announcement.created_at) <= unix_ms(timezone.now())

    def test_take_no_query_for_each_entry(self, playlist, hall, django_assert_max_num_queries):
        for number in range(15):
            services.add_entry(playlist, announcement=Announcement.objects.create(title=f"{number}"), user=None)

        with django_assert_max_num_queries(14):
            assert len(slides(hall)) == 16
