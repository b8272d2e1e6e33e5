"""Requests for screenshots."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.services import request_screenshots


class TestScreenshotsAreAsked:
    def test_once_per_half_of_the_time(self, keyring, hall):
        assert request_screenshots(hall, 60)
        assert not request_screenshots(hall, 60)
        Screen.objects.update(screenshots_asked_at=timezone.now() - dt.timedelta(seconds=31))
        assert request_screenshots(hall, 60)
        assert OutboxDocument.objects.filter(topic__endswith="command").count() == 2
