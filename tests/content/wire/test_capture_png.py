"""Screen captures with a label; whatever is not one is refused without being decoded."""

from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from beffroi_content.wire.capture_png import LABEL_HEAD, InvalidCapture, add_label, check_capture, read_label
from beffroi_content.wire.reports import CaptureLabel


def png(size: tuple[int, int] = (64, 36), mode: str = "RGB", **how: object) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(buffer, "PNG", **how)
    return buffer.getvalue()


SAID = CaptureLabel(size=(64, 36), pixels="a" * 64, taken_at_ms=5, clock="trusted", programme=7)
WHOLE = add_label(png(), SAID)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def test_a_label_is_read_again_and_leaves_the_image_as_it_was():
    assert check_capture(WHOLE) == read_label(WHOLE[:LABEL_HEAD]) == SAID
    with Image.open(io.BytesIO(WHOLE)) as labelled_one, Image.open(io.BytesIO(png())) as plain:
        assert labelled_one.size == plain.size
        labelled_one.load()


@given(st.integers(0, len(WHOLE) - 1))
def test_one_that_is_cut_off_is_refused(length):
    with pytest.raises(InvalidCapture):
        check_capture(WHOLE[:length])


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_one_that_is_damaged_anywhere_is_refused(place, change):
    damaged = bytearray(WHOLE)
    damaged[place] ^= change
    with pytest.raises(InvalidCapture):
        check_capture(bytes(damaged))


@given(st.binary(max_size=300))
def test_whatever_comes_is_refused(data):
    for start in (b"", WHOLE[:8], WHOLE[:33]):
        with pytest.raises(InvalidCapture):
            check_capture(start + data)


@pytest.mark.parametrize(
    "wrong",
    [
        png(),
        b"\xff\xd8\xff\xe0" + WHOLE,
        add_label(png((65, 36)), SAID),
        add_label(png(mode="RGBA"), SAID),
        add_label(png(mode="P"), SAID),
        WHOLE + b"\0",
        WHOLE + chunk(b"IEND", b""),
        WHOLE[:-12] + chunk(b"iTXt", b"x") + WHOLE[-12:],
        WHOLE[:-12],
        WHOLE[:33] + chunk(b"tEXt", b"Beffroi\0{}") + WHOLE[33:],
        WHOLE[:33] + chunk(b"tEXt", b"Beffroi\0" + b" " * 40_000) + WHOLE[33:],
        WHOLE[:33] + chunk(b"tEXt", b"Comment\0{}") + WHOLE[33:],
    ],
    ids=[
        "without a label", "a JPEG", "of another size", "transparent", "of few colours", "with more behind it",
        "ended twice", "with something else in it", "without an end", "with an empty label", "with a long label",
        "with another label",
    ],
)  # fmt: skip
def test_what_no_player_makes_is_refused(wrong):
    with pytest.raises(InvalidCapture):
        check_capture(wrong)


def test_no_side_may_be_longer_than_a_display_is():
    with pytest.raises(ValueError, match="7680"):
        SAID.replace(size=(7681, 1))
