"""Displays of graphics cards without a desktop (KMS): detection, and switching of the signal by DPMS.

Displays are detected from ``/sys/class/drm``. The signal is switched by the DPMS property of the connector, by libdrm
(xf86drmMode.h), through the file descriptor that SDL has open: only the DRM master may set it.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

DRM_FOLDER = Path("/sys/class/drm")
DEVICE_FOLDER = Path("/dev/dri")
_CONNECTOR = re.compile(r"card(\d+)-(.+)-(\d+)")
_CONNECTOR_TYPES = {
    "VGA": 1, "DVI-I": 2, "DVI-D": 3, "DVI-A": 4, "Composite": 5, "LVDS": 8, "DP": 10, "HDMI-A": 11, "HDMI-B": 12,
    "eDP": 14, "Virtual": 15, "DSI": 16, "DPI": 17,
}  # fmt: skip
"""Connector types of the kernel (drm_mode.h), by the names in ``/sys/class/drm``."""
_CONNECTOR_OBJECT = 0xC0C0C0C0
_DPMS_ON, _DPMS_OFF = 0, 3


@dataclass(frozen=True, slots=True)
class DisplayConnector:
    """A connector of a graphics card with a display plugged in."""

    card: int
    kind: str
    number: int
    modes: str = ""
    """Modes of the display, as the kernel lists them: they differ when another display is plugged in."""

    @property
    def name(self) -> str:
        """Name that the kernel gives it, such as ``HDMI-A-1``."""
        return f"{self.kind}-{self.number}"


def connected_displays(system: Path = DRM_FOLDER) -> tuple[DisplayConnector, ...]:
    """Return the connectors that have a display plugged in."""
    found = []
    for path in sorted(system.glob("card*-*")):
        match = _CONNECTOR.fullmatch(path.name)
        if match and match[2] != "Writeback" and _read_text(path / "status") == "connected":
            found.append(DisplayConnector(int(match[1]), match[2], int(match[3]), _read_text(path / "modes")))
    return tuple(found)


def display_cards(system: Path = DRM_FOLDER) -> tuple[int, ...]:
    """Return the numbers of the cards that have connectors: others, as a Raspberry Pi 5 has, only render."""
    found = {int(match[1]) for path in system.glob("card*-*") if (match := _CONNECTOR.fullmatch(path.name))}
    return tuple(sorted(found))


def card_problem(card: int, devices: Path = DEVICE_FOLDER) -> str:
    """Return the reason why a card cannot be used, with the remedy; empty where none is known."""
    path = devices / f"card{card}"
    if not path.exists():
        return f"there is no {path}"
    if not os.access(path, os.R_OK | os.W_OK):
        return f"{path} cannot be opened: add the user to the group “video” (usermod -aG video …) and log in again"
    return ""


def is_signal_on(connector: DisplayConnector, system: Path = DRM_FOLDER) -> bool | None:
    """Return whether the kernel says that the signal is on; None where it does not say."""
    said = _read_text(system / f"card{connector.card}-{connector.name}" / "dpms")
    return said == "On" if said else None


def read_edid(connector: DisplayConnector, system: Path = DRM_FOLDER) -> bytes:
    """Return the EDID of a display; empty where it has none."""
    with suppress(OSError):
        return (system / f"card{connector.card}-{connector.name}" / "edid").read_bytes()
    return b""


def is_drm_master(card: int) -> bool:
    """Tell whether this process is the DRM master of a card, so that its frames reach the displays.

    SDL reports no error without it, and draws frames that nobody sees.
    """
    descriptor = _open_card(card)
    if descriptor is None:
        return False
    try:
        return bool(ctypes.CDLL("libdrm.so.2").drmIsMaster(descriptor))
    except (OSError, AttributeError):
        return True


def switch_signal(connector: DisplayConnector, on: bool) -> str:
    """Switch the signal of a display that this process draws on; return the problem, or an empty text."""
    descriptor = _open_card(connector.card)
    if descriptor is None:
        return "the card is not open"
    try:
        drm = ctypes.CDLL("libdrm.so.2")
    except OSError as error:
        return str(error)
    number = _connector_id(drm, descriptor, connector)
    if number is None:
        return f"{connector.name} is gone"
    prop = _property_id(drm, descriptor, number, b"DPMS")
    if prop is None:
        return f"{connector.name} has no DPMS"
    answer = drm.drmModeConnectorSetProperty(descriptor, number, prop, ctypes.c_uint64(_DPMS_ON if on else _DPMS_OFF))
    return "" if answer == 0 else os.strerror(-answer) if answer < 0 else f"libdrm says {answer}"


def _open_card(card: int) -> int | None:
    """Return the descriptor by which this process, through SDL, has a card open; None if it has not."""
    # SDL does not hand out its descriptor, and one that is opened anew would not be the DRM master.
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if os.readlink(path) == f"/dev/dri/card{card}":
                return int(path.name)
    return None


class _DrmResources(ctypes.Structure):
    """The structure drmModeRes."""

    _fields_ = [
        ("framebuffer_count", ctypes.c_int), ("framebuffers", ctypes.POINTER(ctypes.c_uint32)),
        ("crtc_count", ctypes.c_int), ("crtcs", ctypes.POINTER(ctypes.c_uint32)),
        ("connector_count", ctypes.c_int), ("connectors", ctypes.POINTER(ctypes.c_uint32)),
        ("encoder_count", ctypes.c_int), ("encoders", ctypes.POINTER(ctypes.c_uint32)),
    ]  # fmt: skip


class _DrmConnector(ctypes.Structure):
    """The beginning of drmModeConnector."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("number", "encoder", "kind", "kind_number")]


