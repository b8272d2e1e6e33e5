"""The town as it is stored."""

from __future__ import annotations

from beffroi_server.accounts.models import Town
from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.core.read_once import read_once

_FIRST_TOWN = PreparedQuery(lambda: Town.objects.order_by("pk")[:1])


@read_once
def saved_town() -> Town | None:
    """Return the town, which a page has read before; None before ``beffroi-server init``."""
    return _FIRST_TOWN.first()
