"""Periodic jobs of the versions of players: the rollout, and the copy of the releases."""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from django.utils import timezone, translation

from beffroi_server.accounts.models import Town
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery.clock_watch import is_clock_confirmed
from beffroi_server.software import copy_outcome, mirror, rollouts

logger = logging.getLogger(__name__)
CLOCK_LOOK_S = 30


def copy_releases(stopping: threading.Event) -> None:
    """Copy new releases from the address that is set; what fails is told on the page, and tried again."""
    if not settings.RELEASES_URL:
        return
    # Signatures expire by the clock. The next time is hours away: what waits for the clock goes on once that is known.
    while not is_clock_confirmed():
        if stopping.wait(CLOCK_LOOK_S):
            return
    town = Town.objects.first()
    # What an address says for people is kept as it was said.
    with translation.override(town.locale if town is not None else settings.LANGUAGE_CODE):
        try:
            copy_outcome.copy_from_address(timezone.now())
        except mirror.MirrorFault as fault:
            logger.warning("releases are not copied: %s", fault)


JOBS = (
    PeriodicJob("rollout-follow", 60, lambda _stopping: rollouts.follow_rollout(timezone.now())),
    PeriodicJob("release-copy", 6 * 3600, copy_releases),
)
