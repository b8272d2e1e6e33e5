"""Accounts of the broker: checks of passwords, groups of a player, and the files that Mosquitto reads.

Which topics an account may read and write is said by :mod:`beffroi_content.wire.access`.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from django.conf import settings

from beffroi_content.wire.access import mosquitto_lines
from beffroi_content.wire.scopes import TopicScope, user_screen
from beffroi_server.delivery import signing
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.services import mosquitto_hash, token_sha256


def is_player(username: str, password: str) -> bool:
    """Tell whether the credentials are those of an enrolled player: its scope, and its device token."""
    digest = token_sha256(password)
    expected = Screen.objects.filter(slug=user_screen(username)).values_list("token_sha256", flat=True).first()
    return bool(expected) and hmac.compare_digest(expected or "", digest)


def group_slugs_of(screen: str) -> frozenset[str]:
    """Return the groups of a screen."""
    return frozenset(ScreenGroup.objects.filter(screens__slug=screen).values_list("slug", flat=True))


def write_mosquitto_files(folder: Path) -> tuple[Path, Path]:
    """Write Mosquitto's password file and access list; return their paths.

    The server's own password is BEFFROI_MQTT_PASSWORD. Send Mosquitto a SIGHUP afterwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    passwords, access = folder / "passwords", folder / "access"
    lines = [f"{settings.MQTT_USERNAME}:{mosquitto_hash(settings.MQTT_PASSWORD)}"] if settings.MQTT_PASSWORD else []
    screens = Screen.objects.exclude(mqtt_password_hash="").values_list("slug", "mqtt_password_hash")
    lines += [f"{TopicScope.of_screen(slug)}:{hashed}" for slug, hashed in screens.order_by("slug")]
    _write_lines(passwords, lines)
    _write_lines(access, mosquitto_lines(signing.current_site(), settings.MQTT_USERNAME))
    return passwords, access


def _write_lines(path: Path, lines: list[str]) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o640)
    fresh.write_text("\n".join(lines) + "\n", encoding="ascii")
    fresh.replace(path)
