"""Pages of layouts: choosing, following another one, the preview, and what is refused."""

from __future__ import annotations

import pytest
from tests.support.pages import page_text

from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.schedule.layout_models import LayoutChoice

PAGE = "/screens/hall/layout/"


class TestLayoutPage:
    def test_saves_a_layout_and_goes_back_to_that_of_all_screens(self, as_alice, hall):
        assert as_alice.post(PAGE, {"layout": "foot", "messages": "Marché samedi"}).status_code == 302
        assert LayoutChoice.objects.get().screen == hall

        assert as_alice.post(PAGE, {"layout": "inherit"}).status_code == 302
        assert not LayoutChoice.objects.exists()

    def test_names_whose_layout_is_followed(self, as_alice, quay):
        group = ScreenGroup.objects.get(slug="harbour")
        as_alice.post(f"/groups/{group.pk}/layout/", {"layout": "side"})
        page = page_text(as_alice.get(f"/screens/{quay.slug}/layout/"))
        assert f"As for the group “{group.name}”: clock and weather at the side" in page

    def test_gives_a_layout_without_messages_back(self, as_alice, hall):
        response = as_alice.post(PAGE, {"layout": "foot"})
        assert response.status_code == 422
        assert "Write at least one message, or choose a news feed." in page_text(response)

    def test_draws_what_is_not_saved_yet(self, as_alice, playlist, hall):
        response = as_alice.post(PAGE, {"layout": "foot-clock", "messages": "Marché"}, HTTP_HX_REQUEST="true")
        (drawing,) = response.context["drawings"]
        image = as_alice.get(drawing.address)

        assert (image.status_code, image["Content-Type"]) == (200, "image/png")
        assert not LayoutChoice.objects.exists()

    @pytest.mark.parametrize("text", ["", "x", "eyJhIjoxfQ:abc", "9" * 5000])
    def test_draws_nothing_that_it_did_not_sign(self, as_alice, text):
        assert as_alice.get("/layout/preview.png", {"text": text}).status_code == 404

    @pytest.mark.parametrize("address", [PAGE, "/layout/"])
    def test_takes_few_queries(self, as_alice, hall, quay, django_assert_max_num_queries, address):
        for number in range(30):
            copy = Screen.objects.create(slug=f"s{number}", name=f"S{number}", screen_class=hall.screen_class)
            LayoutChoice.objects.create(screen=copy)
        as_alice.get(address)
        with django_assert_max_num_queries(15):
            assert as_alice.get(address).status_code == 200
