"""What a feed lists, and what is over because it no longer does."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.support.cap_files import AROUND_RENNES, cap_alert, cap_area, cap_info
from tests.support.outside_web import OutsideWeb
from tests.support.pages import page_text

from beffroi_server.core.outside_http import OutsideResponse
from beffroi_server.outside_warnings import polling
from beffroi_server.outside_warnings.models import WarningSource

pytestmark = pytest.mark.usefixtures("keyring", "english", "town")
ADDRESS = "https://cap.example/all"


@pytest.fixture
def web(monkeypatch):
    return OutsideWeb(monkeypatch)


@pytest.fixture
def source():
    return WarningSource.objects.create(name="Prefecture", address=ADDRESS, is_snapshot=True)


def soon(**ahead: int) -> str:
    return (timezone.now() + dt.timedelta(**ahead)).replace(microsecond=0).isoformat()


def message(identifier: str, sent: str = "") -> bytes:
    info = cap_info(cap_area(polygon=AROUND_RENNES), expires=soon(hours=3))
    return cap_alert(info, identifier=identifier, sent=sent or soon(minutes=-1))


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.xml", content)
    return packed.getvalue()


def read(web: OutsideWeb, source: WarningSource, body: bytes) -> dict[str, str]:
    """Read a source that answers so; return its messages, each with why it is over."""
    web.pages[ADDRESS] = OutsideResponse(200, {}, body)
    assert polling.read_source(source)
    return dict(source.messages.order_by("key").values_list("key", "ended_kind"))


def test_a_zip_is_read_in_its_confined_process_and_what_is_gone_from_it_is_over(web, source, client, dora):
    one, two = message("M-1"), message("M-2")
    assert read(web, source, zipped(a=one, b=two, readme=b"Hello")) == {"m-1": "", "m-2": ""}
    client.force_login(dora)
    page = page_text(client.get(reverse("warning-source", args=[source.pk])))
    assert "readme.xml\u202f: laissé\u202f: pas du XML" in page
    assert read(web, source, zipped(a=one)) == {"m-1": "", "m-2": ""}
    assert read(web, source, zipped(a=one)) == {"m-1": "", "m-2": "absence"}
    read(web, source, zipped())
    assert read(web, source, zipped()) == {"m-1": "absence", "m-2": "absence"}


@pytest.mark.parametrize("kind", ["file", "feed"])
def test_what_is_missing_from_a_document_that_could_not_be_read_to_its_end_is_not_over(web, source, kind):
    one, two = message("M-1"), message("M-2")
    whole = zipped(a=one, b=two) if kind == "file" else b"<alerts>" + one + two + b"</alerts>"
    broken = zipped(a=one, b=two[:300]) if kind == "file" else b"<alerts>" + one + two[:300]
    read(web, source, whole)
    for _ in range(3):
        assert read(web, source, broken)["m-2"] == ""


ADDRESSES = [f"https://cap.example/{at}.cap" for at in range(3)]
CAP = 'xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"'


def rss(*addresses: str) -> bytes:
    items = "".join(f"<item><title>Alerte</title><link>{each}</link></item>" for each in addresses)
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


def atom(*entries: tuple[str, str, str]) -> bytes:
    """A feed whose entries name a message, say something of it, and link to it."""
    items = "".join(
        f"<entry><id>{name}</id><cap:event>Orages</cap:event>{more}<link type='application/cap+xml' href='{address}'/>"
        "</entry>"
        for name, more, address in entries
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom' {CAP}>{items}</feed>".encode()


def asked_for(web: OutsideWeb, address: str) -> int:
    return [each for each, _ in web.asked].count(address)


def test_what_a_feed_of_bare_links_lists_is_not_over(web, source):
    for at, address in enumerate(ADDRESSES[:2]):
        web.pages[address] = OutsideResponse(200, {}, message(f"M-{at}"))
    for _ in range(3):
        assert read(web, source, rss(*ADDRESSES[:2])) == {"m-0": "", "m-1": ""}
    for _ in range(2):
        found = read(web, source, rss(ADDRESSES[0]))
    assert found == {"m-0": "", "m-1": "absence"}
    assert asked_for(web, ADDRESSES[0]) == 1


def test_while_a_document_of_a_feed_cannot_be_fetched_nothing_is_over(web, source):
    for at, address in enumerate(ADDRESSES[:2]):
        web.pages[address] = OutsideResponse(200, {}, message(f"M-{at}"))
    read(web, source, rss(*ADDRESSES[:2]))
    for _ in range(3):
        assert read(web, source, rss(ADDRESSES[0], ADDRESSES[2])) == {"m-0": "", "m-1": ""}


def test_the_summary_of_a_message_that_was_fetched_is_no_warning_beside_it(web, source):
    """The American weather service names an entry by an address, and its message by the end of that."""
    name = "urn:oid:2.49.0.1.840.0.77.001.1"
    web.pages[ADDRESSES[0]] = OutsideResponse(200, {}, message(name))
    feed = atom((f"https://api.weather.example/alerts/{name}", "", ADDRESSES[0]))
    for _ in range(3):
        assert read(web, source, feed) == {name: ""}


def test_a_document_that_could_not_be_fetched_at_first_is_fetched_later(web, source):
    sent = soon(minutes=-1)
    feed = atom(("m-1", f"<cap:sent>{sent}</cap:sent>", ADDRESSES[0]))
    read(web, source, feed)
    assert [row.title for row in source.messages.all()] == ["Orages"]
    web.pages[ADDRESSES[0]] = OutsideResponse(200, {}, message("m-1", sent))
    read(web, source, feed)
    assert [row.title for row in source.messages.filter(ended_at=None)] == ["Orages violents sur le pays de Rennes"]


def test_a_document_is_fetched_again_once_its_feed_says_that_it_was_sent_anew(web, source):
    first, second = soon(minutes=-9), soon(minutes=-1)
    for sent, times in ((first, 1), (first, 1), (second, 2), (second, 2)):
        web.pages[ADDRESSES[0]] = OutsideResponse(200, {}, message("M-1", sent))
        read(web, source, atom(("M-1", f"<cap:sent>{sent}</cap:sent>", ADDRESSES[0])))
        assert asked_for(web, ADDRESSES[0]) == times
    assert [row.sent_at.isoformat() for row in source.messages.filter(ended_at=None)] == [second]
