"""Frame keys: they change with all that decides the pixels, and with nothing else."""

from __future__ import annotations

import pytest

from beffroi_content.model import AlertLevel, Announcement, AnnouncementContent, Slide, Town, WidgetContent
from beffroi_content.model.widgets import ClockWidget
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


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Autre"}, {"body": "Ouvert."}, {"label": "Sports"}, {"place": "Gymnase"}, {"source": "Mairie"},
        {"starts": "2026-12-12T18:30"}, {"figure": "12"}, {"link": "https://ville.fr"}, {"template": "notice"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_keys_change_with_every_field_of_an_announcement(change):
    plain = {"id": "a", "template": "news", "title": "Fête"}
    keys = {
        slide_key(
            Slide(id="s", name="s", content=AnnouncementContent(announcement=Announcement.model_validate(fields))),
            CANVAS,
        )
        for fields in (plain, plain | change)
    }
    assert len(keys) == 2


@pytest.mark.parametrize(
    "change", [{"tags": ["été"]}, {"most_per_hour": 3}, {"valid_from_ms": 1}, {"published_at_ms": 9}]
)
def test_keys_do_not_change_with_what_is_not_drawn(change):
    slide = slide_of("Fête")
    assert slide_key(slide, CANVAS) == slide_key(slide.replace(**change), CANVAS)


def test_keys_of_widgets_change_once_a_tick():
    slide = Slide(id="s", name="s", content=WidgetContent(widget=ClockWidget()))
    minute = 1_796_810_700_000
    first, same, next_ = (slide_key(slide, CANVAS, at_ms) for at_ms in (minute, minute + 59_999, minute + 60_000))
    assert first == same != next_
    assert slide_key(slide, CANVAS) not in (first, next_)


def test_keys_of_still_slides_do_not_change_with_time():
    assert slide_key(slide_of("Fête"), CANVAS, 1) == slide_key(slide_of("Fête"), CANVAS)


@pytest.mark.parametrize("module", ["PIL.__version__", "beffroi_content.rendering.frame_keys.has_raqm"])
def test_keys_change_with_the_libraries_that_draw(module, monkeypatch):
    before = slide_key(slide_of("Fête"), CANVAS)
    monkeypatch.setattr(module, "0" if module.endswith("version__") else (lambda: None))
    assert slide_key(slide_of("Fête"), CANVAS) != before


def test_keys_can_be_file_names():
    for key in (slide_key(slide_of("Fête"), CANVAS), alert_key(sample_alert(), AlertForm.BANNER, CANVAS)):
        assert len(key) == 64
        assert set(key) <= set("0123456789abcdef")
