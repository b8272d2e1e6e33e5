"""Sensors for Home Assistant by MQTT discovery: whether each screen is there, what it shows, whether an alert is on.

Source: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery. Every sensor is only read; its states end by
themselves (``expire_after``), so that a server that is off is noticed there.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import Town
from beffroi_server.alerts import queries as alerts
from beffroi_server.delivery.plain_publisher import NotPublished, PlainBroker, publish_retained
from beffroi_server.fleet import presence
from beffroi_server.fleet.plays.played_content import content_key
from beffroi_server.monitoring import screen_overview
from beffroi_server.monitoring.proof.content_names import names_of
from beffroi_server.monitoring.screen_overview import ScreenOverview

logger = logging.getLogger(__name__)
EXPIRES_S = 300
"""Seconds after which a state that was not sent again is none."""
ALL_EVERY = dt.timedelta(seconds=120)
MOST_SCREENS = 2_000
_STATE_LENGTH = 255
"""Characters of a state that Home Assistant takes."""


class HomeAssistantFeed:
    """What was sent last, so that between two full rounds only what has changed is sent."""

    def __init__(self) -> None:
        self._sent: dict[str, str] = {}
        self._all_at: dt.datetime | None = None

    def send(self, now: dt.datetime) -> int:
        """Send what is due; return how many messages. Nothing where no prefix is set."""
        town = Town.objects.first()
        broker = other_broker()
        if broker is None or town is None:
            return 0
        with translation.override(town.locale):
            wanted = dict(home_assistant_messages(town, now))
        # A sensor of a screen that is gone is removed by an empty configuration.
        wanted |= {topic: "" for topic in self._sent if topic not in wanted and topic.endswith("/config")}
        is_full = self._all_at is None or now - self._all_at >= ALL_EVERY or now < self._all_at
        due = {topic: text for topic, text in wanted.items() if is_full or self._sent.get(topic) != text}
        try:
            count = publish_retained(broker, due.items()) if due else 0
        except NotPublished as error:
            logger.warning("Home Assistant is told nothing: %s", error)
            self._all_at = None
            return 0
        self._sent = {topic: text for topic, text in wanted.items() if text}
        self._all_at = now if is_full else self._all_at
        return count


def home_assistant_messages(town: Town, now: dt.datetime) -> Iterator[tuple[str, str]]:
    """Yield topic and text of every configuration and state."""
    active = alerts.active_alerts(now)
    attributes = {"titles": [alert.title for alert in active][:20], "levels": sorted({alert.level for alert in active})}
    device = {"identifiers": [f"beffroi-{town.site}"], "name": f"Beffroi {town.name}", "manufacturer": "Beffroi"}
    alert = {"device_class": "safety", "name": _("Alert")}
    yield from _sensor(town, "binary_sensor", "alert", device, alert, "ON" if active else "OFF", attributes)
    overviews = [each for each in screen_overview.overview_all(now) if each.screen.enrolled_at is not None]
    names = names_of({key for each in overviews for key in _shown_keys(each)})
    for each in overviews[:MOST_SCREENS]:
        yield from _screen_messages(town, each, names, now)


def _shown_keys(overview: ScreenOverview) -> list[str]:
    if overview.report is None:
        return []
    return [content_key(part.slide or "", part.alert or "") for part in overview.report.shown]


def _screen_messages(
    town: Town, overview: ScreenOverview, names: dict[str, str], now: dt.datetime
) -> Iterator[tuple[str, str]]:
    screen, report = overview.screen, overview.report
    device = {
        "identifiers": [f"beffroi-{town.site}-{screen.slug}"], "name": screen.name, "manufacturer": "Beffroi",
        "suggested_area": screen.place, "via_device": f"beffroi-{town.site}",
        "configuration_url": f"{settings.PUBLIC_URL}/screens/{screen.slug}/",
    }  # fmt: skip
    is_there = presence.is_reachable(getattr(screen, "state", None), now)
    connectivity = {"device_class": "connectivity", "name": _("Connection"), "entity_category": "diagnostic"}
    state = "ON" if is_there else "OFF"
    yield from _sensor(town, "binary_sensor", f"{screen.slug}-connection", device, connectivity, state)
    shown = {"name": _("State"), "icon": "mdi:monitor"}
    reasons = {"reasons": list(overview.reasons)}
    yield from _sensor(town, "sensor", f"{screen.slug}-state", device, shown, overview.state, reasons)
    if report is not None:
        bright = {"name": _("Brightness"), "unit_of_measurement": "%", "icon": "mdi:brightness-6"}
        yield from _sensor(town, "sensor", f"{screen.slug}-brightness", device, bright, str(report.brightness))
        parts = ", ".join(dict.fromkeys(names[key] for key in _shown_keys(overview)))
        content = {"name": _("On the screen"), "icon": "mdi:presentation"}
        yield from _sensor(town, "sensor", f"{screen.slug}-content", device, content, parts or "–")


def _sensor(
    town: Town, component: str, name: str, device: dict[str, Any], described: dict[str, Any], state: str,
    attributes: dict[str, Any] | None = None,
) -> Iterator[tuple[str, str]]:  # fmt: skip
    base = f"beffroi-{town.site}/{name}"
    configuration = {
        **described, "unique_id": f"beffroi-{town.site}-{name}", "device": device, "state_topic": f"{base}/state",
        "expire_after": EXPIRES_S, "origin": {"name": "Beffroi"},
        **({"json_attributes_topic": f"{base}/attributes"} if attributes is not None else {}),
    }  # fmt: skip
    prefix = settings.HOME_ASSISTANT_PREFIX
    yield f"{prefix}/{component}/beffroi-{town.site}/{name}/config", json.dumps(configuration, sort_keys=True)
    yield f"{base}/state", state[:_STATE_LENGTH]
    if attributes is not None:
        yield f"{base}/attributes", json.dumps(attributes, sort_keys=True)


def other_broker() -> PlainBroker | None:
    """Return the broker of the town's other systems; None where none is set."""
    if not settings.HOME_ASSISTANT_PREFIX:
        return None
    return PlainBroker(
        settings.HOME_ASSISTANT_MQTT_HOST, settings.HOME_ASSISTANT_MQTT_PORT, settings.HOME_ASSISTANT_MQTT_USERNAME,
        settings.HOME_ASSISTANT_MQTT_PASSWORD, settings.HOME_ASSISTANT_MQTT_TLS,
    )  # fmt: skip


_feed = HomeAssistantFeed()


def tell_home_assistant(_stopping: threading.Event) -> int:
    """Send what is due, as a job of the leader."""
    return _feed.send(timezone.now())
