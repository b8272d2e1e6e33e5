"""Alerts in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.raster.text.phrases import level_name, phrases_of, status_phrases
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.translations import in_language
from beffroi_server.library.models import PublicSettings
from beffroi_server.outlets import public_alerts
from beffroi_server.public.reader_language import reader_languages


@dataclass(frozen=True)
class ShownAlert:
    """An alert in the language of its reader."""

    alert: Alert
    """With its texts in that language."""
    language: str
    level: str
    """The word of the level on the screens, in that language."""
    mark: str
    """The word of an exercise or a test, with its sentence; empty for a real alert."""
    places: list[str]
    is_over: bool

    @property
    def over(self) -> str:
        """The words that say that it is over, in its language."""
        return phrases_of(self.language).all_clear


def shown_alerts(request: HttpRequest, settings: PublicSettings, alerts: Iterable[Alert]) -> list[ShownAlert]:
    """Return alerts in the language of the reader of a page."""
    now, wanted = timezone.now(), reader_languages(request)
    return [_shown(each, wanted, settings.town.locale, is_over=each.ends_at <= now) for each in alerts]


def _shown(alert: Alert, wanted: list[str], own: str, *, is_over: bool) -> ShownAlert:
    written = {own, *(each["language"] for each in alert.translations)}
    language = next((own if code == "*" else code for code in wanted if code in written or code == "*"), own)
    return ShownAlert(
        in_language(alert, language), language, level_name(AlertLevel(alert.level), language),
        " – ".join(filter(None, status_phrases(AlertStatus(alert.status), language))),
        public_alerts.places_of(alert), is_over,
    )  # fmt: skip
