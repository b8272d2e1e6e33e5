"""Works on a road: the dates are told before anything else, under a line of barrier stripes."""

from __future__ import annotations

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import BLACK, Rgb
from beffroi_content.raster.page import Box, FilledBox, Page, Pictogram, PlacedImage, PlacedPictogram, StripedBox
from beffroi_content.raster.text.dates import describe_event_dates
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, canvas_palette
from beffroi_content.templates.layout.text_box import TextBoxLayout, compose_text, fewest_pages

_YELLOW: Rgb = (255, 200, 0)


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of works; a map or another picture stands beside or above the text."""
    shares = (0.44, 0.34) if announcement.pictures or announcement.picture else (0.0,)
    return fewest_pages(_pages_with_share(announcement, canvas, share) for share in shares)


def _pages_with_share(announcement: Announcement, canvas: Canvas, share: float) -> tuple[Page, ...]:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    stripe = max(6, round(grid.margin * 0.42))
    picture, text = _page_boxes(grid, share, stripe)
    shown = (*announcement.pictures, announcement.picture)[0]
    sign = round(grid.margin * 1.3)
    corner = (picture[0] if picture else grid.width - grid.margin - sign, (picture or text)[1])

    def decorate(page: Page) -> None:
        page.add(StripedBox((0, 0, grid.width, stripe), _YELLOW, BLACK))
        if shown and picture:
            page.add(PlacedImage(picture, shown, ImageFit.COVER))
        chip = (*corner, corner[0] + sign, corner[1] + sign)
        pad = sign // 7
        page.add(
            FilledBox(chip, _YELLOW),
            PlacedPictogram(
                (chip[0] + pad, chip[1] + pad, chip[2] - pad, chip[3] - pad), Pictogram.CONE, BLACK, _YELLOW
            ),
        )

    foot = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    room = text if picture else (text[0], text[1], text[2] - sign - grid.margin, text[3])
    composition = TextBoxLayout(room, palette.paper, foot, decorate, drop=0.3)
    return compose_text(announcement, canvas, composition, _detail_blocks(announcement, canvas))


def _page_boxes(grid: PageGrid, share: float, stripe: int) -> tuple[Box | None, Box]:
    bottom, margin = grid.height - grid.foot, grid.margin
    if not share:
        return None, (margin, stripe + margin, grid.width - margin, bottom - margin)
    if grid.is_wide:
        left = round(grid.width * (1 - share))
        return (left, stripe, grid.width, bottom), (margin, stripe + margin, left - margin, bottom - margin)
    split = round(bottom * share)
    return (0, stripe, grid.width, split), (margin, split + margin, grid.width - margin, bottom - margin)


def _detail_blocks(announcement: Announcement, canvas: Canvas) -> list[TextBlock]:
    palette = canvas_palette(canvas)
    when = describe_event_dates(announcement.starts, announcement.ends, canvas.locale) if announcement.starts else None
    # Of works that last for days, the hour of the first one says nothing.
    lines = [when.days, when.hours if when.first == when.last else ""] if when else []
    text = "\n".join(typeset_text(line, canvas.locale) for line in (*lines, announcement.place) if line)
    return [TextBlock(text, FontWeight.BOLD, 1.15, palette.accent, gap=1.3, is_kept=True)] if text else []
