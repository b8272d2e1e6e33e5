"""Frame keys: they change with all that decides the pixels, and with nothing else."""

from __future__ import annotations

import pytest

from beffroi_content.model import AlertLevel, Announcement, AnnouncementContent, Slide, Town
from beffroi_content.rendering import AlertForm, Canvas, alert_key, slide_key
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.samples import sample_alert


def slide_of(title: str) -> Slide:
    announcement = Announcement(id="a", template="news", title=title)
    return Slide(id="s", name="s", content=AnnouncementContent(announcement=announcement))


SCREEN = make_screen_class(1920, 1080)
CANVAS = sample_canvas(SCREEN)
OTHERS = {
    "size": Canvas((960, 540), CANVAS.screen_class, CANVAS.town, CANVAS.time_zone, "fr"),
    "screen class": sample_canvas(SCREEN.replace(viewing_distance_mm=9_000)),
    "town": Canvas(CANVAS.size, CANVAS.screen_class, Town(name="Vire"), CANVAS.time_zone, "fr"),
    "colour": sample_canvas(SCREEN, colour="#aa0000"),
    "zone": Canvas(CANVAS.size, CANVAS.screen_class, CANVAS.town, "Indian/Reunion", "fr"),
    "locale": sample_canvas(SCREEN, locale="en"),
}


@pytest.mark.parametrize("change", OTHERS)
def test_keys_change_with_the_canvas(change):
    slide, alert = slide_of("Fête"), sample_alert()
    assert slide_key(slide, CANVAS) != slide_key(slide, OTHERS[change])
    assert alert_key(alert, AlertForm.TAKEOVER, CANVAS) != alert_key(alert, AlertForm.TAKEOVER, OTHERS[change])


def test_keys_change_with_the_content_and_only_with_it():
    one, two = slide_of("Fête"), slide_of("Marché")
    assert slide_key(one, CANVAS) != slide_key(two, CANVAS)
    assert slide_key(one, CANVAS) == slide_key(one.replace(id="z", name="Z", duration_ms=5_000, pages=3), CANVAS)


def test_an_alert_key_does_not_depend_on_how_long_it_lives():
    alert = sample_alert()
    key = alert_key(alert, AlertForm.TAKEOVER, CANVAS)
    assert key == alert_key(alert.replace(time_to_live_ms=5), AlertForm.TAKEOVER, CANVAS)
    assert key != alert_key(alert, AlertForm.SLIDE, CANVAS)
    assert key != alert_key(alert.replace(level=AlertLevel.EMERGENCY), AlertForm.TAKEOVER, CANVAS)
    assert key != alert_key(alert.replace(ends_at_ms=alert.ends_at_ms + 1), AlertForm.TAKEOVER, CANVAS)


def test_keys_change_with_the_version_of_the_raster(monkeypatch):
    before = slide_key(slide_of("Fête"), CANVAS)
    monkeypatch.setattr("beffroi_content.rendering.frame_keys.RASTER_VERSION", 10_000)
    assert slide_key(slide_of("Fête"), CANVAS) != before
