"""An alert, in four forms. Every one carries the level as a colour, a word and a symbol in the same place.

Text is never cut in silence: it shrinks to the legible minimum, then goes over several pages. Where even twenty
pages cannot hold it, the last one says so, and says whom to ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from beffroi_content.model import Alert, AlertLevel, AlertStatus, Hazard
from beffroi_content.raster.canvas import AlertForm, Canvas
from beffroi_content.raster.dates import at_words, until_words
from beffroi_content.raster.fonts import Weight, face, snap_crisp
from beffroi_content.raster.legibility import floor_capital
from beffroi_content.raster.palettes import BLACK, WHITE, AlertPalette, alert_palette, mix
from beffroi_content.raster.scene import Fill, Letters, Page, Sign, Stripes, Symbol
from beffroi_content.raster.templates.frame import Grid, fit_hierarchy, line_that_fits, middle_baseline, set_column
from beffroi_content.raster.text import Block, Column, Measure, Row, fit
from beffroi_content.raster.typography import typeset
from beffroi_content.raster.words import level_word, phrase, status_words

MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class _Notice:
    """An alert in words and colours, for one canvas."""

    canvas: Canvas
    grid: Grid
    palette: AlertPalette
    sign: Sign
    word: str
    title: str
    description: str
    instruction: str
    source: str
    until: str
    status: AlertStatus
    is_emergency: bool
    pictogram: Sign | None
    """What people are warned of; None where only the level is known, or the alert is over."""

    @property
    def is_mono(self) -> bool:
        return self.canvas.screen_class.colour_depth == 1


def lay_out(alert: Alert, form: AlertForm, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of an alert, 20 at most, for any valid alert and any canvas."""
    notice = _notice(alert, form, canvas)
    if form == AlertForm.BANNER:
        return _banner(notice)
    return _panel(notice) if notice.grid.crisp else _takeover(notice)


def _notice(alert: Alert, form: AlertForm, canvas: Canvas) -> _Notice:
    locale, zone = canvas.locale, canvas.time_zone
    is_over = form == AlertForm.ALL_CLEAR
    ended = phrase("since", locale).format(time=at_words(alert.ends_at_ms, zone, locale))
    until = ended if is_over else until_words(alert.ends_at_ms, alert.issued_at_ms, zone, locale)
    return _Notice(
        canvas=canvas,
        grid=Grid.of(canvas),
        palette=alert_palette(alert.level, is_over, canvas.screen_class.colour_depth),
        sign=Sign.CHECK if is_over else Sign.INFORMATION if alert.level.rank == 0 else Sign.WARNING,
        word=phrase("all-clear", locale) if is_over else level_word(alert.level, locale),
        # Of a title without anything to see, the word of the level remains.
        title=typeset(alert.title, locale) or level_word(alert.level, locale),
        description="" if is_over else typeset(alert.description, locale),
        instruction="" if is_over else typeset(alert.instruction, locale),
        source=typeset(alert.source, locale),
        until=typeset(until, locale),
        status=alert.status,
        is_emergency=alert.level is AlertLevel.EMERGENCY and not is_over,
        pictogram=None if is_over or alert.hazard is Hazard.GENERAL else Sign(alert.hazard),
    )


def _takeover(notice: _Notice) -> tuple[Page, ...]:
    grid, palette = notice.grid, notice.palette
    band, foot = _status_height(notice), _foot_height(grid)
    head = round(grid.foot * (2.6 if notice.sign is Sign.CHECK else 1.55))
    top = band + head + round(grid.margin * 0.9)
    height = grid.height - foot - round(grid.margin * 0.8) - top
    measure = Measure(grid.width - 2 * grid.margin, max(1, height), max(1, height), False, notice.canvas.locale)
    largest = round(grid.largest * 1.25)
    column = fit_hierarchy([_blocks(notice, s) for s in _title_scales(notice)], measure, grid.smallest, largest)
    if len(column.pages) > MOST_PAGES:
        column = fit(_blocks(notice, 1.0), measure, floor_capital(notice.canvas), grid.smallest)
    shown = _limited(column, notice, measure)
    pages = []
    for number, rows in enumerate(shown, 1):
        page = Page(notice.canvas.size, palette.ground)
        _add_head(page, notice, band, head)
        _add_status(page, notice, band)
        slack = max(0, height - rows[-1].bottom)
        set_column(page, rows, grid.margin, top + round(slack * 0.4), column)
        _add_foot(page, notice, (number, len(shown)))
        pages.append(page)
    return tuple(pages)


