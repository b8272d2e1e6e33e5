"""CAP messages of our own making for tests, and a shorthand for what becomes of them."""

from __future__ import annotations

import datetime as dt
from xml.sax.saxutils import escape

from beffroi_server.cap.lifecycle import CapStore, KnownMessage, receive_all
from beffroi_server.cap.messages import CapAlert
from beffroi_server.cap.places import Place, make_place
from beffroi_server.cap.policy import Policy, PolicyRule
from beffroi_server.cap.reader import read_document
from beffroi_server.cap.verdicts import Verdict, judge

CAP_12 = "urn:oasis:names:tc:emergency:cap:1.2"
NOW = dt.datetime(2026, 11, 29, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
RENNES = make_place(name="Rennes", latitude=48.11, longitude=-1.68, insee="35238")
BROADCAST = Policy(rules=(PolicyRule(decision="broadcast"),))
AROUND_RENNES = "48,-2 48,-1 49,-1 49,-2 48,-2"
ELSEWHERE = "43,5 43,6 44,6 44,5 43,5"


def element(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{escape(text)}</{name}>"


def named(kind: str, *pairs: tuple[str, str]) -> str:
    return "".join(f"<{kind}>{element('valueName', name)}{element('value', value)}</{kind}>" for name, value in pairs)


def cap_area(desc: str = "Pays de Rennes", *, polygon: str | None = None, circle: str | None = None, codes=()) -> str:
    inner = element("areaDesc", desc) + element("polygon", polygon) + element("circle", circle)
    return f"<area>{inner}{named('geocode', *codes)}</area>"


def cap_info(*areas: str, parameters=(), event_codes=(), response: str | None = None, **fields: str | None) -> str:
    """An info; a field that is None is left out."""
    values = {
        "language": "fr-FR", "category": "Met", "event": "Orages violents", "responseType": response,
        "urgency": "Immediate", "severity": "Severe", "certainty": "Observed", "audience": None,
        "effective": None, "onset": None, "expires": "2026-11-29T18:00:00+01:00", "senderName": None,
        "headline": "Orages violents sur le pays de Rennes", "description": "De fortes rafales.",
        "instruction": "Restez chez vous.",
    } | fields  # fmt: skip
    body = "".join(element(name, text) for name, text in values.items())
    places = areas or (cap_area(polygon=AROUND_RENNES),)
    return f"<info>{body}{named('eventCode', *event_codes)}{named('parameter', *parameters)}{''.join(places)}</info>"


def cap_alert(*infos: str, xmlns: str = CAP_12, extra: str = "", **fields: str | None) -> bytes:
    """A message; a field that is None is left out."""
    values = {
        "identifier": "MSG-1", "sender": "prefecture@example.org", "sent": "2026-11-29T08:30:00+01:00",
        "status": "Actual", "msgType": "Alert", "scope": "Public", "references": None,
    } | fields  # fmt: skip
    body = "".join(element(name, text) for name, text in values.items())
    space = f' xmlns="{xmlns}"' if xmlns else ""
    return f"<alert{space}>{body}{extra}{''.join(infos or (cap_info(),))}</alert>".encode()


def only_alert(content: bytes) -> CapAlert:
    (alert,) = read_document(content).alerts
    return alert


def verdict_of(
    content: bytes | CapAlert, *, place: Place = RENNES, policy: Policy = BROADCAST, now: dt.datetime = NOW
) -> Verdict:
    alert = only_alert(content) if isinstance(content, bytes) else content
    return judge(KnownMessage(alert, alert.sent or now, alert.sent or now), place, policy, now)


def decision_of(content: bytes, **context) -> tuple[str, str]:
    """The decision and the code of its first reason."""
    verdict = verdict_of(content, **context)
    return verdict.decision.value, verdict.reasons[0].code


def store_of(*contents: bytes, now: dt.datetime = NOW) -> CapStore:
    return receive_all(CapStore(), [only_alert(content) for content in contents], now)[0]


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
