"""Takes an enrolment card from the boot partition of a machine and hands it to the player of that machine.

Only root may change the boot partition, and the player is not root. The card is taken off: whoever borrows the memory
card later finds nothing. Where it cannot be taken off, it is remembered, so that each start does not try it again.
"""

from __future__ import annotations

import hashlib
import os
import stat
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


def take_card(root: Path, say: Callable[[str], None]) -> bool:
    """Hand the newest card that was not taken yet to the player, and take every card off where it lies.

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
    for _card, path, _digest in found:
        try:
            path.unlink()
        except OSError as error:
            say(f"{path} could not be removed ({error.strerror}): delete it, it is of no use any more")
    return bool(new)


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


def run(root: Path = Path("/")) -> list[Path]:
    """Run the command; what it says goes to the journal."""
    take_card(root, lambda line: print(line, file=sys.stderr))
    return []
