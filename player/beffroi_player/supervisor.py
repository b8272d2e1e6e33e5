"""Supervisor that runs stage and agent as its children, for machines without a service manager.

It stays in memory as long as they run, and they start only after it: therefore it imports no more than it needs.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from beffroi_content.large_pages import with_large_pages
from beffroi_player import backoff
from beffroi_player.releases.release_files import (
    FOLDER,
    LAUNCHER,
    LAUNCHER_VARIABLE,
    ROOT_VARIABLE,
    ReleaseFiles,
    package_root,
)
from beffroi_player.releases.release_switch import AGENT, STAGE, ReleaseSwitch, TrialTimes

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.25, 30.0
STEADY_SECONDS = 60.0
"""A child that ran for so long is restarted at once."""
STOP_TIMEOUT_SECONDS = 10.0
HUNG_SECONDS, LONGEST_HUNG_SECONDS = 90.0, 720.0
"""A child without a sign of life for so long is killed. On a small machine, a start takes a part of it; where it takes
more, a child that was killed before it said anything gets twice the time, and so on: else it would never start."""
CHECK_INTERVAL_SECONDS = 60.0
"""Longest wait between two checks; the end of a child is signalled by the kernel."""
TRIAL_CHECK_SECONDS = 0.25
"""The same while a release is tried."""
TRIAL_TIMES = TrialTimes()
_VERIFIED = b"X_VERIFIED="
START_BOTH = 75
"""Exit code of an agent that asks for a new start of the stage, too (EX_TEMPFAIL of sysexits.h)."""
SUPERVISOR_VARIABLE = "BEFFROI_SUPERVISED"
_PR_SET_PDEATHSIG = 1


class SupervisedProcess:
    """A child process that is restarted when it ends.

    Args:
        name: Its name in the log.
        command: Program and arguments.
        notify_address: Socket to which it sends its signs of life; empty: it sends them to the service manager.
    """

    def __init__(self, name: str, command: Sequence[str], *, notify_address: str = "") -> None:
        self.name, self.command, self.notify_address = name, command, notify_address
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.last_alive = 0.0
        """Instant of its last sign of life, or of its start."""
        self.patience = HUNG_SECONDS
        """Seconds without a sign of life after which it is killed."""
        self.failures = 0
        self.restart_at = 0.0

    def start(self) -> None:
        """Start the process."""
        environment = {
            **with_large_pages(os.environ), SUPERVISOR_VARIABLE: str(os.getpid()), LAUNCHER_VARIABLE: str(LAUNCHER),
            # A release is never asked for the keys by which the next one is judged.
            ROOT_VARIABLE: str(package_root()),
        }  # fmt: skip
        if self.notify_address:
            environment["NOTIFY_SOCKET"] = self.notify_address
        self.process = subprocess.Popen(self.command, env=environment)  # noqa: S603 -- this very program
        self.started = self.last_alive = time.monotonic()

    def take_exit_code(self) -> int | None:
        """Return the exit code of a child that has ended, once; None while it lives or waits to be started."""
        code = self.process.poll() if self.process else None
        if code is not None:
            self.process = None
            steady = code == 0 or time.monotonic() - self.started > STEADY_SECONDS
            self.failures = 0 if steady else self.failures + 1
            pause = (
                backoff.retry_delay(self.failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS) if self.failures else 0.0
            )
            self.restart_at = time.monotonic() + pause
        return code

    def replace(self, command: Sequence[str]) -> None:
        """End the process, and let another take its place at once."""
        self.stop()
        self.command, self.failures, self.restart_at = command, 0, 0.0

    def note_life(self) -> None:
        """Note a sign of life."""
        self.last_alive, self.patience = time.monotonic(), HUNG_SECONDS

    def silent_seconds(self) -> float:
        """Return the seconds since the last sign of life; 0 for a child that sends none here."""
        return time.monotonic() - self.last_alive if self.notify_address and self.process else 0.0

    def kill(self) -> None:
        """Kill the process, which counts as hung."""
        if self.process is not None:
            self.process.kill()
        # The kernel says when it is gone; a disk that hangs may keep it for long.
        self.last_alive, self.patience = time.monotonic(), min(2 * self.patience, LONGEST_HUNG_SECONDS)

    def stop(self) -> None:
        """End the process, by SIGKILL if it does not end by itself."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("the %s does not end: killed", self.name)
            self.process.kill()
            self.process.wait()
        self.process = None


