"""Pages of the versions of an announcement: who saved what when, and restoring one of them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_server.library import services, versions
from beffroi_server.library.library_scopes import check_announcement
from beffroi_server.library.models import Announcement, AnnouncementVersion
from beffroi_server.web.access import UserRequest, for_writers


@for_writers("GET")
def version_list(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """List the versions of an announcement, each with what it changed."""
    found = get_object_or_404(Announcement, pk=pk)
    check_announcement(request.user, found)
    kept = list(found.versions.select_related("saved_by")[: versions.VERSIONS_KEPT])
    context = {"announcement": found, "rows": versions.version_changes(kept), "most": versions.VERSIONS_KEPT}
    return render(request, "library/versions.html", context)


@for_writers("POST")
def version_restore(request: UserRequest, pk: uuid.UUID, number: int) -> HttpResponse:
    """Save the values of an earlier version as a new one; the versions between stay in the list."""
    version = AnnouncementVersion.objects.filter(announcement=pk, number=number).select_related("announcement").first()
    if version is None:
        messages.warning(request, _("This version is no longer kept."))
        return redirect("announcement-versions", pk)
    values = versions.values_to_restore(version)
    try:
        services.save_announcement(version.announcement, user=request.user, restored_from=number, **values)
    except ValidationError as refused:
        messages.warning(request, " ".join(refused.messages))
    else:
        messages.success(request, _("Version %(number)d has been restored.") % {"number": number})
    return redirect("announcement-versions", pk)
