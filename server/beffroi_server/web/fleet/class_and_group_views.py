"""Pages of screen classes and of groups."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_server.fleet import services
from beffroi_server.fleet.models import ScreenClass, ScreenGroup
from beffroi_server.fleet.slugs import free_slug
from beffroi_server.web.access import UserRequest, for_technicians
from beffroi_server.web.fleet.forms import GroupForm, ScreenClassForm
from beffroi_server.web.requests import paginate

ROWS_PER_PAGE = 50


@for_technicians("GET")
def screen_class_list(request: UserRequest) -> HttpResponse:
    """List the screen classes."""
    found = ScreenClass.objects.annotate(screen_count=Count("screen")).order_by("name")
    page = paginate(request, found, ROWS_PER_PAGE)
    return render(request, "fleet/screen_classes.html", {"page": page})


@for_technicians("GET", "POST")
def screen_class_add(request: UserRequest) -> HttpResponse:
    """Add a screen class."""
    return _edit_class(request, ScreenClass())


@for_technicians("GET", "POST")
def screen_class_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change a screen class."""
    return _edit_class(request, get_object_or_404(ScreenClass, pk=pk))


@for_technicians("GET")
def group_list(request: UserRequest) -> HttpResponse:
    """List the groups."""
    found = ScreenGroup.objects.annotate(screen_count=Count("screens")).order_by("name")
    page = paginate(request, found, ROWS_PER_PAGE)
    return render(request, "fleet/groups.html", {"page": page})


@for_technicians("GET", "POST")
def group_add(request: UserRequest) -> HttpResponse:
    """Add a group."""
    return _edit_group(request, ScreenGroup())


@for_technicians("GET", "POST")
def group_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change a group."""
    return _edit_group(request, get_object_or_404(ScreenGroup, pk=pk))


def _edit_class(request: UserRequest, edited: ScreenClass) -> HttpResponse:
    saved_name = edited.name
    form = ScreenClassForm(request.POST or None, instance=edited)
    if request.method == "POST" and form.is_valid():
        services.save_screen_class(form.instance, user=request.user)
        messages.success(request, _("%(name)s has been saved.") % {"name": form.instance.name})
        return redirect("screen-classes")
    context = {"form": form, "name": saved_name}
    return render(request, "fleet/screen_class.html", context, status=422 if form.errors else 200)


def _edit_group(request: UserRequest, edited: ScreenGroup) -> HttpResponse:
    saved_name = edited.name
    form = GroupForm(request.POST or None, instance=edited)
    if request.method == "POST" and form.is_valid():
        edited.slug = edited.slug or free_slug(ScreenGroup, edited.name)
        services.save_group(edited, user=request.user, screens=form.cleaned_data["screens"])
        messages.success(request, _("%(name)s has been saved.") % {"name": edited.name})
        return redirect("groups")
    return render(request, "fleet/group.html", {"form": form, "name": saved_name}, status=422 if form.errors else 200)
