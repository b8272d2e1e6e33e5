"""Images that browsers keep and ask for again."""

from __future__ import annotations

import io

import pytest
from django.test import RequestFactory
from PIL import Image

from beffroi_server.library.preview import encode_png
from beffroi_server.web.responses import image_response


def body_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.parametrize("as_file", [False, True])
def test_an_image_is_sent_with_its_version(as_file):
    body = io.BytesIO(b"image") if as_file else b"image"
    response = image_response(RequestFactory().get("/"), body, "image/png", "v1", "hall.png")
    assert (response.status_code, response.headers["Content-Type"], body_of(response)) == (200, "image/png", b"image")
    assert response.headers["ETag"] == '"v1"'
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("as_file", [False, True])
def test_a_browser_that_has_the_version_gets_nothing_more(as_file):
    file = io.BytesIO(b"image")
    request = RequestFactory().get("/", headers={"if-none-match": '"v1"'})
    response = image_response(request, file if as_file else b"image", "image/png", "v1")
    assert (response.status_code, body_of(response), response.headers["ETag"]) == (304, b"", '"v1"')
    assert file.closed is as_file


@pytest.mark.parametrize("tag", ['"v2"', "v1", '""', "*"])
def test_any_other_version_is_sent_anew(tag):
    request = RequestFactory().get("/", headers={"if-none-match": tag})
    assert image_response(request, b"image", "image/png", "v1").status_code == 200


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "1"])
def test_a_png_is_the_image_to_the_pixel(mode):
    image = Image.new(mode, (7, 5))
    image.putpixel((3, 2), image.getpixel((0, 0)))
    decoded = Image.open(io.BytesIO(encode_png(image)))
    assert (decoded.format, decoded.size, decoded.tobytes()) == ("PNG", image.size, image.tobytes())
