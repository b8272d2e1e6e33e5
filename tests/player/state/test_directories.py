"""Start of a player with any content of its two directories: it shows what it can, and accepts what follows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide


def of_the_future(value: Any) -> Any:
    """Return a document as a newer version may write it: more fields, and unknown values."""
    if isinstance(value, dict):
        return {name: of_the_future(each) for name, each in value.items()} | {"état": {"☃": [1]}}
    if isinstance(value, list):
        return [of_the_future(each) for each in value]
    return "of-the-future" if value in {"trusted", "rule", "alert", "announcement", "beat"} else value


def folder(path: Path) -> None:
    path.unlink()
    (path / "é").mkdir(parents=True)


HARM: list[Any] = [
    pytest.param(lambda path: path.write_text(json.dumps(of_the_future(json.loads(path.read_text())))), id="newer"),
    pytest.param(lambda path: path.write_text("null"), id="null"),
    pytest.param(lambda path: path.write_text("[]"), id="list"),
    pytest.param(lambda path: path.write_bytes(b""), id="empty"),
    pytest.param(lambda path: path.write_bytes(bytes(path.stat().st_size)), id="zeros"),
    pytest.param(lambda path: path.write_text("[" * 100_000), id="deep"),
    pytest.param(lambda path: path.write_bytes(path.read_text().encode("utf-16")), id="another encoding"),
    pytest.param(folder, id="folder"),
]
TAILS = [
    b"",
    bytes(500),
    b"{}\n",
    b'{"next":\n',
    b'{"next":"x","plays":7}\n',
    b"\xff\xff\n",
    b'{"number": 3, "sl',
    b"\n\n",
]


@pytest.mark.parametrize("harm", HARM)
def test_a_player_starts_with_anything_and_takes_what_comes(
    player: PlayerHarness, hall: SigningTown, harm: Callable[[Path], object]
) -> None:
    player.storage.enrolment.write(hall.enrolment())
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("old"))))
    player.wait(11_000)
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_alerts(alert(now=hall.now_ms)))
    player.run_iteration()
    player.stage.shut_down()
    for path in [*player.state.folder.rglob("*.json"), *player.runtime.folder.glob("*.json")]:
        if path.name != "enrolment.json":
            harm(path)
    player.start()
    player.run_iteration()
    player.repair_state()
    hall.now_ms = player.time.system_ms + 1
    player.receive(hall.publish_keys(), hall.publish_programme(hall.manifest(slide("next"))), hall.publish_alerts())
    player.wait(600_000)
    assert player.slides == ["next"]
    assert player.alerts == []
    # It is all written again, and read at the next start.
    player.stage.shut_down()
    player.start()
    assert player.slides == ["next"]


@pytest.mark.parametrize("tail", TAILS)
def test_a_play_log_that_ends_in_anything_goes_on_without_giving_a_number_twice(
    player: PlayerHarness, hall: SigningTown, tail: bytes
) -> None:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("old"))))
    player.wait(11_000)
    player.stage.shut_down()
    (log,) = player.state.plays.iterdir()
    before = log.read_bytes()
    log.write_bytes(before + tail)
    player.start_stage()
    player.wait(11_000)
    player.stage.shut_down()
    lines = b"".join(path.read_bytes() for path in sorted(player.state.plays.iterdir())).splitlines()
    numbers = [json.loads(line)["number"] for line in lines if line.startswith(b'{"number":') and line.endswith(b"}")]
    assert len(numbers) >= 2
    assert len(numbers) == len(set(numbers))
