"""Atomic replacement of files, and exclusive use of folders."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from beffroi_player.state.atomic_files import claim_folder, file_stamp, remove_leftovers, remove_non_file, write_file


def test_a_write_leaves_the_old_file_where_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")

    def refuses(_handle: int) -> None:
        raise OSError(errno.EIO, "the card gives up")

    monkeypatch.setattr(os, "fsync", refuses)
    with pytest.raises(OSError, match="gives up"):
        write_file(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_in_the_place_of_a_file_makes_way(tmp_path: Path) -> None:
    (tmp_path / "é.json" / "☃").mkdir(parents=True)
    write_file(tmp_path / "é.json", b"new")
    assert (tmp_path / "é.json").read_bytes() == b"new"


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"of somebody else")
    (tmp_path / "a").symlink_to("elsewhere")
    write_file(tmp_path / "a", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"of somebody else"
    assert not (tmp_path / "a").is_symlink()


def test_what_interrupted_writes_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".programme.json.12-34.tmp").write_bytes(b"half")
    (tmp_path / "programme.json").write_bytes(b"whole")
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["programme.json"]


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_has_its_pieces_and_permissions_and_leaves_nothing_beside_it(
    tmp_path: Path, durable: bool, mode: int
) -> None:
    for content in (b"old", b"new"):
        write_file(tmp_path / "trust.json", content, b"", b" text", durable=durable, mode=mode)
    assert (tmp_path / "trust.json").read_bytes() == b"new text"
    assert (tmp_path / "trust.json").stat().st_mode & 0o777 == mode & ~current_umask()
    assert [path.name for path in tmp_path.iterdir()] == ["trust.json"]


def current_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_a_stamp_differs_after_every_write_and_is_none_without_a_file(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    assert file_stamp(path) is None
    stamps = []
    for _ in range(20):
        write_file(path, b"same", durable=False)
        stamps.append(file_stamp(path))
        assert file_stamp(path) == stamps[-1]
    assert len(set(stamps)) == len(stamps)


def test_a_folder_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(OSError, match="another agent is at work")
    with claim_folder(tmp_path, "agent"), refused as error, claim_folder(tmp_path, "agent", timeout_s=0.0):
        pytest.fail("two have it")
    assert error.value.errno == errno.EBUSY
    with claim_folder(tmp_path, "agent", timeout_s=0.0):
        pass


def test_a_folder_is_free_again_once_its_owner_was_killed(tmp_path: Path) -> None:
    script = f"""
import pathlib, time
from beffroi_player.state.atomic_files import claim_folder
with claim_folder(pathlib.Path({str(tmp_path)!r}), "stage"):
    print("claimed", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"claimed\n"
        with pytest.raises(OSError, match="another stage"), claim_folder(tmp_path, "stage", timeout_s=0.0):
            pytest.fail("two have it")
        owner.kill()
    with claim_folder(tmp_path, "stage", timeout_s=0.0):
        pass


@pytest.mark.parametrize("kind", ["folder", "link to a folder", "link to nowhere", "file", "nothing"])
def test_only_a_folder_or_a_link_is_removed_from_the_place_of_a_file(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "alerts.json", tmp_path / "other"
    other.mkdir()
    (other / "content").write_bytes(b"kept")
    if kind == "folder":
        (path / "nested").mkdir(parents=True)
    elif kind.startswith("link"):
        path.symlink_to(other if kind == "link to a folder" else tmp_path / "gone")
    elif kind == "file":
        path.write_bytes(b"kept")
    remove_non_file(path)
    assert path.exists() == (kind == "file")
    assert not path.is_symlink()
    assert (other / "content").read_bytes() == b"kept"
