from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown


@pytest.fixture
def hall() -> SigningTown:
    return SigningTown()


@pytest.fixture
def player(hall: SigningTown, tmp_path: Path) -> Iterator[PlayerHarness]:
    player = PlayerHarness(hall, tmp_path)
    yield player
    player.close()


@pytest.fixture
def fetching_player(hall: SigningTown, tmp_path: Path) -> Iterator[PlayerHarness]:
    """A player that can fetch files from its town."""
    with hall.serve() as server:
        player = PlayerHarness(hall, tmp_path, server)
        yield player
        player.stage.shut_down()
        player.close()
