"""The list of screens in a form: all of them in a small town, otherwise what is ticked and what is found."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.web.fleet import screen_choices

FORMS = ("group-add", "rule-new", "scenario-new", "alert-new", "announcement-new")


def boxes(answer, field: str = "screens") -> list[tuple[str, bool]]:
    """Return the names of the boxes of a page, each with whether it is ticked."""
    found = re.findall(rf'<input[^>]*name="{field}"([^>]*)><span>([^<]+?) ?<', answer.content.decode())
    return [(name, " checked" in rest) for rest, name in found]


@pytest.fixture
def streets(led) -> list[Screen]:
    places = {"Forum": "12 rue de l’École", "Halle": "", "Marché": "Grand-Place", "Quai": "", "Stade": "rue des Écoles"}
    return [
        Screen.objects.create(slug=f"s{n}", name=name, place=place, screen_class=led)
        for n, (name, place) in enumerate(places.items())
    ]


@pytest.fixture
def three_boxes(monkeypatch):
    monkeypatch.setattr(screen_choices, "MOST_BOXES", 3)


@pytest.mark.parametrize("address", FORMS)
def test_a_small_town_sees_every_screen_and_no_search(as_dora, streets, address):
    answer = as_dora.get(reverse(address))

    assert boxes(answer) == [(screen.name, False) for screen in streets]
    assert "screens_search" not in answer.content.decode()


@pytest.mark.usefixtures("three_boxes")
class TestALargeTown:
    @pytest.mark.parametrize("address", FORMS)
    def test_lists_the_first_screens_and_searches(self, as_dora, streets, address):
        answer = as_dora.get(reverse(address))

        assert [name for name, _ in boxes(answer)] == ["Forum", "Halle", "Marché"]
        assert 'name="screens_search"' in answer.content.decode()

    def test_searches_where_a_scenario_is_triggered_apart_from_where_it_is_shown(self, as_dora, streets):
        form = as_dora.get(reverse("scenario-new"))
        asked = {"local_triggers": [str(streets[4].pk)], "local_triggers_search": "ecole", "screens_search": "quai"}
        answer = as_dora.post(reverse("screen-choices") + "?field=local_triggers", asked)

        assert [name for name, _ in boxes(form, "local_triggers")] == ["Forum", "Halle", "Marché"]
        assert boxes(answer, "local_triggers") == [("Stade", True), ("Forum", False)]

    def test_offers_no_other_field(self, as_dora, streets):
        assert as_dora.post(reverse("screen-choices") + "?field=groups").status_code == 404

    def test_lists_what_is_ticked_first(self, as_dora, streets, district):
        district.screens.set([streets[4]])

        answer = as_dora.get(reverse("group", args=[district.pk]))

        assert boxes(answer) == [("Stade", True), ("Forum", False), ("Halle", False), ("Marché", False)]

    def test_finds_words_of_name_and_place_in_any_accents_and_keeps_what_is_ticked(self, as_dora, streets):
        asked = {"screens": [streets[3].pk], "screens_search": "RUE ecole"}

        answer = as_dora.post(reverse("screen-choices"), asked)

        assert boxes(answer) == [("Quai", True), ("Forum", False), ("Stade", False)]

    @pytest.mark.parametrize(
        ("address", "typed"),
        [("group-add", {"name": "Écoles"}), ("rule-new", {"name": "Écoles"}), ("scenario-new", {"title": "Écoles"}),
         ("alert-new", {"title": "Écoles"}), ("announcement-new", {"title": "Écoles", "where": "chosen"})],
    )  # fmt: skip
    def test_comes_back_from_a_search_as_it_was_filled_in(self, as_dora, streets, address, typed):
        sent = {**typed, "screens": [streets[4].pk], "screens_search": "quai", "find_screens": "1"}

        answer = as_dora.post(reverse(address), sent)

        assert answer.status_code in {200, 422}
        assert boxes(answer) == [("Stade", True), ("Quai", False)]
        assert 'value="Écoles"' in answer.content.decode()
        assert "data-error-summary" not in answer.content.decode()

    def test_saves_nothing_while_it_searches(self, as_dora, streets):
        sent = {"name": "Écoles", "screens": [streets[4].pk]}

        as_dora.post(reverse("group-add"), sent | {"find_screens": "1"})
        assert not ScreenGroup.objects.exists()

        as_dora.post(reverse("group-add"), sent)
        assert list(ScreenGroup.objects.get().screens.all()) == [streets[4]]


@pytest.mark.usefixtures("three_boxes")
def test_only_screens_within_the_scope_are_found(as_alice, alice, streets, district):
    district.screens.set([streets[2]])
    alice.is_limited_to_groups = True
    alice.save()
    alice.scope_groups.set([district])

    answer = as_alice.post(reverse("screen-choices"), {"screens": [streets[0].pk], "screens_search": "a"})

    assert [name for name, _ in boxes(answer)] == ["Marché"]
