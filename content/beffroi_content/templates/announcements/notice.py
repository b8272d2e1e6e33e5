"""Template of notices: practical information on a white card."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.page import FilledBox, Page, PlacedPictogram
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, SampleImages
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, canvas_palette
from beffroi_content.templates.layout.text_box import TextBoxLayout, compose_text
from beffroi_content.templates.samples import LONG_TEXT, sample


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a notice."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    edge, inset = round(grid.margin * 0.8), grid.margin
    left, top, right, bottom = edge, edge, grid.width - edge, grid.height - grid.foot - edge
    bar, sign = max(3, round(grid.margin * 0.22)), round(grid.margin * 1.5)
    x, y = left + bar + inset, top + inset

    def decorate(page: Page) -> None:
        page.add(
            FilledBox((left, top, right, bottom), palette.paper),
            FilledBox((left, top, left + bar, bottom), palette.band),
        )
        page.add(PlacedPictogram((x, y, x + sign, y + sign), pictograms.INFORMATION, palette.band, palette.band_ink))

    beside = (x + sign + inset, y) if grid.is_wide else (x, y + sign + inset // 2)
    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    box = (*beside, right - inset, bottom - inset)
    return compose_text(announcement, canvas, TextBoxLayout(box, palette.tint, foot, decorate, drop=0.3))


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "notice",
        label="Travaux",
        source="Services techniques",
        title="Rue de la République fermée",
        body=LONG_TEXT,
    )


TEMPLATE = AnnouncementTemplate(
    name="notice",
    position=30,
    label=LocalisedText(en="Notice", fr="Infos pratiques"),
    summary=LocalisedText(
        en="a title and a text on a quiet white card",
        fr="un titre et un texte sur une carte blanche et sobre",
    ),
    icon='<circle cx="12" cy="12" r="9"/><path d="M12 11v6m0-9.5v.1"/>',
    layout=lay_out,
    samples=_samples,
)
