"""Files of the play log: packing loses nothing, and damage is recognised."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.timeline import ClockState
from beffroi_content.wire.plays import FIRST_CHAIN, Play, chain_digest
from beffroi_player.state.play_files import DamagedPlayFile, PlayFile, is_note, pack_file, play_files, read_plays

NOTE = b'{"next":4,"plays":[]}\n'


def chained_plays(*gaps: tuple[int, int, bool], first: int = 1) -> list[Play]:
    """Return plays, each by the numbers left out before it, the pause before it, and whether its chain holds."""
    plays: list[Play] = []
    number, ends_at_ms, chain = first - 1, 1_800_000_000_000, FIRST_CHAIN
    for skipped, pause_ms, holds in gaps:
        number, started_at_ms = number + 1 + skipped, ends_at_ms + pause_ms
        play = Play(number=number, slide="a", started_at_ms=started_at_ms, lasted_ms=8_000, clock=ClockState.TRUSTED)
        chain = chain_digest(chain, play) if holds else "f" * 64
        plays.append(play.model_copy(update={"chain": chain}))
        ends_at_ms = started_at_ms + 8_000
    return plays


def open_file(folder: Path, plays: Sequence[Play], tail: bytes = b"") -> PlayFile:
    file = PlayFile(folder, plays[0].number)
    file.path.write_bytes(b"".join(play.to_json() + b"\n" for play in plays) + tail)
    return file


def packed_file(folder: Path, plays: Sequence[Play]) -> PlayFile:
    opened = open_file(folder, plays)
    packed = PlayFile(folder, opened.first, is_packed=True)
    packed.path.write_bytes(pack_file(opened))
    opened.path.unlink()
    return packed


GAPS = st.tuples(st.integers(0, 3), st.integers(0, 100_000), st.booleans())


@given(gaps=st.lists(GAPS, min_size=1, max_size=20), first=st.integers(1, 10**9))
def test_a_packed_file_has_the_same_plays(tmp_path_factory: pytest.TempPathFactory, gaps: list, first: int) -> None:
    plays = chained_plays(*gaps, first=first)
    assert list(read_plays(packed_file(tmp_path_factory.mktemp("plays"), plays))) == plays


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    file = open_file(tmp_path, chained_plays((0, 0, True), (0, 0, True)))
    assert pack_file(file) == pack_file(file)


def test_fields_that_follow_from_the_line_before_are_left_out(tmp_path: Path) -> None:
    plays = chained_plays((0, 0, True), (0, 0, True), (2, 5, False))
    lines = gzip.decompress(packed_file(tmp_path, plays).path.read_bytes()).splitlines()
    for field in (b'"number"', b'"started_at_ms"', b'"chain"'):
        assert [field in line for line in lines[:3]] == [True, False, True], field
    assert b'"plays":3' in lines[3]


@pytest.mark.parametrize("tail", [b'{"number": 3, "sl', b"\n", b"[]\n", b"\xff\xfe\n", b"{}\n", NOTE])
def test_what_is_no_play_is_skipped_in_an_open_file(tmp_path: Path, tail: bytes) -> None:
    plays = chained_plays((0, 0, True), (0, 0, True))
    assert list(read_plays(open_file(tmp_path, plays, tail))) == plays


def test_notes_are_recognised_and_not_packed(tmp_path: Path) -> None:
    plays = chained_plays((0, 0, True))
    file = open_file(tmp_path, plays, NOTE)
    assert is_note(NOTE)
    assert not is_note(plays[0].to_json())
    assert b'"next"' not in gzip.decompress(pack_file(file))


def damaged(lines: list[bytes]) -> list[tuple[str, list[bytes]]]:
    return [
        ("a line is missing", [lines[0], *lines[2:]]),
        ("a line is there twice", [lines[0], lines[1], lines[1], *lines[2:]]),
        ("two lines are exchanged", [lines[0], lines[2], lines[1], lines[3]]),
        ("the end is missing", lines[:-1]),
        ("a length was changed", [lines[0], lines[1].replace(b"8000", b"8001"), *lines[2:]]),
        ("a line is no JSON", [lines[0], b"{", *lines[2:]]),
        ("a line is no object", [lines[0], b"7", *lines[2:]]),
        ("the file is empty", []),
    ]


@pytest.mark.parametrize("number", range(8))
def test_a_packed_file_that_was_changed_is_damaged(tmp_path: Path, number: int) -> None:
    file = packed_file(tmp_path, chained_plays((0, 0, True), (0, 0, True), (0, 9, True)))
    what, lines = damaged(gzip.decompress(file.path.read_bytes()).splitlines())[number]
    file.path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines)))
    with pytest.raises(DamagedPlayFile):
        pytest.fail(f"{what}: {list(read_plays(file))}")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_a_packed_file_that_was_cut_off_is_damaged(tmp_path: Path, cut: float) -> None:
    file = packed_file(tmp_path, chained_plays(*(50 * [(0, 7, True)])))
    content = file.path.read_bytes()
    file.path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(DamagedPlayFile):
        list(read_plays(file))


def test_a_file_that_is_gone_is_an_error_of_the_disk(tmp_path: Path) -> None:
    for is_packed in (False, True):
        with pytest.raises(OSError, match="No such file"):
            list(read_plays(PlayFile(tmp_path, 1, is_packed)))


def test_files_are_listed_in_order_and_the_open_form_is_preferred(tmp_path: Path) -> None:
    for name in ("000000000100.jsonl", "000000000002.jsonl.gz", "000000000100.jsonl.gz", "000000000009.jsonl"):
        (tmp_path / name).touch()
    for other in ("notes.jsonl", "000000000003.txt", ".000000000004.jsonl.7.tmp", "000000000005"):
        (tmp_path / other).touch()
    assert [(file.first, file.is_packed) for file in play_files(tmp_path)] == [(2, True), (9, False), (100, False)]
    assert all(file.path.exists() for file in play_files(tmp_path))


def test_a_folder_that_does_not_exist_has_no_files(tmp_path: Path) -> None:
    assert play_files(tmp_path / "plays") == []
