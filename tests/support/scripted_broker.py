"""A broker of MQTT 3.1.1 that does as a test tells it, byte by byte."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

from tests.support.signing_town import SCREEN, SITE

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, DISCONNECT = 0x10, 0x20, 0x30, 0x40, 0x80, 0x90, 0xE0
UNSUBSCRIBE, UNSUBACK = 0xA0, 0xB0
REFUSED = 0x80
UP, DOWN = f"beffroi/1/{SITE}/up/s-{SCREEN}", f"beffroi/1/{SITE}/down"


def packet(kind: int, body: bytes) -> bytes:
    """Return a packet of MQTT with the length of its body."""
    length, encoded = len(body), b""
    while True:
        length, digit = divmod(length, 128)
        encoded += bytes([digit | (128 if length else 0)])
        if not length:
            return bytes([kind]) + encoded + body


def text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode()


class ScriptedBroker:
    """A broker that records what it is told.

    Args:
        forbidden: A part of the topics that it does not grant.
        code: The return code of CONNACK: 0 accepts the connection.
    """

    def __init__(self, forbidden: str = "nothing", code: int = 0) -> None:
        self.forbidden, self._code = forbidden, code
        self._server = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self.port = self._server.getsockname()[1]
        self.acknowledges = self.answers_subscriptions = True
        self.hangs_up = False
        self.logins: list[bytes] = []
        self.topics: list[str] = []
        self.left: list[str] = []
        self.published: list[tuple[str, bytes, int, bool]] = []
        self.goodbyes = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        # The thread that waits for a connection would keep the socket open, and accept one more.
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        with suppress(OSError):
            if self._connection is not None:
                self._connection.shutdown(socket.SHUT_RDWR)

    def send(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        assert self._connection is not None
        self._connection.sendall(packet(PUBLISH | retained, text(topic) + payload))

    def send_raw(self, data: bytes) -> None:
        assert self._connection is not None
        self._connection.sendall(data)

    def messages(self, leaf: str) -> list[bytes]:
        return [payload for topic, payload, _, _ in self.published if topic == f"{UP}/{leaf}"]

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connection = connection
            try:
                with connection, connection.makefile("rb") as stream:
                    self._talk(connection, stream)
            except (OSError, IndexError):
                continue

    def _talk(self, connection: socket.socket, stream: io.BufferedReader) -> None:
        while head := stream.read(1):
            body = stream.read(self._length(stream))
            kind, flags = head[0] & 0xF0, head[0] & 0x0F
            if kind == CONNECT:
                self.logins.append(body)
                connection.sendall(packet(CONNACK, bytes([0, self._code])))
                if self.hangs_up:
                    return
            elif kind == SUBSCRIBE:
                if self.answers_subscriptions:
                    connection.sendall(packet(SUBACK, body[:2] + bytes(self._grant(body[2:]))))
            elif kind == UNSUBSCRIBE:
                left = body[2:]
                while left:
                    end = 2 + int.from_bytes(left[:2], "big")
                    self.left.append(left[2:end].decode())
                    left = left[end:]
                connection.sendall(packet(UNSUBACK, body[:2]))
            elif kind == PUBLISH:
                self._note(connection, body, quality=flags >> 1 & 3, retained=bool(flags & 1))
            elif kind == DISCONNECT:
                self.goodbyes += 1

    def _grant(self, wanted: bytes) -> Iterator[int]:
        while wanted:
            end = 2 + int.from_bytes(wanted[:2], "big")
            topic, quality, wanted = wanted[2:end].decode(), wanted[end], wanted[end + 1 :]
            self.topics.append(topic)
            yield REFUSED if self.forbidden in topic else quality

    def _note(self, connection: socket.socket, body: bytes, *, quality: int, retained: bool) -> None:
        end = 2 + int.from_bytes(body[:2], "big")
        topic, start = body[2:end].decode(), end + (2 if quality else 0)
        self.published.append((topic, body[start:], quality, retained))
        if quality and self.acknowledges:
            connection.sendall(packet(PUBACK, body[end:start]))

    def _length(self, stream: io.BufferedReader) -> int:
        length, shift = 0, 0
        while True:
            byte = stream.read(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return length
