"""Who may do what on the broker. Said once, for the broker in this process and for Mosquitto's files."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from beffroi_content.wire.messages import ALERTS, MESSAGES
from beffroi_content.wire.topics import PREFIX, MessageDirection, ScopeKind
from beffroi_server.delivery import signing
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.services import mosquitto_hash, token_sha256

_UP_LEAVES = frozenset(message.leaf for message in MESSAGES if message.direction is MessageDirection.UP)


def is_player(username: str, password: str) -> bool:
    """Tell whether the credentials are those of an enrolled player: its scope, and its device token."""
    digest = token_sha256(password)
    expected = Screen.objects.filter(slug=username.removeprefix("s-")).values_list("token_sha256", flat=True).first()
    return username.startswith("s-") and bool(expected) and hmac.compare_digest(expected or "", digest)


def group_slugs_of(username: str) -> frozenset[str]:
    """Return the groups of the screen that a user name stands for."""
    return frozenset(
        ScreenGroup.objects.filter(screens__slug=username.removeprefix("s-")).values_list("slug", flat=True)
    )


def may_publish(site: str, username: str, topic: str) -> bool:
    """Tell whether a player may publish there: only what it says itself."""
    start = f"{PREFIX}/{site}/{MessageDirection.UP}/{username}/"
    return topic.startswith(start) and topic.removeprefix(start) in _UP_LEAVES


def may_subscribe(site: str, username: str, topic: str, groups: Iterable[str]) -> bool:
    """Tell whether a player may subscribe there: to what is for all, for a group of its own, or for itself."""
    start = f"{PREFIX}/{site}/{MessageDirection.DOWN}/"
    scope, _slash, leaf = topic.removeprefix(start).partition("/")
    if not topic.startswith(start) or not leaf:
        return False
    if scope in {ScopeKind.ALL.topic_part(), username}:
        return leaf in {"+", "#"} or "/" not in leaf
    return leaf == ALERTS.leaf and scope in {ScopeKind.GROUP.topic_part(group) for group in groups}


def write_mosquitto_files(folder: Path) -> tuple[Path, Path]:
    """Write Mosquitto's password file and access list; return their paths.

    The server's own password is BEFFROI_MQTT_PASSWORD. Send Mosquitto a SIGHUP afterwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    passwords, access = folder / "passwords", folder / "access"
    lines = [f"{settings.MQTT_USERNAME}:{mosquitto_hash(settings.MQTT_PASSWORD)}"] if settings.MQTT_PASSWORD else []
    screens = Screen.objects.exclude(mqtt_password_hash="").values_list("slug", "mqtt_password_hash")
    lines += [f"{ScopeKind.SCREEN.topic_part(slug)}:{hashed}" for slug, hashed in screens.order_by("slug")]
    _write_lines(passwords, lines)
    _write_lines(access, _access_lines())
    return passwords, access


def _access_lines() -> list[str]:
    """Patterns hold for every user, and a group's alerts are for whoever stands in the street: no line per screen."""
    site = signing.current_site()
    return [
        f"pattern read {PREFIX}/{site}/down/all/+",
        f"pattern read {PREFIX}/{site}/down/+/{ALERTS.leaf}",
        f"pattern read {PREFIX}/{site}/down/%u/#",
        f"pattern write {PREFIX}/{site}/up/%u/#",
        f"user {settings.MQTT_USERNAME}",
        f"topic readwrite {PREFIX}/#",
    ]


def _write_lines(path: Path, lines: list[str]) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o640)
    fresh.write_text("\n".join(lines) + "\n", encoding="ascii")
    fresh.replace(path)
