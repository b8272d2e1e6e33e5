"""Composition of an alert: which of its sentences stand on which page, and which stay out.

The first page always says what to do. What does not fit beside it goes to a second page, and what people must do to a
third, in order of importance; sentences are never cut. What has no room stays out, and is named. Who speaks stands
where there is room beside something else, and alone on a page only to say where the rest is.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from beffroi_content.condensing import is_conditional
from beffroi_content.raster.text.phrases import phrases_of
from beffroi_content.raster.text.text_fitting import FittedColumn
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.alerts.alert_design import AlertDesign

MOST_PAGES = 3


@dataclass(frozen=True, slots=True)
class PageBudget:
    """How many pages a text may open, by how much it matters."""

    orders: int
    """For other orders than the first; for that and the headline it is 3."""
    facts: int
    whole: int = MOST_PAGES


class Role(Enum):
    """What a text is for; it decides its letters, and how much is done to get it on a page."""

    HEADLINE = auto()
    ORDER = auto()
    """What to do first."""
    MORE_ORDER = auto()
    FACT = auto()
    CLOSING = auto()
    """Who speaks, and where the rest is, on panels; screens have a footer for it."""


@dataclass(frozen=True, slots=True)
class AlertSentence:
    """A sentence with its role."""

    role: Role
    text: str
    clauses: tuple[str, ...] = ()
    """The same in parts, each of which is whole by itself."""


class Region(Enum):
    """How much of a page is left to text."""

    BESIDE_PICTOGRAM = auto()
    """The pictogram has a third of the page."""
    BESIDE_SMALL_PICTOGRAM = auto()
    FULL = auto()


class TextSetter(Protocol):
    """Sets sentences into a region of a page."""

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions to try for the first page, the preferred one first."""
        ...

    def set_text(self, sentences: Sequence[AlertSentence], region: Region) -> FittedColumn | None:
        """Return the sentences as one page in the largest letters that have room; None where there is none."""
        ...

    def fits(self, sentences: Sequence[AlertSentence], region: Region) -> bool:
        """Tell whether the sentences have room in the smallest letters."""
        ...

    def set_running(self, sentences: Sequence[AlertSentence], region: Region) -> FittedColumn:
        """Return the sentences in the smallest letters on as many pages as they take, cut at the ends of lines."""
        ...


@dataclass(frozen=True, slots=True)
class ComposedPage:
    """A page before its frame is drawn."""

    region: Region
    column: FittedColumn
    sentences: tuple[AlertSentence, ...]


@dataclass(frozen=True, slots=True)
class Composition:
    """The pages of an alert, and the sentences that are on none of them."""

    pages: tuple[ComposedPage, ...]
    left_out: tuple[str, ...]


@dataclass
class _Draft:
    """Sentences by page while they are put in place."""

    setter: TextSetter
    budget: PageBudget
    pages: list[tuple[Region, list[AlertSentence]]] = field(default_factory=list)
    left_out: list[AlertSentence] = field(default_factory=list)

    def place_on(self, number: int, sentence: AlertSentence) -> bool:
        """Add a sentence to a page if it has room there; return whether it has."""
        region, placed = self.pages[number]
        if not self.setter.fits([*placed, sentence], region):
            return False
        placed.append(sentence)
        return True

    def place(self, sentence: AlertSentence) -> bool:
        """Add a sentence to the last page, or to a new one; return whether there was room for it."""
        if self.place_on(len(self.pages) - 1, sentence):
            return True
        if len(self.pages) < self._most_pages(sentence) and self.setter.fits([sentence], Region.FULL):
            self.pages.append((Region.FULL, [sentence]))
            return True
        return False

    def _most_pages(self, sentence: AlertSentence) -> int:
        if sentence.role in {Role.HEADLINE, Role.ORDER}:
            return self.budget.whole
        return self.budget.orders if sentence.role is Role.MORE_ORDER else self.budget.facts

    def place_all(self, sentences: Sequence[AlertSentence]) -> None:
        """Place sentences in their order; a fact that has no room takes those after it along."""
        are_facts_open = True
        for sentence in sentences:
            if sentence.role is Role.FACT and not are_facts_open:
                self.left_out.append(sentence)
            elif not self.place(sentence) and not self._place_clauses(sentence):
                self.left_out.append(sentence)
                are_facts_open &= sentence.role is not Role.FACT

    def _place_clauses(self, sentence: AlertSentence) -> bool:
        if sentence.role is Role.HEADLINE:
            # A shorter form of it stands for the whole; the whole is named as left out.
            any(self.place(AlertSentence(Role.HEADLINE, form)) for form in sentence.clauses)
            return False
        for number, clause in enumerate(sentence.clauses):
            if not self.place(AlertSentence(sentence.role, clause)):
                self.left_out += [AlertSentence(sentence.role, each) for each in sentence.clauses[number:]]
                break
        return bool(sentence.clauses)


def compose_pages(design: AlertDesign, setter: TextSetter, closing: str, budget: PageBudget) -> Composition:
    """Return the pages of an alert.

    Args:
        design: The alert on its canvas.
        setter: Sets sentences into the regions of its pages.
        closing: The line that says who speaks; empty where each page says so in its footer.
        budget: Pages that may be opened.
    """
    texts = design.texts
    tail = [AlertSentence(Role.CLOSING, closing)] if closing else []
    headline = [AlertSentence(Role.HEADLINE, text) for text in texts.headlines[:1]]
    more = [AlertSentence(Role.MORE_ORDER, text) for text in texts.more_orders]
    facts = [AlertSentence(Role.FACT, text) for text in texts.facts]
    order = [AlertSentence(Role.ORDER, texts.order, texts.order_clauses)] if texts.order else []
    whole = [*headline, *order, *more, *facts, *tail]
    for region in setter.regions:
        if (column := setter.set_text(whole, region)) is not None:
            return Composition((ComposedPage(region, column, tuple(whole)),), ())
    draft = _Draft(setter, budget)
    rest = _open_first_page(design, draft)
    if not draft.pages:
        return _running_pages(design, setter, whole, budget)
    draft.place_all([each for each in rest if each.role is not Role.MORE_ORDER])
    if tail and not any(draft.place_on(number, tail[0]) for number in range(len(draft.pages))):
        draft.place_all(tail)
    draft.place_all([*(each for each in rest if each.role is Role.MORE_ORDER), *facts])
    return _finish(setter, draft.pages, draft.left_out)


