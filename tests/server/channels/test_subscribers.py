"""Residents who subscribe: nothing without their confirmation, nothing but alerts, nothing left when they leave."""

from __future__ import annotations

import datetime as dt
import re
import threading

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import services as alerts
from beffroi_server.channels import following, sending, subscribers
from beffroi_server.channels.models import ChannelMail, ChannelMessage, Subscriber, SubscriptionSettings
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library.models import PublicSettings
from beffroi_server.outlets import subscriptions
from beffroi_server.public import subscription_views

pytestmark = pytest.mark.django_db
ADDRESS = "jeanne@example.org"


@pytest.fixture(autouse=True)
def open_town(keyring, town, settings, monkeypatch, district):
    settings.EMAIL_HOST = "mail.example.org"
    settings.PUBLIC_URL = "https://beffroi.example.org"
    monkeypatch.setattr(following, "SETTLING", dt.timedelta(0))
    sending._attempts.clear()
    for throttle in (subscription_views.asking_throttle, subscription_views.everybody_throttle):
        throttle.clear_all()
    subscriptions.save_public_settings(PublicSettings(town=town, is_on=True), user=None)
    subscribers.save_settings(SubscriptionSettings(is_on=True), [district], user=None)
    following.follow_alerts()


@pytest.fixture
def resident() -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en", enforce_csrf_checks=True)


def ask(resident: Client, address: str = ADDRESS, **more):
    return resident.post(reverse("subscribe"), {"address": address, "from_level": "alert"} | more)


def mailed_link() -> str:
    subscribers.send_due_links(threading.Event())
    return re.search(r"https://beffroi\.example\.org(/\S+confirm/\S+/)", mail.outbox[-1].body)[1]


def subscribed(resident: Client, **more) -> Subscriber:
    ask(resident, **more)
    resident.post(mailed_link())
    mail.outbox.clear()
    return Subscriber.objects.get(address=more.get("address", ADDRESS))


def tell(bob, **changes):
    values = {
        "level": "emergency", "title": "Crue", "instruction": "Montez.", "source": "Mairie", "targets": EVERYWHERE,
        "duration_min": 60, "user": bob,
    }  # fmt: skip
    alert = alerts.broadcast_alert(**values | changes)
    following.follow_alerts()
    sending.send_due_messages(threading.Event(), 5)
    return alert


def test_nobody_is_subscribed_before_pressing_the_button_behind_the_link(resident, bob):
    assert ask(resident).status_code == 200
    link = mailed_link()
    assert resident.get(link).status_code == 200
    tell(bob)
    assert len(mail.outbox) == 1
    assert resident.post(link).status_code == 200
    assert resident.post(link).status_code == 410
    tell(bob, title="Fuite de gaz")
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([ADDRESS], "Fuite de gaz")


def test_the_link_is_good_for_48_hours_and_then_nothing_is_left(resident, time_machine):
    ask(resident)
    link = mailed_link()
    time_machine.move_to(timezone.now() + dt.timedelta(hours=49))
    assert resident.post(link).status_code == 410
    subscribers.delete_unconfirmed(timezone.now())
    assert not Subscriber.objects.exists()


def test_one_press_in_the_mail_program_unsubscribes_and_deletes_all_of_it(resident, bob):
    subscribed(resident)
    tell(bob)
    headers = mail.outbox[-1].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>").removeprefix("https://beffroi.example.org")
    resident.get(address)
    assert Subscriber.objects.exists()
    assert resident.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscriber.objects.exists()
    assert not ChannelMail.objects.exists()


def test_level_place_purpose_and_exercises_decide_who_is_told(resident, bob, district, quay, hall):
    other = ScreenGroup.objects.create(slug="other", name="Other")
    hall.groups.add(other)
    subscribed(resident)
    here = subscribed(resident, address="here@example.org", groups=[district.pk])
    assert list(here.groups.all()) == [district]
    tell(bob, level="vigilance")
    tell(bob, status="exercise")
    assert mail.outbox == []
    tell(bob, targets=Targets(groups=(other,)))
    assert [each.to for each in mail.outbox] == [[ADDRESS]]
    tell(bob, targets=Targets(groups=(district,)))
    assert {each.to[0] for each in mail.outbox[1:]} == {ADDRESS, "here@example.org"}
    Subscriber.objects.update(purpose_version=99)
    mail.outbox.clear()
    tell(bob)
    assert mail.outbox == []


def test_who_was_told_of_an_alert_is_told_of_a_correction_that_is_milder_and_for_elsewhere(
    resident, bob, district, quay, hall
):
    other = ScreenGroup.objects.create(slug="other", name="Other")
    hall.groups.add(other)
    subscribed(resident, address="here@example.org", groups=[district.pk])
    alert = tell(bob, targets=Targets(groups=(district,)))
    corrected = tell(bob, targets=Targets(groups=(other,)), level="vigilance", corrects=alert)
    alerts.end_alert(corrected, user=bob)
    following.follow_alerts()
    sending.send_due_messages(threading.Event(), 5)
    assert [each.to for each in mail.outbox] == 3 * [["here@example.org"]]


def test_an_address_is_mailed_seldom_and_never_says_that_it_is_subscribed(resident):
    first = ask(resident).content
    mailed_link()
    assert ask(resident).content == first
    assert subscribers.send_due_links(threading.Event()) == 0
    for number in range(5):
        answer = ask(resident, f"a{number}@example.org")
    assert answer.status_code == 429
    assert ask(resident, "nobody").status_code == 422


def test_residents_and_the_town_read_what_is_stored_and_no_trail_or_log_has_the_address(
    resident, dora, bob, caplog, monkeypatch
):
    found = subscribed(resident)
    data = resident.get(reverse("subscription-data", args=[found.pk])).json()
    assert (data["address"], data["purpose_version"]) == (ADDRESS, 1)
    own = resident.get(reverse("subscription", args=[found.pk])).content.decode()
    assert ADDRESS in own
    assert "From this level on: Alert: danger" in own
    monkeypatch.setattr(mail.backends.locmem.EmailBackend, "send_messages", refuse)
    tell(bob)
    office = Client(HTTP_ACCEPT_LANGUAGE="en")
    office.force_login(dora)
    table = b"".join(office.post(reverse("subscribers-csv")).streaming_content).decode()
    assert ADDRESS in table
    assert ADDRESS not in office.get(reverse("channels")).content.decode()
    office.post(reverse("subscriber-delete"), {"address": ADDRESS.upper()})
    assert not Subscriber.objects.exists()
    assert ADDRESS not in caplog.text
    assert "jeanne" not in str([(row.subject, row.detail) for row in AuditEvent.objects.all()]).lower()
    assert "jeanne" not in str(list(ChannelMessage.objects.values()))


def refuse(_backend, messages):
    raise ConnectionRefusedError(messages[0].to[0])


def test_without_public_page_mail_server_or_will_of_the_town_there_is_no_form(resident, settings):
    settings.EMAIL_HOST = ""
    assert resident.get(reverse("subscribe")).status_code == 404
    settings.EMAIL_HOST = "mail.example.org"
    assert resident.get(reverse("subscribe")).status_code == 200
    PublicSettings.objects.update(is_on=False)
    assert resident.get(reverse("subscribe")).status_code == 404
