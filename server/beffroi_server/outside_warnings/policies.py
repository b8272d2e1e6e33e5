"""The policy of a source: from the choices of its form, or written by the town itself."""

from __future__ import annotations

from beffroi_content.model import AlertLevel
from beffroi_server.accounts.models import Town
from beffroi_server.cap.policy import Decision, Policy, PolicyRule, read_policy
from beffroi_server.feeds.addresses import is_overseas
from beffroi_server.feeds.readers.vigilance import PHENOMENON_NAMES
from beffroi_server.feeds.readers.vigilance_spans import OVERSEAS_NAMES
from beffroi_server.outside_warnings.models import CHART_KINDS, NEVER, SourceKind, WarningSource


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
    rules = [*_phenomenon_rules(source), *_rules(source.propose_from, source.broadcast_from, lines_of(source.events))]
    ahead = Decision(source.ahead) if source.kind in CHART_KINDS else Decision.BROADCAST
    return Policy(
        default=Decision.IGNORE, rules=tuple(rules), tests=Decision(source.tests), announced=ahead,
        needs_signature=source.needs_signature, languages=tuple(dict.fromkeys((locale, "fr", "en"))),
    )  # fmt: skip


def _phenomenon_rules(source: WarningSource) -> list[PolicyRule]:
    """Return the rules for the phenomena that have their own; what none of them takes up is ignored."""
    if source.kind != SourceKind.VIGILANCE:
        return []
    found: list[PolicyRule] = []
    for number, (propose_from, broadcast_from) in sorted(source.phenomena.items()):
        tables = (PHENOMENON_NAMES, OVERSEAS_NAMES)
        names = tuple(name for table in tables for code, name in table.items() if str(code) == number)
        if names:
            # Where one of the two is empty, it is as for all phenomena.
            least = (propose_from or source.propose_from, broadcast_from or source.broadcast_from)
            found += [*_rules(*least, names), PolicyRule(decision=Decision.IGNORE, events=names)]
    return found


def _rules(propose_from: str, broadcast_from: str, events: tuple[str, ...]) -> list[PolicyRule]:
    return [
        PolicyRule(decision=decision, levels=levels, events=events)
        for decision, least in ((Decision.BROADCAST, broadcast_from), (Decision.PROPOSE, propose_from))
        if (levels := _levels_from(least))
    ]


def phenomena_in(source: WarningSource, town: Town) -> list[tuple[str, str]]:
    """Return the phenomena of the vigilance with their numbers: those of the mainland, of overseas, or both."""
    zones = lines_of(source.zones) or ((town.insee,) if town.insee else ())
    found: dict[str, str] = {}
    if not zones or not all(is_overseas(each[:3]) for each in zones):
        found |= {str(number): name for number, name in PHENOMENON_NAMES.items()}
    if any(is_overseas(each[:3]) for each in zones):
        found = {str(number): name for number, name in OVERSEAS_NAMES.items()} | found
    return [(number, found[number]) for number in sorted(found, key=int)]


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a text that say something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _levels_from(least: str) -> tuple[AlertLevel, ...]:
    if least == NEVER:
        return ()
    return tuple(level for level in AlertLevel if level.rank >= AlertLevel(least).rank)
