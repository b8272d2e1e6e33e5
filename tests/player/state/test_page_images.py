"""Pages in memory: mapped as written, and refused where truncated."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beffroi_player.state.page_images import HEADER_BYTES, map_page, page_header, page_length, page_pieces

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(size=sizes)
@same_folder
def test_any_size_and_any_pixels_are_mapped_as_written(tmp_path: Path, size: tuple[int, int]) -> None:
    pixels = bytes(number % 256 for number in range(size[0] * size[1] * 4))
    path = tmp_path / "page.pam"
    path.write_bytes(b"".join(page_pieces(size, [pixels[:5], pixels[5:]])))
    found, mapped = map_page(path)
    assert (found, bytes(mapped), path.stat().st_size) == (size, pixels, page_length(size))


@pytest.mark.parametrize("size", [(1, 1), (128, 64), (1920, 1080), (99_999, 99_999)])
def test_headers_have_one_length_so_that_pixels_lie_where_they_are_read_fast(size: tuple[int, int]) -> None:
    assert len(page_header(size)) == HEADER_BYTES
    assert HEADER_BYTES % 16 == 0


@given(st.one_of(st.binary(max_size=200), sizes.map(page_header)))
@same_folder
def test_whatever_is_read_is_an_image_or_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "page.pam"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"image|mmap"):
        map_page(path)


def test_a_page_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        map_page(tmp_path / "page.pam")
