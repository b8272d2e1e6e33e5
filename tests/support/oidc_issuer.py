"""An OpenID Connect issuer on this machine, as far as the server asks it: configuration, token, and who it is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

CLIENT_ID, CLIENT_SECRET = "beffroi", "a secret of the client, long enough to sign"


class Issuer:
    """The issuer; ``claims`` is whoever is in front of it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.claims: dict[str, Any] = {}
        self.asked_for_tokens: list[str] = []

    def answer(self, path: str) -> dict[str, Any]:
        """Return what the issuer says at a path."""
        if path.endswith("/openid-configuration"):
            return {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "userinfo_endpoint": f"{self.address}/userinfo",
                "jwks_uri": f"{self.address}/jwks",
            }
        if path == "/token":
            now = int(time.time())
            body = {"iss": self.address, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **self.claims}
            token = jwt.encode(body, CLIENT_SECRET, algorithm="HS256")
            return {"access_token": "x", "token_type": "Bearer", "id_token": token}
        return self.claims


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Run an issuer for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply()

        def do_POST(self) -> None:
            issuer.asked_for_tokens.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._reply()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

        def _reply(self) -> None:
            data = json.dumps(issuer.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
