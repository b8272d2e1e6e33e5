"""Contact sheets of every template and alert form on the usual screens.

``python -m beffroi_content.rendering.gallery FOLDER`` (``make gallery``) writes them as PNG files, with a page that
shows all of them: a person sees at a glance what a change does to the templates.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from beffroi_content.model import (
    AlertLevel,
    AlertStatus,
    AnnouncementContent,
    DisplayTechnology,
    ScreenAppearance,
    ScreenClass,
    Slide,
    Town,
    WidgetContent,
    banner_rectangle,
)
from beffroi_content.rendering import AlertForm, Canvas, draw_alert, draw_idle_page, draw_slide
from beffroi_content.templates.registry import announcement_templates, hazard_declarations, widget_templates
from beffroi_content.templates.sample_images import sample_assets
from beffroi_content.templates.samples import SAMPLE_AT_MS, sample_alert

_SHEET_WIDTH = 3000
_TILE_HEIGHT = 420
_GAP = 16


def make_screen_class(
    width: int, height: int, technology: DisplayTechnology = DisplayTechnology.LCD, colour_depth: int = 24
) -> ScreenClass:
    """Return a screen class with a usual pixel pitch and viewing distance."""
    pitch_mm = 5.0 if technology is DisplayTechnology.LED else 1218 / 1920
    return ScreenClass(
        name=f"{width} × {height}",
        width=width,
        height=height,
        technology=technology,
        physical_height_mm=max(1, round(height * pitch_mm)),
        viewing_distance_mm=5_000,
        colour_depth=colour_depth,
    )


def sample_canvas(screen_class: ScreenClass, colour: str = "#1d4f91", locale: str = "fr") -> Canvas:
    """Return the whole of a screen of a made-up town."""
    town = Town(name="Saint-Aubin-sur-Mer", colour=colour)
    return Canvas(screen_class.size, screen_class, town, "Europe/Paris", locale)


def gallery_screens() -> tuple[ScreenClass, ...]:
    """Return the screens of the contact sheet."""
    led = DisplayTechnology.LED
    return (
        make_screen_class(1920, 1080),
        make_screen_class(1080, 1920),
        make_screen_class(1080, 1080),
        make_screen_class(3840, 1080),
        make_screen_class(320, 192, led),
        make_screen_class(192, 96, led),
        make_screen_class(128, 64, led),
        make_screen_class(128, 64, led, colour_depth=1),
    )


def street_screens() -> tuple[ScreenClass, ...]:
    """Return the screens that towns have: large and small, colour and one colour, near and far."""
    lcd = (
        *((1920, 1080, 685, 5_000), (3840, 2160, 934, 5_000), (1080, 1920, 1_220, 3_000), (2160, 3840, 1_660, 3_000)),
        *((1080, 1080, 700, 4_000), (3840, 600, 330, 5_000), (800, 480, 130, 1_500)),
    )
    led = (
        *(
            (320, 192, 768, 10_000, 24),
            (192, 96, 768, 12_000, 24),
            (128, 64, 512, 12_000, 24),
            (128, 64, 512, 12_000, 8),
        ),
        *((128, 64, 512, 12_000, 1), (96, 48, 480, 15_000, 24), (64, 32, 320, 15_000, 24), (96, 64, 640, 15_000, 1)),
        *((128, 16, 160, 15_000, 1), (16, 128, 1_280, 15_000, 1)),
    )
    found = [
        ScreenClass(
            name=f"{width} × {height}", width=width, height=height, physical_height_mm=tall, viewing_distance_mm=far
        )
        for width, height, tall, far in lcd
    ]
    found += [
        ScreenClass(
            name=f"{width} × {height}, {depth} bit", width=width, height=height, physical_height_mm=tall,
            viewing_distance_mm=far, colour_depth=depth, technology=DisplayTechnology.LED,
        )
        for width, height, tall, far, depth in led
    ]  # fmt: skip
    return tuple(found)


def sample_frames(canvas: Canvas) -> Iterator[Image.Image]:
    """Yield the frames of all samples on one canvas."""
    images, files = sample_assets()
    own = Town(name=canvas.town.name, colour=canvas.town.colour, logo=images["logo"])
    for announcement in (
        sample for template in announcement_templates().values() for sample in template.samples(images)
    ):
        slide = Slide(id="s", name="s", content=AnnouncementContent(announcement=announcement))
        yield from draw_slide(slide, replace(canvas, town=own), lambda asset: files[asset.sha256])
    for template in widget_templates().values():
        slide = Slide(id="w", name="w", content=WidgetContent(widget=template.sample()))
        yield from draw_slide(slide, replace(canvas, town=own), lambda asset: files[asset.sha256], SAMPLE_AT_MS)
    if canvas.appearance is ScreenAppearance.NIGHT:
        return
    yield from alert_frames(canvas)
    yield draw_idle_page("En attente d'un programme", ("Écran : Place du Marché", "Vérifiez le réseau"), canvas)


def alert_frames(canvas: Canvas) -> Iterator[Image.Image]:
    """Yield alerts of every level, status and hazard in the forms that they have on the street."""
    for level in (AlertLevel.ALERT, AlertLevel.EMERGENCY):
        yield from draw_alert(sample_alert(level), AlertForm.TAKEOVER, canvas)
    for hazard in hazard_declarations():
        yield draw_alert(sample_alert(AlertLevel.EMERGENCY, hazard=hazard), AlertForm.TAKEOVER, canvas)[0]
    yield from draw_alert(sample_alert(AlertLevel.ALERT, AlertStatus.EXERCISE, "fire"), AlertForm.TAKEOVER, canvas)
    yield from draw_alert(sample_alert(AlertLevel.INFORMATION, AlertStatus.TEST), AlertForm.SLIDE, canvas)
    band = replace(canvas, size=banner_rectangle(canvas.size).size)
    for status in (AlertStatus.ACTUAL, AlertStatus.EXERCISE):
        yield from draw_alert(sample_alert(AlertLevel.VIGILANCE, status, "heat"), AlertForm.BANNER, band)
    yield draw_alert(sample_alert(hazard="flood"), AlertForm.ALL_CLEAR, canvas)[0]


def contact_sheet(images: Iterator[Image.Image]) -> Image.Image:
    """Return the images in rows: large ones reduced, small ones enlarged by a whole number."""
    rows: list[list[Image.Image]] = [[]]
    for image in images:
        tile = _scale_tile(image)
        if sum(each.width + _GAP for each in rows[-1]) + tile.width > _SHEET_WIDTH:
            rows.append([])
        rows[-1].append(tile)
    heights = [max(tile.height for tile in row) + _GAP for row in rows]
    sheet = Image.new("RGB", (_SHEET_WIDTH, sum(heights) + _GAP), (112, 112, 112))
    for number, row in enumerate(rows):
        x = _GAP
        for tile in row:
            sheet.paste(tile, (x, _GAP + sum(heights[:number])))
            x += tile.width + _GAP
    return sheet


def _scale_tile(image: Image.Image) -> Image.Image:
    if image.height < _TILE_HEIGHT:
        factor = max(1, _TILE_HEIGHT // 2 // image.height)
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    width = round(image.width * _TILE_HEIGHT / image.height)
    return image.resize((width, _TILE_HEIGHT), Image.Resampling.LANCZOS)


def main(folder: Path) -> Path:
    """Write a contact sheet for each kind of screen, by day and by night, and a page with all of them; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for each in gallery_screens():
        for appearance in ScreenAppearance if each.technology is DisplayTechnology.LCD else (ScreenAppearance.DAY,):
            canvas = replace(sample_canvas(each), appearance=appearance)
            name = f"{each.width}x{each.height}-{each.colour_depth}-{appearance}.png"
            contact_sheet(sample_frames(canvas)).save(folder / name)
            listed.append(f'<h2>{each.name}, {appearance}</h2><img src="{name}" alt="" style="max-width: 100%">')
    page = folder / "index.html"
    page.write_text("<!doctype html><meta charset=utf-8><title>Beffroi: gallery</title>" + "".join(listed))
    return page


if __name__ == "__main__":
    print(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
