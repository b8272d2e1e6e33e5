"""Pages of the own account, the town and users."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import auth, messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from beffroi_server.accounts import account_mail, second_factor, services, user_sessions
from beffroi_server.accounts.errors import LastAdministratorError
from beffroi_server.accounts.models import User
from beffroi_server.accounts.user_management import users_managed
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import key_state
from beffroi_server.library.library_scopes import set_scope
from beffroi_server.library.town_branding import save_town
from beffroi_server.web.access import UserRequest, current_town, for_administrators, for_own_account, for_user_managers
from beffroi_server.web.accounts.forms import AccountForm, NewUserForm, PasswordForm, TownForm, UserForm
from beffroi_server.web.accounts.key_rows import key_rows
from beffroi_server.web.accounts.session_rows import session_rows
from beffroi_server.web.requests import paginate

USERS_PER_PAGE = 50


@sensitive_post_parameters("current", "new")
@for_own_account("GET", "POST")
def account_edit(request: UserRequest) -> HttpResponse:
    """Let users change their own name and password: two forms on one page, told apart by the field ``form``."""
    sent = request.POST.get("form")
    # A row of its own: a form with errors must not change the name in the menu.
    own = User.objects.get(pk=request.user.pk)
    names = AccountForm(request.POST if sent == "names" else None, instance=own)
    password = PasswordForm(request.user, request.POST if sent == "password" else None)
    if sent == "names" and names.is_valid():
        services.update_account(own)
        messages.success(request, _("Your name has been saved."))
        return redirect("account")
    if sent == "password" and password.is_valid():
        services.set_password(request.user, password.cleaned_data["new"])
        auth.update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password has been saved. Other devices will have to sign in again."))
        return redirect("account")
    context = {
        "names": names,
        "password": password,
        "sessions": session_rows(request, own),
        "has_second_factor": second_factor.has_second_factor(own),
    }
    return render(request, "accounts/account.html", context, status=422 if sent else 200)


@for_administrators("GET", "POST")
def town_edit(request: UserRequest) -> HttpResponse:
    """Show and change the town."""
    form = TownForm(request.POST or None, instance=current_town())
    if request.method == "POST" and form.is_valid():
        save_town(form.instance, logo=form.cleaned_data["logo"], user=request.user)
        messages.success(request, _("Saved. The programme is being sent to every screen again."))
        return redirect("town")
    keys = key_state.read_key_state(timezone.now())
    context = {"form": form, "saved": current_town(), "keys": keys, "key_rows": key_rows(keys)}
    return render(request, "accounts/town.html", context, status=422 if form.errors else 200)


@for_user_managers("GET")
def user_list(request: UserRequest) -> HttpResponse:
    """List the users whom the user administers, those who can sign in first."""
    page = paginate(request, users_managed(request.user).order_by("-is_active", "username"), USERS_PER_PAGE)
    return render(request, "accounts/users.html", {"page": page})


@never_cache
@for_user_managers("GET", "POST")
def user_add(request: UserRequest) -> HttpResponse:
    """Invite a user: by mail where there is an address and a mail server, and by a link that is shown once."""
    form = NewUserForm(request.POST or None, actor=request.user)
    if request.method == "POST" and form.is_valid():
        with serialised():
            values = {name: form.cleaned_data[name] for name in NewUserForm.Meta.fields}
            added = services.create_user(actor=request.user, **values)
            set_scope(added, actor=request.user, **form.selected_scope())
        return _show_sign_in_link(request, added)
    context = {"form": form, "can_mail": account_mail.is_configured()}
    return render(request, "accounts/user_add.html", context, status=422 if form.errors else 200)


@for_user_managers("GET", "POST")
def user_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Show and change a user."""
    found = get_object_or_404(users_managed(request.user), pk=pk)
    form = UserForm(request.POST or None, instance=found, actor=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            with serialised():
                services.update_user(form.instance, actor=request.user)
                set_scope(form.instance, actor=request.user, **form.selected_scope())
        except LastAdministratorError:
            form.add_error(None, _("This is the last administrator. Make someone else an administrator first."))
        else:
            messages.success(request, _("%(name)s has been saved.") % {"name": found.get_username()})
            return redirect("users")
    context = {
        "form": form,
        "edited": found,
        "emergency_code": services.emergency_code_of(found),
        "sessions": session_rows(request, found),
        "has_second_factor": second_factor.has_second_factor(found),
    }
    return render(request, "accounts/user.html", context, status=422 if form.errors else 200)


@for_user_managers("POST")
def user_sessions_end(request: UserRequest, pk: int) -> HttpResponse:
    """Sign a user out everywhere."""
    found = get_object_or_404(users_managed(request.user), pk=pk)
    user_sessions.end_all_sessions(found, actor=request.user)
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": found.get_username()})
    return redirect("users")


@for_user_managers("POST")
def user_second_factor_reset(request: UserRequest, pk: int) -> HttpResponse:
    """Remove the second factor of a user who lost the telephone."""
    found = get_object_or_404(users_managed(request.user), pk=pk)
    second_factor.reset_second_factor(found, actor=request.user)
    messages.success(request, _("%(name)s signs in without a second factor now.") % {"name": found.get_username()})
    return redirect("user", pk)


@for_own_account("POST")
def own_session_end(request: UserRequest, pk: int) -> HttpResponse:
    """End one of the user's own sessions, on another device."""
    if user_sessions.end_session(request.user, pk, actor=request.user):
        messages.success(request, _("That device is signed out."))
    return redirect("account")


@never_cache
@for_user_managers("POST")
def user_sign_in_link(request: UserRequest, pk: int) -> HttpResponse:
    """Create a new sign-in link for a user."""
    return _show_sign_in_link(request, get_object_or_404(users_managed(request.user), pk=pk, is_active=True))


@never_cache
@for_administrators("POST")
def user_emergency_code(request: UserRequest, pk: int) -> HttpResponse:
    """Create an emergency code for a user, and show it once, for paper."""
    found = get_object_or_404(User, pk=pk, is_active=True)
    code = services.create_emergency_code(found, actor=request.user)
    address = services.sign_in_address(code)
    context = {
        "holder": found,
        "code": code,
        "address": address,
        "qr": segno.make_qr(address, error="m").svg_data_uri(scale=4, border=2),
        "expires_at": timezone.now() + services.EMERGENCY_LIFETIME,
    }
    return render(request, "accounts/user_emergency_code.html", context)


def _show_sign_in_link(request: UserRequest, invited: User) -> HttpResponse:
    is_new = invited.last_login is None
    link = services.invite_user(invited, actor=request.user)
    is_mailed = bool(is_new and invited.email and account_mail.is_configured())
    if is_mailed:
        account_mail.mail_invitation(invited, link, request.user)
    context: dict[str, Any] = {
        "invited": invited,
        "link": link,
        "qr": segno.make_qr(link, error="m").svg_data_uri(scale=4, border=2),
        "is_new": is_new,
        "is_mailed": is_mailed,
    }
    return render(request, "accounts/user_link.html", context)
