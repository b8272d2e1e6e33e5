"""Pages of a password that is chosen at the first sign-in, or after it was forgotten."""

from __future__ import annotations

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from beffroi_server.accounts import account_mail, services
from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of
from beffroi_server.web.access import UserRequest, current_town, for_own_account
from beffroi_server.web.accounts.forms import ForgottenPasswordForm, PasswordForm
from beffroi_server.web.accounts.sign_in_flow import CHOOSES_PASSWORD_KEY, may_choose_password

reset_network_throttle = AttemptThrottle(10, 60.0)
"""Resets asked for, by network."""
reset_name_throttle = AttemptThrottle(3, 300.0)
"""Mails to one user."""


@never_cache
@require_http_methods(["GET", "POST"])
def password_forgotten(request: HttpRequest) -> HttpResponse:
    """Mail a link to who forgot the password. The answer is the same whether such a user exists or not."""
    form = ForgottenPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        network = network_of(request.META.get("REMOTE_ADDR", ""))
        if wait_s := reset_network_throttle.wait_s(network):
            form.add_error(
                None, _("Too many requests. Try again in %(seconds)s seconds.") % {"seconds": int(wait_s) + 1}
            )
        else:
            reset_network_throttle.record_failure(network)
            _mail_reset(form.cleaned_data["name"])
            return render(request, "accounts/password_mailed.html")
    context = {"form": form, "can_mail": account_mail.is_configured()}
    return render(request, "accounts/password_forgotten.html", context, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters("new")
@for_own_account("GET", "POST")
def choose_password(request: UserRequest) -> HttpResponse:
    """Let a user choose a password at the first sign-in, or after it was forgotten, without the former one."""
    if not may_choose_password(request):
        return redirect("account")
    form = PasswordForm(request.user, request.POST or None, asks_current=False)
    if request.method == "POST" and form.is_valid():
        services.set_password(request.user, form.cleaned_data["new"])
        auth.update_session_auth_hash(request, request.user)
        request.session.pop(CHOOSES_PASSWORD_KEY, None)
        messages.success(request, _("Your password has been saved."))
        return redirect("now")
    context = {"form": form, "town": current_town()}
    return render(request, "accounts/choose_password.html", context, status=422 if form.errors else 200)


def _mail_reset(name: str) -> None:
    """Mail a link to the user of a name or an address, if there is one, in the background."""
    for user in account_mail.users_named(name):
        key = str(user.pk)
        if not reset_name_throttle.wait_s(key):
            reset_name_throttle.record_failure(key)
            account_mail.mail_reset(user)
