"""The page on which an act on several announcements is previewed, and then done."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts import undo
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.library.archive import announcements_in_use
from beffroi_server.library.categories import offered_categories
from beffroi_server.library.models import Announcement, Tag
from beffroi_server.schedule.announcement_acts import MAX_AT_ONCE
from beffroi_server.schedule.announcement_status import with_status
from beffroi_server.schedule.partial_acts import SomeRefused
from beffroi_server.web.access import UserRequest, current_town, for_editors
from beffroi_server.web.forms import FIND_SCREENS, add_form_errors
from beffroi_server.web.library.announcement_list import found_announcements, read_announcement_list
from beffroi_server.web.library.bulk_acts import BULK_ACTS, BulkAct
from beffroi_server.web.undo_messages import say_undoable

NAMES_SHOWN = 12
MAX_QUERY_LENGTH = 2_000


@for_editors("POST")
def announcements_bulk(request: UserRequest) -> HttpResponse:
    """Say what an act on the selected announcements will do; with the field ``do``, do it."""
    act, rows = BULK_ACTS.get(request.POST.get("act", "")), _selected(request)
    back = _list_address(request)
    if act is None or not rows:
        messages.warning(request, _("Select at least one announcement, and what is to be done."))
        return HttpResponseRedirect(back)
    if len(rows) > MAX_AT_ONCE:
        text = _("Up to %(most)d announcements at a time: narrow the list down.")
        messages.warning(request, text % {"most": MAX_AT_ONCE})
        return HttpResponseRedirect(back)
    return _answer_act(request, act, rows, back)


def _answer_act(request: UserRequest, act: BulkAct, rows: list[Announcement], back: str) -> HttpResponse:
    is_sent = any(button in request.POST for button in ("check", "do", FIND_SCREENS))
    form = act.form(request.POST if is_sent else None) if act.form is not None else None
    is_ready = form is None or (is_sent and form.is_valid())
    if is_ready and "do" in request.POST:
        try:
            entry = act.act(rows, form, request.user)
        except NotPermitted as refused:
            if isinstance(refused, SomeRefused):
                say_undoable(request, undo.describe_entry(refused.entry), refused.entry)
            messages.warning(request, refused.message)
            return HttpResponseRedirect(back)
        except ValidationError as refused:
            if form is None:
                raise
            add_form_errors(form, refused.messages)
            is_ready = False
        else:
            if entry is None:
                messages.warning(request, _("Nothing had to be changed."))
            else:
                say_undoable(request, undo.describe_entry(entry), entry)
            return HttpResponseRedirect(back)
    context = {
        "act": act,
        "form": form,
        "rows": rows,
        "named": rows[:NAMES_SHOWN],
        "more": max(0, len(rows) - NAMES_SHOWN),
        "sentences": act.preview(rows, form) if is_ready else [],
        "is_ready": is_ready,
        "back": back,
        "query": request.POST.get("query", "")[:MAX_QUERY_LENGTH],
        "tags": Tag.objects.values_list("name", flat=True) if act.code in {"tag", "untag"} else (),
        "categories": offered_categories() if act.code == "category" else (),
    }
    return render(request, "library/bulk.html", context, status=422 if form is not None and form.errors else 200)


def _selected(request: UserRequest) -> list[Announcement]:
    """Return what was ticked, or all that the list finds: one more than may be changed at once, at most."""
    if "all" in request.POST:
        request.GET = QueryDict(request.POST.get("query", "")[:MAX_QUERY_LENGTH])
        found = found_announcements(read_announcement_list(request)).values_list("pk", flat=True)
        keys = set(found[: MAX_AT_ONCE + 1])
    else:
        keys = {key for text in request.POST.getlist("chosen")[: MAX_AT_ONCE + 1] if (key := _key(text)) is not None}
    zone = ZoneInfo(current_town().time_zone)
    return list(with_status(announcements_in_use().filter(pk__in=keys), timezone.now(), zone))


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _list_address(request: UserRequest) -> str:
    query = QueryDict(request.POST.get("query", "")[:MAX_QUERY_LENGTH])
    return f"{reverse('announcements')}?{query.urlencode()}" if query else reverse("announcements")
