"""Releases that are tried by a real supervisor, with real processes: what holds stays, what fails is taken back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.sample_releases import install_release
from tests.support.waiting import until

from beffroi_player.releases.release_files import (
    FailedRelease,
    ReleaseFiles,
    ReleaseRecord,
    Trial,
    WantedRelease,
    version_order,
)
from beffroi_player.releases.release_switch import ReleaseSwitch, TrialTimes
from beffroi_player.system_clock import uptime_ms

RUN = """
import sys
from pathlib import Path
from beffroi_player import supervisor
from beffroi_player.releases.release_switch import TrialTimes
supervisor.TRIAL_TIMES = TrialTimes({times})
supervisor.TRIAL_CHECK_SECONDS = 0.02
supervisor.CHECK_INTERVAL_SECONDS = 0.05
supervisor.FIRST_RETRY_SECONDS = 0.02
sys.exit(supervisor.supervise_processes(Path({state!r}), Path({runtime!r}), "info", ["--output", "headless"]))
"""
PATIENT = {"connect_s": 60.0, "frame_s": 60.0, "hold_s": 0.2, "suspect_s": 60.0, "retry_s": 0.3}
Run = Callable[..., object]


@pytest.fixture
def files(tmp_path: Path) -> ReleaseFiles:
    """A player on which the release 1.0 runs."""
    (tmp_path / "run").mkdir()
    (tmp_path / "state").mkdir()
    found = ReleaseFiles(tmp_path / "state/releases")
    found.folder.mkdir()
    install_release(found, "1.0")
    found.write_record(ReleaseRecord(current="1.0"))
    return found


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started: list[subprocess.Popen[bytes]] = []

    def start(**times: float) -> None:
        script = RUN.format(times=f"**{PATIENT | times}", state=str(tmp_path / "state"), runtime=str(tmp_path / "run"))
        started.append(subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL))

    yield start
    for process in started:
        process.terminate()
        assert process.wait(20) == 0


def shown(files: ReleaseFiles) -> str:
    """The version whose stage presents."""
    path = files.folder.parents[1] / "run/presented.json"
    return json.loads(path.read_text())["frame"] if path.exists() else ""


def said_by_agent(files: ReleaseFiles) -> str:
    """The version whose agent spoke last."""
    path = files.folder.parents[1] / "run/agent"
    return path.read_text() if path.exists() else ""


def starts(files: ReleaseFiles) -> list[str]:
    return (files.folder.parents[1] / "run/starts").read_text().splitlines()


def test_a_release_that_holds_is_in_force_and_the_former_one_is_kept(files: ReleaseFiles, run: Run) -> None:
    run()
    until("the former agent is connected", lambda: shown(files) == "1.0" and said_by_agent(files) == "1.0")
    install_release(files, "2.0")
    files.write_wanted(WantedRelease("2.0"))
    until("it is in force", lambda: files.read_record().current == "2.0")
    record = files.read_record()
    assert (record.previous, record.trial, record.failed, shown(files)) == ("1.0", None, (), "2.0")
    assert record.gap_ms is not None
    assert 0 < record.gap_ms < 5_000
    # The stage went on while the agent was changed.
    assert sorted(starts(files)[:2]) + starts(files)[2:] == ["agent 1.0", "stage 1.0", "agent 2.0", "stage 2.0"]


@pytest.mark.parametrize(
    ("how", "reason", "limit"),
    [
        ("agent crashes", "agent-crashed", {}), ("stage crashes", "stage-crashed", {}),
        ("stage ends", "stage-crashed", {}), ("no frame", "no-frame", {"frame_s": 0.4}),
        ("not connected", "not-connected", {"connect_s": 0.4}),
    ],
)  # fmt: skip
def test_a_release_that_fails_is_taken_back_by_itself(
    files: ReleaseFiles, run: Run, how: str, reason: str, limit: dict[str, float]
) -> None:
    run(**limit)
    until("the former agent is connected", lambda: shown(files) == "1.0" and said_by_agent(files) == "1.0")
    install_release(files, "2.0", how)
    files.write_wanted(WantedRelease("2.0"))
    until("it is taken back", lambda: files.read_record().failed)
    record = files.read_record()
    assert [(each.version, each.reason) for each in record.failed] == [("2.0", reason)]
    assert (record.current, record.trial) == ("1.0", None)
    until("the former one is there again", lambda: shown(files) == "1.0" and said_by_agent(files) == "1.0")


def test_what_was_taken_back_is_not_tried_again_but_the_next_one_is(files: ReleaseFiles, run: Run) -> None:
    files.write_record(ReleaseRecord(current="1.0", failed=(FailedRelease("2.0", "no-frame"),)))
    install_release(files, "2.0")
    files.write_wanted(WantedRelease("2.0"))
    run()
    until("the former release presents", lambda: shown(files) == "1.0")
    install_release(files, "3.0")
    files.write_wanted(WantedRelease("3.0"))
    until("the next release is in force", lambda: files.read_record().current == "3.0")
    assert not [line for line in starts(files) if "2.0" in line]


def test_a_release_is_not_blamed_for_a_server_that_is_down(files: ReleaseFiles, run: Run) -> None:
    (files.folder.parents[1] / "run/server-is-down").touch()
    run(connect_s=2.0)
    until("the former release presents", lambda: shown(files) == "1.0")
    install_release(files, "2.0")
    files.write_wanted(WantedRelease("2.0"))
    until("it is taken back", lambda: files.read_record().suspect == "2.0")
    until("it is tried again", lambda: starts(files).count("agent 2.0") == 2)
    assert not files.read_record().failed
    (files.folder.parents[1] / "run/server-is-down").unlink()
    until("it is in force", lambda: files.read_record().current == "2.0")


# --- without processes


def switch_of(files: ReleaseFiles, package: str = "0.9") -> ReleaseSwitch:
    return ReleaseSwitch(files, package, files.folder.parents[1] / "run/presented.json", TrialTimes())


class Trying:
    """A switch that tries 2.0, with a clock of its own and what processes would say."""

    def __init__(self, files: ReleaseFiles, *, was_live: bool = True) -> None:
        self.now = 1_000.0
        self.presented = files.folder.parents[1] / "run/presented.json"
        self.switch = ReleaseSwitch(files, "0.9", self.presented, TrialTimes(), lambda: self.now)
        self.present(programme=7)
        self.switch.note_verified(is_live=was_live)
        install_release(files, "2.0")
        files.write_wanted(WantedRelease("2.0"))
        assert self.switch.next_changes() == ("agent",)

    def present(self, programme: int | None) -> None:
        self.presented.write_text(json.dumps({"presented_uptime_ms": uptime_ms() + 1, "programme": programme}))

    def change_stage(self) -> None:
        self.switch.note_verified(is_live=True)
        assert self.switch.next_changes() == ("stage",)
        self.switch.note_stage_stopped()

    def after(self, seconds: float) -> tuple[str, ...]:
        self.now += seconds
        return self.switch.next_changes()


def reasons(files: ReleaseFiles) -> list[str]:
    return [each.reason for each in files.read_record().failed]


def test_a_release_must_show_a_programme_where_one_was_shown(files: ReleaseFiles) -> None:
    trying = Trying(files)
    trying.change_stage()
    trying.present(programme=None)
    assert trying.after(59) == ()
    assert trying.after(2) == ("stage", "agent")
    assert reasons(files) == ["no-frame"]


def test_a_release_must_reach_the_broker_where_it_was_reached(files: ReleaseFiles) -> None:
    trying = Trying(files)
    trying.switch.note_verified(is_live=False)
    assert trying.after(299) == ()
    assert trying.after(2) == ("agent",)
    assert reasons(files) == []
    # The former one does: so it was the release.
    trying.switch.note_verified(is_live=True)
    assert reasons(files) == ["not-connected"]
    assert trying.after(1) == ()
    # And the one that mends it is tried as soon as it is here.
    install_release(files, "3.0")
    files.write_wanted(WantedRelease("3.0"))
    assert trying.after(1) == ("agent",)


def test_a_release_need_not_reach_what_nobody_reached(files: ReleaseFiles) -> None:
    trying = Trying(files, was_live=False)
    trying.switch.note_verified(is_live=False)
    assert trying.after(1) == ("stage",)


def test_a_release_holds_from_its_last_crash_on(files: ReleaseFiles) -> None:
    trying = Trying(files)
    trying.change_stage()
    trying.present(programme=7)
    assert trying.after(100) == ()
    trying.switch.note_end("stage")
    trying.present(programme=7)
    for _ in range(2):
        assert trying.after(60) == ()
        assert files.read_record().trial
    assert trying.after(61) == ()
    assert files.read_record().current == "2.0"


def test_crashes_of_the_former_stage_are_not_those_of_the_release(files: ReleaseFiles) -> None:
    trying = Trying(files)
    for _ in range(5):
        trying.switch.note_end("stage")
    assert trying.after(1) == ()
    assert not reasons(files)
    for _ in range(3):
        trying.switch.note_end("agent")
    assert trying.after(1) == ("agent",)
    assert reasons(files) == ["agent-crashed"]


def test_a_release_whose_starts_never_come_to_an_end_is_taken_back(files: ReleaseFiles) -> None:
    install_release(files, "2.0")
    files.write_record(ReleaseRecord(current="1.0", trial=Trial("2.0")))
    # Each is a start of the machine, or of a supervisor that the watchdog has killed.
    programs = [switch_of(files).program("stage") for _ in range(4)]
    assert programs == [files.program("2.0")] * 2 + [files.program("1.0")] * 2
    record = files.read_record()
    assert [(each.version, each.reason) for each in record.failed] == [("2.0", "did-not-hold")]
    assert (record.current, record.trial) == ("1.0", None)


def test_a_release_that_is_damaged_gives_way_to_the_former_one_or_to_the_package(files: ReleaseFiles) -> None:
    install_release(files, "2.0")
    files.write_record(ReleaseRecord(current="2.0", previous="1.0", package="0.9"))
    (files.release_folder("2.0") / "release.json").write_text("{")
    assert switch_of(files).program("stage") == files.program("1.0")
    (files.release_folder("1.0") / "bin/python").unlink()
    assert switch_of(files).program("stage")[0] == sys.executable
    assert [each.version for each in files.read_record().failed] == ["2.0", "1.0"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"current": 7, "trial": [], "failed": "x"}', '{"current": "../x"}'])
def test_a_damaged_record_lets_the_package_run(files, text: str) -> None:
    files.record_path.write_text(text)
    assert files.read_record() == ReleaseRecord()
    assert switch_of(files).program("agent")[0] == sys.executable


def test_a_newer_package_outranks_the_releases_before_it(files: ReleaseFiles) -> None:
    assert switch_of(files, "0.9").program("stage") == files.program("1.0")
    assert switch_of(files, "0.9.1").program("stage") == files.program("1.0")
    assert switch_of(files, "1.10").program("stage")[0] == sys.executable
    assert version_order("1.10") > version_order("1.9.3") > version_order("1.9")


@pytest.mark.parametrize(
    ("version", "launcher", "fault"),
    [("2.0", 99, "needs a newer package"), ("3.0", 1, "not installed"), ("../1.0", 1, "no version")],
)
def test_what_cannot_run_here_is_named(files, version: str, launcher: int, fault: str) -> None:
    install_release(files, "2.0", launcher=launcher)
    assert fault in files.fault(version)


def test_a_machine_without_releases_has_no_record(tmp_path: Path) -> None:
    switch = ReleaseSwitch(ReleaseFiles(tmp_path / "releases"), "1.0", tmp_path / "presented.json")
    assert switch.program("stage")[1:] == ["-m", "beffroi_player"]
    assert switch.next_changes() == ()
    assert list(tmp_path.iterdir()) == []
