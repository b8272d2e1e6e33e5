from __future__ import annotations

import errno
import hashlib
import os
import sys
from pathlib import Path

import pytest
from tests.support.signing_town import TOKEN, SigningTown, jpeg, picture_slide, slide

from beffroi_content import rendering
from beffroi_content.model import AssetReference
from beffroi_player.agent.enrolment import EnrolmentError, enrol_player, root_fingerprint
from beffroi_player.agent.prepare.asset_downloads import AssetStore, AssetUnavailable, DownloadCancelled
from beffroi_player.agent.prepare.render_process import WORKER_FAILED, RenderProcess, rendered_before
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.backoff import retry_delay
from beffroi_player.state.atomic_files import remove_leftovers, write_file
from beffroi_player.state.ppm_images import from_ppm, to_ppm

CONTENT = bytes(range(256)) * 4_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    return folder


def test_a_file_is_fetched_once(hall: SigningTown, folder: Path) -> None:
    asset = hall.add_file(CONTENT)
    with hall.serve() as url:
        assets = AssetStore(folder, ServerClient(url, TOKEN))
        assets.ensure_downloaded(asset)
        assets.ensure_downloaded(asset)
    assert assets.asset_path(asset).read_bytes() == CONTENT
    assert len(hall.requests) == 1


def test_half_a_file_is_resumed(hall: SigningTown, folder: Path) -> None:
    asset = hall.add_file(CONTENT)
    hall.cut_after = 300_000
    with hall.serve() as url:
        assets = AssetStore(folder, ServerClient(url, TOKEN))
        with pytest.raises(AssetUnavailable):
            assets.ensure_downloaded(asset)
        assets.ensure_downloaded(asset)
    have = int(hall.requests[1][1].removeprefix("bytes=").rstrip("-"))
    assert 0 < have <= 300_000
    assert assets.asset_path(asset).read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == [asset.sha256]


def test_a_file_with_another_digest_is_refused(hall: SigningTown, folder: Path) -> None:
    asset = hall.add_file(CONTENT)
    hall.files[asset.sha256] = CONTENT[::-1]
    with hall.serve() as url, pytest.raises(AssetUnavailable, match="not the one that was signed"):
        AssetStore(folder, ServerClient(url, TOKEN)).ensure_downloaded(asset)
    assert list(folder.iterdir()) == []


def test_a_file_larger_than_signed_is_refused(hall: SigningTown, folder: Path) -> None:
    asset = hall.add_file(CONTENT)
    short = AssetReference(sha256=asset.sha256, size=1_000, media_type="image/png")
    with hall.serve() as url, pytest.raises(AssetUnavailable, match="larger than the 1000 bytes"):
        AssetStore(folder, ServerClient(url, TOKEN)).ensure_downloaded(short)


def test_a_file_that_was_damaged_on_the_disk_is_fetched_again(hall: SigningTown, folder: Path) -> None:
    asset = hall.add_file(CONTENT)
    with hall.serve() as url:
        assets = AssetStore(folder, ServerClient(url, TOKEN))
        assets.asset_path(asset).write_bytes(b"damaged")
        assets.ensure_downloaded(asset)
    assert assets.asset_path(asset).read_bytes() == CONTENT


def test_a_damaged_beginning_does_not_block_for_ever(hall: SigningTown, folder: Path) -> None:
    asset = hall.add_file(CONTENT)
    (folder / f"{asset.sha256}.part").write_bytes(b"x" * 5_000)
    with hall.serve() as url:
        assets = AssetStore(folder, ServerClient(url, TOKEN))
        with pytest.raises(AssetUnavailable):
            assets.ensure_downloaded(asset)
        assets.ensure_downloaded(asset)


def test_a_download_that_nobody_needs_ends(hall: SigningTown, folder: Path) -> None:
    asset = hall.add_file(CONTENT)
    with hall.serve() as url, pytest.raises(DownloadCancelled):
        AssetStore(folder, ServerClient(url, TOKEN)).ensure_downloaded(asset, lambda: True)


def test_without_a_server_a_file_is_unavailable(hall: SigningTown, folder: Path) -> None:
    with pytest.raises(AssetUnavailable):
        AssetStore(folder, ServerClient("http://127.0.0.1:9")).ensure_downloaded(hall.add_file(CONTENT))


# --- enrolment


def test_a_code_becomes_a_screen(hall: SigningTown) -> None:
    fingerprint = root_fingerprint(hall.anchor)
    typed = "-".join(fingerprint[i : i + 4] for i in range(0, 20, 4)).upper()
    with hall.serve() as url:
        enrolment = enrol_player(url + "/", "7KQ2-M4XD", typed)
    assert enrolment.server == url
    assert enrolment.anchor == hall.anchor


