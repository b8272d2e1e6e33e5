"""Exact pictures of alerts that are not broadcast yet: each address holds the whole alert, signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_server.accounts.models import Town
from beffroi_server.broadcast.signing import unix_ms
from beffroi_server.library import preview
from beffroi_server.screens.models import Screen, ScreenClass

SALT = "beffroi.alert-page"
KINDS_SHOWN = 4


@dataclass(frozen=True)
class Drawing:
    """An alert on a kind of screen."""

    screen_class: ScreenClass
    width: int
    height: int
    pages: list[str]
    """The address of each page."""


def draft(values: Mapping[str, Any]) -> content.Alert:
    """Return an alert of form values, complete enough to be drawn.

    Raises:
        ValueError: it cannot be an alert.
    """
    minutes = values.get("duration_min") or 60
    # Within the minute nothing changes, and nothing is drawn again.
    issued = unix_ms(timezone.now()) // 60_000 * 60_000
    return content.Alert(
        id="preview",
        level=content.AlertLevel(values.get("level") or content.AlertLevel.EMERGENCY),
        status=content.AlertStatus(values.get("status") or content.AlertStatus.ACTUAL),
        title=values.get("title") or _("Title"),
        description=values.get("description") or "",
        instruction=values.get("instruction") or "",
        source=values.get("source") or "–",
        issued_at_ms=issued,
        ends_at_ms=issued + minutes * 60_000,
        time_to_live_ms=minutes * 60_000,
        all_clear_ms=0,
    )


def kinds(screens: Iterable[Screen]) -> list[ScreenClass]:
    """Return the kinds of some screens, the largest first, a few at most."""
    found = {screen.screen_class for screen in screens}
    return sorted(found, key=lambda kind: (-kind.width * kind.height, kind.name))[:KINDS_SHOWN]


def drawings(alert: content.Alert, of_kinds: Iterable[ScreenClass], town: Town) -> list[Drawing]:
    """Return the pictures of an alert on some kinds of screens."""
    text = signing.dumps(alert.model_dump(mode="json"), salt=SALT, compress=True)
    found = []
    for kind in of_kinds:
        canvas = preview.alert_canvas(alert.level, preview.alert_form(alert.level), preview.settings_of(kind, town))
        count = len(preview.preview_alert(alert, preview.alert_form(alert.level), kind, town))
        pages = [_address(kind, page, text) for page in range(count)]
        found.append(Drawing(kind, *canvas.size, pages))
    return found


def page(kind: ScreenClass, number: int, text: str, town: Town) -> bytes:
    """Return a page as PNG.

    Raises:
        BadSignature: the text is not one of ours.
        IndexError: there is no such page.
    """
    alert = content.Alert.model_validate(signing.loads(text, salt=SALT))
    return preview.preview_alert(alert, preview.alert_form(alert.level), kind, town)[number]


def _address(kind: ScreenClass, number: int, text: str) -> str:
    return f"{reverse('alert-page')}?{urlencode({'class': kind.pk, 'page': number, 'text': text})}"
