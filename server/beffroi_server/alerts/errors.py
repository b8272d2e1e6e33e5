"""Exceptions of alerts."""

from __future__ import annotations


class AlertRefused(Exception):
    """An alert cannot be broadcast or changed as it is; ``message`` says why and what to do, for people.

    ``code`` is one of: ``no-target``, ``no-title``, ``invalid``, ``no-duration``, ``too-long``, ``too-many``, ``over``,
    ``corrected``, ``second-officer``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
