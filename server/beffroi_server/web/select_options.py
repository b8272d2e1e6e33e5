"""Options of a selection among a thousand screens: a template takes fifty times as long."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString


def select_options(choices: Iterable[tuple[str, str]], chosen: str) -> SafeString:
    """Return the options of a selection, given the value and the name of each; one is selected."""
    return SafeString(
        "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(name)}</option>'
            for value, name in choices
        )
    )