def _open_first_page(design: AlertDesign, draft: _Draft) -> list[AlertSentence]:
    """Put what it is about and what to do first on the first page; return what is still to be placed."""
    texts, setter = design.texts, draft.setter
    full = texts.headlines[0] if texts.headlines else ""
    names = [*texts.headlines, *([design.hazard_name] if design.hazard_name else [])]
    more = [AlertSentence(Role.MORE_ORDER, text) for text in texts.more_orders]
    named, nameless = _first_page_forms(design, names, setter.regions)
    # A clause of the order with what it is about says more than the whole order about nothing.
    for forms in (named, nameless):
        for (order, others), (name, region) in itertools.product(_order_forms(design), forms):
            first = [AlertSentence(Role.HEADLINE, name)] if name else []
            first += [AlertSentence(Role.ORDER, order)] if order else []
            if first and setter.fits(first, region):
                draft.pages.append((region, first))
                shorter = () if name else texts.headlines[:0:-1]
                missing = [] if name == full else [AlertSentence(Role.HEADLINE, full, shorter)]
                return [*missing, *(AlertSentence(Role.ORDER, text) for text in others), *more]
    return []


def _first_page_forms(
    design: AlertDesign, names: Sequence[str], regions: Sequence[Region]
) -> tuple[list[tuple[str, Region]], list[tuple[str, Region]]]:
    """Return what to call the alert beside which pictogram, the best first; then the same without a name.

    A screen keeps the whole headline and takes a smaller pictogram; on a panel the pictogram says more than its second
    line does.
    """
    if design.grid.crisp:
        named = [(name, region) for region in regions for name in names]
    else:
        named = [(name, region) for name in names for region in regions]
    return named, [("", region) for region in regions]


def _order_forms(design: AlertDesign) -> list[tuple[str, tuple[str, ...]]]:
    """Return what to do first in ever shorter forms, each with what of it is then still to be said."""
    texts = design.texts
    forms: list[tuple[str, tuple[str, ...]]] = []
    if design.grid.crisp and texts.short_order:
        forms.append((texts.short_order, () if texts.short_order == texts.order else (texts.order,)))
    if texts.order:
        forms.append((texts.order, ()))
    if texts.order_clauses:
        forms.append((texts.order_clauses[0], texts.order_clauses[1:]))
    if not forms:
        forms.append(("", ()))
    return forms


def _running_pages(
    design: AlertDesign, setter: TextSetter, whole: Sequence[AlertSentence], budget: PageBudget
) -> Composition:
    """Return pages for an alert of which one sentence alone is more than a page of this class.

    It goes on from page to page at the ends of lines if three are enough; else another order stands for it, or that
    there are instructions and who has them.
    """
    orders = [each for each in whole if each.role is Role.ORDER]
    lead = orders or [each for each in whole if each.role is Role.HEADLINE]
    named = [AlertSentence(Role.HEADLINE, design.hazard_name)] if design.hazard_name and orders else []
    clause = [AlertSentence(Role.ORDER, text) for text in design.texts.order_clauses[:1]]
    for first in ([*named, *lead], lead, clause):
        column = setter.set_running(first, Region.FULL)
        if first and len(column.pages) <= budget.whole:
            shown = [*lead] if first is not clause else []
            return Composition(_pages_of_rows(column, first), _texts_besides(whole, shown))
    fitting = [each for each in whole if each.role is Role.MORE_ORDER and setter.fits([each], Region.FULL)]
    other = sorted(fitting, key=lambda each: is_conditional(each.text))[:1]
    stand_in = phrases_of(design.canvas.locale).follow.format(source=design.source)
    first = [AlertSentence(Role.ORDER, each.text) for each in other] or [
        AlertSentence(Role.ORDER, typeset_text(stand_in, design.canvas.locale))
    ]
    column = setter.set_text(first, Region.FULL) or setter.set_running(first, Region.FULL)
    return Composition(_pages_of_rows(column, first)[: budget.whole], _texts_besides(whole, other))


def _pages_of_rows(column: FittedColumn, sentences: Sequence[AlertSentence]) -> tuple[ComposedPage, ...]:
    return tuple(
        ComposedPage(Region.FULL, FittedColumn(column.base, (rows,), column.width, column.is_clean), tuple(sentences))
        for rows in column.pages
    )


def _texts_besides(whole: Sequence[AlertSentence], shown: Sequence[AlertSentence]) -> tuple[str, ...]:
    return tuple(each.text for each in whole if each not in shown and each.role is not Role.CLOSING)


def _finish(
    setter: TextSetter, drafted: Sequence[tuple[Region, Sequence[AlertSentence]]], left_out: Sequence[AlertSentence]
) -> Composition:
    pages = []
    if not left_out:
        # A page of its own for who speaks would take half of the time from what to do.
        drafted = [page for page in drafted if any(each.role is not Role.CLOSING for each in page[1])]
    for region, sentences in drafted:
        column = setter.set_text(sentences, region) or setter.set_running(sentences, region)
        pages.append(ComposedPage(region, column, tuple(sentences)))
    return Composition(tuple(pages), tuple(each.text for each in left_out))
