"""The state reader: the newest readable version of each file, and the time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.player_harness import ManualClock
from tests.support.signing_town import NOON, SigningTown, alert, slide

from beffroi_content.model import HeldAlert
from beffroi_content.timeline import ClockState
from beffroi_player import system_clock
from beffroi_player.clock import ClockRecord, ClockSource
from beffroi_player.stage.state_reader import StateReader
from beffroi_player.state.directories import (
    ActiveProgramme,
    AlertsRecord,
    HeldStream,
    RuntimeDirectory,
    StateDirectory,
    TimedOverlay,
)

BOOT = "this-boot"
HOUR = 3_600_000


class Files:
    """Both directories of a player, and a reader of them."""

    def __init__(self, folder: Path) -> None:
        self.state, self.runtime = StateDirectory(folder / "state"), RuntimeDirectory(folder / "run")
        self.state.create_folders()
        self.runtime.create_folder()
        self.clock = ManualClock(system_ms=NOON)
        self.town = SigningTown(now_ms=NOON)
        self.start()

    def start(self) -> None:
        self.reader = StateReader(self.state, self.runtime, lambda: self.clock.uptime_ms, lambda: self.clock.system_ms)

    def activate(self, sequence: int, **settings: object) -> None:
        manifest = self.town.manifest(slide("pool"), **settings)
        self.state.programme.write(ActiveProgramme(sequence=sequence, manifest=manifest, frames={}))

    def record(self, boot: str, *identifiers: str) -> AlertsRecord:
        held = tuple(HeldAlert(alert=alert(each, now=NOON), lapses_at_uptime_ms=10**9) for each in identifiers)
        return AlertsRecord(boot=boot, streams={"all/alerts": HeldStream(sequence=1, alerts=held)})

    @property
    def alerts(self) -> list[str]:
        self.reader.refresh_files()
        return [held.alert.id for held in self.reader.held_alerts]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setattr(system_clock, "boot_id", lambda: BOOT)
    return Files(tmp_path)


def test_without_files_there_is_nothing_to_show(files):
    files.reader.refresh_files()
    reader = files.reader
    assert (reader.programme, reader.manifest, reader.settings, reader.overlay) == (None, None, None, None)
    assert (reader.held_alerts, reader.rotation, reader.screen_size((3, 2))) == ((), 0, (3, 2))


def test_a_programme_is_read_when_it_changes_and_is_the_same_object_otherwise(files):
    files.activate(1)
    files.reader.refresh_files()
    first = files.reader.programme
    assert first is not None
    files.reader.refresh_files()
    assert files.reader.programme is first
    files.activate(2, rotation=90)
    files.reader.refresh_files()
    assert files.reader.programme is not None
    assert (files.reader.programme.sequence, files.reader.rotation) == (2, 90)
    assert files.reader.screen_size((3, 2)) == (320, 180)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_programme_that_becomes_unreadable_stays_as_it_was(files, content):
    files.activate(1)
    files.reader.refresh_files()
    for path in files.state.folder.rglob("programme.json"):
        path.write_bytes(content)
    files.reader.refresh_files()
    assert files.reader.programme is not None
    assert files.reader.programme.sequence == 1


def test_after_an_error_everything_is_read_again(files):
    files.activate(1)
    files.reader.refresh_files()
    first = files.reader.programme
    files.reader.drop_stamps()
    files.reader.refresh_files()
    assert files.reader.programme == first
    assert files.reader.programme is not first


class TestAlerts:
    def test_those_of_this_boot_count(self, files):
        files.runtime.alerts.write(files.record(BOOT, "flood"))
        assert files.alerts == ["flood"]
        files.runtime.alerts.write(files.record(BOOT))
        assert files.alerts == []

    def test_those_of_another_boot_in_memory_do_not(self, files):
        files.runtime.alerts.write(files.record("another-boot", "flood"))
        assert files.alerts == []

    def test_after_a_boot_those_on_the_disk_do_until_the_agent_has_written_others(self, files):
        files.state.alerts.write(files.record("another-boot", "flood"))
        assert files.alerts == ["flood"]
        files.runtime.alerts.write(files.record(BOOT, "storm"))
        assert files.alerts == ["storm"]
        files.state.alerts.write(files.record(BOOT, "flood", "storm"))
        assert files.alerts == ["storm"]

    def test_they_say_how_large_a_screen_is_while_no_programme_does(self, files):
        files.runtime.alerts.write(files.record(BOOT, "flood"))
        files.reader.refresh_files()
        assert files.reader.screen_size((3, 2)) == (1920, 1080)


def test_an_overlay_is_gone_with_its_file_and_stays_when_that_is_broken(files):
    files.runtime.overlay.write(TimedOverlay(frame="name.png", until_uptime_ms=99))
    files.reader.refresh_files()
    assert files.reader.overlay is not None
    files.runtime.overlay.path.write_bytes(b"broken")
    files.reader.refresh_files()
    assert files.reader.overlay is not None
    files.runtime.overlay.path.unlink()
    files.reader.refresh_files()
    assert files.reader.overlay is None


class TestTime:
    def record(self, files: Files, **values: object) -> None:
        known = {"boot": BOOT, "source": ClockSource.BEAT, "unix_ms": NOON, "uptime_ms": int(files.clock.uptime_ms)}
        files.runtime.clock.write(ClockRecord.model_validate(known | values))
        files.reader.refresh_files()

    def test_the_record_of_the_agent_goes_on_with_the_uptime_whatever_the_system_says(self, files):
        self.record(files)
        files.clock.uptime_ms += 5_000
        files.clock.system_ms = 0
        moment = files.reader.current_moment()
        assert (moment.unix_ms, moment.clock) == (NOON + 5_000, ClockState.TRUSTED)

    @pytest.mark.parametrize("system_ms", [0, 1_000_000])
    def test_without_a_record_a_clock_that_cannot_be_right_is_unknown(self, files, system_ms):
        files.clock.system_ms = system_ms
        assert files.reader.current_moment().clock is ClockState.UNKNOWN

    def test_a_record_of_another_boot_does_not_count(self, files):
        self.record(files, boot="another-boot", unix_ms=5)
        assert files.reader.current_moment().unix_ms != 5

    def test_silence_is_counted_from_the_last_word_of_the_server(self, files):
        self.record(files, heard_ms=NOON - 3 * HOUR)
        assert files.reader.silent_hours() == pytest.approx(3.0)
        files.clock.uptime_ms += HOUR / 2
        assert files.reader.silent_hours() == pytest.approx(3.5)

    @pytest.mark.parametrize(
        "values", [{"heard_ms": 0}, {"heard_ms": NOON - HOUR, "source": ClockSource.NOBODY}, {"heard_ms": NOON + HOUR}]
    )
    def test_silence_that_cannot_be_known_is_none(self, files, values):
        self.record(files, **values)
        assert files.reader.silent_hours() == 0.0