def _title_scales(notice: _Notice) -> tuple[float, ...]:
    """An alert that is over is told by its head; its title only says which one it was."""
    return (1.0,) if notice.sign is Sign.CHECK else (2.1, 1.8, 1.5, 1.25)


def _blocks(notice: _Notice, scale: float) -> list[Block]:
    palette = notice.palette
    crisp = notice.grid.crisp
    limit = round(1.35 * notice.grid.title)
    blocks = [Block(notice.title, Weight.BOLD, scale, palette.ink, leading=1.55, is_balanced=True, limit=limit)]
    if notice.description:
        gap = 2 if crisp else 1.3
        blocks.append(Block(notice.description, Weight.SEMIBOLD, 1.0, palette.ink, gap=gap))
    if notice.instruction and crisp:
        blocks.append(Block(notice.instruction, Weight.BOLD, 1.0, palette.ink, gap=2))
    elif notice.instruction:
        card = {"panel": palette.card, "gap": 1.2}
        heading = phrase("do", notice.canvas.locale)
        blocks.append(Block(typeset(heading, notice.canvas.locale), Weight.BOLD, 0.8, palette.card_accent, **card))  # type: ignore[arg-type]
        blocks.append(Block(notice.instruction, Weight.BOLD, 1.0, palette.card_ink, 0.8, panel=palette.card))
    return blocks


def _add_head(page: Page, notice: _Notice, top: int, height: int) -> None:
    """Add the symbol and the word of the level: always first, always at the top left."""
    grid, palette = notice.grid, notice.palette
    ground, ink = (palette.ink, palette.ground) if notice.is_emergency else (palette.ground, palette.ink)
    strip = ground if notice.is_emergency else mix(ground, BLACK, 0.16)
    page.add(Fill((0, top, grid.width, top + height), strip))
    size = round(height * 0.74)
    y = top + (height - size) // 2
    page.add(Symbol((grid.margin, y, grid.margin + size, y + size), notice.sign, ink, strip))
    left = grid.margin + size + round(size * 0.3)
    room = grid.width - left - grid.margin
    if notice.pictogram and room > 4 * size:
        right = grid.width - grid.margin
        page.add(Symbol((right - size, y, right, y + size), notice.pictogram, ink, strip))
        room -= round(1.3 * size)
    text, style = line_that_fits((notice.word,), Weight.BOLD, round(height * 0.36), room, crisp=False)
    page.add(Letters(left, middle_baseline(top, top + height, style), text, style, ink))


def _status_height(notice: _Notice) -> int:
    if notice.status is AlertStatus.ACTUAL:
        return 0
    return max(notice.grid.foot, 9) if not notice.grid.crisp else min(notice.grid.height, _strip_height(notice))


