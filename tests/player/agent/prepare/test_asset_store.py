"""Downloads of single files: resumed, verified, refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.signing_town import TOKEN, SigningTown

from beffroi_content.model import AssetReference
from beffroi_player.agent.prepare.asset_downloads import AssetStore, AssetUnavailable, DownloadCancelled
from beffroi_player.agent.transport.http_client import ServerClient

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
