"""Credentials of players: device tokens, and their accounts at the broker.

A player is given two secrets at its enrolment. Its device token, 256 random bits, is its bearer token over HTTP; the
database holds only a hash of it. Its password at the broker, for the user name ``s-<screen>``, is derived from that
hash and the server's secret key: so the server can tell it to a new broker at any time, stores it nowhere, and a broker
that was taken over hears nothing that opens the server.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from django.db.models import Max
from django.utils.crypto import salted_hmac

from beffroi_content.wire.broker_accounts import BrokerAccount
from beffroi_content.wire.scopes import TopicScope, user_screen
from beffroi_server.fleet import targets
from beffroi_server.fleet.box_models import RevokedToken
from beffroi_server.fleet.models import Screen

REVOKED_AT_ONCE = 500
"""Revocations that one look returns; the next look returns those after them."""


def token_sha256(token: str) -> str:
    """Return the digest by which a device token is stored and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def screen_of_token(token: str) -> Screen | None:
    """Return the enrolled screen that a device token belongs to."""
    if not token:
        return None
    # The lookup is by digest: how long it takes says nothing about the token.
    return Screen.objects.filter(token_sha256=token_sha256(token)).first()


def broker_account(screen: Screen) -> BrokerAccount:
    """Return the account of an enrolled screen at the broker."""
    return _account(screen.slug, screen.token_sha256)


def _account(slug: str, token_digest: str) -> BrokerAccount:
    secret = salted_hmac("beffroi broker password", f"{slug} {token_digest}", algorithm="sha256").digest()
    return BrokerAccount(str(TopicScope.of_screen(slug)), base64.urlsafe_b64encode(secret).decode().rstrip("="))


class EnrolledDevices:
    """The enrolled players, as the broker asks for them: see ``delivery.broker_access.DeviceRegistry``."""

    def account_of(self, username: str) -> BrokerAccount | None:
        """Return the account of an enrolled screen by its user name."""
        screen = Screen.objects.filter(slug=user_screen(username)).exclude(token_sha256="").first()
        return broker_account(screen) if screen is not None else None

    def accounts(self) -> Iterator[BrokerAccount]:
        """Yield the account of every enrolled screen, by user name."""
        screens = Screen.objects.exclude(token_sha256="").order_by("slug")
        for slug, digest in screens.values_list("slug", "token_sha256"):
            yield _account(slug, digest)

    def revoked_after(self, mark: int | None) -> tuple[int, list[str]]:
        """Return the user names of players that lost their token after a mark, and the mark of the last one."""
        if mark is None:
            return RevokedToken.objects.aggregate(newest=Max("pk"))["newest"] or 0, []
        later = RevokedToken.objects.filter(pk__gt=mark).order_by("pk").values_list("pk", "screen__slug")
        found = list(later[:REVOKED_AT_ONCE])
        names = dict.fromkeys(str(TopicScope.of_screen(slug)) for _pk, slug in found)
        return (found[-1][0] if found else mark), list(names)

    def groups_of(self, screen: str) -> frozenset[str]:
        """Return the identifiers of the groups that a screen belongs to."""
        found = Screen.objects.filter(slug=screen).first()
        return frozenset(targets.group_slugs_of(found)) if found is not None else frozenset()
