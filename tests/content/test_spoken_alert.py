"""What a screen says aloud of an alert."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_content.languages import LANGUAGES
from beffroi_content.model import Alert, AlertForm, AlertTranslation
from beffroi_content.spoken_alert import MOST_CHARACTERS, MOST_LANGUAGES, speakable, spoken_alert

NOON = 1_796_036_400_000
"""30 November 2026, 12:00 in Paris."""
PARIS = "Europe/Paris"


def flood(**changed: object) -> Alert:
    values = {
        "id": "flood", "level": "emergency", "hazard": "flood", "title": "Crue de la Vire",
        "description": "La Vire déborde quai de la Marine. Le pic est attendu ce soir.",
        "instruction": "En cas de malaise, appelez le 15. Montez à l’étage. Ne prenez pas votre voiture.",
        "source": "Mairie de Saint-Aubin", "issued_at_ms": NOON, "ends_at_ms": NOON + 6 * 3_600_000 + 1_800_000,
        "time_to_live_ms": 1,
    }  # fmt: skip
    return Alert.model_validate(values | changed)


def said(alert: Alert, form: AlertForm = AlertForm.TAKEOVER, languages: tuple[str, ...] = (), locale: str = "fr"):
    return {each.language: each.text for each in spoken_alert(alert, form, languages, locale, PARIS)}


def test_it_says_what_the_first_page_says():
    assert said(flood()) == {
        "fr": "Urgence. Inondation. Crue de la Vire. Montez à l’étage. La Vire déborde quai de la Marine. "
        "Jusqu’à 18 heures 30. Mairie de Saint-Aubin."
    }


@pytest.mark.parametrize(("status", "word"), [("exercise", "Exercice."), ("test", "Test.")])
@pytest.mark.parametrize("form", [AlertForm.TAKEOVER, AlertForm.ALL_CLEAR])
def test_what_is_not_genuine_says_so_first(status, word, form):
    assert said(flood(status=status), form)["fr"].startswith(f"{word} Ceci est un")
    assert "aucun danger" in said(flood(status=status), form)["fr"]


def test_the_end_says_that_it_is_over_and_orders_nothing():
    assert said(flood(title="Crue : évacuez les quais"), AlertForm.ALL_CLEAR)["fr"] == (
        "Fin d’alerte. Crue. C’est terminé."
    )


def test_it_is_said_in_the_languages_of_the_screen():
    translations = [AlertTranslation(language="de", title="Hochwasser", instruction="Gehen Sie nach oben.")]
    alert = flood(translations=translations)
    assert list(said(alert, languages=("de", "fr"))) == ["de", "fr"]
    assert said(alert, languages=("de",))["de"].startswith("Notfall. Hochwasser. Gehen Sie nach oben.")
    many = [AlertTranslation(language=code, title="x") for code in list(LANGUAGES)[1:7]]
    assert len(said(flood(translations=many))) == MOST_LANGUAGES


def test_what_is_too_long_is_left_out_whole_and_what_to_do_is_not():
    long = "Les habitants de la rue des Forgerons et de toutes les rues voisines sont concernés " * 4
    text = said(flood(description=long.strip() + ".", short_text="Montez"))["fr"]
    assert long[:40] not in text
    assert "Montez à l’étage." in text
    wordy = said(flood(instruction=f"Montez {'très ' * 80}vite.", short_text="Montez à l’étage"))["fr"]
    assert "Montez à l’étage." in wordy


def test_an_open_end_is_said_as_such():
    assert "Jusqu’à nouvel ordre." in said(flood(is_open_ended=True))["fr"]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("dès 7\u202fh\u202f05", "dès 7 heures 5."), ("1 h", "1 heure."), ("à 18 h !", "à 18 heures !"),
        ("[[k'atastrof]] <b>", "k'atastrof b."), ("voir https://ville.fr/x", "voir."), ("→ !", ""),
    ],
)  # fmt: skip
def test_a_voice_spells_out_nothing_and_obeys_nothing(text, spoken):
    assert re.sub(r" (?=\.$)", "", speakable(text, "fr")) == spoken


words = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)


@given(words.filter(lambda text: text.strip()), words, words, st.sampled_from(sorted(LANGUAGES)))
@settings(max_examples=40)
def test_whatever_is_written_a_bounded_text_without_control_characters_is_said(title, instruction, description, locale):
    alert = flood(title=title[:200].strip() or "x", instruction=instruction, description=description)
    for text in said(alert, locale=locale).values():
        assert 0 < len(text) <= MOST_CHARACTERS + 250
        assert not re.search(r"[\x00-\x1f\[\]<>]", text)
