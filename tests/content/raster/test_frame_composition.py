"""Digests, keys and putting zones together: what the server and the player compare."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from beffroi_content.model import AlertLevel, AnnouncementContent, DisplayTechnology, Rectangle, Slide, Town
from beffroi_content.raster import (
    AlertForm,
    Canvas,
    alert_key,
    compose_frame,
    draw_alert,
    draw_idle_page,
    draw_slide,
    frame_digest,
    image_digest,
    slide_key,
)
from beffroi_content.templates.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.samples import sample_alert, sample_announcements, sample_assets, sample_templates

GOLDEN = Path(__file__).with_name("golden_digests.json")
SCREENS = (
    make_screen_class(1920, 1080),
    make_screen_class(1080, 1920),
    make_screen_class(128, 64, DisplayTechnology.LED),
    make_screen_class(192, 96, DisplayTechnology.LED, 1),
)


PICTURES, FILES = sample_assets()


def slides() -> list[Slide]:
    announcements = [*sample_announcements(None), *sample_templates(PICTURES)]
    return [Slide(id=a.id, name=a.id, content=AnnouncementContent(announcement=a)) for a in announcements]


def digests() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in SCREENS:
        canvas = sample_canvas(each)
        where = f"{each.width}x{each.height}"
        for slide in slides():
            images = draw_slide(slide, canvas, lambda asset: FILES[asset.sha256])
            found[f"{where} {slide.id}"] = [image_digest(image)[:16] for image in images]
        for form in AlertForm:
            images = draw_alert(sample_alert(), form, canvas)
            found[f"{where} {form}"] = [image_digest(image)[:16] for image in images]
        found[f"{where} notice"] = [image_digest(draw_idle_page("En attente", ("Écran 1",), canvas))[:16]]
    return found


def test_the_pixels_are_those_of_the_golden_table():
    """Renew with ``BEFFROI_RENEW_GOLDEN=1 pytest tests/content/raster/test_raster_frames.py``.

    Do that only after looking at the gallery, and raise RASTER_VERSION in the same change.
    """
    now = digests()
    if os.environ.get("BEFFROI_RENEW_GOLDEN"):
        GOLDEN.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")
    golden = json.loads(GOLDEN.read_text())
    changed = sorted(name for name in now.keys() | golden.keys() if now.get(name) != golden.get(name))
    assert not changed, f"drawn otherwise than before: {changed}; see the docstring"


@pytest.mark.parametrize("prelude", ["pass", "from PIL import features; features.check = lambda name: False"])
def test_another_process_draws_the_same_with_and_without_fribidi(prelude):
    script = (
        f"{prelude}\n"
        "from beffroi_content.raster import *\n"
        "from beffroi_content.templates.gallery import *\n"
        "from beffroi_content.templates.samples import *\n"
        "canvas = sample_canvas(screen(1080, 1920))\n"
        "print(*(image_digest(image) for image in draw_alert(sample_alert(), AlertForm.TAKEOVER, canvas)))\n"
    )
    environment = os.environ | {"LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    here = draw_alert(sample_alert(), AlertForm.TAKEOVER, sample_canvas(make_screen_class(1080, 1920)))
    assert run.stdout.split() == [image_digest(image) for image in here]


def test_the_digest_is_over_size_and_bytes():
    rgb = bytes(range(12))
    assert frame_digest((2, 2), rgb) == hashlib.sha256(b"2x2\n" + rgb).hexdigest()
    assert frame_digest((2, 2), rgb) != frame_digest((4, 1), rgb)
    image = Image.frombytes("RGB", (2, 2), rgb)
    assert image_digest(image) == frame_digest((2, 2), rgb)


def test_zones_are_laid_over_each_other_in_order():
    red, blue = Image.new("RGB", (10, 10), (255, 0, 0)), Image.new("RGB", (4, 4), (0, 0, 255))
    frame = compose_frame(
        (12, 10),
        [(Rectangle(width=10, height=10), red), (Rectangle(x=8, y=0, width=4, height=4), blue)],
    )
    assert frame.size == (12, 10)
    assert frame.getpixel((0, 0)) == (255, 0, 0)
    assert frame.getpixel((8, 0)) == (0, 0, 255)
    assert frame.getpixel((11, 9)) == (0, 0, 0)


def test_a_part_of_another_size_keeps_to_its_rectangle():
    red = Image.new("RGB", (10, 10), (255, 0, 0))
    frame = compose_frame((10, 10), [(Rectangle(width=5, height=5), red)])
    assert frame.getpixel((4, 4)) == (255, 0, 0)
    assert frame.getpixel((5, 5)) == (0, 0, 0)


CANVAS = sample_canvas(SCREENS[0])
OTHERS = {
    "size": Canvas((960, 540), CANVAS.screen_class, CANVAS.town, CANVAS.time_zone, "fr"),
    "screen class": sample_canvas(SCREENS[0].replace(viewing_distance_mm=9_000)),
    "town": Canvas(CANVAS.size, CANVAS.screen_class, Town(name="Vire"), CANVAS.time_zone, "fr"),
    "colour": sample_canvas(SCREENS[0], colour="#aa0000"),
    "zone": Canvas(CANVAS.size, CANVAS.screen_class, CANVAS.town, "Indian/Reunion", "fr"),
    "locale": sample_canvas(SCREENS[0], locale="en"),
}


@pytest.mark.parametrize("change", OTHERS)
def test_keys_change_with_the_canvas(change):
    slide, alert = slides()[0], sample_alert()
    assert slide_key(slide, CANVAS) != slide_key(slide, OTHERS[change])
    assert alert_key(alert, AlertForm.TAKEOVER, CANVAS) != alert_key(alert, AlertForm.TAKEOVER, OTHERS[change])


def test_keys_change_with_the_content_and_only_with_it():
    one, two = slides()[:2]
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
    before = slide_key(slides()[0], CANVAS)
    monkeypatch.setattr("beffroi_content.raster.frame_keys.RASTER_VERSION", 10_000)
    assert slide_key(slides()[0], CANVAS) != before