def _add_status(page: Page, notice: _Notice, height: int) -> None:
    """Add the band that says that this is not real."""
    if notice.status is AlertStatus.ACTUAL:
        return
    word, sentence = status_words(notice.status, notice.canvas.locale)
    width = notice.grid.width
    stripe = max(3, height // 8)
    page.add(Fill((0, 0, width, height), BLACK))
    page.add(Stripes((0, 0, width, stripe), (255, 212, 0), BLACK))
    page.add(Stripes((0, height - stripe, width, height), (255, 212, 0), BLACK))
    room = width - 2 * notice.grid.margin
    texts = (f"{word} · {sentence}", f"{word} · {word} · {word}", word)
    text, style = line_that_fits(texts, Weight.BOLD, round(height * 0.33), room, crisp=False)
    left = round((width - face(style).width(text)) / 2)
    page.add(Letters(left, middle_baseline(0, height, style), text, style, WHITE))


def _foot_height(grid: Grid) -> int:
    return grid.foot if grid.is_wide else round(grid.foot * 1.55)


def _add_foot(page: Page, notice: _Notice, number: tuple[int, int]) -> None:
    """Add who speaks and until when: side by side on a wide page, one above the other on a tall one."""
    grid, palette = notice.grid, notice.palette
    top, capital, room = grid.height - _foot_height(grid), max(7, round(grid.foot * 0.32)), grid.width - 2 * grid.margin
    page.add(Fill((0, top, grid.width, grid.height), mix(palette.ground, BLACK, 0.16)))
    until = f"{notice.until}  ·  {number[0]} / {number[1]}" if number[1] > 1 else notice.until
    share = 0.55 if grid.is_wide else 1.0
    text, style = line_that_fits((until,), Weight.BOLD, capital, room * share, crisp=False)
    wide = round(face(style).width(text))
    middle = (top + grid.height) // 2
    span = (top, grid.height) if grid.is_wide else (middle - capital // 3, grid.height)
    left = grid.width - grid.margin - wide if grid.is_wide else grid.margin
    page.add(Letters(left, middle_baseline(*span, style), text, style, palette.ink))
    span = (top, grid.height) if grid.is_wide else (top, middle + capital // 3)
    rest = room - wide - grid.margin if grid.is_wide else room
    text, style = line_that_fits((notice.source,), Weight.SEMIBOLD, capital, rest, crisp=False)
    page.add(Letters(grid.margin, middle_baseline(*span, style), text, style, palette.ink))


def _limited(column: Column, notice: _Notice, measure: Measure) -> tuple[tuple[Row, ...], ...]:
    """Return at most 20 pages; if that is not all of them, the last one ends by saying so."""
    if len(column.pages) <= MOST_PAGES:
        return column.pages
    text = phrase("cut", notice.canvas.locale).format(source=notice.source)
    block = Block(text, Weight.BOLD, 1.0, notice.palette.ink)
    remark = fit([block], measure, column.base, column.base).pages[0]
    rows = column.pages[MOST_PAGES - 1]
    kept = tuple(row for row in rows if row.bottom + remark[-1].bottom <= measure.later)
    start = kept[-1].bottom if kept else 0
    moved = tuple(
        replace(row, top=row.top + start, bottom=row.bottom + start, baseline=row.baseline + start) for row in remark
    )
    return (*column.pages[: MOST_PAGES - 1], kept + moved)


# Small panels: a strip with symbol and word, and the text below it.


def _strip_height(notice: _Notice) -> int:
    height = notice.grid.height
    return 0 if height < 24 else max(11, min(round(height * 0.17), 40))


def _panel(notice: _Notice) -> tuple[Page, ...]:
    grid, palette = notice.grid, notice.palette
    strip = _strip_height(notice)
    top = strip + (2 if strip else 0)
    measure = Measure(
        max(1, grid.width - 4), max(1, grid.height - top), max(1, grid.height - top), True, notice.canvas.locale
    )
    tail = Block("\n".join((notice.source, notice.until)), Weight.REGULAR, 1.0, palette.ink, gap=2, is_kept=True)
    prefix = "" if strip else _strip_word(notice) + " : "
    named = replace(notice, title=prefix + notice.title)
    candidates = [[*_blocks(named, scale), tail] for scale in (1.6, 1.3, 1.0)]
    column = fit_hierarchy(candidates, measure, grid.smallest, max(grid.smallest, grid.height // 4))
    if len(column.pages) > MOST_PAGES:
        column = fit(candidates[-1], measure, 5, 6)
    pages = []
    for rows in _limited(column, notice, measure):
        page = Page(notice.canvas.size, palette.ground)
        if strip:
            _add_strip(page, notice, strip)
        slack = max(0, measure.first - rows[-1].bottom) if rows else 0
        set_column(page, rows, 2, top + slack // 2, column)
        pages.append(page)
    return tuple(pages)


def _strip_word(notice: _Notice) -> str:
    word, _ = status_words(notice.status, notice.canvas.locale)
    return f"{word} {notice.word}".strip()


def _add_strip(page: Page, notice: _Notice, height: int) -> None:
    """Add symbol and word; an exercise takes the strip over, in black with stripes."""
    grid, palette = notice.grid, notice.palette
    word, _ = status_words(notice.status, notice.canvas.locale)
    ground, ink = (palette.ink, palette.ground) if not word else (BLACK, WHITE)
    page.add(Fill((0, 0, grid.width, height), ground))
    left = 2
    if grid.width >= 48:
        size = height - 2
        page.add(Symbol((1, 1, 1 + size, 1 + size), notice.sign, ink, ground))
        left = size + 4
    capital = snap_crisp(max(5, round(height * 0.62)))
    text, style = line_that_fits(
        (f"{word} {notice.word}".strip(),), Weight.BOLD, capital, grid.width - left, crisp=True
    )
    end = left + round(face(style).width(text))
    if notice.pictogram and not word and height >= 12 and end + height + 2 <= grid.width:
        corner = grid.width - height + 1
        page.add(Symbol((corner, 1, corner + height - 2, height - 1), notice.pictogram, ink, ground))
    page.add(Letters(left, middle_baseline(0, height, style), text, style, ink))
    right = left + round(face(style).width(text)) + 3
    if word and right < grid.width:
        page.add(Stripes((right, 1, grid.width, height - 1), WHITE if notice.is_mono else (255, 212, 0), BLACK))


# Banners: the symbol on the left, the text beside it.


def _banner(notice: _Notice) -> tuple[Page, ...]:
    grid, palette = notice.grid, notice.palette
    width, height = notice.canvas.size
    pad = (1 if height < 40 else 3) if grid.crisp else round(height * 0.1)
    size = height - 2 * pad
    has_sign = width >= 3 * height
    left = 2 * pad + size + (2 if grid.crisp else round(size * 0.12)) if has_sign else pad
    measure = Measure(
        max(1, width - left - 2 * pad),
        max(1, height - 2 * pad),
        max(1, height - 2 * pad),
        grid.crisp,
        notice.canvas.locale,
    )
    column = _banner_column(notice, measure)
    pages = []
    for rows in _limited(column, notice, measure):
        page = Page(notice.canvas.size, palette.ground)
        if has_sign:
            page.add(Symbol((pad, pad, pad + size, pad + size), notice.sign, palette.ink, palette.ground))
        if notice.status is not AlertStatus.ACTUAL and not grid.crisp:
            stripe = max(2, pad // 2)
            page.add(Stripes((0, 0, width, stripe), (255, 212, 0), BLACK))
            page.add(Stripes((0, height - stripe, width, height), (255, 212, 0), BLACK))
        slack = max(0, measure.first - rows[-1].bottom) if rows else 0
        set_column(page, rows, left, pad + slack // 2, column)
        pages.append(page)
    return tuple(pages)


def _banner_column(notice: _Notice, measure: Measure) -> Column:
    ink, crisp = notice.palette.ink, notice.grid.crisp
    title = f"{_strip_word(notice)} · {notice.title}"
    body = "\n".join(text for text in (notice.description, notice.instruction) if text)
    tail = f"{notice.source} · {notice.until}"
    gap = 1.0 if crisp else 0.7

    def blocks(scale: float) -> list[Block]:
        texts = [Block(title, Weight.BOLD, scale, ink, leading=1.5, is_balanced=True)]
        if body:
            texts.append(Block(body, Weight.SEMIBOLD, 1.0, ink, gap=gap, leading=1.7))
        return [*texts, Block(tail, Weight.REGULAR, 1.0, ink, gap=gap, leading=1.7, is_kept=True)]

    grid = notice.grid
    largest = max(grid.smallest, round(grid.height * 0.3))
    smallest = min(grid.smallest, max(floor_capital(notice.canvas), round(grid.height * 0.14)))
    column = fit_hierarchy([blocks(1.5), blocks(1.2), blocks(1.0)], measure, smallest, largest)
    if len(column.pages) > MOST_PAGES:
        column = fit(blocks(1.0), measure, floor_capital(notice.canvas), smallest)
    return column
