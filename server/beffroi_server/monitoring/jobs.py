"""Periodic jobs of monitoring: watching the disk, keeping its reserve full, and counting plays by day."""

from __future__ import annotations

import logging

from beffroi_server.core import disk_space
from beffroi_server.core.disk_space import DiskState
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.monitoring.proof import daily_totals

logger = logging.getLogger(__name__)
_MIB = 1024 * 1024


def watch_disk() -> DiskState:
    """Keep the reserve for alerts whole, and warn in the log of a disk that is nearly full; return its state."""
    disk_space.fill_reserve()
    state = disk_space.disk_state()
    if state is not DiskState.ENOUGH:
        consequence = "; uploads are refused" if state is DiskState.SCARCE else ""
        logger.warning(
            "the disk of the data folder is nearly full: %d MB%s", disk_space.free_bytes() // _MIB, consequence
        )
    return state


JOBS = (
    PeriodicJob("disk-watch", 300, lambda _stopping: watch_disk()),
    PeriodicJob("play-totals", 30, daily_totals.count_new_plays),
)
