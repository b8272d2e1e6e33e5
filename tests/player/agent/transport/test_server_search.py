"""Servers on the local network: a player finds one that announces itself, and forgets one that goes away."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import zeroconf
from tests.support.waiting import until

from beffroi_player.agent.transport.server_search import SERVICE_TYPE, ServerSearch, announced_address
from beffroi_server.core.local_announcement import LocalAnnouncement


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (b"https://affichage.example/", "https://affichage.example"),
        (b"http://10.1.2.3:8000", "http://10.1.2.3:8000"),
        (b"file:///etc/passwd", ""),
        (b"https://", ""),
        (b"\xff", ""),
        (b"http://[", ""),
        (None, ""),
    ],
)
def test_what_is_announced_is_an_address_or_nothing(said: bytes | None, address: str) -> None:
    assert announced_address(said) == address


def test_a_server_that_announces_itself_is_found_until_it_goes_away() -> None:
    server, search = LocalAnnouncement("https://affichage.example"), ServerSearch()
    server.start()
    try:
        search.addresses(time.monotonic())
        until("it is not found", lambda: "https://affichage.example" in search.addresses(time.monotonic()))
        server.stop()
        until("it is not forgotten", lambda: "https://affichage.example" not in search.addresses(time.monotonic()))
    finally:
        server.stop()
        search.close()


@pytest.mark.parametrize("key", ["url", "URL", "Url"])
def test_the_key_of_the_address_is_found_in_any_case(key: str) -> None:
    search, name = ServerSearch(), "Town hall._beffroi._tcp.local."
    entries = {key: "https://affichage.example", "uRL": "https://old.example"}
    announced = zeroconf.ServiceInfo(SERVICE_TYPE, name, port=443, server="town-hall.local.", properties=entries)
    search.add_service(SimpleNamespace(get_service_info=lambda *_args, **_more: announced), SERVICE_TYPE, name)
    assert search.addresses(0.0) == ["https://affichage.example"]
