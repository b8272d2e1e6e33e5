"""Line breaking: where lines end, which words are divided, and how even the lines become."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.line_breaking import Hyphenation, balance_lines, break_lines
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.samples import LONG_TEXT

BODY = TextStyle(FontWeight.REGULAR, 40)
PANEL = TextStyle(FontWeight.REGULAR, 7, True)
LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"


def width_of(text: str, style: TextStyle = BODY) -> float:
    return font_face(style).text_width(text)


def test_a_text_that_fits_stays_on_one_line():
    broken = break_lines("Marché de Noël", BODY, width_of("Marché de Noël"), Hyphenation.NEVER, "fr")
    assert broken.lines == ("Marché de Noël",)
    assert broken.is_clean


def test_one_pixel_less_and_it_takes_two():
    broken = break_lines("Marché de Noël", BODY, width_of("Marché de Noël") - 1, Hyphenation.NEVER, "fr")
    assert broken.lines == ("Marché de", "Noël")
    assert broken.is_clean


def test_an_empty_paragraph_has_no_lines():
    assert break_lines("", BODY, 300, Hyphenation.WELCOME, "fr").lines == ()
    assert break_lines("   ", BODY, 300, Hyphenation.WELCOME, "fr").lines == ()


def test_a_compound_word_may_end_a_line_at_its_hyphen_without_a_second_one():
    width = width_of("Saint-Aubin-") + 2
    broken = break_lines("Saint-Aubin-sur-Mer", BODY, width, Hyphenation.NEVER, "fr")
    assert broken.lines[0] == "Saint-Aubin-"
    assert "".join(broken.lines) == "Saint-Aubin-sur-Mer"
    assert broken.is_clean


def test_a_range_of_numbers_is_not_divided_at_its_hyphen():
    for width in range(40, 400, 20):
        lines = break_lines("saison 2026-2027", BODY, width + 200, Hyphenation.NEVER, "fr").lines
        assert not any(line.endswith("-") for line in lines)


@pytest.mark.parametrize("hyphenation", Hyphenation)
def test_a_word_wider_than_the_column_is_cut_and_keeps_all_its_letters(hyphenation):
    broken = break_lines(LONG_WORD, BODY, 400, hyphenation, "en")
    assert len(broken.lines) > 1
    assert "".join(line.removesuffix("-") for line in broken.lines) == LONG_WORD
    assert all(width_of(line) <= 402 for line in broken.lines)


def test_only_where_hyphens_are_welcome_a_cut_word_is_clean():
    word = "intercommunalité"
    width = width_of(word) * 0.7
    assert break_lines(word, BODY, width, Hyphenation.WELCOME, "fr").is_clean
    assert not break_lines(word, BODY, width, Hyphenation.LAST_RESORT, "fr").is_clean
    assert not break_lines(word, BODY, width, Hyphenation.NEVER, "fr").is_clean


def test_without_hyphenation_a_cut_word_has_no_hyphen():
    lines = break_lines("intercommunalité", PANEL, 40, Hyphenation.NEVER, "fr").lines
    assert len(lines) > 1
    assert not any("-" in line for line in lines)


def test_a_column_narrower_than_a_letter_gets_one_letter_a_line():
    assert break_lines("Fête", BODY, 1, Hyphenation.NEVER, "fr").lines == ("F", "ê", "t", "e")


def test_a_loose_line_is_filled_with_the_beginning_of_a_word():
    text = "La gare d’administrations"
    width = width_of("La gare d’administra-")
    welcome = break_lines(text, BODY, width, Hyphenation.WELCOME, "fr").lines
    never = break_lines(text, BODY, width, Hyphenation.NEVER, "fr").lines
    assert welcome[0].endswith("-")
    assert never == ("La gare", "d’administrations")


def test_a_line_that_is_nearly_full_is_not_hyphenated():
    text = "Une réunion publique intercommunale"
    width = width_of("Une réunion publique inter-")
    assert break_lines(text, BODY, width, Hyphenation.WELCOME, "fr").lines[0] == "Une réunion publique"


def test_a_short_title_that_would_be_broken_at_its_hyphen_is_not_clean():
    width = width_of("Vide-") + 5
    broken = break_lines("Vide-grenier", BODY, width + 200, Hyphenation.LAST_RESORT, "fr")
    assert broken.is_clean
    narrow = break_lines("Vide-grenier", BODY, width_of("grenier") + 2, Hyphenation.LAST_RESORT, "fr")
    assert narrow.lines == ("Vide-", "grenier")
    assert not narrow.is_clean


@pytest.mark.parametrize("width", range(390, 1_200, 90))
def test_balancing_never_adds_a_line(width):
    text = "Conseil municipal extraordinaire sur le budget participatif de la commune"
    plain = break_lines(text, BODY, width, Hyphenation.NEVER, "fr")
    even = balance_lines(text, BODY, width, Hyphenation.NEVER, "fr")
    assert len(even.lines) == len(plain.lines)
    assert " ".join(even.lines) == text
    assert all(width_of(line) <= width + 2 for line in even.lines)


def test_what_is_not_clean_is_not_balanced():
    broken = balance_lines(LONG_WORD, BODY, 400, Hyphenation.NEVER, "en")
    assert broken == break_lines(LONG_WORD, BODY, 400, Hyphenation.NEVER, "en")


def test_one_line_is_as_even_as_it_can_be():
    assert balance_lines("Fête", BODY, 900, Hyphenation.NEVER, "fr").lines == ("Fête",)


def test_punctuation_never_begins_a_line():
    text = typeset_text("Venez nombreux ! Pourquoi ? Parce que : « la fête » ; voilà ! " * 6, "fr")
    for width in range(320, 900, 29):
        for line in break_lines(text, BODY, width, Hyphenation.NEVER, "fr").lines:
            assert line[0] not in "!?;:»", line
            assert not line.endswith("«")


@given(st.integers(150, 1200), st.sampled_from(Hyphenation))
def test_lines_are_no_wider_than_the_column_and_keep_every_letter(width, hyphenation):
    text = typeset_text(LONG_TEXT.replace("\n", " "), "fr")
    lines = break_lines(text, BODY, width, hyphenation, "fr").lines
    assert all(font_face(BODY).text_width(line) <= width + 2 for line in lines)
    assert re.sub(r"[\s-]", "", "".join(lines)) == re.sub(r"[\s-]", "", text)


def test_balanced_lines_are_as_few_and_more_even():
    text = "Réunion publique sur le plan local d’urbanisme de la commune"
    plain = break_lines(text, BODY, 620, Hyphenation.NEVER, "fr").lines
    even = balance_lines(text, BODY, 620, Hyphenation.NEVER, "fr").lines
    assert len(even) == len(plain) > 1

    def spread(lines: tuple[str, ...]) -> float:
        widths = [font_face(BODY).text_width(line) for line in lines]
        return max(widths) - min(widths)

    assert spread(even) <= spread(plain)
