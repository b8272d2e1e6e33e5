"""What a screen must be showing, computed by the player's own resolver and drawn by its own functions."""

from __future__ import annotations

import datetime as dt

from PIL import Image

from beffroi_content.timeline import Scene
from beffroi_server.screens.models import Screen


def expected_scene(screen: Screen, now: dt.datetime) -> Scene:
    """Return what a screen that has received everything shows at an instant."""
    raise NotImplementedError


def expected_picture(screen: Screen, now: dt.datetime) -> tuple[Image.Image, str]:
    """Return the picture on the glass, upright, and its digest as a player reports it."""
    raise NotImplementedError


def upcoming(screen: Screen, now: dt.datetime, count: int = 10) -> list[tuple[int, Scene]]:
    """Return the scene at ``now`` and those that follow it, each with the instant (Unix ms) at which it begins."""
    raise NotImplementedError
