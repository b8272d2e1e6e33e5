"""Messages as JSON: the names of CAP in small letters with underscores, the values of the source."""

from __future__ import annotations

from typing import Any

from beffroi_server.cap.instants import written_instant
from beffroi_server.cap.messages import CapAlert, CapArea, CapInfo
from beffroi_server.cap.reason_texts import reason_sentence
from beffroi_server.cap.verdicts import Verdict


def alert_json(alert: CapAlert, verdict: Verdict, language: str = "en") -> dict[str, Any]:
    """Return a message with its verdict. What the source leaves out is null."""
    return {
        "identifier": alert.identifier,
        "sender": alert.sender,
        "sent": written_instant(alert.sent),
        "status": alert.status,
        "msg_type": alert.msg_type,
        "scope": alert.scope,
        "references": [
            {"sender": each.sender, "identifier": each.identifier, "sent": written_instant(each.sent)}
            for each in alert.references
        ],
        "infos": [info_json(info) for info in alert.infos],
        "verdict": verdict.decision.value,
        "reason": reason_sentence(verdict.reasons, language),
    }


def info_json(info: CapInfo) -> dict[str, Any]:
    """Return an info."""
    return {
        "language": info.language,
        "event": info.event,
        "urgency": info.urgency,
        "severity": info.severity,
        "certainty": info.certainty,
        "effective": written_instant(info.effective),
        "onset": written_instant(info.onset),
        "expires": written_instant(info.expires),
        "headline": info.headline,
        "description": info.description,
        "instruction": info.instruction,
        "areas": [area_json(area) for area in info.areas],
    }


def area_json(area: CapArea) -> dict[str, Any]:
    """Return an area; points are latitude and longitude, radii kilometres."""
    return {
        "area_desc": area.description,
        "polygons": [[list(point) for point in outline] for outline in area.polygons],
        "holes": [[list(point) for point in outline] for outline in area.holes],
        "circles": [
            {"latitude": each.latitude, "longitude": each.longitude, "radius_km": each.radius_km}
            for each in area.circles
        ],
        "geocodes": [{"value_name": each.name, "value": each.value} for each in area.geocodes],
    }
