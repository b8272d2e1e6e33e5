"""Calendars of special days, and the week of a screen."""

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
from beffroi_server.web.forms import add_form_errors, add_style_classes


class CalendarImportForm(forms.Form):
    """A calendar from a file."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("Such as “School holidays, zone B”. The same name again replaces its days."),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A calendar in the format iCal (.ics), as ministries offer it."),
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
    )

    def clean_file(self) -> list[tuple[str, str]]:
        """Return the days in the file."""
        file = self.cleaned_data["file"]
        if file.size > day_calendars.IMPORT_SIZE_LIMIT:
            raise forms.ValidationError(_("This file has more than 1 MB: it holds more than days."))
        try:
            return day_calendars.import_days(file.read())
        except day_calendars.DayImportError as error:
            raise forms.ValidationError(str(error)) from error


@for_editors("GET", "POST")
def calendar_list(request: UserRequest) -> HttpResponse:
    """List the calendars of special days; import one."""
    form = CalendarImportForm(request.POST or None, request.FILES or None)
    add_style_classes(form)
    if request.method == "POST" and form.is_valid():
        imported = DayCalendar.objects.filter(name=form.cleaned_data["name"], country="").first() or DayCalendar()
        imported.name, imported.days = form.cleaned_data["name"], form.cleaned_data["file"]
        try:
            services.save_calendar(imported, user=request.user)
        except ValidationError as error:
            add_form_errors(form, error.messages)
        else:
            messages.success(request, _("“%(name)s” is imported.") % {"name": imported})
            return redirect("calendars")
    rows = [weeks.calendar_row(each, timezone.localdate()) for each in DayCalendar.objects.all()]
    context = {"form": form, "rows": rows}
    return render(request, "schedule/calendars.html", context, status=422 if form.errors else 200)


@for_editors("POST")
def calendar_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a calendar that was imported."""
    found = DayCalendar.objects.filter(pk=pk, country="").first()
    if found is not None:
        services.delete_calendar(found, user=request.user)
        messages.success(
            request, _("“%(name)s” is deleted. Rules that looked at it go on without it.") % {"name": found}
        )
    return redirect("calendars")


@for_users("GET")
def screen_week(request: UserRequest, slug: str) -> HttpResponse:
    """Show what a screen shows in the seven days to come, and what is amiss with that."""
    screen = get_object_or_404(Screen.objects.select_related("screen_class"), slug=slug)
    try:
        found = weeks.week_of(screen, timezone.now())
    except CompileError as problem:
        return render(request, "schedule/week.html", {"screen": screen, "problem": problem.message})
    return render(request, "schedule/week.html", {"screen": screen, "week": found})
