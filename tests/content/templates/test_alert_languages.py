"""Alerts in several languages: every page in one language, what to do first, and nobody kept from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.alert_grid import AlertCase, assert_marked
from tests.support.canvases import LED, canvas_of, letters_of, text_of

from beffroi_content.languages import LANGUAGES
from beffroi_content.model import Alert, AlertForm, AlertLevel, AlertStatus, banner_rectangle
from beffroi_content.raster.text.phrases import phrases_of
from beffroi_content.rendering import alert_key, draw_alert, lay_out_alert
from beffroi_content.templates.samples import sample_alert

ENGLISH = {"language": "en", "title": "Flood of the Vire", "instruction": "Go upstairs. Do not take your car."}
GERMAN = {"language": "de", "title": "Hochwasser der Vire", "instruction": "Gehen Sie nach oben."}
ARABIC = {"language": "ar", "title": "فيضان", "instruction": "اصعدوا إلى الطابق العلوي."}


def translated(*texts: dict[str, str], **changes) -> Alert:
    return Alert.model_validate(sample_alert().replace(**changes).model_dump() | {"translations": texts})


def languages_of(alert: Alert, *chosen: str) -> list[str]:
    return [code for code, _ in alert.shown_in(chosen, "fr")]


def test_a_screen_shows_the_languages_that_it_chose_in_its_order_and_always_those_of_the_town():
    alert = translated(ENGLISH, GERMAN)
    assert languages_of(alert) == ["fr", "en", "de"]
    assert languages_of(alert, "de", "fr") == ["de", "fr"]
    assert languages_of(alert, "de") == ["de", "fr"]
    assert languages_of(alert, "es") == ["fr"]
    assert languages_of(sample_alert(), "de") == ["fr"]


def test_a_language_that_does_not_say_what_to_do_never_comes_first():
    alert = translated({"language": "de", "title": "Hochwasser"}, ENGLISH)
    assert languages_of(alert, "de", "fr") == ["fr", "de"]


@pytest.mark.parametrize("size", [(1920, 1080), (128, 64), (16, 128)])
def test_first_pages_come_before_second_ones_and_each_is_of_one_language(size):
    alert = translated(ENGLISH, GERMAN, description="La rivière monte. " * 30)
    canvas = canvas_of(size, LED if size[0] < 200 else canvas_of().screen_class.technology)
    drawing = lay_out_alert(alert, AlertForm.TAKEOVER, canvas)
    assert drawing.languages[:3] == ("fr", "en", "de")
    assert sorted(drawing.languages[3:]) == list(drawing.languages[3:]) or len(drawing.languages) <= 9
    assert len(drawing.page_ms) == len(drawing.pages) == len(drawing.languages)
    assert all(drawing.languages.count(code) <= 3 for code in ("fr", "en", "de"))
    assert letters_of("Montez") in letters_of(text_of(drawing.pages[0]))
    german = letters_of(text_of(drawing.pages[2]))
    assert letters_of("Gehen Sie") in german
    assert letters_of("ALERTE") not in german
    frames = draw_alert(alert, AlertForm.TAKEOVER, canvas)
    assert len(frames) == len(drawing.pages)
    assert {frame.size for frame in frames} == {size}


@pytest.mark.parametrize("size", [(128, 16), (64, 32), (96, 48), (128, 64)])
def test_nobody_waits_for_a_page_that_only_says_who_speaks(size):
    """Where the sender has no room beside what to do, on a panel, the pages are as many as the languages."""
    short = {"title": "Nuage toxique : enfermez-vous", "description": "", "instruction": ""}
    alert = translated({"language": "en", "title": "Toxic cloud: shelter indoors"}, **short)
    canvas = canvas_of(size, LED)
    drawing = lay_out_alert(alert, AlertForm.BANNER, replace(canvas, size=banner_rectangle(size).size))
    assert drawing.languages == ("fr", "en")
    assert letters_of("enfermez") in letters_of(text_of(drawing.pages[0]))


def test_pages_in_arabic_are_drawn_from_right_to_left_words_and_all():
    drawing = lay_out_alert(translated(ARABIC), AlertForm.TAKEOVER, canvas_of())
    page = drawing.pages[drawing.languages.index("ar")]
    assert "إنذار" in text_of(page)
    assert any(getattr(item, "is_rtl", None) for item in page.items)


def test_the_end_is_said_in_each_language_and_repeats_no_order_in_one_whose_orders_are_not_known():
    alert = translated(GERMAN, {"language": "pl", "title": "Powódź: opuśćcie brzegi rzeki"})
    drawing = lay_out_alert(alert, AlertForm.ALL_CLEAR, canvas_of())
    assert drawing.languages == ("fr", "de", "pl")
    french, german, polish = (letters_of(text_of(page)) for page in drawing.pages)
    assert letters_of("Fin d’alerte") in french
    assert letters_of("Entwarnung") in german
    assert "Powódź" in polish
    assert "opuśćcie" not in polish


def test_a_drawing_is_another_where_the_screen_shows_other_languages():
    alert, canvas = translated(ENGLISH), canvas_of()
    keys = {
        alert_key(alert, AlertForm.TAKEOVER, replace(canvas, languages=chosen)) for chosen in ((), ("fr",), ("en",))
    }
    assert len(keys) == 3


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code not in {"fr", "en"}])
def test_each_language_has_room_for_its_words_on_the_smallest_panels(language):
    level, status = AlertLevel.EMERGENCY, AlertStatus.EXERCISE
    alert = sample_alert(level, status).replace(title="A", description="", instruction="B.")
    for size, depth in (((64, 32), 24), ((128, 16), 1)):
        for form in (AlertForm.TAKEOVER, AlertForm.ALL_CLEAR):
            assert_marked(AlertCase(alert, form, replace(canvas_of(size, LED, depth), locale=language)))


def test_regional_languages_without_words_of_their_own_have_those_of_french():
    assert phrases_of("br") is phrases_of("fr")
    assert phrases_of("xx") is phrases_of("en")


@pytest.mark.parametrize(
    "texts", [[ENGLISH, ENGLISH], [{"language": "en", "title": ""}], [{**ENGLISH, "language": "e"}]]
)
def test_what_is_no_translation_is_refused(texts):
    with pytest.raises(ValueError, match=r"title|language|pattern"):
        translated(*texts)
