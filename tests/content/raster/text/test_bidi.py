"""The bidirectional algorithm, against Unicode's own cases and against what FriBidi makes of town halls' texts."""

from __future__ import annotations

import hashlib
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_content.raster.page import Page, TextLine
from beffroi_content.raster.page_painter import paint_page
from beffroi_content.raster.text.bidi import (
    direction_before,
    has_right_to_left,
    is_right_to_left,
    mirror_text,
    resolve_levels,
    visual_runs,
)
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, covered_characters, font_face
from beffroi_content.raster.text.text_fitting import ColumnSpace, TextBlock, fit_column
from beffroi_content.raster.text.typography import typeset_text

CASES = Path(__file__).with_name("unicode_bidi_cases.txt")
ARABIC, HEBREW = "مرحبا", "שלום"
BODY = TextStyle(FontWeight.REGULAR, 40)
SIGNS = str.maketrans("\u202f\u00a0", "_~")


def seen(text: str, *, is_rtl: bool = True, before: str = "") -> str:
    """Return the characters in the order in which they stand from the left, with no-break spaces as signs."""
    levels = resolve_levels(text, is_rtl=is_rtl, before=before)
    parts = (
        mirror_text(text[start:end][::-1]) if level % 2 else text[start:end]
        for start, end, level in visual_runs(levels)
    )
    return "".join(parts).translate(SIGNS)


def test_unicodes_own_cases_come_out_right():
    wrong = []
    for line in CASES.read_text().splitlines():
        if line.startswith("#"):
            continue
        codes, direction, levels = line.split(";")
        text = "".join(chr(int(code, 16)) for code in codes.split())
        found = resolve_levels(text, is_rtl=direction == "1")
        if any(wanted not in ("x", str(level)) for wanted, level in zip(levels.split(), found, strict=True)):
            wrong.append(line)
    assert not wrong


FRAGMENTS = [
    # What is written, and how it stands after an Arabic word, after a Hebrew one, and before either.
    ("1 250 €", "€_1_250", "€_1_250", "€_1_250"),
    ("100 000", "100_000", "100_000", "100_000"),
    ("1.250,50 €", "€_1.250,50", "€_1.250,50", "€_1.250,50"),
    ("€ 12", "12 €", "12 €", "12 €"),
    ("1er", "1er", "1er", "1er"),
    ("1re", "1re", "1re", "1re"),
    ("2e", "2e", "2e", "2e"),
    ("(02 31)", "(02_31)", "(02_31)", "(02_31)"),
    ("02 31 86 52 41", "02_31_86_52_41", "02_31_86_52_41", "02_31_86_52_41"),
    ("+33 2 31 45", "33_2_31_45+", "33_2_31_45+", "33_2_31_45+"),
    ("+33 2 31 86 52 41", "33_2_31_86_52_41+", "33_2_31_86_52_41+", "33_2_31_86_52_41+"),
    ("50%", "%50", "50%", "50%"),
    ("50 %", "%_50", "%_50", "%_50"),
    ("12/12/2026", "12/12/2026", "12/12/2026", "12/12/2026"),
    ("12.12.2026", "12.12.2026", "12.12.2026", "12.12.2026"),
    ("14:30", "14:30", "14:30", "14:30"),
    ("18:30-20:00", "20:00-18:30", "18:30-20:00", "18:30-20:00"),
    ("12-15", "15-12", "12-15", "12-15"),
    ("12–15", "15–12", "15–12", "15–12"),
    ("3,5 km", "km_3,5", "km_3,5", "km_3,5"),
    ("26 °C", "C° 26", "C° 26", "C° 26"),
    ("-5 °C", "C° 5-", "C° 5-", "C° 5-"),
    ("20 × 30", "30 × 20", "30 × 20", "30 × 20"),
    ("1/2", "1/2", "1/2", "1/2"),
    ("www.ville.fr", "www.ville.fr", "www.ville.fr", "www.ville.fr"),
    ("mairie@ville.fr", "mairie@ville.fr", "mairie@ville.fr", "mairie@ville.fr"),
    ("RD 14", "RD 14", "RD 14", "RD 14"),
    ("A13", "A13", "A13", "A13"),
    ("n° 5", "n°~5", "n°~5", "n°~5"),
    ("« Fête »", "«_Fête_»", "«_Fête_»", "«_Fête_»"),
    ("(Mairie)", "(Mairie)", "(Mairie)", "(Mairie)"),
    ("[A1]", "[A1]", "[A1]", "[A1]"),
]


