"""The forms of people and of the town."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts.models import Town, User, UserRole
from beffroi_server.web.forms import StyledForm, StyledModelForm


class SignInForm(StyledForm):
    """Name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class AccountForm(StyledModelForm):
    """What people say of themselves."""

    class Meta:
        model = User
        fields = ("first_name", "last_name")


class PasswordForm(StyledForm):
    """A new password; the present one is asked for where there is one.

    Args:
        person: Whose it is.
    """

    current = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_("12 characters or more. A short sentence does well."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        if not user.has_usable_password():
            del self.fields["current"]

    def clean_current(self) -> str:
        """Refuse a wrong password."""
        current: str = self.cleaned_data["current"]
        if not self._user.check_password(current):
            raise forms.ValidationError(_("This is not your present password."))
        return current

    def clean_new(self) -> str:
        """Refuse a weak password."""
        new: str = self.cleaned_data["new"]
        password_validation.validate_password(new, self._user)
        return new


class TownForm(StyledModelForm):
    """The town as its screens show it."""

    time_zone = forms.ChoiceField(label=_("Time zone"))
    locale = forms.ChoiceField(label=_("Language of the screens"), choices=settings.LANGUAGES)

    class Meta:
        model = Town
        fields = ("name", "colour", "logo", "time_zone", "locale", "latitude", "longitude", "plays_months")
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}
        help_texts = {
            "latitude": _("Degrees north, such as 47.2184. For the weather, and for times by the sun."),
            "longitude": _("Degrees east; west of Greenwich it is negative, such as -1.5536."),
            "plays_months": _("What was shown, when and for how long. What is older is deleted for good."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(zone, zone.replace("_", " ")) for zone in ["UTC", *zones]]


class UserForm(StyledModelForm):
    """Somebody, as an administrator sees them."""

    role = forms.ChoiceField(label=_("Role"), choices=UserRole.choices, widget=forms.RadioSelect)

    class Meta:
        model = User
        fields = ("first_name", "last_name", "role", "is_active")
        labels = {"is_active": _("May sign in")}
        help_texts = {"is_active": ""}


class NewUserForm(StyledModelForm):
    """Somebody new."""

    role = forms.ChoiceField(
        label=_("Role"), choices=UserRole.choices, widget=forms.RadioSelect, initial=UserRole.EDITOR
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "role")
        help_texts = {"username": _("Letters, digits and . @ + - _ only. It cannot be changed.")}
