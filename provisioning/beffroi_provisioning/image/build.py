"""Building the image from Debian's packages and that of the player, as root: ``make image``.

The programs of another architecture run by QEMU's user emulation while their packages are set up.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from beffroi_provisioning.image import recipe
from beffroi_provisioning.image.recipe import MACHINES, Machine
from beffroi_provisioning.packages import build as packages
from beffroi_provisioning.packages.build import BuildFailed
from beffroi_provisioning.packages.control_files import PLAYER

_HERE = Path(__file__).parent
_TIMEOUT_S = 3600
_COPIED_AT_ONCE = 4 * 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the image that was asked for; 1 if it could not be built."""
    parser = argparse.ArgumentParser(description="Builds the image of a player for memory cards from this checkout.")
    parser.add_argument("--architecture", choices=MACHINES, default="arm64", help="(%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/image"), help="the folder to write to (%(default)s)")
    parser.add_argument("--package", type=Path, help="the package of the player; by default it is built")
    parser.add_argument("--compress", action="store_true", help="compress it with xz, as it is handed on")
    options = parser.parse_args(arguments)
    os.umask(0o022)
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="beffroi-image-") as name:
            package = options.package or next(
                packages.build_packages([PLAYER], [options.architecture], Path(name) / "deb")
            )
            image = build_image(MACHINES[options.architecture], package, Path(name), out)
            if options.compress:
                _run("xz", "--force", "--threads=0", str(image))
                image = image.with_name(f"{image.name}.xz")
    except (BuildFailed, OSError) as error:
        print(f"beffroi image: {error}", file=sys.stderr)
        return 1
    with image.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    image.with_name(f"{image.name}.sha256").write_text(f"{digest}  {image.name}\n", encoding="ascii")
    print(image)
    return 0


def build_image(machine: Machine, package: Path, work: Path, out: Path) -> Path:
    """Build an image.

    Args:
        machine: For which.
        package: The package of the player for it.
        work: A folder for what is needed only now.
        out: Where the image goes.

    Returns:
        Its file.

    Raises:
        BuildFailed: a tool failed.
        OSError: a file could not be written: this takes root.
    """
    if os.geteuid() != 0:
        raise BuildFailed("this takes root: the files of the image belong to several accounts")
    root = work / "root"
    _make_root(machine, package, root, work)
    boot = root / "boot/firmware"
    if machine.architecture == "arm64":
        _set_up_firmware(root)
    else:
        _set_up_boot_loader(root, boot)
    parts = [work / name for name in ("boot.img", "root.img", "data.img")]
    _make_boot_partition(boot, parts[0])
    shutil.rmtree(boot)
    boot.mkdir()
    size = recipe.root_size(sum(path.lstat().st_blocks * 512 for path in root.rglob("*")))
    _allocate(parts[1], size)
    _run("mke2fs", "-q", "-t", "ext4", "-L", recipe.ROOT_LABEL, "-O", "^has_journal", "-m", "0", "-i", "8192",
         "-d", str(root), str(parts[1]))  # fmt: skip
    _allocate(parts[2], recipe.DATA_SIZE)
    _run("mke2fs", "-q", "-t", "ext4", "-L", recipe.DATA_LABEL, *recipe.DATA_OPTIONS, str(parts[2]))
    image = out / f"{package.stem}.img"
    unfinished = image.with_suffix(".part")
    _allocate(unfinished, recipe.image_size(size))
    _run("sfdisk", "--quiet", str(unfinished), given=recipe.partition_table(machine, size))
    for part, start in zip(parts, recipe.partition_starts(size), strict=True):
        _copy_sparse(part, unfinished, start)
    unfinished.replace(image)
    return image


def _make_root(machine: Machine, package: Path, root: Path, work: Path) -> None:
    """Make the root of a Debian with the player in it."""
    files = work / "files"
    shutil.copytree(_HERE / "root", files)
    (files / "boot/firmware").mkdir(parents=True, exist_ok=True)
    (files / "root").mkdir(mode=0o700)
    shutil.copy(package, files / "root/player.deb")
    shutil.copy(_HERE / "finish.sh", files / "root/finish.sh")
    options = [f"--dpkgopt={option}" for option in recipe.DPKG_OPTIONS]
    _run(
        "mmdebstrap", "--quiet", f"--architectures={machine.architecture}", f"--components={machine.components}",
        "--variant=minbase", f"--include={','.join(recipe.packages(machine))}", *options,
        '--aptopt=Apt::Install-Recommends "false"',
        f"--customize-hook=sync-in '{files}' /",
        '--customize-hook=chroot "$1" dpkg --force-confold --install /root/player.deb',
        '--customize-hook=chroot "$1" sh /root/finish.sh',
        '--customize-hook=rm "$1/root/player.deb" "$1/root/finish.sh"',
        recipe.RELEASE, str(root),
    )  # fmt: skip


def _set_up_firmware(root: Path) -> None:
    """Write the files of a Raspberry Pi's firmware, by Debian's own script for it."""
    for name, text in recipe.firmware_settings().items():
        (root / "etc/default" / name).write_text(text, encoding="ascii")
    # The script wants a boot partition that is mounted, unless it sees that it is in a chroot, which it cannot see
    # everywhere. Mounted in a namespace of its own: whatever happens, nothing stays mounted.
    script = (
        'mount --bind "$0/boot/firmware" "$0/boot/firmware" && mount -t proc proc "$0/proc" '
        '&& exec chroot "$0" env DEB_MAINT_PARAMS=configure "$1"'
    )
    _run("unshare", "--mount", "sh", "-c", script, str(root), "/etc/kernel/postinst.d/z50-raspi-firmware")


def _set_up_boot_loader(root: Path, boot: Path) -> None:
    """Put kernel, initial RAM disk and boot loader on the boot partition of a machine with UEFI."""
    boot.mkdir(parents=True, exist_ok=True)
    names = []
    for pattern in ("vmlinuz-*", "initrd.img-*"):
        path = max((root / "boot").glob(pattern))
        shutil.copy(path, boot)
        names.append(path.name)
    (boot / "EFI/BOOT").mkdir(parents=True)
    shutil.copy(root / "usr/lib/systemd/boot/efi/systemd-bootx64.efi", boot / "EFI/BOOT/BOOTX64.EFI")
    for name, text in recipe.boot_loader_files(*names).items():
        (boot / name).parent.mkdir(parents=True, exist_ok=True)
        (boot / name).write_text(text, encoding="ascii")


def _make_boot_partition(folder: Path, image: Path) -> None:
    """Make the file system that the firmware, and every office computer, can read."""
    _allocate(image, recipe.BOOT_SIZE)
    _run("mkfs.vfat", "-F", "32", "-n", recipe.BOOT_LABEL, str(image))
    _run("mcopy", "-s", "-Q", "-i", str(image), *(str(path) for path in sorted(folder.iterdir())), "::/")


def _allocate(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def _copy_sparse(source: Path, target: Path, offset: int) -> None:
    """Copy a file into another one, without the blocks that are empty."""
    with source.open("rb") as read, target.open("r+b") as write:
        while block := read.read(_COPIED_AT_ONCE):
            if block.strip(b"\0"):
                write.seek(offset)
                write.write(block)
            offset += len(block)


def _run(*command: str, given: str | None = None) -> None:
    done = subprocess.run(  # noqa: S603 - ours
        command, input=given, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise BuildFailed(f"{command[0]}: " + "\n".join(lines[-12:] or [str(done.returncode)]))


if __name__ == "__main__":
    sys.exit(main())
