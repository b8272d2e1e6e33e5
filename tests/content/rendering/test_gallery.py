"""Gallery: contact sheets that show every sample, and a page with all of them."""

from __future__ import annotations

import pytest
from PIL import Image
from tests.support.canvases import LED, canvas_of

from beffroi_content.model import DisplayTechnology, ScreenAppearance, banner_rectangle
from beffroi_content.rendering import gallery
from beffroi_content.rendering.gallery import (
    contact_sheet,
    gallery_screens,
    make_screen_class,
    sample_canvas,
    sample_frames,
)
from beffroi_content.templates.registry import announcement_templates, hazard_declarations, widget_templates


def test_the_screens_are_of_all_kinds():
    screens = gallery_screens()
    assert {each.technology for each in screens} == set(DisplayTechnology)
    assert any(each.width > each.height for each in screens)
    assert any(each.width < each.height for each in screens)
    assert 1 in {each.colour_depth for each in screens}
    assert len({each.name for each in screens}) < len(screens) + 1


@pytest.mark.parametrize(("size", "technology"), [((1920, 1080), "lcd"), ((128, 64), "led")])
def test_a_screen_class_has_usual_measures(size, technology):
    screen_class = make_screen_class(*size, DisplayTechnology(technology))
    assert screen_class.size == size
    pitch_mm = screen_class.physical_height_mm / screen_class.height
    assert (4 < pitch_mm < 6) if technology == "led" else (0.5 < pitch_mm < 0.8)


def test_a_canvas_is_the_whole_of_its_screen():
    screen_class = make_screen_class(640, 480)
    canvas = sample_canvas(screen_class, "#aa0000", "en")
    assert (canvas.size, canvas.locale, canvas.town.colour) == ((640, 480), "en", "#aa0000")


def test_every_template_and_hazard_is_in_the_frames():
    frames = list(sample_frames(canvas_of((128, 64), LED)))
    assert len(frames) >= len(announcement_templates()) + len(widget_templates()) + len(hazard_declarations())
    assert {frame.size for frame in frames} == {(128, 64), banner_rectangle((128, 64)).size}


def test_a_sheet_lays_images_out_in_rows():
    images = [Image.new("RGB", (1920, 1080), (index * 20, 0, 0)) for index in range(6)]
    sheet = contact_sheet(iter(images))
    assert sheet.width == 3000
    assert sheet.height > 2 * 420
    colours = {colour for _, colour in sheet.getcolors(10_000)}
    assert {(index * 20, 0, 0) for index in range(6)} <= colours


def test_small_images_are_enlarged_by_a_whole_number():
    tile = Image.new("RGB", (8, 4), (255, 0, 0))
    sheet = contact_sheet(iter([tile]))
    red = sum(count for count, colour in sheet.getcolors(10_000) if colour == (255, 0, 0))
    factor = (red // (8 * 4)) ** 0.5
    assert factor == int(factor) > 1


def test_a_page_shows_all_sheets(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "gallery_screens", lambda: (make_screen_class(64, 32, DisplayTechnology.LED),))
    page = gallery.main(tmp_path / "gallery")
    sheets = sorted(path.name for path in page.parent.glob("*.png"))
    assert sheets == [f"64x32-24-{ScreenAppearance.DAY}.png"]
    assert all(name in page.read_text() for name in sheets)
