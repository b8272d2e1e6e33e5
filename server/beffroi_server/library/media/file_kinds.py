"""Kinds of files, told from their first bytes: what is an image is never asked of a decoder of videos, or the reverse.

Decoders of videos open every file of the family of MP4, and so take a photograph of a telephone (HEIC) for a video of
which they show the first tile.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path

HEAD_SIZE = 1024
"""Bytes that decide."""
_SIGNATURES = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM",
)  # fmt: skip
"""JPEG, PNG, GIF, TIFF, BigTIFF and BMP."""
_RAW_SIGNATURES = (b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FOVb", b"\0MRM")
"""Of cameras by Fujifilm, Panasonic, Olympus, Sigma and Minolta."""
_OTHER_IMAGE_SIGNATURES = (b"\xff\x0a", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ", b"8BPS", b"\xff\x4f\xff\x51")
"""JPEG XL and JPEG 2000, in boxes or bare, and Photoshop."""
_VIDEO_SIGNATURES = (
    b"\x1aE\xdf\xa3", b"OggS", b"FLV", b"0&\xb2u", b"\0\0\1\xba", b"\0\0\1\xb3", b"\x1f\x07\0\x3f", b"\x1f\x07\0\xbf",
)  # fmt: skip
"""Matroska and WebM, Ogg, Flash, ASF, MPEG programs and pictures, and raw DV (IEC 61834) of 60 and 50 Hz."""
_MXF_KEY = b"\x06\x0e\x2b\x34"
"""Beginning of every key of an MXF file (SMPTE 377-1)."""
_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
"""Boxes that QuickTime files without a brand begin with."""
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1", b"miaf",
    b"avci", b"avcs", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"vvic", b"vvis", b"evbi", b"evbs", b"1pic", b"tmap",
}  # fmt: skip
"""Images in the family of MP4 (ISO/IEC 23008-12), whatever they are compressed with."""
_OTHER_STILL_BRANDS = {b"jxl ", b"jp2 ", b"jpx ", b"jpm ", b"jph "}
_PACKET_SIZES = (188, 192, 204)
"""Bytes between two signs of synchronism of a transport stream: as broadcast, of camcorders, with error correction."""
_MAX_BOXES = 10_000


class FileKind(Enum):
    """What a file is, as far as it decides who opens it and how large it may be."""

    DOCUMENT = "document"
    IMAGE = "image"
    HEIF = "heif"
    """An image of a telephone."""
    RAW_PHOTO = "raw-photo"
    """What the sensor of a camera saw; programs show each their own picture of it."""
    OTHER_IMAGE = "other-image"
    """An image of a kind that is not read."""
    VIDEO = "video"
    UNKNOWN = "unknown"


def kind_of(head: bytes) -> FileKind:
    """Return the kind of a file that begins with ``head``, of which the first ``HEAD_SIZE`` bytes count."""
    head = head[:HEAD_SIZE]
    if head.startswith(_RAW_SIGNATURES) or (head[:4] == b"II*\0" and head[8:10] == b"CR"):
        return FileKind.RAW_PHOTO
    if head.startswith(_SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return FileKind.IMAGE
    if head[4:8] == b"ftyp":
        return _kind_of_brands(head)
    if head.startswith(_OTHER_IMAGE_SIGNATURES):
        return FileKind.OTHER_IMAGE
    if b"%PDF-" in head:
        return FileKind.DOCUMENT
    is_video = (
        head.startswith(_VIDEO_SIGNATURES)
        or head[4:8] in _BOXES
        or (head[:4] in {b"RIFF", b"RIFX"} and head[8:11] == b"AVI")
        or _MXF_KEY in head
        or _is_transport_stream(head)
    )
    return FileKind.VIDEO if is_video else FileKind.UNKNOWN


def kind_of_file(path: Path) -> FileKind:
    """Return the kind of a file; one of the family of MP4 that holds images and no films is an image, too."""
    with path.open("rb") as file:
        head = file.read(HEAD_SIZE)
    kind = kind_of(head)
    if kind is FileKind.VIDEO and head[4:8] == b"ftyp":
        boxes, _whole = top_level_boxes(path)
        if b"meta" in boxes and not boxes & {b"moov", b"moof"}:
            return FileKind.HEIF
    return kind


def is_cut_off(path: Path) -> bool:
    """Return whether the end of a file of the family of MP4 is missing, and with it the index of its pictures."""
    with path.open("rb") as file:
        head = file.read(16)
    if head[4:8] not in {b"ftyp", *_BOXES}:
        return False
    boxes, whole = top_level_boxes(path)
    return b"moov" not in boxes or not whole


def top_level_boxes(path: Path) -> tuple[set[bytes], bool]:
    """Return the types of the boxes of a file (ISO/IEC 14496-12, 4.2), and whether the last one is all there."""
    found: set[bytes] = set()
    total, at = path.stat().st_size, 0
    with path.open("rb") as file:
        for _ in range(_MAX_BOXES):
            file.seek(at)
            header = file.read(16)
            if len(header) < 8:
                break
            size = int.from_bytes(header[:4])
            size = int.from_bytes(header[8:16]) if size == 1 else size or total - at
            found.add(header[4:8])
            if size < 8:
                return found, False
            at += size
    return found, at <= total


def _kind_of_brands(head: bytes) -> FileKind:
    size = int.from_bytes(head[:4])
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))]
    if brands[0] == b"crx ":
        return FileKind.RAW_PHOTO
    if brands[0] in _AVIF_BRANDS | _HEIF_BRANDS:
        return FileKind.IMAGE if _AVIF_BRANDS & set(brands) else FileKind.HEIF
    return FileKind.OTHER_IMAGE if brands[0] in _OTHER_STILL_BRANDS else FileKind.VIDEO


def _is_transport_stream(head: bytes) -> bool:
    return any(
        head[first] == 0x47 and all(head[first + size * packet] == 0x47 for packet in (1, 2, 3))
        for size in _PACKET_SIZES
        for first in range(min(size, len(head) - 3 * size))
    )
