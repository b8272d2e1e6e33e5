"""A disk that fails at any one write, or from any one on: the glass is right, and is so once the disk is well."""

from __future__ import annotations

import builtins
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, jpeg, picture_slide, slide

from beffroi_content.wire.plays import FIRST_CHAIN, chain_digest
from beffroi_player.state.play_files import play_files, read_plays

WRITES = ("open", "fsync", "fdatasync", "replace", "truncate", "mkdir")


class Disk:
    """Counts what is written below a folder, and refuses it from a certain count on.

    Args:
        folder: What is on the disk.
        fails_at: The first write that is refused.
        times: How many are refused.
        number: Of the error.
    """

    def __init__(self, folder: Path, fails_at: float = float("inf"), times: float = 1, number: int = 0) -> None:
        self._folder, self._fails_at, self._times, self._number = str(folder), fails_at, times, number
        self.writes = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in WRITES:
                patch.setattr(os, name, self._guarded(getattr(os, name), name))
            patch.setattr(builtins, "open", self._guarded(open, "file"))
            yield

    def _guarded(self, do: Callable[..., Any], name: str) -> Callable[..., Any]:
        def guarded(*given: Any, **named: Any) -> Any:
            if self._is_written(name, given):
                self.writes += 1
                if self._fails_at <= self.writes < self._fails_at + self._times:
                    raise OSError(self._number, os.strerror(self._number), str(given[0]))
            return do(*given, **named)

        return guarded

    def _is_written(self, name: str, given: tuple[Any, ...]) -> bool:
        where = given[0]
        if name in {"fsync", "fdatasync"}:
            where = os.readlink(f"/proc/self/fd/{where}")
        if name == "open" and not given[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return False
        if name == "file" and not set("wa+") & set(given[1] if len(given) > 1 else "r"):
            return False
        return str(where).startswith(self._folder)


def day(player: PlayerHarness, hall: SigningTown) -> None:
    """Let a programme, an alert and its end come, and time pass."""
    photo = hall.add_file(jpeg("teal"))
    manifest = hall.manifest(slide("pool").replace(duration_ms=10_000), picture_slide("photo", photo))
    player.receive(hall.publish_programme(manifest))
    player.run_iteration()
    player.wait(10_000)
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_alerts(alert(now=hall.now_ms)))
    assert player.alerts == [("flood", "takeover")], "an alert needs no disk"
    player.wait(4_000)
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_alerts())
    player.run_iteration()


def well_again(player: PlayerHarness) -> None:
    """What the agent does by itself once the disk is well."""
    player.repair_state()
    player.preparer.prepare_next()
    player.wait(600_000)
    player.repair_state()


def new_player(hall: SigningTown, folder: Path, server: str) -> PlayerHarness:
    player = PlayerHarness(hall, folder, server)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("before"))))
    player.wait(1_000)
    return player


def close(player: PlayerHarness) -> None:
    player.stage.shut_down()
    player.close()


def writes_of_a_day(folder: Path) -> int:
    hall = SigningTown()
    with hall.serve() as server:
        player = new_player(hall, folder, server)
        disk = Disk(player.state.folder)
        with disk.watched():
            day(player, hall)
        close(player)
    return disk.writes


@pytest.mark.parametrize(
    ("first", "number", "times"),
    [
        pytest.param(1, errno.ENOSPC, float("inf"), id="full from then on"),
        pytest.param(2, errno.EROFS, float("inf"), id="read-only from then on"),
        pytest.param(3, errno.EIO, 1, id="one error"),
    ],
)
def test_whenever_the_disk_fails_the_screen_is_right_and_heals(
    tmp_path: Path, first: int, number: int, times: float
) -> None:
    count = writes_of_a_day(tmp_path / "well")
    assert count > 20
    # Every third write: each takes some time, and together they try all.
    for fails_at in range(first, count + 1, 3):
        hall = SigningTown()
        with hall.serve() as server:
            player = new_player(hall, tmp_path / str(fails_at), server)
            with Disk(player.state.folder, fails_at, times, number).watched():
                day(player, hall)
                assert set(player.slides) <= {"before", "pool", "photo", None}, f"at write {fails_at}"
                assert player.run_iteration().faults == ()
            well_again(player)
            assert set(player.slides) <= {"pool", "photo"}, f"after write {fails_at}"
            player.stage.shut_down()
            player.start()
            assert set(player.slides) <= {"pool", "photo"}, f"after write {fails_at} and a start"
            assert player.alerts == []
            expect_whole_log(player)
            close(player)


def expect_whole_log(player: PlayerHarness) -> None:
    plays = [play for file in play_files(player.state.plays) for play in read_plays(file)]
    assert [play.number for play in plays] == list(range(1, len(plays) + 1))
    chain = FIRST_CHAIN
    for play in plays:
        assert play.chain == chain_digest(chain, play)
        chain = play.chain
    shown = [(play.slide or play.alert, play.page) for play in plays]
    assert ("before", 0) in shown
    assert ("flood", 0) in shown
    assert len({(play.slide, play.alert, play.page, play.started_at_ms) for play in plays}) == len(plays)
