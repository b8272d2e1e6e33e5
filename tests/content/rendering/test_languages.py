"""Announcements in several languages: each is typeset by its own rules, and none changes the others."""

from __future__ import annotations

import pytest

from beffroi_content.languages import LANGUAGES
from beffroi_content.model import Announcement, AnnouncementContent, DisplayTechnology, Slide, Translation
from beffroi_content.raster.page import TextLine
from beffroi_content.raster.text.characters import missing_characters
from beffroi_content.raster.text.date_names import DATE_NAMES
from beffroi_content.raster.text.typography import capital_letters, hyphen_positions, typeset_text
from beffroi_content.rendering import TextDoesNotFit, slide_key, slide_pages
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.announcements import comparison, quote

CANVAS = sample_canvas(make_screen_class(960, 540, DisplayTechnology.LCD))
PANEL = sample_canvas(make_screen_class(128, 64, DisplayTechnology.LED))
GERMAN = {"language": "de", "title": "Markt", "body": "Eintritt frei!"}
ARABIC = {"language": "ar", "title": "سوق", "body": "Mairie: مفتوحة"}


def fair(*translations: dict[str, str], **fields: object) -> Slide:
    values = {"id": "a", "template": "event", "title": "Marché", "body": "Entrée libre !", "starts": "2026-12-12T18:30"}
    found = Announcement.model_validate(values | {"translations": translations} | fields)
    return Slide(id="a", name="a", content=AnnouncementContent(announcement=found))


def lines(slide, canvas=CANVAS):
    return [[item.text for item in page.items if isinstance(item, TextLine)] for page in slide_pages(slide, canvas)]


@pytest.mark.parametrize("canvas", [CANVAS, PANEL], ids=["display", "panel"])
def test_the_pages_of_each_language_follow_and_are_those_of_the_language_alone(canvas):
    alone = fair(language="de", title="Markt", body="Eintritt frei!")
    assert lines(fair(GERMAN), canvas) == lines(fair(), canvas) + lines(alone, canvas)


def test_each_language_has_its_own_dates_and_spaces():
    french, german = lines(fair(GERMAN))
    assert {"samedi", "décembre", "18\u202fh\u202f30", "Entrée libre\u202f!"} <= set(french)
    assert {"Samstag", "Dezember", "18:30", "Eintritt frei!"} <= set(german)


def test_an_arabic_paragraph_goes_from_right_to_left_even_if_it_begins_with_a_french_word():
    (arabic,) = slide_pages(fair(language="ar", title="سوق", body="Mairie: مفتوحة"), CANVAS)
    found = [item for item in arabic.items if isinstance(item, TextLine) and "Mairie" in item.text]
    assert [item.is_rtl for item in found] == [True]
    assert typeset_text("Mairie: مفتوحة", "fr")[0] == "M"
    assert typeset_text("Place de la Mairie", "ar") == "Place de la Mairie"


def test_words_are_hyphenated_by_the_dictionary_of_their_language_or_not_at_all():
    word = "Bürgermeistersprechstunde"
    parts = [word[:at] for at in hyphen_positions(word, "de")]
    assert "Bürgermeister" in parts
    assert hyphen_positions(word, "fr") != hyphen_positions(word, "de")
    assert hyphen_positions("toplantısının", "tr") == ()


@pytest.mark.parametrize(
    ("language", "text", "capitals"),
    [("tr", "bilgi", "BİLGİ"), ("el", "Ανακοίνωση", "ΑΝΑΚΟΙΝΩΣΗ"), ("fr", "été", "ÉTÉ")],
)
def test_capitals_are_those_of_the_language(language, text, capitals):
    assert capital_letters(text, language) == capitals


def test_every_language_has_all_of_its_words_and_screens_draw_their_letters():
    for code, language in LANGUAGES.items():
        names = DATE_NAMES[code]
        words = [*names.weekdays, *names.months, *names.short_weekdays, language.own, *comparison._WORDS[code]]
        assert missing_characters(" ".join((*words, *quote._MARKS[code]))) == []


def test_a_translation_is_part_of_what_is_drawn():
    keys = {slide_key(each, CANVAS) for each in (fair(), fair(GERMAN), fair(ARABIC), fair(GERMAN, ARABIC))}
    assert len(keys) == 4


def test_all_languages_together_have_no_more_pages_than_a_slide_may_have():
    long = Translation(language="en", title="Fair", body="Everybody is most welcome. " * 180)
    with pytest.raises(TextDoesNotFit):
        slide_pages(fair(long.model_dump(exclude_none=True), body="Venez nombreux. " * 300), PANEL)
