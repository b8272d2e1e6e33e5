"""What is known from the signature of a message."""

from __future__ import annotations

from enum import StrEnum


class SignatureOutcome(StrEnum):
    """What is known from a signature. Only ``changed`` refuses a message."""

    VERIFIED = "verified"
    """By a certificate that is trusted, in its time."""
    NOT_VERIFIABLE = "not verifiable"
    """Signed by somebody unknown, or in a way that cannot be checked."""
    OUT_OF_DATE = "certificate out of date"
    """By a certificate that is trusted, but was not valid when the message was sent."""
    CHANGED = "changed"
    """Somebody changed the message after it was signed."""
