"""Every template on every form of screen, with texts and pictures that nobody planned for."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from beffroi_content.model import (
    TEMPLATE_NAMES,
    Announcement,
    AnnouncementContent,
    AssetReference,
    DisplayTechnology,
    ScreenAppearance,
    Slide,
    Town,
)
from beffroi_content.raster.page import TextLine
from beffroi_content.raster.text.fonts import font_face
from beffroi_content.rendering import Canvas, TextDoesNotFit, draw_slide, slide_pages
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas

FORMS = [
    *((size, DisplayTechnology.LCD) for size in ((1920, 1080), (1080, 1920), (1080, 1080), (3840, 1080), (480, 270))),
    *((size, DisplayTechnology.LCD) for size in ((200, 1000), (1920, 216), (90, 90), (7680, 90), (90, 1920))),
    *((size, DisplayTechnology.LED) for size in ((320, 192), (128, 64), (16, 16))),
]
NASTY = (
    "Fête",
    "W" * 200,
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz " * 3,
    "اجتماع عام حول التخطيط الحضري للمدينة",
    "🎉🎄👩‍👩‍👧 Noël 🎅🏽",
    "a | b | c",
    "| | |",
    ": : :",
    "- un\n- deux\nLundi : carottes râpées, poisson\n\n\n| |",
    "x" * 900,
    "Réunion publique. " * 60,
    "\u200f\u200d\ufeff .",
    "https://www.saint-aubin.fr/" + "a/" * 80,
)
ONE_LINE = st.sampled_from(NASTY).map(lambda text: text.replace("\n", " ").strip()[:200].strip())
TOWNS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def picture(width: int, height: int) -> tuple[AssetReference, bytes]:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (120, 90, 60)).save(buffer, "PNG")
    content = buffer.getvalue()
    return AssetReference(sha256=f"{width * 10_000 + height:064x}", size=len(content), media_type="image/png"), content


PICTURES = {
    reference.sha256: (reference, content)
    for reference, content in (picture(1, 5000), picture(8000, 600), picture(1, 1), picture(640, 480))
}
REFERENCES = st.sampled_from([reference for reference, _ in PICTURES.values()])
LINKS = ("", "https://ville.fr/a", "https://ville.fr/" + "é" * 400, "http://[::1", "https://x?" + "y" * 480)
ANNOUNCEMENTS = st.builds(
    Announcement,
    id=st.just("a"),
    template=st.sampled_from(sorted(TEMPLATE_NAMES)),
    title=ONE_LINE.filter(bool),
    body=st.sampled_from(("", *NASTY)),
    label=st.one_of(st.just(""), ONE_LINE),
    place=st.one_of(st.just(""), ONE_LINE),
    source=st.one_of(st.just(""), ONE_LINE),
    picture=st.none() | REFERENCES,
    pictures=st.lists(REFERENCES, max_size=3).map(tuple),
    figure=st.sampled_from(("", "12 500 €", "W" * 24, "٣٤", "🎉")),
    link=st.sampled_from(LINKS),
    starts=st.none() | st.datetimes(),
)  # fmt: skip


def slide_of(announcement: Announcement) -> Slide:
    return Slide(id="s", name="Annonce", content=AnnouncementContent(announcement=announcement))


def canvas_of(size: tuple[int, int], technology: DisplayTechnology, colour: str = "#1d4f91") -> Canvas:
    return sample_canvas(make_screen_class(*size, technology), colour)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANNOUNCEMENTS, st.sampled_from(FORMS), st.sampled_from(ScreenAppearance), TOWNS, st.booleans())
def test_every_template_keeps_to_its_page_or_says_that_it_cannot(announcement, form, appearance, colour, has_logo):
    canvas = replace(canvas_of(*form, colour), appearance=appearance)
    if has_logo:
        reference = next(iter(PICTURES.values()))[0]
        canvas = replace(canvas, town=Town(name=announcement.title, colour=colour, logo=reference))
    try:
        pages = slide_pages(slide_of(announcement), canvas)
    except TextDoesNotFit:
        return
    for page in pages:
        for item in page.items:
            if isinstance(item, TextLine) and item.text:
                assert item.x >= 0, item
                # A single letter may be wider than the narrowest column.
                limit = max(canvas.size[0] + 1, font_face(item.style).text_width(item.text[:1]))
                assert item.x + font_face(item.style).text_width(item.text) <= limit, item
                assert 0 < item.baseline <= canvas.size[1], item


@pytest.mark.parametrize("template", sorted(TEMPLATE_NAMES))
@pytest.mark.parametrize(("size", "technology"), FORMS)
@pytest.mark.parametrize("kind", list(PICTURES), ids=["1x5000", "8000x600", "1x1", "640x480"])
def test_every_template_takes_pictures_of_any_shape(template, size, technology, kind):
    reference, _ = PICTURES[kind]
    announcement = Announcement(
        id="a", template=template, title="Fête", body="Lundi : ouvert\nMardi : fermé", picture=reference,
        pictures=(reference,), figure="12", link="https://ville.fr",
    )  # fmt: skip
    canvas = canvas_of(size, technology)
    images = draw_slide(slide_of(announcement), canvas, lambda asset: PICTURES[asset.sha256][1])
    assert {image.size for image in images} == {size}


@pytest.mark.parametrize("content", [None, b"", b"not a picture"])
@pytest.mark.parametrize("template", sorted(TEMPLATE_NAMES))
def test_a_broken_logo_never_breaks_a_slide(template, content):
    def give(_: AssetReference) -> bytes:
        if content is None:
            raise FileNotFoundError
        return content

    reference = next(iter(PICTURES.values()))[0]
    announcement = Announcement(id="a", template=template, title="Fête", body="Samedi, place du Marché.")
    canvas = canvas_of((1080, 1920), DisplayTechnology.LCD)
    canvas = replace(canvas, town=Town(name="Vire", logo=reference))
    (image, *_) = draw_slide(slide_of(announcement), canvas, give)
    assert image.size == (1080, 1920)
