"""Pairing as technicians meet it: a code, a screen, and how that went."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.support.pages import page_text
from tests.support.pairing_players import pairing_player

from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import UserRole
from beffroi_server.fleet import pairings, services
from beffroi_server.fleet.models import Screen, ScreenClass

pytestmark = pytest.mark.usefixtures("keyring", "english", "patience")


@pytest.fixture
def patience(monkeypatch) -> None:
    pairings.code_throttle.clear_all()
    # The players here ask when a test says so, however long a busy machine takes for it.
    monkeypatch.setattr(pairings, "LIVELY_S", 3600)


@pytest.fixture
def player():
    return pairing_player()


def letters(player) -> str:
    return player.notice.code.replace("-", "")


class TestTheThreeTaps:
    def test_from_the_scanned_code_to_the_screen_that_shows_its_programme(self, as_charlie, hall, quay, player):
        scanned = as_charlie.get(f"/P/{letters(player)}", follow=True)
        page = page_text(scanned)
        assert player.notice.code in page
        assert player.notice.check_number in page

        given = {"code": player.notice.code, "target": "s-hall"}
        waiting = as_charlie.post("/pairing/", given, follow=True)
        assert "checking the code" in page_text(waiting)
        where = waiting.redirect_chain[-1][0]

        assert player.poll() is not None
        assert "paired with Town hall" in page_text(as_charlie.get(where))

    def test_who_is_not_signed_in_comes_back_after_that(self, client, player):
        answer = client.get(f"/P/{letters(player)}")
        assert answer.headers["Location"] == f"/sign-in/?next=/P/{letters(player)}"

    def test_an_open_page_gets_nothing_until_something_has_changed(self, as_charlie, hall, player):
        where = f"/pairing/{pairings.confirm_pairing(player.notice.code, hall, user=None).pk}/"
        poll = {"headers": {"HX-Request": "true"}}
        assert as_charlie.get(f"{where}?mark=waiting-False", **poll).status_code == 204
        player.poll()
        part = as_charlie.get(f"{where}?mark=waiting-False", **poll)
        assert "paired with Town hall" in page_text(part)
        assert "<html" not in page_text(part)


class TestTheScreen:
    def test_that_one_comes_from_is_chosen_already(self, as_charlie, hall, quay, player):
        page = page_text(as_charlie.get("/pairing/", {"code": player.notice.code, "screen": "hall"}))
        assert 'value="s-hall" id="id_target_0" required class="form-check-input" checked' in page or (
            page.index('value="s-hall"') < page.index("checked") < page.index('value="s-quay"')
        )

    def test_with_a_player_is_replaced(self, as_charlie, hall, player):
        services.give_identity(hall, "", "screen-enrolled")
        hall.refresh_from_db()
        before = hall.token_sha256
        page = page_text(as_charlie.get("/pairing/", {"code": player.notice.code, "screen": "hall"}))
        assert "s-hall" not in page
        as_charlie.post("/pairing/", {"code": player.notice.code, "target": "other", "other": "hall"})
        player.poll()
        hall.refresh_from_db()
        assert hall.token_sha256 != before

    def test_of_a_town_without_any_is_new_and_replaces_none(self, as_charlie, full_hd):
        text = page_text(as_charlie.get(f"/pairing/?code={pairing_player((1920, 1080)).notice.code}"))
        assert "A new screen" in text
        assert "Another screen" not in text

    def test_that_is_new_gets_a_class_of_the_size_that_the_player_says(self, as_charlie, full_hd):
        player = pairing_player((192, 96))
        given = {
            "code": player.notice.code, "target": "new", "name": "Place du marché", "screen_class": "0",
            "rotation": "90",
        }  # fmt: skip
        as_charlie.post("/pairing/", given)
        enrolment = player.poll()
        assert enrolment is not None
        row = Screen.objects.get(slug="place-du-marche")
        assert (row.screen_class.width, row.screen_class.height, row.screen_class.technology) == (96, 192, "led")
        assert enrolment.display is not None
        assert enrolment.display.rotation == 90

    def test_that_is_new_takes_a_class_that_fits(self, as_charlie, full_hd, totem, player):
        page = page_text(as_charlie.get("/pairing/", {"code": player.notice.code}))
        assert page.index(f'value="{full_hd.pk}"') < page.index('value="0"')
        given = {"code": player.notice.code, "target": "new", "name": "Hall", "screen_class": str(full_hd.pk)}
        as_charlie.post("/pairing/", given)
        assert Screen.objects.get().screen_class == full_hd
        assert ScreenClass.objects.count() == 2

    def test_that_is_new_is_first_offered_the_class_that_fits_as_the_display_hangs(self, as_charlie, full_hd, totem):
        for player, first, second in (
            (pairing_player(), full_hd, totem), (pairing_player((1080, 1920)), totem, full_hd),
        ):  # fmt: skip
            page = page_text(as_charlie.get("/pairing/", {"code": player.notice.code}))
            assert page.index(f'<option value="{first.pk}"') < page.index(f'<option value="{second.pk}"')

    def test_that_is_new_is_not_added_with_a_rotation_that_its_class_does_not_have(
        self, as_charlie, full_hd, totem, player
    ):
        given = {"code": player.notice.code, "target": "new", "name": "Hall", "screen_class": str(totem.pk)}
        refused = as_charlie.post("/pairing/", {**given, "rotation": "0"})
        assert "turn it by 90°" in page_text(refused)
        assert not Screen.objects.exists()
        as_charlie.post("/pairing/", {**given, "rotation": "270"})
        assert (Screen.objects.get().screen_class, Screen.objects.get().rotation) == (totem, 270)

    def test_beyond_the_scope_of_a_technician_is_not_offered_nor_taken(self, client, hall, quay, district, player):
        limited = accounts.create_user("tim", UserRole.TECHNICIAN, is_limited_to_groups=True)
        limited.scope_groups.add(district)
        client.force_login(limited)
        page = page_text(client.get("/pairing/", {"code": player.notice.code, "screen": "hall"}))
        assert "s-quay" in page
        assert "s-hall" not in page
        for given in (
            {"target": "s-hall"},
            {"target": "other", "other": "hall"},
            {"target": "new", "name": "Elsewhere"},
        ):
            assert client.post("/pairing/", {"code": player.notice.code, **given}).status_code in (403, 422)
        assert player.poll() is None
        assert Screen.objects.count() == 2
        pairing = pairings.confirm_pairing(player.notice.code, hall, user=None)
        assert client.get(f"/pairing/{pairing.pk}/").status_code == 404


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        ("typed", "reason"),
        [("", "This field is required"), ("KMP", "eight letters and digits"), ("BBB-BBBBB", "compare the address")],
    )
    def test_a_code_that_nobody_shows_stays_typed_and_is_explained(self, as_charlie, typed, reason):
        answer = as_charlie.get("/pairing/", {"code": typed})
        assert answer.status_code == 422
        assert reason in page_text(answer)
        assert f'value="{typed}"' in page_text(answer) or not typed

    def test_a_target_that_lacks_something_is_said(self, as_charlie, hall, player):
        for target, reason in (("other", "Choose the screen"), ("new", "Enter a name")):
            answer = as_charlie.post("/pairing/", {"code": player.notice.code, "target": target})
            assert answer.status_code == 422
            assert reason in page_text(answer)

    def test_a_new_screen_is_not_added_for_a_player_that_somebody_else_pairs(self, as_charlie, hall, player, dora):
        pairings.confirm_pairing(player.notice.code, hall, user=dora)
        answer = as_charlie.post("/pairing/", {"code": player.notice.code, "target": "new", "name": "Gare"})
        assert "Somebody else is pairing" in page_text(answer)
        assert not Screen.objects.filter(slug="gare").exists()

    def test_a_mistyped_code_leads_back_to_the_same_screen(self, as_charlie, hall, player):
        typed = player.notice.code[:4] + ("22222" if player.notice.code[4:] != "22222" else "33333")
        where = as_charlie.post("/pairing/", {"code": typed, "target": "s-hall"}).headers["Location"]
        player.poll()
        page = page_text(as_charlie.get(where))
        assert "shows another code" in page
        assert "/pairing/?screen=hall" in page


def test_the_way_there_is_on_the_list_and_on_a_screen(as_charlie: Client, hall: Screen) -> None:
    assert 'href="/pairing/"' in page_text(as_charlie.get("/screens/"))
    assert 'href="/pairing/?screen=hall"' in page_text(as_charlie.get("/screens/hall/"))
