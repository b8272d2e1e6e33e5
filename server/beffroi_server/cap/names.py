"""Names as sources write them, compared without case, accents and punctuation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from beffroi_server.cap.messages import NamedValue


def folded_name(text: str) -> str:
    """Return a name in small letters without accents, blanks and punctuation: ``Level (1)`` is ``level1``."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if letter.isalnum()).casefold()


def values_named(values: Iterable[NamedValue], *names: str) -> Iterator[str]:
    """Yield the values under some names, given as ``folded_name`` returns them; a name may occur several times.

    Names with a layer or profile before them count by their last part: ``layer:SOREM:1.0:Broadcast_Immediately``.
    """
    for each in values:
        if folded_name(each.name) in names or folded_name(each.name.rpartition(":")[2]) in names:
            yield each.value
