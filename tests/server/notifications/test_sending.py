"""Sending by webhook and Web Push to a receiver on this machine: signed, encrypted, tried again, given up, told."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from http_ece import decrypt

from beffroi_server.core import webhooks
from beffroi_server.notifications import choices, messages, notices, push_messages, sending
from beffroi_server.notifications.models import Notice, PushSubscription, Way, choice_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def hooked(day, tess, receiver):
    """The technician is told by webhook alone."""
    choice = choice_of(tess)
    choice.ways = {"screen-silent": ["webhook"]}
    choice.webhook_address, choice.webhook_secret = f"{receiver.address}/hook", webhooks.new_secret()
    choice.save()
    day.ways = [Way.WEBHOOK]
    return choice


class BrowserKeys:
    """The keys of a browser that subscribes."""

    def __init__(self) -> None:
        self.private, self.auth = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"

    def subscribe(self, user, endpoint: str) -> PushSubscription:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        texts = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (point, self.auth)]
        return choices.add_browser(
            user,
            endpoint=endpoint,
            public_key=texts[0],
            auth_secret=texts[1],
            browser="Firefox",
            now=dt.datetime.now(dt.UTC),
        )

    def read(self, body: bytes) -> dict:
        return json.loads(decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm"))


class TestWebhook:
    def test_tells_people_and_machines(self, day, screens, hooked, receiver):
        day.falls_silent(screens[0])
        day.passes(11)
        path, headers, body = receiver.posts[0]
        told = json.loads(body)
        assert path == "/hook"
        assert told["text"] == "“Screen 1” has not responded since 12:03."
        notice = told["notices"][0]
        assert (notice["occasion"], notice["screen"], notice["kind"]) == ("screen-silent", "s1", "opened")
        assert notice["since"] == "2026-11-30T11:03:00+00:00"
        signed = webhooks.signature(
            hooked.webhook_secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body
        )
        assert headers["webhook-signature"] == signed

    def test_is_tried_again_with_the_same_identifier(self, day, screens, hooked, receiver):
        receiver.statuses = [500, 503]
        day.falls_silent(screens[0])
        day.passes(20)
        assert len(receiver.posts) == 3
        assert len({headers["webhook-id"] for _path, headers, _body in receiver.posts}) == 1
        notice = Notice.objects.get()
        assert (notice.attempts, notice.problem, notice.due_at) == (3, "", None)

    def test_is_given_up_in_the_end_and_says_why(self, day, screens, hooked, receiver):
        receiver.statuses = [404] * 50
        day.falls_silent(screens[0])
        day.passes(90)
        notice = Notice.objects.get()
        assert len(receiver.posts) == webhooks.FINAL_ATTEMPTS
        assert (notice.due_at, notice.sent_at) == (None, None)
        assert "404" in notice.problem


class TestPush:
    @pytest.fixture
    def browser(self, tess, receiver) -> BrowserKeys:
        keys = BrowserKeys()
        keys.subscribe(tess, f"{receiver.address}/push/1")
        return keys

    def test_reaches_a_browser_encrypted_for_it_and_signed_by_this_server(self, day, tess, browser, receiver):
        notices.queue_test(tess, Way.PUSH, day.now)
        sending.send_due(Way.PUSH, threading.Event())
        path, headers, body = receiver.posts[0]
        told = browser.read(body)
        assert path == "/push/1"
        assert told["title"] == "This is a test: notifications of Saint-Aubin reach you here."
        assert told["url"] == "/notifications/"
        assert len(body) < 1024
        assert f"k={push_messages.public_key()}" in headers["authorization"]

    def test_a_browser_that_is_gone_is_forgotten(self, day, tess, browser, receiver):
        receiver.statuses = [410]
        notices.queue_test(tess, Way.PUSH, day.now)
        sending.send_due(Way.PUSH, threading.Event())
        assert not PushSubscription.objects.exists()
        assert Notice.objects.get().problem

    def test_the_address_of_a_browser_goes_through_the_guard(self, day, tess, browser, receiver, settings):
        settings.WEBHOOK_NETWORKS = []
        notices.queue_test(tess, Way.PUSH, day.now)
        sending.send_due(Way.PUSH, threading.Event())
        assert receiver.posts == []
        assert "BEFFROI_WEBHOOK_NETWORKS" in Notice.objects.get().problem

    def test_the_key_is_made_once_and_kept_with_the_others(self, settings):
        first = push_messages.public_key()
        assert push_messages.public_key() == first
        path = settings.KEYS / "web-push.pem"
        assert path.stat().st_mode & 0o077 == 0

    def test_many_browsers_of_one_user_give_way(self, tess, receiver):
        keys = BrowserKeys()
        for number in range(push_messages.SUBSCRIPTIONS_LIMIT + 2):
            keys.subscribe(tess, f"{receiver.address}/push/{number}")
        assert PushSubscription.objects.count() == push_messages.SUBSCRIPTIONS_LIMIT


def test_a_refused_mail_address_is_told_and_not_tried_for_a_day(day, screens, tess, sink):
    sink.refused[tess.email] = "550 no such mailbox"
    day.falls_silent(screens[0])
    day.passes(30)
    notice = Notice.objects.get()
    assert (notice.attempts, notice.due_at) == (webhooks.FINAL_ATTEMPTS, None)
    assert "is it correct" in notice.problem


def test_one_message_that_cannot_be_written_keeps_no_other_waiting(day, screens, tess, dora, sink, monkeypatch):
    dora.email = "dora@saint-aubin.test"
    dora.save()
    compose = messages.compose_message

    def compose_or_fail(user, *rest):
        return compose(user, *rest) if user == dora else 1 / 0

    monkeypatch.setattr(messages, "compose_message", compose_or_fail)
    day.falls_silent(screens[0])
    day.passes(11)
    assert [recipients for recipients, _message in sink.messages] == [["dora@saint-aubin.test"]]
    assert Notice.objects.get(user=tess).problem


def test_what_waits_is_bounded(day, screens, tess, settings, monkeypatch):
    monkeypatch.setattr(notices, "QUEUE_LIMIT", 3)
    settings.EMAIL_HOST = ""
    for screen in screens[:6]:
        day.falls_silent(screen)
        day.passes(8)
    assert Notice.objects.filter(due_at__isnull=False).count() <= 3
