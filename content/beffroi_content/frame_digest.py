"""Digest of a frame: the name of the pixels that a screen shows.

It needs no drawing library, so that the stage of a player need not load one.
"""

from __future__ import annotations

import hashlib


def frame_digest(size: tuple[int, int], *rgb: bytes) -> str:
    """Return the SHA-256 of a frame in hexadecimal: of ``<width>x<height>``, a line feed, and the RGB bytes.

    The bytes may come in pieces, as the rows of a frame do.
    """
    digest = hashlib.sha256(f"{size[0]}x{size[1]}\n".encode())
    for piece in rgb:
        digest.update(piece)
    return digest.hexdigest()
