"""What can go wrong with alerts, in words for people."""

from __future__ import annotations


class AlertRefused(Exception):
    """The alert cannot be broadcast as it is.

    ``code`` is one of: ``no-target``, ``no-title``, ``invalid``, ``no-duration``, ``too-long``, ``too-many``, ``over``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
