"""Screens that are marked for publication when something changes that they show."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from beffroi_server.accounts.models import Town
from beffroi_server.accounts.services import update_town
from beffroi_server.feeds.events import feed_changed
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.services import save_group, save_screen, save_screen_class
from beffroi_server.library import archive
from beffroi_server.library import services as library
from beffroi_server.library.events import media_changed
from beffroi_server.library.models import Announcement, Asset, MediaItem
from beffroi_server.schedule import publication, services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.models import Playlist, ScheduleRule


@pytest.fixture
def due(hall, quay) -> Callable[[], set[str]]:
    """Return the screens that were marked since the last call."""

    def marked() -> set[str]:
        found = set(Screen.objects.exclude(programme_due_at=None).values_list("slug", flat=True))
        Screen.objects.update(programme_due_at=None)
        return found

    marked()
    return marked


@pytest.fixture
def shown_in_hall(hall, due) -> Playlist:
    """A playlist that only the town hall shows."""
    playlist = services.create_playlist("Hall", user=None)
    services.save_rule(ScheduleRule(name="Hall", playlist=playlist), user=None, screens=[hall])
    due()
    return playlist


def media_item() -> MediaItem:
    asset = Asset.objects.create(sha256="0" * 64, size=1, media_type="image/png")
    return MediaItem.objects.create(name="Square", picture=asset, thumbnail=asset, width=160, height=90)


class TestContent:
    def test_of_a_playlist_marks_its_screens(self, shown_in_hall, due):
        announcement = library.save_announcement(user=None, title="Piscine")
        assert due() == set()

        services.add_entry(shown_in_hall, announcement=announcement, user=None)
        assert due() == {"hall"}

        library.save_announcement(announcement, user=None, title="Piscine fermée")
        assert due() == {"hall"}

    def test_of_a_category_marks_every_playlist_that_is_filled(self, shown_in_hall, due):
        services.set_auto_fill(shown_in_hall, user=None, category="Sports", order="listed")
        due()

        made = library.save_announcement(user=None, title="Piscine", label="Sports")
        assert due() == {"hall"}
        library.save_announcement(made, user=None, label="Culture")
        assert due() == {"hall"}
        archive.archive_announcements([made], user=None)
        assert due() == {"hall"}

    def test_of_an_agenda_depends_on_every_event(self, shown_in_hall, due):
        agenda = library.save_announcement(user=None, title="Agenda", template="agenda")
        services.add_entry(shown_in_hall, announcement=agenda, user=None)
        due()

        library.save_announcement(user=None, title="Concert", template="event")

        assert due() == {"hall"}

    def test_of_a_feed_marks_the_screens_that_show_it(self, shown_in_hall, due):
        data = {"rows": [["a"]]}
        feed = Feed.objects.create(name="Menu", kind=FeedKind.TABLE, data=data)
        other = Feed.objects.create(name="Other", kind=FeedKind.TABLE, data=data)
        announcement = Announcement.objects.create(title="Menu", template="table", feed=feed)
        services.add_entry(shown_in_hall, announcement=announcement, user=None)
        due()

        feed_changed.send(other)
        assert due() == set()
        feed_changed.send(feed)
        assert due() == {"hall"}

    def test_of_a_video_marks_the_screens_that_show_it(self, shown_in_hall, due):
        item = media_item()
        media_changed.send(item)
        assert due() == set()

        services.add_entry(shown_in_hall, media=item, user=None)
        due()
        media_changed.send(item)
        assert due() == {"hall"}


class TestSettings:
    def test_of_the_town_mark_every_screen(self, town, due):
        update_town(Town.objects.get(), user=None)

        assert due() == {"hall", "quay"}

    def test_of_a_screen_mark_it(self, hall, due):
        save_screen(hall, user=None)

        assert due() == {"hall"}

    def test_of_a_class_mark_its_screens(self, led, due):
        save_screen_class(led, user=None)

        assert due() == {"quay"}

    def test_of_a_group_mark_who_comes_and_who_goes(self, district, hall, quay, due):
        save_group(district, user=None, screens=[hall])
        assert due() == {"hall", "quay"}

        save_group(district, user=None, screens=[hall])
        assert due() == set()


class TestSchedule:
    def test_of_a_rule_marks_those_that_it_leaves(self, shown_in_hall, hall, quay, district, due):
        services.save_rule(shown_in_hall.rules.get(), user=None, screens=[], groups=[district])

        assert due() == {"hall", "quay"}

        services.delete_rule(shown_in_hall.rules.get(), user=None)
        assert due() == {"quay"}

    def test_of_a_calendar_marks_the_screens_of_its_rules(self, shown_in_hall, due):
        calendar = DayCalendar.objects.create(name="Market", days=[["2026-06-15", "2026-06-15"]])
        services.save_calendar(calendar, user=None)
        assert due() == set()

        services.save_rule(shown_in_hall.rules.get(), user=None, never_on=[calendar])
        due()
        services.save_calendar(calendar, user=None)
        assert due() == {"hall"}
        services.delete_calendar(calendar, user=None)
        assert due() == {"hall"}

    @pytest.mark.parametrize("change", ["rename", "delete", "remove", "move"])
    def test_of_a_playlist_marks_its_screens(self, shown_in_hall, announcement, due, change):
        entry = services.add_entry(shown_in_hall, announcement=announcement, user=None)
        due()

        if change == "rename":
            services.rename_playlist(shown_in_hall, "Other", user=None)
        elif change == "delete":
            services.delete_playlist(shown_in_hall, user=None)
        elif change == "remove":
            services.remove_entry(entry, user=None)
        else:
            services.move_entry(entry, 0, user=None)

        assert due() == {"hall"}


class TestEvents:
    def test_undo_the_change_when_the_marking_fails(self, shown_in_hall, announcement, monkeypatch):
        monkeypatch.setattr(publication, "_mark_due", lambda _screens: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            library.save_announcement(announcement, user=None, title="Never saved")

        assert Announcement.objects.get().title == "La piscine rouvre lundi"
