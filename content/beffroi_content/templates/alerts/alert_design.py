"""Design of an alert on a canvas: its texts as they are drawn, its colours and signs, and the sizes of its letters."""

from __future__ import annotations

from dataclasses import dataclass, replace

from beffroi_content.condensing import CondensedAlert, condense_alert, headline_subject
from beffroi_content.model import GENERAL_HAZARD, Alert, AlertForm, AlertLevel
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.graphics.palettes import AlertPalette, alert_palette
from beffroi_content.raster.graphics.pictograms import Pictogram
from beffroi_content.raster.legibility import is_crisp, minimum_capital, target_capital
from beffroi_content.raster.text.dates import instant_text, short_until_text, until_text
from beffroi_content.raster.text.fonts import snap_to_bitmap_size
from beffroi_content.raster.text.phrases import level_name, phrase_at, phrases_of, status_phrases
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import PageGrid
from beffroi_content.templates.registry import hazard_declarations

_SIGNS = {
    AlertLevel.INFORMATION: pictograms.INFORMATION,
    AlertLevel.VIGILANCE: pictograms.ATTENTION,
    AlertLevel.ALERT: pictograms.WARNING,
    AlertLevel.EMERGENCY: pictograms.EMERGENCY,
}
_STEP = 1.12
"""Each size of the scale of letters is that much larger than the one before."""


@dataclass(frozen=True, slots=True)
class AlertDesign:
    """The texts, colours and sizes of an alert, for one canvas."""

    canvas: Canvas
    grid: PageGrid
    palette: AlertPalette
    level: AlertLevel
    is_over: bool
    is_banner: bool
    sign: Pictogram
    """The sign of the level: each has a shape of its own."""
    hazard: Pictogram | None
    """The pictogram of the hazard; None where only the level is known, or the alert is over."""
    hazard_name: str
    word: str
    """The name of the level, in capitals."""
    status_word: str
    """“EXERCICE” or “TEST”; empty for a real alert."""
    status_sentence: str
    texts: CondensedAlert
    untils: tuple[str, ...]
    """The end, in ever shorter forms."""
    source: str
    corrected: str
    phone: str
    link: str
    sizes: tuple[int, ...]
    """Capital heights of what to do, ascending; the first is the least that can be read on this class of screens."""

    @property
    def is_mono(self) -> bool:
        """Whether the screen has one colour only."""
        return self.canvas.screen_class.colour_depth == 1

    @property
    def is_real(self) -> bool:
        """Whether people must act on it."""
        return not self.status_word

    @property
    def pictogram(self) -> Pictogram:
        """What is drawn large: the hazard, or the sign of the level where none is known."""
        return self.hazard or self.sign


def design_alert(alert: Alert, form: AlertForm, canvas: Canvas) -> AlertDesign:
    """Return the design of an alert in a form on a canvas."""
    locale, zone = canvas.locale, canvas.time_zone
    is_over = form is AlertForm.ALL_CLEAR
    is_in_band = form is AlertForm.BANNER or (
        is_over and alert.level is AlertLevel.VIGILANCE and canvas.size[1] < canvas.screen_class.height
    )
    grid = PageGrid.for_canvas(canvas)
    status_word, status_sentence = status_phrases(alert.status, locale)
    known = alert.hazard != GENERAL_HAZARD
    hazard = hazard_declarations()[alert.hazard] if known else None
    # Elsewhere the pictogram says it.
    hazard_name = hazard.label.in_language(locale) if hazard and locale in {"fr", "en"} else ""
    corrected = (
        phrases_of(locale).corrected.format(time=instant_text(alert.corrected_at_ms, zone, locale))
        if (alert.corrected_at_ms is not None and not is_over)
        else ""
    )
    return AlertDesign(
        canvas=canvas,
        grid=grid,
        palette=alert_palette(alert.level, is_over, canvas.screen_class.colour_depth),
        level=alert.level,
        is_over=is_over,
        is_banner=is_in_band,
        sign=pictograms.CHECK if is_over else _SIGNS[alert.level],
        hazard=hazard.pictogram if hazard and not is_over else None,
        hazard_name=typeset_text(hazard_name, locale),
        word=phrases_of(locale).all_clear if is_over else level_name(alert.level, locale),
        status_word=status_word,
        status_sentence=typeset_text(status_sentence, locale),
        texts=_all_clear_texts(alert, hazard_name, locale) if is_over else _alert_texts(alert, locale),
        untils=_untils(alert, is_over, canvas),
        source=typeset_text(alert.source, locale),
        corrected=typeset_text(corrected, locale),
        phone=typeset_text(alert.phone, locale),
        link=alert.link if alert.link.startswith(("http://", "https://")) else "",
        sizes=_sizes(grid, canvas, is_in_band),
    )


