"""What the image is made of. Pure: packages, partitions, command line of the kernel.

The files in ``root`` go into it as they are; ``finish.sh`` runs in it at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_provisioning.packages.control_files import PLAYER

RELEASE = "trixie"
"""Of Debian."""
SECTOR = 512
_MIB = 1024 * 1024
FIRST_PARTITION = 4 * _MIB
"""Where the first partition begins: whole erase blocks of memory cards."""
BOOT_SIZE = 256 * _MIB
DATA_SIZE = 256 * _MIB
"""In the image; on the card it takes all that is left."""
BOOT_LABEL, ROOT_LABEL, DATA_LABEL = "BEFFROI", "beffroi-root", "beffroi-data"
DATA_OPTIONS = ("-b", "4096", "-T", "default", "-J", "size=16", "-m", "1", "-E", "lazy_itable_init=1")
"""Of a file system that is small now and large later: small ones get small blocks otherwise."""
COMMAND_LINE = (
    f"root=LABEL={ROOT_LABEL} ro rootwait fsck.mode=skip panic=10 console=tty3 quiet loglevel=3 "
    "systemd.show_status=false vt.global_cursor_default=0 logo.nologo"
)
"""Nothing is written on the display: neither messages nor logo nor cursor. The root is never written to, so that its
file system needs no check."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What one architecture needs besides."""

    architecture: str
    packages: tuple[str, ...]
    components: str
    boot_type: str
    """Type of the boot partition in the partition table."""


MACHINES = {
    machine.architecture: machine
    for machine in (
        # The firmware is not free software: Debian has it apart.
        Machine("arm64", ("linux-image-arm64", "raspi-firmware", "firmware-brcm80211"), "main,non-free-firmware", "c"),
        Machine("amd64", ("linux-image-amd64", "systemd-boot-efi"), "main", "ef"),
    )
}
_PACKAGES = (
    "adduser", "ca-certificates", "dbus", "e2fsprogs", "fdisk", "i2c-tools", "initramfs-tools", "iproute2",
    # The voice of alerts, and what names the sound cards.
    "espeak-ng", "libasound2-data",
    "openssh-server", "systemd-resolved", "systemd-sysv", "systemd-timesyncd", "tzdata", "udev", "wireless-regdb",
    "wpasupplicant",
)  # fmt: skip
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
DPKG_OPTIONS = (*(f"path-exclude={each}" for each in _LEFT_OUT), "path-include=/usr/share/doc/*/copyright")
"""What dpkg leaves out: documentation."""


def packages(machine: Machine) -> tuple[str, ...]:
    """Return the packages of Debian in the image, without those that they need."""
    return (*_PACKAGES, "python3", *PLAYER.depends, *machine.packages)


def partition_table(machine: Machine, root_size: int) -> str:
    """Return what sfdisk reads.

    Args:
        machine: For which.
        root_size: Bytes of the root's file system, in whole MiB.

    Returns:
        A table that the firmware of every Raspberry Pi reads (MBR).
    """
    starts = partition_starts(root_size)
    sizes = (BOOT_SIZE, root_size, DATA_SIZE)
    lines = [
        f"start={start // SECTOR}, size={size // SECTOR}, type={sort}{flag}"
        for start, size, sort, flag in zip(
            starts, sizes, (machine.boot_type, "83", "83"), (", bootable", "", ""), strict=True
        )
    ]
    return "\n".join(("label: dos", *lines, ""))


def partition_starts(root_size: int) -> tuple[int, int, int]:
    """Return where the partitions begin, in bytes: boot, root, data."""
    root = FIRST_PARTITION + BOOT_SIZE
    return FIRST_PARTITION, root, root + root_size


def image_size(root_size: int) -> int:
    """Return the bytes of the image."""
    return partition_starts(root_size)[2] + DATA_SIZE


def root_size(used: int) -> int:
    """Return the size of the root's file system for that many bytes of files, in whole MiB: with room for updates."""
    return (used * 6 // 5 // _MIB + 64) * _MIB


def firmware_settings() -> dict[str, str]:
    """Return files of /etc/default that Debian's scripts for the firmware of a Raspberry Pi read."""
    return {
        # Kernel and device tree know how much memory the display needs; a number here would be that of one model.
        "raspi-firmware": f"CMA=0\nROOTPART=LABEL={ROOT_LABEL}\nCONSOLES=tty3\n",
        "raspi-extra-cmdline": COMMAND_LINE.partition(" ")[2] + "\n",
        # No rainbow, and a picture also where the display is switched on later.
        "raspi-firmware-custom": "disable_splash=1\nhdmi_force_hotplug=1\n",
    }


def boot_loader_files(kernel: str, initial_ramdisk: str) -> dict[str, str]:
    """Return the files of systemd-boot, for machines with UEFI, by their place on the boot partition."""
    return {
        "loader/loader.conf": "timeout 0\neditor no\n",
        "loader/entries/beffroi.conf": (
            f"title Beffroi\nlinux /{kernel}\ninitrd /{initial_ramdisk}\noptions {COMMAND_LINE}\n"
        ),
    }
