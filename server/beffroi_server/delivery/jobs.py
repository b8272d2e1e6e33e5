"""Periodic jobs of delivery: the beat, revocations, the steps of a change of keys, the renewal of the key list."""

from __future__ import annotations

import logging

from django.utils import timezone

from beffroi_content.key_changes import KeyChangeRefused
from beffroi_content.wire.messages import BEAT
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery import beats, key_rotation, outbox
from beffroi_server.delivery.broker_access import RevocationWatch
from beffroi_server.delivery.clock_watch import ClockWatch, clock_set
from beffroi_server.delivery.key_files import KeysMissing

logger = logging.getLogger(__name__)
_watch = ClockWatch()
_revocations = RevocationWatch()


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


def follow_key_change() -> bool:
    """Take the next step of a change of keys, where one is under way; return whether one is."""
    return key_rotation.advance_change(timezone.now())


def renew_key_list() -> bool:
    """Sign the key list again once half of its life is over, where the root keys are here; return whether it was."""
    try:
        return key_rotation.renew_in_time(timezone.now())
    except (KeysMissing, KeyChangeRefused) as error:
        logger.warning("the key list could not be signed again: %s", error)
        return False


JOBS = (
    PeriodicJob("beat", 10, lambda _stopping: send_beat()),
    PeriodicJob("clock-watch", 1, lambda _stopping: watch_clock()),
    PeriodicJob("revocation-watch", 2, lambda _stopping: _revocations.look()),
    PeriodicJob("key-change", 5, lambda _stopping: follow_key_change()),
    PeriodicJob("key-list-renewal", 3600, lambda _stopping: renew_key_list()),
)
