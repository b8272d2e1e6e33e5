"""Sentences about skipped parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from beffroi_server.feeds import readers, skipped_texts
from beffroi_server.feeds.skipped_texts import skipped_sentence

_SOURCES = [path.read_text() for path in Path(readers.__path__[0]).glob("*.py")]
_CALLS = re.findall(r'skipped\.add\(\s*"([\w-]+)",\s*"([\w-]+)"', "\n".join(_SOURCES))


@pytest.mark.parametrize(("what", "reason"), _CALLS)
def test_every_code_of_a_reader_has_its_words(what, reason):
    assert what in skipped_texts.PART_NAMES
    assert reason in skipped_texts.REASONS


@pytest.mark.parametrize(
    ("where", "name", "expected"),
    [
        ("3", "Bal", "Item 3 “Bal”: it has neither a title nor a text, and is left out."),
        ("3", "", "Item 3: it has neither a title nor a text, and is left out."),
        ("", "", "Item: it has neither a title nor a text, and is left out."),
    ],
)
def test_a_sentence_names_the_part_its_place_and_the_reason(where, name, expected):
    with translation.override("en"):
        assert skipped_sentence({"what": "item", "reason": "no-title", "where": where, "name": name}) == expected


def test_a_code_of_another_version_is_shown_as_it_is():
    assert skipped_sentence({"what": "x", "reason": "y", "where": "", "name": ""}) in {"x: y", "x\u00a0: y"}
