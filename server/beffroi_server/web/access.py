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

from beffroi_server.accounts.models import Person, Role, Town


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: Person


View = Callable[..., HttpResponseBase]
Right = Callable[[Person], bool]


def _anybody(person: Person) -> bool:
    return True


def _edits(person: Person) -> bool:
    return person.may_edit


def _alerts(person: Person) -> bool:
    return person.may_alert


def _installs(person: Person) -> bool:
    return person.may_install


def _administers(person: Person) -> bool:
    return person.role == Role.ADMINISTRATOR


def _page(right: Right, methods: tuple[str, ...]) -> Callable[[View], View]:
    """Return a decorator: signed in, allowed, by one of the methods, in the town's local time."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            person = request.user
            if not isinstance(person, Person):
                return _to_sign_in(request)
            if not right(person):
                raise PermissionDenied
            with timezone.override(ZoneInfo(the_town().time_zone)):
                return view(request, *args, **kwargs)

        return require_http_methods(list(methods))(guarded)

    return decorate


def for_people(*methods: str) -> Callable[[View], View]:
    """Let in everybody who is signed in."""
    return _page(_anybody, methods)


def for_editors(*methods: str) -> Callable[[View], View]:
    """Let in those who write announcements and programmes."""
    return _page(_edits, methods)


def for_officers(*methods: str) -> Callable[[View], View]:
    """Let in those who broadcast alerts."""
    return _page(_alerts, methods)


def for_technicians(*methods: str) -> Callable[[View], View]:
    """Let in those who add and change screens."""
    return _page(_installs, methods)


def for_administrators(*methods: str) -> Callable[[View], View]:
    """Let in administrators."""
    return _page(_administers, methods)


def the_town() -> Town:
    """Return the town; one that is not saved as long as there is none."""
    return Town.objects.first() or Town(name="Beffroi")


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether only a part of the page is asked for."""
    return request.headers.get("HX-Request") == "true"


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if not is_htmx(request):
        return redirect_to_login(request.get_full_path())
    # A part of a page cannot show the sign-in form: the whole page goes there, and comes back.
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response
