"""Template of slideshows: a page for each image, with the title as its caption."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement, AssetReference, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import BLACK
from beffroi_content.raster.page import FilledBox, Page, PlacedImage
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import FittedColumn, TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.announcements import news
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, SampleImages, TemplateField
from beffroi_content.templates.layout.page_parts import (
    FooterColours,
    PageGrid,
    add_column,
    add_footer,
    canvas_palette,
    fit_hierarchy,
    fits_height,
)
from beffroi_content.templates.layout.text_box import box_space
from beffroi_content.templates.samples import sample


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a slideshow; without images, or with more words than a caption has, those of news."""
    first = (announcement.picture,) if announcement.picture else ()
    images = (*first, *announcement.pictures)
    caption = _fit_caption(announcement, canvas)
    if not images or caption is None:
        return news.lay_out(announcement, canvas)
    return tuple(
        _image_page(announcement, canvas, image, caption, (number, len(images)))
        for number, image in enumerate(images, 1)
    )


def _fit_caption(announcement: Announcement, canvas: Canvas) -> FittedColumn | None:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    box = (grid.margin, 0, grid.width - grid.margin, round(0.3 * (grid.height - grid.foot)))
    measure = box_space(box, canvas)
    title = typeset_text(announcement.title, canvas.locale)
    body = [
        TextBlock(typeset_text(announcement.body, canvas.locale), FontWeight.REGULAR, 1.0, palette.band_soft, gap=0.9)
    ]
    candidates = [
        [TextBlock(title, FontWeight.BOLD, scale, palette.band_ink, leading=1.6), *(body if announcement.body else [])]
        for scale in (1.5, 1.2, 1.0)
    ]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    return column if len(column.pages) == 1 and fits_height(column, measure) else None


def _image_page(
    announcement: Announcement, canvas: Canvas, image: AssetReference, caption: FittedColumn, number: tuple[int, int]
) -> Page:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    bottom, pad = grid.height - grid.foot, round(grid.margin * 0.6)
    # The caption is as high as its text; the image gets all that is left, the same on every page.
    top = bottom - caption.page_heights[0] - 2 * pad
    page = Page(canvas.size, BLACK)
    page.add(PlacedImage((0, 0, grid.width, top), image, ImageFit.COVER))
    page.add(FilledBox((0, top, grid.width, bottom), palette.band))
    add_column(page, caption.pages[0], grid.margin, top + pad, caption)
    add_footer(
        page, canvas, announcement.source, number, FooterColours(palette.band, palette.band_ink, palette.band_soft)
    )
    return page


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "slideshow",
        picture=images["sea"],
        pictures=(images["after"],),
        title="Retour sur la fête du port",
    )


TEMPLATE = AnnouncementTemplate(
    name="slideshow",
    position=110,
    label=LocalisedText(en="Slideshow", fr="Diaporama"),
    summary=LocalisedText(
        en="a page for each picture, with the title as its caption",
        fr="une page par image, avec le titre en légende",
    ),
    icon='<rect x="3" y="7" width="14" height="12" rx="1.5"/><path d="M7 4h13a1 1 0 0 1 1 1v10M3 16l4-4 4 4 2-2 4 4"/>',
    fields=frozenset({TemplateField.MORE_PICTURES}),
    layout=lay_out,
    samples=_samples,
)