def test_the_fingerprint_is_that_of_the_sorted_root_keys(hall: SigningTown) -> None:
    joined = "\n".join(sorted(hall.anchor.root_keys.values())).encode()
    assert root_fingerprint(hall.anchor) == hashlib.sha256(joined).hexdigest()


@pytest.mark.parametrize(
    ("code", "fingerprint", "why"),
    [
        ("7KQ2-M4XD", "0" * 32, "fingerprint"),
        ("7KQ2-M4XD", "0" * 15, "at least 16"),
        ("7KQ2-M4XD", "not hexadecimal at all", "at least 16"),
        ("wrong", "0" * 16, "403"),
    ],
)
def test_a_wrong_code_or_fingerprint_is_refused(hall: SigningTown, code: str, fingerprint: str, why: str) -> None:
    with hall.serve() as url, pytest.raises(EnrolmentError, match=why):
        enrol_player(url, code, fingerprint)


@pytest.mark.parametrize("url", ["screens.example.org", "file:///etc/passwd", "http://127.0.0.1:9"])
def test_what_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(EnrolmentError):
        enrol_player(url, "7KQ2-M4XD", "0" * 16)


# --- files


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


@pytest.mark.parametrize("failures", [1, 2, 5, 40, 10_000])
def test_a_pause_doubles_up_to_the_longest_and_is_seldom_the_same(failures: int) -> None:
    longest = min(60.0, 2.0 * 2 ** min(failures, 10))
    found = [retry_delay(failures, 2.0, 60.0) for _ in range(200)]
    assert all(longest / 2 <= each <= longest for each in found)
    assert len(set(found)) > 100
    assert min(retry_delay(failures, 2.0, 60.0, least_share=0.0) for _ in range(200)) < longest / 4


def test_what_interrupted_writes_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".programme.json.12-34.tmp").write_bytes(b"half")
    (tmp_path / "programme.json").write_bytes(b"whole")
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["programme.json"]


def test_a_raw_picture_survives_and_a_cut_one_does_not() -> None:
    data = b"".join(to_ppm((3, 2), bytes(range(18))))
    assert from_ppm(data) == ((3, 2), bytes(range(18)))
    for broken in (data[:-1], b"", b"P6 3 2", b"P5 3 2 255\n" + bytes(18)):
        with pytest.raises(ValueError, match="image"):
            from_ppm(broken)


# --- the drawing worker


def test_the_worker_draws_refuses_and_goes_on(hall: SigningTown, folder: Path, tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    good, bad = hall.add_file(jpeg()), hall.add_file(b"\xff\xd8 no picture")
    for asset in (good, bad):
        (folder / asset.sha256).write_bytes(hall.files[asset.sha256])
    settings = hall.manifest().settings
    painter = RenderProcess(folder, frames)
    photo = picture_slide("photo", good)
    try:
        drawn = painter.draw_slide(photo, settings, (320, 180))
        assert painter.draw_slide(picture_slide("bad", bad), settings, (320, 180)).code == "picture-unusable"
        assert painter.draw_slide(slide("text"), settings, (320, 180)).frames
    finally:
        painter.close()
    assert drawn.frames
    assert rendered_before(frames, photo, rendering.Canvas.for_screen(settings)) == drawn


def program(path: Path, lines: str) -> str:
    """Return a program that takes the place of the worker."""
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return str(path)


def test_a_worker_that_does_not_start_is_not_the_fault_of_the_slide(
    hall: SigningTown, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for executable in ("/bin/true", "/nowhere", program(tmp_path / "mad", "echo hello")):
        monkeypatch.setattr("sys.executable", executable)
        painter = RenderProcess(folder, tmp_path)
        assert painter.draw_slide(slide("text"), hall.manifest().settings, (320, 180)).code == WORKER_FAILED


def test_a_slide_of_which_the_worker_dies_twice_is_left_out(
    hall: SigningTown, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", program(tmp_path / "dying", "echo ready; read order; echo x >> $0.died"))
    painter = RenderProcess(folder, tmp_path)
    assert painter.draw_slide(slide("text"), hall.manifest().settings, (320, 180)).code == "undrawable"
    assert (tmp_path / "dying.died").read_text() == "x\nx\n"


def test_one_of_which_it_dies_once_is_drawn(
    hall: SigningTown, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = f'[ -e $0.died ] && exec {sys.executable} "$@"; echo ready; read order; touch $0.died'
    monkeypatch.setattr("sys.executable", program(tmp_path / "killed", once))
    painter = RenderProcess(folder, tmp_path)
    try:
        assert painter.draw_slide(slide("text"), hall.manifest().settings, (320, 180)).frames
    finally:
        painter.close()
