"""The version that the town wants: only what was signed is installed, at its hours, and nothing else is done."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.support.sample_releases import ReleaseMakers
from tests.support.signing_town import SigningTown

from beffroi_content.model import SoftwareTarget, TimeWindow
from beffroi_content.timeline import ClockState, Moment
from beffroi_player.agent.prepare.asset_downloads import AssetStore
from beffroi_player.agent.software.software_updates import SoftwareUpdates
from beffroi_player.releases import unpacking
from beffroi_player.releases.release_files import (
    FailedRelease,
    ReleaseFiles,
    ReleaseRecord,
    Trial,
    WantedRelease,
)
from beffroi_provisioning.releases.key_replacement import replace_keys

NOW = dt.datetime(2026, 11, 30, 2, 30, tzinfo=dt.UTC)  # half past three in Paris
NIGHT = TimeWindow(start=dt.time(1), end=dt.time(5))


@pytest.fixture
def makers(tmp_path: Path) -> ReleaseMakers:
    found = ReleaseMakers(tmp_path / "makers", NOW)
    found.release("2.0")
    return found


@dataclasses.dataclass
class Player:
    """What an agent knows, for the tests to change."""

    files: ReleaseFiles
    updates: SoftwareUpdates
    moment: Moment
    target: SoftwareTarget = dataclasses.field(default_factory=lambda: SoftwareTarget(version="2.0", window=NIGHT))
    has_alert: bool = False
    free: int = 10**12
    held: list[object] = dataclasses.field(default_factory=list)

    def step(self) -> str:
        """Let a minute pass, and return the state."""
        self.moment = dataclasses.replace(self.moment, uptime_ms=self.moment.uptime_ms + 7_200_000)
        self.updates.take_step()
        return self.updates.status.state

    def installed(self, version: str = "2.0") -> bool:
        return not self.files.fault(version)


@pytest.fixture
def player(tmp_path: Path, makers: ReleaseMakers, hall: SigningTown, monkeypatch: pytest.MonkeyPatch) -> Player:
    """A player that runs version 1.0."""
    monkeypatch.setenv("BEFFROI_LAUNCHER", "1")
    return make_player(tmp_path, makers, hall)


def make_player(tmp_path: Path, makers: ReleaseMakers, hall: SigningTown, root: Path | None = None) -> Player:
    files = ReleaseFiles(tmp_path / "state/releases")
    assets = tmp_path / "state/assets"
    for folder in (assets, files.folder):
        folder.mkdir(parents=True, exist_ok=True)
    manifest, held = hall.manifest(), list[object]()

    def disk(_folder: Path) -> os.statvfs_result:
        return SimpleNamespace(f_bavail=found.free, f_frsize=1)  # type: ignore[return-value]

    updates = SoftwareUpdates(
        files, "1.0", root or makers.root, makers.read_metadata, AssetStore(assets, makers),  # type: ignore[arg-type]
        lambda: manifest.replace(settings=manifest.settings.replace(software=found.target)), lambda: found.moment,
        lambda: found.has_alert, held.append, lambda: None, disk,
    )  # fmt: skip
    moment = Moment(unix_ms=int(NOW.timestamp() * 1000), uptime_ms=0, clock=ClockState.TRUSTED)
    found = Player(files, updates, moment, held=held)
    return found


def test_what_is_signed_is_installed_and_asked_for(player: Player) -> None:
    assert player.step() == "installed"
    assert player.installed()
    assert player.files.read_wanted() == WantedRelease("2.0")
    assert player.updates.status.can_change
    # The archive was needed while it came, and no longer.
    assert [archive is not None for archive in player.held] == [True, False]
    compiled = player.files.release_folder("2.0").rglob("*.pyc")
    assert [path.name.split(".")[0] for path in compiled]


def test_one_that_missed_ten_versions_goes_to_the_newest_at_once(player: Player, makers: ReleaseMakers) -> None:
    makers.release(*(f"{number}.0" for number in range(3, 14)))
    player.target = SoftwareTarget(version="13.0")
    assert player.step() == "installed"
    assert player.installed("13.0")
    assert not player.installed("2.0")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: setattr(p, "has_alert", True), "an alert is on"),
        (lambda p: setattr(p, "moment", dataclasses.replace(p.moment, clock=ClockState.CARRIED)), "not certain"),
        (lambda p: setattr(p, "moment", dataclasses.replace(p.moment, unix_ms=p.moment.unix_ms + 9 * 3_600_000)),
         "not the hour"),
    ],
)  # fmt: skip
def test_nothing_is_done_before_its_hour(
    player: Player, makers: ReleaseMakers, change: Callable[[Player], None], reason: str
) -> None:
    now = player.moment.unix_ms
    change(player)
    assert player.step() == "waiting"
    assert reason in player.updates.status.detail
    assert makers.asked == []
    # What is installed waits as well.
    player.has_alert, player.moment = False, Moment(unix_ms=now, uptime_ms=0, clock=ClockState.TRUSTED)
    player.step()
    player.files.wanted_path.unlink()
    change(player)
    assert player.step() == "installed"
    assert not player.files.wanted_path.exists()


def test_without_room_nothing_is_fetched(player: Player, makers: ReleaseMakers) -> None:
    player.free = 300_000_000
    assert player.step() == "waiting"
    assert "MB are needed" in player.updates.status.detail
    assert not [name for name in makers.asked if len(name) == 64]
    player.free = 10**12
    assert player.step() == "installed"


def forge_targets(makers: ReleaseMakers, player: Player) -> None:
    path = makers.folder / "metadata/2.targets.json"
    found = json.loads(path.read_text())
    next(iter(found["signed"]["targets"].values()))["hashes"]["sha256"] = "0" * 64
    path.write_text(json.dumps(found))


def forge_archive(makers: ReleaseMakers, player: Player) -> None:
    (path,) = (makers.folder / "targets").glob("2.0/*")
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    path.write_bytes(content)


def let_signatures_expire(makers: ReleaseMakers, player: Player) -> None:
    later = player.moment.unix_ms + 501 * 86_400_000
    player.moment = dataclasses.replace(player.moment, unix_ms=later)


def ask_for_what_is_not_there(makers: ReleaseMakers, player: Player) -> None:
    player.target = SoftwareTarget(version="2.1")


@pytest.mark.parametrize(
    "harm", [forge_targets, forge_archive, let_signatures_expire, ask_for_what_is_not_there], ids=lambda f: f.__name__
)
def test_what_is_not_signed_is_not_installed(player: Player, makers: ReleaseMakers, harm: Callable) -> None:
    harm(makers, player)
    assert player.step() == "waiting"
    assert player.updates.status.detail
    assert not player.installed()
    assert not player.files.wanted_path.exists()
    assert player.held[-1:] in ([], [None])


def test_a_server_that_was_taken_over_can_sign_nothing(
    tmp_path: Path, makers: ReleaseMakers, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEFFROI_LAUNCHER", "1")
    thief = ReleaseMakers(tmp_path / "thief", NOW)
    thief.release("2.0")
    player = make_player(tmp_path, thief, hall, root=makers.root)
    assert player.step() == "waiting"
    assert "signatures" in player.updates.status.detail
    assert not player.installed()


def test_a_player_follows_its_makers_to_other_keys(player: Player, makers: ReleaseMakers, tmp_path: Path) -> None:
    assert player.step() == "installed"
    stolen, makers.keys = makers.keys, tmp_path / "new"
    replace_keys(makers.folder, ["root-1", "root-2", "releases", "freshness"], [stolen], makers.keys, NOW)
    # And once more, by the root keys that count now: the third is still the first one.
    replace_keys(makers.folder, ["root-3"], [makers.keys, stolen], makers.keys, NOW)
    makers.release("3.0")
    player.target = SoftwareTarget(version="3.0")
    assert player.step() == "installed"
    assert player.installed("3.0")
    # A player that was off meanwhile goes the same way from the root file of its package.
    assert [name for name in makers.asked if name.endswith("root.json")] == [
        "2.root.json", "2.root.json", "3.root.json", "4.root.json",
    ]  # fmt: skip


def test_a_server_cannot_bring_an_older_list_of_releases_back(player: Player, makers: ReleaseMakers) -> None:
    before = {path: path.read_bytes() for path in (makers.folder / "metadata").iterdir()}
    makers.release("3.0")
    assert player.step() == "installed"
    for path, content in before.items():
        path.write_bytes(content)
    player.target = SoftwareTarget(version="2.1")
    assert player.step() == "waiting"
    assert "version" in player.updates.status.detail


def test_what_was_taken_back_is_not_fetched_again(player: Player, makers: ReleaseMakers) -> None:
    player.files.write_record(ReleaseRecord(package="1.0", failed=(FailedRelease("2.0", "no-frame", 5),)))
    assert player.step() == "failed"
    assert makers.asked == []
    (failure,) = player.updates.status.failed
    assert (failure.version, failure.reason) == ("2.0", "no-frame")


def test_only_two_releases_are_kept(player: Player) -> None:
    player.step()
    for version in ("0.8", "0.9", "1.0"):
        folder = player.files.release_folder(version)
        folder.mkdir()
        (folder / "release.json").write_text("{}")
    (player.files.folder / ".unpacking-0.7").mkdir()
    player.files.write_record(ReleaseRecord(current="1.0", previous="0.9", trial=Trial("2.0")))
    assert player.step() == "trying"
    assert len(list(player.files.folder.glob("*/release.json"))) == 4
    player.files.write_record(ReleaseRecord(current="1.0", previous="0.9"))
    player.step()
    left = {path.parent.name for path in player.files.folder.glob("*/release.json")}
    assert left == {"0.9", "1.0", "2.0"}
    assert not list(player.files.folder.glob(".unpacking*"))


def test_one_that_nobody_can_take_back_changes_nothing(
    tmp_path: Path, makers: ReleaseMakers, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BEFFROI_LAUNCHER", raising=False)
    player = make_player(tmp_path, makers, hall)
    assert not player.updates.status.can_change
    player.updates.start()
    player.updates.stop()
    assert makers.asked == []


# --- unpacking


def archive_with(tmp_path: Path, *members: tuple[str, bytes, bytes]) -> Path:
    path = tmp_path / "archive.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        for name, content, kind in members:
            member = tarfile.TarInfo(name)
            member.size, member.type, member.linkname = len(content), kind, "/etc/passwd"
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("../outside", tarfile.REGTYPE, "no place"), ("/outside", tarfile.REGTYPE, "no place"),
        ("link", tarfile.SYMTYPE, "neither"), ("link", tarfile.LNKTYPE, "neither"),
        ("pipe", tarfile.FIFOTYPE, "neither"),
        ("release.json", tarfile.REGTYPE, "says nothing of itself"),
    ],
)  # fmt: skip
def test_an_archive_with_anything_else_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, kind: bytes, said: str
) -> None:
    archive = archive_with(tmp_path, (name, b"x" if kind == tarfile.REGTYPE else b"", kind))
    with pytest.raises(unpacking.BadArchive, match=said):
        unpacking.unpack_release(archive, tmp_path / "releases", "2.0", 1_000)
    assert list((tmp_path / "releases").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive.tar.xz", "releases"]


def test_an_archive_that_is_larger_than_it_was_signed_for_is_refused(tmp_path: Path) -> None:
    archive = archive_with(tmp_path, ("zeros", bytes(100_000), tarfile.REGTYPE))
    with pytest.raises(unpacking.BadArchive, match="larger"):
        unpacking.unpack_release(archive, tmp_path / "releases", "2.0", 99_999)


def test_an_archive_of_another_version_is_refused(tmp_path: Path, makers: ReleaseMakers) -> None:
    built = makers.build("3.0")
    with pytest.raises(unpacking.BadArchive, match=r"it says that it is 3\.0"):
        unpacking.unpack_release(built.path, tmp_path / "releases", "2.0", built.unpacked_bytes)
