"""Previews of announcements, and the cache of drawn pages."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_server.library import preview
from beffroi_server.library.models import Announcement


class TestPreview:
    def test_is_every_page_as_png(self, announcement, full_hd, totem, led, town):
        for screen_class in (full_hd, totem, led):
            pages = preview.preview_announcement(announcement.to_content("Europe/Paris"), screen_class, town).pages

            assert {Image.open(io.BytesIO(page)).size for page in pages} == {(screen_class.width, screen_class.height)}

    def test_draws_once(self, announcement, led, town, monkeypatch):
        first = list(preview.preview_announcement(announcement.to_content("Europe/Paris"), led, town).pages)
        monkeypatch.setattr(preview, "encode_png", None)

        assert list(preview.preview_announcement(announcement.to_content("Europe/Paris"), led, town).pages) == first

    def test_draws_the_language_that_is_looked_at_and_no_other(self, announcement, led, town, monkeypatch):
        announcement.translations = [{"language": "de", "title": "Das Schwimmbad öffnet am Montag"}]
        shown = announcement.to_content("Europe/Paris")
        drawn: list[Image.Image] = []
        monkeypatch.setattr(preview, "encode_png", lambda image: (drawn.append(image), image.tobytes())[1])

        found = preview.preview_announcement(shown, led, town)
        german = found.drawing.languages.index("de")
        found.pages[german]

        slide = content.Slide(id="a", name="a", content=content.AnnouncementContent(announcement=shown))
        canvas = rendering.Canvas.for_screen(preview.class_settings(led, town))
        frames = rendering.draw_slide(slide, canvas, preview.read_asset)
        assert len(found.pages) == len(frames) > 1
        assert [image.tobytes() for image in drawn] == [frames[german].tobytes()]

    def test_says_at_once_that_an_image_is_not_there(self, announcement, led, town):
        missing = content.AssetReference(sha256="0" * 64, size=10, media_type="image/png")
        shown = announcement.to_content("Europe/Paris").replace(picture=missing)

        with pytest.raises(rendering.ImageUnusable):
            preview.preview_announcement(shown, led, town)

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
