"""Slides: the right size everywhere, nothing lost, and an honest refusal where it cannot be done."""

from __future__ import annotations

import io
import re
import struct
import zlib
from dataclasses import replace

import pytest
from PIL import Image
from tests.support.sample_pictures import FILES, IMAGES

from beffroi_content.model import (
    TEMPLATE_NAMES,
    Announcement,
    AnnouncementContent,
    AssetReference,
    DisplayTechnology,
    ImageContent,
    ImageFit,
    Slide,
)
from beffroi_content.raster.page import TextLine
from beffroi_content.raster.text.fonts import font_face
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.rendering import (
    Canvas,
    ImageUnusable,
    RasterError,
    TextDoesNotFit,
    draw_idle_page,
    draw_slide,
    image_digest,
    page_count,
    slide_pages,
)
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.registry import announcement_templates
from beffroi_content.templates.samples import LONG_TEXT

LCD, LED = DisplayTechnology.LCD, DisplayTechnology.LED
SCREENS = [
    *((size, LED) for size in ((16, 16), (64, 32), (128, 64), (192, 96), (256, 128), (320, 192))),
    *((size, LCD) for size in ((320, 240), (800, 480), (1920, 1080), (1080, 1920), (1080, 1080), (2160, 3840))),
    *((size, LCD) for size in ((3840, 1080), (1920, 216), (200, 1000))),
]
REFERENCE = IMAGES["sea"]
PICTURE = FILES[REFERENCE.sha256]
SAMPLES = [each for template in announcement_templates().values() for each in template.samples(IMAGES)]
SHORT = "Ouvert samedi de 9 h à 12 h."


def canvas_of(size: tuple[int, int], technology: DisplayTechnology = LCD, locale: str = "fr") -> Canvas:
    return sample_canvas(make_screen_class(*size, technology), locale=locale)


def slide_of(**fields: object) -> Slide:
    announcement = Announcement.model_validate({"id": "a", "template": "news"} | fields)
    return Slide(id="s", name="Annonce", content=AnnouncementContent(announcement=announcement))


def picture_slide(reference: AssetReference, fit: ImageFit = ImageFit.CONTAIN) -> Slide:
    return Slide(id="s", name="Affiche", content=ImageContent(picture=reference, fit=fit))


def read(_: AssetReference) -> bytes:
    return PICTURE


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


@pytest.mark.parametrize(("size", "technology"), SCREENS)
def test_every_template_fills_every_screen_exactly(size, technology):
    canvas = canvas_of(size, technology)
    # Of what is drawn in full on one large screen, the first templates stand for the others on the rest of them.
    for announcement in SAMPLES if size[0] * size[1] <= 1920 * 1080 else SAMPLES[:8]:
        slide = slide_of(**(dict(announcement) | {"body": SHORT}))
        images = draw_slide(slide, canvas, lambda asset: FILES[asset.sha256])
        assert {image.size for image in images} == {size}
        assert {image.mode for image in images} == {"RGB"}
        assert len(images) == page_count(slide, canvas)


@pytest.mark.parametrize("template", sorted(TEMPLATE_NAMES))
@pytest.mark.parametrize(("size", "technology"), [s for s in SCREENS if min(s[0]) >= 64])
def test_no_letter_leaves_the_page_or_lies_on_another(size, technology, template):
    slide = slide_of(template=template, title="Rue de la République fermée", body=LONG_TEXT, place="Salle Neptune",
                     label="Travaux", starts="2026-12-12T18:30")  # fmt: skip
    for page in slide_pages(slide, canvas_of(size, technology)):
        placed = []
        for item in page.items:
            if isinstance(item, TextLine):
                right = item.x + font_face(item.style).text_width(item.text)
                assert item.x >= 0
                assert right <= size[0] + 1, item.text
                assert item.baseline <= size[1], item.text
                assert item.baseline - item.style.capital >= 0, item.text
                placed.append((item.x, item.baseline - item.style.capital, right, item.baseline))
        for number, one in enumerate(placed):
            for other in placed[number + 1 :]:
                apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                assert apart, (one, other)


