"""The name of what is on the glass. It needs no drawing library, so that a player's glass side need not load one."""

from __future__ import annotations

import hashlib


def frame_digest(size: tuple[int, int], *rgb: bytes) -> str:
    """Return the SHA-256 of a frame in hexadecimal: of ``<width>x<height>``, a line feed, and the RGB bytes.

    These may come in pieces.
    """
    digest = hashlib.sha256(f"{size[0]}x{size[1]}\n".encode())
    for piece in rgb:
        digest.update(piece)
    return digest.hexdigest()
