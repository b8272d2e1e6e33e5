"""Pages of tags: those of one announcement, edited in its place, and the list that the town keeps."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.library import tags
from beffroi_server.library.library_scopes import check_announcement
from beffroi_server.library.models import Announcement, Tag
from beffroi_server.web.access import UserRequest, for_editors, for_writers, is_htmx
from beffroi_server.web.forms import StyledForm, add_form_errors
from beffroi_server.web.requests import safe_redirect_path


class AnnouncementTagsForm(StyledForm):
    """Form of all tags of an announcement, in one line."""

    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        max_length=600,
        required=False,
        help_text=gettext_lazy("Separate several with commas. A new one is added to the list of the town."),
        widget=forms.TextInput(attrs={"list": "tags", "autocomplete": "off"}),
    )


class TagNameForm(StyledForm):
    """Form of the name of a tag."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=40)


@for_writers("GET", "POST")
def announcement_tags(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Show and change the tags of an announcement: a page, or with htmx the part of the list beside its title."""
    found = get_object_or_404(Announcement.objects.prefetch_related("tags"), pk=pk)
    check_announcement(request.user, found)
    is_saved = False
    form = AnnouncementTagsForm(
        request.POST if request.method == "POST" else None,
        initial={"tags": ", ".join(tag.name for tag in found.tags.all())},
        auto_id=f"id_{pk}_%s",
    )
    if request.method == "POST" and form.is_valid():
        try:
            tags.set_tags(found, tags.split_tags(form.cleaned_data["tags"]), user=request.user)
            is_saved = True
        except ValidationError as refused:
            add_form_errors(form, refused.messages)
    if is_saved and not is_htmx(request):
        messages.success(request, _("The tags of “%(name)s” have been saved.") % {"name": found})
        return HttpResponseRedirect(safe_redirect_path(request, request.POST.get("next", ""), reverse("announcements")))
    context = {
        "announcement": found,
        "form": form,
        "is_edited": not is_saved and "cancel" not in request.GET,
        "is_fresh": True,
        "known": Tag.objects.values_list("name", flat=True),
    }
    template = "library/tags_of.html" if is_htmx(request) else "library/announcement_tags.html"
    # htmx swaps no answer with an error status.
    status = 422 if form.errors and not is_htmx(request) else 200
    return render(request, template, context, status=status)


@for_editors("GET", "POST")
def tag_list(request: UserRequest) -> HttpResponse:
    """List the tags that the town keeps; POST renames one of them."""
    form = TagNameForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        key = request.POST.get("tag", "")
        found = Tag.objects.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 10 else None
        if found is None:
            messages.warning(request, _("Someone has deleted this tag in the meantime."))
            return redirect("tags")
        if form.is_valid():
            kept = tags.rename_tag(found, form.cleaned_data["name"], user=request.user)
            messages.success(request, _("The tag is now called “%(name)s”.") % {"name": kept})
            return redirect("tags")
    rows = Tag.objects.annotate(count=Count("announcements"))
    return render(request, "library/tags.html", {"rows": rows, "form": form}, status=422 if form.errors else 200)


@for_editors("POST")
def tag_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a tag; the announcements that had it stay."""
    found = Tag.objects.filter(pk=pk).first()
    if found is not None:
        tags.delete_tag(found, user=request.user)
        messages.success(request, _("The tag “%(name)s” has been deleted.") % {"name": found})
    return redirect("tags")
