"""Takes an enrolment card from the boot partition of a machine and hands it to the player of that machine.

Only root may change the boot partition, and the player is not root. Then the card is taken off: whoever borrows the
memory card later finds nothing. Cards are remembered, so that one that cannot be taken off is not tried at each start.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from beffroi_content.wire.enrolment_card import FILE_GLOB, SIZE_LIMIT, EnrolmentCard

FOLDERS = (Path("boot/firmware"), Path("boot"), Path("etc/beffroi"))
"""Where a card is looked for: of Raspberry Pi OS 12 and later, of those before, and where cloud-init puts it."""
STATE = Path("var/lib/beffroi-player")
TAKEN_CARD = "card.json"
"""Where the player looks for it, in its own folder."""
_REMEMBERED = "cards-taken"
_MOST_REMEMBERED = 50
_MOUNT_SECONDS = 30.0


def take_card(root: Path, say: Callable[[str], None]) -> bool:
    """Hand the newest card that was not taken yet to the player; those before it are worth nothing any more.

    Args:
        root: The folder of the machine's files.
        say: Told what was done, and what was not.

    Returns:
        True if the player was given one.

    Raises:
        OSError: the folder of the player is not there, or cannot be written to.
    """
    state = root / STATE
    owner = state.stat()
    found = list(_cards(root, say))
    with _account(owner.st_uid, owner.st_gid):
        known = _remembered(state)
        new = [(card, path, digest) for card, path, digest in found if digest not in known]
        if new:
            card, path, _ = max(new, key=lambda each: each[0].made_at_ms)
            _write(state / TAKEN_CARD, card.model_dump_json().encode())
            say(f"{path} was given to the player: it becomes the screen {card.screen}")
        _write(state / _REMEMBERED, "\n".join([*known, *(each[2] for each in new)][-_MOST_REMEMBERED:]).encode())
    return bool(new)


def remove_taken(root: Path, say: Callable[[str], None]) -> None:
    """Delete the cards that were taken; a boot partition that is only read is written to for that instant.

    Args:
        root: The folder of the machine's files.
        say: Told what was deleted; and of what was not, whether anything must be done.
    """
    taken = _remembered(root / STATE)
    for folder in FOLDERS:
        paths = [path for path in sorted((root / folder).glob(FILE_GLOB)) if _digest_of(path) in taken]
        if not paths:
            continue
        with _writable(root / folder, say):
            for path in paths:
                try:
                    path.unlink()
                    say(f"{path} was deleted: the player has it, and it is of no use to anybody else")
                except OSError as error:
                    say(
                        f"{path} could not be deleted ({error.strerror}). The player has it and goes on. Delete the "
                        "file on another computer: until the screen is enrolled, whoever has it can become this screen"
                    )


@contextmanager
def _writable(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Make a partition that is only read writable for the time of the context."""
    if not folder.is_mount() or not os.statvfs(folder).f_flag & os.ST_RDONLY:
        yield
        return
    _remount(folder, "rw", say)
    try:
        yield
    finally:
        _remount(folder, "ro", say)


def _remount(folder: Path, access: str, say: Callable[[str], None]) -> None:
    try:
        subprocess.run(  # noqa: S603 - ours, without a shell
            ["mount", "-o", f"remount,{access}", str(folder)],  # noqa: S607 - of the system
            check=True, capture_output=True, text=True, timeout=_MOUNT_SECONDS,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        say(f"{folder} could not be mounted again as {access}: {error.stderr.strip()}")
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"{folder} could not be mounted again as {access}: {error}")


def _digest_of(path: Path) -> str:
    """Return the digest of a file, empty if it cannot be read."""
    try:
        return hashlib.sha256(_read_file(path)).hexdigest()
    except OSError:
        return ""


def _cards(root: Path, say: Callable[[str], None]) -> Iterator[tuple[EnrolmentCard, Path, str]]:
    """Yield the cards that can be read, with their digests; the same file is often reached by two names."""
    seen: set[str] = set()
    for folder in FOLDERS:
        for path in sorted((root / folder).glob(FILE_GLOB)):
            try:
                content = _read_file(path)
                card = EnrolmentCard.model_validate_json(content)
            except (OSError, ValidationError) as error:
                say(f"{path} is no enrolment card: {str(error).splitlines()[0]}")
                continue
            digest = hashlib.sha256(content).hexdigest()
            if digest not in seen:
                seen.add(digest)
                yield card, path, digest


def _read_file(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("it is not a file")
        return file.read(SIZE_LIMIT)


def _remembered(state: Path) -> list[str]:
    try:
        return _read_file(state / _REMEMBERED).decode("ascii", "replace").split()
    except OSError:
        return []


def _write(path: Path, content: bytes) -> None:
    """Replace a file of the player, for the player alone, in one step."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    part.replace(path)


@contextmanager
def _account(uid: int, gid: int) -> Iterator[None]:
    """Act as the owner of the player's folder: what lies in it was made by the player, and root must not trust it."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def run(root: Path, *, only_remove: bool = False) -> list[Path]:
    """Run the command; what it says goes to the journal."""
    (remove_taken if only_remove else take_card)(root, lambda line: print(line, file=sys.stderr))
    return []
