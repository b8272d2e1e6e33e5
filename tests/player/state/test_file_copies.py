"""Copies of state files: read and repaired where a memory card has damaged one of the two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import WireModel
from beffroi_player.state.model_file import ModelFile

Damage = Callable[[Path], object]
DAMAGES = [
    pytest.param(lambda path: path.unlink(), id="missing"),
    pytest.param(lambda path: path.write_bytes(b""), id="empty"),
    pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-9]), id="cut"),
    pytest.param(lambda path: path.write_bytes(b"\xff" + path.read_bytes()[1:]), id="flipped"),
]


class Note(WireModel):
    text: str = ""


@pytest.fixture
def slot(tmp_path: Path) -> ModelFile[Note]:
    found = ModelFile(tmp_path / "note.json", Note, mode=0o600, copy=tmp_path / "copies" / "note.json")
    found.write(Note(text="Montez à l’étage"))
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copies" / "note.json"


@pytest.mark.parametrize("damage", DAMAGES)
def test_where_the_file_is_damaged_its_copy_is_read_and_then_they_are_the_same_again(slot, copy, damage: Damage):
    damage(slot.path)
    assert slot.file_stamp is not None
    assert slot.read() == Note(text="Montez à l’étage")
    assert slot.repair_copies()
    assert slot.path.read_bytes() == copy.read_bytes()
    assert not slot.repair_copies()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_copy_is_made_anew(slot, copy, damage: Damage):
    damage(copy)
    assert slot.repair_copies()
    assert slot.path.read_bytes() == copy.read_bytes()


def test_of_two_that_differ_the_file_is_right_it_was_written_first(slot, copy):
    before = copy.read_bytes()
    slot.write(Note(text="Redescendez"))
    copy.write_bytes(before)
    assert slot.repair_copies()
    assert slot.read() == Note(text="Redescendez")
    assert copy.read_bytes() == slot.path.read_bytes()


def test_where_both_are_gone_there_is_nothing_to_mend(slot, copy):
    for path in (slot.path, copy):
        path.write_bytes(b"{")
    assert slot.read() is None
    assert not slot.repair_copies()


def test_a_disk_that_takes_no_copy_takes_the_file(tmp_path):
    (tmp_path / "copies").write_bytes(b"in the way")
    slot = ModelFile(tmp_path / "note.json", Note, copy=tmp_path / "copies" / "note.json")
    slot.write(Note(text="a"))
    assert slot.read() == Note(text="a")


def test_the_copy_is_no_more_readable_than_the_file_and_goes_with_it(slot, copy):
    assert copy.stat().st_mode & 0o777 == slot.path.stat().st_mode & 0o777 == 0o600
    slot.remove()
    assert not copy.exists()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["programme.json", "alerts.json", "enrolment.json"])
def test_a_player_that_starts_without_network_has_what_it_had(
    player: PlayerHarness, hall: SigningTown, name: str, damage: Damage
):
    player.storage.enrolment.write(hall.enrolment())
    told = alert(now=hall.now_ms)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    player.receive(hall.publish_alerts(told))
    player.run_iteration()
    damage(player.state.folder / name)
    for path in player.runtime.folder.glob("*.json"):
        path.unlink()
    player.start()
    assert player.held.active is not None
    assert player.alerts == [("flood", "takeover")]
    assert player.storage.enrolment.read() == hall.enrolment()
    both = player.state.folder / name, player.state.folder / "copies" / name
    assert both[0].read_bytes() == both[1].read_bytes()
