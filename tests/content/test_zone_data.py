"""Data of time zones: the newer of the system's and the package's, and the next changes of a zone."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest
import tzdata

from beffroi_content import zone_data
from beffroi_content.zone_data import next_clock_changes, use_newest_zone_data, zone_data_version


def unix(*when: int) -> int:
    return int(dt.datetime(*when, tzinfo=dt.UTC).timestamp())


@pytest.fixture
def system_data(tmp_path: Path) -> Iterator[Path]:
    """Let the system have data of zones in a folder."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    zone_data._system_version.cache_clear()
    yield tmp_path
    zoneinfo.reset_tzpath(before)
    zone_data._system_version.cache_clear()


@pytest.mark.parametrize(
    ("first_line", "version", "is_kept"),
    [
        ("# version 2019a\n", tzdata.IANA_VERSION, False),
        ("# version 2999z\n", "2999z", True),
        (f"# version {tzdata.IANA_VERSION}\n", tzdata.IANA_VERSION, True),
        ("something else\n", tzdata.IANA_VERSION, False),
        ("", tzdata.IANA_VERSION, False),
    ],
)
def test_the_newer_data_are_used(system_data: Path, first_line: str, version: str, is_kept: bool) -> None:
    (system_data / "tzdata.zi").write_text(first_line)
    use_newest_zone_data()
    assert zone_data_version() == version
    assert bool(zoneinfo.TZPATH) is is_kept


def test_this_process_has_the_newest_data() -> None:
    assert zone_data_version() >= tzdata.IANA_VERSION


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Paris", [(unix(2027, 3, 28, 1), 7200), (unix(2027, 10, 31, 1), 3600)]),
        ("America/Miquelon", [(unix(2027, 3, 14, 5), -7200), (unix(2027, 11, 7, 4), -10_800)]),
        ("Pacific/Noumea", []),
    ],
)
def test_the_next_changes_of_a_zone(zone: str, expected: list[tuple[int, int]]) -> None:
    assert list(next_clock_changes(zone, unix(2026, 11, 29))) == expected


@pytest.mark.parametrize("at", [0, unix(2026, 11, 29), unix(9999, 12, 31), 10**15])
def test_any_instant_has_an_answer(at: int) -> None:
    assert len(next_clock_changes("Europe/Paris", at)) <= 2
