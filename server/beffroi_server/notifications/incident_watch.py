"""The watch over everything that people are told of: looks, compares with the open incidents, and queues notices."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from beffroi_server.accounts.models import Town
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.presence import REACHABLE_WITHIN
from beffroi_server.notifications import alert_observations, incidents, observations, warning_observations
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.observations import RotatingScreens, subject_of
from beffroi_server.notifications.occasions import RECORDED_OCCASIONS, Occasion

ROUNDS = 30
"""Rounds, of a minute each, after which frame and programme of every screen were looked at: that takes computing."""
START_GRACE = REACHABLE_WITHIN + dt.timedelta(seconds=30)
"""After its start the server has received nothing yet: nobody counts as silent before everybody could have spoken."""


class IncidentWatch:
    """Looks at all occasions, from round to round.

    Args:
        monotonic: Seconds on a clock that cannot be set.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._started_at = monotonic, monotonic()
        self._compared, self._outlooks = RotatingScreens(ROUNDS), RotatingScreens(ROUNDS)

    def look_often(self, now: dt.datetime) -> None:
        """Look at what people must soon be told of: silent screens, and alerts that are not shown."""
        town = Town.objects.first()
        if town is None:
            return
        if self._monotonic() - self._started_at >= START_GRACE.total_seconds():
            incidents.reconcile(observations.silent_screens(now), (Occasion.SCREEN_SILENT,), now, town=town)
        incidents.reconcile(observations.unseen_alerts(now, town), (Occasion.ALERT_UNSEEN,), now, town=town)
        waiting = [*alert_observations.waiting_alerts(now), *warning_observations.waiting_warnings(now)]
        incidents.reconcile(waiting, (Occasion.ALERT_WAITS,), now, town=town)
        incidents.remind_overdue(now)

    def look_around(self, now: dt.datetime) -> None:
        """Look at everything else."""
        town = Town.objects.first()
        if town is None:
            return
        self._look_at_screens(now, town)
        self._look_at_programmes(now, town)
        seen = [
            *observations.broken_feeds(now), *observations.full_disk(now), *observations.recorded_conditions(),
            *observations.keys_in_need(now), *warning_observations.failing_sources(),
        ]  # fmt: skip
        occasions = (Occasion.FEED_BROKEN, Occasion.DISK, Occasion.KEYS, Occasion.WARNING_SOURCE, *RECORDED_OCCASIONS)
        incidents.reconcile(seen, occasions, now, town=town)

    def _look_at_screens(self, now: dt.datetime, town: Town) -> None:
        wrong, right = observations.wrong_screens(now)
        turn = self._compared.take([each.screen for each in right], always=_open_screens(Occasion.SCREEN_WRONG))
        looked_at = {screen.pk for screen in turn}
        compared = observations.compared_screens([each for each in right if each.screen.pk in looked_at], now)
        unchecked = {subject_of(each.screen.pk) for each in right if each.screen.pk not in looked_at}
        seen = [*wrong, *compared]
        incidents.reconcile(seen, (Occasion.SCREEN_WRONG,), now, town=town, unchecked=unchecked)

    def _look_at_programmes(self, now: dt.datetime, town: Town) -> None:
        screens = list(Screen.objects.filter(enrolled_at__isnull=False))
        turn = self._outlooks.take(screens, always=_open_screens(Occasion.PROGRAMME))
        seen = observations.screens_without_programme(turn, now)
        looked_at = {screen.pk for screen in turn}
        unchecked = {subject_of(screen.pk) for screen in screens if screen.pk not in looked_at}
        incidents.reconcile(seen, (Occasion.PROGRAMME,), now, town=town, unchecked=unchecked)


def _open_screens(occasion: Occasion) -> list[int]:
    rows = Incident.objects.filter(ended_at__isnull=True, occasion=occasion, screen__isnull=False)
    return [key for key in rows.values_list("screen", flat=True) if key is not None]
