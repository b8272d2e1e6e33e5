"""A bare Debian in a folder, made of its packages. There is no systemd in it: a test starts what the units would."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

TIMEOUT_S = 900
PATIENCE_S = 120
KERNEL_FOLDERS = ("proc", "dev", "sys")
_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of unshare(2)."""


class BareDebian:
    """A folder with a bare Debian in it, whose programs run there.

    Args:
        release: Of Debian.
        root: The folder to make.
        architecture: Another one than that of this machine takes QEMU's user emulation.
    """

    def __init__(self, release: str, root: Path, architecture: str = "") -> None:
        self.root = root
        root.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        options = [f"--architectures={architecture}"] if architecture else []
        run([*_outside_network(), "mmdebstrap", "--quiet", "--variant=apt", "--include=ca-certificates", *options,
             "--skip=cleanup/apt/lists", release, str(root)])  # fmt: skip
        # Without it APT in the folder would start what it installs.
        (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (root / "usr/sbin/policy-rc.d").chmod(0o755)
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", root / "etc")

    @contextlib.contextmanager
    def mounted(self) -> Iterator[None]:
        """Give its programs what the kernel offers, for a while."""
        try:
            for name in KERNEL_FOLDERS:
                run(["mount", "--rbind", f"/{name}", str(self.root / name)])
                run(["mount", "--make-rslave", str(self.root / name)])
            yield
        finally:
            for name in KERNEL_FOLDERS:
                subprocess.run(["umount", "--recursive", "--lazy", str(self.root / name)], check=False)

    def run(self, *command: str) -> str:
        """Run a program in it; return what it wrote."""
        return run(["chroot", str(self.root), *command])

    def apt(self, *arguments: str) -> str:
        """Run APT in it, which may use the network of the machine."""
        return run([*_outside_network(), "chroot", str(self.root), "env", "DEBIAN_FRONTEND=noninteractive",
                    "apt-get", "--yes", "--quiet", *arguments])  # fmt: skip

    def bring(self, package: Path) -> str:
        """Copy a package into it; return its path there."""
        shutil.copy(package, self.root / "tmp")
        return f"/tmp/{package.name}"

    @contextlib.contextmanager
    def service(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program in it until the block ends."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(["chroot", str(self.root), *command], stdout=log, stderr=log)
            try:
                yield process
            finally:
                process.terminate()
                process.wait(timeout=PATIENCE_S)

    @property
    def log(self) -> Path:
        """What services wrote."""
        return self.root.parent / "service.log"

    def files(self, pattern: str) -> set[str]:
        """Return the paths in it that fit a pattern, without those of the kernel."""
        done = run(["find", str(self.root), "-xdev", "-name", pattern]).splitlines()
        return {path.removeprefix(str(self.root)) for path in done}


def enter_network_of_its_own() -> None:
    """Put this process into an empty network: its services meet none of the machine's, and nobody else meets them."""
    _outside_network.descriptor = os.open("/proc/self/ns/net", os.O_RDONLY)  # type: ignore[attr-defined]
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "no network of its own: this takes root")
    run(["ip", "link", "set", "lo", "up"])


def _outside_network() -> list[str]:
    descriptor = getattr(_outside_network, "descriptor", None)
    return [] if descriptor is None else ["nsenter", f"--net=/proc/{os.getpid()}/fd/{descriptor}"]


def run(command: Sequence[str]) -> str:
    """Run a program; return what it wrote.

    Raises:
        SystemExit: it failed; what it said is in it.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    return done.stdout
