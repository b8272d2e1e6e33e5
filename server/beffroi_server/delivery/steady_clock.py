"""The server's steady clock: counts real milliseconds from boot to boot, and never goes back.

It is the time since boot plus a base, which is chosen once per boot: so high that the clock is above all that it has
ever read. Beats take their sequence from it, and every document says when it was signed by it, so neither depends on
the wall clock, in whichever direction somebody sets that one (docs/decisions/0027-clocks.md).
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import dataclass

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Max

from beffroi_content.wire.documents import SteadyInstant
from beffroi_server.core import database, machine_clock
from beffroi_server.delivery.models import SteadyClockBoot

logger = logging.getLogger(__name__)
LOCK_WAIT_S = 0.2
"""Seconds that a reading waits for the database at most: whoever signs an alert waits for it too."""
BOOTS_KEPT = 50
"""Boots that are remembered: only the highest mark counts, and several machines may share a database."""
RESERVED_MS = 600_000
"""How far ahead the mark is written above which the next boot starts: one write in five minutes, not one a beat."""


@dataclass(slots=True)
class _Known:
    """The row of this boot, as this process knows it."""

    boot: str
    base_ms: int
    reserved_ms: int
    epoch: str


_lock = threading.Lock()
_known: _Known | None = None


def read_steady() -> SteadyInstant:
    """Return what the steady clock reads now.

    Also where the database cannot be written to: a full disk must not keep an alert back.
    """
    global _known  # noqa: PLW0603 - one clock per process
    with _lock:
        boot = machine_clock.boot_id()
        if _known is None or _known.boot != boot:
            _known = _load_boot(boot)
        now = _known.base_ms + machine_clock.uptime_ms()
        if now > _known.reserved_ms - RESERVED_MS // 2:
            _known = _reserve_ahead(_known, now)
        return SteadyInstant(epoch=_known.epoch, ms=_known.base_ms + machine_clock.uptime_ms())


def reload_boot() -> None:
    """Read the row again the next time: for a database that was replaced."""
    global _known  # noqa: PLW0603 - one clock per process
    _known = None


def _load_boot(boot: str) -> _Known:
    row = SteadyClockBoot.objects.filter(boot=boot).first()
    if row is None:
        highest = SteadyClockBoot.objects.aggregate(most=Max("reserved_ms"))["most"] or 0
        base = max(machine_clock.wall_ms(), highest + 1) - machine_clock.uptime_ms()
        row = SteadyClockBoot(boot=boot, base_ms=base, reserved_ms=base + machine_clock.uptime_ms() + RESERVED_MS)
        try:
            with database.short_lock_wait(LOCK_WAIT_S), transaction.atomic():
                row.save(force_insert=True)
                kept = SteadyClockBoot.objects.order_by("-reserved_ms").values_list("pk", flat=True)[:BOOTS_KEPT]
                SteadyClockBoot.objects.exclude(pk__in=list(kept)).delete()
        except IntegrityError:
            row = SteadyClockBoot.objects.get(boot=boot)
        except DatabaseError as error:
            logger.warning("the steady clock of this boot is not noted: %s", error)
    epoch = hashlib.sha256(f"{row.boot} {row.base_ms}".encode()).hexdigest()[:16]
    return _Known(row.boot, row.base_ms, row.reserved_ms, epoch)


def _reserve_ahead(known: _Known, now: int) -> _Known:
    row = SteadyClockBoot.objects.filter(boot=known.boot, base_ms=known.base_ms)
    try:
        with database.short_lock_wait(LOCK_WAIT_S), transaction.atomic():
            if not row.update(reserved_ms=now + RESERVED_MS):
                return _load_boot(known.boot)
    except DatabaseError as error:
        # Only the start of the next boot depends on it, and that one also has the wall clock.
        logger.warning("the steady clock is not noted ahead: %s", error)
    return _Known(known.boot, known.base_ms, now + RESERVED_MS, known.epoch)
