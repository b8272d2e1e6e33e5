"""Topics of MQTT: ``beffroi/1/<site>/<direction>/<scope>/<leaf>``.

The direction is ``down`` (the server sends) or ``up`` (a player sends); the scope says which screens a topic concerns
(see :mod:`beffroi_content.wire.scopes`); the leaf names the message. A player subscribes to exact topics only, since
some brokers deliver no retained message for a filter with a wildcard; the server alone subscribes to ``up/+/<leaf>``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from beffroi_content.model.base_models import IDENTIFIER_PATTERN
from beffroi_content.wire.scopes import ScopeKind, TopicScope

PREFIX = "beffroi/1"
"""The first levels of every topic: the product and the version of the protocol."""
_NAME = IDENTIFIER_PATTERN.strip("^$")
_TOPIC = re.compile(rf"{PREFIX}/(?P<site>{_NAME})/(?P<direction>down|up)/(?P<scope>[^/]+)/(?P<leaf>[a-z]+)")


class MessageDirection(StrEnum):
    """Sender of a message: the server (down) or a player (up)."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, split into its levels; ``str()`` joins them again."""

    site: str
    """The identifier of the town."""
    direction: MessageDirection
    scope: TopicScope
    leaf: str
    """The name of the message, such as ``alerts``."""

    def __str__(self) -> str:
        return f"{PREFIX}/{self.site}/{self.direction}/{self.scope}/{self.leaf}"

    @property
    def audience(self) -> str:
        """The site and the scope, such as ``saint-aubin/g-river``: signatures cover it."""
        return f"{self.site}/{self.scope}"

    @property
    def stream(self) -> str:
        """The scope and the leaf, such as ``all/alerts``: sequences are counted per stream."""
        return stream_name(self.scope, self.leaf)

    @property
    def screen(self) -> str | None:
        """The identifier of the screen; None where the scope is not that of one screen."""
        return self.scope.screen

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the topic of a name that MQTT delivered.

        Raises:
            ValueError: it is not a topic of Beffroi.
        """
        match = _TOPIC.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a topic of Beffroi")
        scope = TopicScope.parse(match["scope"])
        return cls(match["site"], MessageDirection(match["direction"]), scope, match["leaf"])


def stream_name(scope: TopicScope, leaf: str) -> str:
    """Return the name of a stream, such as ``all/alerts``."""
    return f"{scope}/{leaf}"


def stream_leaf(stream: str) -> str:
    """Return the leaf in the name of a stream: ``alerts`` of ``g-river/alerts``."""
    return stream.rpartition("/")[2]


def topic_prefix(site: str, direction: MessageDirection, kind: ScopeKind) -> str:
    """Return what the topics of all scopes of a kind begin with, such as ``beffroi/1/saint-aubin/down/s-``."""
    return f"{PREFIX}/{site}/{direction}/{TopicScope.common_prefix(kind)}"
