"""Updates of a real player, with its real stage and agent: ``make test-updates``. One that works, and four broken ones.

With ``--base`` also the overlap of one version: the player of an older commit against what this one sends, this player
against what the older one sends, and an update from the older player to this one.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.sample_releases import ReleaseMakers
from tests.support.signing_town import SigningTown, slide
from tests.support.waiting import until

from beffroi_content.model import SoftwareTarget
from beffroi_player.agent.software.signed_releases import archive_path
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.releases.release_files import ReleaseFiles, ReleaseRecord, python_name
from beffroi_player.state.directories import StateDirectory
from beffroi_provisioning.releases import repository
from beffroi_provisioning.releases.archive import write_archive

ROOT = Path(__file__).parents[2]
LIBRARIES = sysconfig.get_path("purelib")
TIMES = "connect_s=120, frame_s=40, hold_s=5, suspect_s=120"
"""Shorter than in service, so that the whole takes minutes."""
PATIENCE_S = 240.0
RUN = f"""
import sys
from beffroi_player import __main__, supervisor
from beffroi_player.releases.release_switch import TrialTimes
supervisor.TRIAL_TIMES = TrialTimes({TIMES})
sys.exit(__main__.main())
"""
SERVE = """
import sys, time
from tests.support.signing_town import SigningTown, alert, slide
town = SigningTown()
town.now_ms = int(time.time() * 1000)
town.publish_keys()
town.publish_programme(town.manifest(slide("pool")))
town.publish_alerts(alert(now=town.now_ms))
with town.serve() as url:
    print(town.enrolment(url).model_dump_json(), flush=True)
    sys.stdin.read()
"""
BROKEN = {
    "9.1": ("stage-crashed", "stage/main.py", "raise RuntimeError('a fault in the display side')"),
    "9.2": ("agent-crashed", "agent/main.py", "raise RuntimeError('a fault in the network side')"),
    "9.3": ("no-frame", "stage/main.py", "import time; time.sleep(3_600)"),
    "9.4": ("not-connected", "agent/transport/http_client.py", "CONNECT_SECONDS = -1.0"),
}
"""By version: why it must be taken back, and the fault in it: a line at the end of a module."""


def main() -> int:
    """Run it all; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="an older commit")
    base = parser.parse_args().base
    with tempfile.TemporaryDirectory(prefix="beffroi-updates-") as name:
        work = Path(name)
        update_and_take_back(work / "updates")
        if base:
            old = work / "old"
            old.mkdir()
            archive = subprocess.run(
                ["git", "archive", base, "content", "player", "tests"], cwd=ROOT, check=True, capture_output=True
            )
            subprocess.run(["tar", "-x", "-C", old], input=archive.stdout, check=True)
            overlap(work / "overlap", old)
            if (old / "player/beffroi_player/releases").is_dir():
                update_from(work / "from", old)
            else:
                say("the older build cannot change its version: only the overlap was tried")
    return 0


def update_and_take_back(work: Path) -> None:
    """Let a player try versions that are broken in four ways, and then one that works."""
    with played_town(work) as (town, makers, files):
        for version, (_reason, module, fault) in BROKEN.items():
            release(makers, version, ROOT, lambda folder, m=module, f=fault: spoil(folder / m, f))  # type: ignore[misc]
        release(makers, "9.5", ROOT)
        until("the programme", lambda: presented(work).get("programme"), PATIENCE_S)
        for version, (reason, _module, _fault) in BROKEN.items():
            began = time.monotonic()
            want(town, makers, version)
            until(f"{version} is taken back", lambda v=version: files.read_record().has_failed(v), PATIENCE_S)
            found = files.read_record().failed[-1]
            assert (found.version, found.reason) == (version, reason), found
            until("the programme is shown again", lambda: presented(work).get("programme"), PATIENCE_S)
            assert files.read_record().current == ""
            say(f"{version}: taken back after {time.monotonic() - began:.0f} s: {reason}")
        want(town, makers, "9.5")
        until("9.5 is in force", lambda: files.read_record().current == "9.5", PATIENCE_S)
        say(f"9.5: in force; {files.read_record().gap_ms} ms without a new frame")


def update_from(work: Path, old: Path) -> None:
    """Let the build of before run as a release, and update itself to this one."""
    with played_town(work, current="0.0.1", source=old) as (town, makers, files):
        release(makers, "9.6", ROOT)
        until("the programme", lambda: presented(work).get("programme"), PATIENCE_S)
        want(town, makers, "9.6")
        until("9.6 is in force", lambda: files.read_record().current == "9.6", PATIENCE_S)
        assert files.read_record().previous == "0.0.1"
        say(f"from the older build to this one: {files.read_record().gap_ms} ms without a new frame")


