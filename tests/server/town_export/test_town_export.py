"""Exports of a town that has made something of every kind, read as a stranger would read them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import stat
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from django.db import connection
from django.utils import timezone, translation

from beffroi_server.accounts import audit
from beffroi_server.accounts.audit_verification import main as verify_trail
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts.models import Alert
from beffroi_server.cli import main
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import Announcement, Asset, MediaItem
from beffroi_server.schedule.models import Playlist
from beffroi_server.town_export import records, writing
from beffroi_server.town_export.kinds import KINDS

FILM = b"a film"
pytestmark = pytest.mark.django_db(transaction=True)


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name.partition("/")[2]: packed.read(name) for name in packed.namelist()}


def table(text: str, separator: str = ";") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=separator))


def test_everything_is_in_it_and_whole(full_town, export):
    made = export()

    assert made.problems == ()
    for kind in KINDS:
        rows = made.rows(kind.name)
        assert rows, f"the town of the tests lacks {kind.name}"
        assert list(rows[0]) == list(table(made.text(f"tables/{kind.name}.csv"))[0])
        schema = json.loads(made.files[f"schemas/{kind.name}.schema.json"])
        for row in rows:
            jsonschema.validate(row, schema)
    sums = dict(reversed(line.split("  ", 1)) for line in made.text("SHA256SUMS").splitlines())
    assert set(sums) == set(made.files) - {"SHA256SUMS"}
    assert all(hashlib.sha256(made.files[name]).hexdigest() == digest for name, digest in sums.items())
    manifest = json.loads(made.files["manifest.json"])
    assert {each["path"] for each in manifest["files"]} == set(made.files) - {"SHA256SUMS", "manifest.json"}
    assert manifest["rows"]["screens"] == 2
    assert manifest["problems"] == []


def test_announcements_have_their_languages_places_and_versions(full_town, export, square_item):
    made = export()

    (row,) = (each for each in made.rows("announcements") if each["title"] == "Marché de Noël")
    assert row["translations"][0]["title"] == "Weihnachtsmarkt"
    assert row["placement"]["groups"] == ["harbour"]
    assert (row["label"], row["tags"], row["created_by"], row["picture"]) == (
        "Fêtes", ["hiver"], "alice", square_item.pk,
    )  # fmt: skip
    versions = [each for each in made.rows("announcement-versions") if each["announcement"] == row["id"]]
    assert versions[0]["values"]["body"] == "Place du Marché"


def test_images_and_videos_are_files_under_names_that_every_system_takes(full_town, export, square_item):
    made = export()

    image, film = made.rows("media")
    (file,) = image["files"]
    assert file["path"] == f"media/{square_item.pk:05d} Square{Path(file['path']).suffix}"
    assert made.files[file["path"]] == media_path(square_item.picture_id).read_bytes()
    assert [each["role"] for each in film["files"]] == ["image", "video"]
    assert made.files[film["files"][1]["path"]] == FILM
    assert all("Film- la fête - 2026" in each["path"] and each["path"] in made.files for each in film["files"])


def test_alerts_have_dossiers_and_the_audit_trail_can_be_verified(full_town, export, tmp_path):
    made = export()

    alert = Alert.objects.get()
    dossier = json.loads(made.files[f"dossiers/{alert.pk}.json"])
    assert (dossier["format"], dossier["groups"]) == ("beffroi-alert-dossier", None)
    assert {each["screen"]: each["state"] for each in dossier["texts"][0]["screens"]}["hall"] == "shown"
    (receipt,) = table(made.text("alert-receipts.csv"))
    assert (receipt["screen"], receipt["alert"]) == ("hall", str(alert.pk))
    trail = tmp_path / "trail.jsonl"
    trail.write_bytes(made.files["audit-trail.jsonl"])
    assert verify_trail([str(trail)]) == 0


def test_proof_of_play_has_sums_by_day_and_every_play(full_town, export):
    made = export()

    plays = table(made.text("plays/hall.csv"))
    assert [(each["number"], each["name"], each["lasted_ms"]) for each in plays] == [
        ("1", "Marché de Noël", "10000"), ("2", "Marché de Noël", "10000"),
    ]  # fmt: skip
    (day,) = table(made.text("plays/daily-totals.csv"))
    assert (day["Contenu"], day["Secondes"]) == ("Marché de Noël", "20")
    assert "plays/quay.csv" not in made.files


def test_plays_are_never_all_in_memory(hall):
    PlayRecord.objects.bulk_create(
        PlayRecord(screen=hall, number=number, started_at=timezone.now(), lasted_ms=1, frame="ab" * 32, chain="cd" * 32)
        for number in range(20_000)
    )
    tracemalloc.start()
    try:
        size = sum(map(len, records.play_table(hall, {})))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size > 4_000_000
    assert peak < size / 2


def test_the_text_for_people_is_in_the_language_of_the_town(full_town, export):
    text = export().text("README.txt")

    assert text.startswith("Export de Saint-Aubin\n")
    assert "- users (2): utilisateurs" in text
    assert "Ce qui manque" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_it_is_for_one_account_alone(full_town, export):
    assert stat.S_IMODE(export().path.stat().st_mode) == 0o600


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(full_town, tmp_path, square_item, capsys):
    odd, other = Announcement.objects.order_by("created_at", "pk")
    Announcement.objects.filter(pk=odd.pk).update(translations=[{"x": 1}])
    broken = Playlist.objects.get(name="Soir")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE schedule_playlist SET updated_at = 'hier' WHERE id = %s", [broken.pk])
    media_path(square_item.picture_id).unlink()
    media_path(hashlib.sha256(FILM).hexdigest()).write_bytes(b"other")

    assert main(["export", str(tmp_path / "town.zip")]) == 1

    said = capsys.readouterr().err
    assert f"announcements {odd.pk}" in said
    assert "“Square”: son fichier manque" in said
    assert "“Film: la fête / 2026”: son fichier est endommagé" in said
    files = unpacked(tmp_path / "town.zip")
    assert [row["id"] for row in json.loads(files["json/announcements.json"])] == [str(other.pk)]
    if connection.vendor == "sqlite":
        assert f"playlists {broken.pk}: " in said
        assert [row["name"] for row in json.loads(files["json/playlists.json"])] == ["Everywhere"]
    assert "Ce qui manque" in files["README.txt"].decode()
    assert len(json.loads(files["manifest.json"])["problems"]) >= 4


def test_a_statement_that_the_database_refuses_spoils_nothing_else(full_town, tmp_path, monkeypatch, capsys):
    def refused(*_: object) -> bytes:
        with connection.cursor() as cursor:
            cursor.execute("SELECT damaged FROM alerts_alert")
        return b""

    def refused_in_between(*_: object) -> Iterator[bytes]:
        yield b"the first line\n"
        yield refused()

    monkeypatch.setattr(records, "dossier_of", refused)
    monkeypatch.setattr(records, "receipt_table", refused_in_between)

    assert main(["export", str(tmp_path / "town.zip")]) == 1

    files = unpacked(tmp_path / "town.zip")
    assert files["alert-receipts.csv"] == b"the first line\n"
    assert [name for name in files if name.startswith("dossiers/")] == []
    events = AuditEvent.objects.exclude(action="town-exported").count()
    assert json.loads(files["audit-trail.jsonl"].splitlines()[-1]) == {"events": events}
    assert any(name.startswith("plays/") and len(content.splitlines()) > 1 for name, content in files.items())
    problems = json.loads(files["manifest.json"])["problems"]
    assert sorted({each.partition("/")[0].partition(":")[0] for each in problems}) == ["alert-receipts.csv", "dossiers"]


def test_it_is_of_one_instant_and_holds_nobody_up(full_town, export):
    def write_meanwhile(line: str) -> None:
        if line == "announcements":
            thread = threading.Thread(target=write)
            thread.start()
            thread.join(timeout=10)
            assert not thread.is_alive()

    def write() -> None:
        Announcement.objects.update(title="Trop tard")
        connection.close()

    made = export(write_meanwhile)

    assert {each["title"] for each in made.rows("announcements")} == {"Marché de Noël", "La piscine rouvre lundi"}
    assert Announcement.objects.filter(title="Trop tard").count() == 2
    Announcement.objects.update(title="Encore")


def test_an_export_that_fails_leaves_nothing(full_town, tmp_path):
    def fail(line: str) -> None:
        if line == "users":
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        writing.make_export(tmp_path, timezone.now(), fail)

    assert list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*")) == []
    assert not AuditEvent.objects.filter(action="town-exported").exists()


@pytest.mark.parametrize(
    ("target", "said"),
    [("old.zip", "is there already"), ("none/town.zip", "make it first"), ("town", "ends with .zip")],
)
def test_where_it_goes_is_checked_first(town, tmp_path, capsys, target, said):
    (tmp_path / "old.zip").write_bytes(b"")

    assert main(["export", str(tmp_path / target)]) == 1

    assert said in capsys.readouterr().err
    assert (tmp_path / "old.zip").read_bytes() == b""


def test_a_disk_without_room_is_refused_first(full_town, tmp_path, capsys):
    Asset.objects.update(size=2**60)

    assert main(["export", str(tmp_path)]) == 1

    assert "there is no room" in capsys.readouterr().err


def test_the_command_speaks_one_language(full_town, tmp_path, capsys):
    with translation.override("fr"):
        assert main(["export", str(tmp_path)]) == 0
    assert re.search(
        r"\d[kM]B, for your account alone", capsys.readouterr().out.replace("\N{NARROW NO-BREAK SPACE}", "")
    )


def test_the_command_says_where_it_is_and_shows_how_far_it_is(full_town, tmp_path, capsys):
    assert main(["export", str(tmp_path)]) == 0

    said = capsys.readouterr()
    (path,) = tmp_path.glob("saint-aubin-*.zip")
    assert said.out.startswith(f"{path}: ")
    assert "· announcements\n" in said.err
    assert MediaItem.objects.count() == 2


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "exported, by a command on the server, all that was made by"),
     ("fr", "a exporté, par une commande sur le serveur, tout ce qu’a créé")],
)  # fmt: skip
def test_the_audit_trail_tells_of_it(full_town, tmp_path, client, dora, language, words):
    assert main(["export", str(tmp_path / "town.zip")]) == 0

    event = AuditEvent.objects.order_by("-pk")[0]
    with zipfile.ZipFile(tmp_path / "town.zip") as packed:
        files = len(packed.namelist())
    assert (event.actor, event.action, event.subject) == ("", "town-exported", "Saint-Aubin")
    assert (event.detail["file"], event.detail["files"]) == ("town.zip", files)
    assert audit.verify_chain()
    client.force_login(dora)
    page = client.get("/audit/", headers={"Accept-Language": language}).content.decode()
    assert words in page
    assert re.search(rf"\({event.detail['rows']} \w+ \w+ {files} \w+\)", page)
