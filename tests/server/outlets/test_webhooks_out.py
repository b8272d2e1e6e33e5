"""Webhooks to other systems: what they are told, in which order, and what happens while they do not answer."""

from __future__ import annotations

import ipaddress
import json
import threading

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.support.http_receiver import http_receiver

from beffroi_server.alerts import services as alerts
from beffroi_server.core import webhooks
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.outlets import followed_events, sending, subscriptions
from beffroi_server.outlets.models import WebhookEvent, WebhookMessage, WebhookSubscription
from beffroi_server.schedule import placements

pytestmark = pytest.mark.django_db


def subscribe(address: str = "https://example.org/hook", *events: str) -> WebhookSubscription:
    chosen = list(events) or list(WebhookEvent.values)
    row = WebhookSubscription(name=f"Site {WebhookSubscription.objects.count()}", address=address, events=chosen)
    return subscriptions.save_subscription(row, user=None)


def queued() -> list[str]:
    return [each.body["type"] for each in WebhookMessage.objects.filter(done_at=None)]


def test_what_happens_is_told_once_and_nothing_of_before(announcement, hall, keyring, bob):
    placements.place_announcement(announcement, everywhere=True, user=bob)
    subscribe()
    assert followed_events.follow_events() == 0
    placements.take_off_screens([announcement], user=bob)
    placements.put_back_on_screens([announcement], user=bob)
    alert = alerts.broadcast_alert(
        level="emergency", title="Crue", source="Mairie", targets=EVERYWHERE, duration_min=5, user=bob
    )
    alerts.end_alert(alert, user=bob)
    followed_events.follow_events()
    followed_events.follow_events()
    assert queued() == ["announcement.taken_off", "announcement.published", "alert.broadcast", "alert.ended"]
    told = json.dumps([each.body for each in WebhookMessage.objects.all()])
    assert str(alert.pk) in told
    assert "bob" not in told


def test_a_screen_that_falls_silent_and_is_back_is_told(hall):
    subscribe("https://example.org/hook", WebhookEvent.SILENT, WebhookEvent.BACK)
    followed_events.follow_events()
    now = timezone.now()
    row = Incident.objects.create(
        occasion=Occasion.SCREEN_SILENT, subject="screen-1", screen=hall, name="Town hall", began_at=now,
        noticed_at=now, due_at=now, announced_at=now,
    )  # fmt: skip
    followed_events.follow_events()
    followed_events.follow_events()
    assert queued() == ["screen.silent"]
    row.ended_at = timezone.now()
    row.save()
    followed_events.follow_events()
    assert queued() == ["screen.silent", "screen.back"]
    assert WebhookMessage.objects.first().body["data"]["screen"] == "hall"


def test_a_message_is_signed_and_delivered(settings, announcement, hall):
    settings.WEBHOOK_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
    with http_receiver() as receiver:
        row = subscribe(f"{receiver.address}/hook")
        followed_events.follow_events()
        placements.place_announcement(announcement, everywhere=True, user=None)
        followed_events.follow_events()
        assert sending.send_due_messages(threading.Event()) == 1
        ((_path, headers, body),) = receiver.posts
    stamp = int(headers["webhook-timestamp"])
    wanted = webhooks.signature(row.secret, headers["webhook-id"], stamp, body)
    assert headers["webhook-signature"] == wanted
    assert json.loads(body)["data"]["title"] == announcement.title
    row.refresh_from_db()
    assert (row.problem, row.delivered_at is not None) == ("", True)


def test_one_that_is_not_accepted_is_tried_again_and_the_reason_is_kept(announcement, hall):
    row = subscribe("http://127.0.0.1:9/hook")
    followed_events.follow_events()
    placements.place_announcement(announcement, everywhere=True, user=None)
    followed_events.follow_events()
    assert sending.send_due_messages(threading.Event()) == 0
    message = WebhookMessage.objects.get()
    assert (message.attempts, message.done_at, message.due_at > timezone.now()) == (1, None, True)
    row.refresh_from_db()
    assert row.problem


def test_one_that_does_not_answer_keeps_no_other_waiting(monkeypatch, announcement, hall):
    subscribe("https://slow.example/hook")
    subscribe("https://example.org/hook")
    followed_events.follow_events()
    placements.place_announcement(announcement, everywhere=True, user=None)
    followed_events.follow_events()
    other_has_it = threading.Event()

    def deliver(address: str, **_message: object) -> None:
        if "slow" in address:
            # As long as nobody else is sent to, it waits.
            assert other_has_it.wait(5), "the other receiver was not sent to meanwhile"
            raise webhooks.WebhookFailed("No answer in time.")
        other_has_it.set()

    monkeypatch.setattr(webhooks, "deliver", deliver)
    assert sending.send_due_messages(threading.Event()) == 1
    assert {row.address: row.problem for row in WebhookSubscription.objects.all()} == {
        "https://slow.example/hook": "No answer in time.", "https://example.org/hook": "",
    }  # fmt: skip


def test_so_many_wait_for_one_receiver_and_no_more(monkeypatch, announcement, hall):
    monkeypatch.setattr(followed_events, "MOST_WAITING", 3)
    row = subscribe()
    followed_events.follow_events()
    for _ in range(3):
        placements.take_off_screens([announcement], user=None)
        placements.put_back_on_screens([announcement], user=None)
    followed_events.follow_events()
    row.refresh_from_db()
    assert (len(queued()), row.lost_count) == (3, 3)


@pytest.mark.parametrize("events", [[], ["nonsense"]])
def test_a_subscription_names_known_events(events):
    with pytest.raises(ValidationError):
        subscriptions.save_subscription(
            WebhookSubscription(name="x", address="https://example.org/", events=events), user=None
        )


def test_an_administrator_adds_tries_and_deletes_one(town, dora):
    browser = Client(HTTP_ACCEPT_LANGUAGE="en")
    browser.force_login(dora)
    values = {"name": "Site", "address": "https://example.org/hook", "events": ["alert.broadcast"]}
    made = browser.post(reverse("webhook-add"), values)
    row = WebhookSubscription.objects.get()
    assert row.secret in made.content.decode()
    assert row.secret not in browser.get(reverse("outlets")).content.decode()
    browser.post(reverse("webhook-trial", args=[row.pk]))
    assert queued() == ["trial"]
    browser.post(reverse("webhook-delete", args=[row.pk]))
    assert not WebhookSubscription.objects.exists()
    assert browser.post(reverse("webhook-add"), {"name": "x", "address": "nonsense"}).status_code == 422
