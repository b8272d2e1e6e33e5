"""When a request arrived: before it waited for a thread, and before anything was done for it."""

from __future__ import annotations

import datetime as dt
import time

from django.http import HttpRequest

ARRIVED = "beffroi.arrived"
"""Key of the WSGI environment: when the request began to arrive, in seconds of the monotonic clock."""
LONGEST_WAIT_S = 120.0
"""No request waits longer for a thread: what is more is an error of a clock."""


def arrived_at(request: HttpRequest, now: dt.datetime) -> dt.datetime:
    """Return when a request began to arrive; ``now`` where the server in front does not say it.

    Args:
        request: The request.
        now: The present instant.
    """
    arrived = request.META.get(ARRIVED)
    if not isinstance(arrived, float):
        return now
    return now - dt.timedelta(seconds=min(max(0.0, time.monotonic() - arrived), LONGEST_WAIT_S))
