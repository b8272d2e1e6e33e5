"""Connections of the HTTP server: when one is closed, which gives way to a new one, and whose bodies are read.

Nothing that a client leaves undone may keep others out: a connection that says nothing, that sends its request or its
body drop by drop, or that does not read its answer is closed after a time, and earlier where the place is needed.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import WSGITask

from beffroi_server.core.http_server.body_permits import SMALL_BODY_BYTES, BodyGate, BodyPermit, BodyRefusal
from beffroi_server.core.http_server.request_threads import RequestKind, RequestThreads
from beffroi_server.core.request_times import ARRIVED

REFUSED_BODY = "beffroi.refused_body"
"""Key of the WSGI environment with the code of the refusal, where the body of a request was not read."""
HEADER_TIMEOUT_S = 15
"""Seconds in which the head of a request must arrive: the first one of a connection, or one that has begun."""
IDLE_TIMEOUT_S = 120
"""Seconds that a connection may wait for its next request, and that an answer may wait for its reader."""
BODY_GRACE_S, BODY_BYTES_PER_S = 60, 16 * 1024
"""A body may take ``BODY_GRACE_S`` seconds, and as long as this rate needs besides."""
LINGER_S = 5
"""Seconds for which the rest of a refused body is thrown away, so that its sender can read the answer."""
SPARE_PART = 0.05
"""Part of all connections that give way at a time when there are too many."""


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """What the server must know of a request before it is served."""

    kind_of: Callable[[str, str], RequestKind]
    """Kind by method and path."""
    gate: BodyGate


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """Parser of one request that can stop before a large body."""

    expect_continue: bool
    permit: BodyPermit | None = None
    refusal: BodyRefusal | None = None
    holds_continue = False
    """Whether the client waits for "100 Continue" until its body is permitted."""

    def __init__(self, adjustments: Adjustments) -> None:
        super().__init__(adjustments)
        self.arrived = time.monotonic()

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head; a client that asks before it sends a large body is not answered yet."""
        super().parse_header(header_plus)
        if self.needs_permit and self.expect_continue:
            self.expect_continue, self.holds_continue = False, True

    @property
    def needs_permit(self) -> bool:
        """Whether the body may be larger than anybody may send."""
        return self.permit is None and (self.chunked or self.content_length > SMALL_BODY_BYTES)

    def refuse_body(self, refusal: BodyRefusal) -> None:
        """Go on as if the request had no body."""
        self.close()
        self.refusal, self.body_rcv, self.completed = refusal, None, True
        self.headers["CONTENT_LENGTH"] = "0"

    def close(self) -> None:
        """Free what the request holds."""
        super().close()
        if self.permit is not None:
            self.permit.release()


