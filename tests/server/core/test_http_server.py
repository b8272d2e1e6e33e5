"""The HTTP server under clients that only wait: reserved threads, connections that give way, refused bodies."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.waiting import PATIENCE_S, until

from beffroi_server.core.http_server import connections
from beffroi_server.core.http_server.body_permits import SMALL_BODY_BYTES, BodyGate, BodyRefusal, BodySender
from beffroi_server.core.http_server.connections import REFUSED_BODY, RequestPolicy, create_http_server
from beffroi_server.core.http_server.request_threads import FairQueue, RequestKind, RequestThreads, ThreadGroup

LIMIT = 40
LARGE = 20 * 1024 * 1024
ALICE = {"Authorization": "alice"}


class Application:
    """Answers at once, but for ``/hold``, which waits to be let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.holding = threading.Semaphore(0)
        self.read: list[int] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/hold":
            self.holding.release()
            self.let_go.wait(PATIENCE_S)
        body = environ["wsgi.input"].read()
        self.read.append(len(body))
        answer = f"{environ.get(REFUSED_BODY, 'read')} {len(body)}".encode()
        start_response("200 OK", [("Content-Length", str(len(answer)))])
        return [answer]


class SmallServer:
    """A server with few threads and connections, for an application."""

    def __init__(self, application: Any, has_room: Any = lambda _size: True) -> None:
        self.application = application
        policy = RequestPolicy(
            lambda _method, path: RequestKind.ALERT if path == "/alert" else RequestKind.PAGE,
            BodyGate(self.find_sender, has_room),
        )
        self.server = create_http_server(
            application, policy,
            lambda: RequestThreads([ThreadGroup(1, (RequestKind.ALERT,)), ThreadGroup(2, (RequestKind.PAGE,))]),
            host="127.0.0.1", port=0, connection_limit=LIMIT, cleanup_interval=0, asyncore_use_poll=True,
            asyncore_loop_timeout=0.05, max_request_body_size=2 * LARGE, inbuf_overflow=64 * 1024,
        )  # fmt: skip
        self.port = int(self.server.effective_listen[0][1])
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    @staticmethod
    def find_sender(headers: Mapping[str, str]) -> BodySender | None:
        name = headers.get("AUTHORIZATION")
        return BodySender(name, LARGE) if name else None

    def _run(self) -> None:
        self.server.run()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def get(self, path: str = "/") -> str:
        return self.send("GET", path)[1]

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            asked.request(method, path, body, headers or {})
            answer = asked.getresponse()
            return answer.status, answer.read().decode()
        finally:
            asked.close()

    def close(self) -> None:
        def stop(*_: object) -> None:
            raise SystemExit

        next(iter(self.server.map.values())).readable = stop
        self.thread.join(PATIENCE_S)


@contextmanager
def serving(application: Any, **options: Any) -> Iterator[SmallServer]:
    server = SmallServer(application, **options)
    try:
        yield server
    finally:
        if isinstance(application, Application):
            application.let_go.set()
        server.close()


