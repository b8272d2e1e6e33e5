"""Pages of announcements and pictures, as editors use them."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image
from tests.support.pages import page_text
from tests.support.sample_videos import sample_video

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_content.templates.registry import announcement_templates
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.fleet.models import Screen
from beffroi_server.library import services, upload_queue
from beffroi_server.library.media import video_queue
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import Announcement, MediaItem, Upload
from beffroi_server.library.preview import class_settings
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule.compile_inputs import load_inputs

pytestmark = pytest.mark.django_db


def jpeg(size=(64, 48)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "#336699").save(buffer, "JPEG")
    return buffer.getvalue()


def upload(name="Le marché.jpg", data=None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg() if data is None else data, "image/jpeg")


@pytest.fixture
def picture(alice) -> MediaItem:
    return services.add_image(io.BytesIO(jpeg()), name="Market", description="Stalls", user=alice)


def decode_uploads() -> None:
    """Do what the queue of uploads does in the background."""
    queue = upload_queue.UploadQueue()
    while queue.process_next():
        pass


def values(**changes: str) -> dict[str, str]:
    return {"template": "news", "title": "Marché de Noël", "body": "Samedi dès 9 h"} | changes


class TestAnnouncements:
    def test_are_for_editors(self, client, charlie, town):
        assert client.get("/announcements/").url == "/sign-in/?next=/announcements/"
        client.force_login(charlie)
        assert client.get("/announcements/").status_code == 403
        assert client.post("/announcements/new/", values()).status_code == 403
        assert not Announcement.objects.exists()

    def test_are_written_and_put_into_playlists(self, as_alice, alice, playlist):
        answer = as_alice.post("/announcements/new/", values(playlists=str(playlist.pk)), follow=True)
        saved = Announcement.objects.get(title="Marché de Noël")
        assert saved.updated_by == alice
        assert playlist.entries.filter(announcement=saved).exists()
        assert "Announcement “Marché de Noël” saved." in page_text(answer)
        assert AuditEvent.objects.get(action="announcement-created").actor == "alice"

    def test_are_found_by_their_words(self, as_alice, announcement):
        Announcement.objects.create(title="Collecte du verre", body="Tri")
        assert "La piscine" in page_text(as_alice.get("/announcements/?search=piscine lundi"))
        assert "Collecte" not in page_text(as_alice.get("/announcements/?search=piscine"))
        assert "contains “dragon”" in page_text(as_alice.get("/announcements/?search=dragon"))

    def test_take_few_queries(self, as_alice, playlist, django_assert_max_num_queries):
        for number in range(30):
            Announcement.objects.create(title=f"Annonce {number}")
        with django_assert_max_num_queries(15):
            as_alice.get("/announcements/")

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"title": ""}, "This field is required"),
            ({"title": "\x07"}, "no visible characters"),
            ({"title": "\u202e\u200b"}, "no visible characters"),
            ({"title": "x" * 201}, "200"),
            ({"body": "é" * 5_001}, "5000"),
            ({"starts": "2026-12-05T10:00", "ends": "2026-12-05T09:00"}, "ends before it starts"),
            ({"ends": "2026-12-05T09:00"}, "when the event starts"),
            ({"starts": "tomorrow"}, "Enter a valid date"),
            ({"template": "obituary"}, "Select a valid choice"),
            ({"picture": "99"}, "Select a valid choice"),
        ],
    )
    def test_say_what_is_wrong_and_lose_nothing(self, as_alice, wrong, said):
        answer = as_alice.post("/announcements/new/", values(source="<b>Sports</b>") | wrong)
        assert answer.status_code == 422
        assert said in page_text(answer)
        assert "&lt;b&gt;Sports&lt;/b&gt;" in page_text(answer)
        assert not Announcement.objects.exists()

    def test_lose_characters_that_cannot_be_seen(self, as_alice):
        as_alice.post("/announcements/new/", values(title="Mar\x1bché\u202e", body="Un\x00\r\nDeux"))
        saved = Announcement.objects.get()
        assert (saved.title, saved.body) == ("Marché", "Un\nDeux")

    def test_are_drawn_without_being_saved(self, as_alice, full_hd):
        answer = as_alice.post("/announcements/new/", values(preview="1"))
        assert answer.status_code == 200
        assert "/announcements/preview.png" in page_text(answer)
        assert not Announcement.objects.exists()


class TestTemplates:
    def test_each_template_is_offered_and_drawn(self, as_alice, picture, full_hd, hall):
        page = page_text(as_alice.get("/announcements/new/"))
        for name in announcement_templates():
            assert f'value="{name}"' in page
            drawn = as_alice.post("/announcements/preview/", values(template=name, body="Lundi | 8 h\nMardi : 9 h"))
            assert "<img" in page_text(drawn)

    def test_a_figure_a_link_and_further_pictures_reach_the_screens(self, as_alice, picture, playlist):
        typed = values(template="slideshow", figure="12 500", link="saint-aubin.fr", more_pictures=str(picture.pk))
        as_alice.post("/announcements/new/", typed | {"playlists": str(playlist.pk)})
        shown = Announcement.objects.get(title="Marché de Noël").to_content("Europe/Paris")
        assert (shown.figure, shown.link) == ("12 500", "https://saint-aubin.fr")
        assert shown.pictures == (picture.reference(),)
        page = page_text(as_alice.get(f"/announcements/{shown.id}/"))
        assert re.search(rf'name="more_pictures" value="{picture.pk}" checked', page)

    @pytest.mark.parametrize("link", ["javascript:alert(1)", "not an address", "ftp://x.fr/" + "y" * 600])
    def test_what_is_no_address_of_a_page_is_refused(self, as_alice, link):
        answer = as_alice.post("/announcements/new/", values(link=link))
        assert answer.status_code == 422
        assert not Announcement.objects.exists()

    def test_a_further_picture_is_not_deleted_from_under_its_announcement(self, as_alice, picture):
        services.save_announcement(user=None, title="Fair", template="slideshow", more_pictures=[picture])
        as_alice.post(f"/images/{picture.pk}/delete/")
        assert MediaItem.objects.filter(pk=picture.pk).exists()


class TestWidgets:
    @pytest.mark.parametrize(
        ("look", "changes"),
        [
            ("clock", {}),
            ("countdown", {"starts": "2099-07-14T23:00"}),
            ("ticker", {"body": "Piscine fermée lundi\nDon du sang mardi"}),
            ("agenda", {}),
            ("poll", {"body": "Oui : 1 200\nNon : 300"}),
        ],
    )
    def test_are_written_like_announcements_and_drawn(self, as_alice, hall, playlist, look, changes):
        typed = values(template=look, playlists=str(playlist.pk), **changes)
        addresses = re.findall(
            r'src="([^"]+preview\.png[^"]+)"', page_text(as_alice.post("/announcements/preview/", typed))
        )
        drawn = as_alice.get(html.unescape(addresses[0]))
        assert Image.open(io.BytesIO(drawn.content)).size in {(1920, 1080), (1080, 1920)}
        assert as_alice.post("/announcements/new/", typed).status_code == 302
        manifest = compiling.compile_manifest(load_inputs(hall)).manifest
        (shown,) = [slide.content for slide in manifest.slides if isinstance(slide.content, content.WidgetContent)]
        assert shown.widget.kind == look

    @pytest.mark.parametrize(
        ("look", "changes", "said"),
        [
            ("countdown", {}, "counts down"),
            ("poll", {"body": "Yes"}, "with its votes"),
            ("poll", {"body": "Yes : 12345678901"}, "with its votes"),
            ("poll", {}, "with its votes"),
            ("ticker", {"body": "x" * 161}, "160 characters"),
        ],
    )
    def test_say_what_they_lack(self, as_alice, look, changes, said):
        answer = as_alice.post("/announcements/new/", values(template=look) | changes)
        assert answer.status_code == 422
        assert said in html.unescape(page_text(answer))
        assert not Announcement.objects.exists()

    def test_an_agenda_has_the_events_of_the_library_and_follows_them(self, as_alice, hall, playlist):
        as_alice.post("/announcements/new/", values(template="agenda", playlists=str(playlist.pk)))
        services.save_announcement(
            user=None, template="event", title="Concert", starts=timezone.now() + dt.timedelta(days=2), place="Halle"
        )
        assert Screen.objects.get(pk=hall.pk).programme_due_at is not None
        manifest = compiling.compile_manifest(load_inputs(hall)).manifest
        (shown,) = [slide.content for slide in manifest.slides if isinstance(slide.content, content.WidgetContent)]
        assert [(event.title, event.place) for event in shown.widget.events] == [("Concert", "Halle")]

    def test_an_agenda_keeps_what_began_long_ago_and_lasts(self, as_alice, hall, playlist):
        now = timezone.now()
        week = dt.timedelta(days=7)
        services.save_announcement(user=None, template="event", title="Fair", starts=now - week, ends=now + week)
        services.save_announcement(user=None, template="event", title="Past", starts=now - 2 * week, ends=now - week)
        as_alice.post("/announcements/new/", values(template="agenda", playlists=str(playlist.pk)))
        manifest = compiling.compile_manifest(load_inputs(hall)).manifest
        (shown,) = [slide.content for slide in manifest.slides if isinstance(slide.content, content.WidgetContent)]
        assert [event.title for event in shown.widget.events] == ["Fair"]


class TestPreview:
    def test_is_the_picture_on_the_glass_to_the_byte(self, as_alice, full_hd, hall, town, picture):
        fragment = page_text(as_alice.post("/announcements/preview/", values(picture=str(picture.pk))))
        address = html.unescape(re.findall(r'src="(/announcements/preview\.png[^"]+)"', fragment)[0])
        png = as_alice.get(address)
        shown = Image.open(io.BytesIO(png.content)).convert("RGB")

        announcement = Announcement(**values(), picture=picture).to_content(town.time_zone)
        slide = content.Slide(id="s", name="s", content=content.AnnouncementContent(announcement=announcement))
        canvas = rendering.Canvas.for_screen(class_settings(full_hd, town))
        drawn = rendering.draw_slide(slide, canvas, lambda _: media_path(picture.picture_id).read_bytes())[0]
        assert png["Content-Type"] == "image/png"
        assert hashlib.sha256(shown.tobytes()).digest() == hashlib.sha256(drawn.convert("RGB").tobytes()).digest()

    def test_says_when_the_text_is_too_long_for_a_screen(self, as_alice, quay):
        fragment = page_text(
            as_alice.post("/announcements/preview/", values(body="Voilà ce qu’il faut savoir. " * 170))
        )
        assert "the maximum is 20. Shorten it by about" in fragment

    def test_shows_what_is_right_while_something_is_wrong(self, as_alice, hall):
        fragment = page_text(as_alice.post("/announcements/preview/", values(title="", ends="2026-12-05T09:00")))
        assert "/announcements/preview.png" in fragment

    @pytest.mark.parametrize("query", ["", "?text=forged&class=1&page=0"])
    def test_is_only_drawn_of_what_the_server_signed(self, as_alice, full_hd, query):
        assert as_alice.get(f"/announcements/preview.png{query}").status_code == 404


class TestAnnouncement:
    def test_shows_where_it_is_shown(self, as_alice, announcement, playlist):
        assert "Everywhere</a>" in page_text(as_alice.get(f"/announcements/{announcement.pk}/"))

    def test_is_changed(self, as_alice, announcement):
        as_alice.post(f"/announcements/{announcement.pk}/", values(version="1"))
        announcement.refresh_from_db()
        assert (announcement.title, announcement.version) == ("Marché de Noël", 2)

    def test_is_not_overwritten_unawares(self, as_alice, announcement, bob):
        services.save_announcement(announcement, user=bob, title="La piscine rouvre mardi")
        answer = as_alice.post(f"/announcements/{announcement.pk}/", values(version="1"))
        page = page_text(answer)
        assert answer.status_code == 409
        assert "La piscine rouvre mardi" in page
        assert "was changed by bob" in page
        assert 'value="Marché de Noël"' in page
        assert 'name="version" value="2"' in page
        assert as_alice.post(f"/announcements/{announcement.pk}/", values(version="2")).status_code == 302

    def test_keeps_what_was_typed_when_it_vanished(self, as_alice, announcement):
        address = f"/announcements/{announcement.pk}/"
        announcement.delete()
        answer = as_alice.post(address, values(version="1"))
        assert answer.status_code == 409
        assert 'value="Marché de Noël"' in page_text(answer)
        assert 'action="/announcements/new/"' in page_text(answer)


class TestPictures:
    def test_are_for_editors(self, client, charlie, town, picture):
        assert client.get(f"/media/{picture.thumbnail_id}/").status_code == 302
        client.force_login(charlie)
        assert client.post("/images/", {"pictures": upload()}).status_code == 403
        assert client.get(f"/images/{picture.pk}/").status_code == 403

    def test_are_added_several_at_once(self, as_alice):
        page = as_alice.post("/images/", {"pictures": [upload(), upload("Mairie.jpg", jpeg((80, 40)))]}, follow=True)
        assert "2 files were received" in page_text(page)
        assert not MediaItem.objects.exists()
        assert "waiting for its turn" in page_text(page)
        assert 'data-every="2"' in page_text(page)
        decode_uploads()
        assert "data-every" not in page_text(as_alice.get("/images/"))
        assert set(MediaItem.objects.values_list("name", flat=True)) == {"Le marché", "Mairie"}

    def test_are_refused_one_by_one_with_a_reason(self, as_alice):
        files = [upload("vide.jpg", b""), upload(), upload("texte.jpg", b"Bonjour")]
        answer = as_alice.post("/images/", {"pictures": files})
        page = page_text(answer)
        assert answer.status_code == 422
        assert "“vide” is empty" in page
        assert "2 files were received" in page
        decode_uploads()
        page = page_text(as_alice.get("/images/"))
        assert "“texte” is not an image" in page
        assert MediaItem.objects.get().name == "Le marché"

    def test_that_were_refused_are_dismissed(self, as_alice):
        as_alice.post("/images/", {"pictures": upload("texte.jpg", b"Bonjour")})
        waiting = Upload.objects.get()
        as_alice.post(f"/uploads/{waiting.pk}/dismiss/")
        assert Upload.objects.exists(), "what waits stays"
        decode_uploads()
        as_alice.post(f"/uploads/{waiting.pk}/dismiss/")
        assert not Upload.objects.exists()

    def test_ask_for_a_file(self, as_alice):
        answer = as_alice.post("/images/", {})
        assert answer.status_code == 422
        assert "required" in page_text(answer)

    def test_are_found_by_their_words(self, as_alice, picture):
        assert "Market" in page_text(as_alice.get("/images/?search=stalls"))
        assert "No image matches" in page_text(as_alice.get("/images/?search=dragon"))

    def test_are_described(self, as_alice, picture):
        answer = as_alice.post(f"/images/{picture.pk}/", {"name": "Christmas market", "description": "Lights"})
        picture.refresh_from_db()
        assert answer.status_code == 302
        assert (picture.name, picture.description) == ("Christmas market", "Lights")
        assert AuditEvent.objects.filter(action="picture-changed").exists()

    def test_need_a_name(self, as_alice, picture):
        answer = as_alice.post(f"/images/{picture.pk}/", {"name": "", "description": "Kept"})
        assert answer.status_code == 422
        assert "Kept" in page_text(answer)

    def test_are_deleted_unless_they_are_shown(self, as_alice, picture, announcement):
        announcement.picture = picture
        announcement.save()
        assert "Remove it there first" in page_text(as_alice.post(f"/images/{picture.pk}/delete/", follow=True))
        announcement.delete()
        as_alice.post(f"/images/{picture.pk}/delete/")
        assert not MediaItem.objects.exists()

    def test_start_an_announcement(self, as_alice, picture):
        page = page_text(as_alice.get(f"/announcements/new/?picture={picture.pk}"))
        assert re.search(rf'name="picture" value="{picture.pk}"\s+checked', page)


class TestFiles:
    def test_are_served_as_what_they_are_and_kept_by_the_browser(self, as_alice, picture):
        answer = as_alice.get(f"/media/{picture.thumbnail_id}/")
        assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == picture.thumbnail_id
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Type"].startswith("image/")
        again = as_alice.get(f"/media/{picture.thumbnail_id}/", headers={"if-none-match": answer["ETag"]})
        assert again.status_code == 304

    @pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fdb.sqlite3", "x"])
    def test_are_only_those_of_the_library(self, as_alice, picture, name):
        assert as_alice.get(f"/media/{name}/").status_code == 404


class TestVideos:
    def test_are_shown_with_how_far_their_preparation_is(self, as_alice):
        as_alice.post("/images/", {"pictures": upload("Carnaval.mp4", sample_video())})
        decode_uploads()
        waiting = page_text(as_alice.get("/images/"))
        assert "Being prepared: 0 %" in waiting
        assert 'data-every="2"' in waiting

        video_queue.convert_next()

        ready = page_text(as_alice.get("/images/"))
        assert "Being prepared" not in ready
        assert "data-every" not in ready
        item = MediaItem.objects.get()
        page = page_text(as_alice.get(f"/images/{item.pk}/"))
        assert f'src="/media/{item.video.converted_id}/"' in page
        part = as_alice.get(f"/media/{item.video.converted_id}/", headers={"Range": "bytes=0-99"})
        assert (part.status_code, part["Content-Type"], len(b"".join(part))) == (206, "video/mp4", 100)

    def test_say_what_is_left_out(self, as_alice):
        as_alice.post("/images/", {"pictures": upload("Carnaval.mp4", sample_video())})
        decode_uploads()
        MediaItem.objects.update(warnings=[{"code": "streams-left-out", "count": 2}, {"code": "of-another-version"}])
        item = MediaItem.objects.get()

        page = page_text(as_alice.get(f"/images/{item.pk}/"))
        assert "2 more picture tracks of this file are not shown." in page
        assert "compare it with the original" in page
        assert "Not all is shown" in page_text(as_alice.get("/images/"))

    def test_that_cannot_be_prepared_say_why(self, as_alice):
        as_alice.post("/images/", {"pictures": upload("Carnaval.mp4", sample_video())})
        decode_uploads()
        item = MediaItem.objects.get()
        media_path(item.video.original_id).write_bytes(sample_video()[:3000])
        video_queue.convert_next()

        assert "Cannot be used as a video" in page_text(as_alice.get("/images/"))
        assert "the end of the video is missing" in page_text(as_alice.get(f"/images/{item.pk}/"))
