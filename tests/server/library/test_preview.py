"""Previews of announcements, and the cache of drawn pages."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from beffroi_content import rendering
from beffroi_server.library import preview
from beffroi_server.library.models import Announcement


class TestPreview:
    def test_is_every_page_as_png(self, announcement, full_hd, totem, led, town):
        for screen_class in (full_hd, totem, led):
            pages = preview.preview_announcement(announcement.to_content("Europe/Paris"), screen_class, town)

            assert {Image.open(io.BytesIO(page)).size for page in pages} == {(screen_class.width, screen_class.height)}

    def test_draws_once(self, announcement, led, town, monkeypatch):
        first = preview.preview_announcement(announcement.to_content("Europe/Paris"), led, town)
        monkeypatch.setattr(rendering, "draw_slide", None)

        assert preview.preview_announcement(announcement.to_content("Europe/Paris"), led, town) == first

    def test_says_what_does_not_fit(self, led, town):
        long = Announcement(title="Règlement", body="anticonstitutionnellement " * 190)

        with pytest.raises(rendering.TextDoesNotFit):
            preview.preview_announcement(long.to_content("Europe/Paris"), led, town)

    def test_the_cache_forgets_what_was_not_used_for_long(self):
        cache = preview.PageCache(1)
        drawn: list[str] = []

        def draw(name: str):
            return lambda: (drawn.append(name), (Image.new("RGB", (8, 8)),))[1]

        for name in ("a", "b", "b", "a"):
            cache.get_pages(name, draw(name))

        assert drawn == ["a", "b", "a"]
