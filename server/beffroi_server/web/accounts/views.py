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

from beffroi_server.accounts import services
from beffroi_server.accounts.models import User
from beffroi_server.library.town_branding import save_town
from beffroi_server.web.access import UserRequest, current_town, for_administrators, for_users
from beffroi_server.web.accounts.forms import AccountForm, NewUserForm, PasswordForm, TownForm, UserForm
from beffroi_server.web.requests import paginate

USERS_PER_PAGE = 50


@sensitive_post_parameters("current", "new")
@for_users("GET", "POST")
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
    return render(request, "accounts/account.html", {"names": names, "password": password}, status=422 if sent else 200)


@for_administrators("GET", "POST")
def town_edit(request: UserRequest) -> HttpResponse:
    """Show and change the town."""
    form = TownForm(request.POST or None, instance=current_town())
    if request.method == "POST" and form.is_valid():
        save_town(form.instance, logo=form.cleaned_data["logo"], user=request.user)
        messages.success(request, _("Saved. The programme is being sent to every screen again."))
        return redirect("town")
    context = {"form": form, "saved": current_town()}
    return render(request, "accounts/town.html", context, status=422 if form.errors else 200)


@for_administrators("GET")
def user_list(request: UserRequest) -> HttpResponse:
    """List all users, those who can sign in first."""
    page = paginate(request, User.objects.order_by("-is_active", "username"), USERS_PER_PAGE)
    return render(request, "accounts/users.html", {"page": page})


@never_cache
@for_administrators("GET", "POST")
def user_add(request: UserRequest) -> HttpResponse:
    """Add a user, and show the link with which they sign in for the first time."""
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        names = {key: values[key] for key in ("first_name", "last_name")}
        added = services.create_user(values["username"], values["role"], actor=request.user, **names)
        return _show_sign_in_link(request, added)
    return render(request, "accounts/user_add.html", {"form": form}, status=422 if form.errors else 200)


@for_administrators("GET", "POST")
def user_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Show and change a user."""
    found = get_object_or_404(User, pk=pk)
    form = UserForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_user(form.instance, actor=request.user)
        except services.LastAdministratorError:
            form.add_error(None, _("This is the last administrator. Make someone else an administrator first."))
        else:
            messages.success(request, _("%(name)s has been saved.") % {"name": found.get_username()})
            return redirect("users")
    context = {"form": form, "edited": found, "emergency_code": services.emergency_code_of(found)}
    return render(request, "accounts/user.html", context, status=422 if form.errors else 200)


@never_cache
@for_administrators("POST")
def user_sign_in_link(request: UserRequest, pk: int) -> HttpResponse:
    """Create a new sign-in link for a user."""
    return _show_sign_in_link(request, get_object_or_404(User, pk=pk, is_active=True))


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
    context: dict[str, Any] = {"invited": invited, "link": services.invite_user(invited, actor=request.user)}
    return render(request, "accounts/user_link.html", context)
