"""Process that tells what a confined process still reaches (``python -m`` this module, a secret file, a folder).

It confines itself as those do that open files of strangers, tries what they must not be able to do, and prints the
names of what it could do all the same, as a JSON list. An empty list is right.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from beffroi_server.core import sandbox

MEMORY_LIMIT = 512 * 1024 * 1024
PROCESSOR_S = 10
TIMEOUT_S = 30
FOLDER_CLOSED = "its own folder is closed to it"


def reachable_things(secret: Path, folder: Path) -> list[str]:
    """Run the probe in a process of its own; return what it reached, and what it should have reached and did not.

    Args:
        secret: A file that exists and that a confined process must not read.
        folder: A folder to work in.

    Raises:
        OSError: the process failed.
    """
    arguments = ["beffroi_server.core.sandbox_probe", str(secret), str(folder)]
    done = sandbox.run_confined(arguments, timeout_s=TIMEOUT_S)
    if done.returncode:
        raise OSError(f"the probe ended with {done.returncode}: {done.stderr.decode(errors='replace')[-200:]}")
    found: list[str] = json.loads(done.stdout)
    return found


def _try_everything(secret: Path, folder: Path) -> list[str]:
    own = folder / "probe"
    attempts: dict[str, Callable[[], object]] = {
        "files of the server": secret.read_bytes,
        "the list of processes": lambda: os.listdir("/proc"),
        "files of other users": lambda: os.listdir("/home"),
        "files beside its folder": lambda: (folder.parent / "probe-beside").write_bytes(b""),
        "the network": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "sockets of this machine": lambda: socket.socket(socket.AF_UNIX).close(),
        "other programs": lambda: subprocess.run(["/bin/true"], check=True, timeout=TIMEOUT_S),
        "other processes": lambda: os.kill(os.getppid(), 0),
        "secrets in the environment": _find_secrets,
    }
    reached = [name for name, attempt in attempts.items() if _succeeds(attempt)]
    if not _succeeds(lambda: _write_and_remove(own)):
        reached.append(FOLDER_CLOSED)
    return reached


def _write_and_remove(path: Path) -> None:
    path.write_bytes(b"1")
    path.read_bytes()
    path.unlink()


def _find_secrets() -> None:
    if not any(name.startswith("BEFFROI_") for name in os.environ):
        raise OSError("none")


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, subprocess.SubprocessError):
        return False
    return True


if __name__ == "__main__":
    sandbox.confine_process(MEMORY_LIMIT, PROCESSOR_S, Path(sys.argv[2]))
    print(json.dumps(_try_everything(Path(sys.argv[1]), Path(sys.argv[2]))))
