"""A virtual machine that boots an image of a player, as a board with that memory card does."""

from __future__ import annotations

import base64
import contextlib
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from beffroi_provisioning.image import recipe
from tests.kms.run import kvm_works, qmp
from tests.support.processes import end_with_parent
from tests.support.waiting import free_port

SIZE = (1280, 720)
CARD_SIZE = 6 * 1024**3
"""Of the card: larger than the image, and sparse."""
SLOW_MACHINE = "[Service]\nTimeoutStartSec=900\nWatchdogSec=600\n"
"""For the unit of the player: the limits of the image are for real processors."""
WATCHDOG_S = 300
SLOW_SYSTEM = (
    f"systemd.watchdog_sec={WATCHDOG_S} systemd.default_device_timeout_sec=900 systemd.default_timeout_start_sec=900"
)
"""For systemd, likewise."""
_SSH_LIMIT_S = 300
_QEMU = {
    "arm64": ("qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72"),
    "amd64": ("qemu-system-x86_64", "-machine", "q35", "-vga", "none", "-cpu", "max"),
}
_SERIAL = {"arm64": "ttyAMA0", "amd64": "ttyS0"}


class Machine:
    """A board with a card, a display, a network and a watchdog, emulated.

    Args:
        image: What is flashed to the card.
        architecture: Debian's name of it.
        folder: For the card and what comes of the machine.
    """

    def __init__(self, image: Path, architecture: str, folder: Path) -> None:
        self.architecture, self.folder, self.ssh_port = architecture, folder, free_port()
        self.card = folder / "card.img"
        subprocess.run(["cp", "--sparse=always", str(image), str(self.card)], check=True)
        with self.card.open("r+b") as file:
            file.truncate(CARD_SIZE)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
        self.write_to_boot_partition(folder / "key.pub", "authorized_keys")
        for pattern, name in (("vmlinuz-*", "kernel"), ("initrd.img-*", "ramdisk")):
            self._boot_tool("mcopy", f"::{pattern}", str(folder / name))
        slow = {"beffroi-player": SLOW_MACHINE, "beffroi-card": "[Service]\nTimeoutStartSec=900\n"}
        drop_ins = " ".join(
            f"systemd.set_credential_binary=systemd.unit-dropin.{name}.service:{base64.b64encode(text.encode()).decode()}"
            for name, text in slow.items()
        )
        self.command_line = f"{recipe.COMMAND_LINE} console={_SERIAL[architecture]} {SLOW_SYSTEM} {drop_ins}"
        self.process: subprocess.Popen[bytes] | None = None
        self._connections = contextlib.ExitStack()
        self._ask: Callable[..., None] | None = None

    def write_to_boot_partition(self, path: Path, name: str) -> None:
        """Put a file on the boot partition, as whoever flashed the card can."""
        self._boot_tool("mcopy", "-o", str(path), f"::{name}")

    def start(self) -> None:
        """Switch the power on."""
        is_lent = self.architecture == "amd64" and platform.machine() == "x86_64" and kvm_works()
        number = sum(1 for _ in self.folder.glob("console-*"))
        socket = self.folder / f"qmp-{number}"
        command = [
            *_QEMU[self.architecture], "-accel", "kvm" if is_lent else "tcg,thread=multi",
            "-smp", "2", "-m", "2048", "-no-reboot",
            "-kernel", str(self.folder / "kernel"), "-initrd", str(self.folder / "ramdisk"),
            "-append", self.command_line,
            "-drive", f"file={self.card},format=raw,if=none,id=card", "-device", "virtio-blk-pci,drive=card",
            "-device", f"virtio-gpu-pci,xres={SIZE[0]},yres={SIZE[1]}", "-device", "virtio-rng-pci",
            "-device", "i6300esb", "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22",
            "-device", "virtio-net-pci,netdev=net,romfile=", "-display", "none", "-monitor", "none",
            "-serial", f"file:{self.folder / f'console-{number}'}", "-qmp", f"unix:{socket},server=on,wait=off",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, preexec_fn=end_with_parent(os.getpid()))  # noqa: PLW1509
        self._ask = self._connections.enter_context(qmp(socket))

    def cut_power(self) -> None:
        """Take the power away without a word."""
        self._connections.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process is not None and self.process.poll() is None

    def picture(self) -> Image.Image:
        """Return what its display shows."""
        path = self.folder / "display.ppm"
        assert self._ask is not None
        self._ask("screendump", filename=str(path))
        with Image.open(path) as image:
            return image.convert("RGB")

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command as root through SSH, with the key that lies on the boot partition; return what it printed."""
        done = subprocess.run(
            ["ssh", "-q", "-i", str(self.folder / "key"), "-p", str(self.ssh_port), "-o", "StrictHostKeyChecking=no",
             "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=60", "root@127.0.0.1",
             *command],
            capture_output=True, text=True, timeout=_SSH_LIMIT_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0 or not check, (command, done.returncode, done.stdout[-2_000:], done.stderr[-2_000:])
        return done.stdout

    def answers(self) -> bool:
        """Tell whether somebody can sign in."""
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            return self.run("true") == ""
        return False

    def console(self) -> str:
        """Return what the kernel wrote to the serial line."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("console-*")))

    def _boot_tool(self, tool: str, *arguments: str) -> None:
        program = shutil.which(tool)
        assert program, f"{tool} is missing: run scripts/prepare image"
        where = f"{self.card}@@{recipe.FIRST_PARTITION}"
        subprocess.run([program, "-n", "-i", where, *arguments], check=True, capture_output=True)
