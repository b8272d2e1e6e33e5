"""A receiver of HTTP posts on this machine, which answers what a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class HttpReceiver:
    """What came, and what is answered next."""

    address: str
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    """Path, headers by their names in small letters, and body of each."""
    statuses: list[int] = field(default_factory=list)
    """Answers to come, the first one first; 200 where none is left."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of each answer."""
    answer: bytes = b""


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    """Serve at a free port of this machine for as long as a block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.posts.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.statuses.pop(0) if made.statuses else 200)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(made.answer)))
            self.end_headers()
            self.wfile.write(made.answer)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = HttpReceiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
