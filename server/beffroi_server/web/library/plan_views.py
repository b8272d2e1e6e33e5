"""Pages of the editorial plan: who writes what for when."""

from __future__ import annotations

from django.contrib import messages
from django.forms import DateInput, ModelChoiceField, TextInput
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import User
from beffroi_server.library import editorial_plan
from beffroi_server.library.categories import offered_categories
from beffroi_server.library.plan_models import PlannedAnnouncement
from beffroi_server.web.access import UserRequest, for_editors, for_writers
from beffroi_server.web.forms import RelatedModelForm, save_if_valid
from beffroi_server.web.requests import paginate

PLANNED_PER_PAGE = 50


class PlannedForm(RelatedModelForm):
    """Form of something that is to be written."""

    class Meta:
        model = PlannedAnnouncement
        fields = ("title", "due_on", "writer", "label", "note")
        widgets = {
            "due_on": DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "label": TextInput(attrs={"list": "categories"}),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        writer = self.fields["writer"]
        assert isinstance(writer, ModelChoiceField)
        writer.queryset = User.objects.filter(is_active=True).order_by("username")


@for_writers("GET")
def plan_page(request: UserRequest) -> HttpResponse:
    """List what is to be written, and what was written lately."""
    today = timezone.localdate()
    page = paginate(request, editorial_plan.open_plan(today), PLANNED_PER_PAGE)
    rows = [(planned, planned.is_late(today)) for planned in page]
    return render(request, "library/plan.html", {"page": page, "rows": rows})


@for_editors("GET", "POST")
def planned_add(request: UserRequest) -> HttpResponse:
    """Add something to the plan."""
    return _edit_planned(request, PlannedAnnouncement(writer=request.user))


@for_editors("GET", "POST")
def planned_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change something in the plan."""
    return _edit_planned(request, get_object_or_404(PlannedAnnouncement, pk=pk))


@for_editors("POST")
def planned_remove(request: UserRequest, pk: int) -> HttpResponse:
    """Remove something from the plan."""
    found = PlannedAnnouncement.objects.filter(pk=pk).first()
    if found is not None:
        editorial_plan.remove_planned(found, user=request.user)
        messages.success(request, _("“%(name)s” has been removed from the plan.") % {"name": found})
    return redirect("plan")


def _edit_planned(request: UserRequest, planned: PlannedAnnouncement) -> HttpResponse:
    form = PlannedForm(request.POST if request.method == "POST" else None, instance=planned)
    if request.method == "POST" and _is_saved(request, form):
        messages.success(request, _("“%(name)s” is in the plan.") % {"name": form.instance})
        return redirect("plan")
    context = {"form": form, "planned": planned, "categories": offered_categories()}
    return render(request, "library/planned.html", context, status=422 if form.errors else 200)


def _is_saved(request: UserRequest, form: PlannedForm) -> bool:
    return save_if_valid(form, lambda: editorial_plan.save_planned(form.instance, user=request.user))
