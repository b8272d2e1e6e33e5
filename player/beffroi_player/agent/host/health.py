"""The health of the machine, read from the kernel. A value that a machine does not have is left out."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from beffroi_content.wire.reports import MachineDescription, NetworkStatus, PlayerHealth
from beffroi_player.agent.host.hardware import read_machine
from beffroi_player.agent.host.network import read_network

HOT_C = 80.0
"""From this temperature on a Raspberry Pi throttles itself."""
COOL_C = 75.0
"""Below this, what was hot is well again: a problem must not come and go at each degree around the limit."""
MEMORY_PERCENT = 90
DISK_FREE_MB = 200
WORN_PERCENT = 90
"""Of the life of a built-in memory: its maker counts in tenths."""
WEAK_DBM, STRONG_DBM = -78, -72
"""A radio is weak below the one, and well again above the other."""
MAX_CUTS, CUTS_WINDOW_S = 3, 3_600
"""A cable that lost its carrier so often within so many seconds is a bad one."""
_FIRMWARE_BITS = {0: "under-voltage", 1: "throttled", 2: "throttled", 3: "throttled"}
"""Bits of the firmware's word that say what is the matter now."""
_PAST_SHIFT = 16
"""By so many bits above lie those that say the same of any time since boot."""


class HealthMonitor:
    """Reads health values, and remembers what a problem depends on besides the present ones.

    Args:
        state: The state directory: its disk is the one that matters.
        root: Where ``/proc`` and ``/sys`` are.
        disk: Asks for the free space of a folder.
        lasting: Problems that were found at the start and do not come and go.
    """

    def __init__(
        self, state: Path, root: Path = Path("/"), disk: Callable[[Path], os.statvfs_result] = os.statvfs,
        lasting: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self._state, self._root, self._disk, self._lasting = state, root, disk, lasting
        self._before: tuple[int, int] | None = None
        self._was_hot = self._was_weak = False
        self._cuts: dict[str, deque[tuple[int, int]]] = {}

    def read_machine(self) -> MachineDescription:
        """Return the description of the machine."""
        return read_machine(self._root)

    def read_health(self, dropped_frames: int = 0, late_frames: int = 0, decode_errors: int = 0) -> PlayerHealth:
        """Return the health of the machine. The load is the mean since the call before."""
        temperature, memory, free_mb = self._temperature_c(), self._memory_percent(), self._free_mb()
        used, errors, network = self._storage_used(), self._disk_errors(), read_network(self._root)
        found = [*self._lasting, *self._firmware_problems()]
        self._was_hot = temperature is not None and temperature >= (COOL_C if self._was_hot else HOT_C)
        found += ["hot"] * self._was_hot
        found += ["memory-low"] * (memory is not None and memory >= MEMORY_PERCENT)
        found += ["disk-nearly-full"] * (free_mb is not None and free_mb < DISK_FREE_MB)
        found += ["disk-read-only"] * self._is_read_only()
        found += ["disk-errors"] * bool(errors)
        found += ["storage-worn"] * (self._spares_are_low() or (used is not None and used >= WORN_PERCENT))
        found += self._network_problems(network)
        return _without_nonsense(
            uptime_s=self._uptime_seconds(),
            processor_percent=self._processor_percent(),
            temperature_c=temperature,
            memory_percent=memory,
            disk_free_mb=free_mb,
            dropped_frames=dropped_frames,
            late_frames=late_frames,
            decode_errors=decode_errors,
            storage_used_percent=used,
            disk_errors=errors,
            network=network,
            problems=tuple(sorted(set(found))),
        )

    def _read_text(self, path: str) -> str:
        with suppress(OSError, UnicodeDecodeError):
            return (self._root / path).read_text(encoding="ascii")
        return ""

    def _uptime_seconds(self) -> int:
        with suppress(ValueError, IndexError):
            return max(0, int(float(self._read_text("proc/uptime").split()[0])))
        return 0

    def _temperature_c(self) -> float | None:
        found = []
        for path in (self._root / "sys/class/thermal").glob("thermal_zone*/temp"):
            with suppress(OSError, ValueError):
                found.append(int(path.read_text()) / 1000)
        # A sensor that is not fitted may read as nonsense.
        plausible = [degrees for degrees in found if -40 < degrees < 150]
        return max(plausible, default=None)

    def _processor_percent(self) -> float | None:
        """Return the share of all cores that was busy since the last time; None the first time."""
        with suppress(ValueError, IndexError):
            fields = [int(part) for part in self._read_text("proc/stat").splitlines()[0].split()[1:9]]
            idle, whole = fields[3] + fields[4], sum(fields)
            before, self._before = self._before, (idle, whole)
            if before is not None and whole > before[1]:
                return round(100 * (1 - (idle - before[0]) / (whole - before[1])), 1)
        return None

    def _memory_percent(self) -> int | None:
        with suppress(ValueError, KeyError, ZeroDivisionError):
            lines = (line.split(":") for line in self._read_text("proc/meminfo").splitlines() if ":" in line)
            sizes = {name: int(rest.split()[0]) for name, rest in lines}
            return round(100 * (1 - sizes["MemAvailable"] / sizes["MemTotal"]))
        return None

    def _free_mb(self) -> int | None:
        with suppress(OSError):
            found = self._disk(self._state)
            return found.f_bavail * found.f_frsize // 1_000_000
        return None

    def _is_read_only(self) -> bool:
        """Tell whether the disk is mounted read-only, as the kernel does after an error of a memory card."""
        with suppress(OSError):
            return bool(self._disk(self._state).f_flag & os.ST_RDONLY)
        return False

    def _storage_used(self) -> int | None:
        """Return how much of its life a built-in memory (eMMC) has behind it, in percent, as its maker counts.

        Of the two kinds of cells the worse one. A plain memory card says nothing (JESD84-B51, registers 268 and 269).
        """
        found = []
        for path in (self._root / "sys/block").glob("mmcblk*/device/life_time"):
            with suppress(OSError, ValueError):
                found += [int(part, 16) for part in path.read_text(encoding="ascii").split()]
        known = [tenths for tenths in found if 1 <= tenths <= 11]
        return 10 * max(known) if known else None

    def _spares_are_low(self) -> bool:
        """Tell whether a built-in memory has used up most of the blocks that it had in reserve (register 267)."""
        for path in (self._root / "sys/block").glob("mmcblk*/device/pre_eol_info"):
            with suppress(OSError, ValueError):
                if int(path.read_text(encoding="ascii"), 16) in (2, 3):
                    return True
        return False

    def _disk_errors(self) -> int | None:
        """Return how many errors ext4 has met since it was last checked; None where there is no such file system."""
        found = []
        for path in (self._root / "sys/fs/ext4").glob("*/errors_count"):
            with suppress(OSError, ValueError):
                found.append(max(0, int(path.read_text(encoding="ascii"))))
        return sum(found) if found else None

    def _network_problems(self, network: NetworkStatus | None) -> Iterator[str]:
        signal = network.signal_dbm if network else None
        self._was_weak = signal is not None and signal <= (STRONG_DBM if self._was_weak else WEAK_DBM)
        if self._was_weak:
            yield "signal-weak"
        if network is not None and network.kind == "wired" and self._recent_cuts(network) >= MAX_CUTS:
            yield "cable"

    def _recent_cuts(self, network: NetworkStatus) -> int:
        """Return how often the carrier was lost within ``CUTS_WINDOW_S``."""
        now = self._uptime_seconds()
        known = self._cuts.setdefault(network.interface, deque([(now, network.cuts)], maxlen=100))
        known.append((now, network.cuts))
        while known[0][0] < now - CUTS_WINDOW_S:
            known.popleft()
        return network.cuts - known[0][1]

    def past_firmware_problems(self) -> set[str]:
        """Return the problems that the firmware says there were since boot, and that there are not now."""
        word = self._firmware_word()
        were = {name for bit, name in _FIRMWARE_BITS.items() if word & 1 << bit + _PAST_SHIFT}
        return were - set(self._firmware_problems())

    def _firmware_word(self) -> int:
        with suppress(ValueError):
            return int(self._read_text("sys/devices/platform/soc/soc:firmware/get_throttled").strip() or "0", 16)
        return 0

    def _firmware_problems(self) -> Iterator[str]:
        """Yield the problems that the firmware of a Raspberry Pi, or a sensor of its supply, states now."""
        word = self._firmware_word()
        yield from (name for bit, name in _FIRMWARE_BITS.items() if word & 1 << bit)
        for path in (self._root / "sys/class/hwmon").glob("hwmon*/in0_lcrit_alarm"):
            with suppress(OSError):
                if path.read_text().strip() == "1":
                    yield "under-voltage"


def _without_nonsense(**values: Any) -> PlayerHealth:
    """Return the health without the values that no machine has: a broken sensor must not keep the report back."""
    try:
        return PlayerHealth(**values)
    except ValidationError as error:
        odd = {fault["loc"][0] for fault in error.errors()}
        return PlayerHealth(**{name: value for name, value in values.items() if name not in odd})
