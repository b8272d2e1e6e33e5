"""Page painter: turns a page into pixels.

This is the only module that draws on an image. Everything before it computes boxes and lines of text, which is cheap
and can be tested without comparing pixels.
"""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.graphics.pictograms import coloured_pictogram, hazard_stripes, pictogram_on_ground
from beffroi_content.raster.image_decoding import ImageCache
from beffroi_content.raster.page import (
    Box,
    FilledBox,
    Item,
    Page,
    PlacedImage,
    PlacedLogo,
    PlacedPictogram,
    QrCode,
    StripedBox,
    TextLine,
)
from beffroi_content.raster.text.bidi import is_right_to_left
from beffroi_content.raster.text.fonts import GlyphMask, font_face

# Pillow gives the memory of each frame back to the system, which clears it page by page for the next one: that took
# longer than all drawing. Two blocks of 16 MB are kept, of which a frame touches no more than it needs.
Image.core.set_blocks_max(2)  # type: ignore[attr-defined]
QUIET_MODULES = 4
"""The white border of a QR code (ISO/IEC 18004)."""


def paint_page(page: Page, is_crisp: bool, images: ImageCache) -> Image.Image:
    """Return the page as an RGB image of its exact size.

    Raises:
        ImageUnusable: see :func:`beffroi_content.raster.image_decoding.draw_picture`.
    """
    image = Image.new("RGB", page.size, page.ground)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1" if is_crisp else "L"
    grounds = _Grounds(page)
    for item in page.items:
        _paint_item(image, draw, item, is_crisp, images, grounds)
    return image.transpose(Image.Transpose.ROTATE_270) if page.is_turned else image


class _Grounds:
    """What is painted where so far, as far as it matters to know where the ground has one colour."""

    def __init__(self, page: Page) -> None:
        self._painted: list[tuple[Box, Box, Rgb | None]] = [((0, 0, *page.size),) * 2 + (page.ground,)]

    def add(self, box: Box, colour: Rgb | None = None, radius: int = 0) -> None:
        """Note that a box was painted; with a colour, that all of it but its corners has that colour."""
        self._painted.append((box, (box[0] + radius, box[1], box[2] - radius, box[3]), colour))

    def plain_colour(self, box: Box) -> Rgb | None:
        """Return the one colour that a box has now; None where it has several, or that is not known."""
        left, top, right, bottom = box
        for reach, whole, colour in reversed(self._painted):
            if right <= reach[0] or reach[2] <= left or bottom <= reach[1] or reach[3] <= top:
                continue
            is_within = whole[0] <= left and right <= whole[2] and whole[1] <= top and bottom <= whole[3]
            return colour if is_within else None
        return None


def _paint_item(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    item: Item,
    is_crisp: bool,
    images: ImageCache,
    grounds: _Grounds,
) -> None:
    if isinstance(item, TextLine):
        _paint_text(image, draw, item, grounds)
        return
    if isinstance(item, PlacedPictogram):
        _paint_pictogram(image, item, is_crisp, grounds.plain_colour(item.box))
    elif isinstance(item, FilledBox):
        _paint_fill(image, item, is_crisp)
    elif isinstance(item, PlacedImage):
        if area := _box_size(item.box):
            image.paste(images(item.image, item.fit, area), item.box[:2])
    elif isinstance(item, PlacedLogo):
        _paint_logo(image, item, images)
    elif isinstance(item, QrCode):
        _paint_qr_code(image, item)
    elif isinstance(item, StripedBox) and (size := _box_size(item.box)):
        image.paste(hazard_stripes(size, item.colour, item.other, is_crisp), item.box[:2])
    if isinstance(item, FilledBox):
        grounds.add(item.box, item.colour, item.radius)
    else:
        grounds.add(item.box)


def _paint_pictogram(image: Image.Image, item: PlacedPictogram, is_crisp: bool, ground: Rgb | None) -> None:
    side = max(1, item.box[2] - item.box[0])
    if ground is not None and item.box[2] - item.box[0] == item.box[3] - item.box[1] == side:
        drawn, corner = pictogram_on_ground(item.pictogram, side, is_crisp, item.colour, item.hollow, ground)
        image.paste(drawn, (item.box[0] + corner[0], item.box[1] + corner[1]))
        return
    drawn, mask, corner = coloured_pictogram(item.pictogram, side, is_crisp, item.colour, item.hollow)
    image.paste(drawn, (item.box[0] + corner[0], item.box[1] + corner[1]), mask)


def _paint_logo(image: Image.Image, item: PlacedLogo, images: ImageCache) -> None:
    size = _box_size(item.box)
    drawn = images.draw_logo(item.image, size) if size else None
    if drawn and size:
        left, top = item.box[0] + (size[0] - drawn.width) // 2, item.box[1] + (size[1] - drawn.height) // 2
        image.paste(drawn, (left, top), drawn)


