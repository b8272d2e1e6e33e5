"""Page of the versions of players: which screens run which, and the rollout of a new one."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.software import copy_outcome, mirror, rollouts
from beffroi_server.software.models import Rollout, RolloutState
from beffroi_server.software.progress import Progress, progress_of
from beffroi_server.web.access import UserRequest, for_technicians
from beffroi_server.web.forms import StyledModelForm
from beffroi_server.web.help.help_links import help_anchor
from beffroi_server.web.requests import paginate

SCREENS_PER_PAGE = 50
_ACTS = {
    "pause": rollouts.pause_rollout,
    "resume": rollouts.resume_rollout,
    "end": rollouts.end_rollout,
}
_ORDER = {progress: place for place, progress in enumerate(
    (Progress.FAILED, Progress.TRYING, Progress.FETCHING, Progress.INSTALLED, Progress.WAITING, Progress.TOLD,
     Progress.AWAY, Progress.UNABLE, Progress.OTHER, Progress.DONE)
)}  # fmt: skip
"""What people should look at comes first."""


class RolloutForm(StyledModelForm):
    """Form of a rollout: which version, which screens first, and when."""

    version = forms.ChoiceField(label=gettext_lazy("version"))

    class Meta:
        model = Rollout
        fields = ("version", "first_group", "hold_hours", "at_once")

    def __init__(self, *args: Any, versions: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = [(version, version) for version in versions]  # type: ignore[attr-defined]
        group = self.fields["first_group"]
        group.queryset = ScreenGroup.objects.order_by("name")  # type: ignore[attr-defined]
        group.empty_label = _("one screen")  # type: ignore[attr-defined]
        group.help_text = _("Then one screen in ten, then all.")
        self.fields["hold_hours"].help_text = _("So long it has to run well before more screens get it.")
        self.fields["at_once"].help_text = _(
            "Otherwise players fetch and change it in their hours of downloads, or between 1 and 5 o’clock."
        )


@for_technicians("GET")
def software_page(request: UserRequest) -> HttpResponse:
    """Show which versions the screens run, the rollout, and the form of a new one."""
    return _render_page(request, RolloutForm(versions=tuple(mirror.available_versions())))


@for_technicians("POST")
def rollout_start(request: UserRequest) -> HttpResponse:
    """Start a rollout."""
    form = RolloutForm(request.POST, versions=tuple(mirror.available_versions()))
    if form.is_valid():
        try:
            rollouts.start_rollout(form.save(commit=False), user=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The rollout has begun with the first screens."))
            return redirect("software")
    return _render_page(request, form, status=422)


@for_technicians("POST")
def rollout_act(request: UserRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    """Pause, resume or end a rollout."""
    if act not in _ACTS:
        raise Http404
    _ACTS[act](get_object_or_404(Rollout, pk=pk), user=request.user, now=timezone.now())
    return redirect("software")


def _render_page(request: UserRequest, form: RolloutForm, status: int = 200) -> HttpResponse:
    rollout = Rollout.objects.select_related("first_group").first()
    version = rollout.version if rollout is not None else ""
    rows = progress_of(version, timezone.now(), screen_scopes.screens_in_scope(request.user))
    rows.sort(key=lambda each: (_ORDER[each.progress], each.name))
    counted = Counter(each.running for each in rows)
    context = {
        "form": form,
        "rollout": rollout,
        "page": paginate(request, rows, SCREENS_PER_PAGE),
        "is_paused": rollout is not None and rollout.state == RolloutState.PAUSED,
        "done": sum(each.progress is Progress.DONE for each in rows),
        "running": sorted(counted.items(), key=lambda each: (-each[1], each[0])),
        "versions": [version for version, _name in form.fields["version"].choices],  # type: ignore[attr-defined]
        "takes_versions": settings.RELEASES_ROOT.is_file(),
        "guide_section": help_anchor("software", get_language() or "en"),
        "looks_by_itself": bool(settings.RELEASES_URL),
        "last_copy": copy_outcome.last_outcome() if settings.RELEASES_URL else None,
        "may_roll_out": screen_scopes.scope_group_keys(request.user) is None,
        "failed": Progress.FAILED,
        "is_done": Progress.DONE,
    }
    return render(request, "software/software.html", context, status=status)
