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
        ("BEFFROI_DATA", "/proc/x", r"/proc/x/secret_key cannot be used: .* Set BEFFROI_DATA to a folder"),
        ("BEFFROI_DATA", "/etc/passwd", "Set BEFFROI_DATA to a folder"),
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
    run = subprocess.run(
        [sys.executable, "-m", "beffroi_server", *arguments],
        capture_output=True, text=True, check=False, cwd="/",
        env={"BEFFROI_DATA": str(data), "PATH": "/usr/bin:/bin", "HOME": "/", **more},
    )  # fmt: skip
    return run.returncode, run.stderr


def test_a_command_with_wrong_settings_ends_with_one_sentence():
    code, said = run_command("/proc/x", "doctor")
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("beffroi-server: /proc/x/secret_key cannot be used")


def test_a_command_without_a_database_says_how_to_begin(tmp_path):
    code, said = run_command(tmp_path, "link")
    assert code == 1
    assert said == (
        f"beffroi-server: there is no town in the database {tmp_path}/beffroi.sqlite3 yet: set BEFFROI_DATA to the "
        "folder of the town, or begin one by “beffroi-server init --town NAME”\n"
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_needs_a_town(db, capsys, arguments):
    assert cli.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("beffroi-server: there is no town in the database ")
    assert said.endswith("begin one by “beffroi-server init --town NAME”\n")


def test_a_folder_that_cannot_be_written_is_named(town, capsys):
    assert cli.main(["broker-files", "/proc/x"]) == 1
    assert "/proc/x: No such file or directory" in capsys.readouterr().err
