"""Screens that a change of content marks, one by one."""

from __future__ import annotations

import pytest

from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.services import save_screen
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services
from beffroi_server.schedule.models import Playlist


def fresh(screen: Screen) -> Screen:
    return Screen.objects.get(pk=screen.pk)


def is_due(screen: Screen) -> bool:
    return fresh(screen).programme_due_at is not None


class TestWhatIsDue:
    @pytest.fixture
    def settled(self, playlist, hall, quay) -> Playlist:
        Screen.objects.update(programme_due_at=None)
        return playlist

    def test_every_screen_of_a_rule_for_all(self, settled, hall, quay, announcement):
        library.save_announcement(announcement, user=None, title="Other")

        assert is_due(hall)
        assert is_due(quay)

    def test_only_the_screens_of_a_rule(self, settled, hall, quay, district, announcement):
        rule = settled.rules.get()
        rule.everywhere = False
        services.save_rule(rule, groups=[district], user=None)
        assert is_due(hall), "what it showed before is to be taken off"
        Screen.objects.update(programme_due_at=None)

        services.add_entry(settled, announcement=announcement, user=None)

        assert is_due(quay)
        assert not is_due(hall)

    def test_nothing_for_what_no_screen_shows(self, settled, hall, db):
        unused = Announcement.objects.create(title="Unused")
        library.save_announcement(unused, user=None, title="Still unused")

        assert not is_due(hall)

    def test_a_screen_of_which_the_settings_were_changed(self, settled, hall, quay):
        hall.rotation = 180
        save_screen(hall, user=None)

        assert is_due(hall)
        assert not is_due(quay)
