"""Daily work of the server: whether it runs, its jobs, its mail, its backups."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from beffroi_content.findings import Finding
from beffroi_server.backups.layout import BackupFault, list_backups, read_record
from beffroi_server.core import machine_clock
from beffroi_server.core.leadership import has_leader
from beffroi_server.doctor.process_notes import STALE_AFTER_S, ProcessNote, read_note
from beffroi_server.notifications.models import Notice, RecordedCondition, Way

BACKUP_AGE = dt.timedelta(days=3)
MAIL_WINDOW = dt.timedelta(days=1)
PROXY_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """The running server."""

    is_running: bool
    note: ProcessNote | None
    note_age_s: int
    """0 where there is no note of this boot."""
    own_version: str
    """Of who asks."""


def read_process(*, is_running: bool | None = None) -> ProcessFacts:
    """Read what the leading process noted, and whether there is one unless that is known."""
    note = read_note()
    is_of_boot = note is not None and note.boot == machine_clock.boot_id()
    age_s = (machine_clock.uptime_ms() - note.uptime_ms) // 1000 if note is not None and is_of_boot else 0
    running = has_leader() if is_running is None else is_running
    return ProcessFacts(running, note, age_s, version("beffroi"))


def check_process(facts: ProcessFacts) -> Iterator[Finding]:
    """Yield what is wrong with the running server."""
    if not facts.is_running:
        yield Finding("server-stopped")
        return
    note = facts.note
    if note is None:
        return
    if facts.note_age_s > STALE_AFTER_S:
        yield Finding("jobs-stopped", {"minutes": facts.note_age_s // 60})
    elif note.overdue_jobs:
        yield Finding("jobs-failing", {"names": ", ".join(note.overdue_jobs)})
    if note.version != facts.own_version:
        yield Finding("server-outdated", {"running": note.version, "installed": facts.own_version})
    if note.broker in ("lost", "refused"):
        yield Finding("broker-lost")


@dataclass(frozen=True, slots=True)
class ProxyFacts:
    """The proxy of the town."""

    address: str
    """Host and port; empty where there is none. Without the name and password that the setting may hold."""
    problem: str = ""
    """Why it cannot be connected to; empty where it can."""


def read_proxy() -> ProxyFacts:
    """Try to connect to the proxy of the town, for a few seconds."""
    if not settings.OUTSIDE_PROXY:
        return ProxyFacts("")
    parts = urlsplit(settings.OUTSIDE_PROXY)
    address = f"{parts.hostname}:{parts.port}"
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), PROXY_CONNECT_S).close()
    except OSError as error:
        return ProxyFacts(address, error.strerror or str(error))
    return ProxyFacts(address)


def check_proxy(facts: ProxyFacts) -> Iterator[Finding]:
    """Yield that the proxy does not answer."""
    if facts.problem:
        yield Finding("proxy-away", {"address": facts.address, "problem": facts.problem})


@dataclass(frozen=True, slots=True)
class MailFacts:
    """Mail of the last day."""

    has_server: bool
    waiting: int
    """Notices by mail that were tried in vain, or wait for a mail server."""
    sent: int
    problem: str = ""
    """Of the newest that failed."""


def read_mail(now: dt.datetime) -> MailFacts:
    """Read what became of the mails of the last day."""
    recent = Notice.objects.filter(way=Way.MAIL, created_at__gt=now - MAIL_WINDOW)
    failed = recent.filter(sent_at=None).exclude(problem="")
    newest = failed.order_by("-attempted_at").first()
    return MailFacts(
        bool(settings.EMAIL_HOST), failed.count(), recent.exclude(sent_at=None).count(),
        newest.problem if newest else "",
    )  # fmt: skip


def check_mail(facts: MailFacts) -> Iterator[Finding]:
    """Yield that mail does not go out, or cannot."""
    if facts.waiting and not facts.sent:
        yield Finding("mail-failing", {"count": facts.waiting, "problem": facts.problem})
    elif not facts.has_server:
        yield Finding("mail-unset")


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """Backups, by this server or by another program."""

    folder: str
    """Empty: the server makes none itself."""
    last_good_at: dt.datetime | None
    problem: str = ""
    """Why the last one failed; empty where it was good."""


def read_backups() -> BackupFacts:
    """Read when the last good backup was made."""
    condition = RecordedCondition.objects.filter(pk="backup").first()
    instants = [condition.at] if condition is not None and condition.failed_since is None else []
    if settings.BACKUP_FOLDER:
        for backup in reversed(list_backups(Path(settings.BACKUP_FOLDER))):
            try:
                instants.append(read_record(backup).made_at)
                break
            except BackupFault:
                continue  # damaged: the one before counts
    failed = condition is not None and condition.failed_since is not None
    problem = str(condition.detail.get("problem") or "–") if condition is not None and failed else ""
    return BackupFacts(str(settings.BACKUP_FOLDER), max(instants, default=None), problem)


def check_backups(facts: BackupFacts, now: dt.datetime) -> Iterator[Finding]:
    """Yield what is wrong with backups."""
    if facts.problem:
        yield Finding("backup-failed", {"problem": facts.problem})
    if facts.last_good_at is None and not facts.problem:
        yield Finding("backup-first", {"folder": facts.folder}) if facts.folder else Finding("backup-none")
    elif facts.last_good_at is not None and now - facts.last_good_at > BACKUP_AGE:
        yield Finding("backup-old", {"day": timezone.localtime(facts.last_good_at).date().isoformat()})
