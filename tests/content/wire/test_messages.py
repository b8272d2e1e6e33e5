"""The message table: what every entry must have, and the messages that topics carry."""

import pytest

from beffroi_content.wire.documents import SignedDocument, SigningRole
from beffroi_content.wire.messages import KEYS, MESSAGES, WireMessage, message_of
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import MessageDirection, Topic

DOWN = [message for message in MESSAGES if message.direction is MessageDirection.DOWN]
UP = [message for message in MESSAGES if message.direction is MessageDirection.UP]


def by_leaf(message: WireMessage) -> str:
    return message.leaf


def test_every_leaf_is_declared_once():
    leaves = [message.leaf for message in MESSAGES]
    assert len(set(leaves)) == len(leaves)


@pytest.mark.parametrize("message", DOWN, ids=by_leaf)
def test_a_message_of_the_server_is_a_signed_document_with_a_role(message):
    assert message.role in set(SigningRole)
    assert message.document is message.model
    assert issubclass(message.document, SignedDocument)


def test_every_role_signs_one_message_and_that_of_alerts_also_the_scenarios():
    assert sorted(message.role for message in DOWN) == sorted([*SigningRole, SigningRole.ALERT])


@pytest.mark.parametrize("message", UP, ids=by_leaf)
def test_a_message_of_a_player_is_not_signed_and_comes_from_one_screen(message):
    assert message.role is message.document is None
    assert message.scopes == {ScopeKind.SCREEN}


@pytest.mark.parametrize("message", MESSAGES, ids=by_leaf)
def test_a_message_fits_what_mqtt_allows(message):
    assert message.quality in (0, 1)
    assert message.scopes
    assert 0 < message.size_limit < 268_435_455


def test_a_retained_message_is_the_complete_state_of_something():
    # A command, a receipt or a play is an event: a broker that repeated it would repeat the action.
    assert sorted(message.leaf for message in MESSAGES if message.retained) == [
        "alerts", "beat", "keys", "programme", "report", "scenarios", "status",
    ]  # fmt: skip


def test_the_keys_come_first_since_they_open_the_others():
    assert MESSAGES[0] is KEYS


@pytest.mark.parametrize(
    ("direction", "scope", "leaf"),
    [
        (MessageDirection.DOWN, TopicScope.of_screen("hall"), "beat"),
        (MessageDirection.DOWN, TopicScope.of_screen("hall"), "report"),
        (MessageDirection.UP, TopicScope.all_screens(), "report"),
        (MessageDirection.UP, TopicScope.of_group("river"), "status"),
        (MessageDirection.UP, TopicScope.of_screen("hall"), "alerts"),
        (MessageDirection.DOWN, TopicScope.all_screens(), "weather"),
    ],
)
def test_a_topic_that_the_table_does_not_declare_carries_no_message(direction, scope, leaf):
    with pytest.raises(ValueError, match="no message is declared"):
        message_of(Topic("saint-aubin", direction, scope, leaf))
