"""Incidents of what the server finds wrong with itself, so that people are told who do not look at its page.

The last examination and the note of the leading process are read, which costs next to nothing. Of what other packages
tell already, and of what was so from the beginning, nobody is told here: each code of a finding is in one of the sets.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from beffroi_content.findings import Finding
from beffroi_server.accounts.models import Town
from beffroi_server.doctor import operation
from beffroi_server.doctor.examination import Examination, read_examination
from beffroi_server.notifications import incidents
from beffroi_server.notifications.incident_texts import FINDING_SUBJECT
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.observations import Observation
from beffroi_server.notifications.occasions import Occasion

TOLD = frozenset({
    "audit-altered", "backup-old", "broker-accounts", "broker-away", "broker-certificate-ending",
    "broker-certificate-expired", "broker-certificate-untrusted", "broker-lost", "clock-differs", "clock-free",
    "clock-wrong", "data-not-written", "database-damaged", "files-exposed", "fonts-broken", "jobs-failing",
    "jobs-stopped", "key-list-missing", "mail-failing", "outbox-stuck", "pages-certificate-untrusted",
    "proxy-away", "zone-data-differs",
})  # fmt: skip
"""What begins while a server is in service, and does harm from then on."""
OF_OTHER_OCCASIONS = {
    "backup-failed": Occasion.BACKUP, "disk-full": Occasion.DISK, "disk-low": Occasion.DISK,
    "key-list-ended": Occasion.KEYS, "key-list-ending": Occasion.KEYS, "keys-missing": Occasion.KEYS,
    "pages-certificate-ending": Occasion.CERTIFICATE, "pages-certificate-expired": Occasion.CERTIFICATE,
}  # fmt: skip
"""What people are told by an occasion of its own."""
NOT_TOLD = frozenset({
    # The server does not run then.
    "database-file-unusable", "database-missing", "database-outdated", "database-unusable",
    "server-stopped", "town-missing",
    # They are so since the server was installed: whoever does that runs the doctor, and the page says them.
    "backup-first", "backup-none", "confinement-open", "confinement-unknown", "decoders-missing", "formats-missing",
    "fribidi-missing", "mail-unset", "pages-plain", "root-keys-here", "settings",
    # They come with every update, and go.
    "server-outdated", "versions-differ",
    # Nothing is known of what they are about.
    "broker-certificate-unread", "not-looked-at", "pages-certificate-unread",
})  # fmt: skip
_OF_PROCESS = frozenset({"broker-lost", "jobs-failing", "jobs-stopped"})
"""What the note of the leading process says, which is a minute old at most."""
_SAID_BY = {
    "backup-old": frozenset({"backup-failed"}),
    "broker-lost": frozenset({"broker-away"}),
    "outbox-stuck": frozenset({"broker-away", "broker-lost"}),
}
"""Findings that follow from others: one incident is enough."""
STALE_AFTER = dt.timedelta(hours=2)
"""What an older examination has found may be over, and something else may have begun."""
CONFIRMED_AFTER = dt.timedelta(minutes=2)
"""People are told of what an examination has found only once another one, so much later, finds it as well."""


def follow_findings(now: dt.datetime) -> bool:
    """Open and close incidents by what was found; return whether another examination should confirm something soon."""
    town = Town.objects.first()
    if town is None:
        return False
    examination = _fresh_examination(now)
    examined, at = (examination.findings, examination.at) if examination is not None else ((), now)
    noted = tuple(operation.check_process(operation.read_process(is_running=True)))
    present = {each.code for each in (*noted, *examined)}
    seen = [_observe(each, now) for each in noted if each.code in _OF_PROCESS]
    seen += [_observe(each, at) for each in examined if each.code in TOLD - _OF_PROCESS]
    incidents.reconcile(
        [each for each in seen if not _SAID_BY.get(each.reason, frozenset()) & present],
        (Occasion.SERVER_FINDING,),
        now,
        town=town,
        unchecked={FINDING_SUBJECT + code for code in TOLD - _OF_PROCESS} if examination is None else (),
    )
    return examination is not None and now - at >= CONFIRMED_AFTER and _has_unconfirmed(at)


def told_by_incidents(open_incidents: Iterable[Incident]) -> frozenset[str]:
    """Return the codes of findings that a list of open incidents tells already: nobody reads the same twice."""
    found, occasions = set(), set()
    for each in open_incidents:
        occasions.add(each.occasion)
        if each.occasion == Occasion.SERVER_FINDING:
            found.add(each.subject.removeprefix(FINDING_SUBJECT))
    return frozenset(found | {code for code, occasion in OF_OTHER_OCCASIONS.items() if occasion in occasions})


def _fresh_examination(now: dt.datetime) -> Examination | None:
    found = read_examination()
    return found if found is not None and dt.timedelta(0) <= now - found.at < STALE_AFTER else None


def _observe(finding: Finding, at: dt.datetime) -> Observation:
    subject = FINDING_SUBJECT + finding.code
    return Observation(Occasion.SERVER_FINDING, subject, "", at, finding.code, dict(finding.values))


def _has_unconfirmed(examined_at: dt.datetime) -> bool:
    """Tell whether something that nobody was told of was found by the last examination alone."""
    new = Incident.objects.filter(
        occasion=Occasion.SERVER_FINDING, ended_at=None, announced_at=None, began_at__gt=examined_at - CONFIRMED_AFTER
    )
    return new.exclude(reason__in=_OF_PROCESS).exists()
