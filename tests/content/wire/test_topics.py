"""Topics: written, read, and what is none of Beffroi's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.model.base_models import IDENTIFIER_PATTERN
from beffroi_content.wire.messages import ALERTS, MESSAGES, PROGRAMME, STATUS, message_of
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import PREFIX, MessageDirection, Topic, stream_leaf, stream_name, topic_prefix

SITE = "saint-aubin"
identifiers = st.from_regex(IDENTIFIER_PATTERN, fullmatch=True)


def test_a_topic_is_split_into_its_levels():
    topic = Topic.parse("beffroi/1/saint-aubin/down/g-river/alerts")
    assert topic == Topic(SITE, MessageDirection.DOWN, TopicScope.of_group("river"), "alerts")
    assert (topic.audience, topic.stream, topic.screen) == ("saint-aubin/g-river", "g-river/alerts", None)


def test_only_the_topic_of_a_screen_names_one():
    assert Topic.parse("beffroi/1/saint-aubin/up/s-hall/report").screen == "hall"
    assert Topic.parse("beffroi/1/saint-aubin/down/all/beat").screen is None


@given(site=identifiers, name=identifiers, message=st.sampled_from(MESSAGES), data=st.data())
def test_every_topic_of_the_message_table_is_read_as_it_was_written(site, name, message, data):
    kind = data.draw(st.sampled_from(sorted(message.scopes)))
    scope = TopicScope.all_screens() if kind is ScopeKind.ALL else TopicScope(kind, name)
    topic = message.topic_for(site, scope)
    assert Topic.parse(str(topic)) == topic
    assert message_of(topic) is message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "beffroi/1/saint-aubin/down/all",
        "beffroi/1/saint-aubin/down/all/",
        "beffroi/1/saint-aubin/down/all/alerts/more",
        "/beffroi/1/saint-aubin/down/all/alerts",
        "beffroi/1/saint-aubin/down/all/alerts\n",
        "beffroi/2/saint-aubin/down/all/alerts",
        "Beffroi/1/saint-aubin/down/all/alerts",
        "beffroi/1/Saint-Aubin/down/all/alerts",
        "beffroi/1/saint-aubin/sideways/all/alerts",
        "beffroi/1/saint-aubin/down/hall/alerts",
        "beffroi/1/saint-aubin/down/s-/alerts",
        "beffroi/1/saint-aubin/down/+/alerts",
        "beffroi/1/saint-aubin/down/#",
        "beffroi/1/saint-aubin/down/all/Alerts",
        "$SYS/broker/uptime",
    ],
)
def test_what_is_no_topic_of_beffroi_is_refused(text):
    with pytest.raises(ValueError, match=r"topic|scope|identifier"):
        Topic.parse(text)


@given(st.text(max_size=80))
def test_noise_is_refused_or_read_as_it_stands(text):
    try:
        topic = Topic.parse(text)
    except ValueError:
        return
    assert str(topic) == text


@pytest.mark.parametrize(
    ("scope", "stream"),
    [
        (TopicScope.all_screens(), "all/alerts"),
        (TopicScope.of_group("river"), "g-river/alerts"),
        (TopicScope.of_screen("hall"), "s-hall/alerts"),
    ],
)
def test_a_stream_is_named_by_its_scope_and_its_leaf(scope, stream):
    assert ALERTS.stream_for(scope) == stream_name(scope, "alerts") == stream
    assert ALERTS.topic_for(SITE, scope).stream == stream
    assert stream_leaf(stream) == "alerts"


def test_the_topics_of_a_kind_of_scope_are_found_by_their_prefix():
    prefixes = {kind: topic_prefix(SITE, MessageDirection.DOWN, kind) for kind in ScopeKind}
    assert prefixes[ScopeKind.SCREEN] == f"{PREFIX}/saint-aubin/down/s-"
    topics = {
        ScopeKind.ALL: str(ALERTS.topic_for(SITE, TopicScope.all_screens())),
        ScopeKind.GROUP: str(ALERTS.topic_for(SITE, TopicScope.of_group("river"))),
        ScopeKind.SCREEN: str(PROGRAMME.topic_for(SITE, TopicScope.of_screen("hall"))),
    }
    for kind, topic in topics.items():
        assert [other for other, prefix in prefixes.items() if topic.startswith(prefix)] == [kind]


def test_a_message_has_no_topic_for_a_scope_that_it_does_not_exist_for():
    with pytest.raises(ValueError, match="programme does not exist for the scope all"):
        PROGRAMME.topic_for(SITE, TopicScope.all_screens())
    with pytest.raises(ValueError, match="status does not exist for the scope g-river"):
        STATUS.topic_for(SITE, TopicScope.of_group("river"))
