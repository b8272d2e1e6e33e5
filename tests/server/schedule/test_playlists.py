"""Playlists and their entries: order, limits, and the audit trail."""

from __future__ import annotations

import datetime as dt
import io
import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from PIL import Image

from beffroi_content.timeline import shown_ms
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.manifest_compiler import compile_manifest
from beffroi_server.schedule.models import Playlist

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


def picture(colour: str = "navy") -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (160, 90), colour).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


def order(playlist: Playlist) -> list[str]:
    return [str(entry) for entry in playlist.entries.all()]


class TestPlaylists:
    def test_hold_announcements_and_pictures_in_order(self, playlist, town, alice):
        item = library.add_image(picture(), name="Square", user=alice)
        services.add_entry(playlist, media=item, user=alice, duration_s=7)

        assert order(playlist) == ["La piscine rouvre lundi", "Square"]
        assert list(playlist.entries.values_list("position", "duration_s")) == [(0, 10), (1, 7)]

    @pytest.mark.parametrize(
        ("start", "to", "result"),
        [(0, 2, "bca"), (2, 0, "cab"), (1, 1, "abc"), (0, 99, "bca"), (2, -5, "cab"), (1, 0, "bac")],
    )
    def test_are_put_in_another_order(self, db, start, to, result):
        playlist = services.create_playlist("x", user=None)
        entries = [
            services.add_entry(playlist, announcement=Announcement.objects.create(title=title), user=None)
            for title in "abc"
        ]

        services.move_entry(entries[start], to, user=None)

        assert "".join(order(playlist)) == result
        assert list(playlist.entries.values_list("position", flat=True)) == [0, 1, 2]

    def test_close_the_gap_of_what_is_removed(self, playlist, announcement):
        second = services.add_entry(playlist, announcement=announcement, user=None)
        services.remove_entry(playlist.entries.first(), user=None)

        second.refresh_from_db()
        assert second.position == 0

    def test_take_one_thing_per_entry(self, playlist):
        with pytest.raises(ValidationError):
            services.add_entry(playlist, user=None)

    def test_refuse_an_end_before_the_beginning(self, playlist):
        with pytest.raises(ValidationError):
            services.update_entry(
                playlist.entries.get(), user=None, valid_from=NOON, valid_until=NOON - dt.timedelta(hours=1)
            )

    def test_have_a_name_of_their_own(self, playlist):
        with pytest.raises(ValidationError):
            services.create_playlist("Everywhere", user=None)

    def test_every_change_is_recorded(self, playlist, announcement, alice):
        before = AuditEvent.objects.count()
        entry = services.add_entry(playlist, announcement=announcement, user=alice)
        services.update_entry(entry, user=alice, duration_s=20, valid_until=NOON)
        services.move_entry(entry, 0, user=alice)
        services.remove_entry(entry, user=alice)
        services.rename_playlist(playlist, "Other", user=alice)
        services.delete_rule(playlist.rules.get(), user=alice)
        services.delete_playlist(playlist, user=alice)

        assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)[before:]) == [
            "entry-added", "entry-changed", "entry-moved", "entry-removed", "playlist-renamed", "rule-deleted",
            "playlist-deleted",
        ]  # fmt: skip


class TestPlaylistsWithinPlaylists:
    @pytest.fixture
    def canteen(self, town):
        return services.create_playlist("Cantine", user=None)

    def test_stand_for_their_slides(self, playlist, canteen, hall):
        menu = Announcement.objects.create(title="Menu")
        services.add_entry(canteen, announcement=menu, user=None)
        services.add_entry(playlist, inner=canteen, user=None)

        manifest = compile_manifest(load_inputs(hall)).manifest

        start = unix_ms(NOON)
        shown = shown_ms(manifest, start, start + 3_600_000)["main"]
        assert {slide.name for slide in manifest.slides if shown[slide.id]} == {"La piscine rouvre lundi", "Menu"}

    def test_give_a_few_slides_each_time_round(self, playlist, canteen, hall):
        for title in "abcd":
            services.add_entry(canteen, announcement=Announcement.objects.create(title=title), user=None)
        services.add_entry(playlist, inner=canteen, user=None)
        services.set_auto_fill(canteen, user=None, category="", order="listed", take=1)

        manifest = compile_manifest(load_inputs(hall)).manifest
        start = unix_ms(NOON)
        shown = shown_ms(manifest, start, start + 80_000)["main"]
        assert sorted(shown.values()) == [10_000] * 4 + [40_000]

    def test_are_published_when_what_lies_within_them_changes(self, playlist, canteen, hall, quay):
        menu = Announcement.objects.create(title="Menu")
        services.add_entry(canteen, announcement=menu, user=None)
        services.add_entry(playlist, inner=canteen, user=None)
        Screen.objects.update(programme_due_at=None)

        with transaction.atomic():
            library.save_announcement(menu, user=None, title="Autre menu")
            assert Screen.objects.filter(programme_due_at__isnull=False).count() == Screen.objects.count()

    def test_never_contain_themselves(self, playlist, canteen):
        lunch = services.create_playlist("Midi", user=None)
        services.add_entry(playlist, inner=canteen, user=None)
        services.add_entry(canteen, inner=lunch, user=None)

        with pytest.raises(ValidationError, match=r"Midi → .* → Cantine → Midi"):
            services.add_entry(lunch, inner=playlist, user=None)
        with pytest.raises(ValidationError, match="Midi → Midi"):
            services.add_entry(lunch, inner=lunch, user=None)

    def test_lie_within_each_other_up_to_four_levels(self, town):
        levels = [services.create_playlist(f"Level {number}", user=None) for number in range(6)]
        for outer, inner in itertools.pairwise(levels[:5]):
            services.add_entry(outer, inner=inner, user=None)

        with pytest.raises(ValidationError, match=r"Level 0 → .*Level 5"):
            services.add_entry(levels[4], inner=levels[5], user=None)
        with pytest.raises(ValidationError, match="Level 5 → Level 0"):
            services.add_entry(levels[5], inner=levels[0], user=None)
