"""Pages of planned alerts, of proposals and of the on-call rota."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_server.alerts import second_officer, services
from beffroi_server.alerts.models import Alert, AlertProposal, OnCallException, PlannedAlert
from beffroi_server.fleet.targets import EVERYWHERE

pytestmark = pytest.mark.usefixtures("keyring", "english")
VALUES = {
    "level": "emergency", "status": "actual", "title": "Crue", "source": "Mairie", "everywhere": "on",
    "duration_min": "60", "all_clear_s": "300",
}  # fmt: skip


@pytest.fixture
def as_bob(bob, hall, quay) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(bob)
    return client


@pytest.fixture
def as_dora(dora) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(dora)
    return client


def test_an_alert_is_planned_skipped_and_put_back(as_bob):
    day = timezone.localdate() + dt.timedelta(days=9)
    values = VALUES | {
        "status": "test", "starts_on": day.isoformat(), "starts_time": "12:00", "repeats": "monthly-weekday",
        "reminder_min": "60", "token": str(uuid.uuid4()),
    }  # fmt: skip
    assert as_bob.get("/alerts/planned/new/").status_code == 200
    for _press in range(2):
        assert as_bob.post("/alerts/planned/new/", values).status_code == 302
    plan = PlannedAlert.objects.get()
    first = plan.next_at
    assert timezone.localtime(first).strftime("%H:%M") == "12:00"

    page = page_text(as_bob.get("/alerts/planned/"))
    assert f" {day:%A} of each month" in page
    assert "+ 1 week" in page
    as_bob.post(f"/alerts/planned/{plan.pk}/skip/", {"at": first.isoformat()})
    plan.refresh_from_db()
    assert plan.next_at > first + dt.timedelta(days=25)
    form = as_bob.get(f"/alerts/planned/{plan.pk}/").context["form"]
    assert form.initial["repeats"] == "monthly-weekday"
    as_bob.post(f"/alerts/planned/{plan.pk}/delete/")
    assert not PlannedAlert.objects.exists()


def test_what_cannot_be_planned_keeps_what_was_typed(as_bob):
    answer = as_bob.post(
        "/alerts/planned/new/", VALUES | {"starts_on": "2020-01-01", "starts_time": "12:00", "repeats": "once",
        "reminder_min": "0", "level": "information", "token": str(uuid.uuid4())},
    )  # fmt: skip
    assert answer.status_code == 422
    assert "in the past" in page_text(answer)
    assert 'value="Crue"' in answer.content.decode()


def test_a_second_officer_confirms_by_one_press(as_bob, as_dora, town):
    town.second_officer_levels = ["emergency"]
    town.save()
    values = VALUES | {"token": str(uuid.uuid4())}
    answers = [as_bob.post("/alerts/new/", values) for _press in range(2)]
    proposal = AlertProposal.objects.get()
    address = f"/alerts/proposals/{proposal.pk}/"
    assert {answer.headers["Location"] for answer in answers} == {address}
    assert not Alert.objects.exists()
    shown = as_bob.get(address)
    assert "for 1\u202fh" in page_text(shown)
    # Of the menu, one item: proposals of contents are others.
    assert shown.content.decode().count('aria-current="page"') == 1
    assert "Confirm and broadcast" not in page_text(shown)
    assert "Confirm or decline" in page_text(as_dora.get("/alerts/choose/"))

    answer = as_dora.post(f"{address}confirm/")

    alert = Alert.objects.get()
    assert answer.headers["Location"] == f"/alerts/{alert.pk}/"
    assert "confirmed by dora" in page_text(as_bob.get(answer.headers["Location"]))
    assert "confirmed by dora" in page_text(as_bob.get(address))


def test_a_second_officer_sees_what_a_correction_takes_the_place_of(as_dora, bob, hall):
    running = services.broadcast_alert(
        level="alert", title="Crue des quais", source="Mairie", targets=EVERYWHERE, duration_min=60, user=bob
    )
    values = {"level": "emergency", "title": "Crue du centre", "source": "Mairie", "duration_min": 60}
    proposal = second_officer.propose_alert(values, EVERYWHERE, user=bob, token=uuid.uuid4(), corrects=running)
    page = page_text(as_dora.get(f"/alerts/proposals/{proposal.pk}/"))
    assert "What the screens show now" in page
    assert "Declining leaves it as it is" in page


def test_a_page_says_that_a_proposal_came_too_late_and_gives_its_text_back(as_bob, as_dora, bob, town):
    town.second_officer_levels = ["emergency"]
    town.save()
    running = services.broadcast_alert(
        level="alert", title="Crue des quais", source="Mairie", targets=EVERYWHERE, duration_min=60, user=bob
    )
    values = {"level": "emergency", "title": "Crue du centre", "source": "Mairie", "duration_min": 60}
    proposal = second_officer.propose_alert(values, EVERYWHERE, user=bob, token=uuid.uuid4(), corrects=running)
    services.end_alert(running, user=bob)

    page = page_text(as_dora.get(f"/alerts/proposals/{proposal.pk}/"))
    assert "“Crue des quais” has already ended. The proposal was not broadcast." in page
    assert "Confirm and broadcast" not in page
    assert "What the screens show now" not in page
    assert "waits for an officer" not in page
    anew = f"/alerts/new/?proposal={proposal.pk}"
    assert anew in as_bob.get(f"/alerts/proposals/{proposal.pk}/").content.decode()
    assert 'value="Crue du centre"' in as_bob.get(anew).content.decode()


def test_a_warning_that_is_rewritten_under_the_rule_waits_beside_the_new_words(as_bob, as_dora, town):
    town.second_officer_levels = ["emergency"]
    town.save()
    values = {"level": "emergency", "title": "Crue", "source": "Vigicrues", "ends_at": timezone.now() + dt.timedelta(1)}
    warned = second_officer.propose_alert(values, EVERYWHERE, user=None, token=uuid.uuid4(), origin="warning")
    sent = VALUES | {"title": "Crue du centre", "token": str(uuid.uuid4()), "proposal": str(warned.pk)}
    address = as_bob.post("/alerts/new/", sent).headers["Location"]
    as_dora.post(f"{address}confirm/")
    assert [alert.title for alert in Alert.objects.all()] == ["Crue du centre"]
    assert "an officer" not in page_text(as_dora.get("/"))


def test_who_is_alone_breaks_the_glass_with_a_reason_in_the_form(as_bob, town):
    town.second_officer_levels = ["emergency"]
    town.save()
    assert "No second officer can be reached" in page_text(as_bob.get("/alerts/new/"))
    answer = as_bob.post("/alerts/new/", VALUES | {"token": str(uuid.uuid4()), "alone_reason": "Nobody answers"})
    assert "without a second officer: Nobody answers" in page_text(as_bob.get(answer.headers["Location"]))


def test_the_rota_goes_round_and_gives_way_to_a_swap(as_bob, bob, dora):
    as_bob.post("/alerts/on-call/members/", {f"turn-{bob.pk}": "2", f"turn-{dora.pk}": "1"})
    page = as_bob.get("/alerts/on-call/")
    assert len(page.context["turns"]) == 8
    assert {turn.user for turn in page.context["turns"]} == {bob, dora}

    start = timezone.localtime() - dt.timedelta(hours=1)
    swap = {
        "starts_at": start.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (start + dt.timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M"),
    }
    for person in (bob, dora):
        as_bob.post("/alerts/on-call/swap/", swap | {"person": str(person.pk)})
        assert f"On call: {'bob' if person == bob else 'bob, dora'}" in page_text(as_bob.get("/alerts/choose/"))
    as_bob.post(f"/alerts/on-call/{OnCallException.objects.first().pk}/remove/")
    assert OnCallException.objects.count() == 1
