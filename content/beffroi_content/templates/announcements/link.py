"""Template of web pages: a large QR code beside the title and text."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import TextBlock
from beffroi_content.templates.announcements import news
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, SampleImages
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, canvas_palette
from beffroi_content.templates.layout.qr_code import add_qr_code, qr_code_side, short_address
from beffroi_content.templates.layout.text_box import TextBoxLayout, compose_text
from beffroi_content.templates.samples import sample


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a link; without one, or where no code can be scanned, those of news."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    field, text = _page_boxes(grid)
    most = min(field[2] - field[0], field[3] - field[1]) - 2 * grid.margin
    # The code is all that the page is for: it takes the room that it has.
    least = qr_code_side(announcement.link, canvas, most) if announcement.link else 0
    if not least:
        return news.lay_out(announcement, canvas)
    side = most
    left, top = (field[0] + field[2] - side) // 2, (field[1] + field[3] - side) // 2

    def decorate(page: Page) -> None:
        page.add(FilledBox(field, palette.band))
        add_qr_code(page, announcement.link, (left, top, left + side, top + side))

    foot = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    address = TextBlock(
        short_address(announcement.link), FontWeight.SEMIBOLD, 1.0, palette.accent, gap=1.3, is_kept=True
    )
    # Without its link the text box would draw a second, small code.
    composition = TextBoxLayout(text, palette.paper, foot, decorate, drop=0.42 if grid.is_wide else 0.2)
    return compose_text(announcement.replace(link=""), canvas, composition, [address])


def _page_boxes(grid: PageGrid) -> tuple[Box, Box]:
    bottom, margin = grid.height - grid.foot, grid.margin
    if grid.is_wide:
        side = round(min(bottom, grid.width * 0.42))
        field = (grid.width - side, 0, grid.width, bottom)
        return field, (margin, margin, field[0] - margin, bottom - margin)
    split = round(bottom * 0.46)
    return (0, 0, grid.width, split), (margin, split + margin, grid.width - margin, bottom - margin)


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "link",
        label="Participez",
        title="Donnez votre avis sur le nouveau parc",
        body="Trois projets, deux minutes. Jusqu'au 15 janvier.",
        link="https://www.saint-aubin.fr/parc",
    )


TEMPLATE = AnnouncementTemplate(
    name="link",
    position=100,
    label=LocalisedText(en="Web page", fr="Page web"),
    summary=LocalisedText(
        en="the QR code of a web page, as large as it can be",
        fr="le code QR d’une page web, aussi grand que possible",
    ),
    icon='<rect x="3" y="3" width="7" height="7"/><rect x="14" y="3" width="7" height="7"/>'
    '<rect x="3" y="14" width="7" height="7"/><path d="M14 14h3v3h-3zM20 14v.1M20 20v.1M17 20v.1"/>',
    layout=lay_out,
    samples=_samples,
)
