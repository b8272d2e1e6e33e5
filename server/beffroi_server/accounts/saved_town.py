"""The town as it is stored."""

from __future__ import annotations

from beffroi_server.accounts.models import Town
from beffroi_server.core.read_once import read_once


@read_once
def saved_town() -> Town | None:
    """Return the town, which a page has read before; None before ``beffroi-server init``."""
    return Town.objects.first()