class TestThreads:
    def test_are_left_for_alerts_while_pages_hold_theirs(self):
        application = Application()
        with serving(application) as server, ExitStack() as held:
            for _ in range(6):
                held.enter_context(server.connect()).sendall(b"GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(2):
                assert application.holding.acquire(timeout=PATIENCE_S)

            assert server.get("/alert") == "read 0"

    def test_serve_origins_in_turn(self):
        queue, order = FairQueue(), []
        for origin in ("busy", "busy", "busy", "officer"):
            queue.put(_NamedTask(origin))
        while (task := queue.take()) is not None:
            order.append(task.request_origin)

        assert order == ["busy", "officer", "busy", "busy"]


class _NamedTask:
    request_kind = RequestKind.PAGE

    def __init__(self, origin: str) -> None:
        self.request_origin = origin

    def service(self) -> None: ...

    def cancel(self) -> None: ...


class TestConnections:
    @pytest.mark.parametrize(
        "left_undone",
        [b"", b"GET / HTTP/1.1\r\nHost: x", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"],
        ids=["nothing said", "half a head", "half a body"],
    )
    def test_that_are_idle_give_way_to_new_ones(self, left_undone):
        with serving(Application()) as server, ExitStack() as idle:
            for _ in range(3 * LIMIT):
                idle.enter_context(server.connect()).sendall(left_undone)

            begun = time.monotonic()
            assert server.get() == "read 0"
            assert time.monotonic() - begun < 5

    def test_that_are_being_served_do_not_give_way(self):
        application = Application()
        with serving(application) as server, ExitStack() as idle, server.connect() as served:
            served.sendall(b"GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")
            assert application.holding.acquire(timeout=PATIENCE_S)
            for _ in range(3 * LIMIT):
                idle.enter_context(server.connect())
            assert server.get("/alert") == "read 0"
            application.let_go.set()

            assert served.recv(100).startswith(b"HTTP/1.1 200")

    @pytest.mark.parametrize(
        ("limit", "sent"),
        [
            ("HEADER_TIMEOUT_S", b""),
            ("HEADER_TIMEOUT_S", b"GET / HTTP/1.1\r\n"),
            ("BODY_GRACE_S", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"),
            ("IDLE_TIMEOUT_S", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ],
    )
    def test_that_leave_something_undone_are_closed(self, monkeypatch, limit, sent):
        monkeypatch.setattr(connections, limit, 0.05)
        with serving(Application()) as server, server.connect() as client:
            client.sendall(sent)

            assert until("the server closes it", lambda: not client.recv(4096))

    def test_of_which_the_answer_is_not_read_are_closed(self, monkeypatch):
        monkeypatch.setattr(connections, "IDLE_TIMEOUT_S", 0.05)
        long_answer = [b"x" * LARGE]

        def application(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", [("Content-Length", str(LARGE))])
            return long_answer

        with serving(application) as server, server.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            channels = server.server.map

            until("the server forgets it", lambda: sum(isinstance(each, connections.ServerChannel)
                                                       for each in list(channels.values())) == 0)  # fmt: skip


class TestBodies:
    @pytest.mark.parametrize("headers", [{}, {"Expect": "100-continue"}])
    def test_of_strangers_are_not_read(self, headers, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not-there"))
        application = Application()
        with serving(application) as server:
            # A body on the disk would have to go to a folder that does not exist.
            assert server.send("POST", "/", b"x" * LARGE, headers) == (200, "unknown-sender 0")

    def test_of_strangers_are_read_when_they_are_small(self):
        with serving(Application()) as server:
            assert server.send("POST", "/", b"x" * SMALL_BODY_BYTES) == (200, f"read {SMALL_BODY_BYTES}")

    @pytest.mark.parametrize("length", [SMALL_BODY_BYTES + 1, LARGE])
    @pytest.mark.parametrize("headers", [{}, {"Expect": "100-continue"}])
    def test_of_people_who_are_known_are_read(self, length, headers):
        with serving(Application()) as server:
            assert server.send("POST", "/", b"x" * length, ALICE | headers) == (200, f"read {length}")

    def test_without_a_length_need_a_sender_too(self):
        def pieces() -> Iterator[bytes]:
            for _ in range(20):
                yield b"x" * 10_000

        with serving(Application()) as server:
            assert server.send("POST", "/", pieces(), ALICE) == (200, "read 200000")
            assert server.send("POST", "/", pieces()) == (200, "unknown-sender 0")

    def test_that_are_too_large_for_their_sender_or_the_disk_are_not_read(self):
        with serving(Application(), has_room=lambda size: size < LARGE) as server:
            assert server.send("POST", "/", b"x" * (LARGE + 1), ALICE) == (200, "too-large 0")
            assert server.send("POST", "/", b"x" * LARGE, ALICE) == (200, "no-room 0")

    def test_are_few_at_a_time(self, monkeypatch):
        monkeypatch.setattr("beffroi_server.core.http_server.body_permits.MAX_BODIES_OF_SENDER", 2)
        head = b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: alice\r\nContent-Length: 100000\r\n\r\n"
        with serving(Application()) as server:
            with ExitStack() as unfinished:
                for _ in range(2):
                    unfinished.enter_context(server.connect()).sendall(head)
                until("both are counted", lambda: server.send("POST", "/", b"x" * 70_000, ALICE)[1] == "too-many 0")
                assert server.send("POST", "/", b"x" * 70_000, {"Authorization": "bob"})[1] == "read 70000"
            until("places are free again", lambda: server.send("POST", "/", b"x" * 70_000, ALICE)[1] == "read 70000")

    def test_are_counted_until_they_are_over(self):
        gate = BodyGate(lambda _headers: BodySender("alice", 10), lambda _size: True)
        permits = [gate.request_permit({}, 5) for _ in range(4)]
        assert gate.request_permit({}, 5) == BodyRefusal("too-many")
        for _twice in range(2):
            permits[0].release()
        assert not isinstance(gate.request_permit({}, 5), BodyRefusal)
        assert gate.request_permit({}, 5) == BodyRefusal("too-many")


class TestParts:
    def test_of_files_that_nobody_reads_hold_no_thread(self, tmp_path: Path):
        """A part that ends before the end of its file was sent by a thread until its client had read it."""
        from django.core.handlers.wsgi import WSGIRequest
        from django.http import FileResponse

        from beffroi_server.core import file_responses

        path = tmp_path / "film"
        path.write_bytes(b"x" * (2 * LARGE))

        opened = ExitStack()

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            if environ["PATH_INFO"] != "/film":
                start_response("200 OK", [("Content-Length", "2")])
                return [b"ok"]
            response = file_responses.file_response(WSGIRequest(environ), path, "0" * 64, "video/mp4")
            assert isinstance(response, FileResponse)
            opened.callback(response.file_to_stream.close)
            start_response("206 Partial Content", list(response.items()))
            return environ["wsgi.file_wrapper"](response.file_to_stream, response.block_size)

        with opened, serving(application) as server, ExitStack() as unread:
            for _ in range(6):
                client = unread.enter_context(server.connect())
                client.sendall(f"GET /film HTTP/1.1\r\nHost: x\r\nRange: bytes=5-{2 * LARGE - 9}\r\n\r\n".encode())
                assert client.recv(20).startswith(b"HTTP/1.1 206")

            assert server.get() == "ok"
