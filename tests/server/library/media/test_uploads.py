"""Pictures: what strangers upload becomes something that screens can show, or a sentence that says why not."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.core import sandbox
from beffroi_server.library import queries, services
from beffroi_server.library.errors import EditConflict, ItemInUse, MediaRefused
from beffroi_server.library.media import image_decoding, uploads
from beffroi_server.library.models import Announcement, Asset, MediaItem
from beffroi_server.library.town_branding import save_town

pytestmark = pytest.mark.django_db


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photograph(size: tuple[int, int] = (640, 480)) -> Image.Image:
    return Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 60).convert("RGB")


def add(content: bytes, name: str = "fête.jpg", person=None) -> MediaItem:
    return services.add_image(io.BytesIO(content), name=name, description="A fair", user=person)


def shown(item: MediaItem) -> Image.Image:
    return stored(item.picture_id)


def stored(sha256: str) -> Image.Image:
    return Image.open(io.BytesIO(uploads.media_path(sha256).read_bytes()))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that announces billions of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


class TestPictures:
    def test_are_kept_by_content(self, alice, settings):
        content = encoded(photograph(), "JPEG")
        item = add(content, person=alice)

        kept = {path.name for path in Path(settings.MEDIA_STORE).rglob("*") if path.is_file()}
        assert kept == {item.picture_id, item.thumbnail_id}, "not the upload, which may say where it was taken"
        assert (item.width, item.height, item.uploaded_by) == (640, 480, alice)
        assert item.picture.size == uploads.media_path(item.picture_id).stat().st_size
        assert stored(item.thumbnail_id).size == (400, 300)
        assert AuditEvent.objects.get(action="picture-added").actor == "alice"

    def test_the_same_file_twice_is_one(self):
        content = encoded(photograph(), "JPEG")
        add(content)
        add(content)

        assert Asset.objects.count() == 2
        assert MediaItem.objects.count() == 2

    def test_leave_nothing_lying_about(self, settings):
        add(encoded(photograph(), "JPEG"))
        with pytest.raises(MediaRefused):
            add(b"no picture")

        assert not list(Path(settings.MEDIA_STORE).glob(".incoming-*"))

    def test_are_made_small_enough(self):
        item = add(encoded(photograph((5000, 1000)), "JPEG", quality=50))

        assert (item.width, item.height) == (3840, 768)
        assert shown(item).size == (3840, 768)

    def test_stand_upright_and_say_nothing_of_where_they_were_taken(self):
        exif = Image.Exif()
        exif[0x0112] = 6  # turned by 90 degrees
        exif.get_ifd(0x8825)[1] = "N"
        exif.get_ifd(0x8825)[2] = (48.0, 15.0, 30.0)
        item = add(encoded(photograph(), "JPEG", exif=exif))

        assert (item.width, item.height) == (480, 640)
        assert dict(shown(item).getexif()) == {}
        assert not {"exif", "icc_profile", "comment", "xmp"} & shown(item).info.keys()

    def test_are_turned_as_the_camera_was_held(self):
        picture = Image.new("RGB", (200, 100), "white")
        picture.paste("red", (0, 0, 50, 100))  # at the left
        exif = Image.Exif()
        exif[0x0112] = 6
        item = add(encoded(picture, "JPEG", exif=exif, quality=95))

        red, _green, blue = shown(item).convert("RGB").getpixel((50, 10))  # now at the top
        assert red > 200
        assert blue < 60

    @pytest.mark.parametrize(
        ("kind", "mode"),
        [
            ("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "P"), ("PNG", "1"), ("PNG", "I;16"), ("TIFF", "CMYK"),
            ("GIF", "P"),
            ("BMP", "RGB"), ("WEBP", "RGB"), ("TIFF", "F"),
        ],
    )  # fmt: skip
    def test_of_every_usual_kind_can_be_shown(self, kind, mode):
        grey = Image.linear_gradient("L")
        image = (
            grey.convert("I").point(lambda value: value * 257).convert("I;16") if mode == "I;16" else grey.convert(mode)
        )
        item = add(encoded(image, kind))

        picture = shown(item)
        assert picture.mode in {"RGB", "P"}
        dark, light = picture.convert("L").getpixel((128, 5)), picture.convert("L").getpixel((128, 250))
        assert dark < 90
        assert light > 165

    def test_keep_their_transparency(self):
        image = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
        image.paste((0, 0, 255, 255), (0, 0, 50, 100))
        picture = shown(add(encoded(image, "PNG")))

        assert picture.format == "PNG"
        assert picture.convert("RGBA").getpixel((90, 50))[3] == 0

    def test_with_few_colours_stay_sharp(self):
        picture = shown(add(encoded(Image.new("RGB", (300, 200), "#1d4f91"), "PNG")))

        assert picture.format == "PNG"
        assert picture.convert("RGB").getpixel((5, 5)) == (0x1D, 0x4F, 0x91)

    def test_with_a_colour_profile_of_their_own_are_converted(self):
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        item = add(encoded(photograph(), "JPEG", icc_profile=lab))

        assert "icc_profile" not in shown(item).info

    def test_with_a_broken_profile_are_shown_as_they_are(self):
        assert add(encoded(photograph(), "JPEG", icc_profile=b"nonsense" * 20)).width == 640


def hundred_megabytes() -> io.BufferedReader:
    return io.BufferedReader(_Endless(100 * 1024 * 1024))


class _Endless(io.RawIOBase):
    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        size = min(len(buffer), self._left)
        buffer[:size] = b"x" * size
        self._left -= size
        return size


HOSTILE = {
    "empty": ("empty", b""),
    "html": ("not-an-image", b"<html><script>alert(1)</script></html>"),
    "svg": ("not-an-image", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "postscript": ("not-an-image", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"),
    "bomb": ("too-many-pixels", bomb(50_000, 50_000)),
    "flat-bomb": ("too-many-pixels", bomb(600_000_001, 1)),
    "strip": ("too-narrow", bomb(60_000_000, 1)),
    "truncated-jpeg": ("truncated", encoded(photograph(), "JPEG")[:2000]),
    "truncated-png": ("truncated", bomb(1000, 1000)),
    "header-only": ("truncated", b"\xff\xd8\xff\xe0"),
    "zip": ("not-an-image", b"PK\x03\x04" + b"\0" * 100),
}


class TestHostileFiles:
    @pytest.mark.parametrize(("code", "content"), HOSTILE.values(), ids=HOSTILE)
    def test_are_refused_in_words(self, code, content):
        with pytest.raises(MediaRefused) as refused:
            add(content, "fête.jpg")

        assert refused.value.code == code
        assert "fête.jpg" in refused.value.message
        assert not Asset.objects.exists()

    def test_of_a_hundred_megabytes_are_not_read_to_the_end(self):
        file = hundred_megabytes()

        with pytest.raises(MediaRefused) as refused:
            services.add_image(file, name="notes.txt", user=None)

        assert refused.value.code == "not-an-image"
        assert file.read(1)

    def test_the_largest_that_is_allowed_fits_the_worker(self):
        content = encoded(Image.new("RGBA", (7700, 7700), (1, 2, 3, 4)), "PNG", compress_level=1)

        assert add(content).width == 3840

    def test_a_worker_that_hangs_is_ended(self, monkeypatch):
        monkeypatch.setattr(image_decoding, "IMAGE_PROCESS_TIMEOUT_S", 0.01)

        with pytest.raises(MediaRefused) as refused:
            add(encoded(photograph(), "JPEG"))

        assert refused.value.code == "too-complex"

    def test_a_worker_that_dies_is_no_harm(self, monkeypatch):
        monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")

        with pytest.raises(MediaRefused) as refused:
            add(encoded(photograph(), "JPEG"))

        assert refused.value.code == "too-complex"


class TestAnnouncements:
    def test_are_saved_with_who_did_it(self, alice):
        saved = services.save_announcement(user=alice, title="Fair", body="On the square.")

        assert (saved.version, saved.updated_by) == (1, alice)
        assert AuditEvent.objects.first().action == "announcement-created"

    def test_rise_in_version(self, announcement, alice):
        saved = services.save_announcement(announcement, user=alice, expected_version=1, title="Pool closed")

        assert (saved.version, saved.title) == (2, "Pool closed")

    def test_of_two_editors_do_not_overwrite_each_other(self, announcement, alice, bob):
        stale = Announcement.objects.get()
        services.save_announcement(announcement, user=alice, expected_version=1, title="Hers")

        with pytest.raises(EditConflict) as conflict:
            services.save_announcement(stale, user=bob, expected_version=1, title="His")

        assert conflict.value.current.title == "Hers"
        assert "alice" in conflict.value.message
        assert Announcement.objects.get().title == "Hers"

    def test_without_a_title_are_refused(self, alice):
        with pytest.raises(services.ValidationError):
            services.save_announcement(user=alice, title="")

    def test_that_end_before_they_start_are_refused(self, alice):
        start = dt.datetime(2026, 6, 15, 10, tzinfo=dt.UTC)
        with pytest.raises(services.ValidationError):
            services.save_announcement(user=alice, title="Fair", starts=start, ends=start - dt.timedelta(hours=1))

    def test_their_pictures_say_where_too(self, announcement, alice, town):
        item = add(encoded(photograph(), "JPEG"))
        services.save_announcement(announcement, user=alice, picture=item)
        save_town(town, logo=item, user=None)

        assert queries.places_showing_image(item) == ["La piscine rouvre lundi", "Saint-Aubin"]
        with pytest.raises(ItemInUse):
            services.delete_image(item, user=alice)


def document(pages: int, size: tuple[int, int] = (595, 842), **options) -> bytes:
    """Return a PDF with that many pages."""
    buffer = io.BytesIO()
    first, *rest = [Image.new("RGB", size, (250 - 10 * number, 240, 230)) for number in range(pages)]
    first.save(buffer, "PDF", save_all=True, append_images=rest, **options)
    return buffer.getvalue()


class TestDocuments:
    def test_each_page_becomes_a_picture(self, alice):
        items = services.add_images(io.BytesIO(document(3)), name="Programme", user=alice)
        assert [item.name for item in items] == [f"Programme, page {number}" for number in (1, 2, 3)]
        assert {max(item.width, item.height) for item in items} == {2560}
        assert not any(item.warnings for item in items)
        assert stored(items[0].picture_id).getpixel((5, 5)) != stored(items[2].picture_id).getpixel((5, 5))

    def test_one_page_keeps_its_name(self):
        (item,) = services.add_images(io.BytesIO(document(1)), name="Affiche", user=None)
        assert item.name == "Affiche"

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"%PDF-1.7\nnothing else", "truncated"),
            (document(3)[:400], "truncated"),
            (document(1, (1, 5000)), "truncated"),
        ],
    )
    def test_one_that_cannot_be_shown_is_refused_and_nothing_is_kept(self, content, code):
        with pytest.raises(MediaRefused) as refused:
            services.add_images(io.BytesIO(content), name="Programme", user=None)
        assert refused.value.code == code
        assert not MediaItem.objects.exists()
