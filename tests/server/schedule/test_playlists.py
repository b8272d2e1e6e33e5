"""Playlists and their entries: order, limits, and the audit trail."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services
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
