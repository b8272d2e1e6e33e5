"""Whether a rule of a policy is about an info: yes, no, or unknown because the source does not say enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from beffroi_server.cap.hazards import hazard_of
from beffroi_server.cap.levels import colour_of, level_of, severity_of
from beffroi_server.cap.messages import CERTAINTIES, URGENCIES, CapAlert, CapInfo
from beffroi_server.cap.names import folded_name
from beffroi_server.cap.policy import PolicyRule


def rule_matches(rule: PolicyRule, alert: CapAlert, info: CapInfo) -> bool | None:
    """Return whether all conditions of a rule match; None if nothing speaks against it, but something is unknown.

    “Unknown” is not the lowest: a severity that nobody has given may be any.
    """
    found = [
        _matches_words(rule.senders, [alert.sender]),
        _matches_events(rule.events, info),
        hazard_of(info) in rule.hazards if rule.hazards else True,
        _matches_value(rule.severity, severity_of(info)),
        _matches_value(rule.urgency, info.urgency if info.urgency in URGENCIES else None),
        _matches_value(rule.certainty, info.certainty if info.certainty in CERTAINTIES else None),
        _matches_value(rule.colours, colour_of(info)),
        _matches_areas(rule.areas, info),
        _matches_value(rule.levels, level_of(info)),
    ]
    if False in found:
        return False
    return None if None in found else True


def _matches_value(wanted: tuple[str, ...], value: str | None) -> bool | None:
    if not wanted or value in wanted:
        return True
    if value is None or value == "Unknown":
        return True if "Unknown" in wanted else None
    return False


def _matches_events(wanted: tuple[str, ...], info: CapInfo) -> bool:
    if not wanted:
        return True
    codes = {folded_name(code.value) for code in info.event_codes}
    return any(folded_name(each) in codes for each in wanted) or _matches_words(wanted, [info.event], _contains)


def _matches_areas(wanted: tuple[str, ...], info: CapInfo) -> bool:
    if not wanted:
        return True
    codes = {code.value.strip().upper() for area in info.areas for code in area.geocodes}
    names = [area.description for area in info.areas]
    return any(each.strip().upper() in codes for each in wanted) or _matches_words(wanted, names)


def _contains(pattern: str, text: str) -> bool:
    return re.search(rf"\b{pattern}\b", text) is not None


def _is_whole(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def _matches_words(
    wanted: Iterable[str], texts: Iterable[str | None], compare: Callable[[str, str], bool] = _is_whole
) -> bool:
    """Return whether one of some texts matches one of some patterns with ``*``, without case and accents."""
    plain = [_plain(text) for text in texts if text]
    patterns = [".*".join(re.escape(_plain(part)) for part in each.split("*")) for each in wanted]
    return not patterns or any(compare(pattern, text) for pattern in patterns for text in plain)


def _plain(text: str) -> str:
    return " ".join(filter(None, (folded_name(word) for word in re.split(r"[\s_–-]+", text))))
