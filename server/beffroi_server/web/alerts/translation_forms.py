"""Forms of the texts of an alert in further languages, folded within its form: nobody has to pass them at night."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from beffroi_content.languages import LANGUAGES
from beffroi_content.model.announcement import MAX_LANGUAGES
from beffroi_server.accounts.models import Town
from beffroi_server.alerts.translations import MAX_LENGTHS
from beffroi_server.web.library import translation_forms
from beffroi_server.web.library.translation_forms import LanguageForm


class AlertTranslationForm(LanguageForm):
    """The texts of an alert in one language. A letter that screens lack is named by the preview, and not refused."""

    refuses_letters = False

    title = forms.CharField(label=_("Title"), required=False, max_length=MAX_LENGTHS["title"])
    instruction = forms.CharField(
        label=_("What to do"), required=False, max_length=MAX_LENGTHS["instruction"],
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    short_text = forms.CharField(
        label=_("What to do, in a few words"), required=False, max_length=MAX_LENGTHS["short_text"]
    )
    description = forms.CharField(
        label=_("What is happening, and where"), required=False, max_length=MAX_LENGTHS["description"],
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class PreparedTranslationForm(AlertTranslationForm):
    """The same for an alert that is prepared in calm."""

    refuses_letters = True


def language_forms(
    kind: type[AlertTranslationForm], town: Town, stored: Iterable[Mapping[str, Any]], data: Any = None
) -> list[AlertTranslationForm]:
    """Return the forms of the languages of an alert.

    Those that the town shows are there without being asked for.

    Args:
        kind: Of form.
        town: The town.
        stored: Translations as a row holds them.
        data: What was sent; None where nothing was.
    """
    if data is not None:
        return [each for each in translation_forms.bound_forms(data, kind) if each.code != town.locale]
    found = translation_forms.opened_forms(stored, kind)
    taken = {town.locale, *(each.code for each in found)}
    usual = [code for code in town.languages if code in LANGUAGES and code not in taken]
    return [*found, *(kind(code) for code in usual)][: MAX_LANGUAGES - 1]
