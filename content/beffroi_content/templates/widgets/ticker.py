"""Ticker: short messages, one after the other."""

from __future__ import annotations

from beffroi_content.model.widgets import MESSAGE_MS, TickerMessage, TickerWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.declarations import LocalisedText, WidgetTemplate
from beffroi_content.templates.widget_layout.stale_data import message_page
from beffroi_content.templates.widget_layout.widget_page import add_paragraph, open_widget_page


def ticker_page(widget: TickerWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the message whose turn it is; while nobody knows the time, one that never ends."""
    messages = [
        each.text for each in widget.messages if each.until_ms is None or (at_ms is not None and at_ms < each.until_ms)
    ]
    if not messages:
        return message_page(canvas, widget.title, "no-items")
    # The instant alone decides which message is on, so that all screens show the same one without talking to each
    # other.
    text = messages[0 if at_ms is None else at_ms // MESSAGE_MS % len(messages)]
    board = open_widget_page(canvas, widget.title)
    add_paragraph(board, [(text, FontWeight.BOLD, 0.55 if not board.crisp else 1.0, board.palette.ink)], board.box)
    return board.page


def _sample() -> TickerWidget:
    return TickerWidget(
        title="En bref",
        messages=(
            TickerMessage(text="La piscine est fermée jusqu’à vendredi"),
            TickerMessage(text="Stationnement interdit place du Marché samedi"),
        ),
    )


TEMPLATE = WidgetTemplate(
    name="ticker",
    position=230,
    label=LocalisedText(en="Short messages", fr="Messages brefs"),
    summary=LocalisedText(
        en="a line of the text for each message, one after the other; on ribbons they scroll",
        fr="une ligne du texte par message, l’un après l’autre ; sur les écrans en ruban, ils défilent",
    ),
    icon='<rect x="3" y="8" width="18" height="8" rx="1.5"/><path d="M6.5 12h5m3 0h3"/>',
    hint=LocalisedText(
        en="Each line is a message; they follow one another.",
        fr="Chaque ligne est un message ; ils se suivent.",
    ),
    widget=TickerWidget,
    layout=ticker_page,
    sample=_sample,
)
