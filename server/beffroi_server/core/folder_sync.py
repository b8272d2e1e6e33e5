"""The names of new files, brought to the disk."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Wait until the names of the files in a folder are on the disk: a file that was renamed there has its name then.

    Raises:
        OSError: the disk is broken.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
