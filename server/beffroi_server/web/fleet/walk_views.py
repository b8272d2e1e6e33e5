"""Pages of test cards and walk tests, for a phone."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from beffroi_server.core.csv_rows import csv_lines
from beffroi_server.fleet import walk_tests
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.walk_models import WalkResult, WalkTest
from beffroi_server.web.access import UserRequest, for_technicians
from beffroi_server.web.form_scopes import limit_rows, screen_of
from beffroi_server.web.forms import StyledForm, add_form_errors
from beffroi_server.web.requests import paginate
from beffroi_server.web.responses import file_response

TESTS_PER_PAGE = 20
WALK, CARD = "walk", "card"
ALL, CHOSEN = "all", "chosen"


class ScreenTestForm(StyledForm):
    """Which screens show what, and for how long."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What the screens show"), initial=WALK, widget=forms.RadioSelect,
        choices=[(WALK, gettext_lazy("a number each, for a walk test with a phone")),
                 (CARD, gettext_lazy("a test card: colours, greys, grid, corners"))],
    )  # fmt: skip
    where = forms.ChoiceField(
        label=gettext_lazy("Where"), initial=ALL, widget=forms.RadioSelect,
        choices=[(ALL, gettext_lazy("On all screens")), (CHOSEN, gettext_lazy("On some groups or screens"))],
    )  # fmt: skip
    groups = forms.ModelMultipleChoiceField(
        label=gettext_lazy("All screens of these groups"), queryset=ScreenGroup.objects.all(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    screens = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Screens"), queryset=Screen.objects.all(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    minutes = forms.IntegerField(
        label=gettext_lazy("For … minutes"), initial=walk_tests.USUAL_MINUTES, min_value=1,
        max_value=walk_tests.LONGEST_MINUTES, help_text=gettext_lazy("Alerts come before it. It can be shown again."),
    )  # fmt: skip

    def chosen_screens(self) -> list[Screen]:
        """Return the screens that were chosen, each once. All are those that the user looks after."""
        values = self.cleaned_data
        if values["where"] == ALL:
            return list(limit_rows(Screen.objects.all()))
        of_groups = (
            limit_rows(Screen.objects.filter(groups__in=values["groups"])).distinct() if values["groups"] else ()
        )
        return list({screen.pk: screen for screen in (*values["screens"], *of_groups)}.values())


@for_technicians("GET", "POST")
def walk_list(request: UserRequest) -> HttpResponse:
    """Show the tests that were made; POST starts one, or shows a test card."""
    form = ScreenTestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        screens, minutes = form.chosen_screens(), form.cleaned_data["minutes"]
        try:
            if form.cleaned_data["kind"] == WALK:
                return redirect("walk-test", walk_tests.start_walk(screens, minutes, user=request.user).pk)
            walk_tests.show_test_card(screens, minutes, user=request.user)
            text = ngettext(
                "%(count)d screen shows the test card.", "%(count)d screens show the test card.", len(screens)
            )
            messages.success(request, text % {"count": len(screens)})
            return redirect("walk-tests")
        except ValidationError as refused:
            add_form_errors(form, refused.messages)
    page = paginate(request, walk_tests.tests_in_scope(request.user), TESTS_PER_PAGE)
    return render(request, "fleet/walk_tests.html", {"form": form, "page": page}, status=422 if form.errors else 200)


@for_technicians("GET")
def walk_page(request: UserRequest, pk: int) -> HttpResponse:
    """Show the screens of a test, what was noted of each, and what can be noted."""
    test = _test(request, pk)
    stops = test.stops.select_related("screen", "noted_by")
    shown = test.ended_at is None and timezone.now() < test.shown_until
    context = {"test": test, "stops": stops, "is_shown": shown, "results": WalkResult.choices[1:]}
    return render(request, "fleet/walk_test.html", context)


@for_technicians("POST")
def walk_note(request: UserRequest, pk: int, number: int) -> HttpResponse:
    """Note what was found at a screen, and come back to it in the list."""
    stop = get_object_or_404(_test(request, pk).stops.select_related("screen"), number=number)
    try:
        result = WalkResult(request.POST.get("result", ""))
    except ValueError as error:
        raise Http404 from error
    walk_tests.note_result(stop, result, request.POST.get("note", ""), user=request.user)
    return redirect(f"/walk-tests/{pk}/#stop-{number}")


@for_technicians("POST")
def walk_again(request: UserRequest, pk: int) -> HttpResponse:
    """Have the screens show their numbers again."""
    walk_tests.show_again(_test(request, pk), walk_tests.USUAL_MINUTES, user=request.user)
    return redirect("walk-test", pk)


@for_technicians("POST")
def walk_end(request: UserRequest, pk: int) -> HttpResponse:
    """Have the screens show their programme again."""
    walk_tests.end_walk(_test(request, pk), user=request.user)
    messages.success(request, _("The test is over: the screens show their programme again."))
    return redirect("walk-test", pk)


@for_technicians("GET")
def walk_csv(request: UserRequest, pk: int) -> HttpResponseBase:
    """Return the results as a file for a spreadsheet."""
    separator = ";" if get_language() == "fr" else ","
    lines = csv_lines(walk_tests.result_rows(_test(request, pk)), separator=separator)
    return file_response(lines, "text/csv; charset=utf-8", f"{_('walk-test')}-{pk}.csv")


@for_technicians("POST")
def screen_test_card(request: UserRequest, slug: str) -> HttpResponse:
    """Show a test card on one screen for a quarter of an hour, or end it."""
    found = screen_of(slug)
    minutes = 0 if "end" in request.POST else walk_tests.USUAL_MINUTES
    walk_tests.show_test_card([found], minutes, user=request.user)
    text = _("%(name)s shows a test card for %(minutes)d minutes.") if minutes else _("%(name)s shows its programme.")
    messages.success(request, text % {"name": found.name, "minutes": minutes})
    return redirect("screen", slug)


def _test(request: UserRequest, pk: int) -> WalkTest:
    return get_object_or_404(walk_tests.tests_in_scope(request.user), pk=pk)
