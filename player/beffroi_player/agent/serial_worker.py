"""Bounded queues, and threads that handle one item of a queue after another."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class WorkQueue(Generic[Item]):
    """A queue that never blocks whoever puts something in: what does not fit is dropped, and that is remembered.

    Args:
        capacity: The number of items that may wait.
    """

    def __init__(self, capacity: int = 2_000) -> None:
        self._queue: queue.Queue[Item | None] = queue.Queue(capacity)
        self._dropped: Item | None = None

    def put(self, item: Item) -> bool:
        """Add an item. Return False where there is no space: it is dropped."""
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self._dropped = item
            return False
        return True

    def put_later(self, item: Item, seconds: float) -> None:
        """Add an item after so many seconds, behind whatever has come until then."""
        timer = threading.Timer(seconds, self.put, (item,))
        timer.daemon = True
        timer.start()

    def take_dropped(self) -> Item | None:
        """Return the item that was dropped last, once; None where nothing was dropped since."""
        dropped, self._dropped = self._dropped, None
        return dropped

    def get(self) -> Item | None:
        """Wait for the next item; None says that the worker is to end."""
        return self._queue.get()

    def get_waiting(self) -> Item | None:
        """Return the next item, or None where none is waiting."""
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    def close(self, patience: float) -> bool:
        """Let the worker end after what is waiting. Return False where the queue stays full for so many seconds."""
        try:
            self._queue.put(None, timeout=patience)
        except queue.Full:
            return False
        return True


class SerialWorker(Generic[Item]):
    """One thread that handles what is in a queue. Whatever goes wrong with one item stays there.

    Args:
        name: Of the thread.
        work: The queue.
        handle: Called with each item.
    """

    def __init__(self, name: str, work: WorkQueue[Item], handle: Callable[[Item], object]) -> None:
        self._work, self._handle = work, handle
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._began: float | None = None

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def seconds_at_work(self) -> float:
        """For how long the present item has been handled; 0 between two."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def stop(self, patience: float = 10.0) -> None:
        """Handle what is waiting, for so many seconds at most, and end."""
        if self._work.close(patience):
            self._thread.join(patience)

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            self._began = time.monotonic()
            try:
                self._handle(item)
            except Exception:
                log.exception("a piece of work failed")
            self._began = None
