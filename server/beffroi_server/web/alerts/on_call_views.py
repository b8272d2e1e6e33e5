"""Page of the on-call rota."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import User
from beffroi_server.alerts import on_call
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.web.access import UserRequest, for_officers
from beffroi_server.web.alerts.forms import OnCallExceptionForm
from beffroi_server.web.requests import parse_number


@for_officers("GET")
def on_call_page(request: UserRequest) -> HttpResponse:
    """Show who is on call in the coming weeks, and let officers change it."""
    return _show(request, OnCallExceptionForm(officers=_officers()))


@for_officers("POST")
def on_call_members(request: UserRequest) -> HttpResponse:
    """Set who takes turns, by the numbers that were given; an empty one takes none."""
    numbers = {user: parse_number(request.POST.get(f"turn-{user.pk}", "").strip()) for user in _officers()}
    taking = sorted((user for user, number in numbers.items() if number), key=lambda user: (numbers[user], user.pk))
    on_call.save_members(taking, user=request.user)
    messages.success(request, _("The rota is saved."))
    return redirect("on-call")


@for_officers("POST")
def on_call_swap(request: UserRequest) -> HttpResponse:
    """Have somebody else be on call for a time."""
    form = OnCallExceptionForm(request.POST, officers=_officers())
    if form.is_valid():
        values = form.cleaned_data
        try:
            on_call.add_exception(values["person"], values["starts_at"], values["ends_at"], user=request.user)
        except AlertRefused as refused:
            form.add_error("ends_at", refused.message)
        else:
            return redirect("on-call")
    return _show(request, form, status=422)


@for_officers("POST")
def on_call_remove(request: UserRequest, pk: int) -> HttpResponse:
    """Remove an exception."""
    on_call.remove_exception(pk, user=request.user)
    return redirect("on-call")


def _officers() -> list[User]:
    return [user for user in User.objects.filter(is_active=True).order_by("username") if user.may_alert]


def _show(request: UserRequest, form: OnCallExceptionForm, status: int = 200) -> HttpResponse:
    now, rota = timezone.now(), on_call.read_rota()
    places = {user.pk: number for number, user in enumerate(rota.members, start=1)}
    context = {
        "form": form,
        "now_on_call": rota.on_call_at(now),
        "turns": rota.turns(now),
        "officers": [(user, places.get(user.pk, "")) for user in _officers()],
    }
    return render(request, "alerts/on_call.html", context, status=status)
