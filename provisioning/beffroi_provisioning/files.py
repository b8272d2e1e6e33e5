"""Atomic writing of files: whoever reads one finds the old text or the new, never a part."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

READABLE_BY_ALL = 0o644


def write_text(path: Path, text: str, *, mode: int = READABLE_BY_ALL) -> None:
    """Replace a file in one step, making its folder where it is missing.

    Raises:
        OSError: the folder cannot be made or written to; an old file is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
