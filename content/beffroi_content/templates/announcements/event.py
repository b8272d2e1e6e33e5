"""Template of events: the date first, as on the leaf of a calendar, then title, place and text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import ColourPalette
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedImage
from beffroi_content.raster.text.dates import EventDateText, day_number, describe_event_dates, month_name, weekday_name
from beffroi_content.raster.text.fonts import FontWeight, font_face
from beffroi_content.raster.text.text_fitting import ColumnSpace, PlacedLine, TextBlock, fit_column
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.announcements import news
from beffroi_content.templates.declarations import EVENT_FIELDS, AnnouncementTemplate, LocalisedText, SampleImages
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, add_column, canvas_palette
from beffroi_content.templates.layout.text_box import TextBoxLayout, compose_text, fewest_pages
from beffroi_content.templates.samples import sample


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of an event; one without a date is laid out like news."""
    if announcement.starts is None:
        return news.lay_out(announcement, canvas)
    when = describe_event_dates(announcement.starts, announcement.ends, canvas.locale)
    # A smaller leaf is tried only if the text would otherwise go over several pages.
    shares = (1.0, 0.7) if announcement.picture else (1.0, 0.8)
    return fewest_pages(_beside_leaf(announcement, canvas, when, share) for share in shares)


def _beside_leaf(announcement: Announcement, canvas: Canvas, when: EventDateText, share: float) -> tuple[Page, ...]:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    image, leaf, text = _page_boxes(grid, announcement, share)

    def decorate(page: Page) -> None:
        if announcement.picture and image:
            page.add(PlacedImage(image, announcement.picture, ImageFit.COVER))
        _add_leaf(page, leaf, when, canvas, palette)

    foot = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    drop = 0.45 if grid.is_wide else 0.3
    composition = TextBoxLayout(text, palette.paper, foot, decorate, drop)
    return compose_text(announcement, canvas, composition, _place_blocks(announcement, canvas, palette))


def _page_boxes(grid: PageGrid, announcement: Announcement, share: float) -> tuple[Box | None, Box, Box]:
    """Return the boxes of the image, the calendar leaf and the text; ``share`` makes the first two smaller."""
    bottom, margin = grid.height - grid.foot, grid.margin
    has_picture = announcement.picture is not None
    if grid.is_wide:
        side = min(round(grid.width * (0.4 if has_picture else 0.34) * share), round(grid.height * 0.85))
        split = round(bottom * 0.56) if has_picture else 0
        text = (side + margin, margin, grid.width - margin, bottom - margin)
        return ((0, 0, side, split) if split else None), (0, split, side, bottom), text
    split = round(bottom * 0.33 * share) if has_picture else 0
    end = split + round(bottom * (0.2 if has_picture else 0.27 * share))
    text = (margin, end + margin, grid.width - margin, bottom - margin)
    return ((0, 0, grid.width, split) if split else None), (0, split, grid.width, end), text


def _place_blocks(announcement: Announcement, canvas: Canvas, palette: ColourPalette) -> list[TextBlock]:
    if not announcement.place:
        return []
    place = typeset_text(announcement.place, canvas.locale)
    return [TextBlock(place, FontWeight.SEMIBOLD, 1.12, palette.accent, gap=1.25, is_balanced=True)]


def _add_leaf(page: Page, leaf: Box, when: EventDateText, canvas: Canvas, palette: ColourPalette) -> None:
    grid = PageGrid.for_canvas(canvas)
    page.add(FilledBox(leaf, palette.band))
    width, height = leaf[2] - leaf[0], leaf[3] - leaf[1]
    pad = round(grid.margin * 0.8)
    free = ColumnSpace(
        width - 2 * grid.margin, height - 2 * pad, height - 2 * pad, is_crisp=False, locale=canvas.locale
    )
    # On a tall page the leaf is a wide band above the text: the number stands beside the words, not over them.
    if width > 1.3 * height:
        _add_flat_leaf(page, leaf, when, free, palette)
    else:
        _add_tall_leaf(page, leaf, when, free, palette)


