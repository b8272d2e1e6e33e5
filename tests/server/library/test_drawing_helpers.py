"""Sizes of converted videos, forms and canvases of alerts, and the cache of drawn pages."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

from beffroi_content import model as content
from beffroi_server.library.media.video_filters import LONG_SIDE, SHORT_SIDE, fit_video_size
from beffroi_server.library.preview import PageCache, alert_canvas, alert_form, class_settings


class TestVideoSize:
    @pytest.mark.parametrize(
        ("original", "converted"),
        [
            ((1920, 1080), (1920, 1080)),
            ((3840, 2160), (1920, 1080)),
            ((1080, 1920), (1080, 1920)),
            ((2160, 3840), (1080, 1920)),
            ((1280, 720), (1280, 720)),
            ((4096, 2160), (1920, 1012)),
            ((1440, 1440), (1080, 1080)),
            ((641, 361), (640, 360)),
            ((1, 1), (16, 16)),
        ],
    )
    def test_is_no_larger_than_needed_and_even(self, original, converted):
        assert fit_video_size(*original) == converted

    @pytest.mark.parametrize("width", range(100, 4000, 371))
    @pytest.mark.parametrize("height", range(100, 2300, 293))
    def test_keeps_the_shape_within_the_limits(self, width, height):
        fitted = fit_video_size(width, height)

        assert max(fitted) <= LONG_SIDE
        assert min(fitted) <= SHORT_SIDE
        assert all(side % 2 == 0 for side in fitted)
        assert all(new <= old + 1 for new, old in zip(fitted, (width, height), strict=True))
        assert fitted[0] / fitted[1] == pytest.approx(width / height, rel=0.03)


class TestAlertForms:
    @pytest.mark.parametrize(
        ("level", "form"),
        [("information", "slide"), ("vigilance", "banner"), ("alert", "takeover"), ("emergency", "takeover")],
    )
    def test_follow_the_level(self, level, form):
        assert alert_form(content.AlertLevel(level)).value == form

    @pytest.mark.parametrize(
        ("level", "form", "is_whole"),
        [
            ("information", "slide", True),
            ("vigilance", "banner", False),
            ("vigilance", "all-clear", False),
            ("vigilance", "slide", True),
            ("alert", "takeover", True),
            ("emergency", "takeover", True),
            ("emergency", "all-clear", True),
        ],
    )
    def test_are_drawn_on_the_screen_or_on_its_banner(self, town, full_hd, level, form, is_whole):
        settings = class_settings(full_hd, town)

        canvas = alert_canvas(content.AlertLevel(level), content.AlertForm(form), settings)

        assert (canvas.size == (1920, 1080)) is is_whole
        assert canvas.size[0] == 1920


class TestPageCache:
    def draw(self, *sizes: int):
        """Return a function that draws pages and counts how often it was called."""

        def draw() -> tuple[Image.Image, ...]:
            draw.calls += 1
            return tuple(Image.effect_noise((size, size), 50).convert("RGB") for size in sizes)

        draw.calls = 0
        return draw

    def test_draws_a_key_once(self):
        cache, draw = PageCache(1_000_000), self.draw(8, 16)

        pages = cache.get_pages("a", draw)

        assert cache.get_pages("a", draw) is pages
        assert (len(pages), draw.calls) == (2, 1)
        assert all(page.startswith(b"\x89PNG") for page in pages)

    def test_drops_the_least_recently_used_pages(self):
        size = len(PageCache(1).get_pages("x", self.draw(64))[0])
        cache = PageCache(int(2.5 * size))
        draws = {key: self.draw(64) for key in "abc"}
        for key in "abac":
            cache.get_pages(key, draws[key])

        for key in "ac":
            cache.get_pages(key, draws[key])
        assert [draws[key].calls for key in "abc"] == [1, 1, 1]
        cache.get_pages("b", draws["b"])
        assert draws["b"].calls == 2

    def test_keeps_pages_that_are_larger_than_the_cache_while_they_are_used(self):
        cache, draw = PageCache(1), self.draw(64)

        cache.get_pages("a", draw)
        cache.get_pages("a", draw)

        assert draw.calls == 1

    def test_lets_other_threads_draw_meanwhile(self):
        cache, entered, released = PageCache(1_000_000), threading.Event(), threading.Event()

        def slow() -> tuple[Image.Image, ...]:
            entered.set()
            assert released.wait(10)
            return (Image.new("RGB", (8, 8)),)

        thread = threading.Thread(target=cache.get_pages, args=("slow", slow))
        thread.start()
        assert entered.wait(10)
        assert cache.get_pages("fast", self.draw(8))
        released.set()
        thread.join(10)
        assert not thread.is_alive()

    def test_stores_nothing_of_a_drawing_that_fails(self):
        cache = PageCache(1_000_000)

        with pytest.raises(ZeroDivisionError):
            cache.get_pages("a", lambda: 1 / 0)

        draw = self.draw(8)
        cache.get_pages("a", draw)
        assert draw.calls == 1
