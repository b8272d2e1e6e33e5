"""The policy of a source: from the choices of its form, or written by the town itself."""

from __future__ import annotations

from beffroi_content.model import AlertLevel
from beffroi_server.cap.policy import Decision, Policy, PolicyRule, read_policy
from beffroi_server.outside_warnings.models import NEVER, WarningSource


def policy_of(source: WarningSource, locale: str) -> Policy:
    """Return what is done with the warnings of a source.

    Args:
        source: With the values of its form.
        locale: Language of the screens: texts in it come first.

    Raises:
        PolicyError: the town's own policy cannot be read.
    """
    if source.own_policy.strip():
        return read_policy(source.own_policy.encode())
    events = lines_of(source.events)
    rules = [
        PolicyRule(decision=decision, levels=levels, events=events)
        for decision, least in ((Decision.BROADCAST, source.broadcast_from), (Decision.PROPOSE, source.propose_from))
        if (levels := _levels_from(least))
    ]
    return Policy(
        default=Decision.IGNORE, rules=tuple(rules), tests=Decision(source.tests),
        needs_signature=source.needs_signature, languages=tuple(dict.fromkeys((locale, "fr", "en"))),
    )  # fmt: skip


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a text that say something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _levels_from(least: str) -> tuple[AlertLevel, ...]:
    if least == NEVER:
        return ()
    return tuple(level for level in AlertLevel if level.rank >= AlertLevel(least).rank)
