"""Kinds of images: each is shown as it was meant, or refused in words; what is left out is said."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, TiffImagePlugin
from tests.support.sample_heif import sample_heic
from tests.support.sample_pdf import form_document
from tests.support.sample_videos import sample_video

from beffroi_server.library.media import file_kinds, image_files, image_process, pdf_pages
from beffroi_server.library.media.file_kinds import FileKind

RED_IN_P3 = (234, 51, 35)
"""The red of sRGB in values of Display P3 (computed from the chromaticities of both)."""
RED_IN_BT2020 = (207, 74, 34)
"""The red of sRGB in values of BT.2020 with the curve of sRGB."""


@pytest.fixture
def taken_in(tmp_path):
    """Take a file in as the image process does; return what it says, with the images it wrote."""

    def take_in(content: bytes) -> dict[str, Any]:
        (tmp_path / "original").write_bytes(content)
        found = image_process.normalise_folder(tmp_path)
        count = len(found.get("pages", ()))
        return found | {"images": [opened(tmp_path / f"picture-{number}") for number in range(count)]}

    return take_in


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.copy()


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(chunks: dict[bytes, bytes], colour: tuple[int, ...] = RED_IN_P3, size: tuple[int, int] = (8, 8)) -> bytes:
    """Return a PNG of one colour, with chunks before its pixels."""
    plain = encoded(Image.new("RGB", size, colour), "PNG")
    added = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )
    return plain[:33] + added + plain[33:]


def cut(shares: int, content: bytes) -> bytes:
    return content[: len(content) * shares // 100]


def near(colour: Any, expected: tuple[int, ...], tolerance: int = 6) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(colour, expected, strict=True))


class TestAFileKind:
    @pytest.mark.parametrize(
        ("head", "kind"),
        [
            (b"\xff\xd8\xff\xe0", FileKind.IMAGE),
            (b"RIFF\0\0\0\0WEBPVP8 ", FileKind.IMAGE),
            (b"RIFF\0\0\0\0AVI LIST", FileKind.VIDEO),
            (b"RIFF\0\0\0\0WAVEfmt ", FileKind.UNKNOWN),
            (b"II*\0\x08\0\0\0", FileKind.IMAGE),
            (b"II*\0\x10\0\0\0CR\x02\0", FileKind.RAW_PHOTO),
            (b"FUJIFILMCCD-RAW 0201", FileKind.RAW_PHOTO),
            (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", FileKind.RAW_PHOTO),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", FileKind.HEIF),
            (b"\0\0\0\x18ftypmsf1\0\0\0\0mif1hevc", FileKind.HEIF),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", FileKind.IMAGE),
            (b"\0\0\0\x18ftypavis\0\0\0\0avifavis", FileKind.IMAGE),
            (b"\0\0\0\x14ftypjxl \0\0\0\0jxl ", FileKind.OTHER_IMAGE),
            (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", FileKind.OTHER_IMAGE),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", FileKind.VIDEO),
            (b"junk%PDF-1.7", FileKind.DOCUMENT),
            (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", FileKind.VIDEO),
            (b"\x1f\x07\0\xbf", FileKind.VIDEO),
            ((b"\x47" + b"\0" * 187) * 5, FileKind.VIDEO),
            ((b"\0\0\0\0\x47" + b"\0" * 187) * 5, FileKind.VIDEO),
            (b"Grand bal du 14 juillet" * 40, FileKind.UNKNOWN),
            (b"", FileKind.UNKNOWN),
        ],
    )
    def test_is_told_by_its_first_bytes(self, head, kind):
        assert file_kinds.kind_of(head) is kind

    def test_of_the_family_of_mp4_without_films_is_an_image(self, tmp_path):
        path = tmp_path / "photo"
        path.write_bytes(sample_heic(["#ff0000"] * 4, columns=2, brand=b"mp42"))
        assert file_kinds.kind_of_file(path) is FileKind.HEIF


class TestPhotographsOfTelephones:
    def test_are_whole_and_not_their_first_tile(self, taken_in):
        found = taken_in(sample_heic(["#ff0000", "#00ff00", "#0000ff", "#ffffff"], columns=2))

        assert "duration_ms" not in found
        (image,) = found["images"]
        assert image.size == (128, 128)
        corners = [image.convert("RGB").getpixel(at) for at in ((5, 5), (120, 5), (5, 120), (120, 120))]
        for corner, colour in zip(corners, ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)), strict=True):
            assert near(corner, colour, 12)

    def test_are_shown_in_the_colours_that_they_name(self, taken_in):
        (image,) = taken_in(sample_heic(["#ea3323"] * 4, columns=2, nclx=(12, 13)))["images"]
        assert near(image.convert("RGB").getpixel((9, 9)), (255, 0, 0), 8)

    def test_that_cannot_be_read_say_how_to_set_the_telephone(self, taken_in):
        whole = sample_heic(["#ff0000"] * 4, columns=2)
        assert taken_in(whole.replace(b"hvc1", b"vvc1"))["code"] == "heic"

    @pytest.mark.parametrize("share", [5, 60, 99])
    def test_of_which_a_part_is_missing_are_incomplete(self, taken_in, share):
        assert taken_in(cut(share, sample_heic(["#ff0000"] * 4, columns=2)))["code"] == "truncated"

    @pytest.mark.parametrize("brand", [b"crx ", b"jxl ", b"jp2 "])
    def test_never_become_films(self, taken_in, brand):
        film = sample_video((64, 48), seconds=0.2)
        assert taken_in(film[:8] + brand + film[12:])["code"] in {"raw-photo", "not-an-image"}


class TestLargeImages:
    def test_a_panorama_is_decoded_no_larger_than_needed(self, taken_in):
        (image,) = taken_in(encoded(Image.linear_gradient("L").resize((16_380, 3914)), "JPEG"))["images"]
        assert image.size == (3840, 918)

    @pytest.mark.parametrize(
        ("mode", "colour"),
        [("RGB", (200, 30, 30)), ("RGBA", (200, 30, 30, 255)), ("P", 3), ("LA", (90, 255)), ("I;16", 40_000), ("1", 1)],
    )
    def test_in_strips_are_as_they_are_whole(self, monkeypatch, mode, colour):
        image = Image.new(mode, (1000, 700), colour)
        image.paste(0, (0, 0, 1000, 100)) if mode != "LA" else None
        whole = image_files._reduced(image, (200, 140))
        monkeypatch.setattr(image_files, "_COPIED_PIXELS", 1000)
        monkeypatch.setattr(image_files, "_STRIP_PIXELS", 30_000)
        strips = image_files._reduced(image, (200, 140))

        assert (strips.mode, strips.size) == (whole.mode, (200, 140))
        assert strips.getpixel((100, 130)) == whole.getpixel((500, 650))
        assert strips.getpixel((100, 10)) == whole.getpixel((500, 50))

    @pytest.mark.parametrize(
        ("size", "mode", "code"),
        [
            ((16_320, 12_240), "RGB", ""), ((20_000, 20_000), "L", ""), ((20_000, 20_000), "RGB", "too-many-pixels"),
            ((60_000, 500), "L", "too-narrow"), ((30_000, 30_000), "L", "too-many-pixels"),
        ],
    )  # fmt: skip
    def test_are_refused_before_they_are_decoded(self, size, mode, code):
        class Opened:
            format, info = "PNG", {}

            def __init__(self):
                self.size, self.mode = size, mode
                self.width, self.height = size

        found = ""
        try:
            image_files.check_size(Opened())
        except image_files.ImageRefused as refused:
            found = refused.code
        assert found == code

    def test_noise_finds_room_in_its_file(self, taken_in):
        noise = Image.frombytes("RGB", (1200, 900), random.Random(1).randbytes(1200 * 900 * 3))
        assert taken_in(encoded(noise, "PNG"))["images"][0].size == (1200, 900)


class TestColours:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (png({b"cICP": bytes([12, 13, 0, 1])}), (255, 0, 0)),
            (png({b"cICP": bytes([9, 1, 0, 1])}, RED_IN_BT2020), (255, 0, 0)),
            (png({b"cICP": bytes([1, 13, 0, 1])}), RED_IN_P3),
            (png({b"cICP": bytes([1, 8, 0, 1])}, (55, 55, 55)), (128, 128, 128)),
            (png({b"cHRM": struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)}), (255, 0, 0)),
            (png({b"sRGB": b"\0", b"cHRM": struct.pack(">8I", *[30_000] * 8)}), RED_IN_P3),
            (png({b"cHRM": struct.pack(">8I", *[0] * 8)}), RED_IN_P3),
            (png({b"gAMA": struct.pack(">I", 45455)}), RED_IN_P3),
        ],
    )
    def test_of_a_png_are_those_that_it_names(self, taken_in, content, expected):
        (image,) = taken_in(content)["images"]
        assert near(image.convert("RGB").getpixel((4, 4)), expected)

    def test_of_an_avif_are_those_that_it_names(self, taken_in):
        plain = encoded(Image.new("RGB", (16, 16), RED_IN_P3), "AVIF", quality=95)
        at = plain.index(b"colrnclx") + 8
        wide = plain[:at] + struct.pack(">HH", 12, 13) + plain[at + 4 :]
        assert near(taken_in(plain)["images"][0].convert("RGB").getpixel((8, 8)), RED_IN_P3, 8)
        assert near(taken_in(wide)["images"][0].convert("RGB").getpixel((8, 8)), (255, 0, 0), 8)

    @pytest.mark.parametrize(
        ("transfer", "code", "grey"),
        [(16, 148, 245), (16, 108, 128), (16, 255, 255), (18, 191, 248), (18, 123, 128), (18, 255, 255), (18, 0, 0)],
    )
    def test_of_high_dynamic_range_are_brought_to_those_of_a_screen(self, taken_in, transfer, code, grey):
        # White paper is 203 cd/m² (ITU-R BT.2408): 58 % in PQ, 75 % in HLG. Its half in sRGB is 44 cd/m².
        (image,) = taken_in(png({b"cICP": bytes([9, transfer, 0, 1])}, (code,) * 3))["images"]
        assert near(image.convert("RGB").getpixel((4, 4)), (grey,) * 3, 4)

    def test_of_a_broken_profile_are_guessed_with_a_word(self, taken_in):
        found = taken_in(encoded(Image.new("RGB", (8, 8)), "JPEG", icc_profile=b"nonsense" * 20))
        assert found["warnings"] == [{"code": "profile-unreadable"}]


class TestTiff:
    def pages(self, count: int, **options: Any) -> bytes:
        images = [Image.new("RGB", (40, 30), (10 * number, 200, 100)) for number in range(count)]
        return encoded(images[0], "TIFF", save_all=True, append_images=images[1:], **options)

    def test_has_as_many_pages_as_it_has(self, taken_in):
        found = taken_in(self.pages(3))
        assert [page["page"] for page in found["pages"]] == [1, 2, 3]
        assert [image.convert("RGB").getpixel((5, 5))[0] for image in found["images"]] == [0, 10, 20]
        assert found["warnings"] == []

    def test_says_how_many_pages_are_left_out(self, taken_in):
        found = taken_in(self.pages(23))
        assert len(found["pages"]) == 20
        assert found["warnings"] == [{"code": "pages-left-out", "shown": 20, "of": 23}]

    @pytest.mark.parametrize("at", range(8, 200, 7))
    def test_that_is_damaged_is_refused_or_shown_in_part(self, taken_in, at):
        content = bytearray(self.pages(2))
        content[-at] ^= 0xFF
        found = taken_in(bytes(content))
        assert found.get("code", "truncated") in {"truncated", "raw-photo", "unknown-compression", "too-many-pixels"}

    def test_of_floats_from_nothing_to_one_is_not_black(self, taken_in):
        ramp = Image.linear_gradient("L").convert("F").point(lambda value: value * (1 / 255) + 0)
        (image,) = taken_in(encoded(ramp, "TIFF"))["images"]
        assert image.convert("L").getpixel((128, 250)) > 230
        assert 110 < image.convert("L").getpixel((128, 128)) < 146

    def test_with_oblong_pixels_keeps_its_shape(self, taken_in):
        (image,) = taken_in(encoded(Image.new("1", (1728, 1100), 1), "TIFF", dpi=(204, 98)))["images"]
        assert image.size == (round(1728 * 98 / 204), 1100)

    def test_that_holds_what_a_sensor_saw_is_no_small_picture(self, taken_in):
        small = TiffImagePlugin.ImageFileDirectory_v2()
        small[0x00FE], small[0x014A] = 1, 8
        assert taken_in(encoded(Image.new("RGB", (16, 16)), "TIFF", tiffinfo=small))["code"] == "raw-photo"


class TestDocuments:
    def test_show_what_was_filled_in(self, taken_in):
        empty, filled = (taken_in(form_document(text))["images"][0] for text in ("", "SAMEDI"))
        assert empty.getextrema() != filled.getextrema()
        assert filled.convert("L").getextrema()[0] < 60, "the letters of the field are on the page"

    def test_of_many_pages_are_shown_in_part(self, taken_in, monkeypatch):
        monkeypatch.setattr(pdf_pages, "PAGE_LONG_SIDE", 60)
        buffer = io.BytesIO()
        Image.new("RGB", (30, 30)).save(buffer, "PDF", save_all=True, append_images=[Image.new("RGB", (30, 30))] * 20)
        found = taken_in(buffer.getvalue())
        assert len(found["pages"]) == 20
        assert found["warnings"] == [{"code": "pages-left-out", "shown": 20, "of": 21}]

    def test_leave_out_a_page_that_cannot_be_shown(self, taken_in, monkeypatch):
        monkeypatch.setattr(pdf_pages, "PAGE_LONG_SIDE", 60)
        buffer = io.BytesIO()
        Image.new("RGB", (30, 30)).save(buffer, "PDF", save_all=True, append_images=[Image.new("RGB", (1, 900))])
        found = taken_in(buffer.getvalue())
        assert [page["page"] for page in found["pages"]] == [1]
        assert found["warnings"] == [{"code": "pages-unreadable", "count": 1}]


class TestAnimations:
    @pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_are_films_as_long_as_their_pictures(self, taken_in, kind):
        frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "lime", "blue")]
        found = taken_in(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=[200, 300, 500]))

        assert found["duration_ms"] == 1000
        (still,) = found["images"]
        assert near(still.convert("RGB").getpixel((30, 20)), (255, 0, 0), 12)

    def test_of_one_picture_are_pictures(self, taken_in):
        found = taken_in(encoded(Image.new("RGB", (64, 48), "red"), "GIF", save_all=True))
        assert "duration_ms" not in found

    def test_that_are_too_large_are_stills_with_a_word(self, taken_in):
        frames = [Image.new("P", (5000, 2500), number) for number in (0, 1)]
        found = taken_in(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
        assert "duration_ms" not in found
        assert found["warnings"] == [{"code": "animation-still"}]


def test_no_reader_of_boxes_goes_on_for_ever(tmp_path):
    path = Path(tmp_path / "loop")
    path.write_bytes(b"\0\0\0\x08ftyp" + b"\0\0\0\1free" + b"\0" * 8)
    assert file_kinds.top_level_boxes(path)[1] is False
