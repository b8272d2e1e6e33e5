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


def message(identifier: str) -> bytes:
    now = timezone.now().replace(microsecond=0)
    info = cap_info(cap_area(polygon=AROUND_RENNES), expires=(now + dt.timedelta(hours=3)).isoformat())
    return cap_alert(info, identifier=identifier, sent=(now - dt.timedelta(minutes=1)).isoformat())


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
