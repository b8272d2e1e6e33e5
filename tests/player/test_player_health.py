"""Health: what the kernel says of the machine, in a report only when something is the matter."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from beffroi_player.agent.health import Vitals

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


def vitals(machine: Path, **how: int) -> Vitals:
    return Vitals(machine, machine, disk(**how))


def test_a_machine_that_is_well(machine):
    asked = vitals(machine)
    first = asked.health()
    assert (first.uptime_s, first.temperature_c, first.memory_percent, first.disk_free_mb) == (3600, 48.2, 40, 5_000)
    assert first.processor_percent is None
    assert first.problems == ()

    write(machine, "proc/stat", "cpu 150 0 150 900 0 0 0 0 0 0\n")
    assert asked.health(7).processor_percent == 50.0
    assert asked.health(7).dropped_frames == 7


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
    assert problem in vitals(machine).health().problems


def test_what_was_the_matter_once_is_not_said_for_ever(machine):
    write(machine, "sys/devices/platform/soc/soc:firmware/get_throttled", "50000")
    assert vitals(machine).health().problems == ()


def test_a_disk_that_is_full_or_takes_nothing(machine):
    assert vitals(machine, free_mb=50).health().problems == ("disk-nearly-full",)
    assert vitals(machine, flags=os.ST_RDONLY).health().problems == ("disk-read-only",)


def test_heat_around_the_limit_is_said_once(machine):
    asked = vitals(machine)
    said = []
    for degrees in (79, 81, 79, 81, 76, 74, 79):
        write(machine, "sys/class/thermal/thermal_zone0/temp", f"{degrees}000")
        said.append("hot" in asked.health().problems)
    assert said == [False, True, True, True, True, False, False]


def test_a_machine_that_says_nothing_is_no_fault(tmp_path):
    health = vitals(tmp_path).health()
    assert (health.temperature_c, health.memory_percent, health.processor_percent) == (None, None, None)
    assert health.problems == ()


@pytest.mark.parametrize("text", ["", "nonsense", "-1", "9" * 40])
def test_nonsense_of_a_sensor_is_left_out(machine, text):
    for path in machine.rglob("*"):
        if path.is_file():
            path.write_text(text)
    assert "hot" not in vitals(machine).health().problems
