"""Room on the disk: when it is low, and the reserve that alerts may use."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from beffroi_server.core import disk_space
from beffroi_server.core.disk_space import DiskState

MIB = 1024 * 1024


@pytest.fixture
def disk(monkeypatch):
    """A disk of which the tests say how much is free."""
    sizes = SimpleNamespace(total=100_000 * MIB, free=50_000 * MIB)

    def statvfs(_path: object) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=sizes.free // 4096, f_frsize=4096, f_blocks=sizes.total // 4096)

    monkeypatch.setattr(disk_space.os, "statvfs", statvfs)
    return sizes


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [
        (100_000, 50_000, DiskState.ENOUGH),
        (100_000, 2_000, DiskState.LOW),
        (100_000, 200, DiskState.SCARCE),
        (100_000, 0, DiskState.SCARCE),
        (1_000, 150, DiskState.ENOUGH),
        (1_000, 60, DiskState.LOW),
        (1_000, 30, DiskState.SCARCE),
    ],
)
def test_is_low_or_scarce_by_bytes_or_by_the_size_of_the_disk(disk, total, free, state):
    disk.total, disk.free = total * MIB, free * MIB

    assert disk_space.disk_state() is state


def test_is_not_given_to_uploads_once_it_would_be_scarce(disk):
    disk.free = 1_000 * MIB
    assert disk_space.has_room_for(700 * MIB)
    assert not disk_space.has_room_for(800 * MIB)


def test_has_a_reserve_of_real_blocks_that_is_made_once(disk, data):
    disk.total = 80 * MIB

    assert disk_space.fill_reserve() == disk_space.fill_reserve() == 10 * MIB
    assert os.stat(data / "disk-reserve").st_blocks * 512 >= 10 * MIB


def test_gives_the_reserve_back_in_steps_when_it_is_full_and_takes_it_again(disk, data):
    disk.total = 80 * MIB
    disk_space.fill_reserve()
    disk_space.make_essential_room()
    assert (data / "disk-reserve").stat().st_size == 10 * MIB  # nothing is needed yet

    disk.free = 0
    for _ in range(4):
        disk_space.make_essential_room()
    assert (data / "disk-reserve").stat().st_size == 9 * MIB
    assert disk_space.fill_reserve() == 9 * MIB
    for _ in range(40):
        disk_space.make_essential_room()
    assert (data / "disk-reserve").stat().st_size == 0

    disk.free = 50 * MIB
    assert disk_space.fill_reserve() == 10 * MIB


def test_does_not_stop_a_server_without_a_reserve(disk):
    disk.free = 0
    disk_space.make_essential_room()
    assert disk_space.fill_reserve() == 0
