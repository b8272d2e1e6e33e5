"""Choices of screens within a form: every screen of a small town, or what is ticked and what a search finds.

A thousand boxes help nobody and take long to draw. Beyond ``MOST_BOXES`` a form lists the screens that are ticked, then
the first of the others that contain the words of a search. The search asks for the list alone; without scripts its
button sends the form, which comes back as it was filled in (see :data:`beffroi_server.web.forms.FIND_SCREENS`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django import forms
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from beffroi_server.core.folded_text import fold_text, search_words
from beffroi_server.fleet.models import Screen
from beffroi_server.web.requests import MAX_SEARCH_LENGTH

FIELDS = ("screens", "local_triggers")
"""Names of the fields that are such lists: where something is shown, and where a scenario is triggered on the spot."""
MOST_BOXES = 50
"""Boxes that are offered without a search, and that a search finds at most."""

Row = tuple[int, str, str]
"""Key, name and place of a screen."""


CHECKED = SafeString(" checked")


@dataclass(frozen=True)
class ScreenChoices:
    """The screens that a form offers at the moment."""

    field: str
    """One of ``FIELDS``: the name of the boxes, and the beginning of those of the search."""
    rows: list[Row]
    """In their order; beyond ``MOST_BOXES`` the ticked ones first."""
    ticked: frozenset[int]
    fitting: int
    """How many that are not ticked fit the search."""
    total: int
    search: str = ""

    @property
    def is_long(self) -> bool:
        """Whether there are more screens than boxes, so that there is a search."""
        return self.total > MOST_BOXES

    @property
    def found(self) -> int:
        """How many boxes are not ticked."""
        return len(self.rows) - len(self.ticked)

    def boxes(self) -> SafeString:
        """Return a list item with a box for each screen.

        Written here and not by the template of a widget, which takes a third of a millisecond for each box.
        """
        return format_html_join(
            "\n",
            '<li><label class="choice" for="id_{0}_{1}"><input class="form-check-input" type="checkbox" name="{0}"'
            ' value="{2}" id="id_{0}_{1}"{3}><span>{4}{5}</span></label></li>',
            (
                (self.field, number, key, CHECKED if key in self.ticked else "", name, self._place_text(place))
                for number, (key, name, place) in enumerate(self.rows)
            ),
        )

    def _place_text(self, place: str) -> SafeString | str:
        # The search finds it by that, too.
        return format_html(' <span class="soft small">{}</span>', place) if self.is_long and place else ""


def choices_of(bound: forms.BoundField) -> ScreenChoices | None:
    """Return the screens that one of ``FIELDS`` of a form offers; None for any other field."""
    rows = getattr(bound.field, "queryset", None)
    if (
        bound.html_name not in FIELDS
        or not isinstance(bound.field, forms.ModelMultipleChoiceField)
        or rows is None
        or rows.model is not Screen
    ):
        return None
    search = bound.form.data.get(search_name(bound.html_name), "") if bound.form.is_bound else ""
    return find_choices(bound.html_name, rows, [str(key) for key in bound.value() or ()], str(search))


def search_name(field: str) -> str:
    """Return the name of the search of one of ``FIELDS``."""
    return f"{field}_search"


def find_choices(field: str, rows: QuerySet[Screen], ticked: Collection[str], search: str) -> ScreenChoices:
    """Return the ticked ones of some screens, by their keys, and the first others whose name or place fits a search."""
    search = search[:MAX_SEARCH_LENGTH].strip()
    words, keys = search_words(search), set(ticked)
    # One question, however many screens there are: a page has fifteen.
    known = list(rows.order_by("name", "pk").values_list("pk", "name", "place"))
    chosen = [row for row in known if str(row[0]) in keys]
    others = [row for row in known if str(row[0]) not in keys and _fits(row, words)]
    is_long = len(known) > MOST_BOXES
    return ScreenChoices(
        field,
        rows=[*chosen, *others[:MOST_BOXES]] if is_long else known,
        ticked=frozenset(row[0] for row in chosen),
        fitting=len(others),
        total=len(known),
        search=search,
    )


def _fits(row: Row, words: list[str]) -> bool:
    text = fold_text(f"{row[1]} {row[2]}") if words else ""
    return all(word in text for word in words)
