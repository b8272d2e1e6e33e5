"""How long it takes to draw a frame: an alert on a 1080p screen, an announcement on a totem, an LED panel.

Each is drawn from the model to RGB bytes, every time with another text. The alert is the figure, since it is drawn
while people wait for it, and has two pages; the announcement has a picture of 2.5 million pixels, which is decoded and
fitted the first time and then kept, as it is while somebody writes the text beside it.

The goals for the other two are 20 ms and 1 ms. As in the agent, memory comes in large pages where the kernel has them.

The limit is the least that any drawing needs: a frame of the same size is filled with a colour, one picture of half
its height is laid on it, and its bytes are handed over.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from itertools import count
from pathlib import Path

from PIL import Image

from beffroi_content import model, rendering
from benchmarks.form import SUMMARY_HEADING, Options, Result, milliseconds, percentile, summary

PICTURE = Path(__file__).parent.parent / "demo" / "pictures" / "market.jpg"
TOWN = model.Town(name="Clairbourg-sur-Vive")
HALL = model.ScreenClass(name="1080p", width=1920, height=1080, physical_height_mm=680, viewing_distance_mm=4_000)
TOTEM = model.ScreenClass(name="totem", width=1080, height=1920, physical_height_mm=1_210, viewing_distance_mm=2_500)
PANEL = model.ScreenClass(
    name="panel",
    width=128,
    height=64,
    technology=model.DisplayTechnology.LED,
    physical_height_mm=640,
    viewing_distance_mm=15_000,
)
_numbers = count(1)


def measure(options: Options) -> Result:
    """Draw each frame often."""
    cases: tuple[tuple[str, model.ScreenClass, Callable[[], object], int], ...] = (
        ("alert, 1920 × 1080", HALL, _alert, 200),
        ("announcement, 1080 × 1920", TOTEM, _announcement, 60),
        ("panel, 128 × 64", PANEL, _panel, 200),
    )
    rows, figures = [], {}
    for name, screen, draw, full in cases:
        repetitions = options.repetitions(full, 3)
        drawn = milliseconds(draw, repetitions)
        least = milliseconds(_least(screen.size), repetitions)
        rows += [(name, *summary(drawn)), ("  least", *summary(least))]
        figures[name] = percentile(drawn, 0.95), percentile(least, 0.95)
    value, limit = figures["alert, 1920 × 1080"]
    return Result(
        value=value,
        unit="ms",
        goal=10.0,
        limit=limit,
        value_is="p95 of an alert at 1920 × 1080",
        limit_is="p95 of filling such a frame and handing it over",
        heading=("ms", *SUMMARY_HEADING),
        rows=rows,
    )


def _alert() -> list[bytes]:
    number = next(_numbers)
    alert = model.Alert(
        id=f"alert-{number}",
        level=model.AlertLevel.EMERGENCY,
        title=f"Crue : évacuez les quais ({number})",
        description="La Vive déborde. Les quais, le camping et la rue Basse sont inondés.",
        instruction="Rejoignez à pied la salle des fêtes.\nN'utilisez pas votre voiture.",
        source="Mairie de Clairbourg-sur-Vive",
        issued_at_ms=1_780_000_000_000,
        ends_at_ms=1_780_003_600_000,
        time_to_live_ms=3_600_000,
    )
    return _bytes(rendering.draw_alert(alert, model.AlertForm.TAKEOVER, _canvas(HALL)))


def _announcement() -> list[bytes]:
    data = PICTURE.read_bytes()
    picture = model.AssetReference(sha256=hashlib.sha256(data).hexdigest(), size=len(data), media_type="image/jpeg")
    slide = _slide("news", picture)
    return _bytes(rendering.draw_slide(slide, _canvas(TOTEM), lambda _asset: data))


def _panel() -> list[bytes]:
    return _bytes(rendering.draw_slide(_slide("notice", None), _canvas(PANEL), lambda _asset: b""))


def _slide(template: str, picture: model.AssetReference | None) -> model.Slide:
    number = next(_numbers)
    announcement = model.Announcement(
        id=f"announcement-{number}",
        template=template,
        title=f"Grand marché des producteurs ({number})",
        body="Quarante producteurs, dégustations et jus de pomme pressé sur place.",
        label="Marché",
        picture=picture,
    )
    content = model.AnnouncementContent(announcement=announcement)
    return model.Slide(id=f"slide-{number}", name="Marché", content=content)


def _canvas(screen: model.ScreenClass) -> rendering.Canvas:
    return rendering.Canvas.for_screen(model.ScreenSettings(screen_class=screen, town=TOWN))


def _bytes(frames: tuple[Image.Image, ...]) -> list[bytes]:
    return [frame.tobytes() for frame in frames]


def _least(size: tuple[int, int]) -> Callable[[], bytes]:
    width, height = size
    picture = Image.open(io.BytesIO(PICTURE.read_bytes())).convert("RGB").resize((width, height // 2))

    def fill() -> bytes:
        frame = Image.new("RGB", size, "#1d4f91")
        frame.paste(picture, (0, 0))
        return frame.tobytes()

    return fill