def overlap(work: Path, old: Path) -> None:
    """Let each version play what the other sends."""
    before = {"PYTHONPATH": os.pathsep.join([str(old / "content"), str(old / "player"), str(old)])}
    for name, server, player in (("older player", {}, before), ("older server", before, {})):
        folder = work / name.replace(" ", "-")
        (folder / "run").mkdir(parents=True)
        StateDirectory(folder / "state").create_folders()
        where = old if server else ROOT
        sending = subprocess.Popen(
            [sys.executable, "-c", SERVE], cwd=where, env=os.environ | server, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert sending.stdout is not None
        (folder / "state/enrolment.json").write_text(sending.stdout.readline())
        playing = subprocess.Popen(
            [sys.executable, "-m", "beffroi_player", "run", *folders(folder), "--output", "headless"],
            cwd=old if player else ROOT, env=os.environ | player,
        )  # fmt: skip
        try:
            until(f"{name}: the alert", lambda f=folder: shown(f, "alert") == "flood", PATIENCE_S)
            until(
                f"{name}: the programme",
                lambda f=folder: (f / "state/programme.json").exists() and presented(f).get("programme"), PATIENCE_S,
            )  # fmt: skip
            say(f"{name}: programme and alert are shown")
        finally:
            for process in (playing, sending):
                process.terminate()
                process.wait(30)


@contextlib.contextmanager
def played_town(
    work: Path, current: str = "", source: Path = ROOT
) -> Iterator[tuple[SigningTown, ReleaseMakers, ReleaseFiles]]:
    """Give a town with one running player, those who make its releases, and the releases on it."""
    (work / "run").mkdir(parents=True)
    state = StateDirectory(work / "state")
    state.create_folders()
    makers = ReleaseMakers(work / "makers", dt.datetime.now(dt.UTC).replace(microsecond=0))
    files = ReleaseFiles(work / "state/releases")
    town = SigningTown(answers_nonces=True)
    town.now_ms = time.time_ns() // 1_000_000
    if current:
        install(files, current, source)
    with town.serve() as url:
        AgentStorage(work / "state").enrolment.write(town.enrolment(url))
        town.publish_keys()
        town.publish_programme(town.manifest(slide("pool")))
        player = subprocess.Popen(
            [sys.executable, "-c", RUN, "run", *folders(work), "--output", "headless"],
            env=os.environ | {"BEFFROI_RELEASES_ROOT": str(makers.root)}, cwd=work,
            stderr=(work / "log").open("wb"),
        )  # fmt: skip
        try:
            yield town, makers, files
        except BaseException:
            sys.stderr.write((work / "log").read_text(errors="replace")[-6000:])
            raise
        finally:
            player.terminate()
            player.wait(30)


def want(town: SigningTown, makers: ReleaseMakers, version: str) -> None:
    """Let the town want a version, and its server have the archives."""
    for path in (makers.folder / "metadata").iterdir():
        town.files[path.name] = path.read_bytes()
    for path in (makers.folder / "targets").glob("*/*"):
        town.files[path.name.split(".")[0]] = path.read_bytes()
    town.now_ms = time.time_ns() // 1_000_000
    town.publish_programme(town.manifest(slide("pool"), software=SoftwareTarget(version=version)))


def release(
    makers: ReleaseMakers, version: str, source: Path, change: Callable[[Path], object] = lambda _folder: None
) -> None:
    """Build a release of real code, and sign it."""
    with tempfile.TemporaryDirectory() as name:
        packages = real_packages(Path(name), version, source)
        change(packages / "beffroi_player")
        architecture = Path(archive_path(version)).name.split("-")[0]
        python = python_name().removeprefix("python")
        built = write_archive(packages, version, architecture, python, makers.folder.parent, preset=0)
    repository.add_release(makers.folder, makers.keys, [built], makers.now)


def install(files: ReleaseFiles, version: str, source: Path) -> None:
    """Install a release of real code, and let it be in force."""
    folder = files.release_folder(version)
    real_packages(folder / "lib" / files.python / "site-packages", version, source)
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(Path(sys.executable).resolve())
    (folder / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    (folder / "release.json").write_text(json.dumps({"version": version, "launcher": 1}))
    files.write_record(ReleaseRecord(current=version))


def real_packages(folder: Path, version: str, source: Path) -> Path:
    """Copy player and content of a checkout to where a release has them; libraries are those of this environment."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source / "player/beffroi_player", folder / "beffroi_player", ignore=ignored)
    shutil.copytree(source / "content/beffroi_content", folder / "beffroi_content", ignore=ignored)
    (folder / "libraries.pth").write_text(f"{LIBRARIES}\n")
    named = folder / f"beffroi-{version}.dist-info"
    named.mkdir()
    (named / "METADATA").write_text(f"Metadata-Version: 2.1\nName: beffroi\nVersion: {version}\n")
    return folder


def spoil(module: Path, fault: str) -> None:
    """Put a fault at the end of a module."""
    module.write_text(f"{module.read_text(encoding='utf-8')}\n{fault}\n", encoding="utf-8")


def folders(work: Path) -> list[str]:
    """Return the options of a player's folders."""
    return ["--state", str(work / "state"), "--runtime", str(work / "run")]


def presented(work: Path) -> dict[str, object]:
    """Return what the stage says that it presents."""
    try:
        return dict(json.loads((work / "run/presented.json").read_bytes()))
    except (OSError, ValueError):
        return {}


def shown(work: Path, what: str) -> object:
    """Return what is on, such as the name of an alert."""
    showings = presented(work).get("showings")
    return showings[0].get(what) if isinstance(showings, list) and showings else None


def say(line: str) -> None:
    """Tell what was found."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
