"""Pages of feeds."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_server.feeds import services
from beffroi_server.feeds.models import Feed
from beffroi_server.feeds.skipped_texts import skipped_sentence
from beffroi_server.fleet import content_owners
from beffroi_server.web import working_for
from beffroi_server.web.access import UserRequest, for_editors
from beffroi_server.web.feeds.forms import FeedForm


@for_editors("GET", "POST")
def feed_list(request: UserRequest) -> HttpResponse:
    """List the feeds; POST adds one, which is then read in the background."""
    form = FeedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _save_feed(request, form)
    seen = content_owners.seen_by(Feed.objects.select_related("municipality"), request.user)
    feeds: list[Any] = list(working_for.of_chosen(seen).prefetch_related("announcements"))
    for feed in feeds:
        feed.is_open = content_owners.changes(request.user, feed)
    context = {"form": form, "feeds": feeds, "waits": any(feed.is_waiting for feed in feeds)}
    return render(request, "feeds/feeds.html", context, status=422 if form.errors else 200)


@for_editors("GET", "POST")
def feed_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Show and change a feed."""
    found = get_object_or_404(Feed, pk=pk)
    content_owners.check_change(request.user, found)
    name = found.name
    form = FeedForm(request.POST if request.method == "POST" else None, instance=found)
    if request.method == "POST" and form.is_valid():
        return _save_feed(request, form)
    context = {"form": form, "feed": found, "name": name, "skipped": [skipped_sentence(part) for part in found.skipped]}
    return render(request, "feeds/feed.html", context, status=422 if form.errors else 200)


@for_editors("POST")
def feed_refresh(request: UserRequest, pk: int) -> HttpResponse:
    """Have a feed read now, in the background."""
    services.request_reading(get_object_or_404(content_owners.seen_by(Feed.objects.all(), request.user), pk=pk))
    return redirect("feeds")


@for_editors("POST")
def feed_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a feed, unless an announcement shows it."""
    found = get_object_or_404(Feed, pk=pk)
    try:
        services.delete_feed(found, user=request.user)
    except services.FeedInUse as refused:
        messages.warning(request, str(refused))
        return redirect("feed", pk)
    messages.success(request, _("“%(name)s” has been deleted.") % {"name": found.name})
    return redirect("feeds")


def _save_feed(request: UserRequest, form: FeedForm) -> HttpResponse:
    if form.instance._state.adding:
        form.instance.municipality = working_for.chosen()
    services.save_feed(form.instance, user=request.user)
    messages.success(request, _("“%(name)s” has been saved, and is being read.") % {"name": form.instance})
    return redirect("feeds")
