"""Threads that serve requests: some for all pages, some reserved, so that no kind of work holds all of them."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

logger = logging.getLogger(__name__)


class RequestKind(Enum):
    """Kind of a request, by what must never wait for what."""

    ALERT = "alert"
    """What an officer needs to broadcast an alert, and static files."""
    DEVICE = "device"
    SIGN_IN = "sign-in"
    PAGE = "page"
    API_ALERT = "api-alert"
    """What another program needs to broadcast an alert."""
    API = "api"
    """What other programs ask: neither people nor players wait for them."""
    PUBLIC = "public"
    """What anybody may read without signing in."""


class RequestTask(Protocol):
    """A connection with a request to serve, as waitress hands it over."""

    request_kind: RequestKind
    request_origin: str
    """Whose turn it is: the requests of one origin wait for each other, and not those of others for them."""

    def service(self) -> None:
        """Serve the request."""

    def cancel(self) -> None:
        """Drop it: the server stops."""


@dataclass(frozen=True, slots=True)
class ThreadGroup:
    """Threads that serve some kinds of requests, the first kind first."""

    threads: int
    kinds: tuple[RequestKind, ...]


class FairQueue:
    """Queue in which origins take turns: who sends many requests waits for their own. Not safe for threads."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[RequestTask]] = OrderedDict()

    def put(self, task: RequestTask) -> None:
        """Append a task to those of its origin."""
        self._waiting.setdefault(task.request_origin, deque()).append(task)

    def take(self) -> RequestTask | None:
        """Return the oldest task of the origin that has waited longest for its turn; None when there is none."""
        if not self._waiting:
            return None
        origin, tasks = self._waiting.popitem(last=False)
        task = tasks.popleft()
        if tasks:
            self._waiting[origin] = tasks
        return task


class RequestThreads:
    """Dispatcher of tasks for waitress, in place of its ``ThreadedTaskDispatcher``."""

    def __init__(self, groups: Iterable[ThreadGroup]) -> None:
        self._queues = {kind: FairQueue() for kind in RequestKind}
        self._changed = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(
                target=self._serve_tasks, args=(group.kinds,), name=f"waitress-{kind}-{number}", daemon=True
            )
            for group in groups
            for kind in [group.kinds[-1].value]
            for number in range(group.threads)
        ]
        for thread in self._threads:
            thread.start()

    def add_task(self, task: RequestTask) -> None:
        """Queue a request. Each connection has one in the queue at most, so their number bounds it."""
        with self._changed:
            self._queues[task.request_kind].put(task)
            # Which thread may take it is decided by each: there are a dozen.
            self._changed.notify_all()

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Let requests that are being served end, for some seconds, and drop those that wait."""
        with self._changed:
            self._stopping = True
            for task in self._pending_tasks() if cancel_pending else ():
                task.cancel()
            self._changed.notify_all()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return cancel_pending

    def _pending_tasks(self) -> list[RequestTask]:
        return [task for queue in self._queues.values() for task in iter(queue.take, None)]

    def _serve_tasks(self, kinds: tuple[RequestKind, ...]) -> None:
        while (task := self._next_task(kinds)) is not None:
            try:
                task.service()
            except Exception:
                logger.exception("a request could not be served")

    def _next_task(self, kinds: tuple[RequestKind, ...]) -> RequestTask | None:
        with self._changed:
            while not self._stopping:
                for kind in kinds:
                    if (task := self._queues[kind].take()) is not None:
                        return task
                self._changed.wait()
        return None
