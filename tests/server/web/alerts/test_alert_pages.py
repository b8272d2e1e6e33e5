"""From a scenario to receipts, as the officer on call meets it at night."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image
from tests.support.pages import page_text

from beffroi_content.rendering import image_digest
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import on_call, queries, set_capacity
from beffroi_server.alerts.models import Alert, Scenario
from beffroi_server.fleet.models import ReceiptRecord, Screen, ScreenState
from beffroi_server.library import preview
from beffroi_server.monitoring import screen_overview

VALUES = {
    "level": "emergency", "status": "actual", "title": "Crue", "description": "La Vive déborde.",
    "instruction": "Montez.", "source": "Mairie", "everywhere": "on", "duration_min": "60", "all_clear_s": "300",
}  # fmt: skip


@pytest.fixture
def client(keyring) -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en")


@pytest.fixture
def as_bob(client, bob, hall, quay) -> Client:
    client.force_login(bob)
    return client


@pytest.fixture
def flood(db) -> Scenario:
    return Scenario.objects.create(
        name="Flood of the quays", title="Crue : évacuez les quais", source="Mairie", duration_min=120, level="alert"
    )


def values(**changes: str) -> dict[str, str]:
    return VALUES | {"token": str(uuid.uuid4())} | changes


def broadcast(client: Client, **changes: str) -> Alert:
    answer = client.post("/alerts/new/", values(**changes))
    assert answer.status_code == 302, page_text(answer)
    return Alert.objects.get(pk=answer.headers["Location"].split("/")[2])


class TestBroadcasting:
    def test_takes_two_presses_from_a_scenario(self, as_bob, flood):
        assert "Flood of the quays" in page_text(as_bob.get("/alerts/choose/"))
        page = page_text(as_bob.get(f"/alerts/new/?scenario={flood.pk}"))
        assert "Crue : évacuez les quais" in page
        assert "on 2 screens, for 2" in page
        token = re.search(r'name="token" value="([^"]*)"', page)
        assert token
        sent = values(scenario=str(flood.pk), token=token[1], title=flood.title, level="alert")
        as_bob.post("/alerts/new/", sent)
        assert Alert.objects.get().scenario == flood

    def test_shows_the_exact_picture_first(self, as_bob, full_hd, town):
        page = page_text(as_bob.post("/alerts/preview/", values()))
        assert not Alert.objects.exists()
        address = re.search(rf'src="(/alerts/preview.png\?class={full_hd.pk}[^"]*)"', page)
        assert address
        shown = Image.open(io.BytesIO(as_bob.get(address[1].replace("&amp;", "&")).content))
        alert = broadcast(as_bob)
        drawn = preview.preview_alert(
            queries.to_content(alert, alert.issued_at), preview.alert_form("emergency"), full_hd, town
        )
        assert shown.size == (1920, 1080)
        assert len(drawn) == page.count(f"class={full_hd.pk}&")
        assert image_digest(shown) == image_digest(Image.open(io.BytesIO(drawn[0])))

    def test_does_not_draw_what_somebody_else_signed(self, as_bob, full_hd):
        assert as_bob.get(f"/alerts/preview.png?class={full_hd.pk}&page=0&text=forged").status_code == 404

    def test_twice_with_one_form_is_one_alert(self, as_bob):
        sent = values()
        answers = [as_bob.post("/alerts/new/", sent) for _ in range(2)]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert Alert.objects.count() == 1
        assert AuditEvent.objects.filter(action="alert-broadcast").count() == 1

    def test_says_when_it_is_no_real_alert(self, as_bob):
        assert "Exercise" in page_text(as_bob.post("/alerts/preview/", values(status="exercise")))
        assert broadcast(as_bob, status="exercise").status == "exercise"

    def test_names_a_letter_that_no_screen_has_and_is_broadcast_all_the_same(self, as_bob, hall):
        page = page_text(as_bob.post("/alerts/preview/", values(title="Fermé 漢")))
        assert "CJK UNIFIED IDEOGRAPH-6F22" in page
        assert broadcast(as_bob, title="Fermé 漢").title == "Fermé 漢"

    @pytest.mark.parametrize("title", ["\u202e", "\u200b", "\u2800\u3164"])
    def test_needs_a_title_that_can_be_seen(self, as_bob, title):
        assert as_bob.post("/alerts/new/", values(title=title)).status_code == 422

    def test_loses_what_turns_its_text_round(self, as_bob):
        assert broadcast(as_bob, title="Alerte\u202e rouge\u200b").title == "Alerte rouge"

    def test_names_the_screens_that_are_not_reachable(self, as_bob, hall):
        ScreenState.objects.create(screen=hall, online=True)
        page = page_text(as_bob.post("/alerts/preview/", values()))
        assert "1 screen cannot be reached at the moment" in page
        assert "Quay" in page

    def test_reaches_only_the_chosen_screens(self, as_bob, district, quay):
        alert = broadcast(as_bob, everywhere="", groups=str(district.pk))
        assert list(queries.targeted_screens(alert)) == [quay]

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"title": ""}, "required"),
            ({"everywhere": ""}, "Choose the screens"),
            ({"duration_min": "0"}, "greater than or equal to 1"),
            ({"description": "é" * 5_001}, "5000"),
            ({"token": ""}, "required"),
            ({"scenario": "on"}, "Select a valid choice"),
        ],
    )
    def test_refuses_what_cannot_be_sent_and_loses_nothing(self, as_bob, wrong, said):
        answer = as_bob.post("/alerts/new/", values(instruction="<b>Montez</b>") | wrong)
        assert answer.status_code == 422
        assert said in page_text(answer)
        assert "&lt;b&gt;Montez&lt;/b&gt;" in page_text(answer)
        assert not Alert.objects.exists()

    def test_says_which_key_is_missing_and_loses_nothing(self, as_bob, settings):
        (Path(settings.KEYS) / "alert.pem").unlink()
        answer = as_bob.post("/alerts/new/", values(instruction="Montez vite."))
        assert answer.status_code == 422
        assert "alert.pem cannot be read" in page_text(answer)
        assert "Montez vite." in page_text(answer)

    def test_drawing_it_anew_broadcasts_nothing(self, as_bob):
        answer = as_bob.post("/alerts/new/", values(preview="1"))
        assert answer.status_code == 200
        assert not Alert.objects.exists()

    def test_shows_what_is_on_first(self, as_bob):
        alert = broadcast(as_bob)
        assert f"/alerts/{alert.pk}/" in page_text(as_bob.get("/alerts/choose/"))

    def test_a_request_takes_few_queries(self, as_bob, django_assert_max_num_queries):
        sent = values()
        with django_assert_max_num_queries(30):
            as_bob.post("/alerts/new/", sent)


class TestLanguages:
    GERMAN = {"translations": "de", "text-de-title": "Hochwasser", "text-de-instruction": "Gehen Sie nach oben."}

    def test_of_the_town_are_there_folded_and_those_without_a_title_count_as_none(self, as_bob, town):
        town.languages = ["fr", "de"]
        town.save()
        page = page_text(as_bob.get("/alerts/new/"))
        assert 'name="text-de-title"' in page
        assert 'id="languages">' in page
        assert broadcast(as_bob, translations="de").translations == []
        alert = broadcast(as_bob, **self.GERMAN)
        assert [each["title"] for each in alert.translations] == ["Hochwasser"]
        assert 'id="languages" open' in page_text(as_bob.get(f"/alerts/{alert.pk}/correct/"))

    def test_are_added_and_removed_without_losing_what_was_typed_and_broadcast_nothing(self, as_bob):
        page = page_text(as_bob.post("/alerts/new/", values(add_language="1", new_language="de")))
        assert 'name="text-de-title"' in page
        assert "La Vive déborde." in page
        page = page_text(as_bob.post("/alerts/new/", values(remove_language="de", **self.GERMAN)))
        assert 'name="text-de-title"' not in page
        assert not Alert.objects.exists()

    def test_are_named_in_the_preview_and_where_they_lack_what_to_do(self, as_bob):
        page = page_text(as_bob.post("/alerts/preview/", values(**self.GERMAN)))
        assert page.count("<figcaption>German</figcaption>") == page.count("<figcaption>French</figcaption>") > 0
        assert "What to do is missing" not in page
        silent = self.GERMAN | {"text-de-instruction": ""}
        assert "What to do is missing in: German" in page_text(as_bob.post("/alerts/preview/", values(**silent)))

    def test_without_a_title_are_refused_where_something_is_in_them(self, as_bob):
        answer = as_bob.post("/alerts/new/", values(**self.GERMAN | {"text-de-title": ""}))
        assert answer.status_code == 422
        assert "Enter the title in this language, too." in page_text(answer)
        assert "Gehen Sie nach oben." in page_text(answer)

    def test_of_a_scenario_are_those_of_its_alert(self, as_bob, flood):
        prepared = VALUES | self.GERMAN | {"name": flood.name, "title": flood.title, "link": ""}
        as_bob.post(f"/scenarios/{flood.pk}/", prepared)
        flood.refresh_from_db()
        assert flood.translations[0]["title"] == "Hochwasser"
        assert 'value="Hochwasser"' in page_text(as_bob.get(f"/alerts/new/?scenario={flood.pk}"))


class TestFollowing:
    def confirm(self, alert: Alert, screen) -> None:
        shown = (alert.pressed_at or alert.issued_at) + dt.timedelta(milliseconds=284)
        ReceiptRecord.objects.create(
            screen=screen, stream="all/alerts", sequence=1, alert=str(alert.pk), form="takeover", received_at=shown,
            presented_at=shown, latency_ms=84, frame="0" * 64, clock="trusted",
        )  # fmt: skip

    def test_shows_a_receipt_from_each_screen(self, as_bob, hall, quay):
        alert = broadcast(as_bob)
        ScreenState.objects.create(screen=quay, online=True)
        self.confirm(alert, hall)
        page = page_text(as_bob.get(f"/alerts/{alert.pk}/"))
        assert "shown by 1 of 2 screens" in page
        assert "284\N{NARROW NO-BREAK SPACE}ms after the button was pressed" in page
        assert "waiting" in page

    def test_counts_a_screen_that_has_left_its_group_everywhere_alike(self, as_bob, hall, quay, district):
        alert = broadcast(as_bob, everywhere="", groups=str(district.pk))
        self.confirm(alert, quay)
        hall.groups.add(district)
        quay.groups.clear()
        page = page_text(as_bob.get(f"/alerts/{alert.pk}/"))
        assert "shown by 1 of 2 screens" in page
        assert "no longer one of its screens" in page
        assert "confirmed by 1 of 2 screens" in page
        assert "1 screen confirmed" in page_text(as_bob.get("/alerts/"))

    def test_asks_nobody_to_look_at_a_screen_for_a_text_that_was_corrected(self, as_bob, hall, quay):
        ScreenState.objects.create(screen=hall, online=True)
        former = broadcast(as_bob)
        as_bob.post(f"/alerts/{former.pk}/correct/", values(title="Crue !"))
        Alert.objects.update(issued_at=timezone.now() - dt.timedelta(minutes=2))
        page = page_text(as_bob.get(f"/alerts/{former.pk}/receipts/"))
        assert "It has not confirmed the alert before its end." in page
        assert "without confirmation" in page
        assert not any(words in page for words in ("too long", "if it comes back"))

    def test_an_open_page_gets_nothing_until_something_changes(self, as_bob, hall):
        alert = broadcast(as_bob)
        mark = re.search(r"mark=(\w+)", page_text(as_bob.get(f"/alerts/{alert.pk}/")))
        assert mark
        poll = {"path": f"/alerts/{alert.pk}/receipts/", "data": {"mark": mark[1]}, "headers": {"HX-Request": "true"}}
        assert as_bob.get(**poll).status_code == 204
        self.confirm(alert, hall)
        answer = as_bob.get(**poll)
        assert answer.status_code == 200
        assert "<html" not in page_text(answer)

    def test_is_seen_by_everybody_on_every_page(self, as_bob, alice):
        alert = broadcast(as_bob, title="<i>Crue</i>")
        editor = Client(HTTP_ACCEPT_LANGUAGE="en")
        editor.force_login(alice)
        page = page_text(editor.get("/account/"))
        assert "Alert sent to the screens: &lt;i&gt;Crue&lt;/i&gt;" in " ".join(page.split())
        followed = page_text(editor.get(f"/alerts/{alert.pk}/"))
        assert "End the alert" not in followed
        assert "Withdraw" not in followed

    def test_says_who_did_what(self, as_bob):
        alert = broadcast(as_bob)
        as_bob.post(f"/alerts/{alert.pk}/end/")
        page = page_text(as_bob.get(f"/alerts/{alert.pk}/"))
        assert "<strong>bob</strong> broadcast the alert" in page
        assert "<strong>bob</strong> ended the alert" in page


class TestEnding:
    def test_says_so_on_the_screens(self, as_bob):
        alert = broadcast(as_bob)
        as_bob.post(f"/alerts/{alert.pk}/end/")
        alert.refresh_from_db()
        assert alert.ends_at <= timezone.now()
        assert "Ended; no screen had shown it" in page_text(as_bob.get(f"/alerts/{alert.pk}/"))

    def test_twice_is_said_and_does_no_harm(self, as_bob):
        alert = broadcast(as_bob)
        for _ in range(2):
            answer = as_bob.post(f"/alerts/{alert.pk}/end/", follow=True)
        assert "has already ended" in page_text(answer)

    def test_withdraws_a_mistake(self, as_bob):
        alert = broadcast(as_bob)
        as_bob.post(f"/alerts/{alert.pk}/withdraw/")
        alert.refresh_from_db()
        assert alert.withdrawn_at is not None

    @pytest.mark.parametrize(("minutes", "longer"), [("30", 30), ("x", 0), ("-5", 0), ("99999999", 0)])
    def test_extends(self, as_bob, minutes, longer):
        alert = broadcast(as_bob)
        before = alert.ends_at
        as_bob.post(f"/alerts/{alert.pk}/extend/", {"minutes": minutes})
        alert.refresh_from_db()
        assert (alert.ends_at - before).total_seconds() == 60 * longer


class TestHistory:
    def test_lists_every_alert(self, as_bob, django_assert_max_num_queries):
        for number in range(5):
            broadcast(as_bob, title=f"Alert {number}")
        with django_assert_max_num_queries(14):
            page = page_text(as_bob.get("/alerts/"))
        assert all(f"Alert {number}" in page for number in range(5))


class TestScenarios:
    VALUES = {**{k: v for k, v in VALUES.items() if k != "status"}, "name": "Flood"}

    def test_are_prepared_changed_and_deleted(self, as_bob, district):
        as_bob.post("/scenarios/new/", self.VALUES | {"everywhere": "", "groups": [district.pk]})
        scenario = Scenario.objects.get()
        assert list(scenario.groups.all()) == [district]
        as_bob.post(f"/scenarios/{scenario.pk}/", self.VALUES | {"title": "Crue majeure"})
        scenario.refresh_from_db()
        assert (scenario.title, scenario.everywhere, scenario.groups.count()) == ("Crue majeure", True, 0)
        assert "Flood" in page_text(as_bob.get("/scenarios/"))
        as_bob.get(f"/scenarios/{scenario.pk}/delete/")
        assert Scenario.objects.exists()
        as_bob.post(f"/scenarios/{scenario.pk}/delete/")
        assert not Scenario.objects.exists()

    def test_show_what_they_look_like_before_they_are_saved(self, as_bob):
        page = page_text(as_bob.post("/scenarios/new/", self.VALUES | {"preview": "1"}))
        assert "/alerts/preview.png" in page
        assert not Scenario.objects.exists()

    def test_need_screens(self, as_bob):
        answer = as_bob.post("/scenarios/new/", self.VALUES | {"everywhere": ""})
        assert answer.status_code == 422
        assert "Choose the screens" in page_text(answer)

    def test_have_a_name_of_their_own(self, as_bob, flood):
        answer = as_bob.post("/scenarios/new/", self.VALUES | {"name": flood.name})
        assert answer.status_code == 422
        assert "La Vive déborde." in page_text(answer)


@pytest.mark.parametrize("who", ["alice", "charlie"])
@pytest.mark.parametrize("path", ["/alerts/", "/alerts/choose/", "/alerts/new/", "/scenarios/", "/scenarios/new/"])
def test_only_officers_and_administrators_broadcast(client, request, who, path):
    client.force_login(request.getfixturevalue(who))
    assert client.get(path).status_code == 403


def test_an_editor_cannot_end_an_alert(as_bob, alice):
    alert = broadcast(as_bob)
    editor = Client()
    editor.force_login(alice)
    for action in ("end", "withdraw", "extend"):
        assert editor.post(f"/alerts/{alert.pk}/{action}/").status_code == 403


class TestCorrecting:
    def test_is_the_same_form_and_leaves_the_former_text_in_the_history(self, as_bob, english):
        former = broadcast(as_bob)
        form = as_bob.get(f"/alerts/{former.pk}/correct/")
        assert 'value="Crue"' in form.content.decode()
        assert "marked as corrected" in page_text(form)

        changed = values(title="Crue rue Pasteur", duration_min="")
        answers = [as_bob.post(f"/alerts/{former.pk}/correct/", changed) for _press in range(2)]

        new = Alert.objects.get(corrects=former)
        assert {answer.headers["Location"] for answer in answers} == {f"/alerts/{new.pk}/"}
        assert (new.title, new.ends_at) == ("Crue rue Pasteur", former.ends_at)
        page = as_bob.get(f"/alerts/{new.pk}/")
        assert page.context["former"] == [former]
        assert "corrected the alert" in page_text(page)
        put_back = as_bob.get(f"/alerts/{new.pk}/correct/?text={former.pk}").content.decode()
        assert 'value="Crue"' in put_back
        assert "This text was corrected" in page_text(as_bob.get(f"/alerts/{former.pk}/"))
        assert [state for _alert, state, _count in as_bob.get("/alerts/").context["rows"]] == ["on", "corrected"]

    def test_keeps_what_was_typed_where_the_alert_ended_meanwhile(self, as_bob, english):
        former = broadcast(as_bob)
        as_bob.post(f"/alerts/{former.pk}/end/")

        answer = as_bob.post(f"/alerts/{former.pk}/correct/", values(title="Trop tard"))

        assert answer.status_code == 422
        assert "has already ended" in page_text(answer)
        assert "Trop tard" in answer.content.decode()

    @pytest.mark.parametrize(("act", "said"), [("end", "has already ended"), ("withdraw", "has been withdrawn")])
    def test_of_what_is_over_is_not_begun(self, as_bob, english, act, said):
        former = broadcast(as_bob)
        as_bob.post(f"/alerts/{former.pk}/{act}/")
        answer = as_bob.get(f"/alerts/{former.pk}/correct/", follow=True)
        assert answer.redirect_chain == [(f"/alerts/{former.pk}/", 302)]
        assert said in page_text(answer)

    def test_of_an_ended_one_is_a_broadcast_again_with_the_form_filled_in(self, as_bob, english):
        former = broadcast(as_bob, status="exercise", is_open_ended="on")
        assert former.review_at is not None
        as_bob.post(f"/alerts/{former.pk}/end/")
        assert "Broadcast again" in page_text(as_bob.get("/alerts/"))

        form = as_bob.get(f"/alerts/new/?again={former.pk}").context["form"]

        assert (form.initial["title"], form.initial["status"], form.initial["duration_min"]) == ("Crue", "exercise", 60)
        assert as_bob.get("/alerts/new/?again=nonsense").status_code == 404


class TestHiddenAlerts:
    """What the officer is told of alerts that others hide: before, on every page, and of each screen."""

    def test_are_named_before_anything_is_broadcast(self, as_bob):
        broadcast(as_bob, title="Crue")
        page = page_text(as_bob.post("/alerts/preview/", values(level="alert", title="Vent")))
        assert "It will not be seen: hidden by “Crue”" in page
        assert "It will hide “Crue”" not in page

    def test_are_named_before_they_are_hidden(self, as_bob):
        broadcast(as_bob, title="Vent", level="alert")
        page = page_text(as_bob.post("/alerts/preview/", values(title="Crue")))
        assert "It will hide “Vent” for as long as it lasts." in page

    def test_are_not_said_to_be_on_the_screens(self, as_bob, hall):
        ScreenState.objects.create(screen=hall, online=True)
        broadcast(as_bob, title="Crue")
        wind = broadcast(as_bob, title="Vent", level="alert")
        page = " ".join(page_text(as_bob.get("/account/")).split())
        assert "Alert in progress, not visible: Vent" in page
        assert "hidden by “Crue”" in page
        assert "hidden by “Crue”" in page_text(as_bob.get(f"/alerts/{wind.pk}/receipts/"))

    def test_are_not_said_to_be_on_displays_that_are_off(self, as_bob, hall, quay):
        wind = broadcast(as_bob, title="Vent", level="vigilance")
        self.receipt(wind, hall, "banner")
        Screen.objects.filter(pk=hall.pk).update(switched_off_until=timezone.now() + dt.timedelta(hours=2))
        assert "Alert on the screens: Vent" in " ".join(page_text(as_bob.get("/account/")).split())
        Screen.objects.update(switched_off_until=timezone.now() + dt.timedelta(hours=3))
        page = " ".join(page_text(as_bob.get("/account/")).split())
        assert "Alert in progress, not visible: Vent" in page
        assert "the display is off" in page
        broadcast(as_bob, title="Crue")
        assert "hidden by “Crue”" in page_text(as_bob.get("/account/"))

    def receipt(self, alert, screen, form="takeover") -> None:
        ReceiptRecord.objects.create(
            screen=screen, stream="all/alerts", sequence=1, alert=str(alert.pk), form=form, latency_ms=84,
            received_at=alert.issued_at, presented_at=alert.issued_at, frame="0" * 64, clock="trusted",
        )  # fmt: skip

    def test_that_wait_for_their_turn_are_no_reason_to_look_at_a_screen(self, as_bob, hall, monkeypatch):
        ScreenState.objects.create(screen=hall, online=True)
        monkeypatch.setattr(
            screen_overview, "screens_with_newest_alerts", lambda screens: {each.pk for each in screens}
        )
        broadcast(as_bob, title="Gaz", level="alert")
        wind, news = broadcast(as_bob, title="Vent", level="vigilance"), broadcast(as_bob, level="information")
        Alert.objects.update(issued_at=timezone.now() - dt.timedelta(minutes=1))
        page = page_text(as_bob.get(f"/alerts/{wind.pk}/receipts/"))
        assert "waiting for its turn with “Gaz”" in page
        assert "too long" not in page
        Alert.objects.filter(title="Gaz").update(settled=True)
        assert "waiting for its turn in the loop" in page_text(as_bob.get(f"/alerts/{news.pk}/receipts/"))
        Alert.objects.update(issued_at=timezone.now() - dt.timedelta(minutes=10))
        assert "too long" in page_text(as_bob.get(f"/alerts/{news.pk}/receipts/"))

    def test_that_are_over_are_not_said_to_show_an_end_that_nobody_sees(self, as_bob, hall, quay):
        heading = "“end of alert” is on the screens that showed it"
        gas = broadcast(as_bob, title="Gaz", level="alert")
        for screen in (hall, quay):
            self.receipt(gas, screen)
        flood = broadcast(as_bob, title="Crue", everywhere="", screens=str(hall.pk))
        as_bob.post(f"/alerts/{gas.pk}/end/")
        page = page_text(as_bob.get(f"/alerts/{gas.pk}/receipts/"))
        assert "is on 1 of the 2 screens that showed it" in page
        assert "“end of alert” hidden by “Crue”" in page
        assert "seen, hidden now" not in page
        broadcast(as_bob, title="Feu")
        assert "cannot be seen at the moment" in page_text(as_bob.get(f"/alerts/{gas.pk}/receipts/"))
        Alert.objects.exclude(pk=gas.pk).update(settled=True)
        assert heading in page_text(as_bob.get(f"/alerts/{gas.pk}/receipts/"))
        news = broadcast(as_bob, level="information")
        assert "without “end of alert”" in page_text(as_bob.get(f"/alerts/{news.pk}/"))
        self.receipt(news, hall, "slide")
        as_bob.post(f"/alerts/{news.pk}/end/")
        assert heading not in page_text(as_bob.get(f"/alerts/{news.pk}/receipts/"))
        as_bob.post(f"/alerts/{flood.pk}/end/")
        assert heading not in page_text(as_bob.get(f"/alerts/{flood.pk}/receipts/"))

    def test_that_have_to_wait_are_not_helped_by_a_higher_level(self, as_bob, hall):
        ScreenState.objects.create(screen=hall, online=True)
        crue = broadcast(as_bob, title="Crue", all_clear_s="600")
        drill = broadcast(as_bob, title="Vent", level="alert", status="exercise", is_open_ended="on")
        page = page_text(as_bob.get(f"/alerts/{drill.pk}/receipts/"))
        assert "Real alerts go first" in page
        assert "end what hides it" not in page
        assert "lasts until somebody ends it" in page_text(as_bob.get("/account/"))
        self.receipt(crue, hall)
        as_bob.post(f"/alerts/{drill.pk}/withdraw/")
        as_bob.post(f"/alerts/{crue.pk}/end/")
        news = broadcast(as_bob, title="Eau", level="information")
        page = page_text(as_bob.get(f"/alerts/{news.pk}/receipts/"))
        assert "hidden by “Crue”" in page
        assert "To show it now, broadcast it at a higher level." in page

    def test_without_an_end_are_said_to_last_and_then_to_be_overdue(self, as_bob, bob):
        on_call.save_members([bob], user=bob)
        assert "On call: bob." in page_text(as_bob.get("/alerts/new/?level=alert"))
        alert = broadcast(as_bob, title="Crue", is_open_ended="on")
        assert "until somebody ends it" in page_text(as_bob.get("/account/"))

        Alert.objects.update(review_at=timezone.now() - dt.timedelta(minutes=1))

        assert "overdue since" in page_text(as_bob.get("/account/"))
        assert "Overdue since" in page_text(as_bob.get(f"/alerts/{alert.pk}/"))
        as_bob.post(f"/alerts/{alert.pk}/extend/", {"minutes": "30"})
        assert "verdue" not in page_text(as_bob.get(f"/alerts/{alert.pk}/"))

    def test_for_no_screen_are_refused_with_what_was_typed(self, as_bob, quay, district):
        chosen = values(everywhere="", groups=str(district.pk), title="Vent au port")
        assert as_bob.post("/alerts/preview/", chosen).status_code == 200
        quay.groups.clear()
        answer = as_bob.post("/alerts/new/", chosen)
        assert answer.status_code == 422
        assert "No screen would show it" in page_text(answer)
        assert "Vent au port" in page_text(answer)


def test_of_many_alerts_a_page_has_the_gravest_in_bars_and_lists_the_others(as_bob, bob, town):
    """With a bar for each, a day with forty alerts left no room for anything else on any page."""
    broadcast(as_bob, title="Digue rompue")
    for number in range(4):
        broadcast(as_bob, title=f"Eau {number}", level="vigilance")
    broadcast(as_bob, title="Essai", status="exercise")
    Alert.objects.filter(title="Eau 0").update(is_open_ended=True, review_at=timezone.now() - dt.timedelta(minutes=2))

    page = as_bob.get("/").content.decode()

    bars, others = page.split('<details class="alert-bar', 1)
    assert re.findall(r"(?:screens|visible):\s+(\w+ \w+)", bars) == ["Digue rompue", "Eau 3", "Eau 2"]
    listed = others.split("</details>", 1)[0]
    assert "and 3 more alerts in progress" in page_text(as_bob.get("/"))
    assert "1 of them overdue" in page_text(as_bob.get("/"))
    assert re.findall(r'<a href="/alerts/[0-9a-f-]+/">([^<]+)</a>', listed) == ["Eau 1", "Eau 0", "Essai"]
    for alert in Alert.objects.exclude(title__in=("Digue rompue", "Eau 3", "Eau 2")):
        alert.settled = True
        alert.save()
    assert "more alert" not in page_text(as_bob.get("/"))


def test_the_preview_names_some_of_many_alerts_that_it_would_hide(as_bob, bob):
    for number in range(9):
        broadcast(as_bob, title=f"Eau {number}", level="vigilance")
    page = page_text(as_bob.post("/alerts/preview/", values()))
    assert "“Eau 3” and 3 more for as long as it lasts" in page


def test_the_preview_says_before_the_press_that_a_set_has_no_room(as_bob, bob, monkeypatch):
    monkeypatch.setattr(set_capacity, "MAX_ALERTS", 5)
    running = [broadcast(as_bob, title=f"Eau {number}", level="vigilance") for number in range(3)]
    one_more = values(title="Eau", level="vigilance")
    said = "This cannot be broadcast now. 3 alerts are on these screens"
    assert said in page_text(as_bob.post("/alerts/preview/", one_more))
    assert as_bob.post("/alerts/new/", one_more).status_code == 422
    # There is room for what is graver, and for new words in the place of others.
    assert "cannot be broadcast" not in page_text(as_bob.post("/alerts/preview/", values(level="alert")))
    instead = as_bob.post(f"/alerts/preview/?corrects={running[0].pk}", one_more)
    assert "cannot be broadcast" not in page_text(instead)
    assert as_bob.post(f"/alerts/{running[0].pk}/correct/", one_more).status_code == 302
