"""Access rules: what a player may read and write, the same for every broker."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.trust import TrustAnchor, TrustState, concerned_topics
from beffroi_content.wire.access import may_read, may_write, mosquitto_lines, readable_topics, writable_topics
from beffroi_content.wire.envelope import key_identifier
from beffroi_content.wire.messages import MESSAGES
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import MessageDirection

SITE = "saint-aubin"
ROOT = f"beffroi/1/{SITE}"
KEY = "ab" * 32

READABLE = [
    "down/all/keys",
    "down/all/alerts",
    "down/g-river/alerts",
    "down/s-hall/alerts",
    "down/all/beat",
    "down/all/scenarios",
    "down/g-river/scenarios",
    "down/s-hall/scenarios",
    "down/s-hall/programme",
    "down/s-hall/command",
]
WRITABLE = ["up/s-hall/status", "up/s-hall/report", "up/s-hall/receipts", "up/s-hall/plays", "up/s-hall/screenshot"]
FORBIDDEN = [
    "#",
    "+/#",
    "$SYS/#",
    "down/#",
    "down/all/+",
    "down/all/#",
    "down/all",
    "down/all/programme",
    "down/all/alerts/",
    "down/+/alerts",
    "down/s-hall/#",
    "down/g-hill/alerts",
    "down/g-river/programme",
    "down/s-quay/alerts",
    "down/s-quay/programme",
    "down/s-hall-2/programme",
    "up/#",
    "up/+/report",
    "up/s-hall/",
    "up/s-hall/gossip",
    "up/s-hall/status/more",
    "up/s-quay/status",
    "up/all/report",
    "up/g-river/report",
]


def test_a_player_reads_what_concerns_it_from_the_keys_on():
    assert [str(topic) for topic in readable_topics(SITE, "hall", ["river"])] == [f"{ROOT}/{leaf}" for leaf in READABLE]


def test_a_player_without_groups_reads_no_messages_of_groups():
    assert not any(topic.scope.kind is ScopeKind.GROUP for topic in readable_topics(SITE, "hall", ()))


def test_a_player_writes_what_it_sends_itself():
    assert [str(topic) for topic in writable_topics(SITE, "hall")] == [f"{ROOT}/{leaf}" for leaf in WRITABLE]


@pytest.mark.parametrize("leaf", READABLE)
def test_what_is_readable_may_be_read_and_not_written(leaf):
    assert may_read(SITE, "hall", ["river"], f"{ROOT}/{leaf}")
    assert not may_write(SITE, "hall", f"{ROOT}/{leaf}")


@pytest.mark.parametrize("leaf", WRITABLE)
def test_what_is_writable_may_be_written_and_not_read(leaf):
    assert may_write(SITE, "hall", f"{ROOT}/{leaf}")
    assert not may_read(SITE, "hall", ["river"], f"{ROOT}/{leaf}")


@pytest.mark.parametrize("leaf", FORBIDDEN)
def test_everything_else_may_neither_be_read_nor_written(leaf):
    for topic in (leaf, f"{ROOT}/{leaf}"):
        assert not may_read(SITE, "hall", ["river"], topic)
        assert not may_write(SITE, "hall", topic)


@pytest.mark.parametrize("leaf", READABLE + WRITABLE)
def test_nothing_of_another_site_may_be_read_or_written(leaf):
    assert not may_read(SITE, "hall", ["river"], f"beffroi/1/elsewhere/{leaf}")
    assert not may_write(SITE, "hall", f"beffroi/1/elsewhere/{leaf}")


@given(st.text(max_size=60))
def test_noise_may_neither_be_read_nor_written(topic):
    assert not may_read(SITE, "hall", ["river"], topic)
    assert not may_write(SITE, "hall", topic)


def test_a_player_subscribes_to_exactly_what_it_may_read():
    anchor = TrustAnchor(site=SITE, screen="hall", root_keys={key_identifier(KEY): KEY}, threshold=1)
    state = TrustState(anchor=anchor, groups=("river", "hill"))
    assert concerned_topics(state) == readable_topics(SITE, "hall", ("river", "hill"))


def mosquitto_allows(action: str, user: str, topic: str) -> bool:
    """Tell what Mosquitto would: patterns hold for every user, other lines for the user named before them."""
    allowed, speaker = False, None
    for line in mosquitto_lines(SITE, "server"):
        if not line:
            continue
        word, *rest = line.split(" ")
        if word == "user":
            (speaker,) = rest
            continue
        verb, rule = rest
        if word == "topic" and speaker != user:
            continue
        pattern = re.escape(rule.replace("%u", user)).replace(r"\+", "[^/]+").replace(r"\#", ".*").replace("#", ".*")
        if verb in (action, "readwrite") and re.fullmatch(pattern, topic):
            allowed = True
    return allowed


@pytest.mark.parametrize("leaf", READABLE + WRITABLE + FORBIDDEN)
def test_mosquitto_decides_as_the_rules_do_except_that_it_knows_no_groups(leaf):
    topic = f"{ROOT}/{leaf}"
    assert mosquitto_allows("write", "s-hall", topic) is may_write(SITE, "hall", topic)
    if re.fullmatch(r"down/[gs+]-?[a-z]*/alerts", leaf):
        # Its patterns cannot tell the scopes of a user's groups from others.
        assert mosquitto_allows("read", "s-hall", topic)
    else:
        assert mosquitto_allows("read", "s-hall", topic) is may_read(SITE, "hall", ["river"], topic)


def test_mosquitto_lets_the_server_read_and_write_its_site_and_no_other():
    for action in ("read", "write"):
        assert mosquitto_allows(action, "server", f"{ROOT}/down/s-hall/programme")
        assert mosquitto_allows(action, "server", f"{ROOT}/up/s-hall/report")
        assert not mosquitto_allows(action, "server", "beffroi/1/elsewhere/down/all/alerts")
        assert not mosquitto_allows(action, "nobody", f"{ROOT}/down/s-hall/programme")


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.leaf)
def test_every_declared_message_reaches_whom_it_is_for(message):
    for kind in message.scopes:
        scope = {ScopeKind.ALL: TopicScope.all_screens(), ScopeKind.GROUP: TopicScope.of_group("river")}.get(
            kind, TopicScope.of_screen("hall")
        )
        topic = str(message.topic_for(SITE, scope))
        if message.direction is MessageDirection.DOWN:
            assert may_read(SITE, "hall", ["river"], topic)
            assert mosquitto_allows("read", "s-hall", topic)
        else:
            assert may_write(SITE, "hall", topic)
            assert mosquitto_allows("write", "s-hall", topic)
