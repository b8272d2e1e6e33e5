"""Output that the programme names, and what became of it."""

from __future__ import annotations

from typing import NamedTuple


class OutputSetting(NamedTuple):
    """The output that the programme named when the stage was started; empty: the one that the machine was given."""

    name: str = ""
    fault: str = ""
    """Why another one is used; empty where it is not."""
