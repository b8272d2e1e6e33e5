"""What findings of a player mean, in English and French, in the order of harm: see ``texts.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

from beffroi_content.findings import ExplainedFinding, Finding, Severity

SEVERITY_NAMES = {
    "en": {Severity.FAILURE: "Failure:", Severity.WARNING: "Warning:"},
    "fr": {
        Severity.FAILURE: "Panne\N{NARROW NO-BREAK SPACE}:",
        Severity.WARNING: "Attention\N{NARROW NO-BREAK SPACE}:",
    },
}
NOTHING_WRONG = {"en": "Nothing is wrong.", "fr": "Rien à signaler."}
TEXTS = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
"""By code: ``severity``, and for each language fact, harm and next step."""
CODES = tuple(TEXTS)
"""In the order of harm."""


def explain(finding: Finding, language: str) -> ExplainedFinding:
    """Return a finding in a language; one that is not known here is told by its code."""
    texts = TEXTS.get(finding.code)
    if texts is None:
        return ExplainedFinding(finding.code, Severity.WARNING, finding.code, "", "")
    fact, harm, step = (str(each) % finding.values for each in texts[language])
    return ExplainedFinding(finding.code, Severity(texts["severity"]), fact, harm, step)
