"""Expected frames: scenes and pixels that a screen must show."""

from __future__ import annotations

import datetime as dt
import io
from itertools import pairwise

import pytest
from django.utils import timezone
from PIL import Image

from beffroi_content import rendering
from beffroi_content.timeline import ReasonKind
from beffroi_server.alerts import services as alerts
from beffroi_server.alerts.models import Alert
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import ReceiptRecord, Screen
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.library import preview
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.monitoring import expected_frames as expected
from beffroi_server.schedule import publication, services

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


def fresh(screen: Screen) -> Screen:
    return Screen.objects.get(pk=screen.pk)


def confirm(alert: Alert, screen: Screen) -> None:
    ReceiptRecord.objects.create(
        screen=screen, stream="all/alerts", sequence=1, alert=str(alert.pk), form="takeover", latency_ms=84,
        received_at=alert.issued_at, presented_at=alert.issued_at, frame="0" * 64, clock="trusted",
    )  # fmt: skip


def picture(colour: str = "navy") -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (160, 90), colour).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


class TestNow:
    @pytest.fixture
    def published(self, keyring, playlist, hall) -> Screen:
        publication.publish_due_programmes()
        return fresh(hall)

    def test_is_what_the_rules_say(self, published):
        (showing,) = expected.expected_scene(published, NOON).showings

        assert showing.slide is not None
        assert showing.slide.name == "La piscine rouvre lundi"
        assert showing.reason.kind is ReasonKind.RULE

    def test_is_the_towns_name_when_there_is_nothing(self, town, hall):
        (showing,) = expected.expected_scene(hall, NOON).showings

        assert showing.reason.kind is ReasonKind.IDLE

    def test_is_what_was_saved_a_moment_ago(self, published, announcement):
        library.save_announcement(announcement, user=None, title="La piscine ferme")

        (showing,) = expected.expected_scene(fresh(published), NOON).showings
        assert showing.slide is not None
        assert showing.slide.name == "La piscine ferme"

    def test_is_an_alert_before_all(self, published):
        alert = alerts.broadcast_alert(
            level="emergency", title="Flood", source="x", targets=EVERYWHERE, duration_min=5, user=None
        )

        (showing,) = expected.expected_scene(published, timezone.now()).showings
        assert showing.alert is not None
        assert showing.alert.id == str(alert.pk)

        alerts.end_alert(alert, user=None)
        (showing,) = expected.expected_scene(published, timezone.now()).showings
        assert showing.reason.kind is ReasonKind.RULE, "nobody learns of an alert by its end"
        confirm(alert, published)
        (showing,) = expected.expected_scene(published, timezone.now()).showings
        assert showing.reason.kind is ReasonKind.ALL_CLEAR

    def test_the_picture_is_that_of_the_player(self, published):
        picture, digest = expected.expected_frame(published, NOON)

        manifest = publication.published_manifest(published)
        assert manifest is not None
        (frame,) = rendering.draw_slide(
            manifest.slides[0], rendering.Canvas.for_screen(manifest.settings), preview.read_asset
        )
        assert picture.tobytes() == frame.tobytes()
        assert digest == rendering.image_digest(frame)

    @pytest.mark.parametrize("level", ["information", "vigilance", "alert", "emergency"])
    def test_every_level_of_alert_can_be_drawn(self, keyring, playlist, quay, level):
        alerts.broadcast_alert(level=level, title="Flood", source="x", targets=EVERYWHERE, duration_min=5, user=None)

        for seconds in (0, 5, 15, 25):
            picture, _ = expected.expected_frame(fresh(quay), timezone.now() + dt.timedelta(seconds=seconds))
            assert picture.size == (128, 64)

    def test_what_comes_next(self, published, playlist, announcement):
        services.add_entry(playlist, announcement=Announcement.objects.create(title="Marché"), user=None)

        found = expected.upcoming_scenes(fresh(published), NOON, 4)

        names = [scene.showings[0].slide.name for _, scene in found if scene.showings[0].slide]
        assert names == ["La piscine rouvre lundi", "Marché"] * 2
        assert found[0][0] == unix_ms(NOON)
        assert [b - a for (a, _), (b, _) in pairwise(found[1:])] == [10_000, 10_000]