def _paint_qr_code(image: Image.Image, item: QrCode) -> None:
    image.paste((255, 255, 255), item.box)
    side = min(item.box[2] - item.box[0], item.box[3] - item.box[1])
    count = len(item.rows)
    module = side // (count + 2 * QUIET_MODULES)
    if module < 1:
        return
    modules = Image.new("L", (count, count))
    modules.putdata([0 if dark == "1" else 255 for row in item.rows for dark in row])
    enlarged = modules.resize((count * module, count * module), Image.Resampling.NEAREST)
    corner = (item.box[0] + (side - enlarged.width) // 2, item.box[1] + (side - enlarged.height) // 2)
    image.paste(enlarged.convert("RGB"), corner)


def _box_size(box: Box) -> tuple[int, int] | None:
    width, height = box[2] - box[0], box[3] - box[1]
    return (width, height) if width > 0 and height > 0 else None


def _paint_text(image: Image.Image, draw: ImageDraw.ImageDraw, item: TextLine, grounds: _Grounds) -> None:
    letters = font_face(item.style)
    if not item.is_rtl and (glyphs := letters.place_glyphs(item.text)) is not None:
        _paste_glyphs(image, item, glyphs, grounds)
        return
    is_rtl = is_right_to_left(item.text) if item.is_rtl is None else item.is_rtl
    x = float(item.x)
    # Several fonts, or a font too large to cache: each run is drawn by FreeType, from the left end of the line.
    for run in letters.split_runs(item.text, is_rtl=is_rtl, before=item.before):
        if run.text:
            draw.text((round(x), item.baseline), run.drawn_text, item.colour, run.font, "ls", direction=run.direction)
            x += run.width
    # Letters of other fonts may be higher than their line; nobody measures that.
    height = 2 * (letters.ascent + letters.descent)
    grounds.add((0, item.baseline - height, image.width, item.baseline + height))


def _paste_glyphs(image: Image.Image, item: TextLine, glyphs: list[tuple[int, GlyphMask]], grounds: _Grounds) -> None:
    """Paint a line of cached letters.

    The letters are gathered in one mask. Where the ground is plain, each of its 256 values has one colour, and to look
    them up is three times as fast as pasting a colour through the mask; the pixels are the same.
    """
    inked = [(pen + glyph.left, glyph) for pen, glyph in glyphs if glyph.mask is not None]
    if not inked:
        return
    left, top = min(x for x, _ in inked), min(glyph.top for _, glyph in inked)
    right = max(x + glyph.width for x, glyph in inked)
    bottom = max(glyph.top + glyph.height for _, glyph in inked)
    line = Image.new("L", (right - left, bottom - top))
    paste = line.im.paste
    for x, glyph in inked:
        # As Image.paste does, without its checks: they take as long as the pixels of a letter.
        x, y = x - left, glyph.top - top  # noqa: PLW2901
        paste(255, (x, y, x + glyph.width, y + glyph.height), glyph.core)
    x, y = item.x + left, item.baseline + top
    box = (x, y, x + line.width, y + line.height)
    ground = grounds.plain_colour(box)
    grounds.add(box)
    if ground is None:
        image.paste(Image.new("RGB", line.size, item.colour), (x, y), line)
    else:
        line.putpalette(_blended_colours(ground, item.colour))
        image.paste(line.convert("RGB"), (x, y))


@lru_cache(maxsize=64)
def _blended_colours(ground: Rgb, colour: Rgb) -> bytes:
    """Return the colours that Pillow makes of a ground and a colour, for each value of a mask, as RGB."""
    return bytes(_divided_by_255(low * (255 - mask) + high * mask)
                 for mask in range(256) for low, high in zip(ground, colour, strict=True))  # fmt: skip


def _divided_by_255(value: int) -> int:
    # As the macro DIV255 of Pillow's ImagingUtils.h rounds.
    value += 128
    return ((value >> 8) + value) >> 8


def _paint_fill(image: Image.Image, item: FilledBox, is_crisp: bool) -> None:
    left, top, right, bottom = item.box
    if not _box_size(item.box):
        return
    if item.radius < 2 or is_crisp:
        image.paste(item.colour, item.box)
        return
    radius = min(item.radius, (right - left) // 2, (bottom - top) // 2)
    image.paste(item.colour, (left, top + radius, right, bottom - radius))
    image.paste(item.colour, (left + radius, top, right - radius, top + radius))
    image.paste(item.colour, (left + radius, bottom - radius, right - radius, bottom))
    corners = ((left, top), (right - radius, top), (left, bottom - radius), (right - radius, bottom - radius))
    for corner, mask in zip(corners, _corner_masks(radius), strict=True):
        image.paste(item.colour, corner, mask)


@lru_cache(maxsize=16)
def _corner_masks(radius: int) -> tuple[Image.Image, ...]:
    """Return the masks of rounded corners: upper left, upper right, lower left, lower right.

    They are quarters of a disc that is drawn four times too large and reduced: Pillow does not smooth edges.
    """
    disc = Image.new("L", (radius * 8, radius * 8))
    ImageDraw.Draw(disc).ellipse((0, 0, radius * 8 - 1, radius * 8 - 1), fill=255)
    disc = disc.resize((radius * 2, radius * 2), Image.Resampling.BOX)
    quarters = ((0, 0), (radius, 0), (0, radius), (radius, radius))
    return tuple(disc.crop((x, y, x + radius, y + radius)) for x, y in quarters)
