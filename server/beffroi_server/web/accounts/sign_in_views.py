"""Pages for signing in and out, and for the language of the pages."""

from __future__ import annotations

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from beffroi_server.accounts import audit, second_factor, services
from beffroi_server.accounts.errors import SignInLinkInvalid
from beffroi_server.accounts.models import LinkKind, User
from beffroi_server.core import mail
from beffroi_server.web.accounts import passkeys
from beffroi_server.web.accounts.forms import EmergencyCodeForm, SignInForm
from beffroi_server.web.accounts.second_factor_forms import PasskeyForm, SecondFactorForm
from beffroi_server.web.accounts.sign_in_attempts import SignInAttempt
from beffroi_server.web.accounts.sign_in_flow import (
    CodeAttempt,
    begin_sign_in,
    finish_pending,
    finish_sign_in,
    pending_user,
)
from beffroi_server.web.requests import safe_redirect_path

COOKIE_AGE_S = 365 * 86_400


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign a user in with name and password."""
    following = safe_redirect_path(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.user.is_authenticated:
        return HttpResponseRedirect(following)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _authenticate(request, form)
        if user is not None:
            return begin_sign_in(request, user, following)
    status = 422 if form.errors else 200
    context = {"form": form, "next": following, "mail": mail.is_configured(), "provider": settings.OIDC_NAME}
    return render(request, "accounts/sign_in.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign a user in with a link. Only POST uses the link up, since mail scanners open links too."""
    if request.method == "GET":
        return render(request, "accounts/sign_in_link.html")
    try:
        link = services.use_sign_in_link(token, timezone.now())
    except SignInLinkInvalid:
        return render(request, "accounts/sign_in_link_invalid.html", status=410)
    chooses = link.kind in {LinkKind.INVITATION, LinkKind.RESET}
    proven = link.skips_second_factor
    return begin_sign_in(request, link.user, reverse("now"), chooses_password=chooses, is_proven=proven)


@never_cache
@sensitive_post_parameters("code", "answer")
@require_http_methods(["GET", "POST"])
def sign_in_second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of who gave the password: a code of the app, a recovery code, or a passkey."""
    user = pending_user(request)
    if user is None:
        return redirect("sign-in")
    form = SecondFactorForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _has_proven(request, user, form):
        return finish_pending(request, user)
    context = {"form": form, "options": passkeys.request_options(user)}
    return render(request, "accounts/sign_in_second_factor.html", context, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters("answer")
@require_http_methods(["GET", "POST"])
def sign_in_passkey(request: HttpRequest) -> HttpResponse:
    """Sign a user in with a passkey alone: GET makes the challenge for the script of the sign-in page."""
    if request.method == "GET":
        return JsonResponse({"request_options": passkeys.request_options(None)})
    form = PasskeyForm(request.POST)
    following = safe_redirect_path(request, request.POST.get("next", ""))
    if form.is_valid():
        answer = form.cleaned_data["answer"]
        user = second_factor.user_of_passkey(answer)
        if user is not None and second_factor.check_passkey(user, answer):
            return finish_sign_in(request, user, following)
    messages.error(request, _("This passkey is not known here. Sign in with your password."))
    return redirect("sign-in")


@never_cache
@require_http_methods(["GET", "POST"])
def emergency_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code of a sealed envelope, and go on to the sign-in that it opens."""
    form = EmergencyCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("sign-in-link", form.cleaned_data["code"])
    return render(request, "accounts/emergency_code.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign the user out."""
    auth.logout(request)
    return redirect("sign-in")


@require_POST
def language_choice(request: HttpRequest) -> HttpResponse:
    """Set the language of the pages on this device."""
    chosen = request.POST.get("language", "")
    response = HttpResponseRedirect(safe_redirect_path(request, request.POST.get("next", "")))
    if chosen in dict(settings.LANGUAGES) and check_for_language(chosen):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=COOKIE_AGE_S,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def _has_proven(request: HttpRequest, user: User, form: SecondFactorForm) -> bool:
    attempt = CodeAttempt(request, user)
    if wait_s := attempt.wait_s():
        form.add_error(None, _("Too many wrong codes. Try again in %(seconds)s seconds.") % {"seconds": wait_s})
        return False
    answer, code = form.cleaned_data["answer"], form.cleaned_data["code"]
    if second_factor.check_passkey(user, answer) if answer else second_factor.check_code(user, code):
        attempt.record_success()
        return True
    attempt.record_failure()
    audit.record_event(user, "second-factor-failed", user)
    form.add_error(None, _("This code is not right, or was used already. Wait for the next one, or use another way."))
    return False


def _authenticate(request: HttpRequest, form: SignInForm) -> User | None:
    name, password = form.cleaned_data["username"], form.cleaned_data["password"]
    attempt = SignInAttempt(request, name)
    if wait_s := attempt.wait_s():
        form.add_error(None, _too_many_attempts(wait_s))
        return None
    user = auth.authenticate(request, username=name, password=password)
    if isinstance(user, User):
        attempt.record_success()
        return user
    attempt.record_failure()
    form.add_error(None, _("User name and password do not match. Try again, or ask for a sign-in link."))
    return None


def _too_many_attempts(wait_s: int) -> str:
    text = _(
        "Too many wrong passwords from this network. Try again in %(seconds)s seconds, use a phone without Wi-Fi, "
        "or open the sealed envelope with the emergency code."
    )
    return text % {"seconds": wait_s}
