"""Readability report: reading distance, reading time and what counts as text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.canvases import LANDSCAPE, LED, PORTRAIT, announcement_of, canvas_of, slide_of

from beffroi_content.raster.page import FilledBox, Page, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle
from beffroi_content.reading_time import LEAST_SECONDS
from beffroi_content.rendering import assess_readability, slide_pages


def page_with(*lines: tuple[str, int, int]) -> Page:
    """Return a page with lines of text: each with its capital height and its baseline."""
    page = Page(LANDSCAPE, (255, 255, 255))
    page.add(FilledBox((0, 0, 10, 10), (0, 0, 0)))
    for text, capital, baseline in lines:
        page.add(TextLine(10, baseline, text, TextStyle(FontWeight.REGULAR, capital), (0, 0, 0)))
    return page


def test_the_smallest_letters_of_all_pages_count():
    report = assess_readability(
        [page_with(("un", 60, 100)), page_with(("deux", 40, 100), ("trois", 50, 200))], canvas_of()
    )
    assert (report.pages, report.capital) == (2, 40)


def test_the_page_with_the_most_words_counts():
    pages = [page_with(("un deux trois", 40, 100)), page_with(("un", 40, 100), ("deux", 40, 200))]
    assert assess_readability(pages, canvas_of()).words == 3


@pytest.mark.parametrize(("words", "seconds"), [(0, 6), (1, 6), (10, 6), (11, 7), (20, 10), (100, 42)])
def test_a_page_takes_two_seconds_and_two_fifths_for_each_word(words, seconds):
    report = assess_readability([page_with(("mot " * words, 40, 100))], canvas_of())
    assert report.reading_seconds == seconds


@given(st.integers(0, 300))
def test_no_page_is_on_for_less_than_the_least(words):
    assert assess_readability([page_with(("mot " * words, 40, 100))], canvas_of()).reading_seconds >= LEAST_SECONDS


def test_a_page_without_text_has_no_letters():
    report = assess_readability([page_with()], canvas_of())
    assert (report.capital, report.capital_mm, report.distance_m, report.words) == (0, 0, 0, 0)


def test_the_distance_follows_from_the_height_in_millimetres():
    canvas = canvas_of()
    report = assess_readability([page_with(("mot", 50, 100))], canvas)
    pitch = canvas.screen_class.physical_height_mm / canvas.screen_class.height
    assert report.capital_mm == pytest.approx(50 * pitch, abs=0.06)
    assert report.distance_m == pytest.approx(50 * pitch / 12.2, abs=0.06)


def test_on_a_screen_twice_as_large_the_distance_is_twice_as_far():
    canvas = canvas_of()
    large = replace(
        canvas, screen_class=canvas.screen_class.replace(physical_height_mm=canvas.screen_class.physical_height_mm * 2)
    )
    one, two = (assess_readability([page_with(("mot", 50, 100))], each) for each in (canvas, large))
    assert two.distance_m == pytest.approx(2 * one.distance_m, abs=0.1)


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT])
def test_the_footer_is_no_text_to_read(size):
    short = slide_of(announcement_of("notice", title="Piscine"))
    long = slide_of(announcement_of("notice", title="Piscine", source="Service des sports et de la vie associative"))
    canvas = canvas_of(size)
    assert assess_readability(slide_pages(short, canvas), canvas) == assess_readability(
        slide_pages(long, canvas), canvas
    )


def test_on_a_panel_all_lines_count():
    canvas = canvas_of((128, 64), LED)
    report = assess_readability(
        slide_pages(slide_of(announcement_of("notice", body="Fermé lundi et mardi")), canvas), canvas
    )
    assert report.words >= 4
    assert report.capital >= 7


def test_no_pages_are_nothing_to_read():
    report = assess_readability([], canvas_of())
    assert (report.pages, report.words, report.reading_seconds) == (0, 0, LEAST_SECONDS)
