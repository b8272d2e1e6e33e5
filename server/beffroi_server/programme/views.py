"""Playlists, and what is in them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.programme import sentences, services
from beffroi_server.programme.forms import PlaylistForm
from beffroi_server.programme.models import Playlist, ScheduleRule
from beffroi_server.web.access import PersonRequest, for_editors
from beffroi_server.web.forms import add_refusal

PAGE = 50


def _to_come(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


@for_editors("GET", "POST")
def playlists(request: PersonRequest) -> HttpResponse:
    """List the playlists; make a new one."""
    form = PlaylistForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_playlist(form.cleaned_data["name"], person=request.user)
        except ValidationError as refusal:
            add_refusal(form, refusal.messages)
        else:
            messages.success(request, _("“%(name)s” is there. Choose what it shows.") % {"name": made})
            return redirect("playlist", made.pk)
    page = Paginator(_listed(), PAGE).get_page(request.GET.get("page"))
    for each in page:
        each.places = [sentences.summary(rule, sentences.Places.of(rule)) for rule in each.rules.all()]
    context = {"form": form, "page": page}
    return render(request, "programme/playlists.html", context, status=422 if form.errors else 200)


def _listed() -> Any:
    """Return the playlists with how many entries are valid now, and how long they take."""
    now = timezone.now()
    valid = (Q(entries__valid_from=None) | Q(entries__valid_from__lte=now)) & (
        Q(entries__valid_until=None) | Q(entries__valid_until__gt=now)
    )
    rules = ScheduleRule.objects.prefetch_related("screens", "groups")
    return Playlist.objects.annotate(
        entry_count=Count("entries"), valid_count=Count("entries", filter=valid),
        seconds=Sum("entries__duration_s", filter=valid, default=0),
    ).order_by("name").prefetch_related(Prefetch("rules", queryset=rules))  # fmt: skip


playlist = playlist_rename = playlist_delete = entry_add = entry = entry_move = entry_remove = rules = rule_new = (
    rule_sentence
) = rule = rule_delete = _to_come
