"""Refusals of the accounts package."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied


class NotPermitted(PermissionDenied):
    """Refusal of an act that the role or the scope of a user does not cover; pages answer it with 403.

    Args:
        message: What is refused, why, and who can do it, in the language of the user.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class LastAdministratorError(Exception):
    """Refusal of a change after which no active administrator would be left."""


class SignInLinkInvalid(Exception):
    """Refusal of a sign-in link that is unknown, used or expired; the reason is not disclosed."""