@pytest.mark.parametrize(
    ("size", "technology"), [((128, 64), LED), ((192, 96), LED), ((1920, 1080), LCD), ((480, 270), LCD)]
)
@pytest.mark.parametrize("template", sorted(TEMPLATE_NAMES))
def test_a_long_text_goes_over_pages_and_loses_no_letter(size, technology, template):
    title, body = "Rue fermée", "\n".join(f"Étape {number} : {LONG_TEXT}" for number in range(2))
    pages = slide_pages(slide_of(template=template, title=title, body=body), canvas_of(size, technology))
    assert len(pages) > 1
    numbered = [re.sub(r"^\d+ / \d+$", "", line) for page in pages for line in page.lines]
    shown = "".join(letters(line) for line in numbered if line not in (title, "Saint-Aubin-sur-Mer"))
    assert letters(typeset_text(body, "fr")) in shown


def test_too_much_text_is_refused_with_what_to_do():
    slide = slide_of(title="Compte rendu", body="délibération " * 380)
    with pytest.raises(TextDoesNotFit) as refusal:
        draw_slide(slide, canvas_of((128, 64), LED), read)
    assert refusal.value.code == "text-does-not-fit"
    assert refusal.value.detail["most"] == 20
    assert "Annonce" in str(refusal.value)
    assert "Shorten" in str(refusal.value)
    with pytest.raises(RasterError):
        page_count(slide, canvas_of((128, 64), LED))


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (480, 270)])
def test_a_word_longer_than_the_line_is_cut_and_kept(size):
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    pages = slide_pages(slide_of(title=word), canvas_of(size))
    assert word in "".join(letters(line) for page in pages for line in page.lines)


def test_a_short_title_is_larger_than_a_long_one():
    canvas = canvas_of((1920, 1080))

    def largest(title: str) -> int:
        page = slide_pages(slide_of(title=title), canvas)[0]
        return max(item.style.capital for item in page.items if hasattr(item, "style"))

    assert largest("Fête") > largest("Réunion publique sur le plan local d'urbanisme intercommunal et la mobilité")


def test_the_source_and_the_town_are_named():
    pages = slide_pages(slide_of(title="Piscine", source="Service des sports"), canvas_of((1920, 1080)))
    assert {"Saint-Aubin-sur-Mer", "Service des sports"} <= set(pages[0].lines)


def test_an_event_shows_its_date_in_words():
    event = slide_of(template="event", title="Concert", starts="2026-12-12T18:30")
    lines = " ".join(slide_pages(event, canvas_of((1920, 1080)))[0].lines)
    assert all(word in lines for word in ("samedi", "12", "décembre", "18\u202fh\u202f30"))
    lines = " ".join(slide_pages(event, canvas_of((1920, 1080), locale="en"))[0].lines)
    assert all(word in lines for word in ("Saturday", "December", "18:30"))


def test_counting_pages_reads_no_picture():
    def refuse(_: AssetReference) -> bytes:
        raise AssertionError("read")

    slide = slide_of(title="Fête", picture=REFERENCE)
    assert page_count(slide, canvas_of((1920, 1080))) == 1
    with pytest.raises(AssertionError, match="read"):
        draw_slide(slide, canvas_of((1920, 1080)), refuse)


def test_a_picture_is_read_once_for_all_pages():
    asked = []

    def count(asset: AssetReference) -> bytes:
        asked.append(asset)
        return PICTURE

    images = draw_slide(slide_of(title="Fête", body=LONG_TEXT * 3, picture=REFERENCE), canvas_of((1920, 1080)), count)
    assert len(images) > 1
    assert len(asked) == 1


@pytest.mark.parametrize("fit", ImageFit)
@pytest.mark.parametrize("size", [(1080, 1920), (1920, 1080), (128, 64), (17, 16)])
def test_a_picture_fills_its_zone(size, fit):
    (image,) = draw_slide(picture_slide(REFERENCE, fit), canvas_of(size), read)
    assert image.size == size
    corners = {image.getpixel((0, 0)), image.getpixel((size[0] - 1, size[1] - 1))}
    assert (0, 0, 0) not in corners


