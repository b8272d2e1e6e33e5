"""Peer sharing: players of one site fetch files from each other on the local network.

No player knows the addresses of the others: a question goes to a multicast group, and whoever has the file answers
the asker. What comes is checked as if it came from the server, and all of this can be missing: the server remains.

A question is ``BEFFROI1 ? <town> <sha256>`` and an answer ``BEFFROI1 ! <sha256> <port>``, in ASCII; the town is the
beginning of a digest of its name, so that two towns in one building do not talk.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from beffroi_player.agent.transport.http_client import CHUNK_BYTES, ServerRefusal
from beffroi_player.agent.transport.local_network import (
    MAX_DATAGRAM,
    PeerServer,
    ask_group,
    is_local_address,
    open_listener,
    stop_server,
    town_mark,
)

log = logging.getLogger(__name__)

PORT = 7069
TIMEOUT_S = 5.0
"""To connect, for the head of an answer, and between two pieces: a slower peer is no help."""
DISTRUST_S = 3_600.0
"""For how long a peer is not asked that gave wrong content."""
_QUESTION = re.compile(rb"BEFFROI1 \? ([0-9a-f]{16}) ([0-9a-f]{64})")
_ANSWER = re.compile(rb"BEFFROI1 ! ([0-9a-f]{64}) (\d{1,5})")
_PATH = re.compile(r"/([0-9a-f]{64})")
_RANGE = re.compile(r"bytes=(\d{1,15})-")


class PeerSharing:
    """Fetches files from peers, and gives them to peers.

    Args:
        folder: The files that are whole, each named by its SHA-256.
        town: Whose players they are.
        interface: Address of the network card; ``0.0.0.0`` leaves the choice to the system.
        port: Of the questions.
    """

    def __init__(self, folder: Path, town: str, interface: str = "0.0.0.0", port: int = PORT) -> None:  # noqa: S104
        self._folder, self._interface, self._port = folder, interface, port
        self._town = town_mark(town)
        self._distrusted: dict[str, float] = {}
        self._listener: socket.socket | None = None
        self._file_server: _FileServer | None = None

    @property
    def is_sharing(self) -> bool:
        """Whether files are given and fetched."""
        return self._listener is not None

    def start_sharing(self) -> None:
        """Begin to give and to fetch files. A network that does not allow it is only logged."""
        if self._listener is not None:
            return
        try:
            self._file_server = _FileServer(self._folder)
            self._listener = open_listener(self._port, self._interface)
        except OSError as error:
            log.warning("files are not shared on the network: %s", error)
            self.stop_sharing()
            return
        for name, work in (
            ("peer-questions", self._answer_questions),
            ("peer-files", self._file_server.serve_forever),
        ):
            threading.Thread(target=work, name=name, daemon=True).start()

    def stop_sharing(self) -> None:
        """Neither give nor fetch files any more."""
        listener, self._listener = self._listener, None
        server, self._file_server = self._file_server, None
        if listener is not None:
            listener.close()
        if server is not None:
            stop_server(server, runs=listener is not None)

    def find_peers(self, sha256: str) -> list[tuple[str, int]]:
        """Ask for a file. Return addresses and ports of peers that have it, in the order of their answers."""
        if self._listener is None:
            return []
        found: list[tuple[str, int]] = []
        question = b"BEFFROI1 ? " + self._town + b" " + sha256.encode()
        for answer, host in ask_group(question, self._port, self._interface):
            match = _ANSWER.fullmatch(answer)
            if match and match[1] == sha256.encode() and 0 < int(match[2]) < 65_536 and self._is_trusted(host):
                found.append((host, int(match[2])))
        return found

    @contextmanager
    def open_asset(self, sha256: str, start: int, host: str, port: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Open a file of a peer from a byte on, as ``ServerClient.open_asset`` does with the server.

        Raises:
            ServerRefusal: the peer does not have it after all, or its answer is not HTTP.
            OSError: it does not answer.
        """
        connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
        connection.connect()
        # A limit for the whole head: the socket's own limit is for each byte, and each may come just in time.
        hurry = threading.Timer(TIMEOUT_S, partial(_shut_down_socket, connection.sock))
        hurry.start()
        try:
            connection.request("GET", f"/{sha256}", headers={"Range": f"bytes={start}-"} if start else {})
            response = connection.getresponse()
            hurry.cancel()
            if response.status != (HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK):
                raise ServerRefusal(f"{host} does not have it: {response.status}")
            yield start, iter(partial(response.read1, CHUNK_BYTES), b"")
        except HTTPException as error:
            raise ServerRefusal(f"{host} says {error!r}") from error
        finally:
            hurry.cancel()
            connection.close()

    def distrust_peer(self, host: str) -> None:
        """Do not ask a peer for a while that gave wrong content, or none."""
        self._distrusted[host] = time.monotonic()
        if len(self._distrusted) > 100:
            self._distrusted.pop(next(iter(self._distrusted)))

    def _is_trusted(self, host: str) -> bool:
        return time.monotonic() - self._distrusted.get(host, -DISTRUST_S) >= DISTRUST_S and is_local_address(host)

    def _answer_questions(self) -> None:
        while (listener := self._listener) is not None and (server := self._file_server) is not None:
            try:
                question, sender = listener.recvfrom(MAX_DATAGRAM)
            except TimeoutError:
                continue
            except OSError:
                return
            match = _QUESTION.fullmatch(question)
            if match and match[1] == self._town and is_local_address(sender[0]) and self._has_file(match[2].decode()):
                with suppress(OSError):
                    listener.sendto(b"BEFFROI1 ! " + match[2] + b" " + str(server.server_port).encode(), sender)

    def _has_file(self, sha256: str) -> bool:
        return (self._folder / sha256).is_file()


class _FileServer(PeerServer):
    """Serves complete files, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(_FileRequestHandler)


class _FileRequestHandler(BaseHTTPRequestHandler):
    timeout = 10
    server: _FileServer

    def do_GET(self) -> None:
        match = _PATH.fullmatch(self.path)
        if match is None:
            self.send_error(404)
            return
        self._send_file(self.server.folder / match[1])

    def _send_file(self, path: Path) -> None:
        try:
            file = path.open("rb")
        except OSError:
            self.send_error(404)
            return
        with file:
            size = path.stat().st_size
            asked = _RANGE.fullmatch(self.headers.get("Range", ""))
            start = min(int(asked[1]), size) if asked else 0
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(size - start))
            self.end_headers()
            file.seek(start)
            while chunk := file.read(CHUNK_BYTES):
                self.wfile.write(chunk)

    def log_message(self, *_: object) -> None:
        """Log no requests."""


def _shut_down_socket(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
