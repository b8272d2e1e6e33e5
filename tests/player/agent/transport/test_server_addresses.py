"""A server that has moved: the address of the enrolment and the one that the town has signed are tried in turn."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from beffroi_player.agent.transport.http_client import ServerClient, ServerRefusal

NOBODY = "http://127.0.0.1:9"


class Host:
    """A machine that answers every request in the same way."""

    def __init__(self) -> None:
        self.status, self.asked = 200, 0
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                host.asked += 1
                self.send_response(host.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def host() -> Iterator[Callable[[], Host]]:
    with contextlib.ExitStack() as ending:

        def host() -> Host:
            made = Host()
            ending.callback(made.server.server_close)
            ending.callback(made.server.shutdown)
            return made

        yield host


def test_an_address_that_does_not_answer_is_left_for_the_new_one(host: Callable[[], Host]) -> None:
    new, client = host(), ServerClient(NOBODY, "token")
    client.know_address(new.url + "/")

    assert client.post_json("/x", {}) == {}
    client.know_address(new.url)
    assert client._addresses[0] == new.url


@pytest.mark.parametrize("status", [301, 401, 404, 502])
def test_a_host_that_is_the_server_no_more_is_left(host: Callable[[], Host], status: int) -> None:
    old, new = host(), host()
    old.status, client = status, ServerClient(old.url, "token")
    client.know_address(new.url)

    client.post_json("/x", {})
    client.post_json("/x", {})

    assert (old.asked, new.asked) == (1, 2)


def test_the_address_of_the_enrolment_stays_while_it_answers_and_is_gone_back_to(host: Callable[[], Host]) -> None:
    old = host()
    client = ServerClient(old.url, "token")
    client.know_address(NOBODY)
    client.post_json("/x", {})
    assert (client._addresses[0], old.asked) == (old.url, 1)

    client.know_address("")
    assert client._addresses == (old.url,)


def test_where_neither_answers_the_reason_is_told(host: Callable[[], Host]) -> None:
    old, client = host(), ServerClient(NOBODY, "token")
    old.status = 401
    client.know_address(old.url)
    with pytest.raises(ServerRefusal, match="401"):
        client.post_json("/x", {})
    client.know_address("http://127.0.0.1:10")
    with pytest.raises(requests.ConnectionError):
        client.post_json("/x", {})


def test_nobody_leads_a_player_from_tls_to_none() -> None:
    client = ServerClient("https://screens.example", "token")
    client.know_address("http://screens.example")
    assert client._addresses == ("https://screens.example",)
