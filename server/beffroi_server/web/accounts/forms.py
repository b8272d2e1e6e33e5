"""Forms of sign-in, users, and the town."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts.models import Town, User, UserRole
from beffroi_server.alerts.models import LEVEL_CHOICES
from beffroi_server.core.named_relations import read_names
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.library.models import Category, MediaItem
from beffroi_server.library.town_branding import logo_of
from beffroi_server.web import working_for
from beffroi_server.web.forms import StyledForm, StyledModelForm, refuse_missing_characters
from beffroi_server.web.languages_field import LanguagesField

CODE_LENGTH = 25
"""Letters and digits of an emergency code."""


class SignInForm(StyledForm):
    """Form of user name and password."""

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


class EmergencyCodeForm(StyledForm):
    """Form of the code from a sealed envelope."""

    code = forms.CharField(
        label=_("Emergency code"),
        max_length=60,
        help_text=_("Five groups of five letters and digits. Spaces and hyphens do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        """Return the code as it was made: capitals, in groups of five.

        Raises:
            ValidationError: it does not have 25 letters and digits.
        """
        typed = "".join(self.cleaned_data["code"].upper().replace("-", " ").split())
        if len(typed) != CODE_LENGTH or not (typed.isascii() and typed.isalnum()):
            raise forms.ValidationError(_("A code has 25 letters and digits; this has %d.") % len(typed))
        return "-".join(typed[start : start + 5] for start in range(0, CODE_LENGTH, 5))


class ForgottenPasswordForm(StyledForm):
    """Form of who forgot the password."""

    name = forms.CharField(
        label=_("User name or mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )


class AccountForm(StyledModelForm):
    """Form with which users change their own name."""

    class Meta:
        model = User
        fields = ("first_name", "last_name")


class PasswordForm(StyledForm):
    """Form of a new password; it asks for the current one where there is one.

    Args:
        user: The user whose password is changed.
        asks_current: Whether the current one has to be given.
    """

    current = forms.CharField(
        label=_("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_("At least 12 characters. A short sentence works well."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, asks_current: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        if not (asks_current and user.has_usable_password()):
            del self.fields["current"]

    def clean_current(self) -> str:
        """Return the current password.

        Raises:
            ValidationError: it is wrong.
        """
        current: str = self.cleaned_data["current"]
        if not self._user.check_password(current):
            raise forms.ValidationError(_("This is not your current password."))
        return current

    def clean_new(self) -> str:
        """Return the new password.

        Raises:
            ValidationError: it is too weak.
        """
        new: str = self.cleaned_data["new"]
        password_validation.validate_password(new, self._user)
        return new


class TownForm(StyledModelForm):
    """Form of the town: name, colours, language, location, retention."""

    time_zone = forms.ChoiceField(label=_("Time zone"))
    locale = forms.ChoiceField(label=_("Language of the screens"), choices=settings.LANGUAGES)
    languages = LanguagesField(
        help_text=_("In this order. None chosen: screens show every language in which an announcement is written.")
    )
    asks_second_factor = forms.BooleanField(
        label=_("Officers and administrators need a second factor"),
        required=False,
        help_text=_(
            "An app on the telephone or a passkey, beside the password. They have 14 days to set it up; after that, "
            "every page but those of alerts asks for it. The emergency code works without."
        ),
    )
    second_officer_levels = forms.MultipleChoiceField(
        label=_("Levels at which a real alert needs a second officer"),
        choices=LEVEL_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_("One proposes it, another confirms it by one press. Who is alone gives a reason; all are told."),
    )
    logo = forms.ModelChoiceField(MediaItem.objects.all(), label="Logo", required=False)

    class Meta:
        model = Town
        fields = ("name", "colour", "time_zone", "locale", "languages", "latitude", "longitude", "insee",
                  "holiday_region", "plays_months", "outages_months", "alert_sets_months", "silent_minutes",
                  "unseen_seconds", "dark_after_hours", "second_officer_levels", "is_try_out")  # fmt: skip
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}
        help_texts = {
            "insee": _("In France: five characters, such as 44109. Official warnings name the town by it."),
            "latitude": _("Degrees north, for example 47.2184. Used for the weather and for sunrise and sunset."),
            "longitude": _("Degrees east; negative west of Greenwich, for example -1.5536."),
            "holiday_region": _("Alsace, Moselle and the overseas territories have days of their own."),
            "outages_months": _("When screens were silent or wrong, and who took care of it."),
            "silent_minutes": _("A screen that is off as planned does not count."),
            "dark_after_hours": _(
                "Against lost or stolen players: such a one shows a neutral page then. Empty: never. Hours of running "
                "count, without a sign of the server, so a breakdown of the network for so long darkens screens, too: "
                "choose three days (72) or more."
            ),
            "unseen_seconds": _("Counted from the broadcast of the alert."),
            "is_try_out": _("Every page says so, and alerts are exercises unless you choose otherwise."),
            "alert_sets_months": _("As they were signed and sent: the evidence in the dossier of an alert."),
            "plays_months": _("What was shown, when and for how long. Older records are permanently deleted."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.initial["logo"] = logo_of(self.instance)
        self.initial["asks_second_factor"] = self.instance.second_factor_since is not None
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(zone, zone.replace("_", " ")) for zone in ["UTC", *zones]]

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw the name."""
        super().clean()
        refuse_missing_characters(self, "name")
        asks = self.cleaned_data.get("asks_second_factor")
        self.instance.second_factor_since = (self.instance.second_factor_since or timezone.now()) if asks else None
        return self.cleaned_data


