"""Template of figures: one number on a field of the town's colour, and beside it its meaning."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import FittedColumn, TextBlock, fit_column
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.announcements import news
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, SampleImages, TemplateField
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, add_column, canvas_palette, fits_height
from beffroi_content.templates.layout.text_box import TextBoxLayout, box_space, compose_text
from beffroi_content.templates.samples import sample


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a figure; without one, or where it has no room, those of news."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    field, text = _page_boxes(grid)
    pad = grid.margin
    inner = (field[0] + pad, field[1] + pad, field[2] - pad, field[3] - pad)
    column = _fit_number(announcement.figure, inner, canvas) if announcement.figure else None
    if column is None:
        return news.lay_out(announcement, canvas)

    def decorate(page: Page) -> None:
        page.add(FilledBox(field, palette.band))
        top = inner[1] + (inner[3] - inner[1] - column.page_heights[0]) // 2
        add_column(page, column.pages[0], inner[0], top, column, centred=True)

    foot = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    composition = TextBoxLayout(text, palette.paper, foot, decorate, drop=0.42 if grid.is_wide else 0.25)
    return compose_text(announcement, canvas, composition)


def _fit_number(figure: str, box: Box, canvas: Canvas) -> FittedColumn | None:
    """Return the number as large as it can be in a box; None where it has no room without being cut."""
    measure, smallest = box_space(box, canvas), PageGrid.for_canvas(canvas).smallest
    text = typeset_text(figure, canvas.locale)
    number = TextBlock(text, FontWeight.BOLD, 1.0, canvas_palette(canvas).band_ink, leading=1.3)
    column = fit_column([number], measure, smallest, max(smallest, measure.first))
    return column if len(column.pages) == 1 and fits_height(column, measure) and column.is_clean else None


def _page_boxes(grid: PageGrid) -> tuple[Box, Box]:
    bottom, margin = grid.height - grid.foot, grid.margin
    if grid.is_wide:
        side = round(min(grid.width * 0.46, bottom * 1.2))
        return (0, 0, side, bottom), (side + margin, margin, grid.width - margin, bottom - margin)
    split = round(bottom * 0.4)
    return (0, 0, grid.width, split), (margin, split + margin, grid.width - margin, bottom - margin)


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "figure",
        figure="12 500",
        label="Environnement",
        title="arbres plantés depuis 2020",
        body="Merci aux écoles et aux 340 bénévoles. Prochaine plantation samedi 12 décembre, parc des Tilleuls.",
    )


TEMPLATE = AnnouncementTemplate(
    name="figure",
    position=70,
    label=LocalisedText(en="Figure", fr="Chiffre"),
    summary=LocalisedText(
        en="one number, as large as it can be, and beside it what it means",
        fr="un nombre, aussi grand que possible, et à côté ce qu’il veut dire",
    ),
    icon='<path d="M5 20V13m5 7V8m5 12v-9m5 9V4M3 20.5h19"/>',
    fields=frozenset({TemplateField.FIGURE}),
    layout=lay_out,
    samples=_samples,
)
