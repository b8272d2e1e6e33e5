"""From where a slide can be read, and in which time."""

import pytest

from beffroi_content.model import Announcement, AnnouncementContent, DisplayTechnology, ScreenClass, Slide
from beffroi_content.rendering import ReadabilityReport, assess_readability, slide_pages
from beffroi_content.rendering.gallery import sample_canvas
from beffroi_content.templates.samples import LONG_TEXT


def screen_class(width: int = 1920, height: int = 1080, height_mm: int = 680, **changes) -> ScreenClass:
    facts = {"name": "s", "width": width, "height": height, "physical_height_mm": height_mm}
    return ScreenClass(**facts | {"viewing_distance_mm": 4_000} | changes)


def appraisal(body: str, kind: ScreenClass | None = None, title: str = "Travaux") -> ReadabilityReport:
    canvas = sample_canvas(kind or screen_class())
    announcement = Announcement(id="a", template="notice", title=title, body=body)
    content = AnnouncementContent(announcement=announcement)
    return assess_readability(slide_pages(Slide(id="s", name="s", content=content), canvas), canvas)


def test_letters_of_12_2_millimetres_are_read_from_a_metre():
    found = appraisal("Rue fermée")
    assert found.distance_m == pytest.approx(found.capital_mm / 12.2, abs=0.05)


def test_the_same_pixels_on_a_larger_screen_are_read_from_farther():
    small, large = appraisal(LONG_TEXT), appraisal(LONG_TEXT, screen_class(height_mm=1_360, viewing_distance_mm=8_000))
    assert small.capital == large.capital
    assert large.distance_m == pytest.approx(2 * small.distance_m, abs=0.2)


def test_a_longer_text_takes_longer_to_read():
    short, long = appraisal(""), appraisal(LONG_TEXT)
    assert short.reading_seconds == 6
    assert long.words > 20
    assert long.reading_seconds == pytest.approx(2 + 0.4 * long.words, abs=1)


def test_a_text_that_does_not_fit_goes_over_pages_in_letters_that_can_still_be_read():
    kind = screen_class(128, 64, 640, technology=DisplayTechnology.LED)
    found = appraisal(LONG_TEXT, kind)
    assert found.pages > 1
    assert found.capital >= 7


def test_the_foot_of_a_page_does_not_count():
    assert appraisal("", title="Bienvenue").words == 1
