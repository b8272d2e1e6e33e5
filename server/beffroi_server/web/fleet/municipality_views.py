"""Pages of the municipalities that share a server, and the choice of the one that a user works for now."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_server.fleet import municipalities
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library import town_branding
from beffroi_server.web import working_for
from beffroi_server.web.access import UserRequest, current_town, for_administrators, for_user_managers, for_users
from beffroi_server.web.fleet.municipality_forms import MunicipalityForm
from beffroi_server.web.forms import add_form_errors
from beffroi_server.web.requests import paginate, parse_number, safe_redirect_path

ROWS_PER_PAGE = 50


@for_user_managers("GET")
def municipality_list(request: UserRequest) -> HttpResponse:
    """List the municipalities that the user looks after."""
    rows = municipalities.municipalities_in_scope(request.user).select_related("group")
    found = rows.annotate(screen_count=Count("group__screens")).order_by("name")
    return render(request, "fleet/municipalities.html", {"page": paginate(request, found, ROWS_PER_PAGE)})


@for_administrators("GET", "POST")
def municipality_add(request: UserRequest) -> HttpResponse:
    """Add a municipality."""
    return _edit_municipality(request, Municipality(colour=current_town().colour))


@for_user_managers("GET", "POST")
def municipality_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change a municipality."""
    related = municipalities.municipalities_in_scope(request.user).select_related("group", town_branding.LOGO_RELATION)
    return _edit_municipality(request, get_object_or_404(related, pk=pk))


@for_users("POST")
def municipality_choose(request: UserRequest) -> HttpResponse:
    """Work for another municipality from now on: lists show its content, and new content belongs to it."""
    working_for.choose(request, parse_number(request.POST.get("municipality")))
    return redirect(safe_redirect_path(request, request.POST.get("next", "")))


def _edit_municipality(request: UserRequest, edited: Municipality) -> HttpResponse:
    saved_name = edited.name
    form = MunicipalityForm(request.POST or None, instance=edited)
    # Who looks after one municipality only has no other screens to give it.
    if not request.user.may_administer:
        del form.fields["screens"]
    if request.method == "POST" and form.is_valid():
        screens = form.selected_rows("screens") if "screens" in form.fields else None
        try:
            town_branding.save_municipality(edited, logo=form.cleaned_data["logo"], screens=screens, user=request.user)
        except ValidationError as refused:
            add_form_errors(form, refused.messages)
        else:
            messages.success(request, _("%(name)s has been saved.") % {"name": edited.name})
            return redirect("municipalities")
    context = {"form": form, "name": saved_name}
    return render(request, "fleet/municipality.html", context, status=422 if form.errors else 200)
