"""The first hour of a town: what is left to do, the starter set, the try-out."""

from __future__ import annotations

import pytest
from django.utils import timezone

from beffroi_server.__main__ import main
from beffroi_server.accounts.models import AuditEvent, Town
from beffroi_server.accounts.services import create_user, set_password
from beffroi_server.alerts.models import Scenario
from beffroi_server.alerts.scenario_services import save_scenario
from beffroi_server.alerts.starter_set import SCENARIOS, add_starter_set
from beffroi_server.fleet.targets import Targets
from beffroi_server.library.models import Category


def left(client) -> list[str]:
    context = client.get("/").context
    return [step.code for step in context.get("steps") or [] if not step.is_done]


def test_says_what_is_left(as_dora, town):
    assert left(as_dora) == ["town", "screen", "announcement", "scenarios", "colleagues"]


def test_a_step_is_done_by_doing_it(as_dora, dora, hall, announcement, alice):
    add_starter_set(Town.objects.get(), user=dora)
    assert left(as_dora) == ["town", "scenarios"], "a draft is not read through"
    save_scenario(Scenario.objects.all()[0], Targets(everywhere=True), user=dora)
    assert left(as_dora) == ["town"]


def test_can_be_hidden(as_dora):
    as_dora.post("/first-hour/hide/")

    assert left(as_dora) == []
    assert "first-hour" not in as_dora.get("/").content.decode()


def test_is_for_administrators(as_alice):
    assert "first-hour" not in as_alice.get("/").content.decode()


def test_asks_for_a_password_after_a_link(client, town):
    erin = create_user("erin")
    client.force_login(erin)
    assert "have no password yet" in client.get("/").content.decode()
    set_password(erin, "quatre chats gris")
    client.force_login(erin)
    assert "have no password yet" not in client.get("/").content.decode()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_starter_set_is_added_once(town, dora, language):
    added = add_starter_set(town, user=dora, language=language)

    assert added == len(SCENARIOS[language]) + Category.objects.count()
    assert Scenario.objects.filter(is_draft=True, source=town.name).count() == len(SCENARIOS[language])
    assert add_starter_set(town, user=dora, language=language) == 0


def test_the_button_adds_the_starter_set(as_bob):
    page = as_bob.post("/starter-set/", follow=True).content.decode()

    assert "drafts have been added" in page
    assert "draft to read through" in page


def test_the_starter_set_is_offered_until_it_is_there(as_dora, dora, town):
    assert "Take over the starter set" in as_dora.get("/").content.decode()
    add_starter_set(town, user=dora)
    assert "Take over the starter set" not in as_dora.get("/").content.decode()


def test_whoever_saves_a_draft_has_read_it(town, bob):
    add_starter_set(town, user=bob)
    scenario = Scenario.objects.all()[0]
    save_scenario(scenario, Targets(everywhere=True), user=bob)

    assert not Scenario.objects.get(pk=scenario.pk).is_draft


class TestTheTryOut:
    @pytest.fixture
    def tried(self, town) -> Town:
        town.is_try_out, town.first_steps_hidden_at = True, timezone.now()
        town.save()
        return town

    def test_is_told_on_every_page(self, as_alice, tried):
        for address in ("/", "/announcements/", "/plays/"):
            assert "Try-out." in as_alice.get(address).content.decode()

    def test_makes_alerts_exercises(self, as_bob, tried):
        assert as_bob.get("/alerts/new/").context["form"].initial["status"] == "exercise"

    def test_ends_with_one_act(self, as_dora, tried, dora):
        as_dora.post("/try-out/end/")

        assert not Town.objects.get().is_try_out
        event = AuditEvent.objects.get(action="town-changed")
        assert event.detail["changes"] == {"is_try_out": [True, False]}
        assert as_dora.get("/alerts/new/").context["form"].initial["status"] == "actual"


@pytest.mark.django_db(transaction=True)
def test_a_town_may_begin_with_both(data, settings, capsys):
    assert main(["init", "--town", "Saint-Aubin", "--starter-set", "--try-out"]) == 0

    assert Town.objects.get().is_try_out
    assert Scenario.objects.exists()
