"""Counter: a number, what it counts, and how it has changed."""

from __future__ import annotations

from beffroi_content.model.widgets import CounterWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.declarations import LocalisedText, TemplateField, WidgetTemplate
from beffroi_content.templates.widget_layout.phrases import number_text
from beffroi_content.templates.widget_layout.stale_data import missing_data_page, source_note
from beffroi_content.templates.widget_layout.widget_page import add_paragraph, open_widget_page

_NARROW = "\N{NARROW NO-BREAK SPACE}"


def counter_page(widget: CounterWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return a number, as large as it can be, over what it counts."""
    if page := missing_data_page(widget, canvas, at_ms, widget.title, needs_time=False):
        return page
    board = open_widget_page(canvas, widget.title, source_note(widget, canvas, at_ms))
    value = number_text(widget.value, canvas.locale) + (_NARROW + widget.unit if widget.unit else "")
    change = ""
    if widget.change is not None:
        arrow = "▲" if widget.change > 0 else "▼" if widget.change < 0 else "="
        change = f"{arrow} {number_text(widget.change, canvas.locale, signed=True)} {widget.change_label}".strip()
    ink, soft, accent = board.palette.ink, board.palette.soft_ink, board.palette.accent
    parts = [(value, FontWeight.BOLD, 0.8, accent), (widget.label, FontWeight.SEMIBOLD, 0.17, ink)]
    add_paragraph(board, [*parts, (change, FontWeight.REGULAR, 0.13, soft)], board.box)
    return board.page


def _sample() -> CounterWidget:
    return CounterWidget(
        title="Passages de vélos",
        value=128450,
        label="passages sur la voie verte cette année",
        change=312,
        change_label="depuis hier",
    )


TEMPLATE = WidgetTemplate(
    name="counter",
    position=310,
    label=LocalisedText(en="Counter", fr="Compteur"),
    summary=LocalisedText(en="a number and what it counts", fr="un nombre et ce qu’il compte"),
    icon='<rect x="3" y="7" width="18" height="10" rx="1.5"/><path d="M9 7v10m6-10v10M6 10.5v3m6-3v3m6-3v3"/>',
    widget=CounterWidget,
    fields=frozenset({TemplateField.FIGURE}),
    hint=LocalisedText(
        en="The figure is the number, with its unit. The first line of the text says what is counted, the second one"
        " what has changed: “+312 since yesterday”.",
        fr="Le chiffre est le nombre, avec son unité. La première ligne du texte dit ce qui est compté, la deuxième"
        " l’évolution : « +312 depuis hier ».",
    ),
    layout=counter_page,
    sample=_sample,
)
