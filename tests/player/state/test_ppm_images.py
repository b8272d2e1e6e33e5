"""Uncompressed images: read as written, and refused where truncated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_player.state.ppm_images import from_ppm, ppm_comment, ppm_header


def test_a_raw_picture_survives_and_a_cut_one_does_not() -> None:
    data = ppm_header((3, 2)) + bytes(range(18))
    assert from_ppm(data) == ((3, 2), bytes(range(18)))
    for broken in (data[:-1], b"", b"P6 3 2", b"P5 3 2 255\n" + bytes(18)):
        with pytest.raises(ValueError, match="image"):
            from_ppm(broken)


@pytest.mark.parametrize("comment", [b"", b"{}", b'{"at_ms": 7}', "été".encode()])
def test_the_comment_of_a_header_is_read_back(comment: bytes) -> None:
    data = ppm_header((3, 2), comment) + bytes(18)
    assert ppm_comment(data) == comment
    assert from_ppm(data) == ((3, 2), bytes(18))


@given(size=st.tuples(st.integers(1, 40), st.integers(1, 40)), comment=st.binary(max_size=60))
def test_any_size_and_any_pixels_are_read_back(size: tuple[int, int], comment: bytes) -> None:
    pixels = bytes(number % 256 for number in range(size[0] * size[1] * 3))
    data = ppm_header(size, comment.replace(b"\n", b" ")) + pixels
    found, read = from_ppm(data)
    assert (found, bytes(read)) == (size, pixels)


@given(st.binary(max_size=60))
def test_whatever_is_read_is_an_image_or_an_error(data: bytes) -> None:
    try:
        (width, height), pixels = from_ppm(data)
    except ValueError:
        return
    assert len(pixels) == width * height * 3
