"""Stage and agent as two children of one process, for machines without a service manager.

It lives as long as they do and they wait for it to start: it imports no more than it needs.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from beffroi_content.memory import with_large_pages
from beffroi_player import backoff

log = logging.getLogger(__name__)

FIRST_SECONDS, BACK_OFF_SECONDS = 0.25, 30.0
STEADY_SECONDS = 60.0
"""A child that lived this long is started again at once."""
PATIENCE_SECONDS = 10.0
HUNG_SECONDS = 90.0
"""A child that says for so long not that it is alive is killed. On a small machine a start takes some of it."""
LONGEST_SECONDS = 60.0
"""How often it looks unasked: the kernel says when a child has ended."""
SUPERVISED = "BEFFROI_SUPERVISED"
_PR_SET_PDEATHSIG = 1


class Child:
    """A process that is to live.

    Args:
        name: What it is called in the log.
        command: The program and what it is told.
        ear: Where it has to say that it is alive; empty: to the service manager, if there is one.
    """

    def __init__(self, name: str, command: Sequence[str], *, ear: str = "") -> None:
        self.name, self.command, self.ear = name, command, ear
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.heard = 0.0
        """When it last said that it is alive, or was started."""
        self.failures = 0
        self.due = 0.0

    def start(self) -> None:
        """Start it."""
        environment = {**with_large_pages(os.environ), SUPERVISED: str(os.getpid())}
        if self.ear:
            environment["NOTIFY_SOCKET"] = self.ear
        self.process = subprocess.Popen(self.command, env=environment)  # noqa: S603 -- this very program
        self.started = self.heard = time.monotonic()

    def ended(self) -> int | None:
        """Return the exit code of a child that has ended, once; None while it lives or waits to be started."""
        code = self.process.poll() if self.process else None
        if code is not None:
            self.process = None
            steady = code == 0 or time.monotonic() - self.started > STEADY_SECONDS
            self.failures = 0 if steady else self.failures + 1
            pause = backoff.pause(self.failures, FIRST_SECONDS, BACK_OFF_SECONDS) if self.failures else 0.0
            self.due = time.monotonic() + pause
        return code

    def silent(self) -> float:
        """Return for how many seconds a child has been silent that has to speak here; 0 of any other."""
        return time.monotonic() - self.heard if self.ear and self.process else 0.0

    def stop(self) -> None:
        """End it, kindly at first."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("the %s does not end: killed", self.name)
            self.process.kill()
            self.process.wait()
        self.process = None


def supervise(options: Sequence[str], for_stage: Sequence[str]) -> int:
    """Run stage and agent until SIGTERM, or until a person closes the window.

    Args:
        options: What both are told, such as ``--state DIR``.
        for_stage: What only the stage is told, such as ``--output window``.

    Returns:
        The exit code.
    """
    program = [sys.executable, "-m", "beffroi_player"]
    stage = Child("stage", [*program, "stage", *options, *for_stage])
    # Only the stage feeds the watchdog of the service manager: an agent that is alive must not hide a picture that
    # stands still. The agent speaks to this process: the stage goes on without it.
    agent = Child("agent", [*program, "agent", *options], ear=f"@beffroi-{os.getpid()}")
    # The glass comes first: the stage has something to show before the agent has heard a word.
    children = [stage, agent]
    with _signals() as (line, stopped), _ear(agent.ear) as ear:
        try:
            while not stopped and not _tend(children, closes=stage):
                waiting = [child.due - time.monotonic() for child in children if child.process is None]
                waiting += [HUNG_SECONDS - child.silent() for child in children]
                ready = select.select([line, ear], [], [], max(0.0, min([LONGEST_SECONDS, *waiting])))[0]
                if line in ready:
                    line.recv(64)
                if ear in ready:
                    ear.recv(64)
                    agent.heard = time.monotonic()
        finally:
            for child in reversed(children):
                child.stop()
    return 0


@contextmanager
def _signals() -> Iterator[tuple[socket.socket, list[int]]]:
    """Give a line on which signals are noticed, and a list that has something in it once it is time to stop."""
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
        # Only so that it is noticed that a child has ended.
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        try:
            yield line, stopped
        finally:
            signal.set_wakeup_fd(before)


def _ear(name: str) -> socket.socket:
    """Return where a child says that it is alive, as to a service manager."""
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    ear.bind("\0" + name.removeprefix("@"))
    return ear


def _tend(children: Sequence[Child], closes: Child) -> bool:
    """Start what has to run. Return whether the child that may close the whole has ended of its own will."""
    for child in children:
        if child.process is not None and child.silent() > HUNG_SECONDS:
            log.warning("the %s has been silent for %.0f s: killed", child.name, child.silent(), extra={"CODE": "hung"})
            child.process.kill()
            child.heard = time.monotonic()  # the kernel says when it is gone; a disk that hangs may keep it for long
        code = child.ended()
        if code == 0 and child is closes:
            return True
        if code is not None:
            log.warning("the %s ended with %d, it is started again", child.name, code)
        if child.process is None and time.monotonic() >= child.due:
            child.start()
    return False


def end_with_parent() -> None:
    """Let the kernel end this process when its supervisor dies, however that dies."""
    import ctypes  # noqa: PLC0415 -- only its children

    parent = os.environ.pop(SUPERVISED, "")
    if not parent:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if str(os.getppid()) != parent:
        os.kill(os.getpid(), signal.SIGTERM)
