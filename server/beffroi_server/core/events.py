"""Events by which a package tells the packages above it of a change.

A package may import only the packages below it (see the layers in ``pyproject.toml``). Whoever changes something that
others depend on therefore sends an event, and those others subscribe to it when Django starts::

    screen_changed: Event[Screen] = Event("screen-changed")      # fleet/events.py, sent by fleet/services.py
    screen_changed.subscribe(publication.mark_screen)            # schedule/apps.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Subject = TypeVar("Subject")


class Event(Generic[Subject]):
    """A kind of change, with the handlers that are called for each change of that kind.

    Args:
        name: For error messages and the debugger.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._handlers: list[Callable[[Subject], object]] = []

    def __repr__(self) -> str:
        return f"Event({self.name!r})"

    def subscribe(self, handler: Callable[[Subject], object]) -> None:
        """Call a handler for each change from now on; a handler that is subscribed already is not called twice."""
        if handler not in self._handlers:
            self._handlers.append(handler)

    def send(self, subject: Subject) -> None:
        """Call every handler in the order of subscription, inside the transaction of the change.

        An exception of a handler reaches the sender, so that its transaction is undone: a change whose effects
        failed must not be stored.
        """
        for handler in self._handlers:
            handler(subject)
