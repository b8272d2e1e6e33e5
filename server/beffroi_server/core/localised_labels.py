"""Labels that content declares in both languages, in the language of whoever reads the page."""

from __future__ import annotations

from django.utils.functional import lazy
from django.utils.translation import get_language

from beffroi_content.templates.declarations import LocalisedText


def _translate(text: LocalisedText) -> str:
    return text.in_language(get_language() or "en")


localised_label = lazy(_translate, str)
"""Returns the text in the language that is active where it is shown, as ``gettext_lazy`` does."""
