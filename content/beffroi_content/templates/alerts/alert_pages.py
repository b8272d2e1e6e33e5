"""Alert pages: one page of slots in each form, and a second and third one for what has no room on it.

Every page of every form says the level by a word, a sign and its ground, the end, and whether it is an exercise; the
first page says what to do. Nothing is cut: what has no room is named, so that whoever writes knows.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from beffroi_content.model import Alert, AlertForm
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page
from beffroi_content.templates.alerts.alert_design import design_alert
from beffroi_content.templates.alerts.page_composition import MOST_PAGES, Role
from beffroi_content.templates.alerts.panel_pages import is_turned, lay_out_panel, turned
from beffroi_content.templates.alerts.screen_pages import lay_out_banner, lay_out_screen

__all__ = ["MOST_PAGES", "AlertLayout", "lay_out"]

_LEAST_SCREEN = 160
"""Pixels of height under which a zone of a large screen is laid out like a band."""


@dataclass(frozen=True, slots=True)
class AlertLayout:
    """The pages of an alert before painting, and what they say."""

    pages: tuple[Page, ...]
    left_out: tuple[str, ...] = ()
    """Sentences that have no room on this class of screens; the address or number of the alert leads to them."""
    first_says: tuple[str, ...] = ()
    """What the first page says, sentence by sentence."""
    has_order: bool = False
    """Whether the first page says what to do."""
    languages: tuple[str, ...] = ()
    """The language of each page; empty where all are in one."""


def lay_out(alert: Alert, form: AlertForm, canvas: Canvas) -> AlertLayout:
    """Return the pages of an alert, 3 at most in each language, for any valid alert and any canvas.

    The first pages of all languages come before their second pages: nobody waits long for what to do.
    """
    shown = alert.shown_in(canvas.languages, canvas.locale)
    found = [_lay_out_language(each, form, replace(canvas, locale=language)) for language, each in shown]
    if len(found) == 1:
        return found[0]
    turns = itertools.zip_longest(
        *([(language, page) for page in each.pages] for (language, _), each in zip(shown, found, strict=True))
    )
    in_turn = [visit for turn in turns for visit in turn if visit is not None]
    return replace(
        found[0],
        pages=tuple(page for _, page in in_turn),
        languages=tuple(language for language, _ in in_turn),
        left_out=tuple(sentence for each in found for sentence in each.left_out),
    )


def _lay_out_language(alert: Alert, form: AlertForm, canvas: Canvas) -> AlertLayout:
    if is_turned(canvas):
        found = _lay_out_language(alert, form, turned(canvas))
        for page in found.pages:
            page.is_turned = True
        return found
    design = design_alert(alert, form, canvas)
    if design.grid.crisp:
        pages, composed = lay_out_panel(design)
    elif design.is_banner or canvas.size[1] < _LEAST_SCREEN:
        pages, composed = lay_out_banner(replace(design, is_banner=True))
    else:
        pages, composed = lay_out_screen(design)
    first = composed.pages[0].sentences
    return AlertLayout(
        pages,
        composed.left_out,
        tuple(sentence.text for sentence in first if sentence.role is not Role.CLOSING),
        any(sentence.role is Role.ORDER for sentence in first),
    )
