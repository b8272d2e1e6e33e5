"""Tones of high dynamic range on screens that show a sheet of paper as their white: one table for films and images.

Up to nine tenths of the white of paper (203 cd/m², ITU-R BT.2408) tones are as they were; above, lights are brought
together so that they stay distinct. FFmpeg's own conversion takes seconds of processor time to begin.
"""

from __future__ import annotations

import atexit
import math
import tempfile
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from PIL import Image

from beffroi_server.library.media.colour_matrices import PRIMARIES, SRGB, apply, inverse, product, to_xyz

PQ, HLG = 16, 18
"""Numbers of the transfer characteristics in ITU-T H.273, table 3."""
TRANSFERS = {PQ, HLG}
_SIDE = 33
"""Steps of the table on each of its sides."""
_PAPER = 203.0
"""White of a sheet of paper, in cd/m²."""
_PEAK = 1000.0
"""Brightest light of a usual film, in cd/m²."""
_KNEE = 0.9


def map_image(image: Image.Image, primaries: int, transfer: int) -> Image.Image:
    """Return an image in sRGB.

    Args:
        image: In RGB.
        primaries: Number of its primaries in ITU-T H.273, table 2.
        transfer: PQ or HLG.
    """
    from av.filter import Graph  # noqa: PLC0415 - few images need it
    from av.video.frame import VideoFrame  # noqa: PLC0415

    graph = Graph()
    frame = VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
    frame.pts = 0
    graph.link_nodes(
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1)),
        graph.add("lut3d", lut_options(primaries, transfer)),
        graph.add("format", "rgb24"),
        graph.add("buffersink"),
    ).configure()
    graph.push(frame)
    return graph.pull().to_image()  # type: ignore[no-any-return,union-attr]


def lut_options(primaries: int, transfer: int) -> str:
    """Return the options of FFmpeg's filter ``lut3d``."""
    # Greys come from the greys of the table alone, whatever is beside them.
    return f"file={_cube_file(primaries, transfer)}:interp=tetrahedral"


@lru_cache(maxsize=4)
def _cube_file(primaries: int, transfer: int) -> Path:
    """Return a file that holds the table; it is removed when the process ends."""
    values = iter(_table(primaries, transfer))
    rows = "\n".join(
        f"{red:.6f} {green:.6f} {blue:.6f}" for red, green, blue in zip(values, values, values, strict=True)
    )
    with tempfile.NamedTemporaryFile("w", suffix=".cube", delete=False) as file:
        file.write(f"LUT_3D_SIZE {_SIDE}\n{rows}\n")
    atexit.register(Path(file.name).unlink, missing_ok=True)
    return Path(file.name)


@lru_cache(maxsize=4)
def _table(primaries: int, transfer: int) -> list[float]:
    """Return the colours of a screen for each step of red, which changes first, green and blue."""
    light = [
        _pq_light(step / (_SIDE - 1)) if transfer == PQ else _hlg_light(step / (_SIDE - 1)) for step in range(_SIDE)
    ]
    to_srgb = product(inverse(to_xyz(SRGB)), to_xyz(PRIMARIES.get(primaries, SRGB)))
    found: list[float] = []
    for blue in light:
        for green in light:
            for red in light:
                shown = _display_light(red, green, blue) if transfer == HLG else (red, green, blue)
                found += [_srgb_code(_compressed(max(0.0, value))) for value in apply(to_srgb, shown)]
    return found


def _pq_light(code: float) -> float:
    """Return the light of a value in PQ (ITU-R BT.2100, table 4), by the white of paper."""
    root = code ** (1 / 78.84375)
    light = max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)
    return float(10_000 * light ** (1 / 0.1593017578125) / _PAPER)


def _hlg_light(code: float) -> float:
    """Return the light of the scene for a value in HLG (ITU-R BT.2100, table 5), from 0 to 1."""
    return code * code / 3 if code <= 0.5 else (math.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _display_light(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Return the light that a screen of 1000 cd/m² shows of a scene (BT.2100, table 5), by the white of paper."""
    luminance = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    factor = _PEAK / _PAPER * luminance**0.2
    return red * factor, green * factor, blue * factor


def _compressed(light: float) -> float:
    """Return light above the knee brought together below 1 (Reinhard's curve, from the knee to the brightest light)."""
    if light <= _KNEE:
        return light
    room = 1 - _KNEE
    above, brightest = (light - _KNEE) / room, (_PEAK / _PAPER - _KNEE) / room
    return min(1.0, _KNEE + room * above * (1 + above / brightest**2) / (1 + above))


def _srgb_code(light: float) -> float:
    """Return the value in sRGB of a light from 0 to 1 (IEC 61966-2-1)."""
    value = min(1.0, light)
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
