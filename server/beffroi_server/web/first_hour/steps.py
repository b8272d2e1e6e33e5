"""The steps of the first hour, and which of them are done: read from what is there, so that nobody ticks them off."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, Q, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import Town, User
from beffroi_server.alerts.models import Scenario
from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement, TownLogo


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One step: what to do, where, and whether it is done."""

    code: str
    text: str
    address: str
    is_done: bool
    has_starter_set: bool = False
    """Whether the starter set does it, none of which is there yet."""


def first_steps(user: User, town: Town) -> list[FirstStep]:
    """Return the steps for an administrator of a town: one query."""
    others = User.objects.filter(Q(is_active=True) & ~Q(pk=user.pk))
    has = (
        Town.objects.filter(pk=town.pk)
        .values_list(
            Exists(TownLogo.objects.all()),
            Exists(Screen.objects.all()),
            Exists(Announcement.objects.all()),
            Exists(Scenario.objects.filter(is_draft=False)),
            Exists(Scenario.objects.all()),
            Exists(others),
            Value(value=True),
        )
        .first()
    )
    logo, screen, announcement, scenario, draft, colleague, _town = has or (False,) * 7
    has_place = town.latitude is not None and town.longitude is not None
    return [
        FirstStep("password", _("Choose your password"), reverse("account"), user.has_usable_password()),
        FirstStep("town", _("Give the town its logo and its place on the map"), reverse("town"), logo and has_place),
        FirstStep("screen", _("Add the first screen"), reverse("screen-add"), screen),
        FirstStep("announcement", _("Write the first announcement"), reverse("announcement-new"), announcement),
        FirstStep("scenarios", _("Read through the prepared alerts"), reverse("scenarios"), scenario, not draft),
        FirstStep("colleagues", _("Invite your colleagues"), reverse("user-add"), colleague),
    ]
