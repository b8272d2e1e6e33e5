"""Pages of the charter: the list of its rules, one rule, and deletion."""

from __future__ import annotations

from django.contrib import messages
from django.forms import CheckboxSelectMultiple, DateInput, TextInput, TimeInput
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.library.categories import offered_categories
from beffroi_server.schedule import charter
from beffroi_server.schedule.charter_models import AMOUNT_UNITS, CharterRule, CharterSubject
from beffroi_server.web.access import UserRequest, for_administrators, for_editors
from beffroi_server.web.forms import RelatedModelForm, save_if_valid

RULES_SHOWN = 200


class CharterRuleForm(RelatedModelForm):
    """Form of a rule of the charter."""

    class Meta:
        model = CharterRule
        fields = (
            "subject", "amount", "start_time", "end_time", "category", "groups", "first_date", "last_date", "refuses",
            "reason",
        )  # fmt: skip
        widgets = {
            "category": TextInput(attrs={"list": "categories"}),
            "groups": CheckboxSelectMultiple,
            "start_time": TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "end_time": TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "first_date": DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "last_date": DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "amount": gettext_lazy("Pages, characters, days or per cent, for the rules that end with “than”."),
            "start_time": gettext_lazy("Only for “between certain hours only”."),
            "category": gettext_lazy("Empty: the rule applies to every announcement."),
            "groups": gettext_lazy("Only for “on certain groups only”."),
            "first_date": gettext_lazy("For example the first day of an electoral period. Empty: always."),
            "refuses": gettext_lazy("Otherwise it warns, and people may publish anyway."),
            "reason": gettext_lazy("Shown with the warning, for example “Article L52-1 of the electoral code.”"),
        }


@for_editors("GET")
def charter_page(request: UserRequest) -> HttpResponse:
    """List the rules of the charter."""
    rules = CharterRule.objects.prefetch_related("groups")[:RULES_SHOWN]
    rows = [(rule, AMOUNT_UNITS.get(CharterSubject(rule.subject), "")) for rule in rules]
    return render(request, "schedule/charter.html", {"rows": rows})


@for_administrators("GET", "POST")
def charter_rule_add(request: UserRequest) -> HttpResponse:
    """Add a rule to the charter."""
    return _edit_rule(request, CharterRule())


@for_administrators("GET", "POST")
def charter_rule_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change a rule of the charter."""
    return _edit_rule(request, get_object_or_404(CharterRule, pk=pk))


@for_administrators("POST")
def charter_rule_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a rule of the charter."""
    found = CharterRule.objects.filter(pk=pk).first()
    if found is not None:
        charter.delete_charter_rule(found, user=request.user)
        messages.success(request, _("The rule “%(name)s” has been deleted.") % {"name": found})
    return redirect("charter")


def _edit_rule(request: UserRequest, rule: CharterRule) -> HttpResponse:
    form = CharterRuleForm(request.POST if request.method == "POST" else None, instance=rule)
    if request.method == "POST" and _is_saved(request, form):
        messages.success(request, _("The rule “%(name)s” has been saved.") % {"name": form.instance})
        return redirect("charter")
    context = {"form": form, "rule": rule, "categories": offered_categories()}
    return render(request, "schedule/charter_rule.html", context, status=422 if form.errors else 200)


def _is_saved(request: UserRequest, form: CharterRuleForm) -> bool:
    return save_if_valid(
        form, lambda: charter.save_charter_rule(form.instance, groups=form.selected_rows("groups"), user=request.user)
    )
