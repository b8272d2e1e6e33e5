"""Template of posters: large letters on the town's colour, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.line_breaking import Hyphenation
from beffroi_content.raster.text.text_fitting import TextBlock
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


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a text."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    inset = round(1.5 * grid.margin)
    box = (inset, inset, grid.width - inset, grid.height - grid.foot - grid.margin)
    body = TextBlock(
        typeset_text(announcement.body, canvas.locale), FontWeight.SEMIBOLD, 1.0, palette.band_ink, gap=1.5,
        hyphenation=Hyphenation.WELCOME,
    )  # fmt: skip
    candidates = [
        [
            *heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, scale),
            *([body] if announcement.body else []),
        ]
        for scale in (2.4, 2.0, 1.6, 1.3)
    ]
    column = fit_hierarchy(candidates, box_space(box, canvas), grid.smallest, round(grid.largest * 1.6))
    bar = max(4, grid.margin // 5)

    def decorate(page: Page) -> None:
        page.add(FilledBox((inset, 0, inset + 3 * grid.margin, bar), palette.band_ink))

    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    return column_pages(announcement, canvas, TextBoxLayout(box, palette.band, foot, decorate, drop=0.42), column)


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "poster",
        label="Élections",
        title="Dimanche, on vote de 8 h à 18 h",
        body="Pensez à votre pièce d'identité. Procuration possible au commissariat jusqu'à samedi.",
    )


TEMPLATE = AnnouncementTemplate(
    name="poster",
    position=130,
    label=LocalisedText(en="Large text", fr="Grand texte"),
    summary=LocalisedText(
        en="nothing but large letters on the town’s colour",
        fr="rien que de grandes lettres sur la couleur de la commune",
    ),
    icon='<path d="M4 7V5h16v2M12 5v14M9 19h6"/>',
    layout=lay_out,
    samples=_samples,
)
