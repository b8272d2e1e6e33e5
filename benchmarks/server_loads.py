"""What holds a server up, as something that lasts while a block runs: the loads of ``alert_under_load``."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from PIL import Image

from beffroi_content.wire.broker_accounts import client_identifier
from benchmarks.measured_town import SCREEN, SITE, MeasuredTown
from benchmarks.operator import Operator

MEGABYTE = 1_000_000
FILE_BYTES = 33 * MEGABYTE
CONTENT_OF_LOADS = f"""
import hashlib, os
from django.conf import settings
from beffroi_server.library.models import Asset
data = os.urandom({FILE_BYTES})
digest = hashlib.sha256(data).hexdigest()
folder = settings.MEDIA_STORE / digest[:2]
folder.mkdir(parents=True, exist_ok=True)
(folder / digest).write_bytes(data)
Asset.objects.create(sha256=digest, size=len(data), media_type="video/mp4")
print(digest)
"""
"""Program for the server that stores a large file and prints its digest."""
SLOW_READERS, DRIPPING_FEEDS, UPLOADS, PICTURES_OF_UPLOAD, STRANGERS = 10, 9, 8, 5, 6
FLOOD_PER_S = 1_000


class ServerLoads:
    """The loads of one server; each is a context manager.

    Args:
        town: The town that is measured.
        digest: Digest of its large file.
        editor: Somebody who is signed in.
    """

    def __init__(self, town: MeasuredTown, digest: str, editor: Operator) -> None:
        self._town, self._digest, self._editor = town, digest, editor
        enrolment = json.loads((town.player.state / "enrolment.json").read_text())
        self._token, self._password = str(enrolment["token"]), str(enrolment["mqtt"]["password"])

    def by_name(self) -> dict[str, Callable[[], contextlib.AbstractContextManager[None]]]:
        """Return the loads by their names in tables."""
        return {
            "nothing": contextlib.nullcontext,
            "files that nobody reads": self.unread_parts,
            "400 silent connections": lambda: self.silent_connections(400),
            "1,000 silent connections": lambda: self.silent_connections(1_000),
            "feeds that drip": self.dripping_feeds,
            "large pictures": self.large_pictures,
            "bodies of strangers": self.bodies_of_strangers,
            "flood of one screen": self.screen_flood,
            "database held": self.held_database,
        }

    @contextmanager
    def everything(self) -> Iterator[None]:
        """All loads at the same time."""
        with ExitStack() as stack:
            for name, load in self.by_name().items():
                if name != "400 silent connections":
                    stack.enter_context(load())
            yield

    @contextmanager
    def unread_parts(self) -> Iterator[None]:
        """Ask for parts of a large file, as a player and as an editor, and read nothing."""
        cookies = "; ".join(f"{name}={value}" for name, value in self._editor.cookies().items())
        heads = (f"/device/v1/assets/{self._digest}", f"Authorization: Bearer {self._token}"), (
            f"/media/{self._digest}/", f"Cookie: {cookies}",
        )  # fmt: skip
        with self._connections(
            [
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{who}\r\nRange: bytes=0-{FILE_BYTES - 2}\r\n\r\n".encode()
                for path, who in heads
                for _ in range(SLOW_READERS)
            ]
        ):
            time.sleep(1)
            yield

    @contextmanager
    def silent_connections(self, count: int) -> Iterator[None]:
        """Open connections and say nothing."""
        with self._connections([b""] * count):
            yield

    @contextmanager
    def bodies_of_strangers(self) -> Iterator[None]:
        """Send 30 MB each of bodies that are announced to be longer, without being known."""
        head = b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000000\r\n\r\n"
        with self._connections([head] * STRANGERS) as opened, _threads(
            [lambda sent=each: _send_until_refused(sent, 30) for each in opened]
        ):  # fmt: skip
            yield

    @contextmanager
    def dripping_feeds(self) -> Iterator[None]:
        """Have feeds read of which the site sends a byte each second."""
        site = ThreadingHTTPServer(("127.0.0.1", 0), _DrippingSite)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{site.server_port}"

        def add(number: int) -> None:
            name = f"{site.server_port} {number}"
            self._editor.post_page("/feeds/", {"kind": "news", "name": name, "address": f"{address}/{number}"})

        try:
            with _threads([lambda number=number: add(number) for number in range(DRIPPING_FEEDS)]):
                time.sleep(1)
                yield
        finally:
            site.shutdown()

    @contextmanager
    def large_pictures(self) -> Iterator[None]:
        """Upload pictures of 59 million pixels."""
        buffer = io.BytesIO()
        Image.new("RGB", (10_000, 5_900), "#336699").save(buffer, "PNG")

        def upload(number: int) -> None:
            files = [("pictures", (f"{number}-{each}.png", buffer.getvalue())) for each in range(PICTURES_OF_UPLOAD)]
            self._editor.post_page("/images/", {}, files)

        with _threads([lambda number=number: upload(number) for number in range(UPLOADS)]):
            time.sleep(1)
            yield

    @contextmanager
    def screen_flood(self) -> Iterator[None]:
        """Send reports with numbers that no column holds, with the credentials of the screen."""
        client = Client(CallbackAPIVersion.VERSION2, client_identifier(self._password))
        client.username_pw_set(f"s-{SCREEN}", self._password)
        client.connect("127.0.0.1", self._town.broker_port)
        client.loop_start()
        stopping = threading.Event()

        def flood() -> None:
            number = 2**63
            while not stopping.wait(0.05):
                for _ in range(FLOOD_PER_S // 20):
                    number += 1
                    body = json.dumps({"online": True, "boot_id": "x", "connection": number})
                    client.publish(f"beffroi/1/{SITE}/up/s-{SCREEN}/receipts", body, 0)

        try:
            with _threads([flood]):
                try:
                    yield
                finally:
                    stopping.set()
        finally:
            client.disconnect()
            client.loop_stop()

    @contextmanager
    def held_database(self) -> Iterator[None]:
        """Hold the database as a backup or a tool does."""
        path = Path(self._town.environment["BEFFROI_DATA"]) / "beffroi.sqlite3"
        other = sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.rollback()
            other.close()

    @contextmanager
    def _connections(self, said: list[bytes]) -> Iterator[list[socket.socket]]:
        with ExitStack() as stack:
            opened = []
            for each in said:
                made = stack.enter_context(socket.socket())
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                made.settimeout(10)
                with contextlib.suppress(OSError):
                    made.connect(("127.0.0.1", self._town.port))
                    made.sendall(each)
                opened.append(made)
            yield opened


class _DrippingSite(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(600):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(1)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _send_until_refused(opened: socket.socket, megabytes: int) -> None:
    with contextlib.suppress(OSError):
        for _ in range(megabytes):
            opened.sendall(bytes(MEGABYTE))


@contextmanager
def _threads(tasks: list[Callable[[], None]]) -> Iterator[None]:
    """Run tasks beside a block; those that still wait for the server at its end are left to end by themselves."""

    def quietly(task: Callable[[], None]) -> None:
        with contextlib.suppress(OSError, requests.RequestException):
            task()

    for task in tasks:
        threading.Thread(target=quietly, args=(task,), daemon=True).start()
    yield
