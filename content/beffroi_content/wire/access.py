"""Access rules of the broker, derived from the message table.

A player reads what the server sends to a scope that its screen belongs to, and writes what a player sends in the scope
of its own screen; both exactly as the table declares them, so that a new message needs no new rule. The server reads
and writes everything under its site.

The embedded broker asks :func:`may_read` and :func:`may_write`; Mosquitto reads :func:`mosquitto_lines`, NATS
:func:`nats_permissions`; the player subscribes to :func:`readable_topics`. There is one approximation: patterns of
brokers know the name of a user but not its groups, so there every player may read the messages of every group. They are
signed for the group, a player refuses those of others, and what they say is shown in the street anyway.
"""

from __future__ import annotations

from collections.abc import Collection

from beffroi_content.wire.messages import MESSAGES
from beffroi_content.wire.scopes import ScopeKind, TopicScope, screen_scopes
from beffroi_content.wire.topics import PREFIX, MessageDirection, Topic


def readable_topics(site: str, screen: str, groups: Collection[str]) -> tuple[Topic, ...]:
    """Return every topic that a player may read: in the order of the table, each from the widest scope to its own.

    A player reads them in this order, so that the keys that open a document come before it.
    """
    scopes = screen_scopes(screen, groups)
    return tuple(
        message.topic_for(site, scope)
        for message in MESSAGES
        if message.direction is MessageDirection.DOWN
        for scope in scopes
        if scope.kind in message.scopes
    )


def writable_topics(site: str, screen: str) -> tuple[Topic, ...]:
    """Return every topic that a player may write, in the order of the table."""
    scope = TopicScope.of_screen(screen)
    return tuple(
        message.topic_for(site, scope)
        for message in MESSAGES
        if message.direction is MessageDirection.UP and scope.kind in message.scopes
    )


def may_read(site: str, screen: str, groups: Collection[str], topic: str) -> bool:
    """Tell whether a player may subscribe to a topic. A filter with a wildcard is no topic: it may not."""
    return topic in map(str, readable_topics(site, screen, groups))


def may_write(site: str, screen: str, topic: str) -> bool:
    """Tell whether a player may publish to a topic."""
    return topic in map(str, writable_topics(site, screen))


def access_patterns(site: str, user: str) -> list[tuple[str, str]]:
    """Return what a player may do, as ``read`` or ``write`` and a topic filter, for brokers that know no groups.

    Args:
        site: Of the topics.
        user: The name of the user, which is the scope of a player's screen, or what stands for it.
    """
    down, up = (f"{PREFIX}/{site}/{direction}" for direction in (MessageDirection.DOWN, MessageDirection.UP))
    patterns = []
    for message in MESSAGES:
        if message.direction is MessageDirection.UP:
            patterns.append(("write", f"{up}/{user}/{message.leaf}"))
        elif ScopeKind.GROUP in message.scopes:
            # This pattern covers the scopes of all screens and of one screen as well.
            patterns.append(("read", f"{down}/+/{message.leaf}"))
        else:
            levels = {ScopeKind.ALL: str(TopicScope.all_screens()), ScopeKind.SCREEN: user}
            patterns += [
                ("read", f"{down}/{levels[kind]}/{message.leaf}") for kind in ScopeKind if kind in message.scopes
            ]
    return patterns


def mosquitto_lines(site: str, server_user: str) -> list[str]:
    """Return the lines of Mosquitto's access list for the players of a site and its server.

    In a pattern ``%u`` stands for the name of the user.
    """
    lines = [f"pattern {kind} {topic}" for kind, topic in access_patterns(site, "%u")]
    # The server manages the accounts of players through Mosquitto's dynamic-security plugin, where there is one.
    own = (f"{PREFIX}/{site}/#", "$CONTROL/dynamic-security/#")
    return [*lines, "", f"user {server_user}", *(f"topic readwrite {topic}" for topic in own)]


def nats_permissions(site: str, user: str | None) -> dict[str, list[str]]:
    """Return what a player, or the server, may do as subjects of NATS, which has dots where MQTT has slashes.

    Args:
        site: Of the topics.
        user: The name of the user; None for the server.
    """
    if user is None:
        everything = [f"{PREFIX}/{site}/#".replace("/", ".").replace("#", ">")]
        return {"publish": everything, "subscribe": everything}
    found: dict[str, list[str]] = {"publish": [], "subscribe": []}
    for kind, topic in access_patterns(site, user):
        found["publish" if kind == "write" else "subscribe"].append(topic.replace("/", ".").replace("+", "*"))
    return found
