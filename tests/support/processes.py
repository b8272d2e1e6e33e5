"""Child processes that never outlive their parent, and ports that are free."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE_S = 20
"""How long a child may take to end before it is killed."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildProcess:
    """A program that writes to a log of its own.

    It leads a process group, so that Ctrl-C in the terminal reaches only the demo, which then stops everything in
    order; and the kernel ends it when the demo dies without a word.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
                start_new_session=True,
                preexec_fn=end_with_parent(os.getpid()),  # noqa: PLW1509 - the demo has one thread
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def stop(self) -> None:
        """End it, kindly at first, and whatever it started."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def last_words(self, lines: int = 12) -> str:
        """Return the end of the log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def run_program(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        subprocess.CalledProcessError: it failed; ``stderr`` says why.
    """
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        check=True,
        preexec_fn=end_with_parent(os.getpid()),
    )
    return done.stdout


def free_port(preferred: int) -> int:
    """Return a port that nobody listens to, the preferred one if possible."""
    for port in (*range(preferred, preferred + 20), 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            # As servers do: what still lingers of an earlier run does not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("0.0.0.0", port))
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


def own_address() -> str:
    """Return the address under which other machines of the network see this one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the kernel only says which way it would go. The address is one for documentation.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "localhost"
        return str(probe.getsockname()[0])


def end_with_parent(parent: int) -> Callable[[], None]:
    """Return what a child does before anything else: ask the kernel to end it when its parent dies."""

    def prepare() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare
