"""Credentials of players: device tokens, and the user names and password hashes of the broker.

A player has one secret, its device token: 256 random bits, given to it at its enrolment. Over HTTP it is a bearer
token, over MQTT the password beside the user name ``s-<screen>``. The database holds only hashes of it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

from beffroi_content.wire.scopes import TopicScope, user_screen
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen


def token_sha256(token: str) -> str:
    """Return the digest by which a device token is stored and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def screen_of_token(token: str) -> Screen | None:
    """Return the enrolled screen that a device token belongs to."""
    if not token:
        return None
    # The lookup is by digest: how long it takes says nothing about the token.
    return Screen.objects.filter(token_sha256=token_sha256(token)).first()


class EnrolledDevices:
    """The enrolled players, as the broker asks for them: see ``delivery.broker_access.DeviceRegistry``."""

    def authenticate(self, username: str, password: str) -> bool:
        """Tell whether a user name is that of an enrolled screen, and the password its device token."""
        expected = Screen.objects.filter(slug=user_screen(username)).values_list("token_sha256", flat=True).first()
        return bool(expected) and hmac.compare_digest(expected or "", token_sha256(password))

    def groups_of(self, screen: str) -> frozenset[str]:
        """Return the identifiers of the groups that a screen belongs to."""
        found = Screen.objects.filter(slug=screen).first()
        return frozenset(targets.group_slugs_of(found)) if found is not None else frozenset()

    def password_hashes(self) -> Iterator[tuple[str, str]]:
        """Yield user name and hash, as Mosquitto's password file holds it, of every enrolled screen."""
        screens = Screen.objects.exclude(mqtt_password_hash="").values_list("slug", "mqtt_password_hash")
        for slug, hashed in screens.order_by("slug"):
            yield str(TopicScope.of_screen(slug)), hashed
