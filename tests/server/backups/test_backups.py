"""Backups of a town with an alert on, taken out again on another machine; damage, other towns, keys."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone
from tests.support.made_once import migrated_database, new_town_data

from beffroi_server.__main__ import main
from beffroi_server.accounts import audit
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import AuditEvent, UserRole
from beffroi_server.backups import encryption, jobs, restoration_note, restoring, writing
from beffroi_server.backups.layout import BackupFault, list_backups, media_file, read_record
from beffroi_server.backups.restoration_note import RestorationNote
from beffroi_server.notifications.models import RecordedCondition

MEDIA = 4
"""Files of two pictures: as they came, and as they are shown."""
FILL = """
import io, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "beffroi_server.settings"
django.setup()
from PIL import Image
from beffroi_server.accounts.models import User
from beffroi_server.alerts import services as alerts
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.library import services as library
admin = User.objects.get()
Screen.objects.create(slug="hall", name="Hall", screen_class=ScreenClass.objects.first())
for colour in ("red", "blue"):
    picture = io.BytesIO()
    Image.new("RGB", (640, 360), colour).save(picture, "PNG")
    picture.seek(0)
    library.add_image(picture, name=colour, user=admin)
alerts.broadcast_alert(level="alert", title="Crue", source="Mairie", targets=EVERYWHERE,
                       duration_min=600, user=admin)
