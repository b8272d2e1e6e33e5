"""The alert sets that the broker retains, compared with this database at every connection: see ``restoration``."""

from __future__ import annotations

import logging
import queue
import threading

from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.topics import PREFIX, MessageDirection
from beffroi_server.alerts import restoration
from beffroi_server.core import database

logger = logging.getLogger(__name__)
MAX_WAITING = 256
"""Sets that wait to be compared. One that is left out comes again with the next connection."""


class RetainedSets:
    """Takes alert sets from the thread of the MQTT client, and compares them in another."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[str, bytes]] = queue.Queue(MAX_WAITING)

    def note_set(self, topic: str, payload: bytes) -> None:
        """Note a set that came from the broker. It never waits."""
        try:
            self._waiting.put_nowait((topic, payload))
        except queue.Full:
            logger.warning("%s is not compared with the database: too many alert sets came at once", topic[:200])

    @database.close_connection_after()
    def run_until(self, stopping: threading.Event) -> None:
        """Compare until ``stopping`` is set."""
        while not stopping.is_set():
            try:
                topic, payload = self._waiting.get(timeout=0.5)
            except queue.Empty:
                continue
            try:
                database.with_fresh_connection(lambda: restoration.consider_set(topic, payload, "broker"))  # noqa: B023
            except Exception:
                logger.exception("%s could not be compared with the database", topic[:200])


def topic_filters(site: str) -> tuple[tuple[str, int], ...]:
    """Return the topics of all alert sets of a site, with their quality of service."""
    return ((f"{PREFIX}/{site}/{MessageDirection.DOWN}/+/{ALERTS.leaf}", ALERTS.quality),)
