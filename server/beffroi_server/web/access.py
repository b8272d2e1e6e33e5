"""Who may open a page: the decorators of every view for people."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from beffroi_server.accounts.models import Town, User, UserRole


class UserRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


ViewFunction = Callable[..., HttpResponseBase]
PermissionCheck = Callable[[User], bool]


def _may_open(person: User) -> bool:
    return True


def _may_edit(person: User) -> bool:
    return person.may_edit


def _may_alert(person: User) -> bool:
    return person.may_alert


def _may_install(person: User) -> bool:
    return person.may_install


def _may_administer(person: User) -> bool:
    return person.role == UserRole.ADMINISTRATOR


def _guard_view(right: PermissionCheck, methods: tuple[str, ...]) -> Callable[[ViewFunction], ViewFunction]:
    """Return a decorator: signed in, allowed, by one of the methods, in the town's local time."""

    def decorate(view: ViewFunction) -> ViewFunction:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            person = request.user
            if not isinstance(person, User):
                return _redirect_to_sign_in(request)
            if not right(person):
                raise PermissionDenied
            with timezone.override(ZoneInfo(current_town().time_zone)):
                return view(request, *args, **kwargs)

        return require_http_methods(list(methods))(guarded)

    return decorate


def for_users(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Let in everybody who is signed in."""
    return _guard_view(_may_open, methods)


def for_editors(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Let in those who write announcements and programmes."""
    return _guard_view(_may_edit, methods)


def for_officers(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Let in those who broadcast alerts."""
    return _guard_view(_may_alert, methods)


def for_technicians(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Let in those who add and change screens."""
    return _guard_view(_may_install, methods)


def for_administrators(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Let in administrators."""
    return _guard_view(_may_administer, methods)


def current_town() -> Town:
    """Return the town; one that is not saved as long as there is none."""
    return Town.objects.first() or Town(name="Beffroi")


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether only a part of the page is asked for."""
    return request.headers.get("HX-Request") == "true"


def _redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    if not is_htmx(request):
        return redirect_to_login(request.get_full_path())
    # A part of a page cannot show the sign-in form: the whole page goes there, and comes back.
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response
