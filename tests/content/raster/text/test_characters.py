"""Characters of copied text: what is dropped, what gets a compatible form, and what cannot be drawn."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.raster.text.characters import (
    clean_text,
    drawable_text,
    is_blank,
    missing_characters,
    name_characters,
)


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("Cafe\u0301", "Café"),
        ("e\u200d\u0301e\u200e\u0301", "éé"),
        ("O\ufb03ce, \ufb01lm, \ufb02eur", "Office, film, fleur"),
        ("1\u1d49\u02b3 étage, n\u1d52", "1er étage, no"),
        ("12 m², 3 m³", "12 m², 3 m³"),
        ("\uf0b7\tPain\n\uf0a7\tLait\n\uf0d8 Eau\n\uf0fc Oui", "• Pain\n▪ Lait\n➢ Eau\n✓ Oui"),
        ("10\u2009000\u2007€\u3000ici", "10 000\u00a0€ ici"),
        ("\uff26\uff45\uff54\uff45", "Fete"),
        ("\U0001d401\U0001d428\U0001d427", "Bon"),
        ("\ufee3\ufeae\ufea3\ufe92\ufe8e", "مرحبا"),
        ("Marché\u202e\u200b\u2066 ici\u00ad\ufeff", "Marché ici"),
        ("a\u0000b\u0007c\u0085d\u2028e\u000bf", "abc\nd\ne\nf"),
        ("un\r\ndeux\rtrois", "un\ndeux\ntrois"),
        ("x\u200dy\u200ez", "xyz"),
        ("שלום\u200e!", "שלום\u200e!"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨\u200d👩\u200d👧 👍🏽 1\ufe0f\u20e3", "👨\u200d👩\u200d👧 👍🏽 1\ufe0f\u20e3"),
        ("\U000e0041bc", "bc"),
        ("a\ufffeb\ufdd0c\U0001ffffd\ud800e", "abcde"),
    ],
)
def test_copied_text_is_stored_as_it_was_meant(typed, cleaned):
    assert clean_text(typed) == cleaned


def test_emoji_are_drawn_in_the_parts_that_the_fonts_have():
    assert drawable_text("👨\u200d👩\u200d👧 👍🏽 1\ufe0f\u20e3 ☀\ufe0f") == "👨👩👧 👍 1 ☀"


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "\u202e\u202c", "\u00ad\u2060", "\u3164\u2800", "\ufe0f", "\u00a0\u2003"]
)
def test_what_cannot_be_seen_is_blank(text):
    assert is_blank(text)


@pytest.mark.parametrize("text", [".", "a\u200b", "🎄", "漢"])
def test_what_can_be_seen_is_not_blank(text):
    assert not is_blank(text)


def test_letters_that_no_font_has_are_named_each_once():
    assert missing_characters("Fête, 1\u1d49\u02b3 – 🎄\n« ﬁn »") == []
    assert missing_characters("漢a漢\ufffd") == ["漢", "\ufffd"]
    assert name_characters(["漢"]) == "“漢” (CJK UNIFIED IDEOGRAPH-6F22)"
    assert name_characters(["\ue123"]) == "“\ue123” (U+E123)"
    assert name_characters(list("漢字漢字漢字")).endswith(" …")


@given(
    st.text(max_size=40)
    | st.text(st.sampled_from("ae\u0301\u200c\u200d\u200e\ufe0f\u20e3\ufb01م☀👍🏽\uf0b7 "), max_size=12)
)
def test_cleaning_twice_changes_nothing_more(text):
    once = clean_text(text)
    assert clean_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert drawable_text(drawable_text(text)) == drawable_text(text)
