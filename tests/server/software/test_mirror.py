"""The copy of the signed releases: only what its makers have signed, as players will ask for it."""

from __future__ import annotations

import datetime as dt
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.utils import timezone
from tests.support.sample_releases import ReleaseMakers

from beffroi_server import cli
from beffroi_server.fleet.device_credentials import token_sha256
from beffroi_server.fleet.models import Screen
from beffroi_server.software import mirror


@pytest.fixture
def makers(tmp_path: Path, settings) -> ReleaseMakers:
    found = ReleaseMakers(tmp_path / "makers", dt.datetime.now(dt.UTC).replace(microsecond=0))
    settings.RELEASES_ROOT = found.root
    found.release("1.1", "1.2")
    return found


def test_what_is_on_a_stick_is_here_afterwards_newest_first(makers: ReleaseMakers) -> None:
    assert mirror.available_versions() == {}
    assert mirror.update_mirror(mirror.source_of(str(makers.folder))) == ["1.2", "1.1"]
    makers.release("1.9", "1.10")
    assert mirror.update_mirror(mirror.FolderSource(makers.folder)) == ["1.10", "1.9", "1.2"]
    # Only the archives of the newest stay.
    assert len(list((mirror._folder() / "targets").iterdir())) == mirror.KEPT_VERSIONS


def test_a_player_gets_what_was_signed_byte_for_byte_and_only_with_its_token(makers, client, town, hall: Screen):
    mirror.update_mirror(mirror.FolderSource(makers.folder))
    Screen.objects.update(token_sha256=token_sha256("secret"), enrolled_at=timezone.now())
    sent = {"Authorization": "Bearer secret"}
    assert client.get("/device/v1/releases/timestamp.json").status_code == 401
    for name in ("timestamp.json", "1.root.json", "2.targets.json", "2.snapshot.json"):
        answer = client.get(f"/device/v1/releases/{name}", headers=sent)
        assert answer.content == (makers.folder / "metadata" / name).read_bytes()
    for name in ("2.root.json", "other.json", ".timestamp.json.tmp"):
        assert client.get(f"/device/v1/releases/{name}", headers=sent).status_code == 404
    (archive,) = (makers.folder / "targets/1.2").iterdir()
    answer = client.get(f"/device/v1/assets/{archive.name.split('.')[0]}", headers=sent | {"Range": "bytes=10-"})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, archive.read_bytes()[10:])


def test_nothing_is_taken_in_that_its_makers_have_not_signed(makers: ReleaseMakers, tmp_path: Path) -> None:
    mirror.update_mirror(mirror.FolderSource(makers.folder))
    thief = ReleaseMakers(tmp_path / "thief", makers.now)
    thief.release("6.6")
    with pytest.raises(mirror.MirrorFault, match="not signed"):
        mirror.update_mirror(mirror.FolderSource(thief.folder))
    makers.release("1.3")
    (archive,) = (makers.folder / "targets/1.3").iterdir()
    archive.write_bytes(bytes(len(archive.read_bytes())))
    with pytest.raises(mirror.MirrorFault, match="not signed"):
        mirror.update_mirror(mirror.FolderSource(makers.folder))
    # What players are told has not changed.
    assert mirror.metadata_file("3.targets.json") is None
    assert not list((mirror._folder() / "targets").glob("*.part"))


def test_it_comes_from_a_web_server_piece_by_piece(makers: ReleaseMakers, settings, monkeypatch) -> None:
    import ipaddress

    monkeypatch.setattr(mirror, "PIECE_BYTES", 500)
    settings.FEED_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    with web_server(makers.folder) as address:
        assert mirror.update_mirror(mirror.source_of(address)) == ["1.2", "1.1"]
    with pytest.raises(mirror.MirrorFault, match="127"):
        mirror.update_mirror(mirror.source_of(address))


def test_the_command_says_what_is_here_and_what_is_wrong(makers, town, settings, capsys) -> None:
    assert cli.main(["releases", "update", "--from", str(makers.folder)]) == 0
    assert cli.main(["releases", "list"]) == 0
    assert "1.2  " in capsys.readouterr().out
    assert cli.main(["releases", "update"]) == 1
    settings.RELEASES_ROOT = makers.folder / "none.json"
    assert cli.main(["releases", "update", "--from", str(makers.folder)]) == 1
    assert "BEFFROI_RELEASES_ROOT" in capsys.readouterr().err


class web_server:  # noqa: N801 - reads as a function
    """A web server that answers requests for parts of files."""

    def __init__(self, folder: Path) -> None:
        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                path = folder / self.path.lstrip("/")
                if not path.is_file():
                    self.send_error(404)
                    return
                content, asked = path.read_bytes(), self.headers.get("Range", "")
                if asked:
                    start, end = map(int, asked.removeprefix("bytes=").split("-"))
                    content = content[start : end + 1]
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
