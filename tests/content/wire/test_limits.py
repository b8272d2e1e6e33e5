"""Limits of packets: they follow the message table."""

import dataclasses

import pytest

from beffroi_content.wire import limits
from beffroi_content.wire.messages import MESSAGES, PROGRAMME
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import MessageDirection

LONGEST_NAME = "a" * 63
MEBIBYTE = 1024 * 1024


def packet_bytes(message) -> int:
    """Return the bytes of the largest PUBLISH packet of a message (MQTT 3.1.1, 3.3)."""
    kind = max(message.scopes, key=lambda kind: kind is not ScopeKind.ALL)
    scope = TopicScope.all_screens() if kind is ScopeKind.ALL else TopicScope(kind, LONGEST_NAME)
    topic = str(message.topic_for(LONGEST_NAME, scope)).encode()
    return 5 + 2 + len(topic) + 2 + message.size_limit


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.leaf)
def test_every_message_with_the_longest_names_fits_in_a_packet(message):
    assert packet_bytes(message) <= limits.packet_limit()


def test_a_broker_accepts_little_more_than_the_largest_message():
    assert limits.packet_limit() - max(map(packet_bytes, MESSAGES)) < limits.PACKET_OVERHEAD


def test_a_player_goes_on_reading_what_a_newer_server_may_send():
    down = [message for message in MESSAGES if message.direction is MessageDirection.DOWN]
    assert limits.receive_limit() >= 2 * max(map(packet_bytes, down))


def test_a_body_may_be_larger_than_its_message_when_it_is_decompressed():
    assert limits.decompressed_limit() >= 4 * limits.largest_payload(MESSAGES)


def test_a_larger_programme_is_one_number_of_the_table(monkeypatch):
    larger = dataclasses.replace(PROGRAMME, size_limit=MEBIBYTE)
    table = tuple(larger if message is PROGRAMME else message for message in MESSAGES)
    monkeypatch.setattr(limits, "MESSAGES", table)
    assert packet_bytes(larger) <= limits.packet_limit() < limits.receive_limit()
    assert limits.decompressed_limit() > MEBIBYTE


def test_the_largest_payload_of_no_message_is_an_error():
    with pytest.raises(ValueError, match="empty"):
        limits.largest_payload(())
