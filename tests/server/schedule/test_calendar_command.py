"""The command that says which special days are in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from beffroi_server.__main__ import main

pytestmark = pytest.mark.usefixtures("english")

CALENDAR = (
    "BEGIN:VCALENDAR|BEGIN:VEVENT|SUMMARY:Vacances - Zone A|DTSTART;VALUE=DATE:20261230|DURATION:P4D|END:VEVENT|"
    "BEGIN:VEVENT|SUMMARY:Rentrée des élèves - Zone A|DTSTART;VALUE=DATE:20270103|END:VEVENT|"
    "BEGIN:VEVENT|SUMMARY:Vacances - Zone B|DTSTART;VALUE=DATE:20270210|END:VEVENT|END:VCALENDAR|"
).replace("|", "\r\n")


@pytest.fixture
def file(tmp_path):
    def write(content: str) -> str:
        path = tmp_path / "days.ics"
        path.write_text(content)
        return str(path)

    return write


def test_the_days_are_printed_with_what_is_skipped(file, capsys):
    assert main(["calendar", "read", file(CALENDAR)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["days"] == ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02", "2027-02-10"]
    assert found["places"] == ["Zone A", "Zone B"]
    assert [each["reason"] for each in found["skipped"]] == ["no-holiday"]
    assert "school begins again" in found["skipped"][0]["sentence"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--year", "2027"], ["2027-01-01", "2027-01-02", "2027-02-10"]),
        (["--year", "2027", "--place", "Zone A"], ["2027-01-01", "2027-01-02"]),
        (["--year", "2031"], []),
    ],
)
def test_a_year_and_a_zone_can_be_asked_for(file, capsys, options, expected):
    assert main(["calendar", "read", file(CALENDAR), *options]) == 0
    assert json.loads(capsys.readouterr().out)["days"] == expected


def test_a_file_without_days_is_refused_with_a_sentence(file, capsys):
    assert main(["calendar", "read", file("hello")]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["code"] == "not-a-calendar"
    assert "Download it again" in told.err


@pytest.mark.parametrize("options", [["--year", "soon"], ["--year", "9999"], ["--zone", "../x"], ["--x"]])
def test_a_wrong_call_is_told_so(file, options):
    with pytest.raises(SystemExit) as ended:
        main(["calendar", "read", file(CALENDAR), *options])
    assert ended.value.code == 2


def test_it_needs_neither_settings_nor_a_place_to_keep_data(file):
    command = [sys.executable, "-m", "beffroi_server", "calendar", "read", file(CALENDAR)]
    environment = {"PATH": os.environ["PATH"], "BEFFROI_DATA": "/nonexistent"}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
