"""Findings: what a check of a server or player has found to be wrong, and how it is told.

Checks are pure functions from facts to findings. A finding is a code with values; each side has a table of texts for
its codes, so that command, page and interface say the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | int


class Severity(StrEnum):
    """How much harm is done."""

    FAILURE = "failure"
    """Something does not work now."""
    WARNING = "warning"
    """Something will not, or could be misused."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)
    """For its texts."""


@dataclass(frozen=True, slots=True)
class ExplainedFinding:
    """A finding in the words of one language."""

    code: str
    severity: Severity
    fact: str
    """What is wrong."""
    harm: str
    """Why that matters."""
    step: str
    """What to do next."""


NO_FINDINGS, WARNINGS_ONLY, FAILURES = 0, 1, 3
"""Exit codes of the commands; 2 is that of a command line that was not understood."""


def exit_code(severities: Iterable[Severity]) -> int:
    """Return the exit code of a command that has found things of these severities."""
    found = set(severities)
    return FAILURES if Severity.FAILURE in found else WARNINGS_ONLY if found else NO_FINDINGS


def in_order(findings: Iterable[Finding], codes: Sequence[str]) -> list[Finding]:
    """Return findings in the order of their codes, the greatest harm first; codes that are not listed come last."""
    places = {code: place for place, code in enumerate(codes)}
    return sorted(findings, key=lambda each: places.get(each.code, len(places)))


def plain_text(findings: Sequence[ExplainedFinding], names: Mapping[Severity, str]) -> str:
    """Return findings for a terminal: a paragraph each.

    Args:
        findings: In their order.
        names: What severities are called at the beginning of a line.
    """
    return "\n".join(
        f"{number}. {names[each.severity]} {each.fact}\n"
        + "".join(f"   {line}\n" for line in (each.harm, f"→ {each.step}" if each.step else "") if line)
        for number, each in enumerate(findings, 1)
    )


def json_text(
    findings: Sequence[ExplainedFinding], values: Mapping[str, Mapping[str, Value]], readings: Mapping[str, object]
) -> str:
    """Return findings as JSON for other programs.

    Args:
        findings: In their order.
        values: By code, the values of each finding.
        readings: What was read and is worth knowing though nothing is wrong with it.
    """
    rows = [
        {
            "code": each.code, "severity": each.severity, "fact": each.fact, "harm": each.harm, "step": each.step,
            "values": dict(values.get(each.code, {})),
        }
        for each in findings
    ]  # fmt: skip
    return json.dumps({"findings": rows, "readings": dict(readings)}, ensure_ascii=False, indent=2) + "\n"
