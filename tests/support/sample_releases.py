"""Small releases of a player: programs that do as a stage and an agent do towards their supervisor, or fail to."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beffroi_player.agent.software.signed_releases import archive_path
from beffroi_player.agent.transport.http_client import ServerRefusal
from beffroi_player.releases.release_files import DESCRIPTION, ReleaseFiles, python_name
from beffroi_provisioning.releases import repository
from beffroi_provisioning.releases.archive import BuiltArchive, write_archive

PROGRAM = """
import json, os, signal, socket, sys, time
arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
name, runtime = sys.argv[1], arguments["--runtime"]
version, how = {version!r}, {how!r}
# No exception: one that is raised just as a socket is closed may be lost, and the program would go on.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
with open(os.path.join(runtime, "starts"), "a") as log:
    log.write(name + " " + version + chr(10))
def present(programme):
    path = os.path.join(runtime, "presented.json")
    uptime = time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e6
    with open(path + "~", "w") as file:
        json.dump(dict(number=1, programme=programme, presented_uptime_ms=uptime, frame=version), file)
    os.replace(path + "~", path)
def say(text):
    address = os.environ["NOTIFY_SOCKET"].replace("@", chr(0), 1)
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(text.encode(), address)
if how == name + " crashes":
    sys.exit(1)
if how == name + " ends":
    sys.exit(0)
while True:
    if name == "agent":
        if how != "not connected" and not os.path.exists(os.path.join(runtime, "server-is-down")):
            say("X_VERIFIED=%d live" % os.getpid())
        else:
            say("WATCHDOG=1")
        with open(os.path.join(runtime, "agent~"), "w") as file:
            file.write(version)
        os.replace(os.path.join(runtime, "agent~"), os.path.join(runtime, "agent"))
    elif how != "no frame":
        present(7)
    time.sleep(0.02)
"""


def install_release(files: ReleaseFiles, version: str, how: str = "works", *, launcher: int = 1) -> Path:
    """Put a release beside the package.

    Args:
        files: The folder of releases.
        version: Its version.
        how: ``works``, ``agent crashes``, ``stage crashes``, ``stage ends``, ``not connected``, ``no frame``.
        launcher: The rules that it needs.
    """
    folder = files.release_folder(version)
    package = folder / "lib" / files.python / "site-packages/beffroi_player"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(PROGRAM.format(version=version, how=how))
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(Path(sys.executable).resolve())
    (folder / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    (folder / DESCRIPTION).write_text(json.dumps({"version": version, "launcher": launcher}))
    return folder


class ReleaseMakers:
    """Those who make releases: their keys, and the repository as a server hands it on.

    Args:
        folder: For both.
        now: When they sign.
    """

    def __init__(self, folder: Path, now: dt.datetime) -> None:
        self.folder, self.keys, self.now = folder / "repository", folder / "keys", now
        self._work = folder / "work"
        repository.create_keys(self.keys)
        self.root = repository.init_repository(self.folder, self.keys, now)
        self.asked: list[str] = []
        """What was asked of the server."""

    def build(self, version: str, how: str = "works") -> BuiltArchive:
        """Build the archive of a release for this machine."""
        packages = self._work / version / "beffroi_player"
        packages.mkdir(parents=True, exist_ok=True)
        (packages / "__init__.py").touch()
        (packages / "__main__.py").write_text(PROGRAM.format(version=version, how=how))
        architecture = Path(archive_path(version)).name.split("-")[0]
        python = python_name().removeprefix("python")
        return write_archive(packages.parent, version, architecture, python, self._work / "archives")

    def release(self, *versions: str) -> None:
        """Build and sign releases."""
        repository.add_release(self.folder, self.keys, [self.build(version) for version in versions], self.now)

    def read_metadata(self, name: str) -> Iterator[bytes]:
        """Hand out a signed file, as the server does."""
        self.asked.append(name)
        path = self.folder / "metadata" / name
        if not path.is_file():
            refusal = ServerRefusal(f"{name} is not here")
            refusal.status = 404
            raise refusal
        yield path.read_bytes()

    @contextmanager
    def open_asset(self, sha256: str, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Hand out an archive from a byte on."""
        self.asked.append(sha256)
        (path,) = (self.folder / "targets").glob(f"*/{sha256}.*")
        yield start, iter([path.read_bytes()[start:]])
