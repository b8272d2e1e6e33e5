"""Form of a placement: where and until when an announcement is shown, as a part of the page of the announcement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts.models import User
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library.categories import default_end
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import placements, proposals
from beffroi_server.schedule.models import AnnouncementPlacement, Proposal
from beffroi_server.web.forms import DateTimeInput, StyledForm
from beffroi_server.web.local_times import LocalDateTimeField, LocalEndField

MAX_SECONDS = 3600


class PlacementWhere(models.TextChoices):
    """Answers to the question where an announcement is shown."""

    EVERYWHERE = "everywhere", _("On all screens")
    CHOSEN = "chosen", _("On some groups or screens")
    NOWHERE = "nowhere", _("Not on its own: by playlists only")


class PlacementForm(StyledForm):
    """Form of where, from when and until when an announcement is shown, without a playlist and a rule.

    Args:
        data: What was submitted; None shows the placement of the announcement, or the usual one of a new announcement.
        announcement: The saved announcement; None for a new one.
    """

    where = forms.ChoiceField(label=_("Where"), choices=PlacementWhere.choices, widget=forms.RadioSelect)
    groups = forms.ModelMultipleChoiceField(
        ScreenGroup.objects.all(), label=_("Groups"), required=False, widget=forms.CheckboxSelectMultiple
    )
    screens = forms.ModelMultipleChoiceField(
        Screen.objects.all(), label=_("Screens"), required=False, widget=forms.CheckboxSelectMultiple
    )
    valid_from = LocalDateTimeField(
        label=_("From"), required=False, widget=DateTimeInput(), help_text=_("If left empty: at once.")
    )
    valid_until = LocalEndField(
        label=_("Until"),
        required=False,
        widget=DateTimeInput(),
        help_text=_("If left empty: until the event is over, or for the days of its category."),
    )
    no_end = forms.BooleanField(label=_("No end: until somebody takes it off"), required=False)
    duration_s = forms.IntegerField(label=_("Seconds on screen"), min_value=1, max_value=MAX_SECONDS, required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, announcement: Announcement | None = None) -> None:
        self.placement = placements.placement_of(announcement) if announcement else None
        self.proposal = proposals.waiting_proposal(announcement) if announcement else None
        self._is_new = announcement is None
        super().__init__(data, initial=self._initial_values())

    @property
    def is_taken_off(self) -> bool:
        """Whether the announcement was taken off the screens: saving the form does not put it back."""
        return self.placement is not None and self.placement.taken_off_at is not None

    @property
    def targets(self) -> Targets:
        """The screens and groups of a valid form."""
        values = self.cleaned_data
        if values["where"] == PlacementWhere.EVERYWHERE:
            return EVERYWHERE
        return Targets(groups=tuple(values["groups"]), screens=tuple(values["screens"]))

    def clean(self) -> dict[str, Any]:
        """Check that somewhere is chosen, and that the time has a length and an end ahead."""
        values = self.cleaned_data
        if values.get("where") != PlacementWhere.CHOSEN:
            values["groups"], values["screens"] = [], []
        elif not (values.get("groups") or values.get("screens") or {"groups", "screens"} & self.errors.keys()):
            self.add_error("where", ValidationError(_("Choose at least one group or screen."), "required"))
        if values.get("no_end"):
            values["valid_until"] = None
        values["duration_s"] = values.get("duration_s") or placements.SLIDE_DURATION_S
        self._check_end(values.get("valid_from"), values.get("valid_until"))
        return values

    def shown_until(self, announcement: Announcement) -> dt.datetime | None:
        """Return until when a valid form shows an announcement, which need not be saved; None: without an end."""
        values = self.cleaned_data
        if values["no_end"] or values["valid_until"]:
            end: dt.datetime | None = values["valid_until"]
            return end
        start = values["valid_from"] or timezone.now()
        return default_end(announcement, start, timezone.get_current_timezone())

    def save(self, announcement: Announcement, user: User | None) -> AnnouncementPlacement | Proposal | None:
        """Publish the announcement as a valid form says, or propose it where its user may not publish it alone.

        Returns:
            None where it is shown nowhere, and never was.

        Raises:
            NotPermitted: it reaches beyond the scope of the user.
            ValidationError: a value is not valid.
        """
        targets, values = self.targets, self.cleaned_data
        if not targets and (placements.placement_of(announcement) is None or not (user is None or user.may_edit)):
            return None
        if targets:
            return proposals.publish_or_propose(
                announcement,
                targets,
                starts_at=values["valid_from"],
                ends_at=self.shown_until(announcement),
                duration_s=values["duration_s"],
                user=user,
            )
        return placements.place_announcement(
            announcement,
            starts_at=values["valid_from"],
            ends_at=values["valid_until"],
            duration_s=values["duration_s"],
            user=user,
        )

    def _check_end(self, start: dt.datetime | None, end: dt.datetime | None) -> None:
        if end is None:
            return
        if start is not None and end <= start:
            self.add_error("valid_until", _("This is before the start."))
        elif end <= timezone.now() and "valid_until" in self.changed_data:
            self.add_error("valid_until", _("This is in the past: no screen would show it."))

    def _initial_values(self) -> dict[str, Any]:
        found = self.proposal or self.placement
        if found is None:
            where = PlacementWhere.EVERYWHERE if self._is_new else PlacementWhere.NOWHERE
            return {"where": where, "duration_s": placements.SLIDE_DURATION_S}
        targets = Targets.of(found)
        where = PlacementWhere.CHOSEN if targets else PlacementWhere.NOWHERE
        return {
            "where": PlacementWhere.EVERYWHERE if targets.everywhere else where,
            "groups": [group.pk for group in targets.groups],
            "screens": [screen.pk for screen in targets.screens],
            "valid_from": found.starts_at,
            "valid_until": found.ends_at,
            "no_end": bool(targets) and found.ends_at is None,
            "duration_s": found.duration_s,
        }
