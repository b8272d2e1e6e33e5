"""Folders that take long to make, made once and copied by every test and every worker that needs one."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.town_processes import TownProcesses

DATABASE = "beffroi.sqlite3"


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


def migrated_database(factory: pytest.TempPathFactory) -> Path:
    """Return a database with all tables and nothing in them: to bring one about takes five times as long as a town."""

    def make(folder: Path) -> None:
        (folder / "data").mkdir()
        TownProcesses(folder).run("beffroi-server", "django", "migrate", "--verbosity", "0")

    return made_once(factory, "migrated-database", make) / "data" / DATABASE


def new_town_data(factory: pytest.TempPathFactory) -> Path:
    """Return the data of a town as ``beffroi-server init`` leaves it."""

    def make(folder: Path) -> None:
        (folder / "data").mkdir()
        shutil.copy(migrated_database(factory), folder / "data")
        TownProcesses(folder).initialise()

    return made_once(factory, "new-town", make) / "data"
