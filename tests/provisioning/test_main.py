"""The command: what it writes, what it prints, what it refuses."""

import pytest

from beffroi_content.wire.access import mosquitto_lines
from beffroi_content.wire.limits import packet_limit
from beffroi_player.outputs.led.controller import LedTarget
from beffroi_provisioning import mosquitto
from beffroi_provisioning.__main__ import main

SITE = "saint-aubin"


def written(folder, *options):
    assert main(["mosquitto", "--site", SITE, "--out", str(folder), *map(str, options)]) == 0
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_without_a_command_says_which_there_are(capsys):
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["mosquitto", "units"])
def test_every_command_explains_its_options(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "--out" in capsys.readouterr().out


@pytest.mark.parametrize(
    "address",
    [
        "fullscreen",
        "ddp://192.168.1.40",
        "artnet://panel.example:6454?universe=2",
        "sacn://multicast?universe=1&gamma=2.2",
    ],
)
def test_the_unit_of_a_player_shows_its_frames_where_it_was_said(tmp_path, address):
    assert main(["units", "--out", str(tmp_path), "--output", address]) == 0
    unit = (tmp_path / "beffroi-player.service").read_text()
    assert f" --output {address}\n" in unit
    assert ("tty1" in unit) == (address == "fullscreen")
    if address != "fullscreen":
        LedTarget.parse_address(address)


@pytest.mark.parametrize(
    "address", ["", "window", "ddp://", "ddp://a b", "http://x", "ddp://%i", "ddp://$HOME", "ddp://x\nUser=root"]
)
def test_what_is_no_output_is_refused_with_how_to_write_one(tmp_path, address, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["units", "--out", str(tmp_path), "--output", address])
    assert ended.value.code == 2
    assert "ddp://192.168.1.40" in capsys.readouterr().err


def test_the_names_of_the_files_are_printed(tmp_path, capsys):
    written(tmp_path)
    printed = capsys.readouterr().out.split()
    assert sorted(printed) == sorted(str(path) for path in tmp_path.iterdir())


def test_the_access_list_is_that_of_the_message_table(tmp_path):
    files = written(tmp_path)
    assert files["beffroi.access"] == "\n".join(mosquitto_lines(SITE, mosquitto.SERVER_USER)) + "\n"
    assert f"acl_file {tmp_path / 'beffroi.access'}\n" in files["mosquitto.conf"]


def test_the_access_list_may_have_another_place(tmp_path):
    files = written(tmp_path, "--acl-file", "/etc/mosquitto/town.access")
    # There it is written by the server, together with the passwords.
    assert set(files) == {"mosquitto.conf"}
    assert "acl_file /etc/mosquitto/town.access\n" in files["mosquitto.conf"]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ((), "listener 1883"),
        (("--port", 1884), "listener 1884"),
        (("--host", "127.0.0.1"), "listener 1883 127.0.0.1"),
        (("--tls", "c.pem", "k.pem", "a.pem"), "listener 8883"),
        (("--tls", "c.pem", "k.pem", "a.pem", "--port", 8884), "listener 8884"),
        (("--account", "broker"), "user broker"),
        (("--password-file", "/srv/p"), "password_file /srv/p"),
        (("--persistence", "/srv/state"), "persistence_location /srv/state/"),
    ],
    ids=str,
)
def test_options_are_lines_of_the_configuration(tmp_path, options, line):
    assert line in written(tmp_path, *options)["mosquitto.conf"].splitlines()


def test_nobody_comes_in_without_a_password_and_nothing_is_dropped(tmp_path):
    lines = written(tmp_path)["mosquitto.conf"].splitlines()
    assert {"allow_anonymous false", "max_queued_messages 0", "persistence true"} <= set(lines)
    assert f"max_packet_size {packet_limit()}" in lines


def test_encryption_is_of_today_or_none(tmp_path):
    plain = written(tmp_path)["mosquitto.conf"]
    assert "certfile" not in plain
    lines = written(tmp_path, "--tls", "c.pem", "k.pem", "a.pem")["mosquitto.conf"].splitlines()
    assert {"certfile c.pem", "keyfile k.pem", "cafile a.pem", "tls_version tlsv1.2"} <= set(lines)


def test_files_are_written_anew_each_time(tmp_path):
    first = written(tmp_path)
    (tmp_path / "mosquitto.conf").write_text("changed by hand")
    assert written(tmp_path) == first


def test_a_site_is_needed(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["mosquitto", "--out", str(tmp_path)])
    assert "--site" in capsys.readouterr().err


def test_units_name_the_programs_where_they_are(tmp_path):
    assert main(["units", "--out", str(tmp_path), "--programs", "/srv/beffroi/bin"]) == 0
    assert "ExecStart=/srv/beffroi/bin/beffroi-player run" in (tmp_path / "beffroi-player.service").read_text()
