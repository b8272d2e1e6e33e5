"""Scopes of topics: the screens that a topic concerns, as a type.

In a topic a scope is one level: ``all``, ``g-<group>`` or ``s-<screen>``. The scope of a screen is also the user name
with which its player signs in at the broker. This module is the only one that writes or reads those prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from beffroi_content.model.base_models import IDENTIFIER_PATTERN

_NAME = re.compile(IDENTIFIER_PATTERN)
_ALL = "all"


class ScopeKind(StrEnum):
    """Kinds of scope."""

    ALL = "all"
    """Every screen of the site."""
    GROUP = "group"
    """The screens of one group."""
    SCREEN = "screen"
    """One screen."""


_PREFIXES = {ScopeKind.GROUP: "g-", ScopeKind.SCREEN: "s-"}


@dataclass(frozen=True, slots=True, order=True)
class TopicScope:
    """The screens that a topic concerns: all of them, those of a group, or one.

    Raises:
        ValueError: the name is not an identifier, or given for all screens.
    """

    kind: ScopeKind
    name: str = ""
    """The identifier of the group or screen; empty for all."""

    def __post_init__(self) -> None:
        if self.kind is ScopeKind.ALL:
            if self.name:
                raise ValueError(f"the scope of all screens has no name, but {self.name!r} was given")
        elif not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not the identifier of a {self.kind}")

    def __str__(self) -> str:
        return _ALL if self.kind is ScopeKind.ALL else _PREFIXES[self.kind] + self.name

    @classmethod
    def all_screens(cls) -> Self:
        """Return the scope of every screen of the site."""
        return cls(ScopeKind.ALL)

    @classmethod
    def of_group(cls, group: str) -> Self:
        """Return the scope of a group, by its identifier."""
        return cls(ScopeKind.GROUP, group)

    @classmethod
    def of_screen(cls, screen: str) -> Self:
        """Return the scope of a screen, by its identifier."""
        return cls(ScopeKind.SCREEN, screen)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the scope of a topic's level, such as ``g-river``.

        Raises:
            ValueError: it is not the level of a scope.
        """
        if text == _ALL:
            return cls.all_screens()
        for kind, prefix in _PREFIXES.items():
            if text.startswith(prefix):
                return cls(kind, text.removeprefix(prefix))
        raise ValueError(f"{text!r} is not the scope of a topic")

    @classmethod
    def common_prefix(cls, kind: ScopeKind) -> str:
        """Return what all scopes of a kind begin with, such as ``s-``, to find their topics in a database."""
        return _PREFIXES.get(kind, _ALL)

    @property
    def screen(self) -> str | None:
        """The identifier of the screen; None where the scope is not that of one screen."""
        return self.name if self.kind is ScopeKind.SCREEN else None


def screen_scopes(screen: str, groups: Iterable[str]) -> tuple[TopicScope, ...]:
    """Return every scope that a screen belongs to, from the widest to the narrowest.

    Args:
        screen: The identifier of the screen.
        groups: The identifiers of its groups, in the order in which they are wanted.
    """
    return (TopicScope.all_screens(), *map(TopicScope.of_group, groups), TopicScope.of_screen(screen))


def user_screen(username: str) -> str | None:
    """Return the screen whose player signs in at the broker by a user name; None if it is not that of a player."""
    try:
        return TopicScope.parse(username).screen
    except ValueError:
        return None
