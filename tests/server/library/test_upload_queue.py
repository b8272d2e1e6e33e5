"""Uploads that wait: stored at once with room for one copy, decoded in turn, whatever ends the server meanwhile."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.utils import translation
from PIL import Image

from beffroi_server.core import disk_space, incoming_files
from beffroi_server.library import jobs, upload_queue
from beffroi_server.library.errors import AlreadyInLibrary, MediaRefused
from beffroi_server.library.media import image_decoding, uploads
from beffroi_server.library.models import MediaItem, Upload
from beffroi_server.library.upload_queue import UploadQueue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
MIB = 1024 * 1024


def jpeg(colour: str = "#336699") -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "JPEG")
    buffer.seek(0)
    return buffer


def store_files() -> list[str]:
    """Names of what lies in the media store besides the files of the library."""
    return sorted(str(path.relative_to(settings.MEDIA_STORE)) for path in Path(settings.MEDIA_STORE).rglob("*")
                  if path.is_file() and path.relative_to(settings.MEDIA_STORE).parts[0].startswith("."))  # fmt: skip


class TestQueue:
    def test_makes_media_items_and_leaves_nothing(self, alice):
        upload_queue.enqueue_upload(jpeg(), name="Fête", user=alice)
        assert len(store_files()) == 1

        assert UploadQueue().process_next()

        item = MediaItem.objects.get()
        assert (item.name, item.uploaded_by) == ("Fête", alice)
        assert not Upload.objects.exists()
        assert store_files() == []

    def test_lets_users_take_turns(self, alice, bob):
        for number, name in enumerate(("a1", "a2", "a3")):
            upload_queue.enqueue_upload(jpeg(f"#{number}36699"), name=name, user=alice)
        upload_queue.enqueue_upload(jpeg(), name="b1", user=bob)
        queue = UploadQueue()
        while queue.process_next():
            pass

        assert list(MediaItem.objects.order_by("pk").values_list("name", flat=True)) == ["a1", "b1", "a2", "a3"]

    def test_says_why_a_file_is_refused_in_the_language_of_its_user(self, alice):
        for language in ("fr", "en"):
            with translation.override(language):
                upload_queue.enqueue_upload(io.BytesIO(f"Bonjour {language}".encode()), name="texte", user=alice)
        queue = UploadQueue()
        while queue.process_next():
            pass

        french, english = Upload.objects.values_list("problem", flat=True)
        assert "is not an image" in english
        assert "texte" in french
        assert "is not an image" not in french
        assert store_files() == []

    def test_tries_again_after_a_kill_but_not_for_ever(self, alice, monkeypatch):
        upload_queue.enqueue_upload(jpeg(), name="Fête", user=alice)

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        for _ in range(upload_queue.MAX_ATTEMPTS):
            with monkeypatch.context() as killed:
                killed.setattr(uploads, "store_received", die)
                with pytest.raises(KeyboardInterrupt):
                    UploadQueue().process_next()
        UploadQueue().process_next()

        assert Upload.objects.get().problem

    def test_keeps_a_file_that_a_full_disk_stopped(self, alice, monkeypatch):
        upload_queue.enqueue_upload(jpeg(), name="Fête", user=alice)
        monkeypatch.setattr(image_decoding, "run_image_process", _raise(OSError(28, "full")))
        for _ in range(5):
            with pytest.raises(OSError, match="full"):
                UploadQueue().process_next()
        monkeypatch.undo()

    def test_refuses_more_than_it_can_hold(self, alice, monkeypatch):
        monkeypatch.setattr(upload_queue, "MAX_WAITING_OF_USER", 1)
        upload_queue.enqueue_upload(jpeg(), name="one", user=alice)
        with pytest.raises(MediaRefused, match="Too many"):
            upload_queue.enqueue_upload(jpeg(), name="two", user=alice)

        monkeypatch.setattr(disk_space, "has_room_for", lambda _size: False)
        Upload.objects.all().delete()
        with pytest.raises(MediaRefused, match="disk"):
            upload_queue.enqueue_upload(jpeg(), name="two", user=alice)

    def test_takes_the_same_file_once(self, alice, bob):
        waiting = upload_queue.enqueue_upload(jpeg(), name="Fête", user=alice)
        assert upload_queue.enqueue_upload(jpeg(), name="IMG_2043", user=bob) == waiting
        assert len(store_files()) == 1
        UploadQueue().process_next()

        with pytest.raises(AlreadyInLibrary, match="already in the library as “Fête”") as known:
            upload_queue.enqueue_upload(jpeg(), name="IMG_2043", user=bob)
        item = MediaItem.objects.get()
        assert known.value.items == (item,)
        assert item.upload_id == waiting.pk
        assert store_files() == []

    def test_takes_a_file_again_of_which_the_copy_is_lost(self, alice):
        upload_queue.enqueue_upload(jpeg(), name="Fête", user=alice)
        UploadQueue().process_next()
        uploads.media_path(MediaItem.objects.get().picture_id).unlink()

        upload_queue.enqueue_upload(jpeg(), name="Fête", user=alice)
        UploadQueue().process_next()
        assert uploads.media_path(MediaItem.objects.first().picture_id).exists()


def _raise(error: Exception):
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


class TestReceiving:
    def test_needs_no_other_folder_and_no_second_copy(self, client, alice, town, data, monkeypatch):
        """A film of 46 MB against a /tmp of 60 MB ended in "something broke"."""
        monkeypatch.setattr(tempfile, "tempdir", str(data / "not-there"))
        moved: list[str] = []
        replace = os.replace
        monkeypatch.setattr(uploads.os, "replace", lambda source, to: (moved.append(str(to)), replace(source, to)))
        film = SimpleUploadedFile("Film.mp4", b"\0\0\0\x18ftypmp42" + b"x" * 5 * MIB, "video/mp4")

        client.force_login(alice)
        assert client.post("/images/", {"pictures": film}).status_code == 302

        waiting = Upload.objects.get()
        assert moved == [str(upload_queue.waiting_path(waiting))]
        assert upload_queue.waiting_path(waiting).stat().st_size == 5 * MIB + 12

    def test_frees_the_body_as_it_is_read(self, data):
        boundary, size = "x" * 20, 12 * MIB
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="f.mp4"\r\n\r\n'.encode()
        content = os.urandom(MIB) * 12
        with (data / "body").open("w+b") as body:
            body.write(head + content + f"\r\n--{boundary}--\r\n".encode())
            body.flush()
            length = body.tell()
            body.seek(0)
            if not _can_punch_holes(data / "body"):
                pytest.skip("the file system cannot free a part of a file")
            request = WSGIRequest({
                "REQUEST_METHOD": "POST", "wsgi.input": body, "CONTENT_LENGTH": str(length),
                "CONTENT_TYPE": f"multipart/form-data; boundary={boundary}",
            })  # fmt: skip
            received = request.FILES["f"]

            assert received.size == size
            assert received.read() == content
            assert os.fstat(body.fileno()).st_blocks * 512 < 3 * MIB
            received.close()


def _can_punch_holes(path: Path) -> bool:
    probe = path.with_name("probe")
    probe.write_bytes(b"x" * 2 * MIB)
    with probe.open("r+b") as file:
        incoming_files.ReadSpace(file.fileno()).free_until(MIB)
        return os.fstat(file.fileno()).st_blocks * 512 < 2 * MIB


class TestLeftovers:
    def test_of_killed_processes_are_removed_and_those_of_others_are_not(self, monkeypatch):
        monkeypatch.setattr(incoming_files, "MIN_AGE_S", -1)
        program = (
            "import sys, time; from django.conf import settings\n"
            "settings.configure(MEDIA_STORE=sys.argv[1])\n"
            "from beffroi_server.core import incoming_files\n"
            "print(incoming_files.process_folder(), flush=True); time.sleep(60)\n"
        )
        other = subprocess.Popen([sys.executable, "-c", program, str(settings.MEDIA_STORE)], stdout=subprocess.PIPE)
        assert other.stdout is not None
        folder = Path(other.stdout.readline().decode().strip())
        assert folder.is_dir()
        with incoming_files.open_incoming_folder() as own:
            assert incoming_files.remove_abandoned_folders() == 0
            other.kill()
            other.communicate()
            assert incoming_files.remove_abandoned_folders() == 1
            assert own.is_dir()
        assert not folder.exists()

    def test_of_uploads_and_old_refusals_are_removed_by_a_job(self, alice, monkeypatch):
        kept = upload_queue.enqueue_upload(jpeg(), name="Fête", user=alice)
        stray = upload_queue.waiting_path(kept).with_name("stray")
        shutil.copy(upload_queue.waiting_path(kept), stray)
        refused = Upload.objects.create(name="old", language="fr", problem="no")
        Upload.objects.filter(pk=refused.pk).update(created_at="2020-01-01T00:00Z")
        assert jobs.clean_uploads() == 1  # the refusal; the files are new

        monkeypatch.setattr(jobs, "LEFTOVER_AGE_S", -60)
        assert jobs.clean_uploads() == 1
        assert not stray.exists()
        assert upload_queue.waiting_path(kept).exists()
