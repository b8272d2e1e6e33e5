"""Puts enrolment cards onto boot partitions, one memory card after another."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from beffroi_content.wire.enrolment_card import SIZE_LIMIT, EnrolmentCard, file_name
from beffroi_provisioning.broker_setup import SetupRefused

_CARDS, _SYSTEM = "cards/", "raspberry-pi-os/"
BOOT_FILES = ("config.txt", "cmdline.txt", "EFI")
"""What a boot partition of a Raspberry Pi or a PC has."""


def put_card(
    archive: Path, boot: Path, screen: str = "", *, with_system: bool = False, package: Path | None = None
) -> list[Path]:
    """Copy the card of a screen onto a boot partition, and mark it in the archive's folder as given out.

    Args:
        archive: ZIP archive of cards.
        boot: Where the boot partition is mounted.
        screen: Identifier of a screen; empty: the first whose card was not given out yet.
        with_system: Also write what Raspberry Pi OS does at its first start (``user-data``).
        package: The package of the player, copied with it.

    Returns:
        The files that were written.

    Raises:
        SetupRefused: there is no such card or partition, or it has a card already.
        OSError: a file cannot be read or written.
    """
    if not any((boot / name).exists() for name in BOOT_FILES):
        raise SetupRefused(f"{boot} is no boot partition: it has none of {', '.join(BOOT_FILES)}")
    if there := sorted(boot.glob("beffroi-card*.json")):
        raise SetupRefused(f"{there[0]} is there already: delete it, or insert the next memory card")
    given_out = archive.with_name(f"{archive.name}.done")
    done = given_out.read_text(encoding="utf-8").split() if given_out.exists() else []
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [Path(name).stem.removeprefix("beffroi-card-") for name in sorted(opened.namelist())
                     if name.startswith(_CARDS)]  # fmt: skip
            chosen = screen or next((name for name in names if name not in done), "")
            if chosen not in names:
                raise SetupRefused(
                    f"there is no card of {chosen}; there are: {', '.join(names)}" if chosen
                    else f"all {len(names)} cards of {archive} were given out; delete {given_out} to begin again"
                )  # fmt: skip
            files = {file_name(chosen): _content(opened, f"{_CARDS}{file_name(chosen)}")}
            card = EnrolmentCard.model_validate_json(files[file_name(chosen)])
            if with_system:
                files = {"user-data": _content(opened, f"{_SYSTEM}{chosen}/user-data")}
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise SetupRefused(f"{archive} is no archive of enrolment cards: {error}") from error
    for name, content in files.items():
        (boot / name).write_bytes(content)
    written = [boot / name for name in files]
    if package is not None:
        written.append(Path(shutil.copy2(package, boot / package.name)))
    given_out.write_text("\n".join([*done, chosen]) + "\n", encoding="utf-8")
    print(f"Label this memory card: {card.name} ({card.screen})")
    return written


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        raise ValueError(f"{name} has more than {SIZE_LIMIT} bytes")
    return content
