"""The version that the town wants: fetched and installed at its hours, then asked for of the supervisor.

The supervisor changes the release, tries it and takes it back if need be: see :mod:`beffroi_player.releases`.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from beffroi_content.model import AssetReference, Manifest
from beffroi_content.model.software import SoftwareTarget
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.calendar import LocalCalendar, local_time, window_contains
from beffroi_content.wire.reports import FailedSoftware, SoftwareStatus
from beffroi_player import backoff
from beffroi_player.agent.prepare.asset_downloads import AssetStore, AssetUnavailable, DownloadCancelled
from beffroi_player.releases.release_files import (
    DESCRIPTION,
    LAUNCHER_VARIABLE,
    ReleaseFiles,
    ReleaseRecord,
    WantedRelease,
)

log = logging.getLogger(__name__)

STEP_SECONDS, TRIAL_STEP_SECONDS = 60.0, 5.0
"""How often it looks whether something is to be done, and the same while a release is tried; in such short steps also
whether the town wants another version."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 60.0, 3_600.0
RESERVE_BYTES = 300_000_000
"""What must stay free on the disk beside a release and its archive: for the next programme."""
UNPACK_SECONDS = 1_800


class SoftwareUpdates:
    """Sees to it that the version that the town wants is installed. One thread.

    Args:
        files: The folder of releases.
        running: The version of this program.
        root: The file with the root keys of releases.
        read_metadata: Yields a signed file about releases by its name.
        assets: Downloads files: resumed, within the limit of the screen, and from players on the same network.
        manifest: Returns the programme that is on.
        clock: Tells the time.
        is_alerted: Tells whether an alert is held: then nothing is changed.
        hold_archive: Told which file must not be removed, and None once it may be.
        changed: Called when the report says something else.
        disk: Asks for the free space of a folder.
    """

    def __init__(
        self, files: ReleaseFiles, running: str, root: Path, read_metadata: Callable[[str], Iterator[bytes]],
        assets: AssetStore, manifest: Callable[[], Manifest | None], clock: Callable[[], Moment],
        is_alerted: Callable[[], bool], hold_archive: Callable[[AssetReference | None], None],
        changed: Callable[[], object], disk: Callable[[Path], os.statvfs_result] = os.statvfs,
    ) -> None:  # fmt: skip
        self._files, self._running, self._root, self._read_metadata = files, running, root, read_metadata
        self._assets, self._manifest, self._clock, self._is_alerted = assets, manifest, clock, is_alerted
        self._hold_archive, self._changed, self._disk = hold_archive, changed, disk
        self._can_change = bool(os.environ.get(LAUNCHER_VARIABLE)) and root.is_file()
        self._failures, self._not_before_ms = 0, 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="software", daemon=True)
        self.status = SoftwareStatus(can_change=self._can_change)
        """For the report."""

    def start(self) -> None:
        """Start the thread, where releases can be changed at all."""
        if self._can_change:
            self._thread.start()

    def stop(self) -> None:
        """Interrupt a download, and end; it is resumed after the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        left_s, wanted = 0.0, self._target()
        while not self._stopping.wait(TRIAL_STEP_SECONDS):
            left_s -= TRIAL_STEP_SECONDS
            before, wanted = wanted, self._target()
            if left_s > 0 and wanted == before:
                continue
            try:
                left_s = self.take_step()
            except Exception:
                log.exception("the software cannot be seen to")
                left_s = STEP_SECONDS

    def _target(self) -> SoftwareTarget:
        manifest = self._manifest()
        return manifest.settings.software if manifest else SoftwareTarget()

    def take_step(self) -> float:
        """Do what is to be done now. Return the seconds until the next step."""
        record, manifest, target = self._files.read_record(), self._manifest(), self._target()
        state, detail = self._bring_about(target, record, manifest)
        self._set_status(target, record, state, detail)
        return TRIAL_STEP_SECONDS if record.trial is not None else STEP_SECONDS

    def _bring_about(self, target: SoftwareTarget, record: ReleaseRecord, manifest: Manifest | None) -> tuple[str, str]:
        """Return what the status says afterwards: its state and a sentence."""
        if record.trial is not None:
            return "trying", ""
        self._remove_others(record, target.version)
        if not target.version or manifest is None:
            return "none", ""
        if target.version == self._running:
            return "done", ""
        if record.has_failed(target.version):
            return "failed", "it was tried and taken back"
        return self._bring_closer(target, record, manifest)

    def _bring_closer(self, target: SoftwareTarget, record: ReleaseRecord, manifest: Manifest) -> tuple[str, str]:
        """Fetch and install what is wanted, or ask for it, where it is the hour for that."""
        is_installed = target.version == record.package or not self._files.fault(target.version)
        if why := self._reason_to_wait(target, manifest):
            return ("installed" if is_installed else "waiting"), why
        if not is_installed:
            try:
                self._set_status(target, record, "fetching", "")
                self._install(target.version)
            except DownloadCancelled:
                return "waiting", "interrupted"
            except _NotInstalled as error:
                self._failures += 1
                pause = backoff.retry_delay(self._failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
                self._not_before_ms = self._clock().uptime_ms + pause * 1000
                log.warning("the release %s is not installed: %s", target.version, error)
                return "waiting", str(error)[:500]
            self._failures = 0
            # It took a while: an alert may be on by now, or the hour be over.
            if why := self._reason_to_wait(target, manifest):
                return "installed", why
        if self._files.read_wanted() != WantedRelease(target.version):
            self._files.write_wanted(WantedRelease(target.version))
        return "installed", "it is about to be tried"

    def _reason_to_wait(self, target: SoftwareTarget, manifest: Manifest) -> str:
        """Return why nothing is to be done now; empty where something is."""
        moment = self._clock()
        if moment.uptime_ms < self._not_before_ms:
            return self.status.detail or "it is tried again later"
        if moment.clock is not ClockState.TRUSTED:
            return "the time is not certain"
        if self._is_alerted():
            return "an alert is on"
        if target.window is not None:
            almanac = LocalCalendar.of_manifest(manifest)
            local = local_time(moment.unix_ms, almanac.zone)
            if not window_contains(target.window, local, almanac, True, True):
                return "it is not the hour for it"
        return ""

    def _install(self, version: str) -> None:
        """Fetch a release and unpack it beside the others.

        Raises:
            _NotInstalled: that is not possible now.
            DownloadCancelled: the agent ends.
        """
        # The library takes its time to load, and most days nothing is wanted.
        from beffroi_player.agent.software.signed_releases import (  # noqa: PLC0415
            ReleaseUnavailable,
            SignedReleases,
        )

        signed = SignedReleases(self._files.folder / "metadata", self._root, self._read_metadata)
        try:
            archive = signed.find_archive(version, self._clock().unix_ms)
            self._check_space(archive.file.size + archive.unpacked_bytes)
            self._hold_archive(archive.file)
            self._assets.ensure_downloaded(archive.file, self._stopping.is_set)
            self._unpack(self._assets.asset_path(archive.file), version, archive.unpacked_bytes)
        except (ReleaseUnavailable, AssetUnavailable, OSError) as error:
            raise _NotInstalled(str(error)) from error
        finally:
            self._hold_archive(None)

    def _check_space(self, needed: int) -> None:
        found = self._disk(self._files.folder)
        free = found.f_bavail * found.f_frsize
        if free < needed + RESERVE_BYTES:
            raise _NotInstalled(f"the disk has {free // 1_000_000} MB free, {needed // 1_000_000} MB are needed")

    def _unpack(self, archive: Path, version: str, size: int) -> None:
        command = [sys.executable, "-m", "beffroi_player.releases.unpacking", str(archive), str(self._files.folder)]
        try:
            done = subprocess.run(  # noqa: S603 -- this very program
                [*command, version, str(size)], capture_output=True, timeout=UNPACK_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _NotInstalled(f"it was not unpacked within {UNPACK_SECONDS} s") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise _NotInstalled(f"it cannot be unpacked: {said[-1] if said else done.returncode}")

    def _remove_others(self, record: ReleaseRecord, wanted: str) -> None:
        """Remove releases that nothing needs: two are kept, beside the one that is wanted."""
        wanted_now = self._files.read_wanted()
        kept = {record.current, record.previous, record.suspect, wanted, wanted_now.version if wanted_now else ""}
        installed = [
            path.parent for path in self._files.folder.glob(f"*/{DESCRIPTION}") if path.parent.name not in kept
        ]
        for folder in [*installed, *self._files.folder.glob(".unpacking-*")]:
            log.info("the release %s is removed", folder.name)
            shutil.rmtree(folder, ignore_errors=True)

    def _set_status(self, target: SoftwareTarget, record: ReleaseRecord, state: str, detail: str) -> None:
        status = SoftwareStatus(
            can_change=self._can_change,
            wanted=target.version,
            state=state,
            detail=detail,
            failed=tuple(
                FailedSoftware(version=each.version, reason=each.reason, at_ms=each.at_ms) for each in record.failed
            ),
            gap_ms=record.gap_ms if record.gap_ms is not None and record.gap_ms >= 0 else None,
        )
        if status != self.status:
            self.status = status
            self._changed()


class _NotInstalled(Exception):
    """A release cannot be installed now; the message says why."""
