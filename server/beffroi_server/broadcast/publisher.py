"""stub"""

from __future__ import annotations
from beffroi_server.broadcast.models import Outgoing


def send(outgoing: Outgoing) -> None:
    """Send a row."""
