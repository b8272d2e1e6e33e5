"""Messages and verdicts as text for a terminal."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence

from beffroi_server.cap.instants import written_instant
from beffroi_server.cap.levels import colour_of, level_of
from beffroi_server.cap.messages import CapAlert, CapInfo
from beffroi_server.cap.policy import Decision
from beffroi_server.cap.reason_texts import reason_sentence
from beffroi_server.cap.signature_outcomes import SignatureOutcome
from beffroi_server.cap.texts import without_decoration
from beffroi_server.cap.verdicts import Verdict

_WORDS = {
    "ignore": "ignoré", "propose": "proposé", "broadcast": "diffusé", "level": "niveau", "areas": "secteurs",
    "from": "de", "until": "à", "signature": "signature", "message": "message", "language": "langue",
}  # fmt: skip
_VERDICT_WORDS = {"ignore": "ignored", "propose": "proposed", "broadcast": "broadcast"}


def _word(name: str, language: str) -> str:
    return _WORDS[name] if language == "fr" else _VERDICT_WORDS.get(name, name)


def alert_lines(
    alert: CapAlert, verdict: Verdict, signature: SignatureOutcome | None, language: str = "en"
) -> Iterator[str]:
    """Yield the lines that tell a person what a message says, and what is done with it."""
    decision = _word(verdict.decision.value, language)
    yield f"{decision.upper()}: {reason_sentence(verdict.reasons, language)}"
    kind = " ".join(part or "?" for part in (alert.status, alert.msg_type, alert.scope))
    yield f"  {_word('message', language)} {alert.identifier or '?'} ({alert.sender or '?'}, {_at(alert.sent)}, {kind})"
    if signature is not None:
        yield f"  {_word('signature', language)}: {signature.value}"
    for reference in alert.references:
        yield f"  → {reference.identifier}"
    for info in alert.infos:
        yield from _info_lines(info, language)


def _info_lines(info: CapInfo, language: str) -> Iterator[str]:
    yield f"  [{info.language}] {info.headline or info.event or '?'}"
    grades = ", ".join(each or "?" for each in (info.urgency, info.severity, info.certainty))
    colour, level = colour_of(info), level_of(info)
    shown = " → ".join(part for part in (colour.value if colour else "", level.value if level else "?") if part)
    yield f"    {grades}; {_word('level', language)}: {shown}"
    begins, ends = info.onset or info.effective, info.expires
    yield f"    {_word('from', language)} {_at(begins)} {_word('until', language)} {_at(ends)}"
    places = [area.description or "?" for area in info.areas]
    more = f" … (+{len(places) - 8})" if len(places) > 8 else ""
    yield f"    {_word('areas', language)}: {', '.join(places[:8]) or '–'}{more}"
    for text in (info.description, info.instruction):
        if text:
            yield from (f"    {line}" for line in without_decoration(text).splitlines())


def summary_line(alert: CapAlert, verdict: Verdict, language: str = "en") -> str:
    """Return one line on a message and what is done with it."""
    headline = next((info.headline for info in (*verdict.infos, *alert.infos) if info.headline), "–")
    decision = _word(verdict.decision.value, language).upper()
    return f"{_at(alert.sent)}  {decision}  {headline} ({reason_sentence(verdict.reasons, language)})"


def totals_line(verdicts: Sequence[Verdict], language: str = "en") -> str:
    """Return how many messages were ignored, proposed and broadcast."""
    counts = Counter(verdict.decision for verdict in verdicts)
    return ", ".join(f"{counts[each]} {_word(each.value, language)}" for each in Decision)


def _at(instant: dt.datetime | None) -> str:
    return written_instant(instant) or "–"
