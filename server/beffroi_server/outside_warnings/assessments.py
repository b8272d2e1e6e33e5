"""What is to be done with messages and warnings now: the verdicts of their messages for each place of the town."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_content.model import AlertLevel
from beffroi_server.accounts.models import Town
from beffroi_server.cap.lifecycle import CapStore, KnownMessage
from beffroi_server.cap.outside_warnings import OutsideWarning, outside_warnings
from beffroi_server.cap.policy import Decision, Policy, PolicyError
from beffroi_server.cap.reasons import Reason
from beffroi_server.cap.signature_outcomes import SignatureOutcome
from beffroi_server.cap.verdicts import Verdict, judge, life_limits
from beffroi_server.fleet.targets import Targets
from beffroi_server.outside_warnings.models import ReceivedMessage, WarningSource
from beffroi_server.outside_warnings.policies import policy_of
from beffroi_server.outside_warnings.sites import Site, sites_of, united_targets

_ORDER = (Decision.IGNORE, Decision.PROPOSE, Decision.BROADCAST)


@dataclass(frozen=True, slots=True)
class Judge:
    """What is needed to judge the messages of a source: its policy, and the places of the town."""

    policy: Policy
    sites: Sequence[Site]

    @classmethod
    def of(cls, source: WarningSource, town: Town) -> Judge:
        """Return the judge of a source; where its own policy cannot be read, a person is asked about everything."""
        try:
            policy = policy_of(source, town.locale)
        except PolicyError:
            policy = Policy()
        return cls(policy, sites_of(source, town))

    def verdicts(
        self, message: KnownMessage, now: dt.datetime, signature: SignatureOutcome | None
    ) -> list[tuple[Site, Verdict]]:
        """Return the verdict on a message for each place."""
        return [(site, judge(message, site.place, self.policy, now, signature)) for site in self.sites]

    def best(self, message: KnownMessage, now: dt.datetime, signature: SignatureOutcome | None) -> Verdict:
        """Return the verdict on a message where it does the most."""
        return max((verdict for _, verdict in self.verdicts(message, now, signature)), key=_weight)


@dataclass(frozen=True, slots=True)
class Assessment:
    """A warning that is to be proposed or broadcast."""

    warning: OutsideWarning
    message: KnownMessage
    """The one that says most."""
    verdict: Verdict
    targets: Targets

    @property
    def identifiers(self) -> list[str]:
        """Identifiers of its messages, as ends name them."""
        return [each.alert.identifier or each.alert.version for each in self.warning.messages]

    @property
    def ends(self) -> dt.datetime | None:
        """When what is shown of it ends."""
        ends = [each.ends for each in self.verdict.lifetimes if each.ends is not None]
        return max(ends, default=self.warning.ends)

    @property
    def begins(self) -> dt.datetime | None:
        """From when it is shown."""
        return min((each.begins for each in self.verdict.lifetimes if each.begins is not None), default=None)

    @property
    def starts(self) -> dt.datetime | None:
        """From when it is in force, and no longer an announcement."""
        return min((each.starts for each in self.verdict.lifetimes if each.starts is not None), default=None)


def assess_warnings(source: WarningSource, store: CapStore, town: Town, now: dt.datetime,
                    signatures: dict[tuple[str | None, str], str]) -> list[Assessment]:  # fmt: skip
    """Return the warnings of a source that are not ignored now.

    Args:
        source: The source.
        store: Its messages that may be for the town.
        town: The town.
        now: The instant.
        signatures: What is known of signatures, by identifier and version of the message.
    """
    judge_ = Judge.of(source, town)
    found = []
    for warning in outside_warnings(store, now, life_limits(judge_.policy)):
        judged = [
            (message, site, verdict)
            for message in warning.messages
            for site, verdict in judge_.verdicts(message, now, signature_of(message, signatures))
        ]
        message, _, verdict = max(judged, key=lambda each: _weight(each[2]))
        if verdict.decision is not Decision.IGNORE:
            sites = {id(site): site for _, site, each in judged if each.decision is verdict.decision}
            targets = united_targets(list(sites.values()), judge_.sites)
            found.append(Assessment(warning, message, verdict, targets))
    return found


def signature_of(message: KnownMessage, known: dict[tuple[str | None, str], str]) -> SignatureOutcome | None:
    """Return what is known of the signature of a message."""
    value = known.get((message.alert.identifier, message.alert.version))
    return SignatureOutcome(value) if value else None


def note_verdict(row: ReceivedMessage, verdict: Verdict) -> None:
    """Write a verdict into the row of a message, which is not saved."""
    row.decision = verdict.decision.value
    row.reasons = [[each.code, list(map(list, each.values))] for each in verdict.reasons]
    is_elsewhere = verdict.decision is Decision.IGNORE and verdict.reasons[0].code == "elsewhere"
    row.concerns = not is_elsewhere


def stored_reasons(written: list[list[object]]) -> tuple[Reason, ...]:
    """Return the reasons that a row holds."""
    return tuple(Reason(str(code), tuple((str(name), str(value)) for name, value in values))  # type: ignore[attr-defined]
                 for code, values in written)  # fmt: skip


def _weight(verdict: Verdict) -> tuple[int, int]:
    level = verdict.level.rank if isinstance(verdict.level, AlertLevel) else -1
    # Of what is ignored, that which is elsewhere says least.
    says = -2 if verdict.reasons and verdict.reasons[0].code == "elsewhere" else level
    return _ORDER.index(verdict.decision), says
