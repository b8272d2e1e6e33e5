"""When something that is read again and again is due: spread over time, later after each failure."""

from __future__ import annotations

import datetime as dt
import random

from django.db.models import F, Model


def spread(duration: dt.timedelta, low: float, high: float) -> dt.timedelta:
    """Return a random part of a duration, so that what many towns read is not fetched at the same moment."""
    return duration * random.uniform(low, high)  # noqa: S311 - spreads load, keeps no secret


def retry_pause(usual: dt.timedelta, failures: int, longest: dt.timedelta) -> dt.timedelta:
    """Return the pause after a failure: twice as long after each that came before, up to a limit.

    Args:
        usual: The interval between two readings that succeed.
        failures: Those in a row before this one.
        longest: The limit.
    """
    times: int = 2 ** min(failures, 6)
    return min(longest, usual * times)


def move_due_times(model: type[Model], step_ms: int) -> None:
    """Move ``due_at`` of all rows with a wall clock that was set: an interval stays as long as it was."""
    moved = F("due_at") + dt.timedelta(milliseconds=step_ms)
    model._default_manager.filter(due_at__isnull=False).update(due_at=moved)
