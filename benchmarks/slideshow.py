"""Pictures of the display's own size, a programme of them, and a look whether one of them is on a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, ImageStat

from benchmarks.display import SIZE, Display
from benchmarks.measured_town import SCREEN

COLOURS = ("#1d4f91", "#91401d", "#2f7d32", "#6a1b7a", "#8a6d00", "#00707a")
LIKE = 12.0
"""By how much of 255 a picture may differ from what is shown of it, in the mean."""
_PROGRAMME = """
from pathlib import Path
from beffroi_server.library.services import add_image
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.fleet.services import open_enrolment, save_screen

kind = ScreenClass.objects.get(width=1920, height=1080)
screen = save_screen(Screen(slug="{screen}", name="Hall", screen_class=kind, transition="{transition}"), user=None)
playlist = programme.create_playlist("Jour", user=None)
for path in {files}:
    with open(path, "rb") as file:
        media = add_image(file, name=Path(path).stem, user=None)
    programme.add_entry(playlist, user=None, media=media, **{values})
programme.save_rule(ScheduleRule(name="Toujours", playlist=playlist, everywhere=True), user=None)
print(open_enrolment(screen)[1])
"""


def make_pictures(folder: Path, count: int) -> list[Path]:
    """Write photographs, or what is as hard to compress, each of a colour of its own."""
    ground = Image.effect_noise(SIZE, 90).filter(ImageFilter.GaussianBlur(2))
    paths = []
    for number, colour in enumerate(COLOURS[:count]):
        paths.append(folder / f"picture-{number}.jpg")
        Image.blend(ground.convert("RGB"), Image.new("RGB", SIZE, colour), 0.7).save(paths[-1], quality=90)
    return paths


def programme(files: Sequence[Path], seconds: int = 0, transition: str = "cut") -> str:
    """Return content for ``open_measured_town`` that shows files one after another, videos for as long as they last."""
    values = {"duration_s": seconds} if seconds else {}
    names = [str(path) for path in files]
    return _PROGRAMME.format(screen=SCREEN, transition=transition, files=names, values=values)


def shows_one(display: Display, pictures: Sequence[Path]) -> bool:
    """Tell whether one of the pictures fills a display."""
    small = (192, 108)
    shown = display.picture().resize(small, Image.Resampling.BOX)
    return any(_difference(shown, Image.open(path).resize(small, Image.Resampling.BOX)) < LIKE for path in pictures)


def _difference(one: Image.Image, other: Image.Image) -> float:
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)
