"""Notifications to the service manager (sd_notify): ready, and the watchdog. No-ops without one."""

from __future__ import annotations

import os
import socket


def send_assignment(assignment: str) -> None:
    """Send an assignment, such as ``READY=1``, to the service manager, if one started the process."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(assignment.encode(), address)
    except OSError:
        return  # systemd itself acts on a missing notification


def notify_ready() -> None:
    """Notify that the process has started."""
    send_assignment("READY=1")


def notify_alive() -> None:
    """Feed the watchdog."""
    send_assignment("WATCHDOG=1")


def notify_verified(link: str) -> None:
    """Feed the watchdog, and tell the supervisor that this process has verified a document since its start.

    Args:
        link: How it is connected: ``live`` or ``polling``.
    """
    send_assignment(f"X_VERIFIED={os.getpid()} {link}\nWATCHDOG=1")
