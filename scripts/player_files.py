"""Write the tables of files in docs/player.md from the code."""

from __future__ import annotations

import sys
from pathlib import Path

from beffroi_player.state.file_tables import with_tables


def main(page: Path) -> int:
    """Replace the tables of a page and return the exit code."""
    page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
