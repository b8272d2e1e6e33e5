"""Answers that no honest server gives, and neighbours that lie: they cost time, bounded, and never what is right."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.player_harness import until
from tests.support.signing_town import TOKEN, SigningTown

from beffroi_content.model import AssetReference
from beffroi_player.agent.prepare import asset_downloads as assets_module
from beffroi_player.agent.prepare.asset_downloads import AssetStore, AssetUnavailable
from beffroi_player.agent.transport import http_client, local_network, peer_sharing
from beffroi_player.agent.transport.http_client import ServerClient, ServerRefusal
from beffroi_player.agent.transport.mqtt_client import PlayerMqttClient

CONTENT = bytes(range(256)) * 400
ASSET = AssetReference(sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT), media_type="image/jpeg")
Says = Callable[[socket.socket], object]


class Stranger:
    """Listens on a port, and says what it wants whatever it is asked."""

    def __init__(self, says: Says) -> None:
        self._says = says
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                guest, _ = self._door.accept()
            except OSError:
                return
            self.asked.append(guest.recv(65_536))
            with guest, contextlib.suppress(OSError):
                self._says(guest)

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()


@pytest.fixture
def stranger() -> Iterator[Callable[[Says], Stranger]]:
    made: list[Stranger] = []

    def make(says: Says) -> Stranger:
        made.append(Stranger(says))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    return folder


def head(status: str = "200 OK", **fields: object) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(body: bytes, status: str = "200 OK", **fields: object) -> Says:
    return lambda guest: guest.sendall(head(status, Content_Length=len(body), **fields) + body)


def dripping(before: bytes, piece: bytes = b"x") -> Says:
    """Say a little again and again, so that no pause is long enough to give up."""

    def drip(guest: socket.socket) -> None:
        guest.sendall(before)
        while True:
            guest.sendall(piece)
            time.sleep(0.02)

    return drip


def endless(guest: socket.socket) -> None:
    guest.sendall(head())
    while True:
        guest.sendall(b"x" * 65_536)


# --- files


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(whole(b"", "302 Found", Location="/device/v1/assets/again"), id="round in circles"),
        pytest.param(whole(b"", "302 Found", Location="file:///etc/passwd"), id="elsewhere"),
        pytest.param(whole(CONTENT[:-1]), id="short"),
        pytest.param(lambda guest: guest.sendall(head(Content_Length=10**9) + CONTENT[:99]), id="less than it says"),
        pytest.param(endless, id="without end"),
        pytest.param(whole(CONTENT + b"x"), id="too long"),
        pytest.param(whole(gzip.compress(bytes(len(CONTENT))), Content_Encoding="gzip"), id="packed"),
        pytest.param(whole(b"", "206 Partial Content", Content_Range="bytes 5-9/10"), id="another part"),
        pytest.param(whole(CONTENT, "206 Partial Content"), id="no word of which part"),
        pytest.param(lambda guest: guest.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"), id="something else"),
        pytest.param(lambda guest: None, id="nothing"),
        pytest.param(whole(b"", "200 OK", Transfer_Encoding="chunked"), id="broken pieces"),
    ],
)
def test_what_is_not_the_file_is_refused_and_the_next_try_succeeds(says, stranger, folder, hall: SigningTown):
    assets = AssetStore(folder, ServerClient(stranger(says).url))
    with pytest.raises(AssetUnavailable):
        assets.ensure_downloaded(ASSET)
    assert not assets.asset_path(ASSET).exists()
    hall.add_file(CONTENT)
    with hall.serve() as url:
        honest = AssetStore(folder, ServerClient(url, TOKEN))
        with contextlib.suppress(AssetUnavailable):
            honest.ensure_downloaded(ASSET)  # what is left of the lie is found out now
        honest.ensure_downloaded(ASSET)
    assert honest.asset_path(ASSET).read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == [ASSET.sha256]


def test_whoever_lets_a_file_drip_holds_nobody(stranger, folder, monkeypatch):
    monkeypatch.setattr(assets_module, "GRACE_SERVER_SECONDS", 0.2)
    assets = AssetStore(folder, ServerClient(stranger(dripping(head(Content_Length=len(CONTENT)))).url))
    began = time.monotonic()
    with pytest.raises(AssetUnavailable, match="bytes a second"):
        assets.ensure_downloaded(ASSET)
    assert time.monotonic() - began < 3


def test_a_file_that_drips_is_dropped_as_soon_as_nobody_needs_it(stranger, folder):
    assets = AssetStore(folder, ServerClient(stranger(dripping(head(Content_Length=len(CONTENT)))).url))
    began = time.monotonic()
    with pytest.raises(assets_module.DownloadCancelled):
        assets.ensure_downloaded(ASSET, lambda: time.monotonic() - began > 0.2)
    assert time.monotonic() - began < 3


def test_a_file_that_was_whole_when_the_power_went_is_not_fetched_again(folder, hall: SigningTown):
    (folder / f"{ASSET.sha256}.part").write_bytes(CONTENT)
    assets = AssetStore(folder, ServerClient("http://127.0.0.1:9"))
    assets.ensure_downloaded(ASSET)
    assert assets.asset_path(ASSET).read_bytes() == CONTENT


# --- documents


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(whole(b"", "302 Found", Location="/device/v1/documents"), id="round in circles"),
        pytest.param(endless, id="without end"),
        pytest.param(whole(gzip.compress(b" " * 10**8), Content_Encoding="gzip"), id="packed"),
        pytest.param(whole(b"[" * 200_000), id="deep"),
        pytest.param(whole(b'{"documents": [{"topic": 1, "payload": "\xff"}]}'), id="no text"),
        pytest.param(whole(b'{"documents": null}'), id="no list"),
        pytest.param(lambda guest: guest.sendall(head(Content_Length=10**9) + b"{}"), id="less than it says"),
    ],
)
def test_what_is_no_list_of_documents_is_refused(says, stranger):
    with pytest.raises((ServerRefusal, http_client.requests.RequestException)):
        ServerClient(stranger(says).url).fetch_documents()


def test_whoever_lets_documents_drip_holds_nobody(stranger, monkeypatch):
    monkeypatch.setattr(http_client, "ANSWER_SECONDS", 0.2)
    server = ServerClient(stranger(dripping(head(Content_Length=10**6), b" ")).url)
    began = time.monotonic()
    with pytest.raises(ServerRefusal, match="too slow"):
        server.fetch_documents()
    assert time.monotonic() - began < 3


# --- peers


class Street(peer_sharing.PeerSharing):
    """Somebody next door says to have every file."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, "saint-aubin")
        self._port_next_door = port
        self.asked = 0

    def find_peers(self, sha256: str) -> list[tuple[str, int]]:
        self.asked += 1
        return [("127.0.0.1", self._port_next_door)] if self._is_trusted("127.0.0.1") else []


