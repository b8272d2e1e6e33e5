"""Page painter: turns a page into pixels.

This is the only module that draws on an image. Everything before it computes boxes and lines of text, which is cheap
and can be tested without comparing pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

from PIL import Image, ImageDraw

from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.graphics.pictograms import coloured_pictogram, hazard_stripes, pictogram_on_ground
from beffroi_content.raster.image_decoding import ImageCache
from beffroi_content.raster.page import (
    Box,
    FilledBox,
    Page,
    PlacedImage,
    PlacedLogo,
    PlacedPictogram,
    QrCode,
    StripedBox,
    TextLine,
)
from beffroi_content.raster.text.bidi import is_right_to_left
from beffroi_content.raster.text.fonts import GlyphMask, TextRun, font_face

# Pillow gives the memory of each frame back to the system, which clears it page by page for the next one: that took
# longer than all drawing. Two blocks of 16 MB are kept, of which a frame touches no more than it needs.
Image.core.set_blocks_max(2)  # type: ignore[attr-defined]
BAND_PIXELS = 128 * 1024
"""Pixels of a band: half a megabyte, which also small processors have in their cache, and their allocator at hand."""
QUIET_MODULES = 4
"""The white border of a QR code (ISO/IEC 18004)."""


def paint_page(page: Page, is_crisp: bool, images: ImageCache) -> Image.Image:
    """Return the page as an RGB image of its exact size.

    Raises:
        ImageUnusable: see :func:`beffroi_content.raster.image_decoding.draw_picture`.
    """
    image = Image.new("RGB", page.size, page.ground)
    for area in _areas(page, is_crisp, images):
        area.lay_on(image, 0)
    return image.transpose(Image.Transpose.ROTATE_270) if page.is_turned else image


def paint_bands(page: Page, is_crisp: bool, images: ImageCache) -> Iterator[Image.Image]:
    """Yield the rows of :func:`paint_page` from the top down, some at a time, each time in the same image.

    A frame is megabytes that the kernel has to give and to clear, which takes longer than painting. A band stays in the
    cache of the processor.

    Raises:
        ImageUnusable: see :func:`paint_page`.
    """
    if page.is_turned:
        yield paint_page(page, is_crisp, images)
        return
    width, height = page.size
    areas = list(_areas(page, is_crisp, images))
    rows = max(1, BAND_PIXELS // width)
    band = Image.new("RGB", (width, min(rows, height)))
    for top in range(0, height, rows):
        if height - top < band.height:
            band = Image.new("RGB", (width, height - top))
        band.paste(page.ground, (0, 0, *band.size))
        bottom = top + band.height
        for area in areas:
            if area.box[1] < bottom and area.box[3] > top:
                area.lay_on(band, top)
        yield band
        areas = [area for area in areas if area.box[3] > bottom]


_Source = Image.Image | Rgb
"""Pixels of the size of an area, or its one colour."""
_Laid = tuple[_Source, Image.Image | None]
"""What is laid down, and the mask that it goes through."""


class _Area:
    """A box of a page with what is laid down there."""

    __slots__ = ("_laid", "_make", "box")

    def __init__(self, box: Box, make: Callable[[], _Laid]) -> None:
        self.box = box
        self._make = make
        """Asked once, and not before it is needed: a page of letters is megabytes."""
        self._laid: _Laid | None = None

    def lay_on(self, image: Image.Image, above: int) -> None:
        """Lay it on an image of some rows of the page; ``above`` are the rows before those."""
        self._laid = self._laid or self._make()
        source, mask = self._laid
        left, top, right, bottom = self.box
        image.paste(source, (left, top - above, right, bottom - above), mask)


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


def _areas(page: Page, is_crisp: bool, images: ImageCache) -> Iterator[_Area]:
    """Yield what is laid down, in that order."""
    grounds = _Grounds(page)
    for item in page.items:
        if isinstance(item, TextLine):
            areas = list(_text_areas(item, grounds))
            for area in areas:
                grounds.add(area.box)
            yield from areas
            continue
        if isinstance(item, FilledBox):
            yield from _fill_areas(item, is_crisp)
            grounds.add(item.box, item.colour, item.radius)
            continue
        yield from _picture_areas(item, is_crisp, images, grounds)
        grounds.add(item.box)


def _picture_areas(
    item: PlacedPictogram | PlacedImage | PlacedLogo | QrCode | StripedBox,
    is_crisp: bool,
    images: ImageCache,
    grounds: _Grounds,
) -> Iterator[_Area]:
    left, top = item.box[:2]
    if isinstance(item, PlacedPictogram):
        yield _pictogram_area(item, is_crisp, grounds.plain_colour(item.box))
    elif isinstance(item, PlacedLogo):
        yield from _logo_areas(item, images)
    elif isinstance(item, QrCode):
        yield from _qr_code_areas(item)
    elif area := _box_size(item.box):
        drawn = (
            images(item.image, item.fit, area) if isinstance(item, PlacedImage)
            else hazard_stripes(area, item.colour, item.other, is_crisp)
        )  # fmt: skip
        yield _image_area(drawn, left, top)


def _image_area(drawn: Image.Image, left: int, top: int, mask: Image.Image | None = None) -> _Area:
    return _Area((left, top, left + drawn.width, top + drawn.height), lambda: (drawn, mask))


def _pictogram_area(item: PlacedPictogram, is_crisp: bool, ground: Rgb | None) -> _Area:
    side = max(1, item.box[2] - item.box[0])
    mask = None
    if ground is not None and item.box[2] - item.box[0] == item.box[3] - item.box[1] == side:
        drawn, corner = pictogram_on_ground(item.pictogram, side, is_crisp, item.colour, item.hollow, ground)
    else:
        drawn, mask, corner = coloured_pictogram(item.pictogram, side, is_crisp, item.colour, item.hollow)
    return _image_area(drawn, item.box[0] + corner[0], item.box[1] + corner[1], mask)


def _logo_areas(item: PlacedLogo, images: ImageCache) -> Iterator[_Area]:
    size = _box_size(item.box)
    drawn = images.draw_logo(item.image, size) if size else None
    if drawn and size:
        left, top = item.box[0] + (size[0] - drawn.width) // 2, item.box[1] + (size[1] - drawn.height) // 2
        yield _image_area(drawn, left, top, drawn)


def _qr_code_areas(item: QrCode) -> Iterator[_Area]:
    yield _Area(item.box, lambda: ((255, 255, 255), None))
    side = min(item.box[2] - item.box[0], item.box[3] - item.box[1])
    count = len(item.rows)
    module = side // (count + 2 * QUIET_MODULES)
    if module < 1:
        return
    modules = Image.new("L", (count, count))
    modules.putdata([0 if dark == "1" else 255 for row in item.rows for dark in row])
    enlarged = modules.resize((count * module, count * module), Image.Resampling.NEAREST)
    corner = (item.box[0] + (side - enlarged.width) // 2, item.box[1] + (side - enlarged.height) // 2)
    yield _image_area(enlarged.convert("RGB"), *corner)


def _box_size(box: Box) -> tuple[int, int] | None:
    width, height = box[2] - box[0], box[3] - box[1]
    return (width, height) if width > 0 and height > 0 else None


def _text_areas(item: TextLine, grounds: _Grounds) -> Iterator[_Area]:
    letters = font_face(item.style)
    if not item.is_rtl and (glyphs := letters.place_glyphs(item.text)) is not None:
        yield from _glyph_areas(item, glyphs, grounds)
        return
    is_rtl = is_right_to_left(item.text) if item.is_rtl is None else item.is_rtl
    x = float(item.x)
    # Several fonts, or a font too large to cache: each run is drawn by FreeType, from the left end of the line.
    for run in letters.split_runs(item.text, is_rtl=is_rtl, before=item.before):
        if run.text:
            yield from _run_areas(run, round(x), item)
            x += run.width


def _run_areas(run: TextRun, x: int, item: TextLine) -> Iterator[_Area]:
    mode = "1" if item.style.crisp else "L"
    text, font, direction = run.drawn_text, run.font, run.direction
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, mode, direction=direction, anchor="ls"))
    if right <= left or bottom <= top:
        return

    def laid() -> _Laid:
        mask = Image.new("L", (right - left, bottom - top))
        draw = ImageDraw.Draw(mask)
        draw.fontmode = mode
        draw.text((-left, -top), text, 255, font, "ls", direction=direction)
        return item.colour, mask

    yield _Area((x + left, item.baseline + top, x + right, item.baseline + bottom), laid)


def _glyph_areas(item: TextLine, glyphs: list[tuple[int, GlyphMask]], grounds: _Grounds) -> Iterator[_Area]:
    """Yield a line of cached letters.

    The letters are gathered in one mask. Where the ground is plain, each of its 256 values has one colour, and to look
    them up is three times as fast as pasting a colour through the mask; the pixels are the same.
    """
    inked = [(pen + glyph.left, glyph) for pen, glyph in glyphs if glyph.mask is not None]
    if not inked:
        return
    left, top = min(x for x, _ in inked), min(glyph.top for _, glyph in inked)
    right = max(x + glyph.width for x, glyph in inked)
    bottom = max(glyph.top + glyph.height for _, glyph in inked)
    box = (item.x + left, item.baseline + top, item.x + right, item.baseline + bottom)
    ground = grounds.plain_colour(box)

    def laid() -> _Laid:
        line = Image.new("L", (right - left, bottom - top))
        paste = line.im.paste
        for x, glyph in inked:
            # As Image.paste does, without its checks: they take as long as the pixels of a letter.
            x, y = x - left, glyph.top - top  # noqa: PLW2901
            paste(255, (x, y, x + glyph.width, y + glyph.height), glyph.core)
        if ground is None:
            return item.colour, line
        line.putpalette(_blended_colours(ground, item.colour))
        return line.convert("RGB"), None

    yield _Area(box, laid)


@lru_cache(maxsize=64)
def _blended_colours(ground: Rgb, colour: Rgb) -> bytes:
    """Return the colours that Pillow makes of a ground and a colour, for each value of a mask, as RGB."""
    return bytes(_divided_by_255(low * (255 - mask) + high * mask)
                 for mask in range(256) for low, high in zip(ground, colour, strict=True))  # fmt: skip


def _divided_by_255(value: int) -> int:
    # As the macro DIV255 of Pillow's ImagingUtils.h rounds.
    value += 128
    return ((value >> 8) + value) >> 8


def _fill_areas(item: FilledBox, is_crisp: bool) -> Iterator[_Area]:
    left, top, right, bottom = item.box
    if not _box_size(item.box):
        return

    def plain() -> _Laid:
        return item.colour, None

    radius = min(item.radius, (right - left) // 2, (bottom - top) // 2)
    if item.radius < 2 or radius < 1 or is_crisp:
        yield _Area(item.box, plain)
        return
    yield _Area((left, top + radius, right, bottom - radius), plain)
    yield _Area((left + radius, top, right - radius, top + radius), plain)
    yield _Area((left + radius, bottom - radius, right - radius, bottom), plain)
    corners = ((left, top), (right - radius, top), (left, bottom - radius), (right - radius, bottom - radius))
    for (x, y), mask in zip(corners, _corner_masks(radius), strict=True):
        yield _Area((x, y, x + radius, y + radius), partial(_through_mask, item.colour, mask))


def _through_mask(colour: Rgb, mask: Image.Image) -> _Laid:
    return colour, mask


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
