"""Digest of a frame: of its size and its pixels, however they come."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.frame_digest import frame_digest


def test_is_the_digest_of_the_size_and_the_pixels():
    assert frame_digest((2, 1), b"abcdef") == hashlib.sha256(b"2x1\nabcdef").hexdigest()


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_is_the_same_in_pieces(pieces):
    assert frame_digest((4, 3), *pieces) == frame_digest((4, 3), b"".join(pieces))


def test_tells_frames_of_the_same_bytes_by_their_size():
    assert len({frame_digest(size, b"x" * 12) for size in ((4, 1), (1, 4), (2, 2), (41, 1), (4, 11))}) == 5
