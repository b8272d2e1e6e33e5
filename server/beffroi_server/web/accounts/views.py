"""The account, the town, people and the audit trail."""

from __future__ import annotations

from django.contrib import auth, messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from beffroi_server.accounts import audit as trail
from beffroi_server.accounts import audit_actions, services
from beffroi_server.accounts.models import AuditEvent, User
from beffroi_server.web.access import UserRequest, current_town, for_administrators, for_users
from beffroi_server.web.accounts.forms import AccountForm, NewUserForm, PasswordForm, TownForm, UserForm

EVENTS_PER_PAGE = 50


@sensitive_post_parameters("current", "new")
@for_users("GET", "POST")
def account_edit(request: UserRequest) -> HttpResponse:
    """Let people change their name and password."""
    sent = request.POST.get("form")
    own = User.objects.get(pk=request.user.pk)
    names = AccountForm(request.POST if sent == "names" else None, instance=own)
    password = PasswordForm(request.user, request.POST if sent == "password" else None)
    if sent == "names" and names.is_valid():
        services.update_account(own)
        messages.success(request, _("Your name is saved."))
        return redirect("account")
    if sent == "password" and password.is_valid():
        services.set_password(request.user, password.cleaned_data["new"])
        auth.update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is saved. Other devices have to sign in again."))
        return redirect("account")
    return render(request, "accounts/account.html", {"names": names, "password": password}, status=422 if sent else 200)


@for_administrators("GET", "POST")
def town_edit(request: UserRequest) -> HttpResponse:
    """Show and change the town."""
    form = TownForm(request.POST or None, instance=current_town())
    if request.method == "POST" and form.is_valid():
        services.update_town(form.instance, user=request.user)
        messages.success(request, _("Saved. Every screen gets its programme again."))
        return redirect("town")
    saved = current_town()
    return render(request, "accounts/town.html", {"form": form, "saved": saved}, status=422 if form.errors else 200)


@for_administrators("GET")
def user_list(request: UserRequest) -> HttpResponse:
    """List everybody."""
    page = Paginator(User.objects.order_by("-is_active", "username"), 50).get_page(request.GET.get("page"))
    return render(request, "accounts/people.html", {"page": page})


@never_cache
@for_administrators("GET", "POST")
def user_add(request: UserRequest) -> HttpResponse:
    """Add somebody and show the link that lets them in."""
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        names = {key: form.cleaned_data[key] for key in ("first_name", "last_name")}
        added = services.create_user(
            form.cleaned_data["username"], form.cleaned_data["role"], actor=request.user, **names
        )
        return _show_sign_in_link(request, added)
    return render(request, "accounts/person_add.html", {"form": form}, status=422 if form.errors else 200)


@for_administrators("GET", "POST")
def user_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Show and change somebody."""
    found = get_object_or_404(User, pk=pk)
    form = UserForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_user(form.instance, actor=request.user)
        except services.LastAdministratorError:
            form.add_error(None, _("This is the last administrator. Make somebody else an administrator first."))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": found.get_username()})
            return redirect("people")
    return render(request, "accounts/person.html", {"form": form, "person": found}, status=422 if form.errors else 200)


@never_cache
@for_administrators("POST")
def user_sign_in_link(request: UserRequest, pk: int) -> HttpResponse:
    """Make a new link that lets somebody in."""
    return _show_sign_in_link(request, get_object_or_404(User, pk=pk, is_active=True))


@for_administrators("GET")
def audit_trail(request: UserRequest) -> HttpResponse:
    """Show who did what, the newest first."""
    actor, action = request.GET.get("actor", ""), request.GET.get("action", "")
    events = AuditEvent.objects.all()
    if actor:
        events = events.filter(actor=actor)
    if action:
        events = events.filter(action=action)
    page = Paginator(events, EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    known = sorted(
        ((code, audit_actions.action_text(code)) for code in audit_actions.ACTION_TEXTS),
        key=lambda pair: pair[1].lower(),
    )
    context = {
        "page": page,
        "rows": [(event, audit_actions.action_text(event.action)) for event in page],
        "actor": actor,
        "action": action,
        "actions": known,
        "actors": User.objects.order_by("username").values_list("username", flat=True),
        "broken": trail.first_broken_event(),
    }
    return render(request, "accounts/audit.html", context)


def _show_sign_in_link(request: UserRequest, invited: User) -> HttpResponse:
    link = services.invite_user(invited, actor=request.user)
    return render(request, "accounts/person_link.html", {"person": invited, "link": link})
