"""Page painter: each kind of item lands where its box is, on pages of any size."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageDraw

from beffroi_content.model import AssetReference, ImageFit
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.image_decoding import ImageCache
from beffroi_content.raster.page import (
    FilledBox,
    Page,
    PlacedImage,
    PlacedLogo,
    PlacedPictogram,
    QrCode,
    StripedBox,
    TextLine,
)
from beffroi_content.raster.page_painter import paint_page
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face

WHITE, BLACK, RED, BLUE = (255, 255, 255), (0, 0, 0), (200, 0, 0), (0, 0, 200)
BODY = TextStyle(FontWeight.REGULAR, 30)
PANEL = TextStyle(FontWeight.REGULAR, 7, True)


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


REFERENCE = AssetReference(sha256="a" * 64, size=1, media_type="image/png")
IMAGES = ImageCache(lambda _: png(Image.new("RGB", (40, 40), RED)))


def painted(*items, size: tuple[int, int] = (200, 100), ground=WHITE, is_crisp: bool = False) -> Image.Image:
    page = Page(size, ground)
    page.add(*items)
    return paint_page(page, is_crisp, IMAGES)


def inked_box(image: Image.Image, ground=WHITE) -> tuple[int, int, int, int] | None:
    """Return the box of all pixels that differ from the ground."""
    blank = Image.new("RGB", image.size, ground)
    return ImageChops.difference(image, blank).getbbox()


def test_an_empty_page_is_its_ground():
    image = painted(size=(7, 5), ground=BLUE)
    assert (image.size, image.mode) == ((7, 5), "RGB")
    assert image.getcolors() == [(35, BLUE)]


def test_a_box_fills_its_pixels_and_no_other():
    image = painted(FilledBox((10, 20, 30, 40), RED))
    assert inked_box(image) == (10, 20, 30, 40)
    assert {colour: count for count, colour in image.getcolors()}[RED] == 400


@pytest.mark.parametrize("box", [(10, 10, 10, 20), (10, 10, 5, 20), (0, 0, 0, 0)])
def test_a_box_without_an_area_paints_nothing(box):
    assert inked_box(painted(FilledBox(box, RED), FilledBox(box, RED, 5))) is None


def test_a_box_over_the_edge_is_cut():
    assert inked_box(painted(FilledBox((180, 80, 260, 160), RED))) == (180, 80, 200, 100)


def test_rounded_corners_are_smooth_and_lie_within_the_box():
    image = painted(FilledBox((10, 10, 70, 70), BLACK, 20))
    assert inked_box(image) == (10, 10, 70, 70)
    assert image.getpixel((10, 10)) == WHITE
    assert image.getpixel((40, 40)) == BLACK
    greys = {colour for _, colour in image.getcolors(256)} - {WHITE, BLACK}
    assert greys


def test_rounded_corners_of_a_panel_are_square():
    image = painted(FilledBox((10, 10, 70, 70), BLACK, 20), is_crisp=True)
    assert {colour for _, colour in image.getcolors()} == {WHITE, BLACK}
    assert image.getpixel((10, 10)) == BLACK


def test_a_radius_larger_than_the_box_makes_a_disc():
    image = painted(FilledBox((10, 10, 30, 30), BLACK, 500))
    assert image.getpixel((10, 10)) == WHITE
    assert image.getpixel((20, 11)) != WHITE


def test_later_items_lie_on_top():
    image = painted(FilledBox((0, 0, 50, 50), RED), FilledBox((20, 0, 50, 50), BLUE))
    assert image.getpixel((10, 10)) == RED
    assert image.getpixel((30, 10)) == BLUE


def test_a_line_of_text_stands_on_its_baseline():
    image = painted(TextLine(20, 60, "H", BODY, BLACK))
    left, top, right, bottom = inked_box(image)
    assert bottom == 60
    assert 29 <= bottom - top <= 31
    assert 20 <= left < right <= 20 + font_face(BODY).text_width("H") + 1


def test_letters_take_the_width_that_was_measured():
    text = "HHHHHH"
    left, _, right, _ = inked_box(painted(TextLine(10, 60, text, BODY, BLACK), size=(400, 100)))
    assert abs((right - left) - font_face(BODY).text_width(text)) <= 8


def test_cached_letters_are_drawn_as_a_whole_line_is():
    """The fast way, letter by letter, and that of FreeType for the whole line differ by rounding at most."""
    text = "Réunion publique, samedi"
    fast = painted(TextLine(10, 60, text, BODY, BLACK), size=(600, 100))
    face = font_face(BODY)
    whole = Image.new("RGB", (600, 100), WHITE)
    ImageDraw.Draw(whole).text((10, 60), text, BLACK, face.font, "ls")
    one, other = inked_box(fast), inked_box(whole)
    assert all(abs(a - b) <= 2 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("text", ["", " ", "\u202f"])
def test_a_line_without_ink_paints_nothing(text):
    assert inked_box(painted(TextLine(10, 60, text, BODY, BLACK))) is None


def test_letters_of_a_panel_have_no_grey_edges():
    image = painted(TextLine(2, 20, "Marché 18 h", PANEL, BLACK), is_crisp=True)
    assert {colour for _, colour in image.getcolors()} == {WHITE, BLACK}


@pytest.mark.parametrize("text", ["مرحبا بكم", "שלום", "Fête 🎉", "Αθήνα"])
@pytest.mark.parametrize("style", [BODY, PANEL, TextStyle(FontWeight.BOLD, 400)])
def test_lines_of_several_fonts_are_painted(text, style):
    size = (4_000, 900) if style.capital == 400 else (600, 100)
    line = TextLine(4, size[1] * 2 // 3, text, style, BLACK, is_rtl=text[0] in "مש")
    assert inked_box(painted(line, size=size, is_crisp=style.crisp)) is not None


def test_an_image_fills_its_box():
    image = painted(PlacedImage((50, 20, 90, 60), REFERENCE, ImageFit.COVER))
    assert inked_box(image) == (50, 20, 90, 60)
    assert image.getpixel((70, 40)) == RED


def test_a_logo_stands_in_the_middle_of_its_box():
    wide = ImageCache(lambda _: png(Image.new("RGBA", (80, 20), (*RED, 255))))
    page = Page((200, 100), WHITE)
    page.add(PlacedLogo((20, 10, 60, 90), REFERENCE))
    assert inked_box(paint_page(page, False, wide)) == (20, 45, 60, 55)


def test_a_logo_that_cannot_be_read_leaves_the_ground():
    broken = ImageCache(lambda _: b"")
    page = Page((200, 100), WHITE)
    page.add(PlacedLogo((20, 10, 60, 90), REFERENCE))
    assert inked_box(paint_page(page, False, broken)) is None


def test_a_pictogram_has_a_body_and_hollow_parts():
    image = painted(PlacedPictogram((20, 10, 100, 90), pictograms.WARNING, RED, WHITE))
    left, top, right, bottom = inked_box(image)
    assert 20 <= left < right <= 100
    assert 10 <= top < bottom <= 90
    assert image.getpixel((32, 77)) == RED
    assert image.getpixel((60, 45)) == WHITE


def test_stripes_have_both_colours():
    image = painted(StripedBox((0, 0, 200, 20), RED, BLUE))
    assert inked_box(image) == (0, 0, 200, 20)
    colours = {image.getpixel((x, 10)) for x in range(200)}
    assert {RED, BLUE} <= colours


class TestQrCodes:
    ROWS = ("101", "010", "111")

    def test_have_a_white_border_of_four_modules(self):
        image = painted(QrCode((0, 0, 44, 44), self.ROWS), size=(44, 44), ground=BLUE)
        assert {colour for _, colour in image.getcolors()} == {WHITE, BLACK}
        assert inked_box(image) == (16, 16, 28, 28)

    def test_have_modules_of_whole_pixels(self):
        image = painted(QrCode((0, 0, 50, 50), self.ROWS), size=(50, 50))
        left, top, right, bottom = inked_box(image)
        assert (right - left) % 3 == 0
        assert (right - left, bottom - top) == (12, 12)

    def test_dark_modules_are_where_they_were_asked(self):
        image = painted(QrCode((0, 0, 11, 11), self.ROWS), size=(11, 11))
        dark = {(x - 4, y - 4) for x in range(11) for y in range(11) if image.getpixel((x, y)) == BLACK}
        assert dark == {(0, 0), (2, 0), (1, 1), (0, 2), (1, 2), (2, 2)}

    def test_are_left_white_where_no_module_has_a_pixel(self):
        image = painted(QrCode((0, 0, 9, 9), self.ROWS), size=(9, 9), ground=BLUE)
        assert image.getcolors() == [(81, WHITE)]


@pytest.mark.parametrize("is_card", [False, True])
def test_letters_and_pictograms_on_a_plain_ground_are_those_on_any_other(is_card):
    card = [FilledBox((4, 2, 196, 98), BLUE, 6)] if is_card else []
    sign = PlacedPictogram((110, 30, 150, 70), pictograms.WARNING, RED, WHITE)
    items = [*card, TextLine(20, 40, "Égalité", BODY, RED), TextLine(20, 72, "journée", BODY, RED), sign]
    # A picture of the same colour under it, of which the painter knows nothing.
    under = ImageCache(lambda _: png(Image.new("RGB", (40, 40), BLUE if is_card else WHITE)))
    reference = AssetReference(sha256=("b" if is_card else "c") * 64, size=1, media_type="image/png")
    hidden = PlacedImage((10, 8, 190, 92), reference, ImageFit.COVER)
    page = Page((200, 100), WHITE)
    page.add(*card, hidden, *items[len(card) :])
    assert ImageChops.difference(painted(*items), paint_page(page, False, under)).getbbox() is None
