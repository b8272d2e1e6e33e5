"""Claims: of two threads or processes, one does a piece of work."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from tests.support.waiting import PATIENCE_S

from beffroi_server.core.work_claims import WorkClaims

HOLD_BYTE = """
import fcntl, os, sys
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(descriptor, fcntl.LOCK_EX, 1, int(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another_process(number: int) -> Iterator[None]:
    """Have another process hold a claim, as far as the lock that both would take can tell."""
    if connection.vendor == "postgresql":
        with held_by_another_connection(number):
            yield
        return
    path = Path(settings.DATA) / "trial.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_BYTE, path, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        yield
        other.kill()


@contextmanager
def held_by_another_connection(number: int) -> Iterator[None]:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with WorkClaims("trial", kind=15).claim(number) as is_ours:
            assert is_ours
            held.set()
            done.wait(PATIENCE_S)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(PATIENCE_S)
    try:
        yield
    finally:
        done.set()
        thread.join(PATIENCE_S)


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_piece_is_claimed_once_and_free_again():
    claims = WorkClaims("trial", kind=15)
    with claims.claim(7) as first, claims.claim(7) as second, claims.claim(8) as other:
        assert (first, second, other) == (True, False, True)
    with claims.claim(7) as again:
        assert again


def test_a_claim_ends_with_an_exception():
    claims = WorkClaims("trial", kind=15)
    with pytest.raises(ValueError, match="broken"), claims.claim(7):
        raise ValueError("broken")
    with claims.claim(7) as again:
        assert again


def test_what_another_process_does_is_not_done_and_free_when_it_dies():
    claims = WorkClaims("trial", kind=15)
    with held_by_another_process(7), claims.claim(7) as same, claims.claim(8) as other:
        assert (same, other) == (False, True)
    with claims.claim(7) as again:
        assert again
