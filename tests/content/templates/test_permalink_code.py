"""The code of an announcement's public page stands where a page has room for it, and nowhere else."""

from __future__ import annotations

import pytest
from tests.support.sample_pictures import IMAGES

from beffroi_content.model import Announcement, DisplayTechnology
from beffroi_content.raster.page import QrCode, TextLine
from beffroi_content.rendering import Canvas
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.page_layout import lay_out_announcement
from beffroi_content.templates.registry import announcement_templates

ADDRESS = "https://screens.example.org/public/6f1c2b9e-4a52-4f0e-9d0d-0a3b6f1f7a11/"
TELEVISION = sample_canvas(make_screen_class(1920, 1080))
SAMPLES = [
    pytest.param(announcement, id=f"{name}-{number}")
    for name, template in announcement_templates().items()
    for number, announcement in enumerate(template.samples(IMAGES), 1)
]


def codes(announcement: Announcement, canvas: Canvas = TELEVISION) -> list[QrCode]:
    pages = lay_out_announcement(announcement, canvas)
    return [item for page in pages for item in page.items if isinstance(item, QrCode)]


def welcome(**fields: str) -> Announcement:
    return Announcement(id="a", template="news", title="Bienvenue", permalink=ADDRESS, **fields)


def test_a_page_with_room_bears_the_code_large_enough_for_the_distance():
    (code,) = codes(welcome())
    left, top, right, bottom = code.box
    millimetres = (right - left) * TELEVISION.screen_class.physical_height_mm / 1080
    assert right - left == bottom - top
    assert round(millimetres) >= 200  # a tenth of the two metres from which people scan at the farthest
    assert left > 0 < top
    assert right < 1920
    assert bottom < 1080


def test_a_link_of_its_own_is_the_only_code():
    (own,), (alone,) = (
        codes(welcome(link="https://a.example")),
        codes(welcome(link="https://a.example").replace(permalink="")),
    )
    assert own == alone


def test_no_camera_reads_a_panel_of_leds():
    panel = sample_canvas(make_screen_class(640, 480, DisplayTechnology.LED))
    assert not codes(welcome(), panel)


@pytest.mark.parametrize("announcement", SAMPLES)
def test_it_covers_no_text_and_takes_no_page_more(announcement):
    plain = lay_out_announcement(announcement, TELEVISION)
    pages = lay_out_announcement(announcement.replace(permalink=ADDRESS), TELEVISION)
    assert len(pages) == len(plain)
    for page in pages:
        for code in (item for item in page.items if isinstance(item, QrCode)):
            left, top, right, bottom = code.box
            lines = [item for item in page.items if isinstance(item, TextLine)]
            assert not any(left < line.x < right and top < line.baseline < bottom for line in lines)
            assert page.items.index(code) > 0
