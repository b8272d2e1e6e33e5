"""Cycles of messages: each ends the next one, and the last one the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from beffroi_server.cap.messages import CapAlert

MOST_IN_CYCLE = 2_000
"""Messages that are searched for a cycle; of a longer one, a part counts as the cycle."""


class _Known(Protocol):
    @property
    def alert(self) -> CapAlert: ...


_Message = TypeVar("_Message", bound=_Known)


def messages_in_cycle(start: _Message, enders: Callable[[_Message], Iterable[_Message]]) -> list[_Message]:
    """Return the messages that end one by one or several steps, and are ended by it in the same way.

    Itself is among them. The list is empty where there is no cycle.

    Args:
        start: The message.
        enders: Returns those that end a message directly.
    """
    found = {id(start.alert): start}
    ended: dict[int, list[int]] = {}
    waiting = [start]
    while waiting and len(found) < MOST_IN_CYCLE:
        each = waiting.pop()
        for ender in enders(each):
            ended.setdefault(id(ender.alert), []).append(id(each.alert))
            if id(ender.alert) not in found:
                found[id(ender.alert)] = ender
                waiting.append(ender)
    return [found[name] for name in _reached(id(start.alert), ended)]


def _reached(start: int, steps: Mapping[int, Iterable[int]]) -> list[int]:
    """Return what is reached from a start by one step or several, in a stable order."""
    reached: dict[int, None] = {}
    waiting = [start]
    while waiting:
        for name in steps.get(waiting.pop(), ()):
            if name not in reached:
                reached[name] = None
                waiting.append(name)
    return list(reached)
