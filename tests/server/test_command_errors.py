"""Errors of the command line: each names the thing, the reason and the next step, also where settings are wrong."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

import beffroi_server.settings
from beffroi_server import cli

SETTINGS = beffroi_server.settings.__file__
COMMANDS = [["link"], ["link", "nobody"], ["user", "add", "x"], ["plays"], ["plays", "nobody"], ["broker-files", "x"]]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BEFFROI_TIME_ZONE", "Mars", "'Mars': give one such as Europe/Paris"),
        ("BEFFROI_TIME_ZONE", "../Paris", "give one such as Europe/Paris"),
        ("BEFFROI_TIME_ZONE", "", "give one such as Europe/Paris"),
        ("BEFFROI_MQTT_PORT", "x", "BEFFROI_MQTT_PORT is 'x': give a whole number"),
        ("BEFFROI_MQTT_PORT", "70000", "give a number from 1 to 65535"),
        ("BEFFROI_MQTT_TLS", "maybe", "give 1 or 0"),
        ("BEFFROI_URL", "screens.example.org", "such as https://screens.example.org"),
        ("BEFFROI_URL", "ftp://x", "such as https://screens.example.org"),
        ("BEFFROI_URL", "http://x:99999", "such as https://screens.example.org"),
        ("BEFFROI_LOG_LEVEL", "loud", "give one of DEBUG, INFO"),
        ("BEFFROI_FEED_NETWORKS", "10.1.2", "Write it as 10.1.2.0/24"),
        ("BEFFROI_WEBHOOK_NETWORKS", "10.1.2", "Write it as 10.1.2.0/24"),
        ("BEFFROI_MAIL_SECURITY", "ssl", "give one of starttls, tls, none"),
        ("BEFFROI_MAIL_FROM", "Mairie <a@b.fr>", r"give an address such as screens@example\.org"),
        ("BEFFROI_MQTT_PASSWORD_FILE", "/nowhere/password", "BEFFROI_MQTT_PASSWORD_FILE is /nowhere/password"),
    ],
)
def test_a_wrong_setting_is_named_with_how_to_write_it(monkeypatch, tmp_path, name, value, said):
    monkeypatch.setenv("BEFFROI_DATA", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        runpy.run_path(SETTINGS)


def test_a_setting_that_is_empty_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BEFFROI_DATA", "")
    assert runpy.run_path(SETTINGS)["DATA"] == tmp_path / ".local/share/beffroi-server"


def run_command(data: Path | str, *arguments: str, **more: str) -> tuple[int, str]:
    run = run_quietly(data, *arguments, **more)
    return run.returncode, run.stderr


def run_quietly(data: Path | str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "beffroi_server", *arguments],
        capture_output=True, text=True, check=False, cwd="/",
        env={"BEFFROI_DATA": str(data), "PATH": "/usr/bin:/bin", "HOME": "/", **more},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "terminal", "said"),
    [
        (["doctor"], "C.UTF-8", "BEFFROI_MQTT_PORT is 'x': give a whole number (docs/settings.md lists all settings)"),
        (["run"], "fr_FR.UTF-8", "BEFFROI_MQTT_PORT vaut 'x'"),
        (["doctor", "--language", "fr"], "C.UTF-8", "BEFFROI_MQTT_PORT vaut 'x'"),
        (["doctor", "--language=en"], "fr_FR.UTF-8", "BEFFROI_MQTT_PORT is 'x'"),
    ],
)
def test_a_command_with_wrong_settings_ends_with_one_sentence_in_the_operators_language(
    tmp_path, arguments, terminal, said
):
    code, told = run_command(tmp_path, *arguments, BEFFROI_MQTT_PORT="x", LANG=terminal)
    assert (code, told.count("\n")) == (1, 1)
    assert told.startswith(f"beffroi-server: {said}")


@pytest.mark.parametrize("data", ["/proc/x", "/etc/passwd"])
def test_a_data_folder_that_cannot_be_made_is_named(data):
    code, said = run_command(data, "init", "--town", "Saint-Aubin")
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"beffroi-server: {data}/secret_key cannot be used: ")
    assert "Set BEFFROI_DATA to a folder that this account may write to" in said


@pytest.mark.parametrize(("arguments", "name"), [(["run"], "mistyped"), (["doctor"], "mistyped"), (["doctor"], "")])
def test_a_command_without_a_database_says_how_to_begin_and_makes_nothing(data, arguments, name):
    run = run_quietly(data / name, *arguments)
    assert run.returncode == (3 if "doctor" in arguments else 1)
    said = run.stdout if "doctor" in arguments else run.stderr
    assert f"There is no database {data / name / 'beffroi.sqlite3'}." in said
    assert "Set BEFFROI_DATA to the folder of the town, or begin one: beffroi-server init --town NAME." in said
    assert not list(data.iterdir())


def test_the_doctor_changes_nothing_of_a_database_without_a_town(data):
    (data / "beffroi.sqlite3").touch()
    assert "There is no town in the database" in run_quietly(data, "doctor", "--quick").stdout
    assert [path.name for path in data.iterdir()] == ["beffroi.sqlite3"]


def test_a_broken_file_of_the_database_is_told_with_the_backup_to_restore(tmp_path):
    (tmp_path / "beffroi.sqlite3").write_bytes(b"no database" * 1000)
    for arguments in (["doctor", "--quick"], ["link"]):
        run = run_quietly(tmp_path, *arguments)
        said = run.stdout + run.stderr
        assert "file is not a database" in said
        assert "beffroi-server restore --replace" in said
        assert "POSTGRES" not in said


def test_the_key_of_sessions_is_made_once_and_for_its_owner_alone(data, town, capsys):
    assert cli.main(["user", "add", "nina"]) == 0
    kept = data / "secret_key"
    before = kept.read_text()
    assert len(before) > 40
    assert kept.stat().st_mode & 0o777 == 0o600
    assert cli.main(["user", "add", "omar"]) == 0
    assert kept.read_text() == before
    assert [path.name for path in data.glob(".secret_key*")] == []


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_needs_a_town(db, capsys, arguments):
    assert cli.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("beffroi-server: There is no town in the database ")
    assert said.endswith("begin one: beffroi-server init --town NAME.\n")


def test_a_folder_that_cannot_be_written_is_named(town, capsys):
    assert cli.main(["broker-files", "/proc/x"]) == 1
    assert "/proc/x: No such file or directory" in capsys.readouterr().err
