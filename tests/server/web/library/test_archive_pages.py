"""Pages of the archive and of versions, and the undo button after an act."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from tests.support.pages import page_text

from beffroi_server.library import services
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.manifest_compiler import compile_manifest

pytestmark = pytest.mark.django_db


def slides_on(screen) -> list[str]:
    manifest = compile_manifest(load_inputs(screen), lambda _slide, _settings: 1).manifest
    return [slide.name for slide in manifest.slides]


def undo_button(page: str) -> str:
    found = re.search(r'action="(/undo/[0-9a-f-]{36}/)"', page)
    assert found, page
    return found[1]


class TestArchive:
    def test_takes_off_the_screens_and_out_of_the_lists_and_undo_brings_back(
        self, as_alice, announcement, playlist, hall
    ):
        page = page_text(as_alice.post(f"/announcements/{announcement.pk}/archive/", follow=True))
        assert "has been put into the archive" in page
        assert f'href="/announcements/{announcement.pk}/"' not in page
        assert slides_on(hall) == []
        assert "La piscine" in page_text(as_alice.get("/announcements/archive/"))

        page = page_text(as_alice.post(undo_button(page), {"next": "/announcements/"}, follow=True))
        assert "Undone:" in page
        assert slides_on(hall) == ["La piscine rouvre lundi"]

    def test_what_can_be_undone_is_listed(self, as_alice, announcement):
        as_alice.post(f"/announcements/{announcement.pk}/archive/")
        assert "has been put into the archive" in page_text(as_alice.get("/undo/"))

    def test_is_restored_from_its_list(self, as_alice, announcement):
        as_alice.post(f"/announcements/{announcement.pk}/archive/")
        as_alice.post(f"/announcements/{announcement.pk}/restore/")
        assert Announcement.objects.get().archived_at is None

    def test_is_emptied_by_administrators_only(self, client, alice, dora, announcement):
        client.force_login(alice)
        client.post(f"/announcements/{announcement.pk}/archive/")
        assert client.post(f"/announcements/{announcement.pk}/delete/").status_code == 403
        client.force_login(dora)
        assert "cannot be restored" in page_text(client.get(f"/announcements/{announcement.pk}/delete/"))
        client.post(f"/announcements/{announcement.pk}/delete/")
        assert not Announcement.objects.exists()

    def test_nothing_in_use_is_deleted(self, as_dora, announcement):
        page = as_dora.post(f"/announcements/{announcement.pk}/delete/", follow=True)
        assert "Archive it first" in page_text(page)
        assert Announcement.objects.exists()

    @pytest.mark.parametrize("act", ["archive", "restore"])
    def test_says_that_somebody_deleted_it(self, as_alice, announcement, act):
        address = f"/announcements/{announcement.pk}/{act}/"
        announcement.delete()
        page = page_text(as_alice.post(address, follow=True))
        assert "has deleted this announcement" in page

    @pytest.mark.parametrize("following", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
    def test_undo_leads_to_no_other_site(self, as_alice, announcement, following):
        page = page_text(as_alice.post(f"/announcements/{announcement.pk}/archive/", follow=True))
        assert as_alice.post(undo_button(page), {"next": following}).url == "/"


class TestVersions:
    def test_are_listed_and_restored(self, as_alice, alice, announcement):
        services.save_announcement(announcement, user=alice, title="Fermée")
        page = page_text(as_alice.get(f"/announcements/{announcement.pk}/versions/"))
        assert "<del>La piscine rouvre lundi</del>" in page
        as_alice.post(f"/announcements/{announcement.pk}/versions/1/restore/")
        assert Announcement.objects.get().title == "La piscine rouvre lundi"

    def test_that_are_gone_are_said_to_be(self, as_alice, announcement):
        page = as_alice.post(f"/announcements/{announcement.pk}/versions/7/restore/", follow=True)
        assert "no longer kept" in page_text(page)


class TestCopies:
    def test_begin_with_all_that_the_original_says(self, as_alice, announcement):
        page = page_text(as_alice.get(f"/announcements/new/?copy={announcement.pk}"))
        assert 'value="Copy of La piscine rouvre lundi"' in page
        assert "Ouverture à 9 heures." in page
        assert Announcement.objects.count() == 1

    @pytest.mark.parametrize("key", ["x", "", "00000000-0000-0000-0000-000000000000"])
    def test_of_nothing_are_new_announcements(self, as_alice, key):
        assert as_alice.get(f"/announcements/new/?copy={key}").status_code == 200


class TestMedia:
    def test_a_deleted_image_comes_back_by_undo(self, as_alice, alice):
        buffer = io.BytesIO()
        Image.new("RGB", (64, 48), "#336699").save(buffer, "JPEG")
        item = services.add_image(io.BytesIO(buffer.getvalue()), name="Marché", user=alice)
        page = page_text(as_alice.post(f"/images/{item.pk}/delete/", follow=True))
        assert not MediaItem.objects.exists()
        as_alice.post(undo_button(page))
        assert MediaItem.objects.get() == item
        assert "March" in page_text(as_alice.get("/images/?search=marche"))
