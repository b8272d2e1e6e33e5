"""Forms of pairing: the code that a player shows, and the screen that it becomes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.accounts.models import User
from beffroi_server.fleet import display_classes, screen_scopes, services
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.pairing_models import Pairing
from beffroi_server.fleet.slugs import free_slug
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.forms import StyledForm

MOST_LISTED = 12
"""Screens without a player that are listed one by one; the others are in the list of all."""
OTHER, NEW = "other", "new"
OWN_CLASS = "0"


class CodeForm(StyledForm):
    """Form of the code alone."""

    code = forms.CharField(
        label=gettext_lazy("Code on the screen"), max_length=32,
        help_text=gettext_lazy("Eight letters and digits; small letters, spaces and hyphens do not matter."),
        widget=forms.TextInput(
            attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false", "data-no-draft": True}
        ),
    )  # fmt: skip


class PairingForm(StyledForm):
    """Form of the screen that a player becomes: one without a player, another one, or a new one.

    Args:
        data: What was submitted; None shows the usual values.
        pairing: The player, which says how large its display is.
        user: Whose screens are offered.
        chosen: The screen from whose page one comes.
    """

    target = forms.ChoiceField(label=gettext_lazy("Which screen is it?"), widget=forms.RadioSelect)
    other = forms.ModelChoiceField(
        Screen.objects.all(), label=gettext_lazy("Screen"), required=False, to_field_name="slug",
        empty_label=gettext_lazy("Choose a screen"),
        help_text=gettext_lazy("Its present player loses its access. Programme and proof of play are kept."),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("Name of the new screen"), required=False, max_length=80,
        help_text=gettext_lazy("As your colleagues call it, for example “Market square”."),
    )  # fmt: skip
    screen_class = forms.ChoiceField(label=gettext_lazy("Screen class"), required=False)
    rotation = forms.TypedChoiceField(
        label=gettext_lazy("Rotation"), coerce=int, required=False,
        choices=[(degrees, f"{degrees}°") for degrees in (0, 90, 180, 270)],
        help_text=gettext_lazy("How far the panel is rotated clockwise when it is mounted on its side."),
    )  # fmt: skip
    groups = forms.ModelMultipleChoiceField(
        ScreenGroup.objects.all(), label=gettext_lazy("Groups"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, pairing: Pairing, user: User, chosen: Screen | None = None) -> None:
        self._pairing, self._user = pairing, user
        super().__init__(data)
        targets = self._targets(chosen)
        self._offer(targets)
        self.initial["target"] = self._usual_target(targets, chosen)
        self.initial["other"] = chosen.slug if chosen is not None else None
        if screen_scopes.scope_group_keys(user) is None:
            del self.fields["groups"]

    def _offer(self, targets: list[tuple[str, str]]) -> None:
        fields: dict[str, Any] = self.fields
        fields["target"].choices = targets
        fields["screen_class"].choices = self._classes()
        fields["other"].label_from_instance = _screen_label

    def _targets(self, chosen: Screen | None) -> list[tuple[str, str]]:
        rows = list(limit_rows(Screen.objects.filter(token_sha256="")).select_related("screen_class")[:200])
        # What fits the display comes first, and before all the screen that one comes from.
        rows.sort(key=lambda row: (row != chosen, not display_classes.fits(row.screen_class, self._pairing), row.name))
        listed = [(f"s-{row.slug}", f"{row} – {row.place}" if row.place else str(row)) for row in rows[:MOST_LISTED]]
        others = [(OTHER, _("Another screen: this player replaces the present one"))]
        if not limit_rows(Screen.objects.all()).exists():
            others = []
        return [*listed, *others, (NEW, _("A new screen"))]

    def _usual_target(self, targets: list[tuple[str, str]], chosen: Screen | None) -> str | None:
        if chosen is None:
            return None if any(code.startswith("s-") for code, _label in targets) else NEW
        own = f"s-{chosen.slug}"
        return own if own in dict(targets) else OTHER

    def _classes(self) -> list[tuple[str, str]]:
        rows = sorted(ScreenClass.objects.all(), key=self._class_order)
        found = [(str(row.pk), str(row)) for row in rows]
        if screen_scopes.scope_group_keys(self._user) is None:
            width, height = self._pairing.width, self._pairing.height
            own = OWN_CLASS, _("New class: %(width)d × %(height)d pixels") % {"width": width, "height": height}
            is_known = bool(rows) and display_classes.hangs_as(rows[0], self._pairing, 0)
            found.insert(1 if is_known else 0, own)
        return found

    def _class_order(self, row: ScreenClass) -> tuple[bool, bool, str]:
        """What fits the display as it is comes first, then what fits it turned."""
        is_upright = display_classes.hangs_as(row, self._pairing, 0)
        return not is_upright, not display_classes.fits(row, self._pairing), row.name

    def clean(self) -> dict[str, Any]:
        """Require what the chosen target needs."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("target") == OTHER and not values.get("other") and "other" not in self.errors:
            self.add_error("other", _("Choose the screen that this player becomes."))
        if values.get("target") == NEW and not values.get("name"):
            self.add_error("name", _("Enter a name for the new screen."))
        if values.get("target") == NEW and self._is_wrongly_turned(values):
            self.add_error(
                "rotation", _("With this rotation the display does not have the pixels of that class: turn it by 90°.")
            )
        return values

    def _is_wrongly_turned(self, values: dict[str, Any]) -> bool:
        chosen = values.get("screen_class") or OWN_CLASS
        row = None if chosen == OWN_CLASS else ScreenClass.objects.filter(pk=int(chosen)).first()
        return (
            row is not None
            and display_classes.fits(row, self._pairing)
            and not (display_classes.hangs_as(row, self._pairing, values.get("rotation") or 0))
        )

    def chosen_screen(self) -> Screen:
        """Return the screen of a valid form; a new one is added.

        Raises:
            NotPermitted: a new one would lie beyond the scope of the user.
            ValidationError: a value is not valid.
        """
        values = self.cleaned_data
        if values["target"] == NEW:
            return self._add_screen(values)
        if values["target"] == OTHER:
            found: Screen = values["other"]
            return found
        row = limit_rows(Screen.objects.filter(slug=values["target"].removeprefix("s-"))).first()
        if row is None:
            raise ValidationError(_("This screen has been deleted."))
        return row

    def _add_screen(self, values: dict[str, Any]) -> Screen:
        rotation = values.get("rotation") or 0
        chosen = values.get("screen_class") or OWN_CLASS
        if chosen == OWN_CLASS:
            size = self._pairing.width, self._pairing.height
            upright = size if rotation in (0, 180) else (size[1], size[0])
            shown_on = display_classes.class_of_size(*upright, user=self._user)
        else:
            shown_on = ScreenClass.objects.get(pk=int(chosen))
        screen = Screen(
            name=values["name"], slug=free_slug(Screen, values["name"]), screen_class=shown_on, rotation=rotation
        )
        return services.save_screen(screen, user=self._user, groups=list(values.get("groups") or ()))


def _screen_label(row: Screen) -> str:
    return str(row) if row.token_sha256 else _("%(name)s (no player yet)") % {"name": row}
