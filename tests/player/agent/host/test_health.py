"""Health: what the kernel says of the machine, in a report only when something is the matter."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pygame
import pytest
from tests.support.player_harness import MACHINE
from tests.support.signing_town import slide

from beffroi_content.rendering import letter_check
from beffroi_content.wire.reports import NetworkStatus, PlayerHealth
from beffroi_player.agent.host.health import HealthMonitor

MEMINFO = "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: {} kB\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    for name, text in {
        "proc/uptime": "3600.52 100\n",
        "proc/stat": "cpu 100 0 100 800 0 0 0 0 0 0\n",
        "proc/meminfo": MEMINFO.format(600),
        "sys/class/thermal/thermal_zone0/temp": "48200\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
        "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    }.items():
        write(tmp_path, name, text)
    return tmp_path


def write(machine: Path, name: str, text: str) -> None:
    path = machine / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def disk(free_mb: int = 5_000, flags: int = 0) -> object:
    return lambda _: SimpleNamespace(f_bavail=free_mb, f_frsize=1_000_000, f_flag=flags)


def vitals(machine: Path, **how: int) -> HealthMonitor:
    return HealthMonitor(machine, machine, disk(**how))


def test_a_machine_that_is_well(machine):
    asked = vitals(machine)
    first = asked.read_health()
    assert (first.uptime_s, first.temperature_c, first.memory_percent, first.disk_free_mb) == (3600, 48.2, 40, 5_000)
    assert first.processor_percent is None
    assert first.problems == ()

    write(machine, "proc/stat", "cpu 150 0 150 900 0 0 0 0 0 0\n")
    assert asked.read_health(7).processor_percent == 50.0
    assert asked.read_health(7).dropped_frames == 7
    assert asked.read_health(0, 0, 3).decode_errors == 3


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("sys/class/thermal/thermal_zone0/temp", "82000", "hot"),
        ("sys/devices/platform/soc/soc:firmware/get_throttled", "50005", "under-voltage"),
        ("sys/devices/platform/soc/soc:firmware/get_throttled", "4", "throttled"),
        ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1", "under-voltage"),
        ("proc/meminfo", MEMINFO.format(50), "memory-low"),
    ],
)
def test_what_is_the_matter_is_said(machine, name, text, problem):
    write(machine, name, text)
    assert problem in vitals(machine).read_health().problems


def test_what_was_the_matter_once_is_not_said_for_ever(machine):
    write(machine, "sys/devices/platform/soc/soc:firmware/get_throttled", "50000")
    assert vitals(machine).read_health().problems == ()


def test_a_disk_that_is_full_or_takes_nothing(machine):
    assert vitals(machine, free_mb=50).read_health().problems == ("disk-nearly-full",)
    assert vitals(machine, flags=os.ST_RDONLY).read_health().problems == ("disk-read-only",)


def test_heat_around_the_limit_is_said_once(machine):
    asked = vitals(machine)
    said = []
    for degrees in (79, 81, 79, 81, 76, 74, 79):
        write(machine, "sys/class/thermal/thermal_zone0/temp", f"{degrees}000")
        said.append("hot" in asked.read_health().problems)
    assert said == [False, True, True, True, True, False, False]


def test_a_machine_that_says_nothing_is_no_fault(tmp_path):
    health = vitals(tmp_path).read_health()
    assert (health.temperature_c, health.memory_percent, health.processor_percent) == (None, None, None)
    assert health.problems == ()


@pytest.mark.parametrize("text", ["", "nonsense", "-1", "9" * 40])
def test_nonsense_of_a_sensor_is_left_out(machine, text):
    for path in machine.rglob("*"):
        if path.is_file():
            path.write_text(text)
    assert "hot" not in vitals(machine).read_health().problems


def test_the_machine_says_how_it_draws_arabic(machine, monkeypatch, caplog):
    described = vitals(machine).read_machine()
    assert described.right_to_left == letter_check.right_to_left_digest()
    assert described.drawing == letter_check.drawing_libraries()
    monkeypatch.setattr("beffroi_player.agent.host.hardware.has_raqm", lambda: False)
    vitals(machine).read_machine()
    assert "apt install libfribidi0" in caplog.text


# --- signs of wear


def test_a_built_in_memory_says_how_much_of_its_life_is_left(machine):
    write(machine, "sys/block/mmcblk0/device/life_time", "0x01 0x03\n")
    write(machine, "sys/block/mmcblk0/device/pre_eol_info", "0x01\n")
    health = vitals(machine).read_health()
    assert (health.storage_used_percent, health.problems) == (30, ())


@pytest.mark.parametrize(
    ("life", "reserve"), [("0x09 0x01", "0x01"), ("0x0b 0x01", "0x01"), ("0x01 0x01", "0x02"), ("0x01 0x01", "0x03")]
)
def test_a_memory_that_is_worn_is_said_before_it_fails(machine, life, reserve):
    write(machine, "sys/block/mmcblk0/device/life_time", f"{life}\n")
    write(machine, "sys/block/mmcblk0/device/pre_eol_info", f"{reserve}\n")
    assert vitals(machine).read_health().problems == ("storage-worn",)


@pytest.mark.parametrize("life", [None, "0x00 0x00", "", "nonsense", "0xff 0xff"])
def test_nothing_is_claimed_of_a_card_that_says_nothing(machine, life):
    write(machine, "sys/block/mmcblk0/device/name", "SC32G\n")
    if life is not None:
        write(machine, "sys/block/mmcblk0/device/life_time", life)
    health = vitals(machine).read_health()
    assert (health.storage_used_percent, health.disk_errors, health.problems) == (None, None, ())


def test_errors_of_the_file_systems_are_counted(machine):
    write(machine, "sys/fs/ext4/mmcblk0p1/errors_count", "0\n")
    write(machine, "sys/fs/ext4/mmcblk0p2/errors_count", "0\n")
    assert (vitals(machine).read_health().disk_errors, vitals(machine).read_health().problems) == (0, ())
    write(machine, "sys/fs/ext4/mmcblk0p2/errors_count", "3\n")
    assert (vitals(machine).read_health().disk_errors, vitals(machine).read_health().problems) == (3, ("disk-errors",))


# --- the network connection

ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t{wlan}\t00000000\t0\t0\t0\n"
    "eth0\t00000000\t0102A8C0\t0003\t0\t0\t{eth}\t00000000\t0\t0\t0\n"
    "eth0\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
)
WIRELESS = (
    "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
    " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
    " wlan0: 0000   54.  {}.  -256        0      0      0      0     12        0\n"
)


def connect(machine: Path, *, wireless: bool = False, signal: int = -56, cuts: int = 0) -> None:
    write(machine, "proc/net/route", ROUTES.format(wlan=50 if wireless else 600, eth=100))
    write(machine, "proc/net/wireless", WIRELESS.format(signal))
    write(machine, "sys/class/net/wlan0/phy80211/index", "0\n")
    write(machine, "sys/class/net/eth0/speed", "1000\n")
    for name in ("eth0", "wlan0"):
        write(machine, f"sys/class/net/{name}/carrier_down_count", f"{cuts}\n")


def test_the_line_is_that_of_the_default_route(machine):
    connect(machine)
    assert vitals(machine).read_health().network == NetworkStatus(interface="eth0", kind="wired", speed_mbps=1000)
    connect(machine, wireless=True, cuts=2)
    assert vitals(machine).read_health().network == NetworkStatus(
        interface="wlan0", kind="wireless", signal_dbm=-56, cuts=2
    )


def test_a_machine_that_speaks_only_the_newer_protocol_has_a_line_too(machine):
    connect(machine)
    write(machine, "proc/net/route", ROUTES.splitlines()[0])
    none, router = "0" * 32, "fe80" + "0" * 27 + "1"
    write(
        machine, "proc/net/ipv6_route",
        f"{none} 00 {none} 00 {none} ffffffff 00000001 00000000 00200200       lo\n"
        f"{none} 00 {none} 00 {router} 00000400 00000001 00000000 00000003     eth0\n",
    )  # fmt: skip
    network = vitals(machine).read_health().network
    assert network
    assert network.interface == "eth0"


def test_a_machine_without_a_line_says_none(machine):
    assert vitals(machine).read_health().network is None


def test_a_radio_around_the_limit_is_said_once(machine):
    asked = vitals(machine)
    said = []
    for signal in (-77, -79, -76, -79, -73, -71, -77):
        connect(machine, wireless=True, signal=signal)
        said.append("signal-weak" in asked.read_health().problems)
    assert said == [False, True, True, True, True, False, False]


@pytest.mark.parametrize("signal", [200, 0, -300])
def test_a_radio_that_counts_otherwise_is_not_understood(machine, signal):
    connect(machine, wireless=True, signal=signal)
    health = vitals(machine).read_health()
    assert health.network
    assert (health.network.signal_dbm, health.problems) == (None, ())


def test_a_cable_that_is_gone_again_and_again_is_said_and_forgotten(machine):
    asked = vitals(machine)
    said = []
    for minute, cuts in ((0, 5), (10, 6), (20, 7), (30, 8), (50, 8), (95, 8)):
        write(machine, "proc/uptime", f"{3600 + 60 * minute} 1\n")
        connect(machine, cuts=cuts)
        said.append("cable" in asked.read_health().problems)
    assert said == [False, False, False, True, True, False]


# --- what it runs on


def test_what_it_runs_on(machine):
    write(machine, "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
    write(machine, "etc/os-release", 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    write(machine, "proc/sys/kernel/osrelease", "6.6.31+rpt-rpi-v8\n")
    found = vitals(machine).read_machine()
    assert (found.model, found.system, found.kernel) == (
        "Raspberry Pi 4 Model B Rev 1.5", "Debian GNU/Linux 12 (bookworm)", "6.6.31+rpt-rpi-v8",
    )  # fmt: skip
    assert found.python.startswith("3.")
    major, minor, patch = pygame.get_sdl_version()
    assert found.graphics == f"pygame-ce {pygame.version.ver}, SDL {major}.{minor}.{patch}"


def test_a_machine_without_a_device_tree_is_named_by_its_firmware(machine):
    write(machine, "sys/class/dmi/id/sys_vendor", "LENOVO\n")
    write(machine, "sys/class/dmi/id/product_name", "10AX\n")
    assert vitals(machine).read_machine().model == "LENOVO 10AX"
    assert vitals(machine).read_machine().system == ""


# --- in the report


def test_a_report_says_what_the_player_runs_on_first_and_once_per_hour(player, hall):
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    said = [player.report().machine is not None for _ in range(100)]
    assert (said[0], sum(said)) == (True, 2)
    player.reporter.on_connected()
    assert player.report().machine == MACHINE


def test_health_makes_a_report_only_when_something_is_the_matter(player, hall):
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))

    def reports(health: PlayerHealth) -> int:
        player.health = health
        before = len([leaf for leaf, _ in player.published if leaf == "report"])
        player.wait(1_000)
        return len([leaf for leaf, _ in player.published if leaf == "report"]) - before

    line = NetworkStatus(interface="wlan0", kind="wireless", signal_dbm=-60)
    reports(PlayerHealth())
    assert reports(PlayerHealth(temperature_c=50.0, network=line)) == 0
    assert reports(PlayerHealth(temperature_c=51.0, network=line.replace(signal_dbm=-61))) == 0
    assert reports(PlayerHealth(temperature_c=51.0, problems=("signal-weak",))) == 1
    assert reports(PlayerHealth(temperature_c=52.0, problems=("signal-weak",))) == 0
    assert reports(PlayerHealth(temperature_c=52.0)) == 1
