"""Golden frames: the samples of every template, and the alerts, are drawn to the pixel as they were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.sample_pictures import FILES, IMAGES

from beffroi_content.model import AnnouncementContent, DisplayTechnology, Slide, WidgetContent
from beffroi_content.rendering import AlertForm, Canvas, draw_alert, draw_idle_page, draw_slide, image_digest
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.registry import announcement_templates, widget_templates
from beffroi_content.templates.samples import SAMPLE_AT_MS, sample_alert

GOLDEN = Path(__file__).with_name("golden_digests.json")
SCREENS = (
    make_screen_class(1920, 1080),
    make_screen_class(1080, 1920),
    make_screen_class(128, 64, DisplayTechnology.LED),
    make_screen_class(192, 96, DisplayTechnology.LED, 1),
)


def slides() -> dict[str, Slide]:
    """Return the samples of all templates as slides, by a name for the table."""
    found = {}
    for name, template in announcement_templates().items():
        for number, announcement in enumerate(template.samples(IMAGES), 1):
            content = AnnouncementContent(announcement=announcement)
            found[f"{name} {number}"] = Slide(id="s", name=name, content=content)
    for name, widget in widget_templates().items():
        found[f"{name} widget"] = Slide(id="s", name=name, content=WidgetContent(widget=widget.sample()))
    return found


def digests(canvas: Canvas) -> dict[str, list[str]]:
    """Return the beginnings of the digests of all frames on a canvas."""
    drawn = {
        name: draw_slide(slide, canvas, lambda asset: FILES[asset.sha256], SAMPLE_AT_MS)
        for name, slide in slides().items()
    }
    drawn |= {str(form): draw_alert(sample_alert(), form, canvas) for form in AlertForm}
    drawn["idle page"] = (draw_idle_page("En attente", ("Écran 1",), canvas),)
    return {name: [image_digest(image)[:16] for image in images] for name, images in drawn.items()}


def all_digests() -> dict[str, list[str]]:
    return {
        f"{each.width}x{each.height} {name}": found
        for each in SCREENS
        for name, found in digests(sample_canvas(each)).items()
    }


def test_the_pixels_are_those_of_the_golden_table():
    """Renew with ``BEFFROI_RENEW_GOLDEN=1 pytest tests/content/rendering/test_golden_frames.py``.

    Do that only after looking at the gallery (``make gallery``). Where a digest that was there has changed, raise
    RASTER_VERSION in the same change; a new template only adds to the table.
    """
    now = all_digests()
    if os.environ.get("BEFFROI_RENEW_GOLDEN"):
        GOLDEN.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")
    golden = json.loads(GOLDEN.read_text())
    changed = sorted(name for name in now.keys() | golden.keys() if now.get(name) != golden.get(name))
    assert not changed, f"drawn otherwise than before: {changed}; see the docstring"


@pytest.mark.parametrize("prelude", ["pass", "from PIL import features; features.check = lambda name: False"])
def test_another_process_draws_the_same_with_and_without_fribidi(prelude):
    script = (
        f"{prelude}\n"
        "from beffroi_content.rendering import *\n"
        "from beffroi_content.rendering.gallery import *\n"
        "from beffroi_content.templates.samples import *\n"
        "canvas = sample_canvas(make_screen_class(1080, 1920))\n"
        "print(*(image_digest(image) for image in draw_alert(sample_alert(), AlertForm.TAKEOVER, canvas)))\n"
    )
    environment = os.environ | {"LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    here = draw_alert(sample_alert(), AlertForm.TAKEOVER, sample_canvas(make_screen_class(1080, 1920)))
    assert run.stdout.split() == [image_digest(image) for image in here]
