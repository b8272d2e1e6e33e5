"""Confinement of the processes that open files of strangers.

Such a process holds no secret in its environment, and gives up for good, before it reads the first byte: memory and
processor time beyond a limit, the network, other programs, other processes, and every file but the libraries that it
runs with and the one folder that it works in. A fault in a decoder then gives away the stranger's own file.

Two parts of the Linux kernel do it, neither of which needs a privilege, and both of which work within a unit of systemd
that forbids namespaces: Landlock (landlock(7), since 5.13) for files, seccomp (seccomp(2)) for the rest.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from beffroi_server.core import landlock, system_call_filter

DISK_FULL = "no-space"
"""Code of such a process for a full disk: nothing is wrong with the file."""
_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/dev/null",
                   "/dev/urandom")  # fmt: skip
_PACKAGES = ("beffroi_server", "beffroi_content")


_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""Nothing of ours, which holds secrets."""


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """What holds of a confinement: False where the kernel does not offer it."""

    files: bool
    """Files outside the given folders cannot be opened."""
    calls: bool
    """No network, no other program, no signal to another process."""


def run_confined(
    arguments: Sequence[str], content: bytes = b"", *, timeout_s: float
) -> subprocess.CompletedProcess[bytes]:
    """Run one of our modules that confines itself, until it ends.

    Args:
        arguments: The name of the module, and its arguments.
        content: Its standard input.
        timeout_s: Seconds after which it is killed.

    Raises:
        subprocess.TimeoutExpired: it took longer.
    """
    return subprocess.run(  # noqa: S603 - our own module
        _command(arguments), input=content, capture_output=True, timeout=timeout_s, check=False, env=_ENVIRONMENT
    )


def start_confined(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start one of our modules that confines itself; its standard output is a pipe."""
    return subprocess.Popen(  # noqa: S603 - our own module
        _command(arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )


def confine_process(memory: int, processor_s: int, writable: Path | None = None) -> Confinement:
    """Limit this process, without a way back. Import what it needs before.

    Args:
        memory: Bytes of address space.
        processor_s: Seconds of processor time.
        writable: The folder that it may read and write; None for none.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_s, processor_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    files = landlock.restrict_files(readable=_readable_paths(), writable=[writable] if writable else [])
    calls = system_call_filter.restrict_calls()
    return Confinement(files=files, calls=calls)


def _readable_paths() -> list[Path]:
    """Return what a program of ours loads while it works: the system's libraries, Python's, and our packages."""
    prefixes = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}
    packages = {str(Path(getattr(sys.modules[name], "__file__", None) or "").parent) for name in _PACKAGES
                if name in sys.modules}  # fmt: skip
    return [Path(name) for name in sorted({*_SYSTEM_FOLDERS, *prefixes, *packages}) if name and os.path.exists(name)]


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", "-m", *arguments]
