"""The HTTP proxy of a town, with the hosts of the Internet behind it: it alone can look their names up."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.support.waiting import PATIENCE_S


class TownProxy:
    """Lets requests through to the hosts that it knows.

    Args:
        hosts: Ports of this machine, by the host and port that they stand for, such as ``news.example:80``.
        login: Name and password that it wants, such as ``beffroi:secret``; empty: none.
    """

    def __init__(self, hosts: Mapping[str, int], login: str = "") -> None:
        self.asked: list[str] = []
        """What was asked for, such as ``GET http://news.example/feed`` or ``CONNECT news.example:443``."""
        self.hosts = dict(hosts)
        self.wanted = f"Basic {base64.b64encode(login.encode()).decode()}" if login else ""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if port := proxy._port_for(self, urlsplit(self.path).netloc.partition(":")[0] + ":80"):
                    path = urlsplit(self.path).path
                    request = f"GET {path} HTTP/1.0\r\nHost: {self.headers['Host']}\r\n\r\n"
                    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as beyond:
                        beyond.sendall(request.encode())
                        while piece := beyond.recv(65_536):
                            self.wfile.write(piece)
                self.close_connection = True

            def do_CONNECT(self) -> None:
                if port := proxy._port_for(self, self.path):
                    self.send_response(200)
                    self.end_headers()
                    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as beyond:
                        back = threading.Thread(target=_copy, args=(beyond, self.connection), daemon=True)
                        back.start()
                        _copy(self.connection, beyond)
                        back.join(PATIENCE_S)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        at = f"127.0.0.1:{self._server.server_port}"
        self.address = f"http://{login}@{at}" if login else f"http://{at}"

    @contextmanager
    def running(self) -> Iterator[TownProxy]:
        """Let it answer meanwhile."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def _port_for(self, handler: BaseHTTPRequestHandler, host: str) -> int:
        self.asked.append(f"{handler.command} {handler.path}")
        if self.wanted and handler.headers.get("Proxy-Authorization") != self.wanted:
            handler.send_error(407)
            return 0
        if host not in self.hosts:
            handler.send_error(403)
        return self.hosts.get(host, 0)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65_536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
