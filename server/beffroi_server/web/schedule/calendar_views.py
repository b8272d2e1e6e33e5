"""Pages of day calendars, and of the week of a screen."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.feeds.skipped_texts import skipped_sentence
from beffroi_server.monitoring import screen_week as weeks
from beffroi_server.schedule import day_calendars, services
from beffroi_server.schedule.calendar_models import DayCalendar, DayImport
from beffroi_server.schedule.calendar_reading import SIZE_LIMIT
from beffroi_server.web.access import UserRequest, for_editors, for_users
from beffroi_server.web.forms import StyledForm
from beffroi_server.web.schedule.import_page import import_years


class CalendarImportForm(StyledForm):
    """Form that uploads a file of special days."""

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

    def clean_name(self) -> str:
        """Return the name.

        Raises:
            ValidationError: it is that of the public holidays, which are computed.
        """
        name: str = self.cleaned_data["name"]
        if DayCalendar.objects.filter(name=name).exclude(country="").exists():
            raise forms.ValidationError(_("The public holidays have this name. Choose another one."))
        return name

    def clean_file(self) -> bytes:
        """Return the content of the file.

        Raises:
            ValidationError: it is too large.
        """
        file = self.cleaned_data["file"]
        if file.size > SIZE_LIMIT:
            raise forms.ValidationError(_("This file is larger than 4 MB: it is not just a list of days."))
        return bytes(file.read())


@for_editors("GET", "POST")
def calendar_list(request: UserRequest) -> HttpResponse:
    """List the day calendars; POST uploads a file of days, which is shown before it is saved."""
    form = CalendarImportForm(request.POST or None, request.FILES or None, initial={"name": request.GET.get("name")})
    if request.method == "POST" and form.is_valid():
        made = day_calendars.start_import(form.cleaned_data["name"], form.cleaned_data["file"], request.user)
        return redirect("calendar-import", made.pk)
    rows = [weeks.calendar_row(each, timezone.localdate()) for each in DayCalendar.objects.all()]
    context = {"form": form, "rows": rows}
    return render(request, "schedule/calendars.html", context, status=422 if form.errors else 200)


@for_editors("GET", "POST")
def calendar_import(request: UserRequest, pk: int) -> HttpResponse:
    """Show the days of an uploaded file; POST saves them, in place of those of the calendar with the same name."""
    found = get_object_or_404(DayImport, pk=pk, user=request.user)
    places: list[str] = found.result["data"]["places"] if found.result else []
    place = request.POST.get("place", request.GET.get("place", ""))
    if place not in places:
        place = places[0] if len(places) == 1 else ""
    problem, is_open = "", bool(len(places) > 1 and not place)
    if request.method == "POST" and found.result and not is_open:
        try:
            saved = _save_import(request, found, place)
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            messages.success(request, _("“%(name)s” has been imported.") % {"name": saved})
            return redirect("calendars")
    context = {
        "found": found,
        "places": places,
        "place": place,
        "is_open": is_open,
        "problem": problem,
        "years": [] if is_open or not found.result else import_years(found.result, place, timezone.localdate()),
        "replaced": DayCalendar.objects.filter(name=found.name, country="").exists(),
        "skipped": [skipped_sentence(part) for part in found.result["skipped"]] if found.result else [],
        "skipped_more": found.result["skipped_count"] - len(found.result["skipped"]) if found.result else 0,
    }
    return render(request, "schedule/calendar_import.html", context, status=422 if problem else 200)


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
def screen_week(_request: UserRequest, slug: str) -> HttpResponse:
    """Lead to the present week of a screen in the calendar."""
    return redirect(f"{reverse('programme')}?of=s-{slug}&view=week")


def _save_import(request: UserRequest, found: DayImport, place: str) -> DayCalendar:
    assert found.result is not None
    calendar = DayCalendar.objects.filter(name=found.name, country="").first() or DayCalendar()
    days = day_calendars.days_to_save(found.result, place, timezone.localdate())
    calendar.name, calendar.days = found.name, days
    services.save_calendar(calendar, user=request.user)
    found.delete()
    return calendar
