"""Sample images: drawn stand-ins for photographs, since none is bundled; for the gallery and the tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

from beffroi_content.model import AssetReference

Assets = Mapping[str, bytes]
"""Files by their SHA-256."""


def sample_image() -> tuple[AssetReference, bytes]:
    """Return a drawn seaside as a JPEG, since no photograph is bundled."""
    return _encode_asset(_draw_seaside())


def _encode_asset(image: Image.Image, kind: str = "JPEG") -> tuple[AssetReference, bytes]:
    buffer = BytesIO()
    image.save(buffer, kind, quality=88)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    return AssetReference(sha256=digest, size=len(content), media_type=f"image/{kind.lower()}"), content


def _sky_gradient(size: tuple[int, int], top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    gradient = Image.linear_gradient("L").resize(size)
    bands = (
        gradient.point([round(low + (high - low) * i / 255) for i in range(256)])
        for low, high in zip(top, bottom, strict=True)
    )
    return Image.merge("RGB", tuple(bands))


def _draw_seaside() -> Image.Image:
    width, height = 1600, 1200
    image = _sky_gradient((width, height), (92, 150, 206), (250, 216, 178))
    draw = ImageDraw.Draw(image)
    draw.ellipse((980, 430, 1220, 670), fill=(255, 236, 190))
    draw.rectangle((0, 700, width, height), fill=(44, 98, 138))
    draw.polygon([(0, 700), (330, 560), (620, 660), (800, 700)], fill=(70, 92, 96))
    draw.polygon([(0, 1200), (0, 930), (500, 1010), (1600, 1120), (1600, 1200)], fill=(214, 186, 140))
    draw.polygon([(520, 330), (520, 800), (300, 800)], fill=(250, 248, 240))
    draw.polygon([(540, 380), (540, 800), (700, 800)], fill=(228, 224, 214))
    draw.polygon([(280, 820), (740, 820), (670, 890), (350, 890)], fill=(158, 44, 40))
    return image.filter(ImageFilter.GaussianBlur(1.2))


def _draw_map() -> Image.Image:
    image = Image.new("RGB", (1400, 1400), (238, 234, 224))
    draw = ImageDraw.Draw(image)
    draw.polygon(
        [(0, 980), (420, 900), (900, 1120), (1400, 1040), (1400, 1240), (860, 1300), (0, 1160)], fill=(170, 205, 230)
    )
    draw.rectangle((80, 90, 430, 420), fill=(196, 220, 178))
    for box in (
        (520, 120, 760, 380),
        (860, 90, 1260, 330),
        (560, 520, 800, 760),
        (930, 470, 1290, 800),
        (120, 560, 420, 820),
    ):
        draw.rectangle(box, fill=(222, 212, 196))
    for points in (
        [(0, 460), (1400, 420)], [(480, 0), (480, 920)], [(830, 0), (870, 1080)],
        [(0, 870), (520, 820), (900, 860), (1400, 830)],
    ):  # fmt: skip
        draw.line(points, fill=(255, 255, 255), width=46, joint="curve")
    draw.line([(480, 450), (850, 440)], fill=(204, 44, 36), width=30)
    for x in (560, 660, 760):
        draw.polygon([(x, 410), (x + 22, 470), (x - 22, 470)], fill=(240, 160, 0))
    draw.line([(480, 450), (480, 835), (860, 850), (862, 445)], fill=(24, 96, 170), width=16, joint="curve")
    return image


def _draw_street(*, is_new: bool) -> Image.Image:
    width, height = 1500, 1100
    image = (
        _sky_gradient((width, height), (120, 170, 214), (226, 234, 238))
        if is_new
        else _sky_gradient((width, height), (150, 158, 166), (206, 206, 202))
    )
    draw = ImageDraw.Draw(image)
    for number, x in enumerate(range(0, width, 300)):
        colour = ((206, 170, 132), (224, 204, 168), (188, 148, 128))[number % 3]
        if not is_new:
            colour = tuple(round(0.75 * channel + 20) for channel in colour)  # type: ignore[assignment]
        draw.rectangle((x, 280 - 30 * (number % 2), x + 296, 780), fill=colour)
        draw.polygon(
            [(x, 280 - 30 * (number % 2)), (x + 148, 170), (x + 296, 280 - 30 * (number % 2))], fill=(120, 74, 62)
        )
        for y in (360, 540):
            for left in (50, 180):
                draw.rectangle((x + left, y, x + left + 66, y + 110), fill=(82, 104, 120))
    draw.polygon(
        [(0, 780), (width, 780), (width, height), (0, height)], fill=(214, 204, 190) if is_new else (92, 92, 94)
    )
    if is_new:
        for x in (180, 620, 1080, 1400):
            draw.rectangle((x - 8, 640, x + 8, 860), fill=(96, 66, 46))
            draw.ellipse((x - 95, 470, x + 95, 690), fill=(84, 140, 76))
        draw.rectangle((300, 900, 520, 930), fill=(150, 110, 70))
    else:
        for x in (120, 520, 950, 1290):
            draw.rounded_rectangle((x, 850, x + 250, 950), 40, fill=(60 + x % 90, 66, 84))
            draw.rounded_rectangle((x + 50, 800, x + 200, 870), 30, fill=(150, 160, 168))
    return image.filter(ImageFilter.GaussianBlur(1.0))


def _draw_logo() -> Image.Image:
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.polygon([(150, 8), (96, 76), (96, 192), (204, 192), (204, 76)], fill=(29, 79, 145, 255))
    draw.ellipse((122, 88, 178, 144), fill=(255, 210, 60, 255))
    draw.rectangle((20, 150, 280, 192), fill=(29, 79, 145, 255))
    return image


def sample_logo() -> tuple[AssetReference, bytes]:
    """Return the drawn logo of a town, with transparency."""
    return _encode_asset(_draw_logo(), "PNG")


def sample_assets() -> tuple[dict[str, AssetReference], Assets]:
    """Return the images of the samples by name, and their files."""
    made = {
        "sea": _encode_asset(_draw_seaside()),
        "map": _encode_asset(_draw_map()),
        "before": _encode_asset(_draw_street(is_new=False)),
        "after": _encode_asset(_draw_street(is_new=True)),
        "logo": sample_logo(),
    }
    return {name: one for name, (one, _) in made.items()}, {one.sha256: content for one, content in made.values()}
