"""Condensing: the first order of a text, whole sentences, and headlines that can stand for longer ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.condensing import condense_alert, headline_subject, order_clauses, split_sentences


def first_order(instruction: str, locale: str = "fr", description: str = "") -> str:
    return condense_alert("Titre", description, instruction, "", locale).order


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Il est 18 h. M. Dupont attend.", ("Il est 18 h.", "M. Dupont attend.")),
        ("La rivière dépasse 4.20 m. Partez !", ("La rivière dépasse 4.20 m.", "Partez !")),
        ("- Fermez tout\n- Restez là", ("Fermez tout", "Restez là")),
        (
            "* Most deaths occur in vehicles on roads that are flooded\nand nowhere else. Turn around.",
            ("Most deaths occur in vehicles on roads that are flooded and nowhere else.", "Turn around."),
        ),
        ("« Partez ! » dit-il.", ("« Partez ! » dit-il.",)),
        ("1. Sortez. 2. Courez.", ("Sortez.", "2. Courez.")),
    ],
)
def test_sentences_are_told_apart(text, sentences):
    assert split_sentences(text) == sentences


@pytest.mark.parametrize(
    ("instruction", "locale", "order"),
    [
        ("Les secours arrivent. Restez chez vous.", "fr", "Restez chez vous."),
        ("En cas de malaise, appelez le 15. Buvez de l’eau.", "fr", "Buvez de l’eau."),
        ("L’eau monte. Ne pas descendre à la cave.", "fr", "Ne pas descendre à la cave."),
        ("Flooding is expected. Do not drive.", "en", "Do not drive."),
        ("Flooding is expected. Do not drive.", "fr", "Do not drive."),
        ("If you smell gas, leave. Stay indoors.", "en", "Stay indoors."),
        ("Es brennt. Schließen Sie die Fenster.", "fr", "Schließen Sie die Fenster."),
        ("Nichts davon ist bekannt.", "fr", "Nichts davon ist bekannt."),
    ],
)
def test_the_first_order_without_a_condition_comes_first(instruction, locale, order):
    assert first_order(instruction, locale) == order


def test_where_nobody_wrote_an_instruction_the_orders_of_the_description_count():
    found = condense_alert("Crue", "L’eau monte. Montez à l’étage.", "", "", "fr")
    assert (found.order, found.facts) == ("Montez à l’étage.", ("L’eau monte.",))


@pytest.mark.parametrize(
    ("sentence", "clauses"),
    [
        ("Montez à l’étage et coupez l’électricité.", ("Montez à l’étage.", "Coupez l’électricité.")),
        ("Ne sortez pas, sauf si on vous le demande.", ()),
        ("Évitez de sortir et de prendre la voiture.", ()),
        ("Ne buvez pas l’eau et le lait.", ()),
        ("Si l’eau monte, montez à l’étage.", ()),
    ],
)
def test_only_clauses_that_are_whole_orders_are_divided(sentence, clauses):
    assert order_clauses(sentence, "fr") == clauses


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("Nuage toxique : enfermez-vous", "Nuage toxique"),
        ("Crue : évacuez les quais", "Crue"),
        ("Enfermez-vous", ""),
        ("Risque d’inondation", "Risque d’inondation"),
        ("Gas leak – leave the building", "Gas leak"),
    ],
)
def test_the_subject_of_a_headline_orders_nothing(title, subject):
    assert headline_subject(title, "fr") == subject


def test_whole_parts_of_a_headline_can_stand_for_it():
    found = condense_alert("Risque d’inondation : la Vire déborde", "", "", "", "fr")
    assert found.headlines == ("Risque d’inondation : la Vire déborde", "Risque d’inondation")


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_letter_is_lost(description, instruction):
    found = condense_alert("Titre", description, instruction, "", "fr")
    said = "".join([found.order, *found.more_orders, *found.facts])
    for character in f"{description}{instruction}":
        assert not character.isalpha() or character in said
