"""Languages of screens: in which ones a screen shows announcements, and in which order.

The choice for a screen wins over those for its groups, of which the first by name counts, and these over the one for
the town. Where nobody chose, a screen shows every language of an announcement, in the order of the announcement: who
has written a translation wants it to be seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from beffroi_server.accounts.models import Town
from beffroi_server.fleet.models import Screen, ScreenGroup


def languages_of(screen: Screen, groups: Iterable[ScreenGroup], town: Town) -> tuple[str, ...]:
    """Return the codes of the languages that a screen shows, in order; none: all.

    Args:
        screen: The screen.
        groups: Those that it belongs to.
        town: The town.
    """
    ranked = sorted(groups, key=lambda group: (group.name, group.slug))
    choices = (screen.languages, *(group.languages for group in ranked), town.languages)
    return tuple(next((chosen for chosen in choices if chosen), ()))
