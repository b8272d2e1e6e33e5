"""Page painter: turns a page into pixels.

This is the only module that draws on an image. Everything before it computes boxes and lines of text, which is cheap
and can be tested without comparing pixels.
"""

from __future__ import annotations

from PIL import Image, ImageDraw

from beffroi_content.raster.graphics.pictograms import coloured_pictogram, hazard_stripes
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
    for item in page.items:
        _paint_item(image, draw, item, is_crisp, images)
    return image.transpose(Image.Transpose.ROTATE_270) if page.is_turned else image


def _paint_item(image: Image.Image, draw: ImageDraw.ImageDraw, item: Item, is_crisp: bool, images: ImageCache) -> None:
    if isinstance(item, TextLine):
        _paint_text(image, draw, item)
    elif isinstance(item, FilledBox):
        _paint_fill(image, item, is_crisp)
    elif isinstance(item, PlacedImage):
        if area := _box_size(item.box):
            image.paste(images(item.image, item.fit, area), item.box[:2])
    elif isinstance(item, PlacedPictogram):
        side = max(1, item.box[2] - item.box[0])
        drawn, mask, corner = coloured_pictogram(item.pictogram, side, is_crisp, item.colour, item.hollow)
        image.paste(drawn, (item.box[0] + corner[0], item.box[1] + corner[1]), mask)
    elif isinstance(item, PlacedLogo):
        _paint_logo(image, item, images)
    elif isinstance(item, QrCode):
        _paint_qr_code(image, item)
    elif isinstance(item, StripedBox) and (size := _box_size(item.box)):
        image.paste(hazard_stripes(size, item.colour, item.other, is_crisp), item.box[:2])


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


def _paint_text(image: Image.Image, draw: ImageDraw.ImageDraw, item: TextLine) -> None:
    letters = font_face(item.style)
    if not item.is_rtl and (glyphs := letters.place_glyphs(item.text)) is not None:
        _paste_glyphs(image, item, glyphs)
        return
    is_rtl = is_right_to_left(item.text) if item.is_rtl is None else item.is_rtl
    x = float(item.x)
    # Several fonts, or a font too large to cache: each run is drawn by FreeType, from the left end of the line.
    for run in letters.split_runs(item.text, is_rtl=is_rtl, before=item.before):
        if run.text:
            draw.text((round(x), item.baseline), run.drawn_text, item.colour, run.font, "ls", direction=run.direction)
            x += run.width


def _paste_glyphs(image: Image.Image, item: TextLine, glyphs: list[tuple[int, GlyphMask]]) -> None:
    """Paint a line of cached letters.

    The letters are gathered in one mask, through which a plain colour is pasted: three times as fast as pasting each of
    them into the image.
    """
    inked = [(pen + glyph.left, glyph.top, glyph.mask) for pen, glyph in glyphs if glyph.mask is not None]
    if not inked:
        return
    left, top = min(x for x, _, _ in inked), min(y for _, y, _ in inked)
    right = max(x + mask.width for x, _, mask in inked)
    bottom = max(y + mask.height for _, y, mask in inked)
    line = Image.new("L", (right - left, bottom - top))
    core = line.im
    for x, y, mask in inked:
        # As Image.paste does, without its checks: they take as long as the pixels of a letter.
        corner = (x - left, y - top)
        core.paste(255, (*corner, corner[0] + mask.width, corner[1] + mask.height), mask.im)
    image.paste(Image.new("RGB", line.size, item.colour), (item.x + left, item.baseline + top), line)


def _paint_fill(image: Image.Image, item: FilledBox, is_crisp: bool) -> None:
    left, top, right, bottom = item.box
    if not _box_size(item.box):
        return
    if item.radius < 2 or is_crisp:
        image.paste(item.colour, item.box)
        return
    radius = min(item.radius, (right - left) // 2, (bottom - top) // 2)
    image.paste(item.colour, (left + radius, top, right - radius, bottom))
    image.paste(item.colour, (left, top + radius, right, bottom - radius))
    # The corners are quarters of a disc that is drawn four times too large and reduced: Pillow does not smooth edges.
    disc = Image.new("L", (radius * 8, radius * 8))
    ImageDraw.Draw(disc).ellipse((0, 0, radius * 8 - 1, radius * 8 - 1), fill=255)
    disc = disc.resize((radius * 2, radius * 2), Image.Resampling.BOX)
    for x, y, box in (
        (left, top, (0, 0, radius, radius)),
        (right - radius, top, (radius, 0, radius * 2, radius)),
        (left, bottom - radius, (0, radius, radius, radius * 2)),
        (right - radius, bottom - radius, (radius, radius, radius * 2, radius * 2)),
    ):
        image.paste(item.colour, (x, y), disc.crop(box))
