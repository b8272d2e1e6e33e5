"""The change from one release to another, and back: which stage and which agent the supervisor runs.

The agent is changed first, while the former stage shows what it has. Once the new agent has verified a document, the
stage is changed. The release is in force when both have held out for a while with a frame presented; else the former
one comes back, and the release is not tried again. A start of the machine or of the supervisor in between is counted:
after three the release is taken back, even where nothing of it gets so far as to fail.

That it did not connect is held against a release only if the former agent does connect: the server may be down.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from beffroi_player import system_clock
from beffroi_player.releases.release_files import (
    MAX_FAILED,
    FailedRelease,
    ReleaseFiles,
    ReleaseRecord,
    Trial,
    version_order,
)

log = logging.getLogger(__name__)

STAGE, AGENT = "stage", "agent"
BOTH = (AGENT, STAGE)
MAX_CRASHES = 3
"""Ends of a process of the release that is tried: with so many it is taken back."""
MAX_STARTS = 3
"""Starts of the supervisor with a release that is tried: with more it is taken back."""


@dataclass(frozen=True)
class TrialTimes:
    """Seconds that a trial may take."""

    connect_s: float = 300.0
    """For the agent to verify a document: a machine may wait for its network."""
    frame_s: float = 60.0
    """For the stage to present a frame."""
    hold_s: float = 120.0
    """For both to hold out."""
    suspect_s: float = 120.0
    """Within which the former agent connects where the release was at fault."""
    retry_s: float = 3_600.0
    """After which a release is tried again that did not connect while nobody could."""


class _Phase(Enum):
    IDLE = 0
    AGENT_FIRST = 1
    """The new agent runs beside the former stage."""
    BOTH_RUN = 2


class ReleaseSwitch:
    """Decides which release stage and agent run. Belongs to the supervisor.

    Args:
        files: The folder of releases.
        package: The version of the package that this is.
        presented: The file in which a stage says what it presents.
        times: How long a trial takes.
        now: Seconds of a monotonic clock.
    """

    def __init__(
        self, files: ReleaseFiles, package: str, presented: Path, times: TrialTimes | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._files, self._package, self._presented = files, package, presented
        self._times, self._now = times or TrialTimes(), now
        self._phase = _Phase.IDLE
        self._since = self._held_since = now()
        self._crashes = 0
        self._is_verified = False
        self._stage_ended_ms: float | None = None
        """When the former stage ended, until the gap is known."""
        self._frames_since_ms = 0.0
        """What was presented before is of another stage."""
        self._frame_seen = False
        self._needs_programme = False
        self._was_live = self._needs_live = False
        """Whether the former agent was connected to the broker, not only to the server: the new one must be, too."""
        self._suspect_until = self._not_before = 0.0
        self._seen_wanted: object = None
        self.record = files.read_record()
        self._begin()

    # --- what the supervisor asks

    @property
    def is_trying(self) -> bool:
        """Whether a trial goes on: it is to be looked at several times a second."""
        return self._phase is not _Phase.IDLE

    def program(self, name: str) -> list[str]:
        """Return the command of the stage or the agent, without its arguments."""
        trial = self.record.trial
        is_new = trial is not None and (self._phase is _Phase.BOTH_RUN or name == AGENT)
        version = trial.version if trial is not None and is_new else self.record.current
        return self._program_of(version)

    def note_end(self, name: str) -> None:
        """Note that a process has ended by itself."""
        if not self.is_trying or (self._phase is _Phase.AGENT_FIRST and name == STAGE):
            return
        self._crashes += 1
        self._held_since = self._now()
        if name == STAGE:
            self._frame_seen, self._frames_since_ms = False, system_clock.uptime_ms()
        else:
            self._is_verified = False

    def note_stage_stopped(self) -> None:
        """Note that the former stage has ended for the new one: the gap begins."""
        self._stage_ended_ms = self._frames_since_ms = system_clock.uptime_ms()
        self._since = self._held_since = self._now()

    def note_verified(self, *, is_live: bool) -> None:
        """Note that the agent that runs is connected, and has verified a document since its start."""
        if self._needs_live and not is_live:
            return
        if not self.is_trying:
            self._was_live = is_live
        if not self._is_verified:
            self._is_verified = True
            self._held_since = self._now()
        if self.record.suspect:
            if self._now() <= self._suspect_until:
                self._condemn(self.record.suspect, "not-connected")
                # It was the release: the one that mends it need not wait.
                self._not_before = 0.0
            self._needs_live = False
            self._store(replace(self.record, suspect=""))

    def next_changes(self) -> tuple[str, ...]:
        """Return the processes that are to be stopped and started with their present command, in this order."""
        if self._phase is _Phase.IDLE:
            return self._begin_trial()
        assert self.record.trial is not None
        if self._crashes >= MAX_CRASHES:
            return self._take_back(self._reason("stage-crashed"))
        late = self._now() - self._since
        if not self._is_verified and late > self._times.connect_s:
            return self._take_back(self._reason("not-connected"))
        if self._phase is _Phase.AGENT_FIRST:
            return self._go_on_with_stage() if self._is_verified else ()
        if not self._frame_seen and self._presents():
            self._frame_seen, self._held_since = True, self._now()
        if not self._frame_seen:
            return self._take_back(self._reason("no-frame")) if late > self._times.frame_s else ()
        if self._is_verified and self._now() - self._held_since >= self._times.hold_s:
            self._confirm()
        return ()

    # --- steps

    def _begin(self) -> None:
        """Choose what runs at the start of the supervisor."""
        record = self.record
        if record.package and record.package != self._package:
            # Another package may be able to start what the one before could not.
            failed = tuple(each for each in record.failed if each.reason != "unusable")
            record = replace(record, failed=failed)
            if record.current and _is_newer(self._package, record.current):
                log.info("the package %s is newer than the release %s: it runs", self._package, record.current)
                record = replace(record, current="", previous="", trial=None)
        if record.current and (fault := self._files.fault(record.current)):
            log.warning("the release %s cannot be started: %s", record.current, fault, extra={"CODE": "release"})
            usable = record.previous if record.previous and not self._files.fault(record.previous) else ""
            record = replace(self._with_failure(record, record.current, "unusable"), current=usable, previous="")
        trial = record.trial
        if trial is not None:
            if trial.starts >= MAX_STARTS:
                record = replace(self._with_failure(record, trial.version, "did-not-hold"), trial=None)
            elif self._fault(trial.version):
                record = replace(self._with_failure(record, trial.version, "unusable"), trial=None)
            else:
                record = replace(record, trial=replace(trial, starts=trial.starts + 1))
                self._phase, self._frames_since_ms = _Phase.BOTH_RUN, system_clock.uptime_ms()
        if record != self.record or record.package != self._package:
            # What never had a release needs no record.
            if record != ReleaseRecord():
                self._store(replace(record, package=self._package))
            else:
                self.record = record

    def _begin_trial(self) -> tuple[str, ...]:
        if self._now() < self._not_before:
            return ()
        stamp = _stamp(self._files.wanted_path)
        if stamp == self._seen_wanted:
            return ()
        self._seen_wanted = stamp
        wanted = self._files.read_wanted()
        version = self._own_name(wanted.version) if wanted else self.record.current
        if version == self.record.current or self.record.has_failed(version or self._package):
            return ()
        if fault := self._fault(version):
            log.warning("the release %s is not tried: %s", version, fault, extra={"CODE": "release"})
            self._condemn(version, "unusable")
            return ()
        # Without a record of it, a crash loop would have no end: then nothing is tried.
        if not self._store(replace(self.record, trial=Trial(version), package=self._package, suspect="")):
            return ()
        log.info("the release %s is tried", version or self._package)
        self._phase, self._since, self._crashes, self._is_verified = _Phase.AGENT_FIRST, self._now(), 0, False
        self._frame_seen, self._needs_programme = False, self._presented_programme() is not None
        self._needs_live = self._was_live
        return (AGENT,)

    def _go_on_with_stage(self) -> tuple[str, ...]:
        self._phase = _Phase.BOTH_RUN
        self._since = self._held_since = self._now()
        return (STAGE,)

    def _confirm(self) -> None:
        trial = self.record.trial
        assert trial is not None
        log.info("the release %s holds", trial.version or self._package, extra={"CODE": "release"})
        self._phase, self._needs_live = _Phase.IDLE, False
        self._store(replace(self.record, current=trial.version, previous=self.record.current, trial=None))

    def _take_back(self, reason: str) -> tuple[str, ...]:
        trial, changed = self.record.trial, (AGENT,) if self._phase is _Phase.AGENT_FIRST else BOTH
        assert trial is not None
        log.error("the release %s is taken back: %s", trial.version or self._package, reason, extra={"CODE": "release"})
        self._phase, self._is_verified = _Phase.IDLE, False
        if reason == "not-connected":
            self._suspect_until = self._now() + self._times.suspect_s
            self._not_before, self._seen_wanted = self._now() + self._times.retry_s, None
            self._store(replace(self.record, trial=None, suspect=trial.version or self._package))
        else:
            self._needs_live = False
            self._store(replace(self._with_failure(self.record, trial.version, reason), trial=None))
        # The stage first: it is what people see.
        return tuple(reversed(changed))

    # --- facts

    def _reason(self, otherwise: str) -> str:
        """Return why the release is taken back: a crash explains the rest."""
        if not self._crashes:
            return otherwise
        return "agent-crashed" if self._phase is _Phase.AGENT_FIRST or self._frame_seen else "stage-crashed"

    def _presents(self) -> bool:
        """Tell whether the stage of the trial has presented what the former one did; note the gap."""
        found = self._read_presented()
        at_ms = found.get("presented_uptime_ms")
        if not isinstance(at_ms, int | float) or at_ms <= self._frames_since_ms:
            return False
        if self._needs_programme and found.get("programme") is None:
            return False
        if self._stage_ended_ms is not None:
            self._store(replace(self.record, gap_ms=round(at_ms - self._stage_ended_ms)))
            self._stage_ended_ms = None
        return True

    def _presented_programme(self) -> object:
        return self._read_presented().get("programme")

    def _read_presented(self) -> dict[str, object]:
        with suppress(OSError, ValueError, RecursionError):
            found = json.loads(self._presented.read_bytes())
            if isinstance(found, dict):
                return found
        return {}

    def _fault(self, version: str) -> str:
        return self._files.fault(version) if version else ""

    def _own_name(self, version: str) -> str:
        """Return the name of a version in the record: empty for that of the package."""
        return "" if version == self._package else version

    def _program_of(self, version: str) -> list[str]:
        if version and not self._fault(version):
            return self._files.program(version)
        return [sys.executable, "-m", "beffroi_player"]

    def _condemn(self, version: str, reason: str) -> None:
        self._store(self._with_failure(self.record, version, reason))

    def _with_failure(self, record: ReleaseRecord, version: str, reason: str) -> ReleaseRecord:
        failure = FailedRelease(version or self._package, reason, system_clock.system_ms())
        return replace(record, failed=(*record.failed, failure)[-MAX_FAILED:])

    def _store(self, record: ReleaseRecord) -> bool:
        self.record = record
        try:
            self._files.write_record(record)
        except OSError as error:
            log.error("the record of releases cannot be written: %s", error)
            return False
        return True


def _is_newer(version: str, other: str) -> bool:
    return version_order(version) > version_order(other)


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
