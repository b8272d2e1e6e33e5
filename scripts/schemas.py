"""Write the protocol's documents from the code, or say which of them differ."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from beffroi_content.wire.schemas import protocol_files


def main() -> int:
    """Return 0, or 1 when ``--check`` finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where they are, such as docs/protocol")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when something differs")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    wanted = protocol_files()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*") if path.is_file()}
    differing = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    if arguments.check:
        for name in differing:
            print(f"{folder / name} is not what the code says: run `make schemas`\n")
        return 1 if differing else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in differing:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
