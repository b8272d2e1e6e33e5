"""Drawing: slides of every content, alerts and the idle page as images, and the limits that are kept."""

from __future__ import annotations

import pytest
from PIL import Image
from tests.support.canvases import LED, PORTRAIT, announcement_of, canvas_of, slide_of, text_of
from tests.support.sample_pictures import FILES, IMAGES

from beffroi_content.model import (
    AlertForm,
    AlertLevel,
    AssetReference,
    ImageContent,
    Slide,
    UnknownContent,
    VideoContent,
    WidgetContent,
)
from beffroi_content.model.widgets import ClockWidget, TickerWidget
from beffroi_content.rendering import (
    ImageUnusable,
    RasterError,
    TextDoesNotFit,
    alert_pages,
    draw_alert,
    draw_idle_page,
    draw_marquee_strips,
    draw_slide,
    image_digest,
    marquee_strip_count,
    page_count,
    slide_pages,
)
from beffroi_content.templates.registry import hazard_declarations
from beffroi_content.templates.samples import SAMPLE_AT_MS, sample_alert

REFERENCE = IMAGES["sea"]
PICTURE = FILES[REFERENCE.sha256]
VIDEO = AssetReference(sha256="f" * 64, size=9, media_type="video/mp4")


def read(_: AssetReference) -> bytes:
    return PICTURE


def missing(_: AssetReference) -> bytes:
    raise FileNotFoundError


def slide_with(content: object) -> Slide:
    return Slide.model_validate({"id": "s", "name": "Affiche", "content": content})


class TestSlides:
    def test_of_an_image_are_the_image(self):
        slide = slide_with(ImageContent(picture=REFERENCE))
        (image,) = draw_slide(slide, canvas_of((320, 240)), read)
        assert image.size == (320, 240)
        assert len(image.getcolors(100_000) or [1] * 500) > 400

    def test_of_a_video_are_its_poster(self):
        video = slide_with(VideoContent(video=VIDEO, poster=REFERENCE))
        poster = slide_with(ImageContent(picture=REFERENCE))
        canvas = canvas_of((320, 240))
        assert image_digest(draw_slide(video, canvas, read)[0]) == image_digest(draw_slide(poster, canvas, read)[0])

    def test_of_a_widget_are_drawn_for_an_instant(self):
        slide, canvas = slide_with(WidgetContent(widget=ClockWidget())), canvas_of((320, 240))
        now, later, unknown = (
            image_digest(draw_slide(slide, canvas, missing, at_ms)[0])
            for at_ms in (SAMPLE_AT_MS, SAMPLE_AT_MS + 60_000, None)
        )
        assert len({now, later, unknown}) == 3

    def test_of_a_widget_are_the_same_within_a_tick(self):
        slide, canvas = slide_with(WidgetContent(widget=ClockWidget())), canvas_of((320, 240))
        start = SAMPLE_AT_MS - SAMPLE_AT_MS % 60_000
        one, other = (slide_pages(slide, canvas, at_ms)[0] for at_ms in (start, start + 59_999))
        assert one == other

    def test_that_this_version_does_not_know_are_refused_with_their_kind(self):
        slide = slide_with(UnknownContent(kind="hologram"))
        with pytest.raises(RasterError, match=r"“Affiche” .* hologram"):
            draw_slide(slide, canvas_of(), read)

    def test_without_a_file_are_refused(self):
        with pytest.raises(ImageUnusable):
            draw_slide(slide_with(ImageContent(picture=VIDEO)), canvas_of((320, 240)), missing)

    def test_are_counted_without_reading_a_file(self):
        slide = slide_of(announcement_of("slideshow", picture=REFERENCE, pictures=(REFERENCE,) * 3))
        assert page_count(slide, canvas_of()) == 4

    @pytest.mark.parametrize("size", [(128, 64), (64, 32), (16, 16)])
    def test_that_need_too_many_pages_say_how_many(self, size):
        slide = slide_of(announcement_of("notice", body="délibération " * 380))
        with pytest.raises(TextDoesNotFit) as refusal:
            page_count(slide, canvas_of(size, LED))
        assert refusal.value.detail["most"] == 20
        assert int(refusal.value.detail["pages"]) > 20
        assert str(refusal.value.detail["pages"]) in str(refusal.value)

    def test_on_screens_of_eight_bits_have_at_most_256_colours(self):
        canvas = canvas_of((320, 240), depth=8)
        image = draw_slide(slide_with(ImageContent(picture=REFERENCE)), canvas, read)[0]
        assert len(image.getcolors(100_000)) <= 256


class TestMarqueeStrips:
    RIBBON = canvas_of((640, 64), LED)
    TICKER = TickerWidget.model_validate({"messages": [{"text": "Soldes"}, {"text": "Piscine fermée"}]})

    def test_are_images_as_high_as_the_screen(self):
        slide = slide_with(WidgetContent(widget=self.TICKER))
        strips = draw_marquee_strips(slide, self.RIBBON)
        assert len(strips) == marquee_strip_count(slide, self.RIBBON) == 2
        assert {strip.height for strip in strips} == {64}
        assert all(strip.getbbox() for strip in strips)

    @pytest.mark.parametrize("content", [WidgetContent(widget=ClockWidget()), ImageContent(picture=REFERENCE)])
    def test_are_of_tickers_only(self, content):
        slide = slide_with(content)
        assert marquee_strip_count(slide, self.RIBBON) == 0
        assert draw_marquee_strips(slide, self.RIBBON) == ()

    def test_are_for_ribbons_only(self):
        slide = slide_with(WidgetContent(widget=self.TICKER))
        assert draw_marquee_strips(slide, canvas_of((128, 64), LED)) == ()


class TestAlerts:
    @pytest.mark.parametrize("form", AlertForm)
    def test_have_an_image_for_each_page(self, form):
        canvas = canvas_of((320, 240))
        images = draw_alert(sample_alert(), form, canvas)
        assert len(images) == len(alert_pages(sample_alert(), form, canvas))
        assert all(isinstance(image, Image.Image) for image in images)

    @pytest.mark.parametrize("level", AlertLevel)
    def test_need_no_file(self, level):
        # An alert must be drawn on a screen that has lost its disk: it holds nothing but text.
        assert draw_alert(sample_alert(level), AlertForm.TAKEOVER, canvas_of((192, 96), LED))

    @pytest.mark.parametrize("hazard", hazard_declarations())
    def test_of_every_hazard_differ_to_the_eye(self, hazard):
        canvas = canvas_of((640, 360))
        plain, drawn = (
            draw_alert(sample_alert(hazard=name), AlertForm.TAKEOVER, canvas)[0] for name in ("general", hazard)
        )
        assert image_digest(plain) != image_digest(drawn)


def test_the_idle_page_says_what_it_is_given():
    canvas = canvas_of(PORTRAIT)
    one = draw_idle_page("En attente", ("Écran : Hall",), canvas)
    other = draw_idle_page("En attente", ("Écran : Gare",), canvas)
    assert one.size == other.size == PORTRAIT
    assert image_digest(one) != image_digest(other)


def test_pages_can_be_read_without_painting():
    (page,) = slide_pages(slide_of(announcement_of("notice", body="Fermé lundi.")), canvas_of())
    assert "Fermé lundi." in text_of(page)
