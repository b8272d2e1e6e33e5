"""Poll: the answers to a question with their shares as bars."""

from __future__ import annotations

from collections.abc import Sequence

from beffroi_content.model.widgets import PollOption, PollWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight, font_face
from beffroi_content.templates.declarations import LocalisedText, RowFormat, WidgetTemplate
from beffroi_content.templates.widget_layout.phrases import number_text, phrase, share_text
from beffroi_content.templates.widget_layout.stale_data import missing_data_page, source_note
from beffroi_content.templates.widget_layout.widget_page import WidgetPage, fit_one_line, open_widget_page, put_line


def poll_page(widget: PollWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the answers with their shares as bars."""
    if page := missing_data_page(widget, canvas, at_ms, widget.title, needs_time=False):
        return page
    total = sum(option.votes for option in widget.options)
    votes = phrase("votes" if total > 1 else "vote", canvas.locale, count=number_text(total, canvas.locale))
    board = open_widget_page(canvas, widget.title, source_note(widget, canvas, at_ms), votes)
    left, top, right, _bottom = board.box
    least = board.line_height(board.text_style(FontWeight.BOLD, board.smallest_capital))
    free = max(1, min(len(widget.options), board.height // max(1, least)))
    ranked = sorted(widget.options, key=lambda option: -option.votes)
    shown = widget.options if free == len(widget.options) else tuple(ranked[:free])
    tall = min(board.height // free, round(board.grid.title * 2))
    y = top + (board.height - tall * free) // 2
    capital = max(board.smallest_capital, min(board.grid.largest, tall * 0.24))
    capital = _common_capital(board, [option.label for option in shown], capital)
    for option in shown:
        is_first = option.votes == ranked[0].votes and total > 0
        _add_bar(board, option.label, (option.votes, total), is_first, (left, y, right, y + tall), capital)
        y += tall
    return board.page


def _common_capital(board: WidgetPage, labels: Sequence[str], largest: float) -> float:
    """Return the capital height at which the longest label fits beside its share.

    All labels get that size, so that none looks less important by its letters.
    """
    percent = font_face(board.text_style(FontWeight.BOLD, largest)).text_width("100 %")
    width, least = board.width - percent - largest, board.smallest_capital * 0.75
    capital = largest
    for label in labels:
        _, style = fit_one_line(board, label, FontWeight.BOLD, capital, width, least=least)
        capital = min(capital, style.capital)
    return capital


def _add_bar(board: WidgetPage, label: str, votes: tuple[int, int], is_first: bool, box: Box, capital: float) -> None:
    left, top, right, bottom = box
    percent, style = fit_one_line(
        board, share_text(*votes, board.locale), FontWeight.BOLD, capital, (right - left) * 0.4
    )
    taken = round(font_face(style).text_width(percent)) + max(2, round(capital))
    line = min(bottom - top, board.line_height(style))
    text, small = fit_one_line(
        board,
        label,
        FontWeight.BOLD if is_first else FontWeight.REGULAR,
        capital,
        right - left - taken,
        least=board.smallest_capital * 0.75,
    )
    colour = board.palette.accent if is_first else board.palette.ink
    put_line(board, text, small, (left, top, right, top + line), board.palette.ink)
    put_line(board, percent, style, (left, top, right, top + line), colour, "right")
    thick = min(round((bottom - top - line) * 0.55), round(capital * 1.1))
    if thick < 1:
        return
    radius = 0 if board.crisp else thick // 2
    if not board.crisp:
        board.page.add(FilledBox((left, top + line, right, top + line + thick), board.palette.tint, radius))
    wide = round((right - left) * votes[0] / max(1, votes[1]))
    fill: Rgb = board.palette.band if is_first else board.palette.soft_ink
    if wide > 0:
        board.page.add(FilledBox((left, top + line, left + max(wide, thick), top + line + thick), fill, radius))


def _sample() -> PollWidget:
    return PollWidget(
        title="Où installer le kiosque ?",
        options=(
            PollOption(label="Place de l’Hôtel-de-Ville", votes=212),
            PollOption(label="Parc de la Vire", votes=148),
            PollOption(label="Ancienne gare", votes=64),
        ),
    )


TEMPLATE = WidgetTemplate(
    name="poll",
    position=250,
    label=LocalisedText(en="Poll result", fr="Résultat d’un vote"),
    summary=LocalisedText(
        en="a line of the text for each answer with its votes, such as “Yes: 120”; the title is the question",
        fr="une ligne du texte par réponse avec ses voix, par exemple « Oui : 120 » ; le titre est la question",
    ),
    icon='<path d="M4 6h12M4 12h16M4 18h8"/>',
    hint=LocalisedText(
        en="Each line is an answer with its votes: “Yes: 120”. The title is the question.",
        fr="Chaque ligne est une réponse avec ses voix : « Oui : 120 ». Le titre est la question.",
    ),
    rows=RowFormat(
        separator=":", columns=(LocalisedText(en="Answer", fr="Réponse"), LocalisedText(en="Votes", fr="Voix"))
    ),
    widget=PollWidget,
    layout=poll_page,
    sample=_sample,
)
