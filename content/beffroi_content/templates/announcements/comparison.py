"""Template “before and after”: two images side by side, or one above the other."""

from __future__ import annotations

from collections.abc import Iterator

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedImage, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.templates.announcements import news
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, SampleImages, TemplateField
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, canvas_palette, centred_baseline
from beffroi_content.templates.layout.text_box import TextBoxLayout, compose_text
from beffroi_content.templates.samples import sample

_WORDS = {
    "fr": ("Avant", "Après"), "en": ("Before", "After"), "de": ("Vorher", "Nachher"), "es": ("Antes", "Después"),
    "it": ("Prima", "Dopo"), "nl": ("Voor", "Na"), "pt": ("Antes", "Depois"), "lb": ("Virdrun", "Duerno"),
    "ar": ("قبل", "بعد"), "uk": ("До", "Після"), "ru": ("До", "После"), "tr": ("Önce", "Sonra"),
    "pl": ("Przed", "Po"), "ro": ("Înainte", "După"), "sq": ("Para", "Pas"), "el": ("Πριν", "Μετά"),
    "cs": ("Před", "Po"), "da": ("Før", "Efter"), "sv": ("Före", "Efter"), "he": ("לפני", "אחרי"),
    "vi": ("Trước", "Sau"), "br": ("Araok", "Goude"), "oc": ("Abans", "Aprèp"), "eu": ("Lehen", "Orain"),
    "ca": ("Abans", "Després"), "co": ("Prima", "Dopu"), "gsw": ("Vorher", "Nochher"),
}  # fmt: skip
"""Before and after, by language."""


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a comparison; with fewer than two images, those of news."""
    if announcement.picture is None or not announcement.pictures:
        return news.lay_out(announcement, canvas)
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    before, after, text = _page_boxes(grid, has_body=bool(announcement.body))
    words = _WORDS.get(canvas.locale) or _WORDS["en"]
    shown = ((before, announcement.picture, words[0]), (after, announcement.pictures[0], words[1]))

    def decorate(page: Page) -> None:
        for box, image, word in shown:
            page.add(PlacedImage(box, image, ImageFit.COVER))
            _add_tag(page, box, word, canvas)

    foot = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    return compose_text(announcement, canvas, TextBoxLayout(text, palette.paper, foot, decorate, drop=0.4))


def _page_boxes(grid: PageGrid, *, has_body: bool) -> tuple[Box, Box, Box]:
    bottom, margin = grid.height - grid.foot, grid.margin
    line = max(4, margin // 8)
    if grid.width >= grid.height:
        split, middle = round(bottom * (0.6 if has_body else 0.74)), grid.width // 2
        text = (margin, split + margin // 2, grid.width - margin, bottom - margin // 3)
        return (0, 0, middle - line // 2, split), (middle + line - line // 2, 0, grid.width, split), text
    split = round(bottom * (0.66 if has_body else 0.76))
    middle = split // 2
    text = (margin, split + margin, grid.width - margin, bottom - margin // 2)
    return (0, 0, grid.width, middle - line // 2), (0, middle + line - line // 2, grid.width, split), text


def _add_tag(page: Page, box: Box, word: str, canvas: Canvas) -> None:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    style = TextStyle(FontWeight.BOLD, max(9, round(grid.smallest * 1.1)))
    pad = style.capital
    wide, high = round(font_face(style).text_width(word)) + 2 * pad, round(style.capital * 2.4)
    left, top = box[0] + grid.margin // 2, box[1] + grid.margin // 2
    page.add(FilledBox((left, top, left + wide, top + high), palette.band, high // 5))
    page.add(TextLine(left + pad, centred_baseline(top, top + high, style), word, style, palette.band_ink))


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "comparison",
        picture=images["before"],
        pictures=(images["after"],),
        title="La rue du Port rendue aux piétons",
        body="Quatorze arbres, des bancs, et la place pour se promener.",
    )


TEMPLATE = AnnouncementTemplate(
    name="comparison",
    position=90,
    label=LocalisedText(en="Before and after", fr="Avant et après"),
    summary=LocalisedText(
        en="the picture, and beside it the first of the further pictures",
        fr="l’image, et à côté la première des autres images",
    ),
    icon='<rect x="3" y="5" width="18" height="14" rx="1.5"/><path d="M12 3v18M6 12h3m6 0h3"/>',
    fields=frozenset({TemplateField.MORE_PICTURES}),
    layout=lay_out,
    samples=_samples,
)