@pytest.mark.parametrize(("typed", "after_arabic", "after_hebrew", "before"), FRAGMENTS)
def test_what_stands_in_arabic_and_hebrew_keeps_its_order_as_fribidi_puts_it(typed, after_arabic, after_hebrew, before):
    for word, after in ((ARABIC, after_arabic), (HEBREW, after_hebrew)):
        assert seen(typeset_text(f"{word} {typed}", "fr")) == f"{after} {word[::-1]}"
        assert seen(typeset_text(f"{typed} {word}", "fr")) == f"{word[::-1]} {before}"


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("1 250 €", "1250"),
        ("02 31 86 52 41", "0231865241"),
        ("+33 2 31 86 52 41", "33231865241"),
        ("14 h 30", "1430"),
        ("14h30", "1430"),
        ("1 000 000", "1000000"),
    ],
)
def test_digits_keep_their_order_in_every_language_of_the_screen(typed, digits, locale):
    for word in (ARABIC, HEBREW):
        for text in (f"{word} {typed}", f"{typed} {word}", f"{word} {typed} {word}"):
            assert "".join(one for one in seen(typeset_text(text, locale)) if one.isdigit()) == digits


@pytest.mark.parametrize(
    ("text", "from_left"),
    [
        ("שלום Saint-Aubin", "Saint-Aubin םולש"),
        ("שבת 10:00, Saint-Aubin 2026", "Saint-Aubin 2026 ,10:00 תבש"),
        ("שלום (Mairie).", ".(Mairie) םולש"),
        ("(שלום)", "(םולש)"),
    ],
)
def test_words_of_other_scripts_and_brackets_stand_as_they_are_read(text, from_left):
    assert seen(text) == from_left


def test_hebrew_within_a_french_sentence_stands_in_its_place():
    assert seen("Salle שלום (2), ok", is_rtl=False) == "Salle (2) םולש, ok"


@pytest.mark.parametrize(
    ("text", "is_rtl", "has_rtl"),
    [
        ("Caen", False, False),
        ("", False, False),
        ("12 €", False, False),
        ("שלום, Saint-Aubin", True, True),
        ("12 مرحبا", True, True),
        ("Caen שלום", False, True),
        ("\u2067Caen\u2069 שלום", True, True),
    ],
)
def test_the_first_letter_gives_the_direction_of_a_paragraph(text, is_rtl, has_rtl):
    assert is_right_to_left(text) == is_rtl
    assert has_right_to_left(text) == has_rtl


def test_a_line_knows_what_came_before_it():
    assert direction_before("السعر هو ") == "AL"
    assert direction_before("שלום 12") == "R"
    assert direction_before("12") == ""
    # After Arabic, also on the line before, a percent sign stands to the left of its number.
    assert seen("50%", before="AL") == "%50"
    assert seen("50%", before="R") == "50%"


def test_broken_lines_are_ordered_as_the_paragraph_is():
    space = ColumnSpace(150, 2_000, 2_000, is_crisp=False, locale="en")
    column = fit_column([TextBlock(f"{ARABIC} {ARABIC} 50% {HEBREW}")], space, 20, 20)
    lines = [row for page in column.pages for row in page]
    assert [row.before for row in lines] == ["", *(direction_before(row.text) for row in lines[:-1])]
    assert len(lines) > 1
    assert all(row.is_rtl for row in lines)


@given(
    st.text(st.sampled_from("ab אבمر 12,.:/%€()«»-+\u202f\u2067\u2068\u2069\u202e\u202c\n"), max_size=30), st.booleans()
)
@settings(deadline=None)
def test_every_character_stands_somewhere_once(text, is_rtl):
    runs = visual_runs(resolve_levels(text, is_rtl=is_rtl))
    assert sorted(at for start, end, _ in runs for at in range(start, end)) == list(range(len(text)))


def test_thousands_of_nested_marks_take_no_long_time():
    assert len(resolve_levels("\u2067" * 2_500 + "(" * 2_500, is_rtl=True)) == 5_000


def test_the_classes_of_drawn_characters_are_those_of_every_supported_python():
    """A newer Unicode that moves a character changes drawings: renew the value and raise RASTER_VERSION."""
    classes = "".join(f"{one}{unicodedata.bidirectional(one) or 'ON'}" for one in sorted(covered_characters()))
    assert hashlib.sha256(classes.encode()).hexdigest()[:16] == "4127c8d6acde3ff6"


def ink_of(text: str) -> list[bytes]:
    """Return the columns of pixels of a drawn line, without the empty ones."""
    page = Page((900, 120), (255, 255, 255))
    page.add(TextLine(20, 80, text, BODY, (0, 0, 0)))
    image = paint_page(page, False, None).convert("L")
    columns = [image.crop((x, 0, x + 1, 120)).tobytes() for x in range(900)]
    return [column for column in columns if column != b"\xff" * 120]


def test_a_price_is_drawn_as_it_is_read():
    drawn, price = ink_of("שלום 1\u202f250"), ink_of("1\u202f250")
    assert drawn[: len(price)] == price


def test_runs_of_a_line_touch_each_other():
    face = font_face(BODY)
    text = typeset_text("السوق يوم السبت 1 250 € (Mairie)", "fr")
    runs = face.split_runs(text, is_rtl=True)
    assert face.text_width(text) == sum(run.width for run in runs)
    assert all(one.font is not other.font or one.is_rtl != other.is_rtl for one, other in pairwise(runs))
