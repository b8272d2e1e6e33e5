"""Draw the pictures of the demo anew: ``python -m demo.pictures.draw [FOLDER]``. The same code, the same pictures."""

from __future__ import annotations

import sys
from pathlib import Path

from demo.pictures import indoors, life, town

PICTURES = (
    town.quays, town.belfry, town.market, town.roadworks, town.park,
    life.pool, life.concert, life.recycling, life.school,
    indoors.library, indoors.canteen,
)  # fmt: skip


def main(folder: Path) -> None:
    """Write every picture into a folder, named after what it shows."""
    for picture in PICTURES:
        path = folder / f"{picture.__name__}.jpg"
        picture().save(path)
        print(f"{path}  {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
