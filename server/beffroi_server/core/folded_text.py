"""Comparison of texts without case and accents, in Python and in every database alike.

``title__folded__contains=fold_text("ecole")`` finds “École”, “ÉCOLE” and “ecole”. SQLite calls :func:`fold_text`; on
PostgreSQL an expression does the same with functions that every server has, so no extension is needed.
"""

from __future__ import annotations

import functools
import operator
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.backends.signals import connection_created
from django.db.models import CharField, Model, Q, QuerySet, TextField, Transform

Row = TypeVar("Row", bound=Model)
MAX_SEARCH_WORDS = 10
# Accents of Latin, Greek and Cyrillic, and the vowel points of Hebrew and Arabic.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
_MARK = re.compile(f"[{_MARKS}]")
# Letters that no decomposition takes apart, and signs that keyboards have in one form and typesetters in another.
_REPLACED = {
    "œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "ς": "σ", "’": "'", "ʼ": "'",
    "\u2010": "-",
}  # fmt: skip
# Small letters may be made by a server that knows those of ASCII only.
_CAPITALS = {capital: _REPLACED[capital.lower()] for capital in "ŒÆØẞĐÐŁ"}
_KEPT_BELOW = 0x3000


class _FoldingTable(dict[int, str]):
    """Folded forms by character, filled as they are met: SQLite folds every row of a search, for each of its words."""

    def __missing__(self, code: int) -> str:
        form = _MARK.sub("", unicodedata.normalize("NFKD", chr(code))).lower()
        form = _MARK.sub("", "".join(_REPLACED.get(letter, letter) for letter in form))
        if code < _KEPT_BELOW:
            self[code] = form
        return form


_TABLE = _FoldingTable()


def fold_text(text: str) -> str:
    """Return the text in small letters, without accents, ligatures and the difference of typographic signs."""
    # A text has few different letters outside ASCII: to replace each of them is thrice as fast as any translation.
    for letter in set(text):
        if letter > "\x7f":
            text = text.replace(letter, _TABLE[ord(letter)])
    return text.lower()


class FoldedText(Transform):
    """The lookup ``folded`` of texts: the column as :func:`fold_text` has it."""

    lookup_name = "folded"
    function = "beffroi_fold"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Return the same as :func:`fold_text` in the functions of PostgreSQL."""
        sql, parameters = compiler.compile(self.source_expressions[0])
        sql = f"lower(regexp_replace(normalize({sql}, NFKD), '[{_MARKS}]', '', 'g'))"
        pairs = _REPLACED | _CAPITALS
        letters = {letter: form for letter, form in pairs.items() if len(form) == 1 and form != "'"}
        sql = f"translate({sql}, '{''.join(letters)}’ʼ', '{''.join(letters.values())}''''')"
        for letter, form in pairs.items():
            if len(form) > 1:
                sql = f"replace({sql}, '{letter}', '{form}')"
        return sql, parameters


class FoldedField(TextField):  # type: ignore[type-arg]
    """Column with the folded texts of other fields of its row, for lists of thousands of rows.

    The lookup ``folded`` folds every row at each search; this column is written once, whenever its row is saved or
    created in bulk. A save that names its fields must name this one, too.

    Args:
        sources: Names of the fields, in order; their texts are divided by line breaks.
    """

    def __init__(self, *args: Any, sources: Sequence[str] = (), **kwargs: Any) -> None:
        self.sources = tuple(sources)
        super().__init__(*args, **{"default": "", "blank": True, "editable": False, **kwargs})

    def deconstruct(self) -> Any:
        """Return what a migration needs to make the field again."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "sources": list(self.sources)}

    def pre_save(self, model_instance: Model, add: bool) -> str:
        """Return the folded texts as they are now."""
        texts = (str(getattr(model_instance, name) or "") for name in self.sources)
        folded = fold_text("\n".join(texts))
        setattr(model_instance, self.attname, folded)
        return folded


def search_words(search: str) -> list[str]:
    """Return the words of a search, folded: the first ``MAX_SEARCH_WORDS``."""
    return fold_text(search).split()[:MAX_SEARCH_WORDS]


def filter_by_words(rows: QuerySet[Row], search: str, *fields: str) -> QuerySet[Row]:
    """Return the rows that contain every word of a search in at least one of the fields, in any case and accents."""
    for word in search_words(search):
        rows = rows.filter(
            functools.reduce(operator.or_, (Q(**{f"{name}__folded__contains": word}) for name in fields))
        )
    return rows


def _teach_sqlite(connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(
            "beffroi_fold", 1, lambda text: None if text is None else fold_text(str(text)), deterministic=True
        )


def register_folding() -> None:
    """Register the lookup, and the function with every connection to SQLite."""
    CharField.register_lookup(FoldedText)
    TextField.register_lookup(FoldedText)
    connection_created.connect(_teach_sqlite, dispatch_uid="beffroi-fold")
