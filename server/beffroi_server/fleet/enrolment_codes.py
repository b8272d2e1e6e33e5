"""One-time codes that enrol a player. Only their digests are stored."""

from __future__ import annotations

import hashlib
import secrets

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without 0, O, 1, I: they are mistaken for each other."""


def new_code(length: int) -> str:
    """Return a code of so many characters, in fours with dashes."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return "-".join(letters[start : start + 4] for start in range(0, length, 4))


def code_sha256(code: str) -> str:
    """Return the digest of a code, however it was typed: dashes, spaces and small letters do not matter."""
    letters = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(f"enrolment:{letters}".encode()).hexdigest()
