"""Sensors for Home Assistant: what is published, again and again, and what a broker that is gone does."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.utils import timezone

from beffroi_server.alerts import services as alerts
from beffroi_server.delivery.plain_publisher import NotPublished, PlainBroker, publish_retained
from beffroi_server.fleet.models import ScreenState
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.outlets import home_assistant
from beffroi_server.outlets.home_assistant import HomeAssistantFeed

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 30, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def sent(monkeypatch, settings) -> list[dict[str, str]]:
    """Rounds of messages that were handed to the broker."""
    settings.HOME_ASSISTANT_PREFIX = "homeassistant"
    rounds: list[dict[str, str]] = []
    monkeypatch.setattr(home_assistant, "publish_retained", lambda _broker, messages: rounds.append(dict(messages)))
    return rounds


@pytest.fixture
def enrolled(hall):
    hall.enrolled_at = NOW
    hall.save()
    ScreenState.objects.create(screen=hall, online=True, seen_at=NOW)
    return hall


def test_nothing_is_sent_by_default(enrolled):
    assert HomeAssistantFeed().send(NOW) == 0


def test_a_screen_is_a_device_with_a_connection(sent, enrolled):
    HomeAssistantFeed().send(NOW)
    topic = "homeassistant/binary_sensor/beffroi-saint-aubin/hall-connection/config"
    configuration = json.loads(sent[0][topic])
    assert configuration["device_class"] == "connectivity"
    assert configuration["device"]["identifiers"] == ["beffroi-saint-aubin-hall"]
    assert sent[0][configuration["state_topic"]] == "ON"
    assert len({json.loads(text)["unique_id"] for name, text in sent[0].items() if name.endswith("/config")}) == 3


def test_an_alert_is_on_while_it_lasts(sent, enrolled, keyring):
    alert = alerts.broadcast_alert(
        level="emergency", title="Crue", source="Mairie", targets=EVERYWHERE, duration_min=5, user=None
    )
    HomeAssistantFeed().send(timezone.now())
    assert sent[0]["beffroi-saint-aubin/alert/state"] == "ON"
    assert json.loads(sent[0]["beffroi-saint-aubin/alert/attributes"])["titles"] == ["Crue"]
    alerts.end_alert(alert, user=None)
    HomeAssistantFeed().send(timezone.now())
    assert sent[1]["beffroi-saint-aubin/alert/state"] == "OFF"


def test_between_full_rounds_only_what_changed_is_sent(sent, enrolled):
    feed = HomeAssistantFeed()
    feed.send(NOW)
    feed.send(NOW + dt.timedelta(seconds=30))
    ScreenState.objects.update(online=False)
    feed.send(NOW + dt.timedelta(seconds=60))
    assert len(sent) == 2
    assert sent[1]["beffroi-saint-aubin/hall-connection/state"] == "OFF"
    feed.send(NOW + dt.timedelta(seconds=130))
    assert len(sent[2]) == len(sent[0])


def test_the_sensors_of_a_screen_that_is_gone_are_removed(sent, enrolled):
    feed = HomeAssistantFeed()
    feed.send(NOW)
    enrolled.delete()
    feed.send(NOW + dt.timedelta(seconds=30))
    assert sent[1]["homeassistant/binary_sensor/beffroi-saint-aubin/hall-connection/config"] == ""


def test_a_broker_that_is_gone_is_said_and_harms_nothing(settings, enrolled, caplog):
    settings.HOME_ASSISTANT_PREFIX, settings.HOME_ASSISTANT_MQTT_PORT = "homeassistant", 9
    assert HomeAssistantFeed().send(NOW) == 0
    assert "Home Assistant is told nothing" in caplog.text
    with pytest.raises(NotPublished):
        publish_retained(PlainBroker("127.0.0.1", 9), [("a", "b")])
