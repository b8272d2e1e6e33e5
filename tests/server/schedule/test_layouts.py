"""Layouts: zones on screens of any size, which choice wins, what bands show, who may choose."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from beffroi_content import rendering
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.feeds.models import Feed
from beffroi_server.feeds.services import FeedInUse, delete_feed
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.monitoring import expected_frames, layout_preview
from beffroi_server.schedule import band_layouts, layout_services, layouts, publication
from beffroi_server.schedule.band_layouts import ReadyLayout, ready_layout
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.manifest_compiler import compile_manifest

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
ALL_BANDS = {"clock", "weather", "messages"}


def choose(layout: ReadyLayout, user=None, **values: object) -> LayoutChoice:
    choice = LayoutChoice(layout=layout, **{"messages": "Marché samedi", **values})
    layout_services.save_layout(choice, user=user)
    return choice


@pytest.fixture
def harbour(quay) -> ScreenGroup:
    """The group of the panel on the quay."""
    return ScreenGroup.objects.get(slug="harbour")


@pytest.fixture
def weather(db) -> Feed:
    days = [{"day": f"2026-06-{day}", "sky": "sun", "high": 24, "low": 12} for day in range(15, 20)]
    return Feed.objects.create(name="Météo", kind="weather", data={"days": days}, told_at=NOON)


class TestReadyLayout:
    @pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (3840, 2160), (320, 240), (1280, 400), (160, 160)])
    @pytest.mark.parametrize("chosen", list(ReadyLayout))
    def test_covers_the_screen_without_overlap(self, chosen, size):
        places = [zone.rectangle for zone in ready_layout(chosen, size, ALL_BANDS).zones]

        assert sum(place.width * place.height for place in places) == size[0] * size[1]
        pixels = {(place.x, place.y) for place in places}
        assert len(pixels) == len(places) == 1 + len(band_layouts.BANDS[chosen])

    def test_gives_the_place_of_an_empty_band_to_its_neighbour(self):
        with_both = ready_layout(ReadyLayout.SIDE, (1920, 1080), ALL_BANDS)
        alone = ready_layout(ReadyLayout.SIDE, (1920, 1080), {"clock"})

        assert [zone.id for zone in alone.zones] == ["main", "clock"]
        assert alone.zones[0] == with_both.zones[0]
        assert alone.zones[1].rectangle.height == 1080

    def test_is_the_loop_alone_on_a_small_panel(self):
        assert len(ready_layout(ReadyLayout.FRAME, (128, 64), ALL_BANDS).zones) == 1


class TestWhichLayout:
    def test_of_the_screen_wins_over_those_of_groups_and_town(self, quay, hall, harbour):
        assert layouts.layout_of(quay) is None
        town = choose(ReadyLayout.FOOT)
        group = choose(ReadyLayout.FOOT_CLOCK, group=harbour)
        assert layouts.layout_of(quay) == group
        assert layouts.layout_of(hall) == town

        own = choose(ReadyLayout.FULL, screen=quay)
        assert layouts.layout_of(quay) == own
        assert layouts.layout_of(quay, but=own) == group

        layout_services.remove_layout(own, user=None)
        assert layouts.layout_of(quay) == group

    def test_of_several_groups_the_first_by_name(self, hall):
        for name in ("Zone", "Avenue"):
            group = ScreenGroup.objects.create(name=name, slug=name.lower())
            hall.groups.add(group)
            choose(ReadyLayout.FOOT, group=group)

        found = layouts.layout_of(hall)
        assert found is not None
        assert str(found) == "Avenue"


class TestProgramme:
    def test_holds_the_zones_and_what_they_show(self, playlist, hall, weather):
        choose(ReadyLayout.FRAME, weather_feed=weather)

        manifest = compile_manifest(load_inputs(hall)).manifest

        assert manifest.layout.zones[0].id == "main"
        assert {zone.id for zone in manifest.layout.zones} == {"main", *ALL_BANDS}
        assert {rule.zone for rule in manifest.rules} == {"main", *ALL_BANDS}
        frame = expected_frames.expected_scene(Screen.objects.get(pk=hall.pk), NOON)
        assert {showing.zone for showing in frame.showings} == {"main", *ALL_BANDS}

    def test_counts_pages_in_the_zone_of_the_loop(self, playlist, hall, announcement):
        announcement.body = "Une phrase assez longue pour remplir la page. " * 40
        announcement.save()
        choose(ReadyLayout.FRAME)

        manifest = compile_manifest(load_inputs(hall)).manifest

        slide = next(slide for slide in manifest.slides if slide.name == announcement.title)
        canvas = rendering.Canvas.for_screen(manifest.settings, manifest.layout.zones[0].rectangle.size)
        assert slide.pages == rendering.page_count(slide, canvas)

    def test_is_due_on_the_screens_of_the_choice(self, keyring, quay, hall, harbour):
        publication.publish_due_programmes()
        choose(ReadyLayout.FOOT, group=harbour)
        publication.publish_due_programmes()
        assert len(publication.published_manifest(hall).layout.zones) == 1

        choose(ReadyLayout.FOOT_CLOCK)
        publication.publish_due_programmes()
        assert len(publication.published_manifest(hall).layout.zones) == 3

    def test_follows_the_feed(self, keyring, hall, weather):
        choose(ReadyLayout.SIDE, weather_feed=weather)
        publication.publish_due_programmes()
        Screen.objects.update(programme_due_at=None)

        weather.data = {"days": [{"day": "2026-06-15", "sky": "rain", "high": 9}]}
        weather.save()
        publication.mark_feed(weather)
        publication.publish_due_programmes()

        slide = next(slide for slide in publication.published_manifest(hall).slides if slide.id == "band-weather")
        assert [day.high for day in slide.content.widget.days] == [9]

    def test_leaves_headlines_out_when_the_feed_is_too_old(self, hall):
        feed = Feed.objects.create(name="Infos", kind="news", data={"items": [{"title": "Hier"}]}, told_at=NOON)
        choose(ReadyLayout.FOOT, news_feed=feed)

        (band,) = layouts.band_slides(layouts.layout_of(hall)).values()
        assert [message.text for message in band.content.widget.messages] == ["Marché samedi", "Hier"]
        assert [message.until_ms for message in band.content.widget.messages][0] is None
        assert band.content.widget.messages[1].until_ms == int((NOON + dt.timedelta(days=3)).timestamp() * 1000)


class TestChoice:
    def test_needs_messages_where_it_has_a_band_for_them(self, db):
        with pytest.raises(ValidationError, match="message"):
            choose(ReadyLayout.FOOT, messages="  \n ")
        choose(ReadyLayout.SIDE, messages="")

    def test_is_recorded_and_needs_the_right_to_publish_there(self, hall, alice, charlie):
        choose(ReadyLayout.FOOT, user=alice, screen=hall)
        assert AuditEvent.objects.latest("pk").action == "layout-changed"
        with pytest.raises(NotPermitted):
            choose(ReadyLayout.FOOT, user=charlie)

    def test_keeps_its_feed(self, weather):
        choose(ReadyLayout.SIDE, weather_feed=weather)
        with pytest.raises(FeedInUse):
            delete_feed(weather, user=None)


class TestPreview:
    def test_is_the_frame_that_the_screen_will_show(self, playlist, hall, weather):
        choice = LayoutChoice(layout=ReadyLayout.SIDE, weather_feed=weather)
        drawn = layout_preview.layout_frame(hall, choice, NOON)
        layout_services.save_layout(choice, user=None)

        frame, _digest = expected_frames.expected_frame(Screen.objects.get(pk=hall.pk), NOON)
        assert drawn.tobytes() == frame.tobytes()

    def test_lays_messages_that_scroll_over_their_band(self, playlist, hall):
        choice = LayoutChoice(layout=ReadyLayout.FOOT, messages="Marché samedi\nCollecte lundi")
        manifest = compile_manifest(load_inputs(hall, choice)).manifest
        place = manifest.layout.zones[1].rectangle
        slide = next(slide for slide in manifest.slides if slide.id == "band-messages")
        strip = rendering.draw_marquee_strips(slide, rendering.Canvas.for_screen(manifest.settings, place.size))[0]

        drawn = layout_preview.layout_frame(hall, choice, NOON)
        shown = drawn.crop((0, place.y, min(strip.width, place.width), place.y + place.height))
        assert shown.tobytes() == strip.crop((0, 0, *shown.size)).tobytes()
