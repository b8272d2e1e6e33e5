"""What the server asks outside goes through the proxy of the town where there is one, and stays guarded."""

from __future__ import annotations

import http.server
import ipaddress
import threading
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation
from tests.support.private_authority import Authority
from tests.support.town_proxy import TownProxy

from beffroi_server.core import checked_addresses, environment
from beffroi_server.core.outside_http import AllowedNetworks, OutsideRequestError, OutsideResponse, send_request

NEWS = "news.invalid"
"""A name that no name server knows (RFC 6761)."""
PUBLIC, PRIVATE = "93.184.216.34", "10.0.0.1"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/secret")
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.path} of {self.headers['Host']}".encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[http.server.HTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(site, settings) -> Iterator[TownProxy]:
    hosts = {f"{host}:{port}": site.server_port for host in (NEWS, PUBLIC) for port in (80, 443)}
    with TownProxy(hosts).running() as proxy:
        settings.OUTSIDE_PROXY = proxy.address
        yield proxy


def ask(address: str, *networks: str) -> OutsideResponse:
    allowed = AllowedNetworks([ipaddress.ip_network(each) for each in networks], "BEFFROI_FEED_NETWORKS")
    with translation.override("en"):
        return send_request("GET", address, allowed=allowed, limit=10_000)


@pytest.fixture
def names(monkeypatch):
    """What the name server of the town says, by name."""
    known: dict[str, str] = {}
    look_up = checked_addresses.socket.getaddrinfo

    def answer(host, *rest, **named):
        return look_up(known.get(host, host), *rest, **named)

    monkeypatch.setattr(checked_addresses.socket, "getaddrinfo", answer)
    return known


def test_a_name_that_only_the_proxy_knows_is_asked_through_it(proxy):
    answer = ask(f"http://{NEWS}/feed")
    assert (answer.status, answer.body) == (200, f"/feed of {NEWS}".encode())
    assert proxy.asked == [f"GET http://{NEWS}/feed"]


def test_a_name_that_the_server_knows_too_goes_through_the_proxy(proxy, names):
    names[NEWS] = PUBLIC
    assert ask(f"http://{NEWS}/feed").status == 200
    assert proxy.asked == [f"GET http://{NEWS}/feed"]


def test_tls_is_verified_from_end_to_end(proxy, site, settings, tmp_path):
    authority, stranger = Authority("the town"), Authority("a stranger")
    site.socket = authority.server_context(tmp_path, NEWS).wrap_socket(site.socket, server_side=True)
    settings.AUTHORITIES = (stranger.pem,)
    with pytest.raises(OutsideRequestError, match="certificate"):
        ask(f"https://{NEWS}/feed")
    settings.AUTHORITIES = (stranger.pem, authority.pem)
    assert ask(f"https://{NEWS}/feed").body == f"/feed of {NEWS}".encode()
    with pytest.raises(OutsideRequestError, match="certificate"):
        # It is the certificate of another host.
        ask(f"https://{PUBLIC}/feed")
    assert proxy.asked == [f"CONNECT {host}:443" for host in (NEWS, NEWS, PUBLIC)]


def test_the_authorities_of_the_town_count_where_it_is_asked_directly(site, settings, tmp_path):
    authority = Authority("the town")
    site.socket = authority.server_context(tmp_path).wrap_socket(site.socket, server_side=True)
    address = f"https://127.0.0.1:{site.server_port}/feed"
    with pytest.raises(OutsideRequestError, match="certificate"):
        ask(address, "127.0.0.0/8")
    settings.AUTHORITIES = (authority.pem,)
    assert ask(address, "127.0.0.0/8").status == 200


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        (f"http://{PRIVATE}/", "BEFFROI_FEED_NETWORKS"),
        ("http://[::1]/", "BEFFROI_FEED_NETWORKS"),
        ("http://localhost/", "BEFFROI_FEED_NETWORKS"),
        ("http://printer.local/", "No connection"),
        ("http://intranet/", "No connection"),
        ("http://inside.example.org/", "BEFFROI_FEED_NETWORKS"),
    ],
)
def test_nothing_within_our_own_network_is_asked_of_the_proxy(proxy, names, address, refusal):
    names["inside.example.org"] = PRIVATE
    with pytest.raises(OutsideRequestError, match=refusal):
        ask(address)
    assert proxy.asked == []


def test_a_redirection_into_our_own_network_is_not_followed(proxy):
    with pytest.raises(OutsideRequestError, match="BEFFROI_FEED_NETWORKS"):
        ask(f"http://{NEWS}/moved")
    assert proxy.asked == [f"GET http://{NEWS}/moved"]


def test_whoever_is_in_an_allowed_network_is_asked_directly(proxy, site):
    answer = ask(f"http://127.0.0.1:{site.server_port}/feed", "127.0.0.0/8")
    assert (answer.status, proxy.asked) == (200, [])


def test_the_proxy_may_want_a_name_and_password(site, settings):
    with TownProxy({f"{NEWS}:80": site.server_port}, login="beffroi:secret").running() as proxy:
        settings.OUTSIDE_PROXY = proxy.address
        assert ask(f"http://{NEWS}/feed").status == 200
        settings.OUTSIDE_PROXY = proxy.address.replace("secret", "other")
        assert ask(f"http://{NEWS}/feed").status == 407
        with pytest.raises(OutsideRequestError, match="BEFFROI_PROXY") as refused:
            ask(f"https://{NEWS}/feed")
    assert "other" not in str(refused.value)


def test_a_proxy_that_refuses_or_is_gone_is_named(proxy, settings):
    with pytest.raises(OutsideRequestError, match=r"proxy.*BEFFROI_PROXY"):
        ask("https://elsewhere.invalid/")
    settings.OUTSIDE_PROXY = "http://127.0.0.1:1"
    with pytest.raises(OutsideRequestError, match=r"proxy.*BEFFROI_PROXY"):
        ask(f"http://{NEWS}/")


@pytest.mark.parametrize(
    "given",
    ["proxy", "proxy:3128", "socks5://proxy:1080", "http://proxy", "http://x:secret@proxy", "http://proxy:99999"],
)
def test_an_address_that_is_no_proxy_stops_the_start_and_keeps_its_password(monkeypatch, given):
    monkeypatch.setenv("BEFFROI_PROXY", given)
    with pytest.raises(ImproperlyConfigured, match="such as http://proxy") as refused:
        environment.read_proxy("BEFFROI_PROXY")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("given", ["", "http://proxy.example.org:3128", "https://a:b@proxy.example.org:3129/"])
def test_an_address_of_a_proxy_is_taken(monkeypatch, given):
    monkeypatch.setenv("BEFFROI_PROXY", given)
    assert environment.read_proxy("BEFFROI_PROXY") == given.rstrip("/")