class RefusableTask(WSGITask):  # type: ignore[misc]
    """Request that tells the application when its body was not read."""

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment."""
        environ: dict[str, Any] = super().get_environment()
        environ[ARRIVED] = self.request.arrived
        if self.request.refusal is not None:
            environ[REFUSED_BODY] = self.request.refusal.code
            self.close_on_finish = True
        return environ


class PermitCheck:
    """Decision about a large body, made in a thread since it asks the database."""

    def __init__(self, channel: ServerChannel, request: RequestParser) -> None:
        self._channel, self._request = channel, request
        self.request_kind, self.request_origin = channel.kind_of(request), channel.origin_of(request)

    def service(self) -> None:
        """Decide, and let the connection go on."""
        request = self._request
        decision: BodyPermit | BodyRefusal = BodyRefusal("unknown-sender")
        try:
            length = None if request.chunked else request.content_length
            decision = self._channel.server.policy.gate.request_permit(request.headers, length)
        finally:
            self._channel.decide_body(decision)

    def cancel(self) -> None:
        """End the connection: the server stops."""
        self._channel.cancel()


class ServerChannel(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    task_class = RefusableTask
    parser_class = RequestParser
    server: HttpServer
    close_when_flushed: bool
    last_activity: float
    waits_for_permit = False
    decision: BodyPermit | BodyRefusal | None = None
    discards_input = False
    lingers_until: float | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.expects_since: float | None = time.monotonic()
        """When the head of a request began to be due; None while one is served or its body arrives."""
        self.body_since = 0.0
        self.served_before = False

    @property
    def request_kind(self) -> RequestKind:
        """Kind of the request that is to be served."""
        return self.kind_of(self.requests[0])

    @property
    def request_origin(self) -> str:
        """Address and credentials of the request that is to be served."""
        return self.origin_of(self.requests[0])

    def kind_of(self, request: RequestParser) -> RequestKind:
        """Return the kind of a request; one that was not understood counts as that of a page."""
        if request.error is not None:
            return RequestKind.PAGE
        return self.server.policy.kind_of(request.command, request.path)

    def origin_of(self, request: RequestParser) -> str:
        """Return what tells apart who sends requests: behind a proxy, all have its address."""
        headers = request.headers
        named = (headers.get(name, "")[:200] for name in ("X_FORWARDED_FOR", "AUTHORIZATION", "COOKIE"))
        return " ".join((str(self.addr[0]), *named))

    def readable(self) -> bool:
        """Tell waitress whether more is to be read now."""
        if self.decision is not None and self.request is not None:
            self._apply_decision(self.request, self.decision)
        if self.discards_input:
            return not self.will_close
        return not self.waits_for_permit and bool(super().readable())

    def received(self, data: bytes) -> bool:
        """Take bytes; before a large body, wait for the decision about it."""
        if self.discards_input:
            return True
        if self.expects_since is None and self.request is None and not self.requests:
            self.expects_since = time.monotonic()
        if not super().received(data):
            return False
        request = self.request
        if request is None:
            self._note_requests()
        elif request.headers_finished and self.body_since == 0.0:
            self.expects_since, self.body_since = None, time.monotonic()
        if request is not None and request.headers_finished and request.needs_permit:
            self.waits_for_permit = True
            self.server.add_task(PermitCheck(self, request))
        return True

    def _note_requests(self) -> None:
        # A whole request has arrived; while it is served nothing is expected of the client.
        self.expects_since, self.body_since, self.served_before = None, 0.0, True

    def decide_body(self, decision: BodyPermit | BodyRefusal) -> None:
        """Note what was decided about the body that waits; the main loop, which this wakes, acts on it."""
        self.decision = decision
        if not self.connected:
            self._release_decision()  # its client is gone meanwhile
        self.server.pull_trigger()

    def _apply_decision(self, request: RequestParser, decision: BodyPermit | BodyRefusal) -> None:
        self.decision, self.waits_for_permit = None, False
        if isinstance(decision, BodyPermit):
            request.permit = decision
            if request.holds_continue and not self.requests:
                self.send_continue()
            return
        request.refuse_body(decision)
        with self.requests_lock:
            self.discards_input, self.request = True, None
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)

    def handle_write(self) -> None:
        """Send; after the answer to a refused body, throw its rest away for a moment.

        Closing at once would make the kernel reset the connection, and the client would not see the answer.
        """
        if not self.discards_input:
            super().handle_write()
            return
        self._flush_exception(self._flush_some_if_lockable)
        if self.close_when_flushed and not self.total_outbufs_len:
            self.close_when_flushed, self.lingers_until = False, time.monotonic() + LINGER_S
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        if self.will_close:
            self.handle_close()

    def handle_close(self) -> None:
        """Close, and free what an unfinished request holds."""
        request, self.request = self.request, None
        if request is not None:
            request.close()
        super().handle_close()
        self._release_decision()

    def _release_decision(self) -> None:
        if isinstance(self.decision, BodyPermit):
            self.decision.release()

    def end(self) -> None:
        """Have the main loop close the connection, also when its client reads nothing."""
        self.will_close = True
        # Without this, a socket with a full send buffer would never become writable, and never be closed.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    @property
    def is_served(self) -> bool:
        """Whether a request of it is being served or decided about."""
        return bool(self.requests) or self.waits_for_permit

    def is_overdue(self, now: float) -> bool:
        """Tell whether the client has left undone for too long what it has to do, by the monotonic clock."""
        if self.lingers_until is not None:
            return now > self.lingers_until
        if self.is_served:
            return False
        if self.expects_since is not None:
            return now - self.expects_since > HEADER_TIMEOUT_S
        if self.request is not None and self.body_since:
            allowed = BODY_GRACE_S + self.request.body_bytes_received / BODY_BYTES_PER_S
            return now - self.body_since > allowed
        return time.time() - self.last_activity > IDLE_TIMEOUT_S

    def yield_order(self, counts: Counter[str]) -> tuple[int, int, float]:
        """Return a key by which connections are sorted that may have to give way, the first of them first."""
        if self.expects_since is not None and not self.served_before:
            rank = 0  # it has not said anything useful yet
        else:
            rank = 2 if self.request is not None or self.total_outbufs_len else 1
        return rank, -counts[str(self.addr[0])], self.last_activity


class HttpServer(TcpWSGIServer):  # type: ignore[misc]
    """Listening socket whose connections give way before there are too many."""

    channel_class = ServerChannel
    policy: RequestPolicy

    def maintenance(self, _now: float) -> None:
        """Close the connections of clients that have left undone for too long what they have to do."""
        now = time.monotonic()
        for channel in list(self.active_channels.values()):
            if channel.is_overdue(now):
                channel.end()

    def handle_accept(self) -> None:
        """Accept what waits; near the limit, others give way, so that nobody new is kept out.

        Several at a time: each round of the main loop looks at all connections, and a new one may wait behind hundreds.
        """
        if len(self._map) >= self.adj.connection_limit * (1 - SPARE_PART):
            self._make_room()
        for _ in range(self._spare_connections()):
            count = len(self._map)
            super().handle_accept()
            if len(self._map) == count:
                return

    def _spare_connections(self) -> int:
        return max(1, int(self.adj.connection_limit * SPARE_PART))

    def _make_room(self) -> None:
        found = [each for each in self._map.values() if isinstance(each, ServerChannel)]
        counts = Counter(str(channel.addr[0]) for channel in found)
        yielding = [channel for channel in found if not channel.is_served and not channel.will_close]
        yielding.sort(key=lambda channel: channel.yield_order(counts))
        for channel in yielding[: self._spare_connections()]:
            channel.end()


def create_http_server(
    application: Any, policy: RequestPolicy, threads: Callable[[], RequestThreads], **options: Any
) -> MultiSocketServer:
    """Return a server that listens already; ``run`` serves until SystemExit.

    Args:
        application: WSGI application.
        policy: What to know of requests.
        threads: Starts the threads that serve requests, once the sockets are there.
        options: Those of ``waitress.create_server``.

    Raises:
        OSError: the port is taken.
    """
    adjustments = Adjustments(**options)
    channels: dict[int, Any] = {}
    listening: list[HttpServer] = []
    try:
        for socket_info in adjustments.listen:
            server = HttpServer(application, channels, dispatcher=_NO_THREADS, adj=adjustments, sockinfo=socket_info)
            listening.append(server)
            server.policy = policy
    except OSError:
        for server in listening:
            server.close()
        raise
    started = threads()
    for server in listening:
        server.task_dispatcher = started
    addresses = [(server.effective_host, server.effective_port) for server in listening]
    return MultiSocketServer(channels, adjustments, addresses, started, listening[0].log_info)


_NO_THREADS: Any = object()
"""Stands for the dispatcher until the sockets are bound: a port that is taken must leave no threads behind."""
