"""Verdicts: whether a message is ignored, proposed to an officer, or broadcast, and why.

Three steps. Gates ignore what must never be shown. The policy decides on what is left. Doubts turn a broadcast into a
proposal: nothing that is uncertain goes to the street without a person, and nothing uncertain is dropped either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from beffroi_content.model.alert import AlertLevel
from beffroi_server.cap.area_matching import Position, info_position
from beffroi_server.cap.exercise_signs import is_proven_test, looks_like_end, looks_like_test
from beffroi_server.cap.hazards import hazard_of
from beffroi_server.cap.languages import preferred_infos
from beffroi_server.cap.levels import Colour, colour_of, level_of, severity_of
from beffroi_server.cap.lifecycle import EndCause, KnownMessage
from beffroi_server.cap.lifetimes import LifeLimits, Lifetime, State, lifetime
from beffroi_server.cap.messages import MESSAGE_TYPES, SCOPES, STATUSES, CapAlert, CapInfo
from beffroi_server.cap.places import Place
from beffroi_server.cap.policy import Decision, Policy, PolicyRule
from beffroi_server.cap.reasons import Reason, reason
from beffroi_server.cap.rule_matching import rule_matches
from beffroi_server.cap.signature_outcomes import SignatureOutcome

_CLOCKS_DIFFER = dt.timedelta(minutes=15)
"""By which the clock of a source may be ahead of ours."""
_ORDER = (Decision.IGNORE, Decision.PROPOSE, Decision.BROADCAST)
_ENDED = {
    "update": "replaced", "version": "newer-version", "cancel": "cancelled", "all-clear": "given-all-clear",
    "absence": "gone-from-feed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is done with a message, and why."""

    decision: Decision
    reasons: tuple[Reason, ...]
    infos: tuple[CapInfo, ...] = ()
    """What is shown: the infos for the town, in the preferred language, that are not over."""
    lifetimes: tuple[Lifetime, ...] = ()
    """Of each of ``infos``."""
    level: AlertLevel | None = None
    """None where nobody has said how grave it is: a person chooses."""
    hazard: str = "general"


@dataclass(frozen=True, slots=True)
class _Judged:
    info: CapInfo
    decision: Decision
    reasons: tuple[Reason, ...]
    lifetime: Lifetime
    level: AlertLevel | None


def life_limits(policy: Policy) -> LifeLimits:
    """Return the defaults and caps of a policy."""
    return LifeLimits(
        immediate=dt.timedelta(hours=policy.hours_immediate),
        other=dt.timedelta(hours=policy.hours_other),
        longest=dt.timedelta(hours=policy.hours_longest),
    )


def judge(
    message: KnownMessage, place: Place, policy: Policy, now: dt.datetime, signature: SignatureOutcome | None = None
) -> Verdict:
    """Return what is done with a message at an instant.

    Args:
        message: With what became of it, from ``lifecycle.CapStore``; it may have been cancelled.
        place: Of the town.
        policy: Of the source.
        now: The instant, with a zone.
        signature: What was found about the signature, if it was looked at.
    """
    alert = message.alert
    if closed := next(_gates(message, policy, signature), None):
        return Verdict(Decision.IGNORE, (closed,))
    judged = [_judge_info(message, info, place, policy, now, signature) for info in alert.infos]
    best = max((each.decision for each in judged), key=_ORDER.index)
    chosen = [each for each in judged if each.decision is best]
    if best is Decision.IGNORE:
        # The infos for the town tell more than those for others.
        return Verdict(best, max(chosen, key=lambda each: _closeness(each.reasons)).reasons)
    texts = preferred_infos([each.info for each in chosen], policy.languages)
    shown = [each for each in chosen if any(each.info is text for text in texts)] or chosen
    levels = [each.level for each in shown]
    level = None if None in levels else max((each for each in levels if each), key=lambda each: each.rank)
    return Verdict(
        best, shown[0].reasons, tuple(each.info for each in shown), tuple(each.lifetime for each in shown), level,
        next((hazard for each in chosen if (hazard := hazard_of(each.info)) != "general"), "general"),
    )  # fmt: skip


