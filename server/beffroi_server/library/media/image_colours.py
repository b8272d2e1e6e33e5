"""Colours of uploaded images: whatever space they are in, screens get sRGB.

An image says so by an ICC profile, or in words of ITU-T H.273: a ``cICP`` chunk of PNG, an ``nclx`` box of AVIF and
HEIC. Older PNG files have the chromaticities themselves (``cHRM``, ``gAMA``).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PIL import Image, ImageCms

from beffroi_server.library.media import hdr_tones
from beffroi_server.library.media.colour_matrices import D50, PRIMARIES, SRGB, Point, to_xyz

_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
"""Exponents by the number of H.273, table 3; the other curves are shown as that of sRGB, as every browser does."""
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_MAX_CHUNKS = 1000
_MAX_META = 1024 * 1024
"""Bytes of the description of an AVIF file that are read at most."""


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """What the values of an image mean.

    Attributes:
        profile: An ICC profile; it prevails.
        primaries: Number of the primaries in ITU-T H.273, table 2.
        transfer: Number of the transfer characteristics in table 3.
    """

    profile: bytes | None = None
    primaries: int = 1
    transfer: int = 13

    @property
    def is_hdr(self) -> bool:
        """True for PQ and HLG: such values need a tone curve, which no ICC profile has."""
        return self.transfer in hdr_tones.TRANSFERS

    def icc_profile(self) -> bytes | None:
        """Return the profile to convert from; None if the values are those of sRGB."""
        if self.profile or (self.primaries not in PRIMARIES and self.transfer not in _GAMMAS):
            return self.profile
        return matrix_profile(PRIMARIES.get(self.primaries, SRGB), _GAMMAS.get(self.transfer))


def colour_space(image: Image.Image, path: Path) -> ColourSpace:
    """Return the colour space that an opened image names."""
    profile = image.info.get("icc_profile")
    # A word of H.273 prevails in PNG, and is the only one of HDR images; elsewhere it is there where no profile is.
    if image.format == "PNG":
        with path.open("rb") as file:
            return _png_colour_space(file, profile)
    nclx = image.info.get("nclx_profile")
    if nclx:
        return ColourSpace(profile, int(nclx["color_primaries"]), int(nclx["transfer_characteristics"]))
    if image.format == "AVIF":
        with path.open("rb") as file:
            primaries, transfer = _nclx_of_avif(file.read(_MAX_META))
        return ColourSpace(profile, primaries, transfer)
    return ColourSpace(profile)


def convert_to_srgb(image: Image.Image, space: ColourSpace) -> tuple[Image.Image, bool]:
    """Return an image in sRGB, as RGB or RGBA, and whether its profile could be read.

    Args:
        image: In RGB, RGBA, CMYK or L.
        space: What its values mean.
    """
    wanted = "RGBA" if image.mode == "RGBA" else "RGB"
    if space.is_hdr and image.mode in {"RGB", "RGBA"}:
        return _with_alpha_of(image, hdr_tones.map_image(image.convert("RGB"), space.primaries, space.transfer)), True
    profile = space.icc_profile()
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image.convert(wanted), True
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image.convert("RGB") if wanted == "RGBA" else image,
            source,
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        converted = None
    if converted is None:
        # With a broken profile the numbers themselves are the best guess.
        return image.convert(wanted), False
    return _with_alpha_of(image, converted), True


def matrix_profile(points: Sequence[Point], gamma: float | None) -> bytes:
    """Return an ICC profile (ICC.1:2022, version 4) of a space of three primaries.

    Args:
        points: Chromaticities of red, green, blue and white.
        gamma: Exponent of the curve; None for that of sRGB.
    """
    columns = tuple(zip(*to_xyz(points), strict=True))
    curve = _parametric_curve((gamma,) if gamma else _SRGB_CURVE)
    tags = {
        b"desc": b"mluc" + struct.pack(">4xII2s2sII", 1, 12, b"en", b"US", 2, 28) + "x".encode("utf-16-be"),
        b"wtpt": _xyz(D50),
        **{name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s12x4s", start + len(body), b"", 0x04400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return header.ljust(68, b"\0") + _xyz(D50)[8:] + b"\0" * 48 + table + body


def _with_alpha_of(image: Image.Image, converted: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted


def _png_colour_space(file: IO[bytes], profile: bytes | None) -> ColourSpace:
    chunks = dict(_png_chunks(file))
    coded = chunks.get(b"cICP", b"")
    if len(coded) == 4:
        return ColourSpace(None, coded[0], coded[1])
    points, gamma = chunks.get(b"cHRM", b""), chunks.get(b"gAMA", b"")
    if profile or b"sRGB" in chunks or len(points) != 32:
        return ColourSpace(profile)
    white, red, green, blue = ((x / 100_000, y / 100_000) for x, y in struct.iter_unpack(">II", points))
    named = (red, green, blue, white)
    if all(abs(a - b) < 0.005 for one, other in zip(named, SRGB, strict=True) for a, b in zip(one, other, strict=True)):
        return ColourSpace()
    exponent = 100_000 / int.from_bytes(gamma) if len(gamma) == 4 and any(gamma) else None
    is_usual = exponent is None or abs(exponent - 2.2) < 0.01
    try:
        return ColourSpace(matrix_profile(named, None if is_usual else exponent))
    except ZeroDivisionError:
        return ColourSpace()


def _png_chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the short chunks of a PNG file before its pixels."""
    file.seek(8)
    for _ in range(_MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8 or header[4:] == b"IDAT":
            return
        size = int.from_bytes(header[:4])
        if size > 1024:
            file.seek(size + 4, 1)
        else:
            yield header[4:], file.read(size)
            file.read(4)


def _nclx_of_avif(data: bytes) -> tuple[int, int]:
    """Return primaries and transfer of the main item of an AVIF file (ISO/IEC 14496-12, 12.1.5); sRGB without."""
    meta = next((body[4:] for kind, body in _boxes(data) if kind == b"meta"), b"")
    parts = dict(_boxes(meta))
    properties = dict(_boxes(parts.get(b"iprp", b"")))
    listed = list(_boxes(properties.get(b"ipco", b"")))
    main = _main_item(parts.get(b"pitm", b""))
    for index in _associations(properties.get(b"ipma", b"")).get(main, range(1, len(listed) + 1)):
        kind, body = listed[index - 1] if 0 < index <= len(listed) else (b"", b"")
        if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
            primaries, transfer = struct.unpack_from(">HH", body, 4)
            return int(primaries), int(transfer)
    return 1, 13


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4]) or len(data) - at
        if size < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def _main_item(body: bytes) -> int:
    return int.from_bytes(body[4:6] if body[:1] == b"\0" else body[4:8])


def _associations(body: bytes) -> dict[int, list[int]]:
    """Return the numbers of the properties of each item, from an ``ipma`` box."""
    found: dict[int, list[int]] = {}
    if len(body) < 8:
        return found
    id_size, wide, at = 2 if body[0] == 0 else 4, bool(body[3] & 1), 8
    for _ in range(min(int.from_bytes(body[4:8]), 10_000)):
        item, count = int.from_bytes(body[at : at + id_size]), body[at + id_size : at + id_size + 1]
        at += id_size + 1
        size = 2 if wide else 1
        numbers = [int.from_bytes(body[at + size * n : at + size * (n + 1)]) for n in range(count[0] if count else 0)]
        found[item] = [number & (0x7FFF if wide else 0x7F) for number in numbers]
        at += size * len(numbers)
    return found


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65_536) for value in values))


def _parametric_curve(values: Sequence[float]) -> bytes:
    kind = 0 if len(values) == 1 else 3
    return (
        b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(struct.pack(">i", round(v * 65_536)) for v in values)
    )
