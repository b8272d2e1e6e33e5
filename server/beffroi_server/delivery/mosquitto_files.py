"""Mosquitto's password file and access list, written from the database."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

from django.conf import settings

from beffroi_content.wire.access import mosquitto_lines
from beffroi_server.delivery import broker_access, signing

PBKDF2_ITERATIONS = 101
"""As mosquitto_passwd does. Few will do: a device token is 256 random bits, which nobody guesses."""


def mosquitto_hash(password: str) -> str:
    """Return a password as Mosquitto's password file holds it: ``$7$``, PBKDF2 with SHA-512."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PBKDF2_ITERATIONS)
    return f"$7${PBKDF2_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def write_mosquitto_files(folder: Path) -> tuple[Path, Path]:
    """Write Mosquitto's password file and access list; return their paths.

    The server's own password is BEFFROI_MQTT_PASSWORD. Send Mosquitto a SIGHUP afterwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    passwords, access = folder / "passwords", folder / "access"
    lines = [f"{settings.MQTT_USERNAME}:{mosquitto_hash(settings.MQTT_PASSWORD)}"] if settings.MQTT_PASSWORD else []
    lines += [f"{username}:{hashed}" for username, hashed in broker_access.registered_devices().password_hashes()]
    _write_lines(passwords, lines)
    _write_lines(access, mosquitto_lines(signing.current_site(), settings.MQTT_USERNAME))
    return passwords, access


def _write_lines(path: Path, lines: list[str]) -> None:
    # Written beside and moved: Mosquitto may read the file at any moment.
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o640)
    fresh.write_text("\n".join(lines) + "\n", encoding="ascii")
    fresh.replace(path)
