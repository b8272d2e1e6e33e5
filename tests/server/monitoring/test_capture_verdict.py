"""Verdict on a screen capture: comparison with the expected frame."""

from __future__ import annotations

import pytest
from django.utils import timezone

from beffroi_content.wire.reports import CaptureLabel
from beffroi_server.alerts import services as alerts
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets
from beffroi_server.library import services as library
from beffroi_server.monitoring.capture_verdict import capture_verdict
from beffroi_server.monitoring.expected_frames import expected_frame
from beffroi_server.monitoring.screen_overview import is_outdated
from beffroi_server.schedule import publication

OTHER = "f" * 64


@pytest.fixture
def screen(keyring, playlist, hall) -> Screen:
    """A screen whose programme is published."""
    publication.publish_due_programmes()
    return Screen.objects.get(pk=hall.pk)


@pytest.fixture
def capture(screen):
    """Return the label of a capture of the expected frame, with other values."""
    digest = expected_frame(screen, timezone.now())[1]
    now = unix_ms(timezone.now())
    values = {
        "size": (1920, 1080), "pixels": digest, "frame": digest, "taken_at_ms": now, "presented_at_ms": now,
        "clock": "trusted", "programme": OutboxDocument.objects.get(topic__endswith="/programme").sequence,
    }  # fmt: skip
    return lambda **changes: CaptureLabel.model_validate(values | changes)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "equal"),
        ({"pixels": OTHER, "moves": True}, "moves"),
        ({"pixels": OTHER, "brightness": 40}, "dimmed"),
        ({"pixels": OTHER}, "differs"),
        ({"pixels": OTHER, "frame": OTHER}, "differs"),
        ({"frame": OTHER, "moves": True}, "differs"),
        ({"programme": 5}, "outdated"),
        ({"programme": None}, "outdated"),
        ({"overlay": True}, "unknown"),
        ({"frame": None}, "unknown"),
        ({"presented_at_ms": None}, "unknown"),
        ({"clock": "unknown"}, "unknown"),
        ({"power": "off"}, "unknown"),
    ],
)
def test_says_what_the_comparison_shows(screen, capture, changes, verdict):
    assert capture_verdict(screen, capture(**changes)) == verdict


def test_of_a_screen_that_was_sent_a_newer_programme_is_outdated(screen, capture, announcement):
    before = capture()
    library.save_announcement(announcement, user=None, title="Piscine fermée")
    publication.publish_due_programmes()

    assert is_outdated(screen, before)
    assert capture_verdict(screen, before) == "outdated"


def test_of_a_screen_with_an_alert_needs_that_alert(screen, capture, quay, district):
    alerts.broadcast_alert(
        level="emergency", title="Crue", source="x", targets=Targets(groups=(district,)), duration_min=5, user=None
    )
    assert not is_outdated(screen, capture()), "an alert for others changes nothing"

    alerts.broadcast_alert(
        level="emergency", title="Crue", source="x", targets=Targets(screens=(screen,)), duration_min=5, user=None
    )
    assert is_outdated(screen, capture())
    newest = OutboxDocument.objects.get(topic__endswith="s-hall/alerts").sequence
    assert not is_outdated(screen, capture(alerts={"s-hall/alerts": newest}))
