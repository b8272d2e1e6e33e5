"""Typography, fonts and fitting."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.raster.page_painter import reorder_right_to_left
from beffroi_content.raster.text.dates import describe_event_dates, until_text
from beffroi_content.raster.text.fonts import CRISP_CAPITALS, FontWeight, TextStyle, font_face, is_covered
from beffroi_content.raster.text.line_breaking import Hyphenation, balance_lines, break_lines
from beffroi_content.raster.text.text_fitting import ColumnSpace, TextBlock, fit_column, is_right_to_left
from beffroi_content.raster.text.typography import hyphen_positions, typeset_text
from beffroi_content.templates.samples import LONG_TEXT

N, B = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
BODY = TextStyle(FontWeight.REGULAR, 40)


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("Où ?", f"Où{N}?"),
        ("Attention!", f"Attention{N}!"),
        ("Horaires : 9 h 30 ; midi", f"Horaires{N}: 9{N}h{N}30{N}; midi"),
        ("Quoi ?!", f"Quoi{N}?!"),
        ("« Bonjour »", f"«{N}Bonjour{N}»"),
        ("«Bonjour»", f"«{N}Bonjour{N}»"),
        ("L'été aujourd'hui", "L’été aujourd’hui"),
        ("Etc...", "Etc…"),
        ("12 500 €", f"12{N}500{N}€"),
        ("02 31 00 00 00", f"02{N}31{N}00{N}00{N}00"),
        ("50 %", f"50{N}%"),
        ("n° 12", f"n°{B}12"),
        ("le 1er mai", f"le 1er{B}mai"),
        ("à 18:30", "à 18:30"),
        ("https://ville.fr/?a=1", "https://ville.fr/?a=1"),
        ("a\r\nb\u200b\x07\ufe0f", "a\nb"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_french_typography(typed, set_):
    assert typeset_text(typed, "fr") == set_
    assert typeset_text(set_, "fr") == set_


def test_english_keeps_its_spacing():
    assert typeset_text("Where? It's 9:30; “yes”!", "en") == "Where? It’s 9:30; “yes”!"


@given(st.text(max_size=200))
def test_setting_a_text_twice_changes_nothing_and_loses_no_word(text):
    once = typeset_text(text, "fr")
    assert typeset_text(once, "fr") == once


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


def test_hyphens_spare_short_words_names_in_capitals_and_numbers():
    assert hyphen_positions("intercommunalité", "fr")
    assert hyphen_positions("l’administration,", "fr")[0] > 2
    assert not any(hyphen_positions(word, "fr") for word in ("maison", "URGENCES", "2026-2027", "https://ville.fr"))


def test_fitting_takes_the_largest_size_that_has_room():
    measure = ColumnSpace(900, 600, 600, is_crisp=False, locale="fr")
    column = fit_column([TextBlock(LONG_TEXT)], measure, 10, 200)
    assert len(column.pages) == 1
    assert column.page_heights[0] <= 600
    larger = fit_column([TextBlock(LONG_TEXT)], measure, column.base + 2, column.base + 2)
    assert len(larger.pages) > 1 or larger.page_heights[0] > 600


def test_pages_are_filled_within_their_height():
    measure = ColumnSpace(600, 300, 250, is_crisp=False, locale="fr")
    column = fit_column([TextBlock(LONG_TEXT)], measure, 24, 60)
    assert len(column.pages) > 1
    assert column.page_heights[0] <= 300
    assert all(height <= 250 for height in column.page_heights[1:])


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
    assert [run.is_rtl for run in font_face(BODY).split_runs("ברוכים הבאים")] == [True]
    assert [run.is_rtl for run in font_face(BODY).split_runs("Salut שלום ok")] == [False, True, False]
    assert is_right_to_left("שלום, Saint-Aubin")


@pytest.mark.parametrize(
    ("text", "from_left"),
    [
        ("שלום Saint-Aubin", ["Saint-Aubin", " ", "שלום"]),
        ("שבת 10:00, Saint-Aubin 2026", ["Saint-Aubin 2026", " ,", "10:00", " ", "שבת"]),
        ("שלום (Mairie).", [".(", "Mairie", ") ", "שלום"]),
        ("مرحبا بكم 14 h", ["h", " ", "مرحبا بكم 14"]),
        ("שלום 👍🏽", ["👍🏽", " ", "שלום"]),
    ],
)
def test_a_line_from_right_to_left_keeps_words_and_numbers_of_other_scripts(text, from_left):
    assert [run.text for run in reorder_right_to_left(font_face(BODY).split_runs(text))] == from_left


MOMENT = dt.datetime.fromisoformat


@pytest.mark.parametrize(
    ("starts", "ends", "line"),
    [
        ("2026-12-12T18:30", None, f"samedi 12{B}décembre · 18{N}h{N}30"),
        ("2027-01-01T18:00", None, f"vendredi 1er{B}janvier · 18{N}h"),
        ("2026-12-12", None, f"samedi 12{B}décembre"),
        ("2026-12-12T18:30", "2026-12-12T22:00", f"samedi 12{B}décembre · de 18{N}h{N}30 à 22{N}h"),
        ("2026-12-12T22:00", "2026-12-13T02:00", f"du samedi 12 au dimanche 13{B}décembre · de 22{N}h à 2{N}h"),
        ("2026-07-03", "2026-07-06", f"du vendredi 3 au dimanche 5{B}juillet"),
        ("2026-11-30", "2026-12-03", f"du lundi 30{B}novembre au mercredi 2{B}décembre"),
    ],
)
def test_dates_as_text(starts, ends, line):
    assert describe_event_dates(MOMENT(starts), MOMENT(ends) if ends else None, "fr").full_text == line


def test_dates_in_english():
    when = describe_event_dates(MOMENT("2026-12-12T18:30"), MOMENT("2026-12-12T22:00"), "en")
    assert when.full_text == f"Saturday 12{B}December · 18:30 – 22:00"


def test_until_is_local_time():
    noon_utc = 1_765_540_800_000
    assert until_text(noon_utc, noon_utc, "Europe/Paris", "fr") == f"jusqu’à 13{N}h"
    assert until_text(noon_utc, noon_utc, "America/Cayenne", "en") == "until 9:00"
