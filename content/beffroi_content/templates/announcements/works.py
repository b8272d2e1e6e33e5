"""Template of roadworks: dates and place under a line of barrier stripes, with a map or another image."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.graphics.palettes import BLACK, Rgb
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedImage, PlacedPictogram, StripedBox
from beffroi_content.raster.text.dates import describe_event_dates
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.declarations import (
    EVENT_FIELDS,
    AnnouncementTemplate,
    LocalisedText,
    SampleImages,
    TemplateField,
)
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, canvas_palette
from beffroi_content.templates.layout.text_box import TextBoxLayout, compose_text, fewest_pages
from beffroi_content.templates.samples import sample

_YELLOW: Rgb = (255, 200, 0)


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of works; a map or another image stands beside or above the text."""
    shares = (0.44, 0.34) if announcement.pictures or announcement.picture else (0.0,)
    return fewest_pages(_pages_with_share(announcement, canvas, share) for share in shares)


def _pages_with_share(announcement: Announcement, canvas: Canvas, share: float) -> tuple[Page, ...]:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    stripe = max(6, round(grid.margin * 0.42))
    image, text = _page_boxes(grid, share, stripe)
    # The first of the further images is the map; the image itself stands in for it.
    shown = (*announcement.pictures, announcement.picture)[0]
    sign = round(grid.margin * 1.3)
    corner = (image[0] if image else grid.width - grid.margin - sign, (image or text)[1])

    def decorate(page: Page) -> None:
        page.add(StripedBox((0, 0, grid.width, stripe), _YELLOW, BLACK))
        if shown and image:
            page.add(PlacedImage(image, shown, ImageFit.COVER))
        _add_sign(page, corner, sign)

    foot = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    free = text if image else (text[0], text[1], text[2] - sign - grid.margin, text[3])
    composition = TextBoxLayout(free, palette.paper, foot, decorate, drop=0.3)
    return compose_text(announcement, canvas, composition, _detail_blocks(announcement, canvas))


def _add_sign(page: Page, corner: tuple[int, int], size: int) -> None:
    """Add a cone on a yellow square of that size, with its upper left corner there."""
    left, top = corner
    right, bottom, pad = left + size, top + size, size // 7
    cone = PlacedPictogram((left + pad, top + pad, right - pad, bottom - pad), pictograms.CONE, BLACK, _YELLOW)
    page.add(FilledBox((left, top, right, bottom), _YELLOW), cone)


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


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "works",
        label="Travaux",
        source="Services techniques",
        title="Rue de la République fermée",
        starts=dt.datetime.fromisoformat("2026-12-14T08:30"),
        ends=dt.datetime.fromisoformat("2026-12-18T17:00"),
        pictures=(images["map"],),
        place="Entre la mairie et le pont",
        body="Une déviation passe par le quai. Les riverains gardent l'accès à leur domicile.",
    )


TEMPLATE = AnnouncementTemplate(
    name="works",
    position=40,
    label=LocalisedText(en="Roadworks", fr="Travaux"),
    summary=LocalisedText(
        en="the dates and the place of roadworks under barrier stripes, with a map among the further pictures",
        fr="les dates et le lieu de travaux sous des bandes de chantier, avec un plan parmi les autres images",
    ),
    icon='<path d="M10 3h4l4 15H6zM4 20.5h16M8.8 8h6.4M7.5 13h9"/>',
    fields=EVENT_FIELDS | {TemplateField.MORE_PICTURES},
    layout=lay_out,
    samples=_samples,
)