def _add_tall_leaf(page: Page, leaf: Box, when: EventDateText, free: ColumnSpace, palette: ColourPalette) -> None:
    big, (days, months, hours) = _leaf_texts(when, free.locale)
    ink, soft = palette.band_ink, palette.band_soft
    blocks = [
        TextBlock(days, FontWeight.SEMIBOLD, 1.0, ink, leading=1.5),
        TextBlock(big, FontWeight.BOLD, 3.6, ink, gap=0.25, leading=1.2),
        TextBlock(months, FontWeight.BOLD, 1.25, ink, gap=0.55, leading=1.5),
        TextBlock(hours, FontWeight.REGULAR, 1.0, soft, gap=1.0, leading=1.6, is_balanced=True),
    ]
    column = fit_column(blocks, free, 6, max(8, free.first))
    left = leaf[0] + (leaf[2] - leaf[0] - free.width) // 2
    top = leaf[1] + (leaf[3] - leaf[1] - column.page_heights[0]) // 2
    add_column(page, column.pages[0], left, top, column, centred=True)


def _add_flat_leaf(page: Page, leaf: Box, when: EventDateText, free: ColumnSpace, palette: ColourPalette) -> None:
    big, (days, months, hours) = _leaf_texts(when, free.locale)
    height, inset = leaf[3] - leaf[1], (leaf[2] - leaf[0] - free.width) // 2
    number = TextBlock(big, FontWeight.BOLD, 1.0, palette.band_ink, leading=1.1)
    day = fit_column([number], replace(free, width=round(free.width * 0.42)), 6, round(height * 0.55))
    add_column(page, day.pages[0], leaf[0] + inset, leaf[1] + (height - day.page_heights[0]) // 2, day)
    # The words begin where the number ends, which its fitted size decides.
    taken = inset + round(_widest_line(day.pages[0]) + inset * 0.8)
    blocks = [
        TextBlock(f"{days} {months}", FontWeight.BOLD, 1.2, palette.band_ink, leading=1.5, is_balanced=True),
        TextBlock(hours, FontWeight.REGULAR, 1.0, palette.band_soft, gap=0.8, leading=1.5, is_balanced=True),
    ]
    column = fit_column(blocks, replace(free, width=leaf[2] - leaf[0] - taken - inset), 6, round(height * 0.2))
    add_column(page, column.pages[0], leaf[0] + taken, leaf[1] + (height - column.page_heights[0]) // 2, column)


def _widest_line(rows: Sequence[PlacedLine]) -> float:
    return max(font_face(row.style).text_width(row.text) for row in rows)


def _leaf_texts(when: EventDateText, locale: str) -> tuple[str, tuple[str, str, str]]:
    """Return what is written large, and the lines above, below and under that."""
    hours = typeset_text(when.hours, locale)
    first, last = when.first, when.last
    if first == last:
        return day_number(first, locale), (weekday_name(first, locale), month_name(first, locale), hours)
    days = f"{weekday_name(first, locale)} – {weekday_name(last, locale)}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day}", (days, month_name(first, locale), hours)
    months = f"{month_name(first, locale)} – {month_name(last, locale)}"
    return f"{first.day}–{last.day}", (days, months, hours)


def _samples(images: SampleImages) -> Iterator[Announcement]:
    saturday = dt.datetime.fromisoformat("2026-12-12T18:30")
    market = {
        "label": "Animation",
        "title": "Marché de Noël",
        "place": "Place de l'Hôtel-de-Ville",
        "body": "40 exposants, vin chaud et manège. Entrée libre.",
    }
    yield sample("event", starts=saturday, picture=images["sea"], **market)
    yield sample("event", starts=saturday, **market)
    first, last = dt.datetime.fromisoformat("2026-07-03"), dt.datetime.fromisoformat("2026-07-06")
    yield sample("event", starts=first, ends=last, title="Festival des trois rivières")


TEMPLATE = AnnouncementTemplate(
    name="event",
    position=20,
    label=LocalisedText(en="Event", fr="Événement"),
    summary=LocalisedText(
        en="the date first, as on the leaf of a calendar, then title, place and text",
        fr="la date d’abord, comme sur un éphéméride, puis titre, lieu et texte",
    ),
    icon='<rect x="3" y="5" width="18" height="16" rx="1.5"/><path d="M3 10h18M8 2.5v4m8-4v4M8 14.5h3v3H8z"/>',
    fields=EVENT_FIELDS,
    layout=lay_out,
    samples=_samples,
    ends_with_event=True,
)
