"""Names on the wire: ``beffroi/1/<site>/<direction>/<scope>/<leaf>``.

A scope is ``all``, ``g-<group>`` or ``s-<screen>``. Topics are exact: nobody subscribes to a wildcard of a
player's, since some brokers keep no retained message for one; only the server listens to ``up/+``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from beffroi_content.model.base_models import IDENTIFIER_PATTERN

PREFIX = "beffroi/1"
_NAME = IDENTIFIER_PATTERN.strip("^$")
_TOPIC = re.compile(rf"{PREFIX}/(?P<site>{_NAME})/(?P<direction>down|up)/(?P<scope>all|[gs]-{_NAME})/(?P<leaf>[a-z]+)")


class MessageDirection(StrEnum):
    """Who speaks: the server (down) or a player (up)."""

    DOWN = "down"
    UP = "up"


class ScopeKind(StrEnum):
    """Whom a topic concerns."""

    ALL = "all"
    GROUP = "group"
    SCREEN = "screen"

    def topic_part(self, name: str = "") -> str:
        """Return the scope as it stands in a topic, such as ``s-hall``."""
        return "all" if self is ScopeKind.ALL else f"{self[0]}-{name}"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic taken apart."""

    site: str
    direction: MessageDirection
    scope: str
    """``all``, ``g-<group>`` or ``s-<screen>``."""
    leaf: str

    def __str__(self) -> str:
        return f"{PREFIX}/{self.site}/{self.direction}/{self.scope}/{self.leaf}"

    @property
    def audience(self) -> str:
        """The site and the scope, as a signature covers them."""
        return f"{self.site}/{self.scope}"

    @property
    def stream(self) -> str:
        """The name under which sequences are counted, such as ``all/alerts``."""
        return f"{self.scope}/{self.leaf}"

    @property
    def screen(self) -> str | None:
        """The screen, where the scope is one."""
        return self.scope[2:] if self.scope.startswith("s-") else None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a topic apart.

        Raises:
            ValueError: it is not one of Beffroi's.
        """
        match = _TOPIC.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a topic of Beffroi")
        return cls(match["site"], MessageDirection(match["direction"]), match["scope"], match["leaf"])
