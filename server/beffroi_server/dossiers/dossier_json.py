"""A dossier as JSON, which ``dossier_verification`` checks without this server."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from dataclasses import asdict
from typing import Any

from beffroi_server.accounts.models import AuditEvent, User
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.trigger_models import TriggeredAlert
from beffroi_server.dossiers.alert_dossier import AlertDossier, ScreenRecord, SetRecord, TextRecord
from beffroi_server.dossiers.dossier_summary import figures_of, summary_text
from beffroi_server.dossiers.dossier_verification import FORMAT, VERSION

MAX_PAYLOADS = 8 * 1024 * 1024
"""Bytes of signed sets that are carried whole; of the rest, digests."""
_TEXT_FIELDS = (
    "level",
    "status",
    "hazard",
    "title",
    "description",
    "instruction",
    "short_text",
    "phone",
    "link",
    "source",
    "translations",
)


def dossier_json(dossier: AlertDossier) -> bytes:
    """Return a dossier as JSON in UTF-8."""
    return json.dumps(dossier_values(dossier), ensure_ascii=False, indent=1).encode() + b"\n"


def dossier_values(dossier: AlertDossier) -> dict[str, Any]:
    """Return what the JSON of a dossier holds."""
    return {
        "format": FORMAT, "version": VERSION, "site": dossier.town.site, "town": dossier.town.name,
        "alert": str(dossier.alert.pk), "made_at": dossier.made_at.isoformat(),
        "made_by": dossier.made_by.get_username(),
        "groups": list(dossier.groups) if dossier.groups is not None else None,
        "texts": [_text(each) for each in dossier.texts],
        "events": [_event(each) for each in dossier.events],
        "sets": _sets(dossier.sets),
        "key_list": base64.b64encode(dossier.key_list).decode() or None,
        "former_key_lists": [base64.b64encode(each).decode() for each in dossier.former_key_lists],
        "cap": [
            {
                "identifier": each.identifier, "type": each.message_type, "sent": each.sent.isoformat(),
                "document": each.document,
            }
            for each in dossier.cap
        ],
    }  # fmt: skip


def _text(text: TextRecord) -> dict[str, Any]:
    alert, proposal = text.alert, text.proposal
    figures = figures_of(text)
    return {
        "id": str(alert.pk), **{name: getattr(alert, name) for name in _TEXT_FIELDS},
        "issued_at": _at(alert.issued_at), "pressed_at": _at(alert.pressed_at), "ends_at": _at(alert.ends_at),
        "replaced_at": _at(alert.replaced_at), "withdrawn_at": _at(alert.withdrawn_at),
        "corrects": str(alert.corrects_id) if alert.corrects_id is not None else None,
        "scenario": str(alert.scenario) if alert.scenario is not None else None,
        "everywhere": text.targets.everywhere, "groups": [each.slug for each in text.targets.groups],
        "screens_named": [each.slug for each in text.targets.screens],
        "issued_by": _name(alert.issued_by), "ended_by": _name(alert.ended_by),
        "confirmed_by": _name(alert.confirmed_by), "alone_reason": alert.alone_reason,
        "planned_by": _name(text.plan.created_by) if text.plan is not None else None,
        "proposal": None if proposal is None else {
            "origin": proposal.origin, "proposed_by": _name(proposal.proposed_by),
            "proposed_at": _at(proposal.proposed_at), "decision": proposal.decision,
            "decided_by": _name(proposal.decided_by), "decided_at": _at(proposal.decided_at),
        },
        "triggered": _triggered(alert),
        "summary": {**asdict(figures), "never": figures.never, "text": summary_text(text)},
        "screens": [_screen(each) for each in text.screens], "screens_left_off": text.left_off,
    }  # fmt: skip


def _triggered(alert: Alert) -> dict[str, Any] | None:
    """Return how an alert was triggered on the spot, with what its player has signed; None where it was not."""
    row = TriggeredAlert.objects.filter(alert=alert).first()
    return None if row is None else {
        "screen": row.screen_name, "kind": row.kind, "who": row.who, "at": _at(row.at),
        "is_clock_trusted": row.is_clock_trusted, "reported_at": _at(row.reported_at), "ended_kind": row.ended_kind,
        "ended_who": row.ended_who, "ended_at": _at(row.ended_at), "statement": row.statement,
        "public_key": row.public_key,
    }  # fmt: skip


def _screen(record: ScreenRecord) -> dict[str, Any]:
    receipt, first, plays = record.receipt, record.first, record.plays
    return {
        "screen": record.screen.slug, "name": record.screen.name, "place": record.screen.place,
        "state": receipt.state, "received_at": _at(receipt.received_at), "shown_at": _at(receipt.shown_at),
        "latency_ms": receipt.latency_ms, "drawing_ms": receipt.drawing_ms, "frame": receipt.frame or None,
        "is_exact": record.is_exact, "reason": record.reason or None,
        "receipt": None if first is None else {
            "stream": first.stream, "sequence": first.sequence, "form": first.form, "clock": first.clock,
        },
        "plays": None if plays is None else {
            "count": plays.count, "first": plays.first, "last": plays.last, "shown_ms": plays.shown_ms,
            "ended": plays.ended or None, "chain": plays.chain or None,
        },
        "left_at": _at(plays.left_at) if plays is not None else None, "all_clear_at": _at(record.all_clear_at),
    }  # fmt: skip


def _event(event: AuditEvent) -> dict[str, Any]:
    return {
        "number": event.pk, "at": event.at.isoformat(), "actor": event.actor, "action": event.action,
        "subject": event.subject, "detail": event.detail, "before": event.previous_hash, "hash": event.hash,
    }  # fmt: skip


def _sets(records: tuple[SetRecord, ...]) -> list[dict[str, Any]]:
    found, room = [], MAX_PAYLOADS
    for each in records:
        payload = bytes(each.row.payload)
        room -= len(payload)
        found.append({
            "topic": each.row.topic, "sequence": each.row.sequence, "sent_at": _at(each.row.sent_at),
            "alerts": list(each.alerts), "sha256": hashlib.sha256(payload).hexdigest(),
            "payload": base64.b64encode(payload).decode() if room >= 0 else None,
        })  # fmt: skip
    return found


def _at(instant: dt.datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None


def _name(user: User | None) -> str | None:
    return user.get_username() if user is not None else None
