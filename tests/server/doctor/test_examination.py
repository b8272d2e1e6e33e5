"""What the doctor of a server finds: things are broken one by one, and each is named with harm and next step."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from beffroi_content import library_check
from beffroi_content.findings import Finding, Severity
from beffroi_content.raster.text import fonts
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.cli import main
from beffroi_server.core import disk_space, jobs, machine_clock
from beffroi_server.core.leadership import create_leader_lock
from beffroi_server.delivery.key_state import read_key_state
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.doctor import certificates, database, examination, machine, operation, publishing, screens
from beffroi_server.doctor import jobs as doctor_jobs
from beffroi_server.doctor.certificates import CertificateFacts
from beffroi_server.doctor.examination import Examination, examine, record_examination
from beffroi_server.doctor.process_notes import NOTE_NAME, ProcessNote, write_json, write_note
from beffroi_server.fleet.models import ScreenState
from beffroi_server.monitoring import finding_texts
from beffroi_server.notifications import conditions
from beffroi_server.notifications.models import Notice, NoticeKind, Way

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def codes(found) -> set[str]:
    return {each.code for each in found}


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory over a folder; only root may."""
    if (
        os.getuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("only root may mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


class TestDisk:
    def test_that_is_well_is_not_mentioned(self, data):
        assert not list(machine.check_disk(machine.read_disk()))

    def test_that_is_full(self, data):
        with mounted(data, "size=1m"):
            (data / "film").write_bytes(b"x" * 1024 * 1000)
            assert codes(machine.check_disk(machine.read_disk())) == {"disk-full"}

    def test_that_is_read_only(self, data):
        with mounted(data, "size=1g,ro"):
            (found,) = machine.check_disk(machine.read_disk())
        assert found.code == "data-not-written"
        assert "Read-only" in str(found.values["problem"])

    def test_that_is_nearly_full(self):
        facts = machine.DiskFacts("/data", disk_space.DiskState.LOW, 1500)
        assert codes(machine.check_disk(facts)) == {"disk-low"}


@pytest.mark.parametrize(
    ("now", "is_disciplined", "uptime_s", "found"),
    [
        (NOW, True, 9_999, set()),
        (NOW, False, 60, set()),
        (NOW, False, 9_999, {"clock-free"}),
        (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), False, 60, {"clock-wrong"}),
    ],
)
def test_the_clock_of_the_machine(now, is_disciplined, uptime_s, found):
    assert codes(machine.check_clock(machine.ClockFacts(now, is_disciplined, uptime_s, "2026b"))) == found


class TestAccess:
    @pytest.fixture(autouse=True)
    def closed(self, data, keyring) -> None:
        data.chmod(0o750)
        for path in Path(django_settings.KEYS).glob("root-*.pem"):
            path.unlink()

    @pytest.mark.parametrize("name", ["keys", "keys/alert.pem", "secret_key", "media"])
    def test_names_what_others_can_read_or_change(self, data, name):
        path = data / name
        if not path.exists():
            path.mkdir() if name == "media" else path.touch(0o600)
        assert str(path) not in machine.read_access().exposed
        path.chmod(0o777)
        facts = machine.read_access()
        assert str(path) in facts.exposed
        assert codes(machine.check_access(facts)) == {"files-exposed"}


class TestLibraries:
    def test_are_all_here(self):
        assert codes(library_check.check_libraries(library_check.read_libraries())) <= {"fribidi-missing"}

    def test_that_are_missing_are_named(self, monkeypatch, tmp_path):
        (tmp_path / "NotoSans-Bold.ttf").write_bytes(b"no font")
        monkeypatch.setattr(library_check, "font_path", lambda name: tmp_path / name)
        monkeypatch.setattr(library_check.features, "check", lambda name: name != "webp")
        monkeypatch.setattr(library_check, "DECODERS", ("h264", "of-tomorrow"))
        monkeypatch.setattr(fonts, "has_raqm", lambda: False)
        found = {each.code: each.values for each in library_check.check_libraries(library_check.read_libraries())}
        assert {"NotoSans-Bold.ttf", "NotoEmoji.ttf"} <= set(str(found["fonts-broken"]["names"]).split(", "))
        assert found["formats-missing"] == {"names": "WebP"}
        assert found["decoders-missing"] == {"names": "of-tomorrow"}
        assert "fribidi-missing" in found


def make_certificate(folder: Path, begins: dt.datetime, ends: dt.datetime) -> Path:
    """Make a certificate for localhost that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begins).not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "certificate.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return path


@contextlib.contextmanager
def tls_server(certificate: Path) -> Iterator[int]:
    """Speak TLS to whoever connects, and hang up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("localhost", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    plain, _address = listening.accept()
                except OSError:
                    return
                with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


class TestCertificates:
    @pytest.mark.parametrize(
        ("from_days", "until_days", "is_trusted", "code"),
        [
            (-90, -1, True, "expired"), (1, 90, True, "expired"), (-60, 5, True, "ending"),
            (-60, 60, False, "untrusted"), (-60, 60, True, ""),
        ],
    )  # fmt: skip
    def test_are_read_from_their_server(self, tmp_path, from_days, until_days, is_trusted, code):
        now = timezone.now()
        path = make_certificate(tmp_path, now + from_days * DAY, now + until_days * DAY)
        context = ssl.create_default_context()
        if is_trusted:
            context.load_verify_locations(path)
        with tls_server(path) as port:
            found = certificates.read_certificate("pages", "localhost", port, context)
        expected = {f"pages-certificate-{code}"} if code else set()
        assert codes(certificates.check_certificates((found,), now)) == expected

    def test_that_nobody_shows_are_unread(self):
        facts = CertificateFacts("broker", "broker.example.org", problem="Connection refused")
        assert codes(certificates.check_certificates((facts,), NOW)) == {"broker-certificate-unread"}

    def test_of_another_name_are_not_trusted(self, tmp_path):
        path = make_certificate(tmp_path, timezone.now() - DAY, timezone.now() + 60 * DAY)
        context = ssl.create_default_context()
        context.load_verify_locations(path)
        with tls_server(path) as port:
            found = certificates.read_certificate("broker", "127.0.0.1", port, context)
        assert "IP address mismatch" in found.distrust


class TestBroker:
    def test_that_is_stopped_is_away(self, settings):
        with socket.create_server(("127.0.0.1", 0)) as free:
            settings.MQTT_PORT = free.getsockname()[1]
        settings.MQTT_HOST = "127.0.0.1"
        (found,) = publishing.check_broker(publishing.read_broker(), is_running=False)
        assert found.code == "broker-away"
        assert f"127.0.0.1:{settings.MQTT_PORT}" in finding_texts.explain(found).fact

    def test_within_the_server_need_not_be_there_while_that_is_stopped(self):
        facts = publishing.BrokerFacts("127.0.0.1:1883", True, away="Connection refused")
        assert not list(publishing.check_broker(facts, is_running=False))
        assert codes(publishing.check_broker(facts, is_running=True)) == {"broker-away"}

    def test_that_manages_no_accounts_refuses_new_players(self):
        facts = publishing.BrokerFacts("broker:1883", False, plugin="the broker does not answer")
        assert codes(publishing.check_broker(facts, is_running=True)) == {"broker-accounts"}


@pytest.mark.django_db
class TestKeys:
    def test_that_are_missing_end_or_lie_here(self, keyring):
        def found(days_before_end: int) -> set[str]:
            return codes(publishing.check_keys(read_key_state(ends_at - days_before_end * DAY)))

        ends_at = read_key_state(NOW).ends_at
        assert ends_at is not None
        assert found(200) == {"root-keys-here"}
        assert found(10) == {"key-list-ending", "root-keys-here"}
        assert found(0) == {"key-list-ended", "root-keys-here"}
        for path in Path(django_settings.KEYS).glob("root-*.pem"):
            path.unlink()
        assert found(200) == set()
        (Path(django_settings.KEYS) / "alert.pem").unlink()
        (missing,) = publishing.check_keys(read_key_state(ends_at - 200 * DAY))
        assert (missing.code, missing.values["roles"]) == ("keys-missing", "alert")

    def test_a_document_that_nobody_acknowledges_is_stuck(self, keyring):
        later = timezone.now() + dt.timedelta(minutes=6)
        assert publishing.read_outbox(timezone.now()).stuck == 0
        assert codes(publishing.check_outbox(publishing.read_outbox(later), is_running=True)) == {"outbox-stuck"}
        OutboxDocument.objects.update(sent_at=timezone.now())
        assert not publishing.read_outbox(later).stuck


@pytest.mark.django_db
class TestDatabase:
    def test_that_is_whole_is_not_mentioned(self, keyring, alice):
        assert not list(database.check_integrity(database.read_integrity()))

    def test_an_audit_trail_that_was_changed(self, keyring, alice):
        AuditEvent.objects.update(subject="somebody else")
        assert codes(database.check_integrity(database.read_integrity())) == {"audit-altered"}

    def test_that_is_damaged(self, monkeypatch):
        monkeypatch.setattr(database, "_sqlite_damage", lambda: "row 3 missing from index")
        monkeypatch.setattr(database, "_postgresql_damage", lambda: "checksum_failures = 1")
        assert codes(database.check_integrity(database.read_integrity())) == {"database-damaged"}


@pytest.mark.django_db
class TestOperation:
    def test_a_server_that_is_stopped(self, data):
        assert codes(operation.check_process(operation.read_process())) == {"server-stopped"}

    def test_a_running_one_tells_of_its_jobs(self, data, monkeypatch):
        lock = create_leader_lock()
        assert lock.acquire()
        try:
            write_note(threading.Event())
            assert not list(operation.check_process(operation.read_process()))
            monkeypatch.setattr(jobs, "OVERDUE_S", -1)
            jobs.expect_jobs([jobs.PeriodicJob("night-backup", 0, lambda _stopping: None)])
            write_note(threading.Event())
            (found,) = operation.check_process(operation.read_process())
            assert found == Finding("jobs-failing", {"names": "night-backup"})
            uptime = machine_clock.uptime_ms()
            monkeypatch.setattr(machine_clock, "uptime_ms", lambda: uptime + 3_600_000)
            assert codes(operation.check_process(operation.read_process())) == {"jobs-stopped"}
        finally:
            jobs.expect_jobs([])
            lock.release()

    def test_a_note_that_cannot_be_read_is_none(self, data):
        (data / NOTE_NAME).write_text('{"version": 1}')
        assert operation.read_process().note is None

    def test_an_update_without_a_restart_and_a_lost_broker(self):
        note = ProcessNote("0.1", "boot", 0, broker="lost")
        facts = operation.ProcessFacts(True, note, 10, "0.2")
        assert codes(operation.check_process(facts)) == {"server-outdated", "broker-lost"}

    def test_a_proxy_that_does_not_answer_is_named_without_its_password(self, settings, data):
        def found() -> list[Finding]:
            return list(operation.check_proxy(operation.read_proxy()))

        settings.OUTSIDE_PROXY = ""
        assert found() == []
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            address = f"127.0.0.1:{proxy.getsockname()[1]}"
            settings.OUTSIDE_PROXY = f"http://town:secret@{address}"
            assert found() == []
        (away,) = found()
        assert (away.code, away.values["address"]) == ("proxy-away", address)
        assert "secret" not in str(away)
        assert "proxy-away" in codes(examine(NOW, is_thorough=False).findings)

    def test_mail_that_does_not_go_out(self, alice, settings):
        settings.EMAIL_HOST = ""
        assert codes(operation.check_mail(operation.read_mail(NOW))) == {"mail-unset"}
        settings.EMAIL_HOST = "mail.example.org"
        mail = {"user": alice, "way": Way.MAIL, "kind": NoticeKind.TEST, "created_at": NOW}
        Notice.objects.create(**mail, problem="There is no mail server", attempted_at=NOW)
        (found,) = operation.check_mail(operation.read_mail(NOW))
        assert (found.code, found.values["problem"]) == ("mail-failing", "There is no mail server")
        Notice.objects.create(**mail, sent_at=NOW)
        assert not list(operation.check_mail(operation.read_mail(NOW)))

    def test_backups_that_are_missing_failed_or_old(self, data, settings):
        def found(now: dt.datetime) -> set[str]:
            return codes(operation.check_backups(operation.read_backups(), now))

        assert found(NOW) == {"backup-none"}
        settings.BACKUP_FOLDER = data / "not-there"
        (first,) = operation.check_backups(operation.read_backups(), NOW)
        assert (first.code, first.values["folder"]) == ("backup-first", str(data / "not-there"))
        settings.BACKUP_FOLDER = ""
        conditions.record_backup(NOW)
        assert not found(NOW + DAY)
        assert found(NOW + 4 * DAY) == {"backup-old"}
        conditions.record_backup(NOW, problem="no room")
        assert found(NOW) == {"backup-failed"}


def test_the_server_examines_itself_now_and_then_and_thoroughly_once_a_day(data, monkeypatch):
    asked = []
    monkeypatch.setattr(doctor_jobs, "run_examination", lambda _stopping, *, is_thorough: asked.append(is_thorough))
    monkeypatch.setattr(doctor_jobs, "_started_at", time.monotonic())
    now = timezone.now()

    def asked_after(age: dt.timedelta, thorough_age: dt.timedelta | None) -> list[bool]:
        asked.clear()
        record_examination(Examination(now - age, now - thorough_age if thorough_age else None, ()))
        doctor_jobs.examine_if_due(threading.Event())
        return asked

    assert asked_after(2 * DAY, 2 * DAY) == []
    monkeypatch.setattr(doctor_jobs, "QUIET_START_S", 0)
    assert asked_after(dt.timedelta(minutes=5), 2 * DAY) == []
    assert asked_after(dt.timedelta(hours=1), dt.timedelta(hours=1)) == [False]
    assert asked_after(dt.timedelta(hours=1), 2 * DAY) == [True]
    assert asked_after(-DAY, DAY / 2) == [False]
    doctor_jobs.ask_for_examination()
    assert asked_after(dt.timedelta(minutes=5), dt.timedelta(minutes=5)) == [False]
    assert asked_after(dt.timedelta(minutes=5), dt.timedelta(minutes=5)) == []


class TestPlayers:
    def player(self, name: str, version: str = "1", ahead: int | None = 0, *, zone: bool = False):
        return screens.PlayerFacts(name, version, ahead, zone, "2025a")

    def test_that_agree_are_not_mentioned(self):
        assert not list(screens.check_players([self.player("Quay"), self.player("School")], "1"))

    def test_that_differ_are_named(self):
        found = screens.check_players([self.player("Quay", "0.9"), self.player("School", zone=True)], "1")
        named = {each.code: each.values["names"] for each in found}
        assert named == {"versions-differ": "Quay", "zone-data-differs": "School"}

    def test_one_wrong_player_does_not_accuse_the_servers_clock_and_most_do(self):
        assert not list(screens.check_players([self.player("a", ahead=900), self.player("b"), self.player("c")], "1"))
        (found,) = screens.check_players([self.player("a", ahead=-60), self.player("b", ahead=-61)], "1")
        assert found.code == "clock-differs"

    @pytest.mark.django_db
    def test_are_read_from_their_reports_however_odd(self, quay):
        ScreenState.objects.update_or_create(screen=quay, defaults={"report": {"version": "7", "at_ms": "?"}})
        quay.enrolled_at = NOW
        quay.save()
        (found,) = screens.read_players()
        assert (found.version, found.network_ahead_s) == ("7", None)


@pytest.mark.django_db
class TestTelling:
    @pytest.fixture(autouse=True)
    def broken(self, keyring, town, settings):
        settings.MQTT_PORT = 1

    def test_every_code_has_texts_whose_values_fit(self):
        every = {
            name: 1 if name in ("free_mb", "minutes", "seconds", "count") else "x"
            for name in (
                "problem", "folder", "free_mb", "day", "address", "host", "now", "seconds", "count", "topics",
                "minutes", "event", "names", "paths", "data", "own", "versions", "running", "installed", "area", "url",
                "database", "roles",
            )
        } | {"day": "2026-12-01"}  # fmt: skip
        for code in finding_texts.CODES:
            told = finding_texts.explain(Finding(code, every))
            assert told.fact
            assert "%(" not in told.fact + told.harm + told.step
        severities = [each.severity for each in finding_texts.TEXTS.values()]
        assert severities == sorted(severities, key=[Severity.FAILURE, Severity.WARNING].index)

    def test_the_command_says_the_greatest_harm_first_in_two_languages(self, capsys, data):
        (Path(django_settings.KEYS) / "alert.pem").unlink()
        assert main(["doctor", "--quick", "--language", "en"]) == 3
        said = capsys.readouterr().out
        assert said.startswith("1. Failure: A signing key is missing")
        assert "root-1.pem" in said
        assert main(["doctor", "--quick", "--json", "--language", "fr", "--record"]) == 3
        found = json.loads(capsys.readouterr().out)
        assert found["findings"][0]["code"] == "keys-missing"
        assert found["readings"]["is_running"] is False
        recorded = examination.read_examination()
        assert recorded is not None
        assert [each.code for each in recorded.findings] == [each["code"] for each in found["findings"]]

    def test_an_area_that_cannot_be_looked_at_is_said_and_the_rest_goes_on(self, monkeypatch):
        def broken() -> machine.AccessFacts:
            raise PermissionError("keys")

        monkeypatch.setattr(machine, "read_access", broken)
        found = {each.code: each.values for each in examine(timezone.now(), is_thorough=False).findings}
        assert found["not-looked-at"]["area"] == "access"
        assert "server-stopped" in found

    def test_what_only_a_thorough_look_finds_stays_until_the_next(self, monkeypatch):
        monkeypatch.setattr(machine.sandbox_probe, "reachable_things", lambda *_: ["the network"])
        record_examination(examine(timezone.now(), is_thorough=True))
        assert "confinement-open" in codes(examine(timezone.now(), is_thorough=False).findings)

    def test_pages_and_health_say_the_same(self, client: Client, charlie, alice):
        record_examination(Examination(NOW, None, (Finding("backup-none"),), {"version": "1", "last_backup_at": None}))
        client.force_login(charlie)
        assert 'data-code="backup-none"' in client.get("/attention/").content.decode()
        answer = client.get("/health/ready").json()
        assert [each["code"] for each in answer["findings"]] == ["backup-none"]
        client.force_login(alice)
        assert "backup-none" not in client.get("/attention/").content.decode()

    def test_a_record_of_a_later_version_is_read_as_far_as_it_is_known(self, data):
        rows = [{"code": "of-tomorrow", "values": {}}, {"code": "mail-unset", "values": {}}]
        later = {"at": NOW.isoformat(), "thorough_at": None, "findings": rows, "readings": {}}
        write_json(data / examination.RECORD_NAME, later)
        found = examination.read_examination()
        assert found is not None
        assert [each.code for each in found.findings] == ["mail-unset"]
