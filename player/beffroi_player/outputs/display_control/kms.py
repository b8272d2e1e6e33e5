"""Displays without a desktop: which are plugged in, which card they hang on, and switching them off.

What is plugged in is read from ``/sys/class/drm``. A display is switched through the very file that SDL has open, since
only its owner may: the DPMS property of the connector, by libdrm (xf86drmMode.h).
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
"""Numbers of the kernel (drm_mode.h) for the names that it gives connectors."""
_CONNECTOR_OBJECT = 0xC0C0C0C0
_DPMS_ON, _DPMS_OFF = 0, 3


@dataclass(frozen=True, slots=True)
class DisplayConnector:
    """A socket of a graphics card with a display in it."""

    card: int
    kind: str
    number: int
    modes: str = ""
    """What the display can show, as the kernel lists it: differs when another display is plugged in."""

    @property
    def name(self) -> str:
        """As the kernel names it, such as ``HDMI-A-1``."""
        return f"{self.kind}-{self.number}"


def connected_displays(system: Path = DRM_FOLDER) -> tuple[DisplayConnector, ...]:
    """Return the sockets that have a display in them."""
    found = []
    for path in sorted(system.glob("card*-*")):
        match = _CONNECTOR.fullmatch(path.name)
        if match and match[2] != "Writeback" and _read_text(path / "status") == "connected":
            found.append(DisplayConnector(int(match[1]), match[2], int(match[3]), _read_text(path / "modes")))
    return tuple(found)


def display_cards(system: Path = DRM_FOLDER) -> tuple[int, ...]:
    """Return the cards that displays can be plugged into: others, such as that of a Raspberry Pi 5's GPU, only draw."""
    found = {int(match[1]) for path in system.glob("card*-*") if (match := _CONNECTOR.fullmatch(path.name))}
    return tuple(sorted(found))


def card_problem(card: int, devices: Path = DEVICE_FOLDER) -> str:
    """Return why a card cannot be used, as far as that can be seen; empty: nothing is known."""
    path = devices / f"card{card}"
    if not path.exists():
        return f"there is no {path}"
    if not os.access(path, os.R_OK | os.W_OK):
        return f"{path} is not ours to use: add the user to the group “video” (usermod -aG video …) and log in again"
    return ""


def is_signal_on(connector: DisplayConnector, system: Path = DRM_FOLDER) -> bool | None:
    """Return whether the display is on, as the kernel says; None: it does not say."""
    said = _read_text(system / f"card{connector.card}-{connector.name}" / "dpms")
    return said == "On" if said else None


def read_edid(connector: DisplayConnector, system: Path = DRM_FOLDER) -> bytes:
    """Return what a display says of itself; empty where it says nothing."""
    with suppress(OSError):
        return (system / f"card{connector.card}-{connector.name}" / "edid").read_bytes()
    return b""


def is_drm_master(card: int) -> bool:
    """Tell whether what this process draws on a card is shown: another program may have its displays.

    SDL does not tell, and draws for nobody.
    """
    descriptor = _open_card(card)
    if descriptor is None:
        return False
    try:
        return bool(ctypes.CDLL("libdrm.so.2").drmIsMaster(descriptor))
    except (OSError, AttributeError):
        return True


def switch_signal(connector: DisplayConnector, on: bool) -> str:
    """Switch a display that this process draws on; return why it could not be, or nothing."""
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
    """Return the descriptor under which this process has a card open, as its SDL does."""
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if os.readlink(path) == f"/dev/dri/card{card}":
                return int(path.name)
    return None


class _DrmResources(ctypes.Structure):
    """drmModeRes."""

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
    """drmModeObjectProperties."""

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
