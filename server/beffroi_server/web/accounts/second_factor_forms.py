"""Forms of the second factor: at the sign-in, and as it is set up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from beffroi_server.web.accounts.passkeys import MAX_ANSWER, parse_answer
from beffroi_server.web.forms import StyledForm

_CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}


class PasskeyForm(StyledForm):
    """What a browser answers to a challenge."""

    answer = forms.CharField(max_length=MAX_ANSWER, required=False, widget=forms.HiddenInput)

    def clean_answer(self) -> dict[str, Any] | None:
        """Return the answer as an object; None where there is none.

        Raises:
            ValidationError: it is not an object in JSON.
        """
        text: str = self.cleaned_data["answer"]
        answer = parse_answer(text) if text else None
        if text and answer is None:
            raise forms.ValidationError(_("The browser’s answer could not be read. Try again."))
        return answer


class SecondFactorForm(PasskeyForm):
    """A code of the app or a recovery code, or a passkey."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        required=False,
        help_text=_("Six digits of your authenticator app, or one of your recovery codes."),
        widget=forms.TextInput(attrs=_CODE_ATTRIBUTES),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of both."""
        super().clean()
        if not self.errors and not self.cleaned_data["code"] and not self.cleaned_data["answer"]:
            self.add_error("code", _("Enter the code."))
        return self.cleaned_data


class AppForm(StyledForm):
    """The first code of an authenticator app, which shows that it was set up."""

    code = forms.CharField(
        label=_("Code that the app shows"), max_length=40, widget=forms.TextInput(attrs=_CODE_ATTRIBUTES)
    )


class NewPasskeyForm(PasskeyForm):
    """A name for a passkey, and what the browser made."""

    name = forms.CharField(
        label=_("Name of the passkey"), max_length=60, help_text=_("For example: my telephone, the key on my keyring.")
    )
