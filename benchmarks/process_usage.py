"""What processes take of a machine, as Linux counts it in /proc."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of some processes, in MB of 1024 x 1024 bytes."""

    rss: float
    """What is in memory of each; what two of them share counts twice."""
    pss: float
    """The same, but what is shared by several processes of the machine counts as a part of each."""
    uss: float
    """What would be free if they ended."""


def find(*words: str) -> list[int]:
    """Return the processes of which the command line has all of these words."""
    numbers = [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
    return sorted(number for number in numbers if set(words) <= set(_command(number)))


def tree(*roots: int) -> list[int]:
    """Return processes and all that descend from them."""
    found = list(roots)
    for number in found:
        with contextlib.suppress(OSError):
            for children in (PROC / str(number) / "task").glob("*/children"):
                found += [int(child) for child in children.read_text().split()]
    return found


def processor_s(numbers: Sequence[int]) -> float:
    """Return the processor time of processes and of their children that have ended and were waited for."""
    return sum(sum(map(int, fields[11:15])) * _TICK_S for fields in map(_fields, numbers) if fields)


def percent_of_a_core(roots: Sequence[int], seconds: float) -> float:
    """Return how busy processes and all that descend from them keep one core from now on."""
    before, begin = processor_s(tree(*roots)), time.perf_counter()
    time.sleep(seconds)
    return 100 * (processor_s(tree(*roots)) - before) / (time.perf_counter() - begin)


def memory(numbers: Sequence[int]) -> Memory:
    """Return what processes have in memory."""
    found = [_rollup(number) for number in numbers]
    total = {name: sum(each.get(name, 0) for each in found) / 1024 for name in ("Rss", "Pss", "Private")}
    return Memory(total["Rss"], total["Pss"], total["Private"])


def _rollup(number: int) -> dict[str, int]:
    sizes: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for line in (PROC / str(number) / "smaps_rollup").read_text().splitlines()[1:]:
            name, size = line.split()[:2]
            sizes[name.rstrip(":")] = int(size)
    sizes["Private"] = sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
    return sizes


def _command(number: int) -> list[str]:
    with contextlib.suppress(OSError):
        return (PROC / str(number) / "cmdline").read_text(errors="replace").split("\0")
    return []


def _fields(number: int) -> list[str]:
    """Return the fields of ``stat`` that follow the name: see proc(5)."""
    with contextlib.suppress(OSError):
        return (PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
    return []
