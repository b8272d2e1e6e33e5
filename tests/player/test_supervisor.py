"""Restart of stage and agent: retry delays, signs of life, and an end by force."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.player_harness import until

from beffroi_player import supervisor
from beffroi_player.backoff import retry_delay
from beffroi_player.supervisor import SupervisedProcess

ENDLESS = "import time; print('ready', flush=True); time.sleep(600)"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of the monotonic clock, as the supervisor reads it."""
    now = [1_000.0]
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def child() -> Iterator[SupervisedProcess]:
    child = SupervisedProcess("child", [sys.executable, "-c", ENDLESS], notify_address="@beffroi-test")
    yield child
    child.stop()


def end(child: SupervisedProcess, code: int) -> int | None:
    """Let a child end with an exit code, and return what the supervisor is told of it."""
    child.command = [sys.executable, "-S", "-c", f"raise SystemExit({code})"]
    child.start()
    assert child.process is not None
    child.process.wait(60)
    return child.take_exit_code()


def test_an_exit_code_is_told_once(child: SupervisedProcess) -> None:
    assert child.take_exit_code() is None
    assert end(child, 3) == 3
    assert child.take_exit_code() is None


def test_a_child_that_fails_again_and_again_is_restarted_later_and_later(
    child: SupervisedProcess, clock: list[float]
) -> None:
    delays = []
    for failures in range(1, 6):
        assert end(child, 1) == 1
        assert child.failures == failures
        delays.append(child.restart_at - clock[0])
    for failures, delay in enumerate(delays, 1):
        longest = supervisor.FIRST_RETRY_SECONDS * 2**failures
        assert longest / 2 <= delay <= longest


@pytest.mark.parametrize(("code", "lived_s"), [(0, 0.0), (1, supervisor.STEADY_SECONDS + 1)])
def test_a_child_that_ended_regularly_or_ran_for_long_is_restarted_at_once(
    child: SupervisedProcess, clock: list[float], code: int, lived_s: float
) -> None:
    end(child, 1)
    child.command = [sys.executable, "-S", "-c", f"raise SystemExit({code})"]
    child.start()
    assert child.process is not None
    child.process.wait(60)
    clock[0] += lived_s
    assert child.take_exit_code() == code
    assert (child.failures, child.restart_at) == (0, clock[0])


def test_only_a_child_that_sends_signs_of_life_here_can_be_silent(child: SupervisedProcess, clock: list[float]) -> None:
    assert child.silent_seconds() == 0
    child.start()
    clock[0] += 7
    assert child.silent_seconds() == 7
    child.last_alive = clock[0]
    assert child.silent_seconds() == 0
    child.notify_address = ""
    clock[0] += 7
    assert child.silent_seconds() == 0


def test_a_child_that_takes_long_to_start_gets_more_time_each_time(child: SupervisedProcess) -> None:
    """Else a machine that is slower than the limit would start it for ever."""
    given = []
    for _ in range(6):
        given.append(child.patience)
        child.kill()
    assert given == [90, 180, 360, 720, 720, 720]
    child.note_life()
    assert child.patience == 90


def test_a_child_that_ignores_sigterm_is_killed(child: SupervisedProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_TIMEOUT_SECONDS", 0.05)
    script = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {ENDLESS}"
    process = subprocess.Popen([sys.executable, "-S", "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    child.process = process
    child.stop()
    process.stdout.close()
    assert process.returncode == -9
    assert child.process is None


def test_a_child_is_told_its_supervisor_and_where_to_send_signs_of_life(child: SupervisedProcess) -> None:
    script = "import os; print(os.environ['NOTIFY_SOCKET'], os.environ['BEFFROI_SUPERVISED'] == str(os.getppid()))"
    child.command = [sys.executable, "-S", "-c", f"{script}; import sys; sys.exit(os.environ['NOTIFY_SOCKET'] != '@x')"]
    child.notify_address = "@x"
    child.start()
    until("the child has ended", lambda: (code := child.take_exit_code()) is not None and code == 0, 60)


@given(failures=st.integers(1, 1_000), first=st.floats(0.01, 10), longest=st.floats(0.1, 600), least=st.floats(0, 1))
def test_a_retry_delay_stays_within_its_bounds(failures: int, first: float, longest: float, least: float) -> None:
    most = min(longest, first * 2.0 ** min(failures, 30))
    for _ in range(5):
        assert least * most * 0.999 <= retry_delay(failures, first, longest, least) <= longest