def supervise_processes(state: Path, runtime: Path, log_level: str, stage_arguments: Sequence[str]) -> int:
    """Run stage and agent until SIGTERM, or until the window is closed.

    Args:
        state: The state directory; it may hold releases beside this package.
        runtime: The runtime directory.
        log_level: Of both.
        stage_arguments: Arguments of the stage only, such as ``--output window``.

    Returns:
        The exit code.
    """
    shared = ["--state", str(state), "--runtime", str(runtime), "--log-level", log_level]
    arguments = {STAGE: [STAGE, *shared, *stage_arguments], AGENT: [AGENT, *shared]}
    switch = ReleaseSwitch(ReleaseFiles(state / FOLDER), _package_version(), runtime / "presented.json", TRIAL_TIMES)
    stage = SupervisedProcess(STAGE, [*switch.program(STAGE), *arguments[STAGE]])
    # Only the stage feeds the watchdog of the service manager: a working agent must not hide a frozen frame. The agent
    # sends its signs of life to this process, which restarts it while the stage goes on.
    agent = SupervisedProcess(
        AGENT, [*switch.program(AGENT), *arguments[AGENT]], notify_address=f"@beffroi-{os.getpid()}"
    )
    # The stage starts first: it has a frame to show before the agent has received anything.
    children = [stage, agent]
    # One select for three kinds of events: a signal (a child has ended, or the player is to stop), a sign of life, and
    # the time at which a child is due for a restart or counts as hung.
    with _signal_socket() as (line, stopped), _notify_socket(agent.notify_address) as ear:
        try:
            while not stopped and not _restart_children(children, closes=stage, switch=switch):
                for name in switch.next_changes():
                    child = stage if name == STAGE else agent
                    child.replace([*switch.program(name), *arguments[name]])
                    if child is stage:
                        switch.note_stage_stopped()
                waiting = [child.restart_at - time.monotonic() for child in children if child.process is None]
                waiting += [child.patience - child.silent_seconds() for child in children]
                waiting += [TRIAL_CHECK_SECONDS if switch.is_trying else CHECK_INTERVAL_SECONDS]
                ready = select.select([line, ear], [], [], max(0.0, min(waiting)))[0]
                if line in ready:
                    line.recv(64)
                if ear in ready:
                    _hear_agent(ear.recv(256), agent, switch)
        finally:
            for child in reversed(children):
                child.stop()
    return 0


def _hear_agent(message: bytes, agent: SupervisedProcess, switch: ReleaseSwitch) -> None:
    """Take a sign of life of the agent, which may say that it has verified a document."""
    agent.note_life()
    # By its process: the last words of an agent that was replaced may come late.
    for line in message.splitlines():
        if agent.process and line.startswith(b"%s%d " % (_VERIFIED, agent.process.pid)):
            switch.note_verified(is_live=line.endswith(b" live"))


def _package_version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    with suppress(PackageNotFoundError):
        return version("beffroi")
    return ""


@contextmanager
def _signal_socket() -> Iterator[tuple[socket.socket, list[int]]]:
    """Give a socket that becomes readable at each signal, and a list that is not empty once the process is to stop."""
    stopped: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)

    line, ringing = socket.socketpair()
    with line, ringing:
        line.setblocking(False)
        ringing.setblocking(False)
        before = signal.set_wakeup_fd(ringing.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        # An empty handler makes the end of a child wake the select below.
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        try:
            yield line, stopped
        finally:
            signal.set_wakeup_fd(before)


def _notify_socket(name: str) -> socket.socket:
    """Return the socket on which children send signs of life, by the protocol of systemd."""
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    ear.bind("\0" + name.removeprefix("@"))
    return ear


def _restart_children(children: Sequence[SupervisedProcess], closes: SupervisedProcess, switch: ReleaseSwitch) -> bool:
    """Kill hung children and restart ended ones; return whether the one that may end the player has ended regularly."""
    for child in children:
        if child.silent_seconds() > child.patience:
            log.warning(
                "the %s has been silent for %.0f s: killed", child.name, child.silent_seconds(), extra={"CODE": "hung"}
            )
            child.kill()
        code = child.take_exit_code()
        if code == 0 and child is closes and not switch.is_trying:
            return True
        if code == START_BOTH and child is not closes:
            closes.stop()
        if code is not None:
            log.warning("the %s ended with %d, it is started again", child.name, code)
            switch.note_end(child.name)
        if child.process is None and time.monotonic() >= child.restart_at:
            _start(child, switch)
    return False


def _start(child: SupervisedProcess, switch: ReleaseSwitch) -> None:
    """Start a child; a release whose program is gone counts as one that ended."""
    try:
        child.start()
    except OSError as error:
        log.error("the %s cannot be started: %s", child.name, error)
        child.failures += 1
        child.restart_at = time.monotonic() + backoff.retry_delay(
            child.failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS
        )
        switch.note_end(child.name)


def end_with_parent() -> None:
    """Let the kernel end this process when its supervisor ends, in whatever way."""
    import ctypes  # noqa: PLC0415 -- only its children

    parent = os.environ.pop(SUPERVISOR_VARIABLE, "")
    if not parent:
        return
    # The supervisor may have ended before the call: then the parent is another process by now.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if str(os.getppid()) != parent:
        os.kill(os.getpid(), signal.SIGTERM)
