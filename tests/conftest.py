"""How properties are tested: with the same examples each time, so that a change fails only for what it did itself.

`make explore` looks for others.
"""

import gc
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

LONGEST_FILES = (
    "player/test_faults.py", "player/test_soak.py", "docs/test_guide_commands.py", "server/test_service.py",
    "e2e/test_pages.py",
)  # fmt: skip
"""They take a minute and more: begun first, they do not keep one process busy at the end while others idle."""

settings.register_profile("same", derandomize=True)
settings.register_profile("other", print_blob=True)
settings.load_profile("same")

IN_MEMORY = Path("/dev/shm")
LEAST_ROOM = 2 * 1024**3


def pytest_configure() -> None:
    """Keep the files of tests in memory where there is room: product and database wait for the disk at each write."""
    if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= LEAST_ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, in whichever order the others are."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST_FILES))


def pytest_collection_finish() -> None:
    """Leave out of each later garbage collection what stays for the whole run: thousands of tests, and every import."""
    gc.collect()
    gc.freeze()