class UserScopeForm(StyledModelForm):
    """Base of the forms of a user: role, and what it is limited to.

    Args:
        actor: The administrator who fills it in; a local one gives the own groups only.
    """

    role = forms.ChoiceField(
        label=_("Role"), choices=UserRole.choices, widget=forms.RadioSelect, initial=UserRole.EDITOR
    )
    groups = forms.ModelMultipleChoiceField(
        ScreenGroup.objects.all(),
        label=_("Only these groups of screens"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every screen. An administrator always reaches every screen."),
    )
    categories = forms.ModelMultipleChoiceField(
        Category.objects.all(),
        label=_("Only these categories of announcements"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every category."),
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer_roles(actor)
        if self.instance.pk:
            read_names(([self.instance], "scope_groups"), ([self.instance], "scope_categories"))
            self.initial["groups"] = list(self.instance.scope_groups.all())
            self.initial["categories"] = list(self.instance.scope_categories.all())
        for name, model in (("groups", ScreenGroup), ("categories", Category)):
            if not model._default_manager.exists():
                del self.fields[name]

    def _offer_roles(self, actor: User) -> None:
        """Offer the roles that the actor may give; that of a local administrator where there are municipalities."""
        left_out = set()
        if working_for.current() is None and self.instance.role != UserRole.LOCAL_ADMINISTRATOR:
            left_out.add(UserRole.LOCAL_ADMINISTRATOR)
        if not actor.may_administer:
            left_out.add(UserRole.ADMINISTRATOR)
            groups = self.fields["groups"]
            groups.required, groups.help_text = True, ""
            self.initial.setdefault("groups", list(actor.scope_groups.all()))
        field: Any = self.fields["role"]
        field.choices = [choice for choice in UserRole.choices if choice[0] not in left_out]

    def clean(self) -> dict[str, Any]:
        """Ask for the groups of a local administrator."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("role") == UserRole.LOCAL_ADMINISTRATOR and not values.get("groups"):
            self.add_error(
                "groups" if "groups" in self.fields else None,
                _("Choose the groups that this local administrator looks after."),
            )
        return values

    def clean_email(self) -> str:
        """Return the address.

        Raises:
            ValidationError: another user has it.
        """
        email: str = self.cleaned_data["email"]
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another user has this mail address."))
        return email

    def selected_scope(self) -> dict[str, Any]:
        """Return the groups and categories that were chosen."""
        return {name: list(self.cleaned_data.get(name) or ()) for name in ("groups", "categories")}


_SCOPE_FIELDS = ("role", "groups", "categories", "announcement_quota")
_USER_HELP = {
    "email": _("For invitations, a forgotten password and notifications."),
    "announcement_quota": _("For contributors: how many may be proposed or on screens. Empty: any number."),
}


class UserForm(UserScopeForm):
    """Form with which an administrator changes a user."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "role", "announcement_quota", "is_active")
        labels = {"is_active": _("Can sign in")}
        help_texts = {"is_active": "", **_USER_HELP}

    field_order = ("first_name", "last_name", "email", *_SCOPE_FIELDS, "is_active")


class NewUserForm(UserScopeForm):
    """Form with which an administrator invites a user."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "role", "announcement_quota")
        help_texts = {"username": _("Letters, digits and . @ + - _ only. It cannot be changed later."), **_USER_HELP}

    field_order = ("username", "first_name", "last_name", "email", *_SCOPE_FIELDS)
