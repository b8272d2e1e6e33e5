"""Enrolment cards on boot partitions: put there one after another, and taken from there by the machine."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from beffroi_content.wire.enrolment_card import EnrolmentCard
from beffroi_provisioning import card_taking, cards
from beffroi_provisioning.broker_setup import SetupRefused


def card(screen: str, made_at_ms: int = 1) -> EnrolmentCard:
    return EnrolmentCard(
        site="saint-aubin", screen=screen, name=screen.title(), code="ABCD-EFGH", servers=("http://10.0.0.1:8000",),
        root="0" * 32, made_at_ms=made_at_ms, expires_at_ms=2,
    )  # fmt: skip


def put(folder, screen: str, made_at_ms: int = 1) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"beffroi-card-{screen}.json").write_bytes(card(screen, made_at_ms).to_json())


@pytest.fixture
def machine(tmp_path):
    (tmp_path / card_taking.STATE).mkdir(parents=True)
    (tmp_path / "boot/firmware").mkdir(parents=True)
    return tmp_path


def taken(machine) -> str:
    path = machine / card_taking.STATE / card_taking.TAKEN_CARD
    return EnrolmentCard.model_validate_json(path.read_bytes()).screen if path.exists() else ""


def start(machine) -> list[str]:
    """Do what the unit does at a start of the machine; return what was said."""
    said: list[str] = []
    card_taking.take_card(machine, said.append)
    card_taking.remove_taken(machine, said.append)
    return said


def left(machine) -> list[str]:
    return sorted(path.name for path in machine.rglob("beffroi-card*"))


@pytest.fixture
def read_only(machine, monkeypatch) -> list[str]:
    """The boot partition is only read until it is mounted again; returns how it was."""
    mounted: list[str] = []
    unlink = Path.unlink

    def mount(command, **_values):
        assert command[-1] == str(machine / "boot/firmware")
        mounted.append(command[2])

    def unlink_if_writable(path, missing_ok=False):
        if "boot/firmware" in str(path) and mounted[-1:] != ["remount,rw"]:
            raise OSError(30, "Read-only file system")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(card_taking.subprocess, "run", mount)
    monkeypatch.setattr(card_taking.os, "statvfs", lambda _path: SimpleNamespace(f_flag=os.ST_RDONLY))
    monkeypatch.setattr(Path, "is_mount", lambda path: path == machine / "boot/firmware")
    monkeypatch.setattr(Path, "unlink", unlink_if_writable)
    return mounted


def test_the_newest_card_goes_to_the_player_and_none_stays(machine):
    put(machine / "boot/firmware", "hall", 1)
    put(machine / "etc/beffroi", "quay", 2)
    (machine / "boot/firmware/beffroi-card-odd.json").write_text("{")
    said = start(machine)
    assert taken(machine) == "quay"
    assert (machine / card_taking.STATE / "card.json").stat().st_mode & 0o777 == 0o600
    assert left(machine) == ["beffroi-card-odd.json"]
    assert any("odd.json is no enrolment card" in line for line in said)
    assert not card_taking.take_card(machine, said.append)


def test_a_card_stays_until_the_player_has_it(machine):
    put(machine / "boot/firmware", "hall")
    card_taking.remove_taken(machine, print)
    assert left(machine) == ["beffroi-card-hall.json"]


def test_a_card_is_deleted_from_a_partition_that_is_only_read(machine, read_only):
    put(machine / "boot/firmware", "hall")
    said = start(machine)
    assert left(machine) == []
    assert read_only == ["remount,rw", "remount,ro"]
    assert not any("could not" in line for line in said)
    assert "hall.json was deleted" in said[-1]


def test_a_card_that_cannot_be_deleted_is_taken_once(machine, read_only, monkeypatch):
    def refuse(command, **_values):
        raise subprocess.CalledProcessError(32, command, stderr="mount: write-protected\n")

    monkeypatch.setattr(card_taking.subprocess, "run", refuse)
    put(machine / "boot/firmware", "hall")
    said = start(machine)
    (machine / card_taking.STATE / "card.json").rename(machine / "used.json")
    assert any("as rw: mount: write-protected" in line for line in said)
    assert any("hall.json could not be deleted (Read-only file system)" in line for line in said)
    assert any("Delete the file on another computer" in line for line in said)
    start(machine)
    assert taken(machine) == ""


def test_a_link_is_not_followed(machine):
    (machine / "secret.json").write_bytes(card("hall").to_json())
    (machine / "boot/firmware/beffroi-card-hall.json").symlink_to(machine / "secret.json")
    assert not card_taking.take_card(machine, lambda _line: None)


def test_cards_are_given_out_one_after_another(tmp_path, capsys):
    archive = tmp_path / "cards.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for screen in ("hall", "quay"):
            file.writestr(f"cards/beffroi-card-{screen}.json", card(screen).to_json())
            file.writestr(f"raspberry-pi-os/{screen}/user-data", f"#cloud-config\n{json.dumps({})}\n")
    with pytest.raises(SetupRefused, match="no boot partition"):
        cards.put_card(archive, tmp_path)
    for number, screen in enumerate(("hall", "quay")):
        boot = tmp_path / f"boot{number}"
        boot.mkdir()
        (boot / "config.txt").touch()
        written = cards.put_card(archive, boot, with_system=number == 1)
        assert [path.name for path in written] == ["user-data" if number else f"beffroi-card-{screen}.json"]
        assert screen.title() in capsys.readouterr().out
    with pytest.raises(SetupRefused, match="already"):
        cards.put_card(archive, tmp_path / "boot0")
    with pytest.raises(SetupRefused, match="all 2 cards"):
        cards.put_card(archive, tmp_path / "boot1")