"""


BACK_UP_AN_EARLIER_VERSION = """
import datetime as dt, os, sys, django
from pathlib import Path
os.environ["DJANGO_SETTINGS_MODULE"] = "beffroi_server.settings"
django.setup()
from django.core.management import call_command
from beffroi_server.backups import writing
# Nothing depends on the last migration of this package, which adds a constraint.
call_command("migrate", "account", "0008", verbosity=0)
writing.make_backup(Path(sys.argv[1]), dt.datetime.now(dt.UTC), keep=1)
"""


class Machine:
    """A data folder, and the command line for it."""

    def __init__(self, data: Path, url: str = "http://127.0.0.1:8000") -> None:
        self.data = data
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BEFFROI_")}
        self.environment = {**kept, "BEFFROI_DATA": str(data), "BEFFROI_URL": url}

    def run(self, *arguments: object, code: int = 0) -> str:
        """Run a command; return what it said, of which the end is compared."""
        done = self._python("-m", "beffroi_server", *map(str, arguments))
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def fill(self) -> None:
        done = self._python("-c", FILL)
        assert done.returncode == 0, done.stderr

    def back_up_as_an_earlier_version(self, folder: Path) -> Path:
        done = self._python("-c", BACK_UP_AN_EARLIER_VERSION, str(folder))
        assert done.returncode == 0, done.stderr
        return list_backups(folder)[0]

    def titles(self) -> list[tuple[str]]:
        return self._query("SELECT title FROM alerts_alert")

    def events(self, action: str) -> list[dict[str, object]]:
        """Return the details of the events of an action in the audit trail."""
        found = self._query("SELECT detail FROM accounts_auditevent WHERE action = ? AND actor = ''", action)
        return [json.loads(detail) for (detail,) in found]

    def _query(self, query: str, *values: str) -> list[tuple[str]]:
        with closing(sqlite3.connect(self.data / "beffroi.sqlite3")) as database:
            return database.execute(query, values).fetchall()

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Machine:
    """A town with a screen, two pictures and an alert that is on."""
    machine = Machine(shutil.copytree(new_town_data(tmp_path_factory), tmp_path_factory.mktemp("town") / "data"))
    machine.fill()
    return machine


@pytest.fixture(scope="module")
def kept(town, tmp_path_factory) -> Path:
    """Its backup, which no test changes."""
    folder = tmp_path_factory.mktemp("backups")
    town.run("backup", folder)
    return list_backups(folder)[0]


@pytest.fixture
def backup(kept, tmp_path) -> Path:
    """A copy of its backup, for tests that do harm to it."""
    return shutil.copytree(kept.parent, tmp_path / "backups") / kept.name


@pytest.fixture
def other(tmp_path) -> Machine:
    """Another machine, with nothing on it."""
    return Machine(tmp_path / "other" / "data")


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_backup_is_restored_on_another_machine_with_the_alert_that_is_on(kept, town, other):
    said = other.run("restore", kept)

    assert "Saint-Aubin (saint-aubin) is restored" in said
    assert other.titles() == town.titles() == [("Crue",)]
    for name in ("keys/alert.pem", "secret_key"):
        assert (other.data / name).read_bytes() == (town.data / name).read_bytes()
        assert (other.data / name).stat().st_mode & 0o077 == 0
    pictures = {path.name for path in (town.data / "media").glob("??/*")}
    assert {path.name for path in (other.data / "media").glob("??/*")} == pictures
    assert len(pictures) == MEDIA
    assert not list(other.data.glob(f"{writing.SCRATCH_PREFIX}*"))
    # Root keys are for drawers; a server runs without them.
    assert not list((other.data / "keys").glob("root-*"))
    assert other.run("link").startswith("http")
    # The trail that was restored tells of it, and that of the former machine of the backup; each once.
    [restored] = other.events("town-restored")
    assert restored["backup"] == str(kept)
    assert dt.datetime.fromisoformat(str(restored["backup_of"])) == read_record(kept).made_at
    assert not other.events("town-backed-up")
    assert {"path": str(kept), "is_encrypted": False} in town.events("town-backed-up")
    assert "is whole" in other.run("backup-verify", _backed_up(other))


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(town, other, tmp_path):
    before = Machine(shutil.copytree(town.data, tmp_path / "before" / "data"))
    backup = before.back_up_as_an_earlier_version(tmp_path / "backups")

    said = other.run("restore", backup)

    assert "bringing the database of an earlier version up to date" in said
    assert other.titles() == [("Crue",)]
    assert len(other.events("town-restored")) == 1
    assert "http" in other.run("link")


def _backed_up(machine: Machine) -> Path:
    """Back a machine up as it does at night, which is no event of the trail; return where."""
    folder = machine.data.parent / "nights"
    machine.run("backup", folder, "--of-the-night")
    assert not machine.events("town-backed-up")
    return list_backups(folder)[0]


def test_a_backup_is_verified_by_being_tried(kept, other):
    other.data.mkdir(parents=True)
    said = other.run("backup-verify", kept)
    assert f"is whole: Saint-Aubin, 1 screen, 0 announcements, {MEDIA} files" in said
    assert "Saint-Aubin (saint-aubin)" in other.run("backup-list", kept.parent)


def test_damage_is_found_and_named(backup, settings, tmp_path):
    settings.DATA = tmp_path
    damaged = next((backup.parent / "media").glob("??/*"))
    spoil(damaged)
    assert restoring.verify_backup(backup, None).damaged == (damaged.name,)

    spoil(backup / "database.sqlite3")
    with pytest.raises(BackupFault, match=r"database\.sqlite3 is damaged"):
        restoring.verify_backup(backup, None)


def test_only_who_has_the_key_opens_an_encrypted_backup(town, other, tmp_path):
    folder, key, wrong = tmp_path / "backups", tmp_path / "key.txt", tmp_path / "wrong.txt"
    recipient = encryption.create_identity(key)
    encryption.create_identity(wrong)
    town.run("backup", folder, "--recipient", recipient)
    [backup] = list_backups(folder)

    stored = b"".join(path.read_bytes() for path in folder.rglob("*.age"))
    assert len(list(folder.rglob("*.age"))) == MEDIA + 2
    # Long enough that encrypted bytes, which look like chance, never hold them.
    assert not any(plain in stored for plain in (b"SQLite format 3", b"PRIVATE KEY", b"\x89PNG\r\n\x1a\n"))
    with pytest.raises(BackupFault, match="give the file of its key with --identity"):
        restoring.verify_backup(backup, None)
    assert "the key is not the one" in other.run("restore", backup, "--identity", wrong, code=1)
    assert not (other.data / "beffroi.sqlite3").exists() or not (other.data / "keys").exists()

    other.run("restore", backup, "--identity", key)

    assert other.titles() == [("Crue",)]
    # What can be read by nobody else may hold the root keys, too.
    assert (other.data / "keys/root-1.pem").read_bytes() == (town.data / "keys/root-1.pem").read_bytes()


def test_a_town_is_put_aside_only_when_asked_and_never_while_its_server_runs(kept, other, tmp_path_factory):
    other.data.mkdir(parents=True)
    shutil.copy(migrated_database(tmp_path_factory), other.data)
    other.run("init", "--town", "Autre", "--site", "autre")
    assert "already holds a town. With --replace" in other.run("restore", kept, code=1)
    with (other.data / "leader.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "the server is running: stop it first" in other.run("restore", kept, "--replace", code=1)

    other.run("restore", kept, "--replace")

    [aside] = other.data.glob("replaced-*")
    assert [event["put_aside"] for event in other.events("town-restored")] == [str(aside)]
    assert (aside / "beffroi.sqlite3").exists()
    assert (aside / "keys/root-1.pem").exists()
    assert other.titles() == [("Crue",)]
    assert "holds backups of saint-aubin, not of" in Machine(aside).run("backup", kept.parent, code=1)


def test_a_file_that_is_no_database_any_more_is_put_aside_as_the_doctor_says(kept, other):
    other.data.mkdir(parents=True)
    (other.data / "beffroi.sqlite3").write_bytes(b"no database" * 1000)
    assert "With --replace it is put aside" in other.run("restore", kept, code=1)

    other.run("restore", kept, "--replace")

    assert other.titles() == [("Crue",)]
    assert next(other.data.glob("replaced-*/beffroi.sqlite3")).read_bytes().startswith(b"no database")


def test_older_backups_go_and_media_that_none_of_those_left_names(backup, town):
    folder = backup.parent
    stray = media_file(folder, "", "0" * 64)
    stray.parent.mkdir()
    stray.write_bytes(b"of a backup that is gone")
    (folder / ".incomplete-2026-01-01T000000Z").mkdir()

    said = town.run("backup", folder, "--keep", "1")

    [left] = list_backups(folder)
    assert left != backup
    assert f"removed {backup}" in said
    assert f"{MEDIA} files (0 new)" in said
    assert not stray.exists()
    assert not list(folder.glob(".incomplete*"))
    assert all(media_file(folder, "", sha256).exists() for sha256 in read_record(left).media)


def test_a_file_that_is_missing_is_named_and_the_rest_is_kept(town, tmp_path):
    data = shutil.copytree(town.data, tmp_path / "copy")
    missing = next((data / "media").glob("??/*"))
    missing.unlink()

    said = Machine(data).run("backup", tmp_path / "backups", code=1)

    assert f"The database names 1 file that the media folder does not have: {missing.name[:12]}" in said
    assert len(read_record(list_backups(tmp_path / "backups")[0]).media) == MEDIA - 1


def test_a_folder_that_is_no_backup_is_refused_with_those_that_are(backup):
    with pytest.raises(BackupFault, match=f"Name one of the backups in it: {backup.name}"):
        read_record(backup.parent)
    record = json.loads((backup / "backup.json").read_text())
    (backup / "backup.json").write_text(json.dumps({**record, "format": 2, "version": "9.0"}))
    with pytest.raises(BackupFault, match=r"made by a later version, 9\.0: install that version first"):
        read_record(backup)
    (backup / "backup.json").write_text("{")
    with pytest.raises(BackupFault, match=r"backup\.json is damaged"):
        read_record(backup)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("last", "is_due"),
    [
        (None, True),
        ("2026-11-30T02:41+01:00", False),
        ("2026-11-29T23:00+01:00", True),
        ("failed 2026-11-30T09:30+01:00", False),
        ("failed 2026-11-30T08:30+01:00", True),
    ],
)
def test_a_backup_is_due_every_night_and_an_hour_after_one_that_failed(town_row, last, is_due):
    now = dt.datetime.fromisoformat("2026-11-30T10:00+01:00")
    row = None
    if last is not None:
        at = dt.datetime.fromisoformat(last.removeprefix("failed "))
        row = RecordedCondition(at=at, failed_since=at if last.startswith("failed") else None)
    assert jobs.is_due(now, row) is is_due


@pytest.fixture
def town_row(db) -> None:
    """A town that lives by the clock of Paris."""
    accounts.ensure_town("Saint-Aubin", site="saint-aubin", time_zone="Europe/Paris")


def test_a_backup_that_fails_at_night_is_told(town_row, settings, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    settings.BACKUP_FOLDER = str(tmp_path / "file")

    jobs.back_up_if_due(threading.Event())

    row = RecordedCondition.objects.get(pk="backup")
    assert row.reason == "failed"
    assert row.detail["problem"]
    assert timezone.now() - row.at < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", r"restored from a backup, by a command on the server, all that belongs to .*\(backup of 30 November"),
     ("fr", r"a restauré d’une sauvegarde, par une commande .*\(sauvegarde du 30 novembre")],
)  # fmt: skip
def test_a_restoration_waits_for_a_database_that_is_brought_up_to_date(
    town_row, settings, tmp_path, client, capsys, language, words
):
    """One of an earlier version cannot be written before: the first command that works on the town does it, once."""
    settings.DATA = tmp_path
    admin = accounts.create_user("dora", UserRole.ADMINISTRATOR)
    note = RestorationNote(
        restored_at=timezone.now(), backup_of=dt.datetime(2025, 11, 30, 2, 40, tzinfo=dt.UTC), backup="/backups/x"
    )
    for _again in range(2):
        restoration_note.leave_note(note)
        assert main(["link"]) == 0

    assert AuditEvent.objects.filter(action="town-restored").count() == 1
    assert audit.verify_chain()
    assert not (tmp_path / restoration_note.NOTE_NAME).exists()
    client.force_login(admin)
    page = client.get("/audit/", headers={"Accept-Language": language}).content.decode()
    assert re.search(words, page, re.DOTALL)


@pytest.mark.parametrize("content", [b"{", b"x" * 100_000])
def test_a_note_of_a_restoration_that_is_damaged_is_in_nobodys_way(town_row, settings, tmp_path, capsys, content):
    settings.DATA = tmp_path
    (tmp_path / restoration_note.NOTE_NAME).write_bytes(content)
    accounts.create_user("dora", UserRole.ADMINISTRATOR)

    assert main(["link"]) == 0


def test_a_restoration_that_cannot_be_recorded_now_keeps_no_server_away(
    town_row, settings, tmp_path, capsys, monkeypatch
):
    settings.DATA = tmp_path
    accounts.create_user("dora", UserRole.ADMINISTRATOR)
    now = timezone.now()
    restoration_note.leave_note(RestorationNote(restored_at=now, backup_of=now, backup="/backups/x"))
    with monkeypatch.context() as full:
        full.setattr(restoration_note, "serialised", _refuse_to_write)
        assert main(["link"]) == 0
    assert not AuditEvent.objects.filter(action="town-restored").exists()

    assert main(["link"]) == 0

    assert AuditEvent.objects.filter(action="town-restored").count() == 1


def _refuse_to_write():
    raise OperationalError("database or disk is full")
