"""Words to systemd: ready, still alive. Nothing happens where nobody asked for them."""

from __future__ import annotations

import os
import socket


def send_assignment(assignment: str) -> None:
    """Send one assignment, such as ``READY=1``, to the service manager that started the process, if one did."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(assignment.encode(), address)
    except OSError:
        return  # systemd notices by itself that the word is missing


def notify_ready() -> None:
    """Say that the process does its work."""
    send_assignment("READY=1")


def notify_alive() -> None:
    """Feed the watchdog."""
    send_assignment("WATCHDOG=1")
