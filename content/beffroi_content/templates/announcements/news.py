"""Template of news: an image beside or above the text; without one, the title on a field of the town's colour."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement, AssetReference, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedImage
from beffroi_content.raster.text.text_fitting import ColumnSpace, FittedColumn, fit_column
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, SampleImages
from beffroi_content.templates.layout.page_parts import (
    FooterColours,
    PageGrid,
    add_column,
    add_footer,
    body_block,
    canvas_palette,
    fits_height,
    heading_blocks,
)
from beffroi_content.templates.layout.single_column import single_column_pages
from beffroi_content.templates.layout.text_box import TextBoxLayout, compose_text, fewest_pages
from beffroi_content.templates.samples import sample


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a piece of news."""
    if announcement.picture:
        return _with_image(announcement, canvas, announcement.picture)
    if announcement.link:
        return _with_qr_code(announcement, canvas)
    return _poster_pages(announcement, canvas) or single_column_pages(announcement, canvas)


def _with_qr_code(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of news with a code beside the text, under a bar of the town's colour."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    bar = round(grid.margin * 0.35)

    def decorate(page: Page) -> None:
        page.add(FilledBox((0, 0, grid.width, bar), palette.band))

    box = (grid.margin, bar + grid.margin, grid.width - grid.margin, grid.height - grid.foot - grid.margin)
    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    return compose_text(announcement, canvas, TextBoxLayout(box, palette.paper, foot, decorate, drop=0.35))


def _with_image(announcement: Announcement, canvas: Canvas, image: AssetReference) -> tuple[Page, ...]:
    # The image yields some of its share before the text goes over several pages; without a text it gets more than
    # half.
    shares = (0.46, 0.38) if PageGrid.for_canvas(canvas).is_wide else (0.4, 0.32)
    if not announcement.body:
        shares = (0.54, 0.46)
    return fewest_pages(_beside_image(announcement, canvas, image, share) for share in shares)


def _beside_image(announcement: Announcement, canvas: Canvas, image: AssetReference, share: float) -> tuple[Page, ...]:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    frame, text = _split_page(grid, share)

    def decorate(page: Page) -> None:
        page.add(PlacedImage(frame, image, ImageFit.COVER))

    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    drop = 0.45 if grid.is_wide else 0.3
    return compose_text(announcement, canvas, TextBoxLayout(text, palette.paper, foot, decorate, drop))


def _split_page(grid: PageGrid, share: float) -> tuple[Box, Box]:
    """Return the boxes of the image, which takes that share of the page, and of the text."""
    bottom = grid.height - grid.foot
    if grid.is_wide:
        left = round(grid.width * (1 - share))
        return (left, 0, grid.width, bottom), (grid.margin, grid.margin, left - grid.margin, bottom - grid.margin)
    top = round(bottom * share)
    return (0, 0, grid.width, top), (grid.margin, top + grid.margin, grid.width - grid.margin, bottom - grid.margin)


def _poster_pages(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return nothing if the title does not leave enough room for the text."""
    best: tuple[FittedColumn, FittedColumn, int] | None = None
    # Large fields first: one page with a grand title is better than two, and two are better than four.
    for share in (0.52, 0.46, 0.4) if announcement.body else (1.0,):
        tried = _poster_columns(announcement, canvas, share)
        if tried and (best is None or len(tried[1].pages) < len(best[1].pages)):
            best = tried
    if best is None:
        return ()
    return tuple(_poster_page(announcement, canvas, best, index) for index in range(len(best[1].pages)))


def _poster_columns(
    announcement: Announcement, canvas: Canvas, share: float
) -> tuple[FittedColumn, FittedColumn, int] | None:
    """Return the title, the text and the height of the field, or None if the title needs more than its share."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    width, bottom, pad = grid.width - 2 * grid.margin, grid.height - grid.foot, _band_padding(grid)
    free = round(bottom * share) - 2 * pad
    measure = ColumnSpace(width, free, free, is_crisp=False, locale=canvas.locale)
    heading = heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, 2.3)
    # The base is bounded by half the legible size, since the title is 2.3 times the base: it is legible all the
    # same.
    title = fit_column(heading, measure, max(1, round(grid.smallest / 2)), round(grid.title / 2.3))
    if len(title.pages) > 1 or not fits_height(title, measure):
        return None
    field = max(title.page_heights[0] + 2 * pad, round(bottom * 0.3)) if announcement.body else bottom
    height = bottom - field - 2 * pad
    text = ColumnSpace(width, height, height, is_crisp=False, locale=canvas.locale)
    body = [body_block(announcement.body, canvas, palette.ink)]
    return title, fit_column(body, text, grid.smallest, round(grid.largest * 1.1)), field


def _poster_page(
    announcement: Announcement, canvas: Canvas, columns: tuple[FittedColumn, FittedColumn, int], index: int
) -> Page:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    title, body, field = columns
    page = Page(canvas.size, palette.paper)
    page.add(FilledBox((0, 0, grid.width, field), palette.band))
    above = (field - title.page_heights[0]) * (0.5 if announcement.body else 0.42)
    add_column(page, title.pages[0], grid.margin, round(above), title)
    rows = body.pages[index]
    if rows:
        slack = max(0, grid.height - grid.foot - field - 2 * _band_padding(grid) - rows[-1].bottom)
        add_column(page, rows, grid.margin, field + _band_padding(grid) + round(slack * 0.36), body)
    colours = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    add_footer(page, canvas, announcement.source, (index + 1, len(body.pages)), colours)
    return page


def _band_padding(grid: PageGrid) -> int:
    return round(grid.margin * 1.15)


def _samples(images: SampleImages) -> Iterator[Announcement]:
    library = {
        "label": "Culture",
        "source": "Médiathèque Jean-Moulin",
        "title": "La médiathèque rouvre samedi",
        "body": (
            "Après six mois de travaux, venez découvrir les nouveaux espaces : salle de lecture, atelier numérique et"
            " jardin. Inscription gratuite jusqu'au 31 janvier."
        ),
    }
    yield sample("news", picture=images["sea"], **library)
    yield sample("news", **library)
    yield sample("news", title="Bienvenue")
    yield sample("news", link="https://mediatheque.saint-aubin.fr", **library)


TEMPLATE = AnnouncementTemplate(
    name="news",
    position=10,
    label=LocalisedText(en="News", fr="Actualité"),
    summary=LocalisedText(
        en="a title and a text, beside a picture or under a band of the town’s colour",
        fr="un titre et un texte, à côté d’une image ou sous un bandeau de la couleur de la commune",
    ),
    icon='<path d="M4 4h13v15a2 2 0 0 0 3 0V8h-3M4 4v15a2 2 0 0 0 2 2h13M8 8h5m-5 4h5m-5 4h5"/>',
    layout=lay_out,
    samples=_samples,
)
