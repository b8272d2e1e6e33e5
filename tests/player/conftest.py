from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

from player import Player
from town import TownHall


@pytest.fixture
def hall() -> TownHall:
    return TownHall()


@pytest.fixture
def player(hall: TownHall, tmp_path: Path) -> Iterator[Player]:
    player = Player(hall, tmp_path)
    yield player
    player.close()


@pytest.fixture
def fetching_player(hall: TownHall, tmp_path: Path) -> Iterator[Player]:
    """A player that can fetch files from its town."""
    with hall.serve() as server:
        player = Player(hall, tmp_path, server)
        yield player
        player.stage.end()
        player.close()
