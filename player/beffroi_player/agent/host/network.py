"""The network connection of the machine, read from the kernel: interface of the default route, and its quality."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from beffroi_content.wire.reports import NetworkStatus

_GATEWAY = 0x2
"""RTF_GATEWAY of linux/route.h."""
_REJECT = 0x200


def read_network(root: Path) -> NetworkStatus | None:
    """Read the connection through which the machine reaches other networks; None where there is none.

    Args:
        root: Where ``/proc`` and ``/sys`` are.
    """
    interface = _default_interface(root)
    if interface is None:
        return None
    folder = root / "sys/class/net" / interface
    is_wireless = (folder / "wireless").exists() or (folder / "phy80211").exists()
    kind: Literal["wired", "wireless"] = "wireless" if is_wireless else "wired"
    speed = _read_number(folder / "speed")
    return NetworkStatus(
        interface=interface,
        kind=kind,
        speed_mbps=speed if speed and speed > 0 and not is_wireless else None,
        signal_dbm=_signal_dbm(root, interface) if is_wireless else None,
        cuts=max(0, _read_number(folder / "carrier_down_count") or 0),
    )


def _default_interface(root: Path) -> str | None:
    """Return the interface of the default route with the lowest metric."""
    found: list[tuple[int, str]] = []
    for line in _read_lines(root / "proc/net/route")[1:]:
        with suppress(ValueError, IndexError):
            fields = line.split()
            if fields[1] == fields[7] == "00000000" and int(fields[3], 16) & _GATEWAY:
                found.append((int(fields[6]), fields[0]))
    if not found:
        for line in _read_lines(root / "proc/net/ipv6_route"):
            with suppress(ValueError, IndexError):
                fields = line.split()
                flags = int(fields[8], 16)
                if int(fields[0], 16) == 0 and fields[1] == "00" and flags & _GATEWAY and not flags & _REJECT:
                    found.append((int(fields[5], 16), fields[9]))
    # The name becomes a part of a path: it must not lead out of its folder.
    usable = [each for each in found if "/" not in each[1] and not each[1].startswith(".") and len(each[1]) < 16]
    return min(usable, default=(0, None))[1]


def _signal_dbm(root: Path, interface: str) -> int | None:
    """Return the strength of the radio in dBm; drivers that count otherwise say nothing that can be compared."""
    for line in _read_lines(root / "proc/net/wireless"):
        name, _, rest = line.partition(":")
        if name.strip() == interface:
            with suppress(ValueError, IndexError):
                level = round(float(rest.split()[2]))
                return level if -120 < level < 0 else None
    return None


def _read_lines(path: Path) -> list[str]:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="ascii").splitlines()
    return []


def _read_number(path: Path) -> int | None:
    with suppress(OSError, ValueError):
        number = int(path.read_text(encoding="ascii"))
        return number if abs(number) < 2**31 else None  # nonsense of a driver
    return None
