"""Pages of categories: the list with their default life, one category, and deletion."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.library import categories
from beffroi_server.library.models import Announcement, Category
from beffroi_server.web.access import UserRequest, for_editors
from beffroi_server.web.forms import StyledModelForm, save_if_valid
from beffroi_server.web.requests import paginate

CATEGORIES_PER_PAGE = 100


class CategoryForm(StyledModelForm):
    """Form of a category: its name and default life."""

    class Meta:
        model = Category
        fields = ("name", "default_days")
        help_texts = {
            "default_days": gettext_lazy(
                "After so many days an announcement leaves the screens, unless somebody chooses otherwise. Empty: 30."
            ),
        }


@for_editors("GET", "POST")
def category_list(request: UserRequest) -> HttpResponse:
    """List the categories; POST adds one."""
    form = CategoryForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _is_saved(request, form):
        messages.success(request, _("The category “%(name)s” has been added.") % {"name": form.instance})
        return redirect("categories")
    context = {
        "form": form,
        "page": paginate(request, _counted_categories(), CATEGORIES_PER_PAGE),
        "usual_days": categories.USUAL_DAYS,
    }
    return render(request, "library/categories.html", context, status=422 if form.errors else 200)


@for_editors("GET", "POST")
def category_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change the name and the default life of a category."""
    found = get_object_or_404(Category, pk=pk)
    # The form validates a row of its own, so that a refused name does not appear as the heading.
    form = CategoryForm(request.POST if request.method == "POST" else None, instance=Category.objects.get(pk=pk))
    if request.method == "POST" and _is_saved(request, form):
        messages.success(request, _("The category “%(name)s” has been saved.") % {"name": form.instance})
        return redirect("categories")
    context = {"form": form, "category": found}
    return render(request, "library/category.html", context, status=422 if form.errors else 200)


@for_editors("POST")
def category_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a category; announcements keep its name above their title."""
    found = Category.objects.filter(pk=pk).first()
    if found is not None:
        categories.delete_category(found, user=request.user)
        message = _("The category “%(name)s” has been deleted. Its announcements keep this word above their title.")
        messages.success(request, message % {"name": found})
    return redirect("categories")


def _is_saved(request: UserRequest, form: CategoryForm) -> bool:
    return save_if_valid(form, lambda: categories.save_category(form.instance, user=request.user))


def _counted_categories() -> QuerySet[Category]:
    """Return the categories, each with the number of its announcements."""
    named = Announcement.objects.filter(folded_label=OuterRef("name__folded")).order_by().values("folded_label")
    counts = Subquery(named.annotate(count=Count("pk")).values("count")[:1])
    return Category.objects.annotate(announcement_count=Coalesce(counts, 0))
