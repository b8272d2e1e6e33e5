"""Errors of the fleet."""

from __future__ import annotations


class EnrolmentRefused(Exception):
    """Refusal of an enrolment code that is unknown, used or too old; the reason is not disclosed."""
