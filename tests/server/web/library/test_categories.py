"""Pages of categories, and what follows from a change of one."""

from __future__ import annotations

import pytest
from tests.support.pages import page_text

from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement, Category
from beffroi_server.schedule import services
from beffroi_server.schedule.models import Playlist

pytestmark = pytest.mark.usefixtures("english")


def test_a_category_is_added_once(as_alice):
    assert as_alice.post("/categories/", {"name": "Sports", "default_days": "7"}).status_code == 302
    refused = as_alice.post("/categories/", {"name": "SPORTS"})

    assert "There is already a category “Sports”." in page_text(refused)
    assert "shown for 7 days" in page_text(as_alice.get("/categories/"))


def test_a_new_name_follows_in_announcements_and_playlists(as_alice, hall, announcement, playlist):
    services.set_auto_fill(playlist, user=None, category="sports", order="listed")
    category = Category.objects.create(name="Sports")
    Screen.objects.update(programme_due_at=None)

    assert as_alice.post(f"/categories/{category.pk}/", {"name": "Vie sportive"}).status_code == 302

    found = Announcement.objects.get()
    assert (found.label, found.version) == ("Vie sportive", announcement.version + 1)
    assert Playlist.objects.get().category == "Vie sportive"
    assert Screen.objects.filter(programme_due_at__isnull=False).exists()


def test_a_deleted_category_leaves_the_word_above_the_title(as_alice, announcement):
    category = Category.objects.create(name="Sports")

    as_alice.post(f"/categories/{category.pk}/delete/")

    assert not Category.objects.exists()
    assert Announcement.objects.get().label == "Sports"