def _gates(message: KnownMessage, policy: Policy, signature: SignatureOutcome | None) -> Iterator[Reason]:
    """Yield why a message is never shown, whatever it says."""
    alert = message.alert
    if signature is SignatureOutcome.CHANGED:
        yield reason("signature-changed")
    status = alert.effective_status
    if status in ("Draft", "System"):
        yield reason("status", status=status)
    if status in ("Test", "Exercise") and policy.tests is Decision.IGNORE:
        yield reason("test-status", status=status)
    if alert.msg_type in ("Ack", "Error"):
        yield reason("message-type", type=alert.msg_type)
    if alert.scope == "Private":
        yield reason("private")
    if alert.scope == "Restricted" and policy.restricted is Decision.IGNORE:
        yield reason("restricted", to=alert.restriction or "–")
    # Never shown itself, however grave it says to be: it ends others.
    if alert.msg_type == "Cancel":
        yield reason("cancel" if alert.references else "cancel-of-nothing", count=len(alert.references))
    if not alert.infos:
        yield reason("nothing-said")
    if message.end is not None:
        yield reason(_end_code(message, message.end), by=message.end.identifier or "–")
    if alert.is_all_clear:
        yield reason("all-clear")


def _end_code(message: KnownMessage, end: EndCause) -> str:
    alert, by = message.alert, (end.identifier or "").casefold()
    is_named = any(each.identifier.casefold() == by for each in alert.references)
    is_mutual = end.kind == "update" and alert.msg_type == "Update" and is_named
    return "replaced-mutually" if is_mutual else _ENDED[end.kind]


def _closeness(reasons: tuple[Reason, ...]) -> int:
    order = ("elsewhere", "all-clear", "test-event", "over", "green", "past")
    return order.index(reasons[0].code) if reasons[0].code in order else len(order)


def _judge_info(
    message: KnownMessage, info: CapInfo, place: Place, policy: Policy, now: dt.datetime,
    signature: SignatureOutcome | None,
) -> _Judged:  # fmt: skip
    alert = message.alert
    life = lifetime(alert, info, life_limits(policy), seen=message.seen if message.seen <= now else None)
    position = info_position(alert, info, place)
    if closed := next(_info_gates(alert, info, life, position, policy, now), None):
        return _Judged(info, Decision.IGNORE, (closed,), life, None)
    decision, rule, why = _by_policy(alert, info, policy)
    decision, why = _by_status(alert, info, policy, decision, why)
    doubts = tuple(_doubts(alert, info, position, policy, rule, signature, life, now))
    if decision is Decision.BROADCAST and doubts:
        decision = Decision.PROPOSE
    later = (reason("announced", at=life.starts.isoformat()),) if life.starts and now < life.starts else ()
    if later and _ORDER.index(policy.announced) < _ORDER.index(decision):
        decision, why = policy.announced, reason("policy-announced")
    reasons = (why,) if decision is Decision.IGNORE else (*doubts, why, *later)
    level = rule.level if rule and rule.level else level_of(info)
    return _Judged(info, decision, reasons, life, level)


def _info_gates(
    alert: CapAlert, info: CapInfo, life: Lifetime, position: Position, policy: Policy, now: dt.datetime
) -> Iterator[Reason]:
    """Yield why an info is not shown."""
    if position is Position.OUTSIDE:
        yield reason("elsewhere")
    if alert.clears(info):
        yield reason("all-clear")
    if is_proven_test(info) and policy.tests is Decision.IGNORE:
        yield reason("test-event", event=info.event or "–")
    if life.state(now) is State.OVER and life.ends:
        code = "over-default" if life.is_default else "over-capped" if life.is_capped else "over"
        yield reason(code, at=life.ends.isoformat())
    # Green says that there is no warning; where the severity says otherwise, a person looks (see _doubts).
    if colour_of(info) is Colour.GREEN and info.severity not in ("Severe", "Extreme"):
        yield reason("green")
    if info.urgency == "Past" and policy.past is Decision.IGNORE:
        yield reason("past")


