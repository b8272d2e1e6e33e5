"""One command sets a server up beside what Debian has: settings, town, broker, backups, proxy, service."""

import shutil
from pathlib import Path

import pytest

from beffroi_provisioning import server_setup, service_settings
from beffroi_provisioning.__main__ import main
from beffroi_provisioning.broker_setup import SetupRefused
from beffroi_provisioning.server_setup import ServerSetup

LINK = "https://screens.example.org/sign-in/x/"


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Path:
    """A machine with Mosquitto and Caddy, of which every account is the one of this test."""
    plugin = tmp_path / "usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"
    for path in (plugin, tmp_path / "etc/caddy/Caddyfile", tmp_path / "var/lib/mosquitto/mosquitto.db"):
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    monkeypatch.setattr(shutil, "chown", lambda *_, **__: None)
    monkeypatch.setattr(server_setup, "answers", lambda _url: True)
    return tmp_path


class Commands:
    """Stands in for the programs of the system, and writes down what was asked of them."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self, command) -> str:
        self.given.append(" ".join(command))
        return f"{LINK}\n" if command[-1] == "link" else ""


def set_up(machine: Path, **values) -> tuple[list[str], list[str]]:
    commands, said = Commands(), []
    setup = ServerSetup(**{"town": "Saint-Aubin", "url": "https://screens.example.org", **values})
    server_setup.set_up_server(setup, machine, commands, said.append)
    return commands.given, said


def test_one_command_leads_to_the_first_sign_in(machine):
    given, said = set_up(machine)

    settings = service_settings.read_settings(machine / "etc/beffroi/server.env")
    assert settings["BEFFROI_URL"] == "https://screens.example.org"
    assert settings["BEFFROI_BEHIND_PROXY"] == "1"
    assert settings["BEFFROI_MQTT_PUBLIC_HOST"] == "screens.example.org"
    assert settings["BEFFROI_BACKUP_FOLDER"] == "/var/backups/beffroi-server"
    assert (machine / "etc/beffroi/server.env").stat().st_mode & 0o777 == 0o600
    assert "beffroi-server init --town Saint-Aubin --site saint-aubin --starter-set" in given
    assert given.index("systemctl restart mosquitto beffroi-server") > given.index("systemctl daemon-reload")
    assert LINK in said[-1]


def test_the_service_may_write_its_backups_and_caddy_serves_its_pages(machine):
    set_up(machine, backups=Path("/srv/backups"))

    assert "ReadWritePaths=/srv/backups" in (machine / server_setup.DROP_IN).read_text()
    assert "import beffroi.caddy" in (machine / "etc/caddy/Caddyfile").read_text()
    assert "reverse_proxy 127.0.0.1:8000" in (machine / "etc/caddy/beffroi.caddy").read_text()


def test_run_again_it_keeps_what_others_have_set(machine):
    set_up(machine)
    path = machine / "etc/beffroi/server.env"
    password = service_settings.read_settings(path)["BEFFROI_MQTT_PASSWORD"]
    path.write_text(path.read_text() + "BEFFROI_MAIL_HOST=mail.example.org\n")

    set_up(machine, url="http://192.168.1.5:8000")

    settings = service_settings.read_settings(path)
    assert settings["BEFFROI_MAIL_HOST"] == "mail.example.org"
    assert settings["BEFFROI_MQTT_PASSWORD"] == password
    assert settings["BEFFROI_URL"] == "http://192.168.1.5:8000"
    assert (machine / "etc/caddy/Caddyfile").read_text().count("import beffroi.caddy") == 1


def test_another_version_writes_its_rules_for_the_broker_that_was_set_up(machine, capsys):
    assert main(["renew-broker", "--root", str(machine)]) == 0
    assert not (machine / "etc/mosquitto").exists()
    set_up(machine)
    files = {path: path.read_text() for path in (machine / "etc/mosquitto").rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["renew-broker", "--root", str(machine)]) == 0
    # Nothing differs: the broker need not start again, and no player is sent away.
    assert capsys.readouterr().out == ""
    access = machine / "etc/mosquitto/beffroi/access"
    access.write_text("# of an older version\n")

    assert main(["renew-broker", "--root", str(machine)]) == 0

    assert capsys.readouterr().out == f"{access}\n"
    assert {path: path.read_text() for path in files} == files
    (machine / "etc/mosquitto/beffroi/setup.json").write_text("{}")
    assert main(["renew-broker", "--root", str(machine)]) == 1
    assert "run beffroi-provisioning broker" in capsys.readouterr().err


def test_what_is_missing_is_said_with_the_next_step(machine, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(SetupRefused, match="apt install postgresql"):
        set_up(machine, with_postgresql=True)
    monkeypatch.setattr(server_setup, "answers", lambda _url: False)
    with pytest.raises(SetupRefused, match="journalctl -u beffroi-server"):
        set_up(machine)
    for path in (machine / "usr/lib").glob("*/*.so"):
        path.unlink()
    with pytest.raises(SetupRefused, match="apt install mosquitto"):
        set_up(machine)


@pytest.mark.parametrize(
    ("town", "site"),
    [("Saint-Aubin", "saint-aubin"), ("L’Haÿ-les-Roses", "lhay-les-roses"), ("Œuilly (Marne)", "uilly-marne")],
)
def test_the_part_of_topics_is_made_of_the_name_of_the_town(town, site):
    assert server_setup.site_of(town) == site


def test_a_name_of_which_nothing_is_left_is_asked_for():
    with pytest.raises(SetupRefused, match="--site"):
        server_setup.site_of("Αθήνα")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--url", "screens.example.org"), ("--url", "https://x.fr/%n"), ("--backups", "/srv/$HOME"), ("--site", "A b")],
)
def test_what_systemd_or_a_topic_would_misread_is_refused(option, value, capsys):
    arguments = {"--town": "Saint-Aubin", "--url": "https://screens.example.org", option: value}
    with pytest.raises(SystemExit):
        main(["server", *(each for pair in arguments.items() for each in pair)])
    assert value in capsys.readouterr().err
