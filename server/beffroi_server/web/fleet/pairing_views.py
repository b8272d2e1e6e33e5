"""Pages that pair a player: the code that it shows, the screen that it becomes, and how that went."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from beffroi_content.wire.pairing import read_code, shown_code
from beffroi_server.fleet import pairings
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.pairing_models import Pairing
from beffroi_server.web.access import UserRequest, for_technicians, is_htmx
from beffroi_server.web.fleet.pairing_forms import CodeForm, PairingForm
from beffroi_server.web.form_scopes import limit_rows, screen_of
from beffroi_server.web.forms import add_form_errors


@for_technicians("GET")
def pair_scanned(_request: HttpRequest, code: str) -> HttpResponse:
    """Send whoever has scanned the code of a player to its page; the address is short, and in capitals."""
    return redirect(f"{reverse('pair')}?{urlencode({'code': code})}")


@never_cache
@for_technicians("GET", "POST")
def pair_player(request: UserRequest) -> HttpResponse:
    """Ask for the code of a player, then for its screen; POST pairs them."""
    given = request.POST if request.method == "POST" else request.GET
    code_form = CodeForm(given if "code" in given else None)
    chosen = limit_rows(Screen.objects.filter(slug=request.GET.get("screen", ""))).first()
    context: dict[str, object] = {"code_form": code_form, "screen": chosen}
    if not code_form.is_valid():
        return _page(request, context, is_refused=code_form.is_bound)
    try:
        pairing = pairings.find_pairing(code_form.cleaned_data["code"], user=request.user)
    except ValidationError as refused:
        code_form.add_error("code", refused)
        return _page(request, context, is_refused=True)
    form = PairingForm(
        request.POST if request.method == "POST" else None, pairing=pairing, user=request.user, chosen=chosen
    )
    if request.method == "POST" and form.is_valid() and (made := _confirm(request, form, code_form)) is not None:
        return redirect("pairing", made.pk)
    context |= {"form": form, **_player(pairing, code_form.cleaned_data["code"])}
    return _page(request, context, is_refused=bool(form.errors or code_form.errors))


def _confirm(request: UserRequest, form: PairingForm, code_form: CodeForm) -> Pairing | None:
    try:
        # A new screen is not added where its player cannot be paired.
        with transaction.atomic():
            return pairings.confirm_pairing(code_form.cleaned_data["code"], form.chosen_screen(), user=request.user)
    except ValidationError as refused:
        add_form_errors(form, refused.messages)
        return None


@never_cache
@for_technicians("GET")
def pairing_state(request: UserRequest, pk: int) -> HttpResponse:
    """Show how far a pairing is.

    An open page asks with the stage that it shows, and gets 204 until that has changed.
    """
    pairing = get_object_or_404(Pairing.objects.exclude(screen=None), pk=pk)
    assert pairing.screen is not None
    screen = screen_of(pairing.screen.slug, Screen.objects.select_related("state"))
    stage = pairings.pairing_stage(pairing, timezone.now())
    is_online = getattr(screen, "state", None) is not None and screen.state.online
    mark = f"{stage}-{is_online}"
    context = {"screen": screen, "stage": stage, "mark": mark, "pairing": pairing, "is_online": is_online}
    if is_htmx(request):
        if request.GET.get("mark") == mark:
            return HttpResponse(status=204)
        return render(request, "fleet/pairing_state.html", context)
    return render(request, "fleet/pairing.html", context)


def _page(request: HttpRequest, context: dict[str, object], *, is_refused: bool) -> HttpResponse:
    return render(request, "fleet/pair.html", context, status=422 if is_refused else 200)


def _player(pairing: Pairing, code: str) -> dict[str, object]:
    prefix, secret = read_code(code) or (code, "")
    return {"pairing": pairing, "code": shown_code(prefix, secret), "check_number": pairings.check_number(pairing)}
