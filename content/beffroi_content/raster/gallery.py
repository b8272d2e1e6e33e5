"""A contact sheet of every template and alert form on the usual screens: ``python -m beffroi_content.raster.gallery``.

It shows at a glance what a change does to the looks, and is meant to be looked at by a person.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from beffroi_content.model import (
    Alert,
    AlertLevel,
    AlertStatus,
    Announcement,
    AnnouncementContent,
    AssetReference,
    ScreenClass,
    Slide,
    Technology,
    Template,
    Town,
)
from beffroi_content.raster import AlertForm, Canvas, draw_alert, draw_notice, draw_slide

_SHEET_WIDTH = 3000
_TILE_HEIGHT = 420
_GAP = 16

TRAVAUX = (
    "La rue de la République sera fermée à la circulation du lundi 14 au vendredi 18 décembre, de 8 h 30 à 17 h. "
    "Une déviation est mise en place par l'avenue du Général-de-Gaulle. Les riverains gardent l'accès à leur "
    "domicile ; la collecte des déchets est maintenue.\nRenseignements : services techniques, 02 31 00 00 00."
)


def screen(width: int, height: int, technology: Technology = Technology.LCD, colour_depth: int = 24) -> ScreenClass:
    """Return a screen class with a usual pixel pitch and viewing distance."""
    pitch_mm = 5.0 if technology is Technology.LED else 1218 / 1920
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


def sample_picture() -> tuple[AssetReference, bytes]:
    """Return a drawn seaside as a JPEG, since no photograph is bundled."""
    width, height = 1600, 1200
    image = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", tuple(image.point([round(low + (high - low) * i / 255) for i in range(256)])
                                     for low, high in ((92, 250), (150, 216), (206, 178))))  # fmt: skip
    draw = ImageDraw.Draw(image)
    draw.ellipse((980, 430, 1220, 670), fill=(255, 236, 190))
    draw.rectangle((0, 700, width, height), fill=(44, 98, 138))
    draw.polygon([(0, 700), (330, 560), (620, 660), (800, 700)], fill=(70, 92, 96))
    draw.polygon([(0, 1200), (0, 930), (500, 1010), (1600, 1120), (1600, 1200)], fill=(214, 186, 140))
    draw.polygon([(520, 330), (520, 800), (300, 800)], fill=(250, 248, 240))
    draw.polygon([(540, 380), (540, 800), (700, 800)], fill=(228, 224, 214))
    draw.polygon([(280, 820), (740, 820), (670, 890), (350, 890)], fill=(158, 44, 40))
    buffer = BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(buffer, "JPEG", quality=88)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    return AssetReference(sha256=digest, size=len(content), media_type="image/jpeg"), content


def sample_announcements(picture: AssetReference | None) -> Iterator[Announcement]:
    """Yield short and long, with and without a picture."""
    library = {"label": "Culture", "source": "Médiathèque Jean-Moulin", "title": "La médiathèque rouvre samedi"}
    library["body"] = (
        "Après six mois de travaux, venez découvrir les nouveaux espaces : salle de lecture, atelier numérique et"
        " jardin. Inscription gratuite jusqu'au 31 janvier."
    )
    market = {"label": "Animation", "title": "Marché de Noël", "place": "Place de l'Hôtel-de-Ville"}
    market["body"] = "40 exposants, vin chaud et manège. Entrée libre."
    works = {"label": "Travaux", "source": "Services techniques", "title": "Rue de la République fermée"}
    yield Announcement(id="a", template=Template.NEWS, picture=picture, **library)
    yield Announcement(id="b", template=Template.NEWS, **library)
    yield Announcement(id="c", template=Template.NEWS, title="Bienvenue")
    saturday = dt.datetime.fromisoformat("2026-12-12T18:30")
    yield Announcement(id="d", template=Template.EVENT, starts=saturday, picture=picture, **market)
    yield Announcement(id="e", template=Template.EVENT, starts=saturday, **market)
    first, last = dt.datetime.fromisoformat("2026-07-03"), dt.datetime.fromisoformat("2026-07-06")
    yield Announcement(id="f", template=Template.EVENT, starts=first, ends=last, title="Festival des trois rivières")
    yield Announcement(id="g", template=Template.NOTICE, body=TRAVAUX, **works)


def sample_alert(level: AlertLevel = AlertLevel.ALERT, status: AlertStatus = AlertStatus.ACTUAL) -> Alert:
    """Return a flood warning."""
    return Alert(
        id="crue",
        level=level,
        status=status,
        title="Risque d'inondation : la Vire déborde au centre-ville",
        description="La rivière dépasse 4,20 m et monte encore. Les quais et la rue Basse sont inondés.",
        instruction="Montez à l'étage et coupez l'électricité.\nNe prenez pas votre voiture.",
        source="Mairie de Saint-Aubin-sur-Mer",
        issued_at_ms=1_765_540_800_000,
        ends_at_ms=1_765_560_600_000,
        time_to_live_ms=19_800_000,
    )


def screens() -> tuple[ScreenClass, ...]:
    """Return the screens of the contact sheet."""
    led = Technology.LED
    return (
        screen(1920, 1080),
        screen(1080, 1920),
        screen(1080, 1080),
        screen(3840, 1080),
        screen(320, 192, led),
        screen(192, 96, led),
        screen(128, 64, led),
        screen(128, 64, led, colour_depth=1),
    )


def frames(canvas: Canvas) -> Iterator[Image.Image]:
    """Yield the frames of all samples on one canvas."""
    picture, content = sample_picture()
    for announcement in sample_announcements(picture):
        slide = Slide(id="s", name="s", content=AnnouncementContent(announcement=announcement))
        yield from draw_slide(slide, canvas, lambda _: content)
    yield from draw_alert(sample_alert(), AlertForm.TAKEOVER, canvas)
    yield draw_alert(sample_alert(AlertLevel.EMERGENCY), AlertForm.TAKEOVER, canvas)[0]
    yield draw_alert(sample_alert(AlertLevel.VIGILANCE, AlertStatus.EXERCISE), AlertForm.TAKEOVER, canvas)[0]
    yield draw_alert(sample_alert(AlertLevel.INFORMATION, AlertStatus.TEST), AlertForm.SLIDE, canvas)[0]
    yield draw_alert(sample_alert(), AlertForm.ALL_CLEAR, canvas)[0]
    yield draw_notice("En attente d'un programme", ("Écran : Place du Marché", "Vérifiez le réseau"), canvas)


def contact_sheet(images: Iterator[Image.Image]) -> Image.Image:
    """Return the images in rows: large ones reduced, small ones enlarged by a whole number."""
    rows: list[list[Image.Image]] = [[]]
    for image in images:
        tile = _tile(image)
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


def _tile(image: Image.Image) -> Image.Image:
    if image.height < _TILE_HEIGHT:
        factor = max(1, _TILE_HEIGHT // 2 // image.height)
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    width = round(image.width * _TILE_HEIGHT / image.height)
    return image.resize((width, _TILE_HEIGHT), Image.Resampling.LANCZOS)


def main(folder: Path) -> Path:
    """Write the contact sheet to a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "gallery.png"
    contact_sheet(frame for each in screens() for frame in frames(sample_canvas(each))).save(path)
    return path


if __name__ == "__main__":
    print(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
