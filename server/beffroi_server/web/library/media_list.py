"""Search, filters and sorting of the list of images and videos."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from beffroi_server.library.models import Announcement, MediaItem, MunicipalityLogo, TownLogo
from beffroi_server.schedule.models import Entry
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.list_filters import ListState, read_list

_ORDER_FIELDS = {"newest": ("-uploaded_at", "-id"), "oldest": ("uploaded_at", "id"), "name": ("folded_name", "id")}


def read_media_list(request: HttpRequest) -> ListState:
    """Return what the address of the list asks for."""
    filters = (
        ("kind", _("Kind"), [("image", _("images")), ("video", _("videos"))]),
        ("use", _("Use"), [("used", _("used somewhere")), ("unused", _("used nowhere"))]),
        ("described", _("Description"), [("no", _("without a description"))]),
    )
    orders = [("newest", _("added last")), ("oldest", _("added first")), ("name", _("name"))]
    return read_list(request, filters, orders)


def found_media(state: ListState) -> QuerySet[MediaItem]:
    """Return the images and videos that a list asks for, in its order."""
    rows = MediaItem.objects.select_related("video", "municipality")
    for word in state.words:
        rows = rows.filter(search_text__contains=word)
    if state.value_of("kind"):
        rows = rows.filter(video__isnull=state.value_of("kind") == "image")
    if state.value_of("use"):
        rows = rows.filter(_is_used()) if state.value_of("use") == "used" else rows.exclude(_is_used())
    if state.value_of("described"):
        rows = rows.filter(description="")
    return limit_rows(rows).order_by(*_ORDER_FIELDS[state.sort])


def _is_used() -> Q:
    """Return the condition on media items that an announcement, a playlist or the town shows them."""
    own = OuterRef("pk")
    further = Announcement.more_pictures.through.objects.filter(mediaitem=own)
    return (
        Q(Exists(Announcement.objects.filter(picture=own)))
        | Q(Exists(further))
        | Q(Exists(Entry.objects.filter(media=own)))
        | Q(Exists(TownLogo.objects.filter(image=own)))
        | Q(Exists(MunicipalityLogo.objects.filter(image=own)))
    )
