"""Reader of the vigilance of Météo-France."""

from __future__ import annotations

import json

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext

PHENOMENON_NAMES = {
    1: "Vent violent", 2: "Pluie-inondation", 3: "Orages", 4: "Crues", 5: "Neige-verglas", 6: "Canicule",
    7: "Grand froid", 8: "Avalanches", 9: "Vagues-submersion",
}  # fmt: skip
"""Phenomena by their number in the API of Météo-France, in French as people know them."""


def read_vigilance(content: bytes, context: ReadingContext) -> Reading:
    """Return today's vigilance of a department (Météo-France, API DPVigilance v1, ``cartevigilance``).

    Level 1 is green and 4 red; only phenomena above green are named, the gravest first.

    Raises:
        FeedContentError: it is not such a map, or has no such department.
    """
    try:
        periods = json.loads(content)["product"]["periods"]
        today = next(period for period in periods if period["echeance"] == "J")
        domain = next(each for each in today["timelaps"]["domain_ids"] if each["domain_id"] == context.department)
        items = [(int(one["phenomenon_id"]), int(one["phenomenon_max_color_id"])) for one in domain["phenomenon_items"]]
    except StopIteration as error:
        raise FeedContentError("no-department") from error
    except (ValueError, KeyError, TypeError) as error:
        raise FeedContentError("not-a-vigilance") from error
    known = [
        (PHENOMENON_NAMES[number], level) for number, level in items if number in PHENOMENON_NAMES and 1 <= level <= 4
    ]
    grave = sorted((one for one in known if one[1] > 1), key=lambda one: -one[1])
    return Reading(
        {
            "department": context.department,
            "level": max((level for _, level in known), default=1),
            "phenomena": [{"name": name, "level": level} for name, level in grave],
        }
    )
