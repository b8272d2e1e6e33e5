"""Template of greetings: over an image, or on the town's colour."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement, AssetReference, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedImage
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import FittedColumn, TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, SampleImages
from beffroi_content.templates.layout.page_parts import (
    FooterColours,
    PageGrid,
    canvas_palette,
    fit_hierarchy,
    heading_blocks,
)
from beffroi_content.templates.layout.text_box import TextBoxLayout, box_space, column_pages
from beffroi_content.templates.samples import sample

_SCALES = (3.0, 2.4, 1.9, 1.5, 1.2)


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a greeting."""
    if announcement.picture:
        return _over_image(announcement, canvas, announcement.picture)
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    box = (2 * grid.margin, grid.margin, grid.width - 2 * grid.margin, grid.height - grid.foot - grid.margin)
    column = _greeting_column(announcement, canvas, box)
    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    composition = TextBoxLayout(box, palette.band, foot, lambda _: None, drop=0.45)
    return column_pages(announcement, canvas, composition, column, centred=True)


def _over_image(announcement: Announcement, canvas: Canvas, image: AssetReference) -> tuple[Page, ...]:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    bottom = grid.height - grid.foot
    # The band of the greeting takes 44 % of the page at most, and less where the text needs less: the image is
    # what greets.
    most = (grid.margin, round(bottom * 0.56), grid.width - grid.margin, bottom - grid.margin // 2)
    column = _greeting_column(announcement, canvas, most)
    top = (
        bottom - column.page_heights[0] - round(1.3 * grid.margin) if len(column.pages) == 1 else most[1] - grid.margin
    )

    def decorate(page: Page) -> None:
        page.add(PlacedImage((0, 0, grid.width, top), image, ImageFit.COVER))
        page.add(FilledBox((0, top, grid.width, bottom), palette.band))

    box = (most[0], top + grid.margin * 2 // 3, most[2], most[3])
    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    return column_pages(announcement, canvas, TextBoxLayout(box, palette.band, foot, decorate, drop=0.0), column)


def _greeting_column(announcement: Announcement, canvas: Canvas, box: Box) -> FittedColumn:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    body = [
        TextBlock(
            typeset_text(announcement.body, canvas.locale),
            FontWeight.REGULAR,
            1.0,
            palette.band_soft,
            gap=1.4,
            is_balanced=True,
        )
    ]
    candidates = [
        [
            *heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, scale),
            *(body if announcement.body else []),
        ]
        for scale in _SCALES
    ]
    return fit_hierarchy(candidates, box_space(box, canvas), grid.smallest, round(grid.largest * 1.1))


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "welcome",
        picture=images["sea"],
        title="Bienvenue à Saint-Aubin",
        body="Office de tourisme ouvert tous les jours, quai du Port.",
    )
    yield sample("welcome", title="Bienvenue", body="La mairie vous accueille de 9 h à 17 h.")


TEMPLATE = AnnouncementTemplate(
    name="welcome",
    position=120,
    label=LocalisedText(en="Welcome", fr="Bienvenue"),
    summary=LocalisedText(
        en="a greeting in large letters, over a picture or on the town’s colour",
        fr="un mot d’accueil en grandes lettres, sur une image ou la couleur de la commune",
    ),
    icon='<path d="M4 20V9l8-6 8 6v11zM9 20v-6h6v6"/>',
    layout=lay_out,
    samples=_samples,
)
