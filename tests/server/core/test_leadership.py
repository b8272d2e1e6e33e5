"""Tests of the lock that one process of all holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from beffroi_server.core.leadership import FileLeaderLock, create_leader_lock

HOLDER = """
import sys
from pathlib import Path
from beffroi_server.core.leadership import FileLeaderLock

lock = FileLeaderLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leader.lock"


def test_one_of_two_holds_it(path):
    first, second = FileLeaderLock(path), FileLeaderLock(path)

    assert first.acquire()
    assert not second.acquire()


def test_who_holds_it_may_ask_again(path):
    lock = FileLeaderLock(path)

    assert [lock.acquire(), lock.acquire()] == [True, True]


def test_what_is_released_can_be_taken(path):
    first, second = FileLeaderLock(path), FileLeaderLock(path)
    first.acquire()

    first.release()

    assert second.acquire()
    assert not first.acquire()


def test_releasing_what_nobody_holds_does_nothing(path):
    FileLeaderLock(path).release()


def test_the_file_is_for_its_owner_only(path):
    FileLeaderLock(path).acquire()

    assert path.stat().st_mode & 0o077 == 0


def test_it_falls_with_its_process(path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    lock = FileLeaderLock(path)
    assert not lock.acquire()

    holder.kill()
    holder.communicate()

    assert lock.acquire()


@pytest.mark.django_db(transaction=True)
def test_the_lock_fits_the_database(data):
    first, second = create_leader_lock(), create_leader_lock()

    try:
        assert first.acquire()
        assert first.acquire()
        assert not second.acquire()
        first.release()
        assert second.acquire()
    finally:
        first.release()
        second.release()

    assert (data / "leader.lock").exists() is (connection.vendor != "postgresql")
