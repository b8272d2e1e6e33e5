"""What findings mean, in the language of the reader: what is wrong, why it matters, what to do next.

Their order is that of harm: the first keeps alerts off the screens, the last is a matter of order.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from beffroi_content.findings import ExplainedFinding, Finding, Severity
from beffroi_server.core.formatting import format_day

FAILURE, WARNING = Severity.FAILURE, Severity.WARNING


class Texts(NamedTuple):
    """Texts of one code; values of the finding fit in."""

    severity: Severity
    fact: Promise
    harm: Promise
    step: Promise


_NO_DOCUMENT_SENT = _("No alert and no programme is sent; screens go on with what they have.")
_NO_PROGRAMME_ACCEPTED = _("Players accept nothing new without it, alerts included.")
_TOWN_MISSING_STEP = _("Set BEFFROI_DATA to the folder of the town, or begin one: beffroi-server init --town NAME.")
_RENEW_KEYS = _("Sign the list again with two root keys: beffroi-server keys renew (docs/keys.en.md).")
_MOVE_DATA = _("Free some, or move the folder to a larger disk.")
_NOT_READ = _("What it covers is unknown.")
_CERTIFICATE_HARM = _("Browsers refuse the pages, and players fetch nothing over HTTPS.")
_CERTIFICATE_STEP = _("Renew it, and check why it was not renewed by itself.")
_BROKER_CERTIFICATE_HARM = _("Server and players refuse the broker: alerts arrive within a minute only, by HTTP.")

TEXTS = {
    "database-missing": Texts(
        FAILURE, _("There is no database %(database)s."), _("The server does not start."), _TOWN_MISSING_STEP,
    ),
    "database-unusable": Texts(
        FAILURE, _("The database cannot be used: %(problem)s"), _("Neither pages nor alerts work."),
        _("Look at BEFFROI_POSTGRES_… (docs/settings.md), and whether PostgreSQL runs."),
    ),
    "database-file-unusable": Texts(
        FAILURE, _("The database %(database)s cannot be used: %(problem)s"), _("Neither pages nor alerts work."),
        _("Run it as the account of the server. If the file is damaged, stop the server, and restore the last good "
             "backup: beffroi-server restore --replace."),
    ),
    "database-outdated": Texts(
        FAILURE, _("The database is older than this version."), _("The server does not start."),
        _("Run “beffroi-server init” again: it keeps all."),
    ),
    "town-missing": Texts(
        FAILURE, _("There is no town in the database %(database)s yet."), _("The server does not start."),
        _TOWN_MISSING_STEP,
    ),
    "database-damaged": Texts(
        FAILURE, _("The database is damaged: %(problem)s"),
        _("What is in the damaged part is lost, and more may follow."),
        _("Stop the server, copy the data folder, and restore the last good backup: beffroi-server restore."),
    ),
    "disk-full": Texts(
        FAILURE, _("The disk of %(folder)s is full: %(free_mb)d MB are left."),
        _("No file can be added. Alerts work as long as the reserve lasts."), _MOVE_DATA,
    ),
    "data-not-written": Texts(
        FAILURE, _("Nothing can be written to %(folder)s: %(problem)s"),
        _("Nothing can be changed or sent; a disk that fails becomes read-only like that."),
        _("Run it as the account of the server. Otherwise check mount and disk (dmesg), and replace a broken disk."),
    ),
    "keys-missing": Texts(
        FAILURE, _("A signing key is missing, or is not the one that players know: %(roles)s"), _NO_DOCUMENT_SENT,
        _("Restore it from a backup, or make a new one: beffroi-server keys rotate ROLE --at-once (docs/keys.en.md)."),
    ),
    "key-list-missing": Texts(
        FAILURE, _("There is no signed key list."), _NO_PROGRAMME_ACCEPTED, _("Run “beffroi-server init” again."),
    ),
    "key-list-ended": Texts(
        FAILURE, _("The key list ended on %(day)s."), _("New players accept nothing, alerts included."),
        _RENEW_KEYS,
    ),
    "server-stopped": Texts(
        FAILURE, _("The server is not running."), _NO_DOCUMENT_SENT,
        _("Start it: systemctl start beffroi-server. Its log says why it ended: journalctl -u beffroi-server."),
    ),
    "broker-away": Texts(
        FAILURE, _("The broker %(address)s is not reached: %(problem)s"),
        _("Players fetch alerts by HTTP instead, within a minute and not at once."),
        _("Start it, and check BEFFROI_MQTT_HOST, BEFFROI_MQTT_PORT and the server’s password there."),
    ),
    "broker-lost": Texts(
        FAILURE, _("The running server has no connection to the broker."),
        _("Players fetch alerts by HTTP instead, within a minute and not at once."),
        _("Its log says why: journalctl -u beffroi-server."),
    ),
    "broker-accounts": Texts(
        FAILURE, _("The broker does not follow enrolments: %(problem)s"),
        _("New players are refused there, and revoked ones are not."),
        _("Set it up with beffroi-provisioning broker, or set BEFFROI_MQTT_ACCOUNTS=files and run broker-files "
             "after each change (docs/installation.md)."),
    ),
    "broker-certificate-expired": Texts(
        FAILURE, _("The certificate of the broker %(host)s is not valid today (end: %(day)s)."),
        _BROKER_CERTIFICATE_HARM, _CERTIFICATE_STEP,
    ),
    "broker-certificate-untrusted": Texts(
        FAILURE, _("The certificate of the broker %(host)s is not trusted here: %(problem)s"),
        _BROKER_CERTIFICATE_HARM,
        _("Have the broker send its whole chain, or install the town’s authority on server and players."),
    ),
    "clock-wrong": Texts(
        FAILURE, _("The clock of the server is wrong: it says %(now)s."),
        _("Certificates, programmes and ends of alerts are judged by it."),
        _("Set it, and have it synchronised: timedatectl set-ntp true."),
    ),
    "clock-differs": Texts(
        FAILURE, _("The clock of the server differs from network time by %(seconds)d s, as the players know it."),
        _("Programmes change, and planned alerts begin, by a wrong clock."),
        _("Have it synchronised: timedatectl set-ntp true."),
    ),
    "pages-certificate-expired": Texts(
        FAILURE, _("The certificate of %(host)s is not valid today (end: %(day)s)."), _CERTIFICATE_HARM,
        _CERTIFICATE_STEP,
    ),
    "pages-certificate-untrusted": Texts(
        FAILURE, _("The certificate of %(host)s is not trusted here: %(problem)s"), _CERTIFICATE_HARM,
        _("Have the web server send its whole chain, or install the town’s authority on browsers and players."),
    ),
    "outbox-stuck": Texts(
        FAILURE, _("%(count)d documents have waited for the broker for over five minutes: %(topics)s"),
        _("Players fetch them by HTTP instead, within a minute and not at once."),
        _("Check that the broker grants the server these topics and takes messages of their size."),
    ),
    "jobs-stopped": Texts(
        FAILURE, _("The server’s jobs have not run for %(minutes)d minutes."),
        _("Nobody is told of silent screens; backups and calendars stand still."),
        _("Restart it: systemctl restart beffroi-server. Keep its log."),
    ),
    "audit-altered": Texts(
        FAILURE, _("The audit trail was altered, at “%(event)s” or before it."),
        _("It proves nothing from there on, and somebody has written to the database."),
        _("Copy the database, compare the trail with a file of it or a backup, and change all passwords."),
    ),
    "fonts-broken": Texts(
        FAILURE, _("Fonts are missing or damaged: %(names)s"), _("Previews cannot be drawn."),
        _("Install the package again."),
    ),
    "proxy-away": Texts(
        WARNING, _("The proxy of the town, %(address)s, does not answer: %(problem)s"),
        _("Nothing of the Internet arrives: no warning of other authorities, no feed, no new version."),
        _("Check BEFFROI_PROXY (docs/settings.md), and that this machine may connect to it."),
    ),
    "backup-failed": Texts(
        WARNING, _("The last backup failed: %(problem)s"),
        _("A broken disk would cost all since the one before."),
        _("Mend the reason, and run “beffroi-server backup” by hand."),
    ),
    "backup-old": Texts(
        WARNING, _("The last good backup is of %(day)s."), _("A broken disk would cost all since then."),
        _("Run “beffroi-server backup” by hand, and look why it was not made."),
    ),
    "backup-none": Texts(
        WARNING, _("No backup has been made."), _("A broken disk would cost everything, the keys included."),
        _("Set BEFFROI_BACKUP_FOLDER to a folder on another disk (docs/installation.md)."),
    ),
    "backup-first": Texts(
        WARNING, _("No backup has been made in %(folder)s."),
        _("A broken disk would cost everything, the keys included."),
        _("Run “beffroi-server backup” by hand: it says what is in its way."),
    ),
    "disk-low": Texts(
        WARNING, _("The disk of %(folder)s is nearly full: %(free_mb)d MB are left."),
        _("Once it is full, no file can be added."), _MOVE_DATA,
    ),
    "root-keys-here": Texts(
        WARNING, _("%(names)s are still on the server."),
        _("Whoever breaks in could speak on every screen for good."),
        _("Move them to safe places elsewhere: beffroi-server keys move-root (docs/keys.en.md)."),
    ),
    "files-exposed": Texts(
        WARNING, _("Other accounts of the server’s machine can read or change: %(paths)s"),
        _("They could sign alerts, or read what is the town’s alone."), _("Run: chmod go= %(paths)s"),
    ),
    "confinement-open": Texts(
        WARNING, _("A file of a stranger that misuses a fault of a decoder could reach %(names)s."),
        _("An uploaded file could do what only the server may."),
        _("Run a kernel with Landlock (Linux 5.13 or later, listed in /sys/kernel/security/lsm) and seccomp."),
    ),
    "confinement-unknown": Texts(
        WARNING, _("It could not be checked how files of strangers are opened: %(problem)s"), _NOT_READ,
        _("Run it again as the account of the server."),
    ),
    "key-list-ending": Texts(
        WARNING, _("The key list ends on %(day)s."), _("From then on, new players accept nothing."), _RENEW_KEYS,
    ),
    "pages-certificate-ending": Texts(
        WARNING, _("The certificate of %(host)s ends on %(day)s."), _CERTIFICATE_HARM, _CERTIFICATE_STEP,
    ),
    "broker-certificate-ending": Texts(
        WARNING, _("The certificate of the broker %(host)s ends on %(day)s."), _BROKER_CERTIFICATE_HARM,
        _CERTIFICATE_STEP,
    ),
    "pages-certificate-unread": Texts(
        WARNING, _("The certificate of %(host)s could not be read: %(problem)s"), _NOT_READ,
        _("Check that %(host)s leads to this server, from this machine too."),
    ),
    "broker-certificate-unread": Texts(
        WARNING, _("The certificate of the broker %(host)s could not be read: %(problem)s"), _NOT_READ,
        _("Check BEFFROI_MQTT_HOST and BEFFROI_MQTT_PORT, and that TLS is spoken there."),
    ),
    "clock-free": Texts(
        WARNING, _("The clock of the server is not synchronised."),
        _("It drifts by seconds a day, and so do all screens."),
        _("Have it synchronised: timedatectl set-ntp true."),
    ),
    "jobs-failing": Texts(
        WARNING, _("Jobs of the server have not ended well for a while: %(names)s"),
        _("What they look after stands still."), _("Its log says why: journalctl -u beffroi-server."),
    ),
    "mail-failing": Texts(
        WARNING, _("Not one mail went out within a day; %(count)d failed: %(problem)s"),
        _("Nobody is told by mail of silent screens or alerts that wait."),
        _("Check BEFFROI_MAIL_…, then try: beffroi-server test-mail ADDRESS."),
    ),
    "zone-data-differs": Texts(
        WARNING, _("Players change their clocks at other times than this server (their data: %(data)s): %(names)s"),
        _("Programmes would be an hour off between the two changes."),
        _("Update the older of the two: the package tzdata, or Beffroi itself."),
    ),
    "versions-differ": Texts(
        WARNING, _("Players run another version than this server’s %(own)s (%(versions)s): %(names)s"),
        _("What only the newer one knows does not work there."), _("Update the older of the two."),
    ),
    "server-outdated": Texts(
        WARNING, _("The running server is of version %(running)s; installed is %(installed)s."),
        _("The update has no effect yet."), _("Restart it: systemctl restart beffroi-server."),
    ),
    "formats-missing": Texts(
        WARNING, _("Formats of images cannot be read here: %(names)s"), _("Such uploads are refused."),
        _("Install Pillow again from its own package."),
    ),
    "decoders-missing": Texts(
        WARNING, _("Decoders of videos are missing: %(names)s"), _("Videos cannot be taken in."),
        _("Install PyAV again from its own package."),
    ),
    "fribidi-missing": Texts(
        WARNING, _("libfribidi is missing."),
        _("Arabic and Hebrew are previewed otherwise than players draw them."),
        _("Install it (on Debian: apt install libfribidi0) and start the server again."),
    ),
    "pages-plain": Texts(
        WARNING, _("The pages are not encrypted: %(url)s"),
        _("Whoever is on the network can read passwords, and sign in."),
        _("Serve them by https (docs/installation.md), and set BEFFROI_URL."),
    ),
    "settings": Texts(
        WARNING, _("Settings are not those of a server in service: %(problem)s"),
        _("They make attacks on the pages easier."), _("Compare them with docs/settings.md."),
    ),
    "mail-unset": Texts(
        WARNING, _("No mail server is set."), _("Nobody is told by mail of silent screens or alerts that wait."),
        _("Set BEFFROI_MAIL_HOST (docs/settings.md)."),
    ),
    "not-looked-at": Texts(
        WARNING, _("This part could not be looked at: %(area)s (%(problem)s)"), _NOT_READ,
        _("Run it again as the account of the server; if it stays, report it."),
    ),
}  # fmt: skip
CODES = tuple(TEXTS)
"""In the order of harm."""


def severity_of(finding: Finding) -> Severity:
    """Return how much harm a finding does."""
    return TEXTS[finding.code].severity


def explain(finding: Finding) -> ExplainedFinding:
    """Return a finding in the language in use."""
    texts = TEXTS[finding.code]
    values = {**finding.values}
    if "day" in values:
        values["day"] = format_day(dt.date.fromisoformat(str(values["day"])))
    fact, harm, step = (str(text) % values for text in (texts.fact, texts.harm, texts.step))
    return ExplainedFinding(finding.code, texts.severity, fact, harm, step)


def severity_names() -> dict[Severity, str]:
    """Return what severities are called at the beginning of a line."""
    return {Severity.FAILURE: str(_("Failure:")), Severity.WARNING: str(_("Warning:"))}
