"""Pages of the own second factor: authenticator app, passkeys, recovery codes."""

from __future__ import annotations

import segno
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from beffroi_server.accounts import second_factor
from beffroi_server.accounts.allauth_adapters import SecondFactorAdapter
from beffroi_server.accounts.models import User
from beffroi_server.web.access import UserRequest, current_town, for_own_account
from beffroi_server.web.accounts import passkeys
from beffroi_server.web.accounts.second_factor_forms import AppForm, NewPasskeyForm
from beffroi_server.web.accounts.sign_in_flow import is_fresh


@never_cache
@for_own_account("GET")
def second_factor_page(request: UserRequest) -> HttpResponse:
    """Show which second factors the user has, and when one is due."""
    found = Authenticator.objects.filter(user=request.user).order_by("pk")
    codes = next((each for each in found if each.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "app": next((each for each in found if each.type == Authenticator.Type.TOTP), None),
        "passkeys": [each for each in found if each.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(RecoveryCodes(codes).get_unused_codes()) if codes is not None else 0,
        "due_at": second_factor.due_at(request.user, current_town()),
        "is_fresh": is_fresh(request),
    }
    return render(request, "accounts/second_factor.html", context)


@never_cache
@sensitive_post_parameters("code")
@for_own_account("GET", "POST")
def app_add(request: UserRequest) -> HttpResponse:
    """Set up an authenticator app: show the key, and take the first code."""
    if not is_fresh(request):
        return _sign_in_again(request)
    form = AppForm(request.POST or None)
    # A key of its own for each page that is opened; one that comes back with an error keeps it.
    secret = totp.get_totp_secret(regenerate=request.method == "GET")
    if request.method == "POST" and form.is_valid():
        codes = second_factor.add_app(request.user, secret, form.cleaned_data["code"])
        if codes is not None:
            totp.clear_totp_secret(request)
            return _show_codes(request, codes)
        form.add_error("code", _("This code is not right. Check that the telephone’s clock is, and use the next one."))
    address = SecondFactorAdapter().build_totp_url(request.user, secret)
    context = {
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "qr": segno.make_qr(address, error="m").svg_data_uri(scale=4, border=2),
    }
    return render(request, "accounts/app_add.html", context, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters("answer")
@for_own_account("GET", "POST")
def passkey_add(request: UserRequest) -> HttpResponse:
    """Make a passkey on this device, or on a key or telephone beside it."""
    if not is_fresh(request):
        return _sign_in_again(request)
    form = NewPasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data["answer"] or {}
        codes = second_factor.add_passkey(request.user, form.cleaned_data["name"], answer)
        if codes is not None:
            return _show_codes(request, codes)
        form.add_error(None, _("The passkey could not be made. Try again, or use an authenticator app."))
    context = {"form": form, "options": passkeys.creation_options(request.user)}
    return render(request, "accounts/passkey_add.html", context, status=422 if form.errors else 200)


@for_own_account("POST")
def recovery_codes_renew(request: UserRequest) -> HttpResponse:
    """Make new recovery codes, and show them once."""
    if not is_fresh(request):
        return _sign_in_again(request)
    if not second_factor.has_second_factor(request.user):
        return redirect("second-factor")
    return _show_codes(request, second_factor.renew_recovery_codes(request.user))


@for_own_account("POST")
def factor_remove(request: UserRequest, pk: int) -> HttpResponse:
    """Remove an app or a passkey."""
    if not is_fresh(request):
        return _sign_in_again(request)
    if second_factor.remove_factor(request.user, pk):
        messages.success(request, _("It is removed, and no longer signs you in."))
    return redirect("second-factor")


def _show_codes(request: UserRequest, codes: list[str]) -> HttpResponse:
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "is_complete": _is_complete(request.user)})


def _is_complete(user: User) -> bool:
    return second_factor.has_second_factor(user)


def _sign_in_again(request: UserRequest) -> HttpResponse:
    messages.warning(
        request, _("To change how you sign in, sign out and in again: your sign-in was more than ten minutes ago.")
    )
    return redirect("second-factor")
