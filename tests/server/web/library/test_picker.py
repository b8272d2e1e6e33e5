"""Images are added from within the form: what each answer holds, and that nothing but a file is taken."""

from __future__ import annotations

import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image
from tests.support.pages import page_text

from beffroi_server.library.models import MediaItem, Upload
from beffroi_server.library.upload_queue import UploadQueue

pytestmark = pytest.mark.django_db


def photo(name: str = "IMG_2043.jpg", colour: str = "#336699") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "JPEG")
    return SimpleUploadedFile(name, buffer.getvalue(), "image/jpeg")


def test_a_file_is_taken_at_once_and_chosen_when_it_is_read(as_alice):
    waiting = page_text(as_alice.post(reverse("upload-add"), {"file": photo()}))
    upload = Upload.objects.get()
    assert f"/uploads/{upload.pk}/" in waiting
    assert 'data-every="1"' in waiting
    assert "waiting for its turn" in page_text(as_alice.get(f"/uploads/{upload.pk}/"))

    UploadQueue().process_next()
    ready = page_text(as_alice.get(f"/uploads/{upload.pk}/?for=picture"))
    item = MediaItem.objects.get()
    assert "data-every" not in ready
    assert f'name="picture" value="{item.pk}" checked' in ready
    assert f'name="more_pictures" value="{item.pk}"' in ready


def test_a_further_image_is_chosen_among_the_further_ones(as_alice):
    as_alice.post(reverse("upload-add"), {"file": photo(), "for": "more_pictures"})
    upload = Upload.objects.get()
    UploadQueue().process_next()
    ready = page_text(as_alice.get(f"/uploads/{upload.pk}/?for=more_pictures"))
    assert f'name="more_pictures" value="{MediaItem.objects.get().pk}" checked' in ready
    assert f'name="picture" value="{MediaItem.objects.get().pk}" checked' not in ready


def test_a_file_that_is_there_is_chosen_at_once(as_alice):
    as_alice.post(reverse("upload-add"), {"file": photo("Patinoire.jpg")})
    UploadQueue().process_next()
    again = page_text(as_alice.post(reverse("upload-add"), {"file": photo()}))
    assert "already in the library as “Patinoire”" in again
    assert f'name="picture" value="{MediaItem.objects.get().pk}" checked' in again
    assert "already in the library" in page_text(as_alice.post("/images/", {"pictures": photo()}, follow=True))


def test_what_cannot_be_read_is_said(as_alice):
    empty = page_text(as_alice.post(reverse("upload-add"), {"file": SimpleUploadedFile("vide.jpg", b"")}))
    assert "“vide” is empty" in empty
    as_alice.post(reverse("upload-add"), {"file": SimpleUploadedFile("texte.jpg", b"Bonjour")})
    UploadQueue().process_next()
    assert "is not an image" in page_text(as_alice.get(f"/uploads/{Upload.objects.get().pk}/"))


@pytest.mark.parametrize("data", [{}, {"file": "text"}, {"file": "\0", "for": "\u202e"}])
def test_what_is_no_file_is_said(as_alice, data):
    answer = as_alice.post(reverse("upload-add"), data)
    assert answer.status_code == 200
    assert "No file arrived" in page_text(answer)


def test_what_is_not_there_any_more_is_said(as_alice):
    assert "no longer there" in page_text(as_alice.get(f"/uploads/{uuid.uuid4()}/"))


def test_is_for_those_who_write(client, charlie, town):
    assert client.post(reverse("upload-add"), {"file": photo()}).status_code == 302
    client.force_login(charlie)
    assert client.post(reverse("upload-add"), {"file": photo()}).status_code == 403


def test_the_words_about_an_image_are_saved_with_the_announcement(as_alice):
    as_alice.post(reverse("upload-add"), {"file": photo()})
    UploadQueue().process_next()
    item = MediaItem.objects.get()
    typed = {"template": "news", "title": "Patinoire", "picture": str(item.pk), "picture_name": "La patinoire",
             "picture_description": "Des enfants sur la glace"}  # fmt: skip
    as_alice.post("/announcements/new/", typed | {"described_picture": "999"})
    item.refresh_from_db()
    assert item.name == "IMG_2043", "the words are those of another image"

    as_alice.post("/announcements/new/", typed | {"described_picture": str(item.pk)})
    item.refresh_from_db()
    assert (item.name, item.description) == ("La patinoire", "Des enfants sur la glace")


def test_the_form_takes_few_queries_whatever_the_library_holds(as_alice, hall, django_assert_max_num_queries):
    for number in range(4):
        as_alice.post(reverse("upload-add"), {"file": photo(colour=f"#{number}36699")})
        UploadQueue().process_next()
    with django_assert_max_num_queries(30):
        as_alice.get("/announcements/new/")
