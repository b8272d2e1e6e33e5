"""A player that shares its identity with another machine leaves broker and screen to it when the town has said so."""

from __future__ import annotations

import pytest

from beffroi_content.wire.plays import HeldPlays
from beffroi_player.agent.copied_card import CopiedCard
from beffroi_player.agent.host.box_identity import box_identity
from beffroi_player.agent.transport.http_client import ServerDocuments
from beffroi_player.state.directories import ForwardedPlays, RuntimeDirectory, StateDirectory, TimedOverlay


@pytest.fixture
def folders(tmp_path) -> tuple[StateDirectory, RuntimeDirectory]:
    state, runtime = StateDirectory(tmp_path / "state"), RuntimeDirectory(tmp_path / "runtime")
    for folder in (state.folder, state.plays, runtime.folder):
        folder.mkdir(parents=True)
    return state, runtime


def answer(newest: int = 0, *, is_shut_out: bool = False) -> ServerDocuments:
    return ServerDocuments([], HeldPlays(newest=newest), is_shut_out=is_shut_out)


def test_it_comes_back_when_it_is_answered_like_a_player_and_goes_on_counting_there(folders):
    state, runtime = folders
    away, anew = [], []
    card = CopiedCard(state, runtime, away.append, lambda: anew.append(1))
    (state.plays / "1.jsonl").write_text("{}")
    card.note_answer(answer(7))
    assert (away, anew) == ([], [])

    card.shut_out(300)
    runtime.overlay.write(TimedOverlay(frame="x.pam", until_uptime_ms=1))
    card.note_answer(answer(is_shut_out=True))
    assert (away, anew) == ([300], [])
    card.note_answer(answer(41))
    assert (away, anew) == ([300, 0], [1])
    assert runtime.overlay.read() is None
    assert state.forwarded.read() == ForwardedPlays(number=41)
    assert not list(state.plays.iterdir())


def machine(root, *, serial: str = "", cards: dict[str, tuple[str, str, str]] | None = None):
    if serial:
        (root / "proc/device-tree").mkdir(parents=True)
        (root / "proc/device-tree/serial-number").write_bytes(serial.encode() + b"\0")
    for name, (address, kind, bus) in (cards or {}).items():
        folder = root / "sys/class/net" / name
        (device := root / "sys/devices" / bus / name).mkdir(parents=True)
        folder.mkdir(parents=True)
        (folder / "address").write_text(address + "\n")
        (folder / "addr_assign_type").write_text(kind + "\n")
        (folder / "device").symlink_to(device)
    return box_identity(root)


def test_a_machine_is_told_by_what_is_not_on_its_card(tmp_path):
    eth, wlan, dongle = ("aa:00:00:00:00:01", "0", "pci"), ("aa:00:00:00:00:02", "3", "pci"), ("00:1", "0", "usb1")
    same = "10000000abcdef"
    assert machine(tmp_path / "1", serial=same) == machine(tmp_path / "2", serial=same, cards={"eth0": eth})
    assert machine(tmp_path / "3", serial="10000000abcde0") != machine(tmp_path / "1")
    own = machine(tmp_path / "4", cards={"eth0": eth})
    assert own == machine(tmp_path / "5", cards={"eth0": eth, "wlan0": wlan, "usb0": dongle})
    assert own != machine(tmp_path / "6", cards={"usb0": dongle})
    assert machine(tmp_path / "7", cards={"wlan0": wlan}) == ""
    assert len(own) == 16
