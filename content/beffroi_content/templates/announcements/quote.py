"""Template of quotations: a sentence in large letters, and who said it."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, Page, PlacedImage, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.text_fitting import TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, SampleImages
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, canvas_palette, fit_hierarchy
from beffroi_content.templates.layout.text_box import TextBoxLayout, box_space, column_pages
from beffroi_content.templates.samples import sample

_MARKS = {
    **dict.fromkeys(("fr", "br", "oc", "ca", "co", "es", "pt", "it", "el", "ru", "uk", "ar", "eu", "sq"), ("«", "»")),
    **dict.fromkeys(("en", "tr", "vi"), ("“", "”")), **dict.fromkeys(("de", "lb", "cs", "gsw"), ("„", "“")),
    **dict.fromkeys(("pl", "ro", "he"), ("„", "”")), **dict.fromkeys(("da", "sv"), ("”", "”")), "nl": ("‘", "’"),
}  # fmt: skip
"""Opening and closing quotation mark, by language."""


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a quotation: the body, said by the title; without a body the title is what was said."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    image, text = _page_boxes(grid, has_picture=announcement.picture is not None)
    mark = TextStyle(FontWeight.BOLD, round(grid.title * 1.15))
    opening, _ = _marks(canvas)

    def decorate(page: Page) -> None:
        if announcement.picture and image:
            page.add(PlacedImage(image, announcement.picture, ImageFit.COVER))
        page.add(TextLine(text[0], text[1] + mark.capital, opening, mark, palette.accent))

    # The mark stands beside a wide text, and above a tall one.
    aside = round(font_face(mark).text_width(opening) + 0.6 * grid.margin) if grid.is_wide else 0
    below = (text[0] + aside, text[1] + (0 if aside else round(mark.capital * 1.35)), text[2], text[3])
    candidates = [_quotation_blocks(announcement, canvas, scale) for scale in (1.7, 1.4, 1.15, 1.0)]
    column = fit_hierarchy(candidates, box_space(below, canvas), grid.smallest, grid.largest)
    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    composition = TextBoxLayout(below, palette.tint, foot, decorate, drop=0.3)
    return column_pages(announcement, canvas, composition, column)


def _marks(canvas: Canvas) -> tuple[str, str]:
    return _MARKS.get(canvas.locale, _MARKS["en"])


def _quotation_blocks(announcement: Announcement, canvas: Canvas, scale: float) -> list[TextBlock]:
    """Return the quotation with its closing mark, who said it, and in which function."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    opening, closing = _marks(canvas)
    sentence, speaker = (announcement.body, announcement.title) if announcement.body else (announcement.title, "")
    quotation = typeset_text(f"{sentence.strip(f'{opening}{closing} ')} {closing}", canvas.locale)
    blocks = [TextBlock(quotation, FontWeight.SEMIBOLD, scale, palette.ink, leading=1.75, limit=grid.title)]
    if speaker:
        name = typeset_text(speaker, canvas.locale)
        blocks.append(TextBlock(name, FontWeight.BOLD, 1.0, palette.accent, gap=1.5, is_kept=True))
    if announcement.label:
        function = typeset_text(announcement.label, canvas.locale)
        blocks.append(TextBlock(function, FontWeight.REGULAR, 1.0, palette.soft_ink, gap=0.8, is_kept=True))
    return blocks


def _page_boxes(grid: PageGrid, *, has_picture: bool) -> tuple[Box | None, Box]:
    bottom, margin = grid.height - grid.foot, grid.margin
    inset = round(1.4 * margin)
    if not has_picture:
        return None, (inset, inset, grid.width - inset, bottom - margin)
    if grid.is_wide:
        side = round(min(grid.width * 0.34, bottom * 0.9))
        return (0, 0, side, bottom), (side + inset, inset, grid.width - inset, bottom - margin)
    split = round(bottom * 0.38)
    return (0, 0, grid.width, split), (inset, split + margin, grid.width - inset, bottom - margin)


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "quote",
        picture=images["sea"],
        title="Jeanne Le Goff",
        label="Présidente du club nautique",
        body="La mer ne se ferme pas : tous les enfants de la commune ont leur place à bord.",
    )


TEMPLATE = AnnouncementTemplate(
    name="quote",
    position=80,
    label=LocalisedText(en="Quotation", fr="Citation"),
    summary=LocalisedText(
        en="the text is what somebody said, the title who said it",
        fr="le texte est ce qui a été dit, le titre la personne qui l’a dit",
    ),
    icon='<path d="M10 7H5v6h4c0 3-1.5 4-3.5 4.5M20 7h-5v6h4c0 3-1.5 4-3.5 4.5"/>',
    hint=LocalisedText(
        en="The text is the quotation, the title is the person quoted.",
        fr="Le texte est la citation, le titre est la personne citée.",
    ),
    layout=lay_out,
    samples=_samples,
)
