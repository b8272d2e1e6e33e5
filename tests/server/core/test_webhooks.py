"""Webhooks: a receiver can tell who speaks, trouble is told in words, and nothing goes where it must not."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import ipaddress

import pytest
from tests.support.http_receiver import HttpReceiver, http_receiver

from beffroi_server.core import outside_http, webhooks
from beffroi_server.core.webhooks import WebhookFailed

NOW = dt.datetime(2026, 11, 29, 12, 3, tzinfo=dt.UTC)
BODY = b'{"text":"Quay"}'


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
    with http_receiver() as made:
        yield made


def deliver(receiver: HttpReceiver, secret: str = "", **options) -> None:
    secret = secret or webhooks.new_secret()
    webhooks.deliver(f"{receiver.address}/hook", secret=secret, identifier="msg_1", body=BODY, now=NOW, **options)


def test_the_signature_is_that_of_the_published_example():
    # From the specification of Standard Webhooks and the tests of its libraries.
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signed = webhooks.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_who_speaks(receiver):
    secret = webhooks.new_secret()
    deliver(receiver, secret)
    path, headers, body = receiver.posts[0]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert (path, headers["webhook-signature"], body) == ("/hook", expected, BODY)
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(("status", "is_final"), [(500, False), (429, False), (302, False), (404, True), (410, True)])
def test_an_answer_that_is_no_success_is_told(receiver, english, status, is_final):
    receiver.statuses, receiver.headers = [status], {"Location": f"{receiver.address}/elsewhere"}
    with pytest.raises(WebhookFailed, match=f"error {status}") as failed:
        deliver(receiver)
    assert failed.value.is_final is is_final
    assert len(receiver.posts) == 1


def test_a_long_answer_to_an_accepted_message_does_not_matter(receiver):
    receiver.answer = b"x" * (webhooks.ANSWER_LIMIT * 40)
    deliver(receiver)


def test_our_own_network_is_not_asked(receiver, settings, english):
    settings.WEBHOOK_NETWORKS = []
    with pytest.raises(WebhookFailed, match="BEFFROI_WEBHOOK_NETWORKS"):
        deliver(receiver)
    assert receiver.posts == []


def test_networks_of_feeds_are_not_those_of_webhooks(receiver, settings):
    settings.WEBHOOK_NETWORKS, settings.FEED_NETWORKS = [], [ipaddress.ip_network("127.0.0.1/32")]
    with pytest.raises(WebhookFailed):
        deliver(receiver)


def test_nobody_there_is_told(receiver, english, monkeypatch):
    monkeypatch.setattr(outside_http, "CONNECT_S", 0.5)
    with pytest.raises(WebhookFailed, match="No connection"):
        webhooks.deliver("http://127.0.0.1:9/", secret=webhooks.new_secret(), identifier="1", body=BODY, now=NOW)


def test_attempts_come_ever_later_and_end_after_about_a_day():
    pauses = []
    for attempts in range(1, 100):
        at = webhooks.next_attempt_at(attempts, NOW)
        if at is None:
            break
        pauses.append(at - NOW)
    total = sum(pauses, dt.timedelta())
    assert len(pauses) == len(webhooks.RETRY_DELAYS)
    assert dt.timedelta(hours=18) < total < dt.timedelta(hours=32)
    assert pauses[0] < pauses[2] < pauses[4] < pauses[6]


def test_an_answer_that_refuses_is_not_tried_for_a_day():
    tried = [webhooks.next_attempt_at(attempts, NOW, is_final=True) is not None for attempts in (1, 2, 3, 4)]
    assert tried == [True, True, False, False]


@pytest.mark.parametrize(
    "address",
    ["", "example.org", "ftp://example.org/", "https://", "https://a b/", "https://[::1", "https://x:99999/",
     "https://u:p@example.org/", "https://example.org/" + "x" * 500],
)  # fmt: skip
def test_what_is_no_address_is_said(address):
    assert webhooks.address_problem(address)


def test_an_address_is_an_address():
    assert webhooks.address_problem("https://example.org/hook?room=1") == ""
