"""Pages for signing in and out, and for the language of the pages."""

from __future__ import annotations

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from beffroi_server.accounts import services
from beffroi_server.accounts.models import User
from beffroi_server.web.accounts.forms import EmergencyCodeForm, SignInForm
from beffroi_server.web.accounts.sign_in_attempts import SignInAttempt, remember_device
from beffroi_server.web.requests import safe_redirect_path

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
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
            auth.login(request, user)
            response = HttpResponseRedirect(following)
            remember_device(response, user)
            return response
    status = 422 if form.errors else 200
    return render(request, "accounts/sign_in.html", {"form": form, "next": following}, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign a user in with a link. Only POST uses the link up, since mail scanners open links too."""
    if request.method == "GET":
        return render(request, "accounts/sign_in_link.html")
    try:
        user = services.use_sign_in_link(token, timezone.now())
    except services.SignInLinkInvalid:
        return render(request, "accounts/sign_in_link_invalid.html", status=410)
    auth.login(request, user, backend=MODEL_BACKEND)
    response = redirect("now")
    remember_device(response, user)
    return response


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
