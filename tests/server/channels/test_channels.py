"""Channels: what people hear of alerts beside the screens, and that no channel delays screens or other channels."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import uuid

import pytest
import time_machine
from apprise.decorators import notify
from django.core import mail as outbox_module
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import services as alerts
from beffroi_server.alerts.models import Alert
from beffroi_server.channels import alert_texts, channel_services, following, sending, service_addresses
from beffroi_server.channels.models import Channel, ChannelAct, ChannelKind, ChannelMessage
from beffroi_server.channels.service_sending import open_service
from beffroi_server.fleet.targets import EVERYWHERE

pytestmark = pytest.mark.django_db
told: dict[str, list[str]] = {}
"""What the invented services were told, by their name."""
answers: dict[str, object] = {}
"""What they answer; True where nothing is said. An event is waited for first."""


def invent_service(name: str) -> None:
    @notify(on=name)
    def take(body, title, notify_type, *args, **kwargs):
        answer = answers.get(name, True)
        if isinstance(answer, threading.Event):
            answer.wait(10)
            return True
        if answer:
            told.setdefault(name, []).append(body)
        else:
            logging.getLogger("apprise").warning("Failed to notify +33612345678: Unauthorized, error=401.")
        return answer


@pytest.fixture(scope="module", autouse=True)
def invented_services() -> None:
    for name in ("smsgate", "townsquare"):
        invent_service(name)


@pytest.fixture(autouse=True)
def services(monkeypatch, settings):
    told.clear()
    answers.clear()
    sending._attempts.clear()
    monkeypatch.setattr(service_addresses, "ALLOWED", service_addresses.ALLOWED | {"smsgate", "townsquare"})
    monkeypatch.setattr(following, "SETTLING", timezone.timedelta(0))
    settings.EMAIL_HOST = "mail.example.org"


@pytest.fixture
def ready(keyring, town):
    """Nobody is told of what was before."""
    following.follow_alerts()


def channel(name="smsgate", **changes) -> Channel:
    values = {"name": name, "secret": f"{name}://login/hunter2", "from_level": "alert"} | changes
    return channel_services.save_channel(Channel(**values), user=None)


def broadcast(bob, **changes) -> Alert:
    values = {
        "level": "emergency", "title": "Crue de l’Orne", "description": "Le quai est inondé.",
        "instruction": "Montez à l’étage. N’allez pas à la cave.", "source": "Mairie", "targets": EVERYWHERE,
        "duration_min": 60, "user": bob,
    }  # fmt: skip
    return alerts.broadcast_alert(**values | changes)


def send_round() -> None:
    following.follow_alerts()
    ChannelMessage.objects.filter(done_at=None).update(due_at=timezone.now())
    sending.send_due_messages(threading.Event(), 5)


def test_every_act_is_told_once_with_a_text_of_its_own(ready, bob):
    channel()
    alert = broadcast(bob)
    send_round()
    send_round()
    alerts.extend_alert(alert, 30, user=bob)
    corrected = broadcast(bob, title="Crue : pont fermé", corrects=alert)
    send_round()
    alerts.end_alert(corrected, user=bob)
    send_round()
    first, second, third = told["smsgate"]
    assert first.splitlines()[:3] == ["Crue de l’Orne", "Montez à l’étage.", "N’allez pas à la cave."]
    assert [line.partition(":")[2] for line in (second.splitlines()[0], third.splitlines()[0])] == [
        " Crue : pont fermé", " Crue : pont fermé",
    ]  # fmt: skip
    assert "Montez" not in third


def test_who_heard_of_an_alert_hears_what_becomes_of_it(ready, bob):
    channel(language="en")
    channel("townsquare", from_level="vigilance", secret="townsquare://x", language="en")
    alert = broadcast(bob)
    send_round()
    alerts.extend_alert(alert, 30, user=bob)
    send_round()
    exercise = broadcast(bob, corrects=alert, status="exercise")
    send_round()
    lowered = broadcast(bob, corrects=exercise, level="information", title="L’Orne baisse")
    send_round()
    alerts.end_alert(lowered, user=bob)
    send_round()
    heads = [text.splitlines()[0] for text in told["smsgate"]]
    assert heads == [
        "Crue de l’Orne", "Extended: Crue de l’Orne", "EXERCISE – Corrected: Crue de l’Orne",
        "Corrected: L’Orne baisse", "End of alert: L’Orne baisse",
    ]  # fmt: skip
    assert told["townsquare"] == told["smsgate"]


def test_what_lasts_until_further_notice_is_not_told_anew_when_its_question_is_put_off(ready, bob):
    channel()
    alert = broadcast(bob, is_open_ended=True)
    send_round()
    alerts.extend_alert(alert, 30, user=bob)
    send_round()
    assert len(told["smsgate"]) == 1


def test_a_channel_tells_what_it_is_meant_for(ready, bob):
    channel(with_exercises=True)
    channel("townsquare", from_level="emergency")
    broadcast(bob, status="exercise", title="Essai des sirènes")
    broadcast(bob, level="vigilance")
    send_round()
    (only,) = told["smsgate"]
    assert only.startswith("EXERCI")
    assert "townsquare" not in told


def test_a_channel_that_fails_is_tried_again_and_one_that_hangs_keeps_nobody_waiting(ready, bob, caplog):
    failing = channel()
    channel("townsquare", secret="townsquare://x")
    answers["smsgate"] = False
    hanging = answers["townsquare"] = threading.Event()
    alert = broadcast(bob)
    following.follow_alerts()
    sending.send_due_messages(threading.Event(), 0.3)
    message = ChannelMessage.objects.get(channel=failing)
    assert message.done_at is None
    assert message.due_at > timezone.now()
    assert "401" in message.problem
    answers["smsgate"] = True
    ChannelMessage.objects.update(due_at=timezone.now())
    sending.send_due_messages(threading.Event(), 0.3)
    hanging.set()
    sending.send_due_messages(threading.Event(), 5)
    assert {each.reached for each in ChannelMessage.objects.filter(alert=alert)} == {1}
    assert len(told["smsgate"]) == 1
    # Apprise names recipients in its log, which goes nowhere; pytest reads it all the same.
    assert not logging.getLogger("apprise").propagate
    ours = " ".join(record.getMessage() for record in caplog.records if record.name != "apprise")
    assert not any(secret in ours for secret in ("hunter2", "33612345678"))


def test_what_is_over_is_not_told_any_more_and_its_end_only_to_who_heard_of_it(ready, bob):
    channel()
    answers["smsgate"] = False
    alert = broadcast(bob)
    following.follow_alerts()
    alerts.withdraw_alert(alert, user=bob)
    answers["smsgate"] = True
    send_round()
    assert told == {}
    assert not ChannelMessage.objects.filter(done_at=None).exists()


def test_mail_goes_to_each_address_and_a_refused_one_is_counted(ready, bob, monkeypatch):
    channel("Élus", kind=ChannelKind.MAIL, secret="", recipients="a@example.org, b@example.org\nbad@example.org")
    sent = []

    def send_mail(address, subject, text, **_more):
        if address.startswith("bad"):
            raise sending.MailFailed("refused", is_final=True)
        sent.append((address, subject, text))

    monkeypatch.setattr(sending.mail, "send_mail", send_mail)
    broadcast(bob)
    send_round()
    message = ChannelMessage.objects.get()
    assert [address for address, _subject, _text in sent] == ["a@example.org", "b@example.org"]
    assert {(subject, text) for _address, subject, text in sent} == {("Crue de l’Orne", message.text)}
    assert (message.reached, message.addressed, message.done_at is None) == (2, 3, False)


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("length", "ending"),
    [
        (100, ["Until 30 November 2024 at 10:27.", "A.", "Issued by: Mairie."]),
        (160, ["Until 30 November 2024 at 10:27.", "A.", "Issued by: Mairie.", "https://mairie.example.org/public/"]),
    ],
)
def test_a_text_keeps_whole_sentences_and_the_most_important_first(bob, length, ending):
    alert = Alert(
        title="Fuite de gaz", instruction="Éloignez-vous. N’allumez rien. " * 3, description="Rue basse. " * 40,
        source="Mairie", ends_at=dt.datetime(2024, 11, 30, 9, 27, tzinfo=dt.UTC), status="actual",
    )  # fmt: skip
    link = "https://mairie.example.org/public/"
    text = alert_texts.compose_text(alert, ChannelAct.BROADCAST, language="en", length=length, place="A", link=link)
    lines = text.text.splitlines()
    assert len(text.text) <= length
    assert lines[:2] == ["Fuite de gaz", "Éloignez-vous."]
    assert lines[-len(ending) :] == ending
    assert all(line[-1] in "./" for line in lines[1:])


@pytest.mark.parametrize(
    ("days", "end"),
    [
        (0, "Jusqu’à 10 h 27."), (1, "Jusqu’à demain à 10 h 27."), (2, "Jusqu’au 30 novembre 2024 à 10 h 27."),
    ],
)  # fmt: skip
def test_the_end_in_a_french_text_suits_its_day(bob, days, end):
    ends_at = dt.datetime(2024, 11, 30, 9, 27, tzinfo=dt.UTC)
    alert = Alert(title="Fuite", source="Mairie", ends_at=ends_at, status="actual")
    with time_machine.travel(ends_at - dt.timedelta(days=days), tick=False):
        text = alert_texts.compose_text(alert, ChannelAct.BROADCAST, language="fr", length=160, place="A")
    assert end in text.text.replace("\N{NARROW NO-BREAK SPACE}", " ").splitlines()


@pytest.mark.parametrize(
    "address",
    [
        "syslog://", "json://10.0.0.1/x", "dbus://", "file:///etc/passwd", "mastodon://token@example.org", "octopush",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#c?template=/etc/passwd",
        "mastodons://token@example.org?verify=no", "mastodons://token@127.0.0.1", "mastodons://token@[::1]",
        "mmosts://localhost/token12345678901234567890",
    ],
)  # fmt: skip
def test_local_private_and_unchecked_services_are_refused(address, settings):
    settings.WEBHOOK_NETWORKS = []
    with pytest.raises(ValidationError):
        open_service(address)


def test_a_service_is_asked_with_certificates_deadlines_and_no_redirects():
    service = open_service("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#c")
    assert (service.verify_certificate, service.redirects) == (True, False)
    assert max(service.request_timeout) <= service_addresses.TIMEOUT_S


def test_an_administrator_adds_tries_switches_and_deletes_a_channel(dora, ready):
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(dora)
    values = {
        "name": "SMS", "kind": "service", "secret": "smsgate://login/hunter2", "from_level": "alert",
        "max_length": 320, "language": "fr",
    }  # fmt: skip
    refused = client.post(reverse("channels"), values | {"secret": "syslog://hunter2"})
    assert refused.status_code == 422
    assert client.post(reverse("channels"), values).status_code == 302
    added = Channel.objects.get()
    client.post(reverse("channel-try", args=[added.pk]))
    send_round()
    assert len(told["smsgate"]) == 1
    page = client.get(reverse("channels")).content.decode()
    assert "last message accepted" in page
    assert "hunter2" not in page
    client.post(reverse("channel-switch", args=[added.pk]), {"on": "0"})
    assert not Channel.objects.get().is_on
    client.post(reverse("channel-delete", args=[added.pk]))
    assert not Channel.objects.exists()
    trail = "".join(f"{row.action} {row.detail}" for row in AuditEvent.objects.all())
    assert {"channel-created", "channel-tried", "channel-deleted"} <= {row.action for row in AuditEvent.objects.all()}
    assert "hunter2" not in trail


def test_the_officer_sees_the_text_may_leave_a_channel_out_and_reads_the_outcome(bob, ready, quay):
    kept, left = channel(), channel("townsquare", secret="townsquare://x", language="en")
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(bob)
    form = client.get(reverse("alert-new")).content.decode()
    assert [form.count(f'id="told-{each.pk}" checked') for each in (kept, left)] == [1, 1]
    values = {
        "level": "emergency", "status": "actual", "title": "Crue", "instruction": "Montez.", "source": "Mairie",
        "everywhere": "on", "duration_min": 60, "all_clear_s": 300, "token": uuid.uuid4(),
        "channels": [kept.pk, left.pk], "told": [kept.pk],
    }  # fmt: skip
    preview = client.post(reverse("alert-preview"), values).content.decode()
    assert "Crue<br>Montez.<br>Until" in preview
    assert client.post(reverse("alert-new"), values).status_code == 302
    send_round()
    assert "townsquare" not in told
    page = client.get(reverse("alert", args=[Alert.objects.get().pk])).content.decode()
    assert "smsgate" in page
    assert "sent " in page
    assert "townsquare" not in page
    alerts.end_alert(Alert.objects.get(), user=bob)
    send_round()
    assert len(told["smsgate"]) == 2
    assert "townsquare" not in told


def test_no_mail_leaves_without_a_channel(ready, bob):
    broadcast(bob)
    send_round()
    assert (told, outbox_module.outbox) == ({}, [])
