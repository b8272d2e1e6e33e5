"""The player on a real graphics card of the kernel, without a desktop: in a virtual machine with virtio-gpu.

    make test-kms
    make test-systemd

A Debian kernel boots with the root of this machine, which it may only read, and runs ``guest.py`` there as its only
program. What QEMU's display shows is compared with what the player says. It takes half a minute with KVM and some
minutes without.

With systemd the same root boots as a Debian does, with this checkout in /opt/beffroi. What is written lies in memory.
``installed.py`` installs a server and a player there, as docs/installation.md says, and looks how they do.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "kms"
MODULES = ("virtio_pci", "virtio-gpu", "9pnet_virtio", "9p", "virtio-rng", "overlay", "i6300esb")
TIMEOUT_S = 900
EMULATED_PATIENCE = 3
"""How many times as long everything may take without KVM: each instruction takes some thirty."""
KERNEL_WORDS = "console=ttyS0 quiet systemd.show_status=0 panic=-1 video=Virtual-1:1024x768@60"
SILENCE_S = 40
"""After which a machine with KVM that has said nothing is given up: it says something within five."""
ROOT_FROM_OUTSIDE = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /host /new /clone /upper
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in {modules}; do /bin/busybox insmod "$module" || echo "no $module"; done
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro root /host || exec /bin/busybox sh
"""
RUN_A_PROGRAM = """\
/bin/busybox mount --move /proc /host/proc
/bin/busybox mount --move /sys /host/sys
/bin/busybox mount --move /dev /host/dev
/bin/busybox mount --bind /host{root} /clone
/bin/busybox mount -t tmpfs tmp /host/run
/bin/busybox mount -t tmpfs tmp /host/tmp
/bin/busybox mkdir -p /host/run/out /host{root}
/bin/busybox mount --move /clone /host{root}
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 out /host/run/out
exec /bin/busybox chroot /host {python} {root}/{here}/guest.py >/host/dev/ttyS0 2>&1
"""
# Services of packages that are installed for other tests do not start, and a program of the checkout finds it where it
# lies now and Debian's Python: a service sees neither /home nor /root, where this machine may have others.
BOOT_SYSTEMD = """\
PATH=/bin
busybox mount -t tmpfs -o mode=755 upper /upper
busybox mkdir /upper/root /upper/root-work /upper/product /upper/product-work
busybox mount -t overlay -o lowerdir=/host,upperdir=/upper/root,workdir=/upper/root-work root /new
busybox mkdir -p /new/opt/beffroi
cd /upper
busybox mount -t overlay -o lowerdir=/host{root},upperdir=product,workdir=product-work product /new/opt/beffroi
cd /new/opt/beffroi/.venv
busybox sed -i 's#{root}#/opt/beffroi#g' bin/beffroi-* lib/python3*/site-packages/_editable_impl_beffroi.pth
busybox sed -i 's#^home = .*#home = /usr/bin#' pyvenv.cfg
busybox ln -sf /usr/bin/python3 bin/python
cd /
busybox rm -rf /new/etc/systemd/system/*.wants /new/.dockerenv /new/run/.containerenv
busybox mkdir -p /new/etc/systemd/system/multi-user.target.wants /new/etc/systemd/system/getty.target.wants
busybox ln -s /lib/systemd/system/getty@.service /new/etc/systemd/system/getty.target.wants/getty@tty1.service
busybox ln -s /dev/null /new/etc/systemd/system/serial-getty@ttyS0.service
busybox ln -s ../installed.service /new/etc/systemd/system/multi-user.target.wants/
busybox cat > /new/etc/systemd/system/installed.service <<END
[Service]
ExecStart=/bin/sh -c 'exec /opt/beffroi/.venv/bin/python /opt/beffroi/{here}/installed.py > /dev/ttyS0 2>&1'
END
busybox mount -t tmpfs -o mode=1777 tmp /new/tmp
busybox mount -t tmpfs -o mode=755 run /new/run
busybox mkdir /new/run/out
busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 out /new/run/out
busybox mount --move /proc /new/proc
busybox mount --move /sys /new/sys
busybox mount --move /dev /new/dev
exec busybox switch_root /new /lib/systemd/systemd
"""