def _alert_texts(alert: Alert, locale: str) -> CondensedAlert:
    def typeset(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(typeset_text(text, locale) for text in texts)

    # Of a title without anything to see, the name of the level remains.
    title = (typeset_text(alert.title, locale) and alert.title) or level_name(alert.level, locale).capitalize()
    found = condense_alert(title, alert.description, alert.instruction, alert.short_text, locale)
    return CondensedAlert(
        headlines=typeset(found.headlines),
        order=typeset_text(found.order, locale),
        order_clauses=typeset(found.order_clauses),
        short_order=typeset_text(found.short_order, locale),
        more_orders=typeset(found.more_orders),
        facts=typeset(found.facts),
    )


def _all_clear_texts(alert: Alert, hazard_name: str, locale: str) -> CondensedAlert:
    """Return what is said of an alert that is over: that it is, and which one it was, but never what to do."""
    subject = headline_subject(alert.title, locale) or hazard_name
    shorter = condense_alert(subject, "", "", "", locale).headlines if subject else ()
    forms = tuple(typeset_text(text, locale) for text in (*shorter, hazard_name) if text)
    over = typeset_text(phrases_of(locale).over, locale)
    return CondensedAlert(forms, over, (), "", (), ())


def _untils(alert: Alert, is_over: bool, canvas: Canvas) -> tuple[str, ...]:
    locale, zone = canvas.locale, canvas.time_zone
    if is_over:
        texts = [phrase_at(phrases_of(locale).since, instant_text(alert.ends_at_ms, zone, locale), locale)]
        texts.append(instant_text(alert.ends_at_ms, zone, locale))
    elif alert.is_open_ended:
        texts = [phrases_of(locale).open, phrases_of(locale).open_short]
    else:
        texts = [make(alert.ends_at_ms, alert.issued_at_ms, zone, locale) for make in (until_text, short_until_text)]
    typeset = [typeset_text(text, locale) for text in texts]
    narrow = typeset[-1].replace("\N{NARROW NO-BREAK SPACE}", "") if not alert.is_open_ended else typeset[-1]
    return (*typeset, narrow)


def _sizes(grid: PageGrid, canvas: Canvas, is_banner: bool) -> tuple[int, ...]:
    """Return the capital heights to choose from, in steps rather than in pixels: pages of a town look alike."""
    least = least_alert_capital(canvas)
    if not grid.crisp:
        least = max(grid.smallest, min(least, grid.height // 3))
    if is_banner:
        largest = max(least, round(min(grid.height * 0.45, 1.3 * target_capital(canvas.screen_class))))
    else:
        largest = max(least, round(1.5 * grid.title))
    found, size = [least], float(least)
    while (size := size * _STEP) <= largest:
        found.append(round(size))
    return tuple(sorted({snap_to_bitmap_size(each) for each in found} if grid.crisp else set(found)))


def least_alert_capital(canvas: Canvas) -> int:
    """Return the height in pixels under which no capital of an alert is drawn.

    That of the class of screens, also in a zone of it, which is read from as far; but 5 on a panel under 96 pixels wide
    or 48 high, which could not say what to do otherwise.
    """
    screen_class = canvas.screen_class
    if is_crisp(canvas) and (min(screen_class.size) < 48 or max(screen_class.size) < 96):
        return 5
    return minimum_capital(replace(canvas, size=screen_class.size))
