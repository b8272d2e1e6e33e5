"""Folders that take long to make, made once and copied by every test and every worker that needs one."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.town_processes import TownProcesses


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that whoever comes first makes; the workers of a run wait for it. Nobody changes it.

    Args:
        factory: Of the test run.
        name: Of the folder.
        make: Fills the folder, which is there and empty.
    """
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    ready = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            made = shared / f"{name}.unfinished"
            made.mkdir()
            make(made)
            made.rename(ready)
    return ready


def new_town_data(factory: pytest.TempPathFactory) -> Path:
    """Return the data of a town as ``beffroi-server init`` leaves it."""

    def make(folder: Path) -> None:
        TownProcesses(folder).initialise()

    return made_once(factory, "new-town", make) / "data"
