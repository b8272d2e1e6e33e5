"""The files of the releases of a player: folders with versions, and what agent and supervisor write about them.

::

    releases/record.json       written by the supervisor: what runs, what is tried, what has failed
    releases/wanted.json       written by the agent: what is to run, once it is installed
    releases/<version>/        a virtual environment, as in the package; complete as soon as it has this name

Plain JSON, read leniently: whoever reads a file may be older or newer than its writer. Neither needs a library, since
the supervisor stays in memory.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from beffroi_player.state.atomic_files import write_file

log = logging.getLogger(__name__)

FOLDER = "releases"
LAUNCHER = 1
"""The rules between supervisor and release, by number: a release names the lowest that it can do with."""
LAUNCHER_VARIABLE = "BEFFROI_LAUNCHER"
"""Tells an agent that its supervisor can change releases, and by which rules."""
ROOT_VARIABLE = "BEFFROI_RELEASES_ROOT"
"""Where the file with the root keys of releases is; by default in the package."""
DESCRIPTION = "release.json"
MAX_FAILED = 20
"""Failures that are remembered: the newest."""
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+~-]{0,39}")
_FILE_LIMIT = 64 * 1024


def is_version(text: str) -> bool:
    """Tell whether a text can be a version: it is the name of a folder, too."""
    return bool(_VERSION.fullmatch(text))


def version_order(version: str) -> tuple[int, ...]:
    """Return numbers by which versions are in order: 1.10 is newer than 1.9. Letters do not count."""
    return tuple(int(part) for part in re.findall(r"[0-9]+", version.split("+", maxsplit=1)[0])[:6])


def python_name() -> str:
    """Return the name of this machine's Python in a virtual environment, such as ``python3.13``."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def package_root() -> Path:
    """Return where the package has the root keys of releases, whether they are there or not."""
    given = os.environ.get(ROOT_VARIABLE, "")
    return Path(given) if given else Path(sys.prefix) / "share/beffroi/releases-root.json"


@dataclass(frozen=True)
class FailedRelease:
    """A release that was tried and taken back."""

    version: str
    reason: str
    """One of: ``did-not-hold``, ``agent-crashed``, ``stage-crashed``, ``not-connected``, ``no-frame``, ``unusable``."""
    at_ms: int = 0
    """By the system clock, which may be wrong."""


@dataclass(frozen=True)
class Trial:
    """A release that runs and has not proven itself."""

    version: str
    starts: int = 1
    """Starts of the supervisor with it, its first included: more than a few are a crash loop, or a watchdog's."""


@dataclass(frozen=True)
class ReleaseRecord:
    """What runs, what is tried, what has failed. Versions are empty for the package itself."""

    current: str = ""
    previous: str = ""
    package: str = ""
    """The version of the package when the record was written: a newer package outranks the releases before it."""
    trial: Trial | None = None
    failed: tuple[FailedRelease, ...] = ()
    gap_ms: int | None = None
    """From the end of the former stage to the first frame of the present one, at the last change."""
    suspect: str = ""
    """A release that was taken back since it did not connect, while nobody knows whether another would have."""

    def has_failed(self, version: str) -> bool:
        """Tell whether a version was taken back before."""
        return any(each.version == version for each in self.failed)


@dataclass(frozen=True)
class WantedRelease:
    """What is to run."""

    version: str = ""


@dataclass(frozen=True)
class ReleaseFiles:
    """The folder of the releases within a state directory."""

    folder: Path
    python: str = field(default_factory=python_name)

    @property
    def record_path(self) -> Path:
        """Where the record is."""
        return self.folder / "record.json"

    @property
    def wanted_path(self) -> Path:
        """Where it says what is to run."""
        return self.folder / "wanted.json"

    def release_folder(self, version: str) -> Path:
        """Return the folder of a release, whether it is there or not."""
        return self.folder / version

    def program(self, version: str) -> list[str]:
        """Return the command of a release, without its arguments."""
        return [str(self.release_folder(version) / "bin/python"), "-m", "beffroi_player"]

    def fault(self, version: str) -> str:
        """Return why a release cannot be started here; empty where it can."""
        if not is_version(version):
            return "its name is no version"
        folder = self.release_folder(version)
        found = _read_json(folder / DESCRIPTION)
        if found is None:
            return "it is not installed, or damaged"
        if _whole(found.get("launcher")) > LAUNCHER:
            return "it needs a newer package on this machine"
        if not (folder / "lib" / self.python / "site-packages").is_dir():
            return f"it is not for {self.python}"
        if not os.access(folder / "bin/python", os.X_OK):
            return "its Python is gone"
        return ""

    def read_record(self) -> ReleaseRecord:
        """Return the record; where there is none, or a damaged one, that of a machine with its package alone."""
        found = _read_json(self.record_path) or {}
        trial = found.get("trial")
        failed = found.get("failed")
        return ReleaseRecord(
            current=_version(found.get("current")),
            previous=_version(found.get("previous")),
            package=_version(found.get("package")),
            trial=(
                Trial(trial["version"], max(1, _whole(trial.get("starts"))))
                if isinstance(trial, dict) and isinstance(trial.get("version"), str)
                else None
            ),
            failed=tuple(
                FailedRelease(each["version"], str(each.get("reason", ""))[:40], _whole(each.get("at_ms")))
                for each in (failed if isinstance(failed, list) else ())
                if isinstance(each, dict) and _version(each.get("version"))
            )[-MAX_FAILED:],
            gap_ms=found["gap_ms"] if isinstance(found.get("gap_ms"), int) else None,
            suspect=_version(found.get("suspect")),
        )

    def write_record(self, record: ReleaseRecord) -> None:
        """Replace the record. Only for the supervisor.

        Raises:
            OSError: the disk is full or broken.
        """
        self.folder.mkdir(mode=0o750, exist_ok=True)
        write_file(self.record_path, json.dumps(asdict(record), indent=1).encode())

    def read_wanted(self) -> WantedRelease | None:
        """Return what is to run; None where nobody has said so."""
        found = _read_json(self.wanted_path)
        version = _version(found.get("version")) if found else ""
        return WantedRelease(version) if version else None

    def write_wanted(self, wanted: WantedRelease) -> None:
        """Say what is to run. Only for the agent.

        Raises:
            OSError: the disk is full or broken.
        """
        self.folder.mkdir(mode=0o750, exist_ok=True)
        write_file(self.wanted_path, json.dumps(asdict(wanted), indent=1).encode())


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_FILE_LIMIT))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s is passed over: %s", path.name, error)
        return None
    return found if isinstance(found, dict) else None


def _version(value: object) -> str:
    return value if isinstance(value, str) and is_version(value) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
