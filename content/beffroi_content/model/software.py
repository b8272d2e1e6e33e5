"""The software of a player: which version the town wants on it."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from beffroi_content.model.base_models import WireModel
from beffroi_content.model.schedule import TimeWindow

SoftwareVersion = Annotated[str, StringConstraints(pattern=r"^([0-9][0-9A-Za-z.+~-]{0,39})?$")]
"""Such as ``1.4.0``; empty: none."""


class SoftwareTarget(WireModel):
    """The version that a player is to run. That it may be run at all is said by the signatures of the release."""

    version: SoftwareVersion = ""
    """Empty: it stays as it is."""
    window: TimeWindow | None = None
    """The part of the day in which it is fetched, installed and changed; None: at any time."""
