"""Our alerts as CAP 1.2 documents (OASIS Standard CAP-v1.2), which weather services, prefectures and apps read.

Pure: an alert goes in, XML comes out. Times carry the offset of the town; the standard forbids ``Z``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from lxml import etree

from beffroi_content.model import AlertLevel, AlertStatus

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"
_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
HEADLINE_LENGTH = 160
"""Characters that the standard asks of a headline at most."""


class MessageType(StrEnum):
    """What a message does to those before it."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


@dataclass(frozen=True, slots=True)
class CapArea:
    """Where an alert is valid."""

    description: str
    latitude: float | None = None
    """Degrees north of the middle of the town; None where it is not known."""
    longitude: float | None = None
    radius_km: float = 0.0
    codes: tuple[tuple[str, str], ...] = ()
    """Scheme and code, such as ``("INSEE", "14118")``."""


@dataclass(frozen=True, slots=True)
class CapReference:
    """An earlier message of the same alert."""

    sender: str
    identifier: str
    sent: dt.datetime


@dataclass(frozen=True, slots=True)
class CapText:
    """What a message says in one language."""

    language: str
    """Such as ``fr-FR``."""
    event: str
    """The hazard in that language."""
    headline: str
    description: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class CapContent:
    """All that a message says."""

    identifier: str
    sender: str
    sent: dt.datetime
    status: AlertStatus
    message_type: MessageType
    references: tuple[CapReference, ...]
    level: AlertLevel
    hazard: str
    texts: tuple[CapText, ...]
    """One for each language; each becomes an ``info``."""
    effective: dt.datetime
    expires: dt.datetime
    sender_name: str
    areas: tuple[CapArea, ...]
    web: str = ""
    contact: str = ""
    note: str = ""
    is_over: bool = False
    """Whether it says that the alert is over."""


CATEGORIES = {
    "general": ("Safety",),
    "air": ("Env", "Health"),
    "evacuation": ("Safety", "Rescue"),
    "fire": ("Fire",),
    "flood": ("Met", "Safety"),
    "heat": ("Met", "Health"),
    "person": ("Rescue", "Security"),
    "power": ("Infra",),
    "road": ("Transport",),
    "shelter": ("Safety", "CBRNE"),
    "snow": ("Met", "Transport"),
    "water": ("Infra", "Health"),
    "wind": ("Met",),
}
"""Categories of each hazard."""
_RESPONSES = {"evacuation": "Evacuate", "shelter": "Shelter"}
_SEVERITIES = {
    AlertLevel.EMERGENCY: "Extreme",
    AlertLevel.ALERT: "Severe",
    AlertLevel.VIGILANCE: "Moderate",
    AlertLevel.INFORMATION: "Minor",
}


def write_cap(content: CapContent, zone: ZoneInfo) -> etree._Element:
    """Return the document of a message, not signed yet.

    Args:
        content: What it says.
        zone: Of the town, whose offset times carry.
    """
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    _add(root, "identifier", content.identifier)
    _add(root, "sender", content.sender)
    _add(root, "sent", _time(content.sent, zone))
    _add(root, "status", content.status.value.capitalize())
    _add(root, "msgType", content.message_type.value)
    _add(root, "scope", "Public")
    _add(root, "note", content.note)
    _add(root, "references", " ".join(_reference(each, zone) for each in content.references))
    for text in content.texts:
        _add_info(root, content, text, zone)
    return root


def _add_info(root: etree._Element, content: CapContent, text: CapText, zone: ZoneInfo) -> None:
    info = etree.SubElement(root, f"{{{NAMESPACE}}}info")
    _add(info, "language", text.language)
    for category in CATEGORIES.get(content.hazard, ("Other",)):
        _add(info, "category", category)
    _add(info, "event", text.event)
    _add(info, "responseType", _response_of(content))
    _add(info, "urgency", _urgency_of(content))
    _add(info, "severity", _SEVERITIES[content.level])
    _add(info, "certainty", "Likely" if content.level is AlertLevel.VIGILANCE and not content.is_over else "Observed")
    _add(info, "effective", _time(content.effective, zone))
    _add(info, "expires", _time(content.expires, zone))
    _add(info, "senderName", content.sender_name)
    _add(info, "headline", _shortened(text.headline))
    _add(info, "description", text.description)
    _add(info, "instruction", text.instruction)
    _add(info, "web", content.web)
    _add(info, "contact", content.contact)
    for area in content.areas:
        _add_area(info, area)


def _add_area(info: etree._Element, area: CapArea) -> None:
    element = etree.SubElement(info, f"{{{NAMESPACE}}}area")
    _add(element, "areaDesc", area.description)
    if area.latitude is not None and area.longitude is not None and area.radius_km > 0:
        _add(element, "circle", f"{area.latitude:.5f},{area.longitude:.5f} {area.radius_km:g}")
    for scheme, code in area.codes:
        geocode = etree.SubElement(element, f"{{{NAMESPACE}}}geocode")
        _add(geocode, "valueName", scheme)
        _add(geocode, "value", code)


def _response_of(content: CapContent) -> str:
    if content.is_over:
        return "AllClear"
    usual = "Monitor" if content.level in {AlertLevel.INFORMATION, AlertLevel.VIGILANCE} else "Execute"
    return _RESPONSES.get(content.hazard, usual)


def _urgency_of(content: CapContent) -> str:
    if content.is_over:
        return "Past"
    return "Immediate" if content.level.rank >= AlertLevel.ALERT.rank else "Expected"


def _add(parent: etree._Element, name: str, text: str) -> None:
    if text:
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = _writable(text)


def _writable(text: str) -> str:
    return _NOT_IN_XML.sub("", text)


def _shortened(text: str) -> str:
    return text if len(text) <= HEADLINE_LENGTH else text[: HEADLINE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _time(at: dt.datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).replace(microsecond=0).isoformat()


def _reference(each: CapReference, zone: ZoneInfo) -> str:
    return f"{each.sender},{each.identifier},{_time(each.sent, zone)}"


def references_of(messages: Iterable[tuple[str, str, dt.datetime]]) -> tuple[CapReference, ...]:
    """Return references to messages, each given by sender, identifier and time."""
    return tuple(CapReference(*each) for each in messages)
