"""CAP messages as the reader returns them: frozen, trimmed, otherwise as the source has written them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

Point = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84); longitudes beyond ±180 are kept, see ``geometry``."""
Outline = tuple[Point, ...]
"""A closed line: the last point is the first one."""

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MESSAGE_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
RESPONSE_TYPES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
UNKNOWN = "Unknown"
_STILL_IN_DANGER = frozenset({"Shelter", "Evacuate"})
_VTEC = re.compile(r"/[A-Z]\.([A-Z]{3})\.[A-Z]{4}\.[A-Z]{2}\.[A-Z]\.\d{4}\.")
"""Of each event in a text product of the American weather service (NWS Instruction 10-1703): the action."""
_VTEC_ENDS = frozenset({"CAN", "EXP"})
"""Cancelled, and expired."""
DEFAULT_LANGUAGE = "en-US"
"""The language of an info that names none (CAP 1.2, section 3.2.2)."""


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A parameter, event code or geocode. Names repeat, and are free text: see ``names.folded_name``."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class CapReference:
    """An earlier message that a message names."""

    sender: str | None
    identifier: str
    sent: dt.datetime | None


@dataclass(frozen=True, slots=True)
class CapCircle:
    """A disc around a point; the radius is in kilometres."""

    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class CapArea:
    """A place that an info is about."""

    description: str | None = None
    polygons: tuple[Outline, ...] = ()
    circles: tuple[CapCircle, ...] = ()
    holes: tuple[Outline, ...] = ()
    """What is left out of the polygons: the German weather service writes it as a geocode ``EXCLUDE_POLYGON``."""
    geocodes: tuple[NamedValue, ...] = ()
    is_incomplete: bool = False
    """Whether a polygon or circle could not be read: nothing is certainly outside of such an area."""
    has_lost_hole: bool = False
    """Whether a hole could not be read: nothing is certainly inside."""

    @property
    def has_geometry(self) -> bool:
        """Whether the area is drawn, completely or not."""
        return bool(self.polygons or self.circles or self.is_incomplete)

    @property
    def is_placed(self) -> bool:
        """Whether the area says more than a name."""
        return self.has_geometry or bool(self.geocodes)


@dataclass(frozen=True, slots=True)
class CapInfo:
    """What is said about an event, in one language or for one place."""

    language: str = DEFAULT_LANGUAGE
    categories: tuple[str, ...] = ()
    event: str | None = None
    response_types: tuple[str, ...] = ()
    urgency: str | None = None
    severity: str | None = None
    certainty: str | None = None
    audience: str | None = None
    event_codes: tuple[NamedValue, ...] = ()
    effective: dt.datetime | None = None
    onset: dt.datetime | None = None
    expires: dt.datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    """Event and areas where the source gives none: many never do."""
    description: str | None = None
    """Paragraphs: no mark-up, no hard line breaks."""
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[NamedValue, ...] = ()
    areas: tuple[CapArea, ...] = ()

    @property
    def is_all_clear(self) -> bool:
        """Whether this info says that the danger is over, whatever the type of its message is.

        By its response, or by the action of all of its American event codes (VTEC). Whoever is told to take shelter or
        to leave at the same time is not out of danger.
        """
        if _STILL_IN_DANGER.intersection(self.response_types):
            return False
        actions = {found for each in self.parameters for found in _VTEC.findall(each.value)}
        return "AllClear" in self.response_types or (bool(actions) and actions <= _VTEC_ENDS)


@dataclass(frozen=True, slots=True)
class CapAlert:
    """One CAP message. What a source leaves out is None or empty; enumerations are spelt as CAP spells them.

    A value that CAP does not know is kept as it is written.
    """

    identifier: str | None
    sender: str | None
    sent: dt.datetime | None
    status: str | None
    msg_type: str | None
    scope: str | None
    source: str | None = None
    restriction: str | None = None
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[CapReference, ...] = ()
    incidents: str | None = None
    infos: tuple[CapInfo, ...] = ()
    version: str = ""
    """Digest of the content: sources edit messages without a new identifier."""
    is_summary: bool = False
    """Whether it was put together from what a feed says; the message itself is behind a link."""
    is_damaged: bool = False
    """Whether the document was cut off or broken, so that more may have been said."""
    is_signed: bool = False
    envelope_status: str | None = None
    """The status of the EDXL envelope that it came in."""

    @property
    def effective_status(self) -> str | None:
        """The status that counts: what comes in the envelope of an exercise is one, whatever it says itself."""
        is_real = self.status == "Actual" and self.envelope_status in STATUSES
        return self.envelope_status if is_real else self.status

    @property
    def is_all_clear(self) -> bool:
        """Whether every info says that the danger is over."""
        return bool(self.infos) and all(self.clears(info) for info in self.infos)

    def clears(self, info: CapInfo) -> bool:
        """Return whether one of its infos says that the danger is over, itself or in another language.

        Translations leave out the response.
        """
        if info.is_all_clear or info.response_types:
            return info.is_all_clear
        others = (each for each in self.infos if each.language != info.language and each.is_all_clear)
        return any((each.onset, each.effective, each.expires) == (info.onset, info.effective, info.expires)
                   for each in others)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CapLink:
    """A CAP document that a feed points to, with what the feed says about it."""

    address: str
    identifier: str | None = None
    sent: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class ReadNote:
    """A part that was skipped or mended. ``reason_texts`` has a sentence for each code."""

    code: str
    where: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class CapDocument:
    """What was found in a document."""

    kind: str
    """``alert``, ``atom``, ``rss``, ``edxl``, ``zip`` or ``other``."""
    alerts: tuple[CapAlert, ...] = ()
    links: tuple[CapLink, ...] = ()
    notes: tuple[ReadNote, ...] = ()
    is_complete: bool = True
    """Whether all of it could be read: otherwise, what is missing may be there."""


class CapUnreadable(Exception):
    """A document cannot be read; the argument is the code of the reason, see ``reason_texts``."""
