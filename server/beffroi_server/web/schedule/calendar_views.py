"""Pages of day calendars, and of the week of a screen."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring import screen_week as weeks
from beffroi_server.schedule import day_calendars, services
from beffroi_server.schedule.manifest_compiler import CompileError
from beffroi_server.schedule.models import DayCalendar
from beffroi_server.web.access import UserRequest, for_editors, for_users
from beffroi_server.web.forms import StyledForm, add_form_errors


class CalendarImportForm(StyledForm):
    """Form that imports a day calendar from an iCal file."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy(
            "For example “School holidays, zone B”. Importing the same name again replaces its days."
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A calendar in iCal format (.ics), as published by education authorities."),
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
    )

    def clean_file(self) -> list[tuple[str, str]]:
        """Return the days in the file.

        Raises:
            ValidationError: it is too large, or not a calendar with days.
        """
        file = self.cleaned_data["file"]
        if file.size > day_calendars.IMPORT_SIZE_LIMIT:
            raise forms.ValidationError(_("This file is larger than 1 MB: it is not just a list of days."))
        try:
            return day_calendars.import_days(file.read())
        except day_calendars.DayImportError as error:
            raise forms.ValidationError(str(error)) from error


@for_editors("GET", "POST")
def calendar_list(request: UserRequest) -> HttpResponse:
    """List the day calendars; POST imports one, in place of that with the same name."""
    form = CalendarImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            imported = _save_import(request, form.cleaned_data["name"], form.cleaned_data["file"])
        except ValidationError as error:
            add_form_errors(form, error.messages)
        else:
            messages.success(request, _("“%(name)s” has been imported.") % {"name": imported})
            return redirect("calendars")
    rows = [weeks.calendar_row(each, timezone.localdate()) for each in DayCalendar.objects.all()]
    context = {"form": form, "rows": rows}
    return render(request, "schedule/calendars.html", context, status=422 if form.errors else 200)


@for_editors("POST")
def calendar_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete an imported calendar; those of public holidays stay."""
    found = DayCalendar.objects.filter(pk=pk, country="").first()
    if found is not None:
        services.delete_calendar(found, user=request.user)
        messages.success(
            request, _("“%(name)s” has been deleted. Rules that referred to it continue without it.") % {"name": found}
        )
    return redirect("calendars")


@for_users("GET")
def screen_week(request: UserRequest, slug: str) -> HttpResponse:
    """Show what a screen will show in the next seven days, with rules that are never seen and hours without content."""
    screen = get_object_or_404(Screen.objects.select_related("screen_class"), slug=slug)
    try:
        found = weeks.week_of(screen, timezone.now())
    except CompileError as problem:
        return render(request, "schedule/week.html", {"screen": screen, "problem": problem.message})
    return render(request, "schedule/week.html", {"screen": screen, "week": found})


def _save_import(request: UserRequest, name: str, days: list[tuple[str, str]]) -> DayCalendar:
    calendar = DayCalendar.objects.filter(name=name, country="").first() or DayCalendar()
    calendar.name, calendar.days = name, days
    services.save_calendar(calendar, user=request.user)
    return calendar
