"""Comparison of texts without case and accents: the same in Python, SQLite and PostgreSQL."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beffroi_server.core.folded_text import MAX_SEARCH_WORDS, filter_by_words, fold_text
from beffroi_server.library.categories import offered_categories
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services
from beffroi_server.schedule.auto_fill import auto_filled_announcements

TITLES = {
    "École Jean-Moulin": ["école", "ECOLE", "ecole", "jean‐moulin", "e\u0301cole"],
    "Cœur de ville": ["coeur", "CŒUR", "cœur"],
    "L’été à Noël": ["l'ete", "L’ÉTÉ", "NOËL", "ete noel"],
    "Straße, Łódź, Ærø": ["strasse", "lodz", "AERO"],
    "Αθήνα ΌΔΟΣ": ["αθηνα", "οδος"],
    "Київ": ["КИЇВ"],
    "مَرْحَبًا": ["مرحبا"],
    "50 %_fini": ["50 %_", "%_FINI"],
}


@pytest.mark.parametrize("title", TITLES)
def test_a_search_finds_every_way_of_writing(db, title):
    for each in TITLES:
        Announcement.objects.create(title=each)
    for search in TITLES[title]:
        assert [each.title for each in filter_by_words(Announcement.objects.all(), search, "title", "body")] == [title]


def test_what_is_written_otherwise_is_not_found(db):
    Announcement.objects.create(title="École")
    for search in ("écoles", "ecole fermée", "%", "_"):
        assert not filter_by_words(Announcement.objects.all(), search, "title")


def test_a_search_of_many_words_is_cut(db):
    Announcement.objects.create(title="a")
    assert filter_by_words(Announcement.objects.all(), "a " * MAX_SEARCH_WORDS + "b", "title")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_folds_latin_text_as_python_does(db, text):
    latin = "".join(character for character in text if ord(character) < 0x250)
    Announcement.objects.all().delete()
    Announcement.objects.create(title=latin)
    assert Announcement.objects.values_list("title__folded", flat=True).get() == fold_text(latin)


@pytest.mark.parametrize("category", ["École", "école", "ECOLE", "ecole"])
def test_a_category_fills_a_playlist_however_it_is_written(db, category):
    playlist = services.create_playlist("Écoles", user=None)
    services.set_auto_fill(playlist, user=None, category=category, order="newest")
    for label in ("École", "école", "ÉCOLE", "Écoles"):
        Announcement.objects.create(title=label, label=label)
    found = auto_filled_announcements(playlist, ZoneInfo("Europe/Paris"))
    assert {each.title for each in found} == {"École", "école", "ÉCOLE"}


def test_categories_are_offered_once_and_in_order(db):
    for label in ("École", "école", "Sports", "À la une"):
        Announcement.objects.create(title=label, label=label)
    assert [fold_text(label) for label in offered_categories()] == ["a la une", "ecole", "sports"]
