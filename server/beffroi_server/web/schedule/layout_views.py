"""Pages of layouts: of a screen, of a group, and of all screens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.rendering import RasterError
from beffroi_server.core.formatting import from_milliseconds
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library.preview import encode_png
from beffroi_server.monitoring import layout_preview
from beffroi_server.schedule import layout_services, layouts
from beffroi_server.schedule.band_layouts import ReadyLayout, has_bands
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.manifest_compiler import CompileError
from beffroi_server.schedule.publish_permissions import check_publishing
from beffroi_server.web.access import UserRequest, for_editors, is_htmx
from beffroi_server.web.form_scopes import screen_of
from beffroi_server.web.schedule.layout_forms import LayoutForm

PREVIEWS_SHOWN = 4
OWN_NAMED = 12
"""Screens with a layout of their own that are named, at most."""
GROUPS_LINKED = 60
MINUTE_MS = 60_000
_SALT = "layout-image"


@dataclass(frozen=True)
class LayoutDrawing:
    """A screen as it would look: the address of the image, and whether the screen is large enough for bands."""

    screen: Screen
    address: str
    has_bands: bool


@for_editors("GET", "POST")
def screen_layout(request: UserRequest, slug: str) -> HttpResponse:
    """Choose the layout of one screen."""
    screen = screen_of(slug, Screen.objects.select_related("screen_class"))
    return _edit_layout(request, layouts.choice_for(screen=screen), reverse("screen", args=[slug]))


@for_editors("GET", "POST")
def group_layout(request: UserRequest, pk: int) -> HttpResponse:
    """Choose the layout of the screens of a group."""
    return _edit_layout(request, layouts.choice_for(group=get_object_or_404(ScreenGroup, pk=pk)), reverse("screens"))


@for_editors("GET", "POST")
def town_layout(request: UserRequest) -> HttpResponse:
    """Choose the layout of all screens."""
    return _edit_layout(request, layouts.choice_for(), reverse("screens"))


@for_editors("GET")
def layout_image(request: UserRequest) -> HttpResponse:
    """Draw a screen with a layout that is not saved yet, as the signed address says it."""
    try:
        values = signing.Signer(salt=_SALT).unsign_object(request.GET.get("text", ""))
        choice = LayoutChoice(layout=ReadyLayout(values["layout"]), messages=values["messages"])
        moment = from_milliseconds(values["at_ms"])
    except (signing.BadSignature, KeyError, ValueError) as error:
        raise Http404 from error
    choice.news_feed = Feed.objects.filter(pk=values["news_feed"]).first()
    choice.weather_feed = Feed.objects.filter(pk=values["weather_feed"]).first()
    screen = screen_of(values["screen"], Screen.objects.select_related("screen_class"))
    screen_scopes.check_screens(request.user, [screen])
    try:
        image = layout_preview.layout_frame(screen, choice, moment or timezone.now())
    except (CompileError, RasterError) as error:
        raise Http404 from error
    response = HttpResponse(encode_png(image), content_type="image/png")
    response["Cache-Control"] = "private, max-age=300"
    return response


def _edit_layout(request: UserRequest, choice: LayoutChoice, back: str) -> HttpResponse:
    check_publishing(request.user, choice.targets)
    above = _choice_above(choice)
    is_town = choice.screen is None and choice.group is None
    inherited = "" if is_town else _inherited_label(above)
    examples = _example_screens(choice)
    data = request.POST if request.method == "POST" else None
    is_tall = bool(examples) and all(each.screen_class.height > each.screen_class.width for each in examples)
    form = LayoutForm(data, instance=choice, inherited=inherited, is_tall=is_tall)
    is_preview = is_htmx(request) or "preview" in request.POST
    if data is not None and form.is_valid() and not is_preview:
        return _save(request, form, choice, above)
    context = {
        "form": form,
        "choice": choice,
        "name": str(choice),
        "back": back,
        "drawings": _drawings(form, choice, above, examples),
        "groups": ScreenGroup.objects.all()[:GROUPS_LINKED] if is_town else (),
        "own": [] if choice.screen is not None else _own_layouts(choice),
    }
    if is_htmx(request):
        return render(request, "schedule/layout_preview.html", context)
    is_refused = bool(form.errors) and not is_preview
    return render(request, "schedule/layout.html", context, status=422 if is_refused else 200)


def _save(request: UserRequest, form: LayoutForm, choice: LayoutChoice, above: LayoutChoice | None) -> HttpResponse:
    if not form.inherits:
        layout_services.save_layout(choice, user=request.user)
    elif not choice._state.adding:
        layout_services.remove_layout(LayoutChoice.objects.get(pk=choice.pk), user=request.user)
    messages.success(request, _("The layout of “%(name)s” has been saved.") % {"name": choice})
    return redirect(request.path)


def _choice_above(choice: LayoutChoice) -> LayoutChoice | None:
    """Return the choice that a screen or a group would follow without one of its own."""
    if choice.screen is not None:
        return layouts.layout_of(choice.screen, but=choice)
    return None if choice.group is None else LayoutChoice.objects.filter(screen=None, group=None).first()


def _inherited_label(above: LayoutChoice | None) -> str:
    if above is None:
        return _("As for all screens: %(layout)s") % {"layout": ReadyLayout.FULL.label}
    if above.group is not None:
        return _("As for the group “%(group)s”: %(layout)s") % {
            "group": above.group,
            "layout": above.get_layout_display(),
        }
    return _("As for all screens: %(layout)s") % {"layout": above.get_layout_display()}


def _example_screens(choice: LayoutChoice) -> list[Screen]:
    """Return one screen of each class that a choice is made for."""
    rows = choice.named_screens().order_by("screen_class__name", "name")
    first: dict[int, int] = {}
    for key, screen_class in rows.values_list("pk", "screen_class"):
        first.setdefault(screen_class, key)
    return list(rows.filter(pk__in=list(first.values())[:PREVIEWS_SHOWN]).select_related("screen_class"))


def _own_layouts(choice: LayoutChoice) -> list[LayoutChoice]:
    """Return the choices of screens, and for the town of groups, that win over this one."""
    rows = LayoutChoice.objects.exclude(pk=choice.pk).select_related("screen", "group")
    if choice.group is not None:
        rows = rows.filter(screen__groups=choice.group)
    return list(rows.exclude(screen=None, group=None).order_by("group__name", "screen__name")[:OWN_NAMED])


def _drawings(
    form: LayoutForm, choice: LayoutChoice, above: LayoutChoice | None, screens: list[Screen]
) -> list[LayoutDrawing]:
    shown = _shown_choice(form, choice, above)
    if shown is None:
        return []
    # Whole minutes, so that the address stays, and the browser keeps its image, while nothing is changed.
    values: dict[str, Any] = {
        "layout": shown.layout,
        "messages": shown.messages,
        "news_feed": shown.news_feed_id,
        "weather_feed": shown.weather_feed_id,
        "at_ms": unix_ms(timezone.now() + dt.timedelta(seconds=1)) // MINUTE_MS * MINUTE_MS,
    }
    return [
        LayoutDrawing(each, _address({**values, "screen": each.slug}), has_bands(each.screen_class.to_content().size))
        for each in screens
    ]


def _shown_choice(form: LayoutForm, choice: LayoutChoice, above: LayoutChoice | None) -> LayoutChoice | None:
    """Return the layout that the form describes; None while it has an error."""
    if form.is_bound:
        if not form.is_valid():
            return None
        return (above or LayoutChoice()) if form.inherits else choice
    return above or LayoutChoice() if form["layout"].value() == "inherit" else choice


def _address(values: dict[str, Any]) -> str:
    text = signing.Signer(salt=_SALT).sign_object(values, compress=True)
    return f"{reverse('layout-image')}?{urlencode({'text': text})}"
