"""Fonts: metrics, fallback fonts, and letters that are drawn one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from beffroi_content.raster.text import fonts
from beffroi_content.raster.text.bidi import is_right_to_left
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
DIRECTION_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
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
        ("12 مرحبا 34", ["12 ", "34", "مرحبا "]),
        ("مرحبا Caen", ["مرحبا", " Caen"]),
        ("Caen (مرحبا)", ["Caen (", "مرحبا", ")"]),
    ],
)
def test_a_text_is_cut_by_the_fonts_that_draw_it(text, parts):
    assert [run.text for run in font_face(BODY).split_runs(text)] == parts


@given(st.text(max_size=40))
@settings(deadline=None)
def test_runs_lose_no_character(text):
    runs = font_face(BODY).split_runs(text)
    shown = [character for run in runs for character in run.text]
    wanted = [
        character if is_covered(character) else "\N{REPLACEMENT CHARACTER}"
        for character in text
        if character not in DIRECTION_MARKS
    ]
    assert sorted(shown) == sorted(wanted)


@pytest.mark.parametrize("character", ["\ue123", "\U000e0001"])
def test_a_character_that_no_font_has_is_not_covered(character):
    assert not is_covered(character)
    assert [run.text for run in font_face(BODY).split_runs(character)] == ["\N{REPLACEMENT CHARACTER}"]


def test_only_runs_of_arabic_and_hebrew_have_a_direction():
    runs = font_face(BODY).split_runs("Caen مرحبا")
    assert [run.direction for run in runs] == [None, "rtl" if has_raqm() else None]


@pytest.fixture
def without_fribidi(monkeypatch):
    """Let nothing that was loaded or drawn with the library count, during a test and after it."""
    caches = [each for each in vars(fonts).values() if hasattr(each, "cache_clear")]
    monkeypatch.setattr(fonts, "has_raqm", lambda: False)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("without_fribidi")
def test_without_fribidi_a_run_is_handed_over_reversed():
    (run,) = font_face(BODY).split_runs("שלום")
    assert run.direction is None
    assert run.drawn_text == "םולש"
    (latin,) = font_face(BODY).split_runs("Caen")
    assert latin.drawn_text == "Caen"


@pytest.mark.usefixtures("without_fribidi")
def test_without_fribidi_brackets_are_turned_round_and_marks_stay_with_their_letter():
    runs = font_face(BODY).split_runs("(שָׁלוֹם)", is_rtl=True)
    assert "".join(run.drawn_text for run in runs) == "(םוֹלשָׁ)"


def test_emoji_keep_within_the_line():
    face = font_face(BODY)
    (run,) = face.split_runs("🎄")
    _, top, _, bottom = run.font.getbbox("🎄", anchor="ls")
    assert -top <= face.ascent * 1.1
    assert bottom <= face.descent * 1.3


def notdef(font):
    return font.getmask("\U0010fffe").getbbox(), bytes(font.getmask("\U0010fffe"))


SCRIPTS = {
    "French": "ÀÂÇÉÈÊËÎÏÔŒÙÛÜŸÆ àâçéèêëîïôœùûüÿæ «» ‹› “” ‘’ – — … € · • № ‰ ° § † \u202f \u00a0 ‑",
    "Breton and Occitan": "ñ ù ò á í ó ú ï c’h",
    "Europe": "ąćęłńśźż čďěňřšťůž őű ăâîșț ğış ðþ ßẞ øå ħġ ŵŷ",
    "Greek": "Αθήνα Ελληνικά άέήίόύώ",
    "Cyrillic": "Київ Москва Ђ ї є ґ ы э",
    "Arabic": "مرحبا بكم في البلدية ١٢٣ ؟ ،",
    "Symbols": "→ ← ↑ ↓ ✓ ✗ ★ ☎ ✉ ⚠ ♿ ☀ ❄ ♻",
    "Emoji": "😀 🎄 🎉 🚧 🚲 🌊 🔥 🏊 📚 🎶 🍷 🚑",
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(
    "style",
    [TextStyle(w, 40) for w in FontWeight]
    + [TextStyle(FontWeight.REGULAR, 9, True), TextStyle(FontWeight.BOLD, 7, True)],
)
def test_no_supported_script_is_drawn_as_empty_boxes(script, style):
    for character in SCRIPTS[script].replace(" ", ""):
        assert is_covered(character), character
        for run in font_face(style).split_runs(character):
            assert run.text == character
            if not character.isspace():
                drawn = run.font.getmask(character)
                assert (drawn.getbbox(), bytes(drawn)) != notdef(run.font), (character, run.font.getname())


@pytest.mark.parametrize("weight", [FontWeight.REGULAR, FontWeight.BOLD])
@pytest.mark.parametrize("capital", sorted(CRISP_CAPITALS[FontWeight.REGULAR]))
def test_the_panel_faces_hold_all_of_french_in_one_font(weight, capital):
    assert (
        len(
            font_face(TextStyle(weight, capital, True)).split_runs(
                SCRIPTS["French"].replace("† ", "").replace("‹› ", "")
            )
        )
        == 1
    )


@pytest.mark.parametrize(("letters", "least"), [("MH", 5), ("WH", 5), ("MN", 4), ("NH", 3), ("mn", 5)])
@pytest.mark.parametrize("weight", [FontWeight.REGULAR, FontWeight.BOLD])
def test_letters_of_panels_are_told_apart_from_their_likes(weight, letters, least):
    """A bold M that was an H made every “Mairie” a “Hairie”."""
    for capital in BITMAP_SIZES:
        one, other = (drawn_letter(each, TextStyle(weight, capital, crisp=True)) for each in letters)
        assert len(one ^ other) >= least, capital


def drawn_letter(letter, style):
    """Return where a letter has ink."""
    [run] = [run for run in fonts.font_face(style).split_runs(letter, is_rtl=False, before="") if run.text]
    image = Image.new("1", (40, 40))
    ImageDraw.Draw(image).text((4, 30), letter, 1, run.font, "ls")
    return {(x, y) for x in range(40) for y in range(40) if image.getpixel((x, y))}


def test_capitals_are_as_high_as_asked():
    for capital in CRISP_CAPITALS[FontWeight.REGULAR]:
        font = font_face(TextStyle(FontWeight.REGULAR, capital, True)).font
        _, top, _, bottom = font.getbbox("H", anchor="ls")
        assert bottom - top == capital
    for capital in (11, 20, 49, 100, 300):
        _, top, _, bottom = font_face(TextStyle(FontWeight.BOLD, capital)).font.getbbox("H", anchor="ls")
        assert abs((bottom - top) - capital) <= 1


def test_an_unknown_character_is_shown_as_unknown():
    runs = font_face(BODY).split_runs("a\U0001f9ffb\ue123")
    assert runs[-1].text.endswith("\N{REPLACEMENT CHARACTER}")
    assert "".join(run.text for run in runs).startswith("a")


def test_arabic_is_kept_in_one_run_with_its_spaces():
    assert [run.is_rtl for run in font_face(BODY).split_runs("مرحبا بكم في")] == [True]
    assert [run.is_rtl for run in font_face(BODY).split_runs("Salut مرحبا بكم ok")] == [False, True, False]


def test_hebrew_is_kept_in_one_run_and_goes_from_right_to_left():
    assert [run.is_rtl for run in font_face(BODY).split_runs("ברוכים הבאים", is_rtl=True)] == [True]
    assert [run.is_rtl for run in font_face(BODY).split_runs("Salut שלום ok")] == [False, True, False]
    assert is_right_to_left("שלום, Saint-Aubin")
