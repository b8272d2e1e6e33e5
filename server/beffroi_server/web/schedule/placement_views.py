"""Parts of the page of an announcement that tell what becomes of it on the screens."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.library.models import Announcement
from beffroi_server.schedule.placement_outlook import announcement_outlook, proposed_placement
from beffroi_server.web.access import UserRequest, for_editors
from beffroi_server.web.library.announcement_placing import submitted_placement
from beffroi_server.web.library.announcement_preview import unsaved_announcement
from beffroi_server.web.library.forms import AnnouncementForm
from beffroi_server.web.schedule.placement_forms import PlacementForm


@for_editors("POST")
def placement_outlook(request: UserRequest, pk: uuid.UUID | None = None) -> HttpResponse:
    """Return the shares that an announcement will have on screens, as the fields of its page say it."""
    found = get_object_or_404(Announcement.objects.select_related("placement"), pk=pk) if pk else None
    form = PlacementForm(submitted_placement(request.POST), announcement=found)
    context: dict[str, Any] = {"form": form}
    if form.is_valid() and form.targets:
        context |= _outlook_context(form, AnnouncementForm(request.POST, instance=found), found or Announcement())
    elif form.is_valid() and found is not None:
        # By playlists only: what is saved.
        context |= {"outlook": announcement_outlook(found, timezone.now()), "is_listed": True}
    return render(request, "schedule/placement_outlook.html", context)


def _outlook_context(form: PlacementForm, text: AnnouncementForm, announcement: Announcement) -> dict[str, Any]:
    values, written = form.cleaned_data, unsaved_announcement(text)
    ends_at = form.shown_until(written)
    try:
        proposed = proposed_placement(
            announcement,
            form.targets,
            text=written,
            starts_at=values["valid_from"],
            ends_at=ends_at,
            duration_s=values["duration_s"],
        )
    except ValueError as refused:
        # Our own sentences are for people; those of the model that checks slides are not.
        return {"problem": str(refused) if type(refused) is ValueError else _("It cannot be shown like this yet.")}
    return {"outlook": announcement_outlook(announcement, timezone.now(), proposed), "ends_at": ends_at}