def _by_policy(alert: CapAlert, info: CapInfo, policy: Policy) -> tuple[Decision, PolicyRule | None, Reason]:
    """Return what the rules say; what is unknown is never taken as the mildest."""
    could_be: int | None = None
    for number, rule in enumerate(policy.rules, 1):
        matches = rule_matches(rule, alert, info)
        if matches:
            if rule.decision is Decision.IGNORE and could_be:
                break
            return rule.decision, rule, reason("rule", number=number)
        if matches is None and rule.decision is not Decision.IGNORE and could_be is None:
            could_be = number
    if could_be and policy.default is not Decision.BROADCAST:
        return Decision.PROPOSE, None, reason("rule-unknown", number=could_be)
    return policy.default, None, reason("default")


def _by_status(
    alert: CapAlert, info: CapInfo, policy: Policy, decision: Decision, why: Reason
) -> tuple[Decision, Reason]:
    """Limit the decision on exercises, restricted messages and past events to what the policy says of them."""
    limits = [
        (alert.effective_status in ("Test", "Exercise") or is_proven_test(info), policy.tests, reason("policy-tests")),
        (alert.scope == "Restricted", policy.restricted, reason("policy-restricted")),
        (info.urgency == "Past", policy.past, reason("policy-past")),
    ]
    for applies, limit, because in limits:
        if applies and _ORDER.index(limit) < _ORDER.index(decision):
            decision, why = limit, because
    return decision, why


def _doubts(
    alert: CapAlert, info: CapInfo, position: Position, policy: Policy, rule: PolicyRule | None,
    signature: SignatureOutcome | None, life: Lifetime, now: dt.datetime,
) -> Iterator[Reason]:  # fmt: skip
    """Yield what keeps a message from being broadcast without a person."""
    if position is Position.UNKNOWN:
        names = ", ".join(area.description or "?" for area in info.areas[:3])
        yield reason("area-unknown", areas=names or "–")
    yield from _gaps(alert, info, life, now)
    if alert.effective_status == "Actual" and looks_like_test(alert, info):
        yield reason("looks-like-test")
    # With “AllClear” alone it would have been ignored.
    if looks_like_end(info) or "AllClear" in info.response_types:
        yield reason("looks-like-end")
    if alert.is_summary:
        yield reason("summary")
    if alert.is_damaged:
        yield reason("damaged")
    if colour_of(info) is Colour.GREEN:
        yield reason("green-but-severe", severity=info.severity or "–")
    if severity_of(info) is None and not (rule and (rule.level or "Unknown" in rule.severity)):
        yield reason("severity-unknown")
    if policy.needs_signature and signature is not SignatureOutcome.VERIFIED:
        yield reason("signature-needed", outcome=signature.value if signature else "none")


def _gaps(alert: CapAlert, info: CapInfo, life: Lifetime, now: dt.datetime) -> Iterator[Reason]:
    """Yield what a message does not say, or cannot mean."""
    for name, value, known in (
        ("status", alert.status, STATUSES), ("msgType", alert.msg_type, MESSAGE_TYPES), ("scope", alert.scope, SCOPES),
    ):  # fmt: skip
        if value not in known:
            yield reason("field-unknown", field=name, value=value or "–")
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender), ("event", info.event)):
        # The summaries of feeds never name the sender.
        if not value and not (alert.is_summary and name == "sender"):
            yield reason("field-missing", field=name)
    if life.begins is None or alert.sent is None:
        yield reason("no-time")
    elif alert.sent - now > _CLOCKS_DIFFER:
        yield reason("sent-later", at=alert.sent.isoformat())
