"""Query parameters that several pages share."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from beffroi_server.core.folded_text import MAX_SEARCH_WORDS, filter_by_words
from beffroi_server.library.models import Announcement
from beffroi_server.web.requests import (
    MAX_SEARCH_LENGTH,
    paginate,
    parse_number,
    read_search,
)

FIELDS = ("title", "body", "label")


def asked(**query: str):
    return RequestFactory().get("/", query)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("7", 7), ("007", 7), ("999999999", 999_999_999), ("1000000000", 0), ("9" * 5000, 0), ("", 0),
        (None, 0), ("-1", 0), ("+1", 0), ("1.5", 0), ("1e3", 0), (" 1", 0), ("x", 0), ("½", 0), ("²", 0), ("٣", 3),
        ("1\x00", 0), ("' or 1=1", 0),
    ],
)  # fmt: skip
def test_a_number_is_digits_and_not_too_many(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("typed", "search"),
    [("piscine", "piscine"), ("  piscine  lundi ", "piscine  lundi"), ("", ""), ("é" * 500, "é" * MAX_SEARCH_LENGTH)],
)
def test_search_words_are_trimmed_and_cut(typed, search):
    assert read_search(asked(search=typed)) == search


def test_without_search_words_the_search_is_empty():
    assert read_search(asked()) == ""


class TestWords:
    @pytest.fixture(autouse=True)
    def announcements(self, db):
        Announcement.objects.create(title="La piscine rouvre", body="Lundi à 9 heures.", label="Sports")
        Announcement.objects.create(title="Collecte du verre", body="Mardi matin.", label="Tri")
        Announcement.objects.create(title="100 % laine", body="C:\\laine_douce", label="")

    def found(self, search: str) -> list[str]:
        return sorted(filter_by_words(Announcement.objects.all(), search, *FIELDS).values_list("title", flat=True))

    @pytest.mark.parametrize(
        ("search", "titles"),
        [
            ("", ["100 % laine", "Collecte du verre", "La piscine rouvre"]),
            ("PISCINE", ["La piscine rouvre"]),
            ("sports lundi piscine", ["La piscine rouvre"]),
            ("piscine mardi", []),
            ("du", ["Collecte du verre"]),
            ("%", ["100 % laine"]),
            ("_", ["100 % laine"]),
            ("\\", ["100 % laine"]),
            ("'; drop table", []),
        ],
    )
    def test_all_have_to_occur_each_in_any_field(self, search, titles):
        assert self.found(search) == titles

    def test_more_than_ten_are_not_looked_for(self):
        assert self.found("piscine " * MAX_SEARCH_WORDS + "dragon") == ["La piscine rouvre"]
        assert self.found("piscine " * (MAX_SEARCH_WORDS - 1) + "dragon") == []

    def test_each_row_is_found_once(self):
        Announcement.objects.create(title="verre", body="verre", label="verre")
        assert self.found("verre") == ["Collecte du verre", "verre"]


@pytest.mark.parametrize(
    ("page", "rows"),
    [("1", [0, 1, 2]), ("3", [6]), ("99", [6]), ("0", [6]), ("-1", [6]), ("x", [0, 1, 2]), ("", [0, 1, 2])],
)
def test_a_page_that_there_is_not_is_the_nearest_one(page, rows):
    assert list(paginate(asked(page=page), range(7), 3)) == rows


def test_an_empty_list_has_one_empty_page():
    assert list(paginate(asked(page="5"), [], 3)) == []