LIES = [
    pytest.param(whole(CONTENT[::-1]), id="another file"),
    pytest.param(whole(b"x" * (len(CONTENT) - 50_000), "206 Partial Content"), id="a wrong end"),
    pytest.param(whole(b"", "302 Found", Location="http://127.0.0.1:1/"), id="elsewhere"),
    pytest.param(whole(gzip.compress(bytes(10**7)), Content_Encoding="gzip"), id="packed"),
    pytest.param(endless, id="without end"),
    pytest.param(dripping(b"", b"H"), id="a dripping beginning"),
    pytest.param(dripping(head(Content_Length=len(CONTENT))), id="a dripping file"),
    pytest.param(lambda guest: guest.sendall(b"\0" * 100), id="something else"),
]


@pytest.mark.parametrize("says", LIES)
def test_a_peer_that_lies_costs_a_moment_and_nothing_that_has_come(
    says, stranger, folder, hall: SigningTown, monkeypatch
):
    monkeypatch.setattr(peer_sharing, "TIMEOUT_S", 0.3)
    hall.add_file(CONTENT)
    (folder / f"{ASSET.sha256}.part").write_bytes(CONTENT[:50_000])
    liar = stranger(says)
    began = time.monotonic()
    with hall.serve() as url:
        assets = AssetStore(folder, ServerClient(url, TOKEN), Street(folder, liar.port))
        assets.ensure_downloaded(ASSET)
    assert assets.asset_path(ASSET).read_bytes() == CONTENT
    assert hall.requests == [(f"/device/v1/assets/{ASSET.sha256}", "bytes=50000-")], "the server goes on from there"
    assert len(liar.asked) == 1
    assert time.monotonic() - began < 5


def test_whoever_crowds_the_file_server_takes_no_memory_and_makes_room_again(tmp_path: Path):
    (tmp_path / ASSET.sha256).write_bytes(CONTENT)
    door = peer_sharing._FileServer(tmp_path)
    threading.Thread(target=door.serve_forever, args=(0.01,), daemon=True).start()
    before = threading.active_count()
    with contextlib.ExitStack() as crowd:
        for _ in range(40):
            crowd.enter_context(socket.create_connection(("127.0.0.1", door.server_port)))
        asked = peer_sharing.PeerSharing(tmp_path, "saint-aubin")
        with (
            pytest.raises(OSError, match=r"."),
            asked.open_asset(ASSET.sha256, 0, "127.0.0.1", door.server_port) as (_, pieces),
        ):
            b"".join(pieces)
        assert threading.active_count() <= before + local_network.MAX_CLIENTS + 1

    def is_given() -> bool:
        with (
            contextlib.suppress(OSError),
            asked.open_asset(ASSET.sha256, 0, "127.0.0.1", door.server_port) as (_, pieces),
        ):
            return b"".join(pieces) == CONTENT
        return False

    until("the door is open again", is_given)
    door.shutdown()
    door.server_close()


# --- what lies in the way on the disk


@pytest.mark.parametrize("name", ["", ".part"])
@pytest.mark.parametrize("way", ["folder", "full folder", "dangling link", "link to itself"])
def test_what_is_no_file_makes_way_for_one(name, way, folder, hall: SigningTown):
    path = folder / f"{ASSET.sha256}{name}"
    if "folder" in way:
        path.mkdir()
        if way == "full folder":
            (path / "é ☃").mkdir()
    else:
        path.symlink_to(path if way == "link to itself" else folder / "nowhere")
    hall.add_file(CONTENT)
    with hall.serve() as url:
        AssetStore(folder, ServerClient(url, TOKEN)).ensure_downloaded(ASSET)
    assert (folder / ASSET.sha256).read_bytes() == CONTENT
    assert [each.name for each in folder.iterdir()] == [ASSET.sha256]


# --- a broker


def test_a_broker_that_sends_without_end_is_hung_up_on_before_it_has_filled_the_memory(stranger, hall: SigningTown):
    taken: list[int] = []

    def floods(guest: socket.socket) -> None:
        taken.append(0)
        guest.sendall(b"\x20\x02\x00\x00")  # it lets the player in
        guest.sendall(b"\x30\xff\xff\xff\x7f" + b"\x00\x01a")  # a message of 256 MB begins
        while True:
            taken[-1] += guest.send(bytes(65_536))

    port = stranger(floods).port
    enrolment = hall.enrolment(port=port)
    link = PlayerMqttClient(enrolment, "127.0.0.1", "boot", lambda: (), lambda _: None, lambda *_: None, lambda: None)
    link.start()
    try:
        until("another try", lambda: len(taken) > 1)
    finally:
        link.stop()
    assert taken[0] < 32 * 1024 * 1024