class _DrmProperties(ctypes.Structure):
    """The structure drmModeObjectProperties."""

    _fields_ = [
        ("count", ctypes.c_uint32), ("numbers", ctypes.POINTER(ctypes.c_uint32)),
        ("values", ctypes.POINTER(ctypes.c_uint64)),
    ]  # fmt: skip


class _DrmProperty(ctypes.Structure):
    """The beginning of drmModePropertyRes."""

    _fields_ = [("number", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("name", ctypes.c_char * 32)]


def _call_drm(drm: Any, name: str, kind: type[ctypes.Structure], *arguments: object) -> Any:
    function = getattr(drm, name)
    function.restype = ctypes.POINTER(kind)
    found = function(*arguments)
    return found if found else None


def _connector_id(drm: Any, descriptor: int, wanted: DisplayConnector) -> int | None:
    resources = _call_drm(drm, "drmModeGetResources", _DrmResources, descriptor)
    if resources is None:
        return None
    try:
        for number in resources.contents.connectors[: resources.contents.connector_count]:
            found = _call_drm(drm, "drmModeGetConnectorCurrent", _DrmConnector, descriptor, ctypes.c_uint32(number))
            if found is None:
                continue
            same = (found.contents.kind, found.contents.kind_number) == (
                _CONNECTOR_TYPES.get(wanted.kind),
                wanted.number,
            )
            drm.drmModeFreeConnector(found)
            if same:
                return int(number)
    finally:
        drm.drmModeFreeResources(resources)
    return None


def _property_id(drm: Any, descriptor: int, connector: int, name: bytes) -> int | None:
    found = _call_drm(
        drm, "drmModeObjectGetProperties", _DrmProperties, descriptor,
        ctypes.c_uint32(connector), ctypes.c_uint32(_CONNECTOR_OBJECT),
    )  # fmt: skip
    if found is None:
        return None
    try:
        for number in found.contents.numbers[: found.contents.count]:
            each = _call_drm(drm, "drmModeGetProperty", _DrmProperty, descriptor, ctypes.c_uint32(number))
            if each is None:
                continue
            same = each.contents.name == name
            drm.drmModeFreeProperty(each)
            if same:
                return int(number)
    finally:
        drm.drmModeFreeObjectProperties(found)
    return None


def _read_text(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="ascii").strip()
    return ""
