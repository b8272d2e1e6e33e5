"""Typography: what is put right in a text, where it may be broken, and what stays as it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.raster.text.typography import hyphen_positions, typeset_text, unbreakable_pieces

N, B = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("a\tb", "a b"),
        ("a   b", "a b"),
        ("a\x0bb", "a\nb"),
        ("a\u2028b", "a\nb"),
        ("a\u2029b", "a\nb"),
        ("a\x85b", "a\nb"),
        ("a\rb", "a\nb"),
        ("  a  ", "a"),
        ("a\u00adb", "ab"),
        ("a\u200db", "ab"),
        ("\u202eabc\u202c", "abc"),
        ("\ufeffa", "a"),
        ("👍🏽", "👍"),
        ("don't", "don’t"),
        ("wait...", "wait…"),
        ("....", "...."),
        ("Noe\u0308l", "Noël"),
    ],
)
def test_what_is_put_right_in_any_language(typed, set_, locale):
    assert typeset_text(typed, locale) == set_


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("Bonjour:", f"Bonjour{N}:"),
        ("Bonjour :", f"Bonjour{N}:"),
        (f"Bonjour{B}:", f"Bonjour{N}:"),
        ("Oui ; non", f"Oui{N}; non"),
        ("(Oui !)", f"(Oui{N}!)"),
        ("Tarif : 5 €", f"Tarif{N}: 5{N}€"),
        ("1 000 000 €", f"1{N}000{N}000{N}€"),
        ("20 °", f"20{N}°"),
        ("3 km", f"3{N}km"),
        ("18 h 30", f"18{N}h{N}30"),
        ("18 h précises", f"18{N}h précises"),
        ("de 3 ans", f"de 3{N}ans"),
        ("M. Le Goff", f"M.{B}Le Goff"),
        ("Mme Le Goff", f"Mme{B}Le Goff"),
        ("Dr Martin", f"Dr{B}Martin"),
        ("3 mai", f"3{B}mai"),
        ("1er mai", f"1er{B}mai"),
        ("3 Mai", "3 Mai"),
        ("Paris – Caen", f"Paris{B}– Caen"),
        ("http://a.fr:80/?q=1;b", "http://a.fr:80/?q=1;b"),
        ("12:30", "12:30"),
        ("le 12 2026", "le 12 2026"),
    ],
)
def test_french_spaces(typed, set_):
    assert typeset_text(typed, "fr") == set_


@pytest.mark.parametrize("typed", ["Why?", "10 €", "3 May", "Mr Smith", "“Yes”", "9:30"])
def test_english_is_left_alone(typed):
    assert typeset_text(typed, "en") == typed


@given(st.text(max_size=120))
def test_no_invisible_character_is_left(text):
    shown = typeset_text(text, "fr")
    assert not {ord(character) for character in shown} & {*range(0x0A), *range(0x0B, 0x20), 0x7F, 0xAD, 0x200B, 0xFEFF}
    assert "\r" not in shown


def test_pieces_are_words_and_parts_of_compound_words():
    assert unbreakable_pieces("Le rendez-vous") == (("Le", True), ("rendez-", True), ("vous", False))
    assert unbreakable_pieces("samedi/dimanche") == (("samedi/", True), ("dimanche", False))


@pytest.mark.parametrize("text", ["2026-2027", "a-b", "–", "T-34"])
def test_numbers_and_single_letters_are_not_divided(text):
    assert unbreakable_pieces(text) == ((text, True),)


def test_no_break_spaces_hold_a_piece_together():
    assert unbreakable_pieces(f"18{N}h{N}30 précises") == ((f"18{N}h{N}30", True), ("précises", True))


def test_an_endless_word_is_measured_in_chunks():
    pieces = unbreakable_pieces("x" * 200)
    assert [len(piece) for piece, _ in pieces] == [64, 64, 64, 8]
    assert [is_spaced for _, is_spaced in pieces] == [True, False, False, False]


@given(st.text(alphabet="abcdé- /", max_size=80))
def test_pieces_lose_no_letter(text):
    joined = "".join((" " if is_spaced else "") + piece for piece, is_spaced in unbreakable_pieces(text))
    assert joined.split() == text.split()


@pytest.mark.parametrize(
    ("word", "locale", "parts"),
    [
        ("intercommunalité", "fr", ["inter", "com", "muna", "lité"]),
        ("bibliothèque", "fr", ["biblio", "thèque"]),
        ("maintenance", "en", ["main", "ten", "ance"]),
    ],
)
def test_words_are_hyphenated_by_the_dictionary_of_their_language(word, locale, parts):
    cuts = hyphen_positions(word, locale)
    assert cuts
    # The dictionary may be finer; it never cuts closer than three letters to an end.
    assert all(3 <= at <= len(word) - 3 for at in cuts)
    expected = {sum(map(len, parts[:n])) for n in range(1, len(parts))}
    assert expected & set(cuts)


@pytest.mark.parametrize(
    "word", ["", "maison", "MAINTENANCE", "2026202620", "https://ville.fr", "aujourd’hui9", "«maison»"]
)
def test_words_that_are_never_hyphenated(word):
    assert hyphen_positions(word, "fr") == ()


def test_quotes_and_punctuation_do_not_shift_the_cuts():
    plain = hyphen_positions("bibliothèque", "fr")
    assert hyphen_positions("bibliothèque,", "fr") == plain
    assert hyphen_positions("«bibliothèque»", "fr") == tuple(at + 1 for at in plain)


def test_the_article_stays_with_the_first_syllable():
    cuts = hyphen_positions("l’administration", "fr")
    assert min(cuts) >= len("l’") + 3


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


def test_hyphens_spare_short_words_names_in_capitals_and_numbers():
    assert hyphen_positions("intercommunalité", "fr")
    assert hyphen_positions("l’administration,", "fr")[0] > 2
    assert not any(hyphen_positions(word, "fr") for word in ("maison", "URGENCES", "2026-2027", "https://ville.fr"))
