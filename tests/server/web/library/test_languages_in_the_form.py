"""An announcement is written in several languages in its form, and keeps them through all that is done with it."""

from __future__ import annotations

import re

import pytest
from tests.support.pages import page_text

from beffroi_server.library import services, versions
from beffroi_server.library.models import Announcement
from beffroi_server.schedule.charter import save_charter_rule
from beffroi_server.schedule.charter_models import CharterRule, CharterSubject

pytestmark = pytest.mark.django_db
NEW = "/announcements/new/"
GERMAN = {"language": "de", "title": "Markt", "body": "Eintritt frei"}
ARABIC = {"language": "ar", "title": "سوق"}


def values(*texts: dict[str, str], **changes: object) -> dict[str, object]:
    typed: dict[str, object] = {"template": "news", "title": "Marché", "body": "Gratuit", "act": "draft"}
    typed |= {"language": "fr", "translations": [each["language"] for each in texts]}
    for each in texts:
        typed |= {f"text-{each['language']}-{name}": text for name, text in each.items() if name != "language"}
    return typed | changes


@pytest.fixture
def market(alice):
    return services.save_announcement(user=alice, title="Marché", body="Gratuit", translations=[GERMAN, ARABIC])


def test_a_language_is_added_by_a_button_that_saves_nothing(as_alice, hall):
    answer = as_alice.post(NEW, values(GERMAN, add_language="1", new_language="ar"))

    page = page_text(answer)
    assert answer.status_code == 200
    assert re.findall(r'name="translations" value="(\w+)"', page) == ["de", "ar"]
    assert 'value="Marché"' in page
    assert 'value="Markt"' in page
    assert re.search(r'name="text-ar-title"[^>]*lang="ar" dir="rtl"[^>]*autofocus', page)
    assert not Announcement.objects.exists()


def test_a_language_is_removed_and_the_others_stay_as_they_were_typed(as_alice, hall):
    page = page_text(as_alice.post(NEW, values(GERMAN, ARABIC, remove_language="ar")))

    assert re.findall(r'name="translations" value="(\w+)"', page) == ["de"]
    assert 'value="Markt"' in page


def test_texts_are_saved_and_come_back_in_the_form(as_alice, hall):
    as_alice.post(NEW, values(GERMAN, ARABIC))

    found = Announcement.objects.get()
    assert (found.language, found.translations) == ("fr", [GERMAN, ARABIC])
    page = page_text(as_alice.get(f"/announcements/{found.pk}/"))
    assert re.search(r'name="text-de-title"[^>]*value="Markt"|value="Markt"[^>]*name="text-de-title"', page)


def test_a_language_without_any_text_is_not_saved_and_one_without_a_title_is_an_error(as_alice, hall):
    refused = as_alice.post(NEW, values(GERMAN | {"title": ""}))
    assert refused.status_code == 422
    assert 'href="#id_text-de-title"' in page_text(refused)

    as_alice.post(NEW, values({"language": "de"}))
    assert Announcement.objects.get().translations == []


@pytest.mark.usefixtures("english")
def test_letters_that_screens_lack_and_the_main_language_twice_are_refused(as_alice, hall):
    assert "no letter for" in page_text(as_alice.post(NEW, values(GERMAN | {"body": "漢"})))
    twice = as_alice.post(NEW, values(GERMAN, language="de"))
    assert twice.status_code == 422
    assert "There is a translation into this language." in page_text(twice)


@pytest.mark.usefixtures("english")
def test_the_preview_names_the_language_of_each_page(as_alice, hall):
    page = page_text(as_alice.post("/announcements/preview/", values(GERMAN, ARABIC)))

    assert re.findall(r"<figcaption>(\w+)</figcaption>", page) == ["French", "German", "Arabic"]


@pytest.mark.usefixtures("english")
def test_a_text_that_is_missing_is_doubtful_and_one_translation_against_the_charter(as_alice, hall):
    save_charter_rule(CharterRule(subject=CharterSubject.LANGUAGES), user=None)

    page = page_text(as_alice.post(NEW, values(ARABIC, act="publish", where="everywhere", no_end="")))

    assert "The text is missing in this language: Arabic." in page
    assert "translated into one language only (Arabic)" in page
    assert not Announcement.objects.exists()


@pytest.mark.usefixtures("english")
def test_somebody_who_saved_in_the_meantime_is_told_of_the_other_languages(as_alice, alice, market):
    typed = values(GERMAN | {"title": "Wochenmarkt"}, version=str(market.version))
    services.save_announcement(market, user=alice, title="Halle")

    page = page_text(as_alice.post(f"/announcements/{market.pk}/", typed))

    assert "German: Wochenmarkt · Eintritt frei" in page
    assert "Arabic: سوق" in page


def test_lists_find_translated_texts(as_alice, market):
    assert "Marché" in page_text(as_alice.get("/announcements/?search=eintritt"))
    assert "Marché" not in page_text(as_alice.get("/announcements/?search=ingresso"))


@pytest.mark.usefixtures("english")
def test_versions_tell_of_translations_and_bring_them_back(as_alice, alice, market):
    services.save_announcement(market, user=alice, translations=[])

    page = page_text(as_alice.get(f"/announcements/{market.pk}/versions/"))
    assert "<del>German: Markt · Eintritt frei" in page
    first = market.versions.get(number=1)
    assert versions.values_to_restore(first)["translations"] == [GERMAN, ARABIC]


def test_a_copy_has_them_too(as_alice, market):
    page = page_text(as_alice.get(f"/announcements/new/?copy={market.pk}"))

    assert re.findall(r'name="translations" value="(\w+)"', page) == ["de", "ar"]
