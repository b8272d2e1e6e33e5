"""Thumbnails are the drawn slides: kept under the key of the drawing, drawn in the background, bounded."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from beffroi_server.library import preview, services, thumbnails
from beffroi_server.library.thumbnails import ThumbnailDrawer, thumbnail_drawing

pytestmark = pytest.mark.django_db


@pytest.fixture
def drawer(monkeypatch) -> ThumbnailDrawer:
    """The drawer of the pages, of which the test draws what waits: no thread of its own."""
    made = ThumbnailDrawer()
    monkeypatch.setattr(made, "_thread", object())
    monkeypatch.setattr(thumbnails, "drawer", made)
    return made


def address(announcement) -> str:
    return f"/announcements/{announcement.pk}/thumbnail.webp"


def test_is_the_slide_that_screens_show(announcement, hall, town):
    drawn = thumbnails.draw_thumbnail(thumbnail_drawing(announcement, hall.screen_class, town))
    shown = preview.preview_announcement(announcement.to_content(town.time_zone), hall.screen_class, town)
    small = Image.open(io.BytesIO(drawn)).convert("RGB")
    whole = Image.open(io.BytesIO(shown.pages[0])).convert("RGB")
    whole.thumbnail(thumbnails.SIZE)
    assert small.size == whole.size
    difference = ImageChops.difference(small, whole).convert("L")
    assert sum(difference.histogram()[64:]) < small.width * small.height / 50


def test_nobody_waits_for_it(client, alice, announcement, hall, drawer):
    client.force_login(alice)
    first = client.get(address(announcement))
    assert (first.status_code, first["Cache-Control"]) == (200, "no-store")
    assert Image.open(io.BytesIO(first.content)).size == (1, 1)
    client.get(address(announcement))

    assert drawer.draw_next()
    assert not drawer.draw_next(), "asked for twice, drawn once"
    ready = client.get(address(announcement))
    assert Image.open(io.BytesIO(ready.content)).width > 100
    assert "max-age" in ready["Cache-Control"]
    assert client.get(address(announcement), headers={"if-none-match": ready["ETag"]}).status_code == 304


def test_is_drawn_anew_after_a_change(client, alice, announcement, hall, drawer):
    client.force_login(alice)
    client.get(address(announcement))
    drawer.draw_next()
    before = client.get(address(announcement))["ETag"]
    services.save_announcement(announcement, user=alice, title="Fermée")
    assert client.get(address(announcement))["Cache-Control"] == "no-store"
    drawer.draw_next()
    assert client.get(address(announcement))["ETag"] != before


def test_of_what_cannot_be_drawn_is_none_and_is_not_tried_again(client, alice, quay, drawer):
    long = services.save_announcement(user=alice, title="Mot " * 49, body="Beaucoup trop. " * 300)
    client.force_login(alice)
    client.get(address(long))
    assert drawer.draw_next()
    assert Image.open(io.BytesIO(client.get(address(long)).content)).size == (2, 1)
    assert not drawer.draw_next()


def test_those_that_are_too_many_are_removed_oldest_first(announcement, hall, town, drawer, monkeypatch):
    drawing = thumbnail_drawing(announcement, hall.screen_class, town)
    drawer.request(drawing)
    drawer.draw_next()
    assert thumbnails.remove_surplus() == 0
    monkeypatch.setattr(thumbnails, "CACHE_BYTES", 10)
    assert thumbnails.remove_surplus() == 1
    assert not drawing.path.exists()


def test_no_more_wait_than_there_is_room_for(announcement, alice, hall, town, drawer, monkeypatch):
    monkeypatch.setattr(thumbnails, "WAITING_AT_MOST", 1)
    small = ThumbnailDrawer()
    small._thread = drawer._thread
    for title in ("Une", "Deux"):
        saved = services.save_announcement(user=alice, title=title)
        small.request(thumbnail_drawing(saved, hall.screen_class, town))
    assert small.draw_next()
    assert not small.draw_next()