class Silent(Exception):
    """The virtual machine says nothing."""


def main() -> int:
    """Boot, answer the guest's wishes, and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kernel", help="version of Debian's kernel (default: the newest)")
    parser.add_argument("--systemd", action="store_true", help="boot systemd, and install server and player there")
    parser.add_argument("cases", nargs="*", help="only these (default: all)")
    options = parser.parse_args()
    if platform.machine() != "x86_64":
        sys.exit("this boots a kernel for x86_64 and runs there only")
    if options.systemd and (problem := _unlike_debian()):
        sys.exit(problem)
    BUILD.mkdir(parents=True, exist_ok=True)
    version = options.kernel or _provide_kernel()
    with tempfile.TemporaryDirectory(prefix="kms-") as name:
        folder = Path(name)
        (folder / "out").mkdir()
        (folder / "out" / "cases").write_text(" ".join(options.cases))
        _make_initramfs(folder, version, ROOT_FROM_OUTSIDE + (BOOT_SYSTEMD if options.systemd else RUN_A_PROGRAM))
        kernel = BUILD / "kernel" / "boot" / f"vmlinuz-{version}"
        if kvm_works():
            with contextlib.suppress(Silent):
                return _boot(folder, kernel, accelerated=True)
            print(f"with KVM nothing is heard within {SILENCE_S} s, as in some virtual machines")
        return _boot(folder, kernel, accelerated=False)


def _unlike_debian() -> str:
    """Tell what keeps the programs of this checkout from running with Debian's own Python; empty if nothing does."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    found = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, check=False).stdout
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    return "" if found.strip() == ours else f"this .venv is of Python {ours}, /usr/bin/python3 is {found.strip()}"


