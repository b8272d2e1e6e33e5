"""Residents' browsers that show alerts: what they asked for, nothing else, and nothing left when they leave."""

from __future__ import annotations

import datetime as dt
import json
import threading

import pytest
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from beffroi_server.alerts import services as alerts
from beffroi_server.channels import browser_subscribers, following, sending, subscribers
from beffroi_server.channels.models import (
    BrowserSubscriber,
    Channel,
    ChannelKind,
    ChannelMail,
    ChannelMessage,
    SubscriptionSettings,
)
from beffroi_server.core import mail
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library.models import PublicSettings
from beffroi_server.notifications import push_messages
from beffroi_server.outlets import subscriptions
from beffroi_server.public import subscription_views

pytestmark = pytest.mark.django_db
SERVICE = "https://push.example.org"


class PushServices:
    """Stands for the push services: takes messages, and answers for each browser as it is told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict, int]] = []
        self.answers: dict[str, Exception] = {}

    def send(self, browser, payload, *, time_to_live_s):
        if browser.endpoint in self.answers:
            raise self.answers[browser.endpoint]
        self.sent.append((browser.endpoint.rsplit("/", 1)[1], json.loads(payload), time_to_live_s))


@pytest.fixture(autouse=True)
def services(keyring, town, settings, monkeypatch, district):
    settings.PUBLIC_URL = "https://beffroi.example.org"
    monkeypatch.setattr(following, "SETTLING", dt.timedelta(0))
    monkeypatch.setattr("beffroi_server.core.webhooks.address_problem", lambda address: "")
    sending._attempts.clear()
    for throttle in (subscription_views.asking_throttle, subscription_views.everybody_throttle):
        throttle.clear_all()
    subscriptions.save_public_settings(PublicSettings(town=town, is_on=True), user=None)
    subscribers.save_settings(SubscriptionSettings(browsers_are_on=True), [district], user=None)
    following.follow_alerts()
    found = PushServices()
    monkeypatch.setattr(push_messages, "send_push", found.send)
    monkeypatch.setattr(push_messages, "is_gone", lambda failed: str(failed) == "gone")
    return found


@pytest.fixture
def resident() -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en", enforce_csrf_checks=True)


def test_residents_choose_a_level_by_what_it_means_to_them(resident):
    page = resident.get(reverse("browser")).content.decode()
    assert "Emergency: immediate danger" in page
    assert "fills the screen" not in page


def post(resident, name, browser="jeanne", auth="s", **values):
    body = {"subscription": {"endpoint": f"{SERVICE}/{browser}", "keys": {"p256dh": "k", "auth": auth}}, **values}
    return resident.post(reverse(name), json.dumps(body), content_type="application/json")


def subscribed(resident, browser="jeanne", level="alert", groups=()):
    answer = post(resident, "browser-subscribe", browser, from_level=level, groups=[each.pk for each in groups])
    assert answer.status_code == 201, answer.content
    return answer.json()


def tell(bob, **changes):
    values = {
        "level": "emergency", "title": "Crue", "instruction": "Montez.", "source": "Mairie", "targets": EVERYWHERE,
        "duration_min": 60, "user": bob,
    }  # fmt: skip
    alert = alerts.broadcast_alert(**values | changes)
    send_round()
    return alert


def send_round():
    following.follow_alerts()
    sending.send_due_messages(threading.Event(), 5)


def test_a_browser_shows_what_it_asked_for_and_opens_the_alert(resident, bob, quay, hall, district, services):
    quay.groups.add(district)
    subscribed(resident, "everything", "information")
    subscribed(resident, "grave", "emergency")
    subscribed(resident, "quay", "alert", [district])
    alert = tell(bob, level="alert", targets=Targets(everywhere=False, screens=(hall,)))
    ((browser, message, lasts),) = services.sent
    assert browser == "everything"
    assert (message["title"], message["tag"]) == ("Crue", f"alert-{alert.pk}")
    assert message["url"] == f"https://beffroi.example.org/public/alerts/{alert.pk}/"
    assert "Montez." in message["body"]
    assert 3_500 < lasts <= 3_600
    services.sent.clear()
    tell(bob, level="alert", targets=Targets(everywhere=False, screens=(quay,)))
    assert sorted(each[0] for each in services.sent) == ["everything", "quay"]


def test_exercises_are_shown_by_nobody_and_the_end_replaces_the_alert(resident, bob, services):
    subscribed(resident)
    tell(bob, status="exercise")
    assert services.sent == []
    alert = tell(bob)
    alerts.end_alert(alert, user=bob)
    send_round()
    assert len({message["tag"] for _, message, _ in services.sent}) == 1
    assert services.sent[-1][1]["title"] not in {"Crue", ""}
    assert services.sent[-1][1]["url"].endswith("/public/alerts/")


def test_the_outcome_counts_browsers_and_those_that_are_gone_are_deleted(resident, bob, services):
    for name in ("taken", "gone", "refused"):
        subscribed(resident, name)
    services.answers = {
        f"{SERVICE}/gone": push_messages.PushFailed("gone"),
        f"{SERVICE}/refused": push_messages.PushFailed("error 400", is_final=True),
    }
    tell(bob)
    message = ChannelMessage.objects.get()
    assert (message.reached, message.addressed, message.problem) == (1, 3, "error 400")
    assert message.done_at is not None
    assert not ChannelMail.objects.exists()
    assert sorted(each.endpoint for each in BrowserSubscriber.objects.all()) == [
        f"{SERVICE}/refused",
        f"{SERVICE}/taken",
    ]


def test_only_the_browser_itself_reads_and_deletes_what_is_stored_of_it(resident):
    stored = subscribed(resident, level="vigilance")
    assert (stored["from_level"], stored["level"]) == ("vigilance", "Caution: be careful")
    assert "nothing else" in stored["purpose"]
    assert post(resident, "browser-data", auth="guessed").status_code == 404
    assert post(resident, "browser-end", auth="guessed").status_code == 204
    assert post(resident, "browser-data").json() == stored
    assert subscribed(resident, level="alert")["from_level"] == "alert"
    assert BrowserSubscriber.objects.count() == 1
    post(resident, "browser-end")
    assert not BrowserSubscriber.objects.exists()


WISH = '{"subscription": {"endpoint": "http://x"}, "from_level": "alert"}'


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"subscription": 1, "from_level": "alert"}', WISH])
def test_what_no_browser_sends_is_refused(resident, body):
    answer = resident.post(reverse("browser-subscribe"), body, content_type="application/json")
    assert answer.status_code == 422
    assert not BrowserSubscriber.objects.exists()


def test_wishes_are_limited_and_old_ones_deleted(resident):
    answers = [post(resident, "browser-subscribe", f"b{number}", from_level="alert") for number in range(7)]
    assert [each.status_code for each in answers].count(429) == 2
    assert browser_subscribers.delete_old(timezone.now()) == 0
    BrowserSubscriber.objects.update(asked_at=timezone.now() - dt.timedelta(days=3 * 365 + 1))
    browser_subscribers.delete_old(timezone.now())
    assert not BrowserSubscriber.objects.exists()


def test_the_page_is_there_only_while_the_town_wants_it(resident, settings):
    page = resident.get(reverse("browser"))
    assert page.status_code == 200
    assert "Alerts in this browser" in page.content.decode()
    worker = resident.get(reverse("alert-worker"))
    assert worker["Content-Type"].startswith("text/javascript")
    settings.PUBLIC_URL = "http://beffroi.example.org"
    assert resident.get(reverse("browser")).status_code == 404
    settings.PUBLIC_URL = "https://beffroi.example.org"
    subscribers.save_settings(SubscriptionSettings.objects.get(), [], user=None)
    chosen = SubscriptionSettings.objects.get()
    chosen.browsers_are_on = False
    subscribers.save_settings(chosen, [], user=None)
    assert resident.get(reverse("browser")).status_code == 404
    assert post(resident, "browser-subscribe", from_level="alert").status_code == 404
    assert not Channel.objects.get(kind=ChannelKind.BROWSERS).is_on


def test_a_channel_of_the_same_name_keeps_nobody_from_subscribing(town):
    with translation.override(town.locale):
        Channel.objects.create(name=translation.gettext("Subscribers"))
    subscribers.save_settings(SubscriptionSettings(is_on=True), [], user=None)
    assert Channel.objects.get(kind=ChannelKind.SUBSCRIBERS).name.endswith(" 2")


def test_mails_of_a_batch_share_a_connection_which_is_opened_anew_after_a_failure(settings, monkeypatch):
    settings.EMAIL_HOST = "mail.example.org"
    opened = []

    class Server(outbox.get_connection().__class__):
        is_open = False

        def open(self):
            opened.append(not self.is_open)
            was, self.is_open = self.is_open, True
            return not was

        def close(self):
            self.is_open = False

        def send_messages(self, messages):
            if messages[0].to == ["lost@example.org"]:
                raise TimeoutError
            return super().send_messages(messages)

    monkeypatch.setattr(mail, "get_connection", Server)
    with mail.one_connection() as connection:
        for address in ("a@example.org", "b@example.org"):
            mail.send_mail(address, "Crue", "Montez.", connection=connection)
        with pytest.raises(mail.MailFailed):
            mail.send_mail("lost@example.org", "Crue", "Montez.", connection=connection)
        mail.send_mail("c@example.org", "Crue", "Montez.", connection=connection)
    assert opened == [True, False, False, True]
    assert not connection.is_open
    assert [each.to[0][0] for each in outbox.outbox] == ["a", "b", "c"]
