"""Fonts: metrics, fallback fonts, and letters that are drawn one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_content.raster.text.fonts import (
    CRISP_CAPITALS,
    FontWeight,
    TextStyle,
    font_face,
    has_raqm,
    is_covered,
    snap_to_bitmap_size,
)

BODY = TextStyle(FontWeight.REGULAR, 40)
BITMAP_SIZES = sorted(CRISP_CAPITALS[FontWeight.REGULAR])


def test_a_face_is_made_once_for_each_style():
    assert font_face(BODY) is font_face(TextStyle(FontWeight.REGULAR, 40))
    assert font_face(BODY) is not font_face(TextStyle(FontWeight.BOLD, 40))


@pytest.mark.parametrize("weight", FontWeight)
@pytest.mark.parametrize("capital", [11, 24, 60, 200])
def test_accents_and_tails_keep_within_ascent_and_descent(weight, capital):
    face = font_face(TextStyle(weight, capital))
    _, top, _, bottom = face.font.getbbox("ÉÀÔgjpqyç", anchor="ls")
    assert -top <= face.ascent + 1
    assert bottom <= face.descent + 1


@pytest.mark.parametrize("capital", BITMAP_SIZES)
@pytest.mark.parametrize("weight", [FontWeight.REGULAR, FontWeight.BOLD])
def test_bitmap_letters_keep_within_ascent_and_descent(weight, capital):
    face = font_face(TextStyle(weight, capital, True))
    _, top, _, bottom = face.font.getbbox("Égjpqyç", anchor="ls")
    assert -top <= face.ascent
    assert bottom <= face.descent


@pytest.mark.parametrize(
    ("asked", "given_"), [(1, 5), (5, 5), (8, 7), (9, 9), (11, 10), (14, 13), (23, 20), (24, 24), (31, 31)]
)
def test_a_bitmap_size_is_the_largest_that_is_not_above(asked, given_):
    assert snap_to_bitmap_size(asked) == given_


@given(st.integers(1, 400))
def test_snapping_twice_changes_nothing(capital):
    snapped = snap_to_bitmap_size(capital)
    assert snap_to_bitmap_size(snapped) == snapped
    assert snapped <= max(capital, 5)


@pytest.mark.parametrize("weight", FontWeight)
def test_a_bolder_weight_is_wider(weight):
    regular = font_face(TextStyle(FontWeight.REGULAR, 40)).text_width("Marché de Noël")
    assert font_face(TextStyle(weight, 40)).text_width("Marché de Noël") >= regular


def test_widths_grow_with_the_size():
    widths = [font_face(TextStyle(FontWeight.REGULAR, capital)).text_width("Marché") for capital in range(10, 200, 10)]
    assert widths == sorted(widths)


def test_pairs_are_kerned():
    face = font_face(TextStyle(FontWeight.REGULAR, 100))
    assert face.text_width("AV") < face.text_width("A") + face.text_width("V")
    assert face.text_width("To") < face.text_width("T") + face.text_width("o")


def test_an_empty_text_has_no_width():
    assert font_face(BODY).text_width("") == 0


def test_a_narrow_no_break_space_is_narrower_than_a_space():
    face = font_face(BODY)
    assert 0 < face.text_width("\u202f") < face.space_width


@settings(deadline=None)
@given(st.text(alphabet="aéÎ oAV.,’«»", min_size=1, max_size=30))
def test_letters_end_where_the_measured_text_does(text):
    face = font_face(BODY)
    placed = face.place_glyphs(text)
    assert placed is not None
    assert len(placed) == len(text)
    pens = [pen for pen, _ in placed]
    assert pens[0] == 0
    # The pen of the last letter and its width make up the width of the text, but for rounding.
    assert abs(pens[-1] + face.text_width(text[-1]) - face.text_width(text)) <= 2


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (TextStyle(FontWeight.REGULAR, 7, True), "Marché"),
        (TextStyle(FontWeight.REGULAR, 400), "Marché"),
        (BODY, "Fête 🎉"),
        (BODY, "مرحبا"),
    ],
    ids=["panel", "very large", "emoji", "arabic"],
)
def test_what_is_drawn_as_a_whole_line_has_no_letters(style, text):
    assert font_face(style).place_glyphs(text) is None


def test_a_space_has_no_mask():
    placed = font_face(BODY).place_glyphs("a b")
    assert placed is not None
    assert [glyph.mask is None for _, glyph in placed] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Fête", ["Fête"]),
        ("Fête 🎉 ici", ["Fête ", "🎉", " ici"]),
        ("Київ", ["Київ"]),
        ("Caen / Київ", ["Caen / ", "Київ"]),
        ("12 مرحبا 34", ["12 ", "مرحبا 34"]),
        ("مرحبا Caen", ["مرحبا", " Caen"]),
    ],
)
def test_a_text_is_cut_by_the_fonts_that_draw_it(text, parts):
    assert [run.text for run in font_face(BODY).split_runs(text)] == parts


@given(st.text(max_size=40))
@settings(deadline=None)
def test_runs_lose_no_character(text):
    runs = font_face(BODY).split_runs(text)
    shown = "".join(run.text for run in runs)
    assert len(shown) == len(text)
    assert all(one in (other, "\N{REPLACEMENT CHARACTER}") for one, other in zip(shown, text, strict=True))


@pytest.mark.parametrize("character", ["\ue123", "\U000e0001"])
def test_a_character_that_no_font_has_is_not_covered(character):
    assert not is_covered(character)
    assert [run.text for run in font_face(BODY).split_runs(character)] == ["\N{REPLACEMENT CHARACTER}"]


def test_only_runs_of_arabic_and_hebrew_have_a_direction():
    runs = font_face(BODY).split_runs("Caen مرحبا")
    assert [run.direction for run in runs] == [None, "rtl" if has_raqm() else None]


def test_without_fribidi_a_run_is_handed_over_reversed(monkeypatch):
    monkeypatch.setattr("beffroi_content.raster.text.fonts.has_raqm", lambda: False)
    (run,) = font_face(BODY).split_runs("שלום")
    assert run.direction is None
    assert run.drawn_text == "םולש"
    (latin,) = font_face(BODY).split_runs("Caen")
    assert latin.drawn_text == "Caen"


def test_emoji_keep_within_the_line():
    face = font_face(BODY)
    (run,) = face.split_runs("🎄")
    _, top, _, bottom = run.font.getbbox("🎄", anchor="ls")
    assert -top <= face.ascent * 1.1
    assert bottom <= face.descent * 1.3
