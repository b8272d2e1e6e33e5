"""Overviews of some screens: those within the scope of a user, and those that fit words, a group or a state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from beffroi_server.accounts.models import User
from beffroi_server.core.folded_text import fold_text
from beffroi_server.fleet import screen_scopes
from beffroi_server.monitoring import screen_overview
from beffroi_server.monitoring.screen_overview import ScreenOverview


def overviews_in_scope(at: dt.datetime, user: User) -> list[ScreenOverview]:
    """Return how each screen within the scope of a user is doing."""
    overviews = screen_overview.overview_all(at)
    if screen_scopes.scope_group_keys(user) is None:
        return overviews
    within = set(screen_scopes.screens_in_scope(user).values_list("pk", flat=True))
    return [each for each in overviews if each.screen.pk in within]


def filter_screens(
    overviews: Iterable[ScreenOverview], *, search: str = "", group: str = "", state: str = ""
) -> list[ScreenOverview]:
    """Return the screens whose name or place contains a text, in a group (by its slug) and a state, where given."""
    words = fold_text(search)
    return [
        each
        for each in overviews
        if (not group or group in each.groups)
        and (not state or state == each.state)
        and (not words or words in fold_text(f"{each.screen.name} {each.screen.place}"))
    ]
