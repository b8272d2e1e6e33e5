"""Gauge: a value on a scale of colours."""

from __future__ import annotations

from beffroi_content.model.widgets import GaugeSegment, GaugeWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import WHITE, parse_colour
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.declarations import LocalisedText, RowFormat, TemplateField, WidgetTemplate
from beffroi_content.templates.samples import HOUR_MS, SAMPLE_AT_MS
from beffroi_content.templates.widget_layout.phrases import number_text
from beffroi_content.templates.widget_layout.stale_data import missing_data_page, source_note
from beffroi_content.templates.widget_layout.widget_page import WidgetPage, add_paragraph, open_widget_page

_NARROW = "\N{NARROW NO-BREAK SPACE}"


def gauge_page(widget: GaugeWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return a value, its word, and where it lies on the scale."""
    if page := missing_data_page(widget, canvas, at_ms, widget.title, needs_time=False):
        return page
    board = open_widget_page(canvas, widget.title, source_note(widget, canvas, at_ms))
    left, top, right, bottom = board.box
    is_tall = board.height >= (24 if board.crisp else 60)
    bar = max(2, round(min(board.height * 0.12, board.grid.title * 0.8))) if is_tall else 0
    low = bottom - 2 * bar if bar else bottom
    segment = widget.segments[widget.segment_index]
    value = number_text(widget.value, canvas.locale) + (_NARROW + widget.unit if widget.unit else "")
    parts = [(segment.word or value, FontWeight.BOLD, 0.5, board.palette.ink)]
    if segment.word:
        parts.append((value, FontWeight.SEMIBOLD, 0.24, board.palette.accent))
    parts.append((widget.advice if not board.crisp else "", FontWeight.REGULAR, 0.12, board.palette.soft_ink))
    add_paragraph(board, parts, (left, top, right, low - bar // 2))
    if bar:
        _add_scale(board, widget, (left, low, right, low + bar))
    return board.page


def _add_scale(board: WidgetPage, widget: GaugeWidget, box: Box) -> None:
    left, top, right, bottom = box
    gap = 1 if board.crisp else max(2, (bottom - top) // 10)
    is_mono = board.canvas.screen_class.colour_depth == 1
    wide = (right - left + gap) / len(widget.segments)
    for number, segment in enumerate(widget.segments):
        x, end = left + round(number * wide), left + round((number + 1) * wide) - gap
        is_own = number == widget.segment_index
        colour = parse_colour(segment.colour) if not is_mono else WHITE
        # The own segment is twice as high: colour alone does not say which one it is.
        rise = (bottom - top) // 2 if not is_own else 0
        board.page.add(FilledBox((x, top + rise, max(x + 1, end), bottom), colour, 0 if board.crisp else gap * 2))
    starts = [widget.least, *(segment.until for segment in widget.segments)]
    low, high = starts[widget.segment_index], starts[widget.segment_index + 1]
    part = min(1.0, max(0.0, (widget.value - low) / (high - low)))
    x = left + round((widget.segment_index + part) * wide - gap * part)
    size = max(2, (bottom - top) // 2)
    x = min(max(left, x - size // 2), max(left, right - size))
    mark = bottom + gap
    board.page.add(FilledBox((x, mark, x + size, mark + size), board.palette.ink, size // 2))


AIR_QUALITY = (
    ("bon", "#50f0e6"),
    ("moyen", "#50ccaa"),
    ("dégradé", "#f0e641"),
    ("mauvais", "#ff5050"),
    ("très mauvais", "#960032"),
)


def _sample() -> GaugeWidget:
    return GaugeWidget(
        title="Qualité de l’air",
        value=47,
        segments=tuple(
            GaugeSegment(until=20 * number, word=word, colour=colour)
            for number, (word, colour) in enumerate(AIR_QUALITY, 1)
        ),
        advice="Vous pouvez sortir et faire du sport comme d’habitude.",
        source="Atmo Normandie",
        fetched_at_ms=SAMPLE_AT_MS - HOUR_MS,
    )


TEMPLATE = WidgetTemplate(
    name="gauge",
    position=320,
    label=LocalisedText(en="Gauge", fr="Jauge"),
    summary=LocalisedText(en="a value on a scale of colours", fr="une valeur sur une échelle de couleurs"),
    icon='<path d="M4 17a8 8 0 0 1 16 0M12 17l4-5M4 20.5h16"/>',
    widget=GaugeWidget,
    fields=frozenset({TemplateField.FIGURE}),
    hint=LocalisedText(
        en="The figure is the value. Each row is a part of the scale: up to which value it reaches, its word, and its"
        " colour such as #50ccaa. Without rows, it is the scale of the quality of the air.",
        fr="Le chiffre est la valeur. Chaque ligne est une partie de l’échelle : jusqu’à quelle valeur elle va, son mot"
        " et sa couleur, par exemple #50ccaa. Sans ligne, c’est l’échelle de la qualité de l’air.",
    ),
    rows=RowFormat(
        separator="|",
        columns=(
            LocalisedText(en="Up to", fr="Jusqu’à"),
            LocalisedText(en="Word", fr="Mot"),
            LocalisedText(en="Colour", fr="Couleur"),
        ),
    ),
    layout=gauge_page,
    sample=_sample,
)
