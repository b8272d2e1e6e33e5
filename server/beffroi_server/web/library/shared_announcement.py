"""Page of an announcement that all municipalities share, for the people of one: its text, and their own screens."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import Targets
from beffroi_server.library import slide_content
from beffroi_server.library.categories import default_end
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import proposals
from beffroi_server.schedule.models import Proposal
from beffroi_server.web import working_for
from beffroi_server.web.access import UserRequest, current_town
from beffroi_server.web.forms import StyledForm, add_form_errors
from beffroi_server.web.library import preview_links
from beffroi_server.web.library.announcement_placing import shown_state


class OwnScreensForm(StyledForm):
    """Form of the own groups and screens on which a shared announcement is shown."""

    groups = forms.ModelMultipleChoiceField(
        ScreenGroup.objects.all(), label=gettext_lazy("Groups"), required=False, widget=forms.CheckboxSelectMultiple
    )
    screens = forms.ModelMultipleChoiceField(
        Screen.objects.all(), label=gettext_lazy("Screens"), required=False, widget=forms.CheckboxSelectMultiple
    )

    @property
    def targets(self) -> Targets:
        """What was chosen."""
        return Targets(groups=tuple(self.cleaned_data["groups"]), screens=tuple(self.cleaned_data["screens"]))


def shared_announcement_page(request: UserRequest, announcement: Announcement) -> HttpResponse:
    """Show a shared announcement; POST places it on the user's own screens, or takes it off these."""
    form = OwnScreensForm(
        request.POST if request.method == "POST" else None, initial=_own_places(request, announcement)
    )
    if request.method == "POST" and form.is_valid():
        try:
            done = _place(request, announcement, form.targets)
        except NotPermitted as refused:
            form.add_error(None, refused.message)
        except ValidationError as refused:
            add_form_errors(form, refused.messages)
        else:
            is_proposed = isinstance(done, Proposal)
            said = _("“%(title)s” has been proposed.") if is_proposed else _("“%(title)s” has been saved.")
            messages.success(request, said % {"title": announcement.title})
            return redirect("announcements")
    town = current_town()
    try:
        drawn = slide_content.drawn_content(announcement, town)
        classes = preview_links.classes_in_use()
        drawings = preview_links.announcement_previews(drawn, classes, town, working_for.chosen())
    except ValueError:
        drawings = []
    context = {"announcement": announcement, "form": form, "drawings": drawings, "state": shown_state(announcement)}
    return render(request, "library/shared_announcement.html", context, status=422 if form.errors else 200)


def _own_places(request: UserRequest, announcement: Announcement) -> dict[str, list[int]]:
    placement = shown_state(announcement).placement
    if placement is None:
        return {}
    return {
        "groups": list(
            (placement.groups.all() & screen_scopes.groups_in_scope(request.user)).values_list("pk", flat=True)
        ),
        "screens": [screen.pk for screen in screen_scopes.screens_in_scope(request.user).filter(placements=placement)],
    }


def _place(request: UserRequest, announcement: Announcement, targets: Targets) -> object:
    now = timezone.now()
    ends_at = default_end(announcement, now, ZoneInfo(current_town().time_zone))
    return proposals.publish_or_propose(announcement, targets, ends_at=ends_at, user=request.user)
