"""Messages that name the same earlier message: whether one takes the place of the other, or both count.

Senders that name only the first message of an event in each of its updates mean the latest one. Senders that split a
warning into one for each place or hazard mean all of them.
"""

from __future__ import annotations

from beffroi_content.model.alert import GENERAL_HAZARD
from beffroi_server.cap.hazards import hazard_of
from beffroi_server.cap.languages import language_key
from beffroi_server.cap.messages import CapAlert, CapArea, CapInfo
from beffroi_server.cap.names import folded_name

_Language = tuple[str, bool]


class Subject:
    """What a message is about: events and areas. Made once for all comparisons of a message."""

    def __init__(self, alert: CapAlert) -> None:
        self._ends_all = not alert.infos and alert.msg_type == "Cancel"
        self._infos = [
            (language_key(info.language), _event_names(info), [_area_keys(area) for area in info.areas])
            for info in alert.infos
        ]
        self._languages = {language for language, _, _ in self._infos}
        self._places: dict[tuple[_Language | None, str], set[object]] = {}
        for own, events, areas in self._infos:
            keys = {key for area in areas for key in area}
            for event in events:
                for language in (own, None):
                    self._places.setdefault((language, event), set()).update(keys)

    def holds(self, earlier: Subject) -> bool:
        """Return whether a message is about all that an earlier one is about: the same events in the same areas.

        A cancellation without infos is about everything.
        """
        if self._ends_all:
            return True
        for own, events, areas in earlier._infos:
            # Events in other languages cannot be compared as words.
            language = own if own in self._languages else None
            found = [self._places[language, event] for event in events if (language, event) in self._places]
            if not found or any(all(named.isdisjoint(area) for named in found) for area in areas):
                return False
        return bool(earlier._infos)


def _event_names(info: CapInfo) -> list[str]:
    """Return by what an event can be known again: its words, and the hazard where there is one."""
    words = [f"event {folded_name(info.event)}"] if info.event else []
    hazard = hazard_of(info)
    return words if hazard == GENERAL_HAZARD else [*words, f"hazard {hazard}"]


def _area_keys(area: CapArea) -> list[object]:
    """Return by what an area can be known again: its name, its codes, what is drawn of it."""
    name = [folded_name(area.description)] if area.description else []
    return [*name, *area.geocodes, *area.polygons, *area.circles]
