"""Threads that do one thing after another."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

Work = Callable[[], None]


class SerialWorker:
    """One thread with a bounded queue. Whatever goes wrong in one piece of work stays there."""

    def __init__(self, name: str, capacity: int = 2_000) -> None:
        self._queue: queue.Queue[Work | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._began: float | None = None

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, work: Work) -> bool:
        """Hand over work without waiting. Return False where there is no room: it is dropped."""
        try:
            self._queue.put_nowait(work)
        except queue.Full:
            return False
        return True

    @property
    def seconds_at_work(self) -> float:
        """For how long the present piece of work has been done; 0 between two."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def stop(self, patience: float = 10.0) -> None:
        """Do what is waiting, for so many seconds at most, and end."""
        try:
            self._queue.put(None, timeout=patience)
        except queue.Full:
            return
        self._thread.join(patience)

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            self._began = time.monotonic()
            try:
                work()
            except Exception:
                log.exception("a piece of work failed")
            self._began = None
