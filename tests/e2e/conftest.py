"""A browser for every test, and a town hall that has something to show."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browser import open_browser
from tests.support.made_once import made_once, new_town_data
from tests.support.town_processes import TownProcesses, open_town_processes


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def new_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a town that was just set up, to be copied."""
    return new_town_data(tmp_path_factory)


@pytest.fixture(scope="session")
def loaded_data(tmp_path_factory: pytest.TempPathFactory, new_town: Path) -> Path:
    """The data of the demo's town, to be copied."""

    def make(folder: Path) -> None:
        shutil.copytree(new_town, folder / "data")
        TownProcesses(folder).run("python", "-m", "demo.office", "load")

    return made_once(tmp_path_factory, "loaded-town", make) / "data"


@pytest.fixture(scope="module")
def clairbourg(tmp_path_factory: pytest.TempPathFactory, loaded_data: Path) -> Iterator[TownProcesses]:
    """The town of the demo: people, pictures, announcements, playlists, rules, scenarios, three screens."""
    with open_town_processes(tmp_path_factory.mktemp("clairbourg"), loaded_data) as house:
        yield house
