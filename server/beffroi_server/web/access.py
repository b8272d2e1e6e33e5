"""Decorators that say which users may open a page, and the request that the views then get."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Subquery
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from beffroi_server.accounts import second_factor
from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.saved_town import saved_town
from beffroi_server.alerts.models import Alert, AlertProposal, Restoration
from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.core.read_once import one_reading
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library.town_branding import TOWN_RELATIONS
from beffroi_server.schedule import compile_inputs
from beffroi_server.schedule.band_layouts import ReadyLayout
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.web import form_scopes, working_for


class UserRequest(HttpRequest):
    """A request of a user who is signed in."""

    user: User
    second_factor_due: dt.datetime | None
    """Until when the user has to set up a second factor; None: it is there, or not asked for."""


_town: ContextVar[Town | None] = ContextVar("town", default=None)
_READING = frozenset({"GET", "HEAD"})
ViewFunction = Callable[..., HttpResponseBase]
PermissionCheck = Callable[[User], bool]


def _may_open(user: User) -> bool:
    return True


def _may_write(user: User) -> bool:
    return user.may_write


def _may_edit(user: User) -> bool:
    return user.may_edit


def _may_alert(user: User) -> bool:
    return user.may_alert


def _may_install(user: User) -> bool:
    return user.may_install


def _may_delete_for_good(user: User) -> bool:
    return user.may_delete_for_good


def _may_switch(user: User) -> bool:
    return user.may_switch


def _may_administer(user: User) -> bool:
    return user.may_administer


def _may_manage_users(user: User) -> bool:
    return user.may_manage_users


def _guard_view(
    is_allowed: PermissionCheck, methods: tuple[str, ...], *, waits: bool = True
) -> Callable[[ViewFunction], ViewFunction]:
    """Return a decorator that lets signed-in, permitted users call a view by some HTTP methods, in the town's time.

    Others are sent to the sign-in page, or get 403 (no permission) or 405 (another method). Who owes a second factor is
    sent to its page, unless the page does not wait for it.
    """

    def decorate_view(view: ViewFunction) -> ViewFunction:
        @wraps(view)
        def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            # Django puts an AnonymousUser there for a visitor who is not signed in.
            if not isinstance(user, User):
                return _redirect_to_sign_in(request)
            if not is_allowed(user):
                raise PermissionDenied
            # Times are typed and shown in the town's time zone, wherever the user is.
            with (
                _town_of_request(is_reading=request.method in _READING) as town,
                timezone.override(ZoneInfo(town.time_zone)),
                form_scopes.acting_as(user),
                working_for.remembered(request, user, has_municipalities=may_have("municipalities")),
                one_reading(_known_with(town)) if request.method in _READING else nullcontext(),
            ):
                due = second_factor.due_at(user, town) if waits else None
                if due is not None and due <= timezone.now():
                    return _redirect_to_second_factor(request)
                request.second_factor_due = due  # type: ignore[attr-defined]  # for the notice of the page
                return view(request, *args, **kwargs)

        return require_http_methods(list(methods))(guarded_view)

    return decorate_view


def for_users(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow every user who is signed in."""
    return _guard_view(_may_open, methods)


def for_own_account(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow every user who is signed in, also one who owes a second factor: there it is set up."""
    return _guard_view(_may_open, methods, waits=False)


def for_writers(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow users who may write announcements, be it only to propose them."""
    return _guard_view(_may_write, methods)


def for_editors(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow users who may publish, and write schedules."""
    return _guard_view(_may_edit, methods)


def for_officers(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow users who may broadcast alerts. No alert waits for a second factor that is due."""
    return _guard_view(_may_alert, methods, waits=False)


def for_technicians(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow users who may add and change screens."""
    return _guard_view(_may_install, methods)


def for_deleters(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow users who may delete what is in the archive for good."""
    return _guard_view(_may_delete_for_good, methods)


def for_switchers(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow users who may switch a display off and on again."""
    return _guard_view(_may_switch, methods)


def for_user_managers(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow administrators, and local ones, who manage the users within their own scope."""
    return _guard_view(_may_manage_users, methods)


def for_administrators(*methods: str) -> Callable[[ViewFunction], ViewFunction]:
    """Allow administrators."""
    return _guard_view(_may_administer, methods)


def current_town() -> Town:
    """Return the town with its logo; an unsaved one as long as none is set up.

    A request reads it once, each caller has a copy.
    """
    known = _town.get()
    return copy.copy(known) if known is not None else _read_town()


def may_have(notice: str) -> bool:
    """Return whether there may be something that every page tells of: ``alerts``, ``municipalities`` …

    It is read together with the town, so that the many pages that have nothing to tell do not ask for each.
    """
    return bool(getattr(current_town(), f"has_{notice}", True))


@contextmanager
def _town_of_request(*, is_reading: bool) -> Iterator[Town]:
    """Have :func:`current_town` answer without a query while a request is answered."""
    town = _read_town(with_notices=is_reading)
    reset = _town.set(town)
    try:
        yield town
    finally:
        _town.reset(reset)


def _read_town(*, with_notices: bool = True) -> Town:
    if not with_notices:
        # A button that was pressed mostly leads to another page: an alert waits neither for what this one would tell
        # of nor for the logo, which are asked for where the page is shown again.
        return next(iter(_TOWN_OF_BUTTONS.rows()), None) or Town(name="Beffroi")
    town: Town | None = next(iter(_TOWN_OF_PAGES.rows()), None)
    if town is None:
        return Town(name="Beffroi")
    until = town.proposals_until  # type: ignore[attr-defined]  # annotated
    town.has_proposals = until is not None and until > timezone.now()  # type: ignore[attr-defined]
    return town


def _known_with(town: Town) -> dict[Callable[[], Any], Any]:
    """Return what need not be read again."""
    return {compile_inputs.current_town: copy.copy(town), saved_town: copy.copy(town)} if town.pk else {}


_TOWN_OF_PAGES: PreparedQuery[Any] = PreparedQuery(
    lambda: (
        Town.objects.select_related(*TOWN_RELATIONS)
        .annotate(
            has_alerts=Exists(Alert.objects.filter(settled=False)),
            has_restoration=Exists(Restoration.objects.filter(closed_at=None)),
            has_bands=Exists(LayoutChoice.objects.exclude(layout=ReadyLayout.FULL)),
            has_municipalities=Exists(Municipality.objects.all()),
            proposals_until=Subquery(
                AlertProposal.objects.filter(decision="").order_by("-deadline_at").values("deadline_at")[:1]
            ),
        )
        .order_by("pk")[:1]
    )
)
_TOWN_OF_BUTTONS = PreparedQuery(
    lambda: Town.objects.annotate(has_municipalities=Exists(Municipality.objects.all())).order_by("pk")
)


def is_htmx(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of the page only."""
    return request.headers.get("HX-Request") == "true"


def _redirect_to_second_factor(request: HttpRequest) -> HttpResponse:
    if is_htmx(request):
        return _reload_page()
    return redirect("second-factor")


def _redirect_to_sign_in(request: HttpRequest) -> HttpResponse:
    if not is_htmx(request):
        return redirect_to_login(request.get_full_path())
    return _reload_page()


def _reload_page() -> HttpResponse:
    # A part of a page cannot show another page: the whole page is loaded again, and is redirected then.
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response
