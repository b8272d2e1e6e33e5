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


def is_about_all_of(later: CapAlert, earlier: CapAlert) -> bool:
    """Return whether a message is about all that an earlier one is about: the same events in the same areas.

    A cancellation without infos is about everything.
    """
    if not later.infos:
        return later.msg_type == "Cancel"
    return bool(earlier.infos) and all(_is_covered(info, later) for info in earlier.infos)


def _is_covered(info: CapInfo, later: CapAlert) -> bool:
    same_language = [each for each in later.infos if language_key(each.language) == language_key(info.language)]
    # Events in other languages cannot be compared as words.
    events = [each for each in same_language or later.infos if _is_same_event(each, info)]
    named = {key for each in events for area in each.areas for key in _area_keys(area)}
    return bool(events) and all(not named.isdisjoint(_area_keys(area)) for area in info.areas)


def _is_same_event(one: CapInfo, other: CapInfo) -> bool:
    if one.event and other.event and folded_name(one.event) == folded_name(other.event):
        return True
    hazard = hazard_of(one)
    return hazard != GENERAL_HAZARD and hazard == hazard_of(other)


def _area_keys(area: CapArea) -> list[object]:
    """Return by what an area can be known again: its name, its codes, what is drawn of it."""
    name = [folded_name(area.description)] if area.description else []
    return [*name, *area.geocodes, *area.polygons, *area.circles]