def test_transparency_is_laid_on_white():
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(buffer, "PNG")
    (image,) = draw_slide(picture_slide(REFERENCE), canvas_of((40, 40)), lambda _: buffer.getvalue())
    assert image.getpixel((20, 20)) == (255, 255, 255)


def huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"not a picture", "broken"), (PICTURE[:2000], "broken"), (huge_png(8000, 8000), "too-large"), (None, "missing")],
)
def test_an_unusable_picture_is_refused_with_its_reason(content, reason):
    def give(_: AssetReference) -> bytes:
        if content is None:
            raise FileNotFoundError
        return content

    with pytest.raises(ImageUnusable) as refusal:
        draw_slide(picture_slide(REFERENCE), canvas_of((320, 240)), give)
    assert refusal.value.detail["reason"] == reason
    assert refusal.value.detail["picture"] == REFERENCE.sha256[:12]


def test_an_unknown_kind_is_refused():
    slide = Slide.model_validate({"id": "s", "name": "Demain", "content": {"kind": "hologram"}})
    with pytest.raises(RasterError, match="hologram"):
        draw_slide(slide, canvas_of((320, 240)), read)


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (16, 16), (128, 64), (1920, 1080), (1080, 1920), (7680, 16)])
@pytest.mark.parametrize("lines", [(), ("Écran : Place du Marché", "Étape " * 60), ("",)])
def test_the_idle_page_fits_anywhere(size, lines):
    for canvas in (canvas_of((max(16, size[0]), max(16, size[1])), LED), canvas_of((1920, 1080))):
        zone = Canvas(size, canvas.screen_class, canvas.town, canvas.time_zone, canvas.locale)
        image = draw_idle_page("En attente d'un programme", lines, zone)
        assert image.size == size
        assert draw_idle_page("", lines, zone).size == size


def test_panels_never_hyphenate():
    slide = slide_of(title="Intercommunalité", body="Administration intercommunale extraordinaire. " * 4)
    for size in ((64, 32), (128, 64), (192, 96)):
        for page in slide_pages(slide, canvas_of(size, LED)):
            assert not any(line.endswith("-") for line in page.lines)


def test_the_same_slide_gives_the_same_bytes():
    slide, canvas = slide_of(title="Fête", body=LONG_TEXT, picture=REFERENCE), canvas_of((800, 480))
    one, two = (tuple(map(image_digest, draw_slide(slide, canvas, read))) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1080, 1080)])
def test_a_short_title_is_not_broken_at_its_hyphen(size):
    for template in sorted(TEMPLATE_NAMES):
        page = slide_pages(
            slide_of(template=template, title="Vide-grenier", starts="2026-12-01T08:00"), canvas_of(size)
        )[0]
        assert any(line.startswith("Vide-grenier") for line in page.lines)


def test_a_heading_of_200_letters_stays_on_one_page():
    title = "Fermeture exceptionnelle de l'accueil de la mairie et report des permanences d'état civil et d'urbanisme "
    title += "en raison du déménagement des services"
    page = slide_pages(slide_of(title=title, body=LONG_TEXT, picture=REFERENCE), canvas_of((1080, 1920)))[0]
    assert letters(typeset_text(title, "fr")) in letters("".join(page.lines))


def test_a_screen_of_eight_bits_gets_the_colours_that_it_has():
    canvas = canvas_of((256, 128), LED)
    few = replace(canvas, screen_class=canvas.screen_class.replace(colour_depth=8))
    photograph = draw_slide(picture_slide(REFERENCE), few, read)[0]
    assert {red for red, _, _ in photograph.get_flattened_data()} <= {round(level * 255 / 7) for level in range(8)}
    assert {blue for _, _, blue in photograph.get_flattened_data()} <= {0, 85, 170, 255}
    assert len(photograph.getcolors(70_000)) > 4
    full = draw_slide(picture_slide(REFERENCE), canvas, read)[0]
    assert max(abs(a - b) for one, other in zip(full.get_flattened_data(), photograph.get_flattened_data(), strict=True)
               for a, b in zip(one, other, strict=True)) <= 43  # fmt: skip
