"""What can go wrong with screens."""

from __future__ import annotations


class EnrolmentRefused(Exception):
    """The code is unknown, used or too old. Which of these, nobody is told."""
