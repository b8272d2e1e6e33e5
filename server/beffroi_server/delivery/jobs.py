"""Periodic jobs of delivery: the beat, and a warning before the key list ends."""

from __future__ import annotations

import logging

from django.utils import timezone

from beffroi_content.wire.messages import BEAT, KEYS
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery import beats, outbox, signing
from beffroi_server.delivery.clock_watch import ClockWatch, clock_set

logger = logging.getLogger(__name__)
_watch = ClockWatch()


def send_beat() -> None:
    """Sign and send the beat; without a connection to the broker in this process, do nothing."""
    publisher = outbox.current_publisher()
    if publisher is not None:
        topic, payload = beats.sign_beat(timezone.now())
        publisher.send_unstored(topic, payload, quality=BEAT.quality, retained=BEAT.retained)


def watch_clock() -> None:
    """Tell screens and packages at once where the wall clock was set: a beat with the right time need not wait."""
    if step_ms := _watch.take_step():
        send_beat()
        clock_set.send(step_ms)


def warn_about_key_list() -> None:
    """Log when the key list ends, from half of its lifetime on: only people with the root keys can sign it again."""
    for _topic, expires_at in signing.expiring_documents(KEYS, timezone.now()):
        logger.warning("the key list ends on %s: sign it again with the root keys", expires_at)


JOBS = (
    PeriodicJob("beat", 10, lambda _stopping: send_beat()),
    PeriodicJob("clock-watch", 1, lambda _stopping: watch_clock()),
    PeriodicJob("key-list-warning", 3600, lambda _stopping: warn_about_key_list()),
)
