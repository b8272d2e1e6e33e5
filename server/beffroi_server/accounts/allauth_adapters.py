"""What allauth asks of this product: the address of a client, and how it is called in apps and browsers."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.user_sessions import UNKNOWN_ADDRESS


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts: nobody signs up, and the HTTP server says who asks."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: administrators invite."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that a request came from."""
        return str(request.META.get("REMOTE_ADDR") or UNKNOWN_ADDRESS)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Names of the town and the user in authenticator apps and passkeys."""

    def get_totp_issuer(self) -> str:
        """Return the name of the town."""
        return self._get_site_name()

    def _get_site_name(self) -> str:
        town = Town.objects.first()
        return f"Beffroi {town.name}" if town is not None else "Beffroi"

    def _get_user_identifier(self, user: Any) -> str:
        assert isinstance(user, User)
        return user.get_username()
