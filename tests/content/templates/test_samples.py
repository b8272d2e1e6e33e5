"""Samples: the same at each run, drawn by ourselves, and as a small town would write them."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pytest
from PIL import Image
from tests.support.sample_pictures import FILES, IMAGES

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.templates.registry import announcement_templates, hazard_declarations
from beffroi_content.templates.sample_images import sample_assets, sample_image, sample_logo
from beffroi_content.templates.samples import LONG_TEXT, SAMPLE_AT_MS, SAMPLE_DAY, sample, sample_alert


def opened(name: str) -> Image.Image:
    return Image.open(io.BytesIO(FILES[IMAGES[name].sha256]))


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_named_by_their_content(name):
    reference = IMAGES[name]
    content = FILES[reference.sha256]
    assert hashlib.sha256(content).hexdigest() == reference.sha256
    assert len(content) == reference.size
    assert opened(name).get_format_mimetype() == reference.media_type


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_pictures_and_no_plain_colour(name):
    image = opened(name).convert("RGB")
    colours = image.resize((64, 64)).getcolors(64 * 64)
    assert len(colours) > 6
    assert max(count for count, _ in colours) < 64 * 64 * 0.9


def test_the_same_samples_are_drawn_each_time():
    again, _ = sample_assets()
    assert {name: each.sha256 for name, each in again.items()} == {name: each.sha256 for name, each in IMAGES.items()}
    assert sample_image()[0] == IMAGES["sea"]


def test_the_logo_is_transparent_around_its_outline():
    reference, content = sample_logo()
    logo = Image.open(io.BytesIO(content))
    assert reference == IMAGES["logo"]
    assert logo.mode == "RGBA"
    assert logo.getpixel((0, 0))[3] == 0
    assert logo.getpixel((150, 30))[3] == 255


def test_before_and_after_show_the_same_street():
    before, after = opened("before"), opened("after")
    assert before.size == after.size
    assert before.tobytes() != after.tobytes()


def test_the_day_of_the_samples_is_that_of_their_instant():
    assert dt.datetime.fromtimestamp(SAMPLE_AT_MS / 1000, tz=dt.UTC).date() == SAMPLE_DAY


@pytest.mark.parametrize("level", AlertLevel)
@pytest.mark.parametrize("status", AlertStatus)
def test_alerts_are_of_the_asked_kind(level, status):
    alert = sample_alert(level, status)
    assert (alert.level, alert.status) == (level, status)
    assert alert.ends_at_ms - alert.issued_at_ms == alert.time_to_live_ms


@pytest.mark.parametrize("hazard", hazard_declarations())
def test_alerts_warn_of_every_hazard(hazard):
    assert sample_alert(hazard=hazard).hazard == hazard


def test_an_announcement_is_of_its_template():
    made = sample("notice", title="Fermé", body=LONG_TEXT)
    assert (made.template, made.title) == ("notice", "Fermé")


def test_a_template_that_does_not_exist_has_no_sample():
    with pytest.raises(ValueError, match="knows no template"):
        sample("hologram", title="Fête")


@pytest.mark.parametrize("template", announcement_templates().values(), ids=lambda each: each.name)
def test_samples_are_the_same_each_time(template):
    assert list(template.samples(IMAGES)) == list(template.samples(IMAGES))
