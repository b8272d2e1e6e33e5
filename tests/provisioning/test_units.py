import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from beffroi_provisioning import units
from beffroi_provisioning.__main__ import main

INSTALLATION = (Path(__file__).parents[2] / "docs" / "installation.md").read_text()
RENDERED = {"beffroi-server.service": units.server_unit, "beffroi-player.service": units.player_unit}


def parsed(text):
    # systemd repeats a key to add to it; that is no fault here.
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(text)
    return unit


@pytest.mark.parametrize("render", RENDERED.values(), ids=RENDERED)
def test_runs_without_root_and_sees_little(render):
    service = parsed(render(Path("/opt/beffroi/bin")))["Service"]
    assert service["User"].startswith("beffroi-")
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["Restart"] == "always"


@pytest.mark.parametrize("render", RENDERED.values(), ids=RENDERED)
def test_what_is_forbidden_fails_and_does_not_kill(render):
    assert parsed(render(Path("/opt/beffroi/bin")))["Service"]["SystemCallErrorNumber"] == "EPERM"


def test_a_player_may_ask_the_kernel_whether_its_clock_is_right_and_cannot_set_it():
    unit = units.player_unit()
    # The last word counts, and another filter would be added by ProtectClock.
    assert unit.rindex("SystemCallFilter=adjtimex clock_adjtime\n") > unit.rindex("SystemCallFilter=~@privileged")
    assert "ProtectClock" not in unit
    assert parsed(unit)["Service"]["CapabilityBoundingSet"] == ""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize(("name", "most"), [("beffroi-server.service", 15), ("beffroi-player.service", 22)])
def test_systemd_finds_little_exposed(name, most, tmp_path):
    (tmp_path / name).write_text(RENDERED[name](Path("/opt/beffroi/bin")))
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={most}", "--no-pager", tmp_path / name]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-2_000:]


def test_a_player_is_watched_and_keeps_what_it_has():
    unit = parsed(units.player_unit())
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["NotifyAccess"] == "all"
    assert int(service["WatchdogSec"]) <= 60
    assert service["StateDirectory"] == service["RuntimeDirectory"] == "beffroi-player"
    assert f"--state /var/lib/{service['StateDirectory']} " in service["ExecStart"]
    assert f"--runtime /run/{service['RuntimeDirectory']} " in service["ExecStart"]
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_a_player_switches_its_display_and_starts_where_nobody_has_heard_of_the_bus_for_that():
    unit = units.player_unit()
    assert "DeviceAllow=char-cec rw\n" in unit
    assert "DeviceAllow=char-i2c rw\n" in unit
    assert parsed(unit)["Service"]["SupplementaryGroups"].split() == ["video", "render", "input", "audio"]


def test_a_player_does_not_wait_for_the_network():
    assert "network" not in units.player_unit().replace("wait for the network", "")


def test_the_programs_are_where_the_documentation_installs_them():
    assert f"\nsudo -u beffroi-player {units.PROGRAMS}/beffroi-player enrol" in INSTALLATION
    assert f"ExecStart={units.PROGRAMS}/beffroi-player run" in units.player_unit()


@pytest.mark.parametrize("name", RENDERED)
def test_the_documentation_makes_the_user_and_the_folder_of_a_unit(name):
    service = parsed(RENDERED[name]())["Service"]
    user, mode = service["User"], service["StateDirectoryMode"].lstrip("0")
    assert f"\nsudo useradd --system --user-group --no-create-home --shell /usr/sbin/nologin {user}\n" in INSTALLATION
    folder = f"/var/lib/{service['StateDirectory']}"
    assert f"\nsudo install -d -m {mode} {folder} && sudo chown {user}: {folder}\n" in INSTALLATION


@pytest.mark.parametrize("render", RENDERED.values(), ids=RENDERED)
def test_the_folder_of_locks_that_debian_leaves_open_to_all_is_closed(render):
    assert parsed(render())["Service"]["ReadOnlyPaths"] == "-/run/lock"


def test_the_programs_are_where_they_were_said_to_be():
    assert "ExecStart=/srv/town/bin/beffroi-server run" in units.server_unit(Path("/srv/town/bin"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", RENDERED)
def test_systemd_finds_no_fault(name, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("beffroi-server", "beffroi-player"):
        (programs / program).write_text("#!/bin/sh\n")
        (programs / program).chmod(0o755)
    path = tmp_path / name
    path.write_text(RENDERED[name](programs))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False
    )
    faults = [line for line in verified.stderr.splitlines() if name in line]
    assert (verified.returncode, faults) == (0, [])


def test_the_hardware_watchdog_resets_a_machine_that_hangs():
    assert parsed(units.watchdog_drop_in())["Manager"]["RuntimeWatchdogSec"] == "10s"


def test_all_files_of_systemd_are_written(tmp_path):
    assert main(["units", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {*RENDERED, "beffroi-card.service", "beffroi-watchdog.conf"}