def _provide_kernel() -> str:
    """Unpack Debian's newest kernel, which is not installed; return its version."""
    tree = BUILD / "kernel"
    if not (tree / "boot").exists():
        depends = subprocess.run(
            ["apt-cache", "depends", "linux-image-amd64"], check=True, capture_output=True, text=True
        )
        package = next(line.split()[-1] for line in depends.stdout.splitlines() if "Depends:" in line)
        subprocess.run(["apt-get", "download", "-qq", package], cwd=BUILD, check=True, stderr=subprocess.DEVNULL)
        archive = next(BUILD.glob("linux-image-*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(archive), str(tree)], check=True)
        archive.unlink()
    version = next((tree / "lib" / "modules").iterdir()).name
    if not (tree / "lib" / "modules" / version / "modules.dep").exists():
        subprocess.run(["busybox", "depmod", "-b", str(tree), version], check=True)
    return version


def _make_initramfs(folder: Path, version: str, script: str) -> None:
    base = BUILD / "kernel" / "lib" / "modules" / version
    needed = modules(base, MODULES)
    tree = folder / "initramfs"
    (tree / "bin").mkdir(parents=True)
    busybox = shutil.which("busybox")
    assert busybox
    shutil.copy(busybox, tree / "bin" / "busybox")
    for name in needed:
        shutil.copy(base / name, tree / Path(name).name)
    init = script.format(
        modules=" ".join(f"/{Path(name).name}" for name in needed), root=ROOT, python=sys.executable,
        here=Path(__file__).resolve().parent.relative_to(ROOT),
    )  # fmt: skip
    (tree / "init").write_text(init)
    (tree / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    with (folder / "initramfs.cpio").open("wb") as file:
        subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], cwd=tree, input=names.encode(), stdout=file,
                       stderr=subprocess.DEVNULL, check=True)  # fmt: skip


def modules(base: Path, wanted: tuple[str, ...]) -> list[str]:
    """Return the files of modules and of what they need, in the order in which they are to be loaded."""
    lines = (line.partition(":") for line in (base / "modules.dep").read_text().splitlines())
    needs = {name: rest.split() for name, _, rest in lines}
    by_name = {Path(name).stem.replace("_", "-"): name for name in needs}
    found: list[str] = []

    def add(name: str) -> None:
        for other in needs[name]:
            add(other)
        if name not in found:
            found.append(name)

    for module in wanted:
        add(by_name[module.replace("_", "-")])
    return found


def _boot(folder: Path, kernel: Path, *, accelerated: bool) -> int:
    patience = 1 if accelerated else EMULATED_PATIENCE
    command = [
        "qemu-system-x86_64", "-machine", "q35", "-cpu", "host" if accelerated else "max",
        "-accel", "kvm" if accelerated else "tcg,thread=multi", "-m", "2048", "-smp", "2", "-no-reboot",
        "-kernel", str(kernel), "-initrd", str(folder / "initramfs.cpio"),
        "-append", f"{KERNEL_WORDS} beffroi.patience={patience}",
        "-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
        "-device", "virtio-9p-pci,fsdev=root,mount_tag=root",
        "-fsdev", f"local,id=out,path={folder / 'out'},security_model=none",
        "-device", "virtio-9p-pci,fsdev=out,mount_tag=out",
        "-device", "virtio-gpu-pci", "-device", "virtio-rng-pci", "-device", "i6300esb", "-vga", "none",
        "-display", "none", "-serial", f"file:{folder / 'console'}", "-monitor", "none",
        "-qmp", f"unix:{folder / 'qmp'},server=on,wait=off",
        # Emulated, a busy guest may be late for its watchdog through no fault of its own.
        "-action", "watchdog=reset" if accelerated else "watchdog=none",
    ]  # fmt: skip
    print(f"booting {kernel.name} {'with KVM' if accelerated else 'without KVM, which takes a while'}", flush=True)
    began = time.monotonic()
    machine = subprocess.Popen(command)
    try:
        code = _serve(folder, machine, TIMEOUT_S * patience, impatient=accelerated)
    finally:
        machine.kill()
        machine.wait()
    print(f"{time.monotonic() - began:.0f} s")
    return code


def kvm_works() -> bool:
    """Tell whether this machine lends its own processor to a virtual one."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    probe = ["qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-machine", "q35", "-display", "none", "-S",
             "-monitor", "stdio"]  # fmt: skip
    found = subprocess.run(probe, input=b"quit\n", capture_output=True, timeout=30, check=False)
    return found.returncode == 0 and b"warning" not in found.stderr


def _serve(folder: Path, machine: subprocess.Popen[bytes], timeout_s: float, *, impatient: bool) -> int:
    """Show what the guest says and take pictures of its display when it asks; return its exit code.

    Raises:
        Silent: it says nothing, and one is impatient.
    """
    out, said, began = folder / "out", 0, time.monotonic()
    # The guest takes its wishes back itself: what vanishes while it is written is an error there.
    granted: set[Path] = set()
    with qmp(folder / "qmp") as ask:
        while (passed_s := time.monotonic() - began) < timeout_s:
            if impatient and not said and passed_s > SILENCE_S:
                raise Silent
            # It may be there before anything is in it.
            code = (out / "code").read_text() if (out / "code").exists() else ""
            is_over = bool(code) or machine.poll() is not None
            console = (folder / "console").read_bytes() if (folder / "console").exists() else b""
            sys.stdout.write(console[said:].decode(errors="replace"))
            sys.stdout.flush()
            said = len(console)
            for wish in {path for path in out.glob("*.wish") if path not in granted}:
                granted.add(wish)
                ask("screendump", filename=str(wish.with_suffix(".new")))
                wish.with_suffix(".new").rename(wish.with_suffix(".ppm"))
            if is_over:
                for path in out.glob("*.png"):
                    shutil.copy(path, BUILD)
                if not code:
                    print("the machine has ended before its cases: what it said last is above")
                return int(code) if code else 1
            time.sleep(0.05)
    print(f"not done within {timeout_s} s")
    return 1


@contextlib.contextmanager
def qmp(path: Path) -> Iterator[Callable[..., None]]:
    """Give a function that asks QEMU for something and waits for the answer."""
    with socket.socket(socket.AF_UNIX) as line:
        for _ in range(200):
            with contextlib.suppress(OSError):
                line.connect(str(path))
                break
            time.sleep(0.05)
        file = line.makefile("rw")
        file.readline()

        def ask(command: str, **arguments: str) -> None:
            file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            file.flush()
            while "return" not in (answer := json.loads(file.readline())):
                if "error" in answer:
                    raise RuntimeError(answer)

        ask("qmp_capabilities")
        yield ask


if __name__ == "__main__":
    sys.exit(main())
