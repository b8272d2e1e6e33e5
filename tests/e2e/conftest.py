"""A browser for every test, and a town hall that has something to show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browser import open_browser
from tests.support.town_processes import TownProcesses, open_town_processes


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def loaded_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the demo's town, made once and copied for every module."""
    town = TownProcesses(tmp_path_factory.mktemp("loaded"))
    town.initialise()
    town.run("python", "-m", "demo.office", "load")
    return town.folder / "data"


@pytest.fixture(scope="module")
def clairbourg(tmp_path_factory: pytest.TempPathFactory, loaded_data: Path) -> Iterator[TownProcesses]:
    """The town of the demo: people, pictures, announcements, playlists, rules, scenarios, three screens."""
    with open_town_processes(tmp_path_factory.mktemp("clairbourg"), loaded_data) as house:
        yield house
