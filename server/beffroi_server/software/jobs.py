"""Periodic jobs of the versions of players: the rollout, and the copy of the releases."""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from django.utils import timezone

from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery.clock_watch import is_clock_confirmed
from beffroi_server.software import mirror, rollouts

logger = logging.getLogger(__name__)


def copy_releases(_stopping: threading.Event) -> None:
    """Copy new releases from the address that is set; there is time: what fails is tried again."""
    # Signatures expire by the clock.
    if not settings.RELEASES_URL or not is_clock_confirmed():
        return
    try:
        mirror.update_mirror(mirror.source_of(settings.RELEASES_URL))
    except mirror.MirrorFault as fault:
        logger.warning("releases are not copied: %s", fault)


JOBS = (
    PeriodicJob("rollout-follow", 60, lambda _stopping: rollouts.follow_rollout(timezone.now())),
    PeriodicJob("release-copy", 6 * 3600, copy_releases),
)
