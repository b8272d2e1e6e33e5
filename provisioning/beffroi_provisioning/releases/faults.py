"""What can be wrong with the repository of releases."""

from __future__ import annotations


class RepositoryFault(Exception):
    """The repository or its keys are not as they must be; the message says what to do."""
