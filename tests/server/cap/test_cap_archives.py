"""Zip archives of CAP documents, as the German weather service publishes what is in force."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.cap_files import cap_alert

from beffroi_server.__main__ import main
from beffroi_server.cap import archives, reader
from beffroi_server.cap.messages import CapUnreadable
from beffroi_server.cap.reader import read_document
from beffroi_server.cap.reason_texts import note_sentence
from beffroi_server.cap.xml_documents import MAX_BYTES

BLANKS = b" " * 3_000_000


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def numbered(count: int) -> list[tuple[str, bytes]]:
    return [(f"{at}.xml", cap_alert(identifier=f"M-{at}")) for at in range(count)]


def identifiers(content: bytes) -> list[str | None]:
    return [each.identifier for each in read_document(content).alerts]


def notes(content: bytes, language: str = "en") -> list[str]:
    return [note_sentence(note, language) for note in read_document(content).notes]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_the_messages_of_all_its_files_are_read_each_once(method):
    found = read_document(zipped(*numbered(3), ("again/0.xml", cap_alert(identifier="M-0")), method=method))
    assert [each.identifier for each in found.alerts] == ["M-0", "M-1", "M-2"]
    assert (found.kind, found.notes, found.is_complete) == ("zip", (), True)


def test_an_archive_without_files_is_calm():
    assert read_document(zipped()).alerts == ()
    assert read_document(zipped(("warnings/", b""))).is_complete


def test_the_hidden_files_of_file_managers_are_passed_over():
    found = read_document(zipped(("__MACOSX/._0.xml", b"\0\5\x16\7"), (".DS_Store", b"\0"), *numbered(1)))
    assert ([each.identifier for each in found.alerts], found.notes) == (["M-0"], ())


@pytest.mark.parametrize(
    ("name", "content", "said", "is_complete"),
    [
        ("broken.xml", b"no warning", "broken.xml: left out: not XML", False),
        ("page.cap", b"<html/>", "page.cap: left out: a web page, not a CAP document", False),
        ("readme.txt", b"Hello", "readme.txt: left out: not XML", True),
        ("more.zip", zipped(*numbered(1)), "more.zip: left out: compressed: unpack it first", True),
        ("0.xml.gz", b"\x1f\x8b\x08\0", "0.xml.gz: left out: compressed: unpack it first", True),
        ("void.xml", b"", "void.xml: left out: the document is empty", False),
        ("../../etc/x.txt", b"Hello", "../../etc/x.txt: left out: not XML", True),
        ("bell\x07.txt", b"Hello", "bell .txt: left out: not XML", True),
        ("cut.xml", cap_alert()[:-9], "cut.xml: the document is broken; read as far as it can be understood", False),
    ],
)  # fmt: skip
def test_an_odd_file_is_named_and_costs_no_other(name, content, said, is_complete):
    archive = zipped((name, content), *numbered(1))
    assert identifiers(archive)[-1] == "M-0"
    assert notes(archive) == [said]
    assert read_document(archive).is_complete is is_complete


def test_what_is_wrong_within_a_message_is_said_with_the_name_of_its_file():
    archive = zipped(("0.xml", cap_alert(sent="yesterday")))
    assert notes(archive) == ["0.xml: MSG-1, sent: no instant with an offset: “yesterday”"]
    assert notes(zipped(("x.xml", b"x"), *numbered(1)), "fr") == ["x.xml\u202f: laissé\u202f: pas du XML"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_that_is_compressed_in_another_way_is_not_opened(method, monkeypatch):
    archive = io.BytesIO(zipped(*numbered(1)))
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("1.xml", cap_alert(), method)
    assert notes(archive.getvalue()) == ["1.xml: left out: encrypted, or compressed in another way than is usual"]


def test_an_encrypted_file_is_left_out():
    """Bit 0 of the flags of a file, in its own header and in the directory (APPNOTE 4.4.4)."""
    archive = bytearray(zipped(("0.xml", cap_alert()), ("1.xml", cap_alert(identifier="M-1"))))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    assert identifiers(bytes(archive)) == ["M-1"]


def test_a_file_whose_bytes_were_changed_is_left_out():
    archive = zipped(("0.xml", cap_alert(note="first")), *numbered(2)[1:], method=zipfile.ZIP_STORED)
    changed = archive.replace(b"first", b"FIRST", 1)
    assert identifiers(changed) == ["M-1"]
    assert notes(changed) == ["0.xml: left out: a zip archive that is broken"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped(*numbered(2))[:-30], "bad-archive"),
        (b"PK\x03\x04", "bad-archive"),
        (b"PK\x03\x04" + b" " * MAX_BYTES, "too-large"),
        (zipped(("readme.txt", b"Hello")), "no-cap"),
        (zipped(("0.zip", zipped(*numbered(1)))), "no-cap"),
        (zipped(("blanks.xml", BLANKS), *numbered(1)), "archive-too-large"),
        (zipped(*((f"{at}.xml", BLANKS[:100_000]) for at in range(50))), "archive-too-large"),
    ],
)
def test_what_is_no_archive_of_warnings_or_grows_beyond_measure_is_refused(content, code):
    with pytest.raises(CapUnreadable, match=code):
        read_document(content)


def test_bytes_are_counted_and_no_declared_size_is_believed(monkeypatch):
    """Both headers of the file say that it has ten bytes."""
    archive = zipped(("0.xml", BLANKS), ("1.xml", cap_alert()))
    lying = archive.replace(len(BLANKS).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != archive
    read: list[int] = []
    original = zipfile.ZipExtFile.read

    def count(self: zipfile.ZipExtFile, size: int = -1) -> bytes:
        part = original(self, size)
        read.append(len(part))
        return part

    monkeypatch.setattr(zipfile.ZipExtFile, "read", count)
    assert identifiers(lying) == ["MSG-1"]
    assert sum(read) < 10_000


@pytest.mark.parametrize(
    ("limit", "value", "left"),
    [("MAX_UNPACKED", 2_000, None), ("MAX_FILES", 2, 2), ("MAX_RATIO", 1, None)],
)
def test_files_bytes_and_ratio_are_limited(monkeypatch, limit, value, left):
    long = [(f"{at}.xml", cap_alert(identifier=f"L-{at}", note=noise(at))) for at in range(1, 4)]
    archive = zipped(*numbered(1), *long)
    assert len(identifiers(archive)) == 4
    monkeypatch.setattr(archives, limit, value)
    if left is None:
        with pytest.raises(CapUnreadable, match="archive-too-large"):
            read_document(archive)
    else:
        found = read_document(archive)
        assert len(found.alerts) == left
        assert found.notes
        assert not found.is_complete


def noise(seed: int) -> str:
    """Letters that hardly compress."""
    return "".join(f"{zlib.crc32(f'{seed} {at}'.encode()):08x}" for at in range(60))


def test_no_more_messages_are_read_than_of_one_document(monkeypatch):
    monkeypatch.setattr(reader, "MAX_ALERTS", 2)
    found = read_document(zipped(*numbered(4)))
    assert (len(found.alerts), found.is_complete) == (2, False)
    assert [each.code for each in found.notes] == ["too-many-alerts"]


MESSAGES = zipped(*numbered(2), ("a/readme.txt", b"Hello"))


@settings(deadline=None, max_examples=300)
@given(
    st.dictionaries(st.integers(4, len(MESSAGES) - 1), st.integers(0, 255), max_size=12), st.integers(22, len(MESSAGES))
)
def test_an_archive_with_any_bytes_changed_or_missing_is_read_or_refused(changed, length):
    content = bytearray(MESSAGES)
    for at, byte in changed.items():
        content[at] = byte
    for each in (bytes(content), bytes(content[:length])):
        with contextlib.suppress(CapUnreadable):
            assert read_document(each).kind == "zip"


def test_a_file_without_a_name_costs_no_other():
    """Of the first entry of the directory, the name becomes a comment (APPNOTE 4.3.12)."""
    at = MESSAGES.index(b"PK\x01\x02")
    nameless = MESSAGES[: at + 28] + b"\0\0" + MESSAGES[at + 30 : at + 32] + b"\5\0" + MESSAGES[at + 34 :]
    assert identifiers(nameless) == ["M-1"]


def test_a_file_that_is_too_large_costs_no_other(monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 4_000)
    archive = zipped(*numbered(2), ("long.xml", cap_alert(note="x" * 5_000)))
    assert identifiers(archive) == ["M-0", "M-1"]
    assert notes(archive) == ["long.xml: left out: the document is larger than 16 MB"]


def test_nothing_is_written(monkeypatch, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    before = sorted(tmp_path.rglob("*"))
    read_document(zipped(("../x.xml", cap_alert()), (f"{folder}/y.xml", cap_alert(identifier="Y"))))
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command_reads_archives(tmp_path, capsys):
    path = tmp_path / "all.zip"
    path.write_bytes(zipped(*numbered(2), ("readme.txt", b"Hello")))
    assert main(["cap", "read", str(path), "--json", "--now", "2026-11-29T09:00:00+01:00"]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line)["identifier"] for line in printed.out.splitlines()] == ["M-0", "M-1"]
    assert "all.zip: readme.txt: left out: not XML" in printed.err
