"""The legibility tables of the guides for screens, written from the rules that the renderer draws by: ``make guides``.

Each stands between two comments in ``screen.en.md`` and ``screen.fr.md``; all else of a guide is left as it is.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from beffroi_content.model import DisplayTechnology, ScreenClass, Town
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.legibility import CAPITAL_MM_PER_METRE, minimum_capital, pixel_pitch_mm
from beffroi_content.reading_time import reading_seconds

DISTANCES_M = (2, 3, 5, 8, 10, 15, 20, 30)
WORDS = (5, 10, 20, 30, 40)
DISPLAYS = (
    ({"en": "55-inch display, Full HD", "fr": "écran de 55 pouces, Full HD"}, 1920, 1080, "lcd", 680, 4),
    ({"en": "totem of 55 inches, upright", "fr": "totem de 55 pouces, vertical"}, 1080, 1920, "lcd", 1210, 2.5),
    ({"en": "75-inch display, 4K", "fr": "écran de 75 pouces, 4K"}, 3840, 2160, "lcd", 930, 5),
    ({"en": "LED panel P10, 128 × 64", "fr": "panneau LED P10, 128 × 64"}, 128, 64, "led", 640, 15),
    ({"en": "LED panel P10, 192 × 96", "fr": "panneau LED P10, 192 × 96"}, 192, 96, "led", 960, 20),
    ({"en": "LED panel P6, 320 × 192", "fr": "panneau LED P6, 320 × 192"}, 320, 192, "led", 1152, 15),
)
"""Name, width and height in pixels, technology, height in millimetres, and the distance of the people, in metres."""


def legibility_tables(language: str) -> dict[str, str]:
    """Return the tables by the name of their place: what a distance asks, what displays give, what words take."""
    return {"distances": _distances(language), "displays": _displays(language), "words": _words(language)}


def with_tables(guide: str, language: str) -> str:
    """Return the text of a guide with the tables of today.

    Raises:
        ValueError: the guide has not one place for each of them.
    """
    for name, table in legibility_tables(language).items():
        place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        found = list(place.finditer(guide))
        if len(found) != 1:
            raise ValueError(f"a guide has one table between <!-- {name} --> and <!-- /{name} -->")
        guide = guide[: found[0].start()] + table + guide[found[0].end() :]
    return guide


def _distances(language: str) -> str:
    head = {
        "en": ("people stand at", "capitals of at least", "pixels on P4", "pixels on P6", "pixels on P10"),
        "fr": ("distance du public", "capitales d’au moins", "pixels en P4", "pixels en P6", "pixels en P10"),
    }
    rows = []
    for distance in DISTANCES_M:
        height = CAPITAL_MM_PER_METRE * distance
        rows.append([f"{distance} m", f"{round(height)} mm", *(str(math.ceil(height / pitch)) for pitch in (4, 6, 10))])
    return _table(head[language], rows)


def _displays(language: str) -> str:
    head = {
        "en": ("display", "set for", "smallest capitals that are drawn", "read up to"),
        "fr": ("écran", "réglé pour", "plus petites capitales dessinées", "lues jusqu’à"),
    }
    rows = []
    for name, width, height, technology, height_mm, distance_m in DISPLAYS:
        screen_class = ScreenClass(
            name=name["en"], width=width, height=height, technology=DisplayTechnology(technology),
            physical_height_mm=height_mm, viewing_distance_mm=round(distance_m * 1_000),
        )  # fmt: skip
        capital = minimum_capital(Canvas(screen_class.size, screen_class, Town(name="-"), "Europe/Paris", language))
        capital_mm = capital * pixel_pitch_mm(screen_class)
        reach = capital_mm / CAPITAL_MM_PER_METRE
        rows.append([
            name[language], f"{_number(distance_m, language)} m", f"{capital} pixels, {round(capital_mm)} mm",
            f"{_number(round(reach, 1), language)} m",
        ])  # fmt: skip
    return _table(head[language], rows)


def _words(language: str) -> str:
    head = {"en": ("words on the page", "seconds to read it"), "fr": ("mots sur la page", "secondes pour la lire")}
    return _table(head[language], [[str(words), str(reading_seconds(words))] for words in WORDS])


def _number(value: float, language: str) -> str:
    text = f"{value:g}"
    return text.replace(".", ",") if language == "fr" else text


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- |", "|---|").replace(" --- |", "---|")


def main(docs: Path) -> None:
    """Write the tables into ``screen.en.md`` and ``screen.fr.md`` of a folder."""
    for language in ("en", "fr"):
        path = docs / f"screen.{language}.md"
        path.write_text(with_tables(path.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
