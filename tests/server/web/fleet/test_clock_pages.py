"""What the pages of a screen and of an alert say of clocks that differ."""

from __future__ import annotations

import pytest
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_content.wire.reports import PlayerReport
from beffroi_server.alerts import services
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.targets import EVERYWHERE


@pytest.fixture
def ahead(keyring, hall: Screen) -> Screen:
    """A screen with a clock of its own, 62 minutes ahead of the server's, and with old data of time zones."""
    at = round(timezone.now().timestamp() * 1000)
    refusal = {"subject": "all/alerts", "code": "expired", "detail": "its end was 5 ms ago", "last_at_ms": at}
    body = {
        "boot": "b", "number": 1, "at_ms": at + 3_720_000, "clock": "trusted", "link": "live", "refusals": [refusal],
        "clock_reading": {"source": "ntp", "server_ahead_s": -3_720, "network_ahead_s": 0},
        "zone": {"name": "Europe/Paris", "data": "2019a", "changes": []},
    }  # fmt: skip
    report = PlayerReport.model_validate(body).model_dump(mode="json")
    Screen.objects.update(enrolled_at=timezone.now())
    ScreenState.objects.create(screen=hall, online=True, seen_at=timezone.now(), report=report)
    return hall


def test_the_page_of_a_screen_says_by_how_much_and_what_to_do(as_charlie, ahead):
    page = page_text(as_charlie.get(f"/screens/{ahead.slug}/"))
    assert "This screen’s clock is 62 minutes ahead of the server’s." in page
    assert "Europe/Paris are not the same on this screen (data 2019a)" in page
    assert "It came too late" in page


def test_the_page_of_an_alert_says_it_of_screens_that_it_waits_for(as_bob, ahead):
    alert = services.broadcast_alert(
        level="emergency", title="Flood", source="Hall", targets=EVERYWHERE, duration_min=60, user=None
    )
    page = page_text(as_bob.get(f"/alerts/{alert.pk}/"))
    assert "<strong>Town hall</strong> · This screen’s clock is 62 minutes ahead" in page.replace(
        ahead.name, "Town hall"
    )
