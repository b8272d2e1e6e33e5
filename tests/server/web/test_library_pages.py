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
from tests.support.sample_videos import sample_video

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.fleet.models import Screen
from beffroi_server.library import services, video_queue
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.library.preview import class_settings
from beffroi_server.library.uploads import media_path
from beffroi_server.schedule import manifest_compiler as compiling

pytestmark = pytest.mark.django_db
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture
def editor(client, alice, town):
    client.force_login(alice)
    client.defaults |= ENGLISH
    return client


def text(response) -> str:
    return re.sub(r"[ \n]+", " ", response.content.decode())


def jpeg(size=(64, 48)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "#336699").save(buffer, "JPEG")
    return buffer.getvalue()


def upload(name="Le marché.jpg", data=None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg() if data is None else data, "image/jpeg")


@pytest.fixture
def picture(alice) -> MediaItem:
    return services.add_image(io.BytesIO(jpeg()), name="Market", description="Stalls", user=alice)


def values(**changes: str) -> dict[str, str]:
    return {"template": "news", "title": "Marché de Noël", "body": "Samedi dès 9 h"} | changes


class TestAnnouncements:
    def test_are_for_editors(self, client, charlie, town):
        assert client.get("/announcements/").url == "/sign-in/?next=/announcements/"
        client.force_login(charlie)
        assert client.get("/announcements/").status_code == 403
        assert client.post("/announcements/new/", values()).status_code == 403
        assert not Announcement.objects.exists()

    def test_are_written_and_put_into_playlists(self, editor, alice, playlist):
        answer = editor.post("/announcements/new/", values(playlists=str(playlist.pk)), follow=True)
        saved = Announcement.objects.get(title="Marché de Noël")
        assert saved.updated_by == alice
        assert playlist.entries.filter(announcement=saved).exists()
        assert 'data-draft-done="announcement-new"' in text(answer)
        assert AuditEvent.objects.get(action="announcement-created").actor == "alice"

    def test_are_found_by_their_words(self, editor, announcement):
        Announcement.objects.create(title="Collecte du verre", body="Tri")
        assert "La piscine" in text(editor.get("/announcements/?search=piscine lundi"))
        assert "Collecte" not in text(editor.get("/announcements/?search=piscine"))
        assert "contains “dragon”" in text(editor.get("/announcements/?search=dragon"))

    def test_say_when_no_playlist_shows_them(self, editor, announcement):
        assert "In no playlist" in text(editor.get("/announcements/"))

    def test_take_few_queries(self, editor, playlist, django_assert_max_num_queries):
        for number in range(30):
            Announcement.objects.create(title=f"Annonce {number}")
        with django_assert_max_num_queries(14):
            editor.get("/announcements/")

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"title": ""}, "This field is required"),
            ({"title": "\x07"}, "nothing that can be seen"),
            ({"title": "x" * 201}, "200"),
            ({"body": "é" * 5_001}, "5000"),
            ({"starts": "2026-12-05T10:00", "ends": "2026-12-05T09:00"}, "ends before it starts"),
            ({"ends": "2026-12-05T09:00"}, "when the event starts"),
            ({"starts": "tomorrow"}, "Enter a valid date"),
            ({"template": "poster"}, "Select a valid choice"),
            ({"picture": "99"}, "Select a valid choice"),
        ],
    )
    def test_say_what_is_wrong_and_lose_nothing(self, editor, wrong, said):
        answer = editor.post("/announcements/new/", values(source="<b>Sports</b>") | wrong)
        assert answer.status_code == 422
        assert said in text(answer)
        assert "&lt;b&gt;Sports&lt;/b&gt;" in text(answer)
        assert not Announcement.objects.exists()

    def test_lose_characters_that_cannot_be_seen(self, editor):
        assert editor.post("/announcements/new/", values(body="Un\x00")).status_code == 422
        editor.post("/announcements/new/", values(title="Mar\x1bché", body="Un\r\nDeux"))
        assert Announcement.objects.get().title == "Marché"

    def test_are_drawn_without_being_saved(self, editor, full_hd):
        answer = editor.post("/announcements/new/", values(look="1"))
        assert answer.status_code == 200
        assert "/announcements/preview.png" in text(answer)
        assert not Announcement.objects.exists()


class TestLooks:
    def test_each_look_is_offered_and_drawn(self, editor, picture, full_hd, hall):
        page = text(editor.get("/announcements/new/"))
        for look in sorted(content.TEMPLATE_NAMES):
            assert f'value="{look}"' in page
            drawn = editor.post("/announcements/preview/", values(template=look, body="Lundi | 8 h\nMardi : 9 h"))
            assert "<img" in text(drawn)

    def test_a_figure_a_link_and_further_pictures_reach_the_screens(self, editor, picture, playlist):
        typed = values(template="slideshow", figure="12 500", link="saint-aubin.fr", more_pictures=str(picture.pk))
        editor.post("/announcements/new/", typed | {"playlists": str(playlist.pk)})
        shown = Announcement.objects.get(title="Marché de Noël").to_content("Europe/Paris")
        assert (shown.figure, shown.link) == ("12 500", "https://saint-aubin.fr")
        assert shown.pictures == (picture.reference(),)
        page = text(editor.get(f"/announcements/{shown.id}/"))
        assert re.search(rf'name="more_pictures" value="{picture.pk}" checked', page)

    @pytest.mark.parametrize("link", ["javascript:alert(1)", "not an address", "ftp://x.fr/" + "y" * 600])
    def test_what_is_no_address_of_a_page_is_refused(self, editor, link):
        answer = editor.post("/announcements/new/", values(link=link))
        assert answer.status_code == 422
        assert not Announcement.objects.exists()

    def test_a_further_picture_is_not_deleted_from_under_its_announcement(self, editor, picture):
        services.save_announcement(user=None, title="Fair", template="slideshow", more_pictures=[picture])
        editor.post(f"/pictures/{picture.pk}/delete/")
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
    def test_are_written_like_announcements_and_drawn(self, editor, hall, playlist, look, changes):
        typed = values(template=look, playlists=str(playlist.pk), **changes)
        addresses = re.findall(r'src="([^"]+preview\.png[^"]+)"', text(editor.post("/announcements/preview/", typed)))
        drawn = editor.get(html.unescape(addresses[0]))
        assert Image.open(io.BytesIO(drawn.content)).size in {(1920, 1080), (1080, 1920)}
        assert editor.post("/announcements/new/", typed).status_code == 302
        manifest = compiling.compile_manifest(compiling.load_inputs(hall)).manifest
        (shown,) = [slide.content for slide in manifest.slides if isinstance(slide.content, content.WidgetContent)]
        assert shown.widget.kind == look

    @pytest.mark.parametrize(
        ("look", "changes", "said"),
        [
            ("countdown", {}, "counts down"),
            ("poll", {"body": "Yes"}, "with its votes"),
            ("poll", {"body": "Yes : 12345678901"}, "with its votes"),
            ("poll", {}, "with its votes"),
            ("ticker", {"body": "x" * 161}, "160 letters"),
        ],
    )
    def test_say_what_they_lack(self, editor, look, changes, said):
        answer = editor.post("/announcements/new/", values(template=look) | changes)
        assert answer.status_code == 422
        assert said in html.unescape(text(answer))
        assert not Announcement.objects.exists()

    def test_an_agenda_has_the_events_of_the_library_and_follows_them(self, editor, hall, playlist):
        editor.post("/announcements/new/", values(template="agenda", playlists=str(playlist.pk)))
        services.save_announcement(
            user=None, template="event", title="Concert", starts=timezone.now() + dt.timedelta(days=2), place="Halle"
        )
        assert Screen.objects.get(pk=hall.pk).programme_due_at is not None
        manifest = compiling.compile_manifest(compiling.load_inputs(hall)).manifest
        (shown,) = [slide.content for slide in manifest.slides if isinstance(slide.content, content.WidgetContent)]
        assert [(event.title, event.place) for event in shown.widget.events] == [("Concert", "Halle")]

    def test_an_agenda_keeps_what_began_long_ago_and_lasts(self, editor, hall, playlist):
        now = timezone.now()
        week = dt.timedelta(days=7)
        services.save_announcement(user=None, template="event", title="Fair", starts=now - week, ends=now + week)
        services.save_announcement(user=None, template="event", title="Past", starts=now - 2 * week, ends=now - week)
        editor.post("/announcements/new/", values(template="agenda", playlists=str(playlist.pk)))
        manifest = compiling.compile_manifest(compiling.load_inputs(hall)).manifest
        (shown,) = [slide.content for slide in manifest.slides if isinstance(slide.content, content.WidgetContent)]
        assert [event.title for event in shown.widget.events] == ["Fair"]


class TestPreview:
    def test_is_the_picture_on_the_glass_to_the_byte(self, editor, full_hd, hall, town, picture):
        fragment = text(editor.post("/announcements/preview/", values(picture=str(picture.pk))))
        address = html.unescape(re.findall(r'src="(/announcements/preview\.png[^"]+)"', fragment)[0])
        png = editor.get(address)
        shown = Image.open(io.BytesIO(png.content)).convert("RGB")

        announcement = Announcement(**values(), picture=picture).to_content(town.time_zone)
        slide = content.Slide(id="s", name="s", content=content.AnnouncementContent(announcement=announcement))
        canvas = rendering.Canvas.for_screen(class_settings(full_hd, town))
        drawn = rendering.draw_slide(slide, canvas, lambda _: media_path(picture.picture_id).read_bytes())[0]
        assert png["Content-Type"] == "image/png"
        assert hashlib.sha256(shown.tobytes()).digest() == hashlib.sha256(drawn.convert("RGB").tobytes()).digest()

    def test_says_when_the_text_is_too_long_for_a_screen(self, editor, quay):
        fragment = text(editor.post("/announcements/preview/", values(body="Voilà ce qu’il faut savoir. " * 170)))
        assert "are the most. Shorten it by about" in fragment

    def test_shows_what_is_right_while_something_is_wrong(self, editor, hall):
        fragment = text(editor.post("/announcements/preview/", values(title="", ends="2026-12-05T09:00")))
        assert "/announcements/preview.png" in fragment

    @pytest.mark.parametrize("query", ["", "?text=forged&class=1&page=0"])
    def test_is_only_drawn_of_what_the_server_signed(self, editor, full_hd, query):
        assert editor.get(f"/announcements/preview.png{query}").status_code == 404


class TestAnnouncement:
    def test_shows_where_it_is_shown(self, editor, announcement, playlist):
        assert "Everywhere</a>" in text(editor.get(f"/announcements/{announcement.pk}/"))

    def test_is_changed(self, editor, announcement):
        editor.post(f"/announcements/{announcement.pk}/", values(version="1"))
        announcement.refresh_from_db()
        assert (announcement.title, announcement.version) == ("Marché de Noël", 2)

    def test_is_not_overwritten_unawares(self, editor, announcement, bob):
        services.save_announcement(announcement, user=bob, title="La piscine rouvre mardi")
        answer = editor.post(f"/announcements/{announcement.pk}/", values(version="1"))
        page = text(answer)
        assert answer.status_code == 409
        assert "La piscine rouvre mardi" in page
        assert "was changed by bob" in page
        assert 'value="Marché de Noël"' in page
        assert 'name="version" value="2"' in page
        assert editor.post(f"/announcements/{announcement.pk}/", values(version="2")).status_code == 302

    def test_keeps_what_was_typed_when_it_vanished(self, editor, announcement):
        address = f"/announcements/{announcement.pk}/"
        announcement.delete()
        answer = editor.post(address, values(version="1"))
        assert answer.status_code == 409
        assert 'value="Marché de Noël"' in text(answer)
        assert 'action="/announcements/new/"' in text(answer)

    def test_is_deleted_after_a_question(self, editor, announcement):
        assert "cannot be brought back" in text(editor.get(f"/announcements/{announcement.pk}/delete/"))
        editor.post(f"/announcements/{announcement.pk}/delete/")
        assert not Announcement.objects.exists()

    def test_stays_while_a_playlist_shows_it(self, editor, announcement, playlist):
        page = editor.post(f"/announcements/{announcement.pk}/delete/", follow=True)
        assert "Remove it there first" in text(page)
        assert Announcement.objects.exists()


class TestPictures:
    def test_are_for_editors(self, client, charlie, town, picture):
        assert client.get(f"/media/{picture.thumbnail_id}/").status_code == 302
        client.force_login(charlie)
        assert client.post("/pictures/", {"pictures": upload()}).status_code == 403
        assert client.get(f"/pictures/{picture.pk}/").status_code == 403

    def test_are_added_several_at_once(self, editor):
        page = editor.post("/pictures/", {"pictures": [upload(), upload("Mairie.jpg", jpeg((80, 40)))]}, follow=True)
        assert "2 files were added" in text(page)
        assert set(MediaItem.objects.values_list("name", flat=True)) == {"Le marché", "Mairie"}

    def test_are_refused_one_by_one_with_a_reason(self, editor):
        files = [upload("vide.jpg", b""), upload(), upload("texte.jpg", b"Bonjour")]
        answer = editor.post("/pictures/", {"pictures": files})
        page = text(answer)
        assert answer.status_code == 422
        assert "“vide” is empty" in page
        assert "“texte” is not a picture" in page
        assert "1 file was added" in page
        assert MediaItem.objects.get().name == "Le marché"

    def test_ask_for_a_file(self, editor):
        answer = editor.post("/pictures/", {})
        assert answer.status_code == 422
        assert "required" in text(answer)

    def test_are_found_by_their_words(self, editor, picture):
        assert "Market" in text(editor.get("/pictures/?search=stalls"))
        assert "No picture is called" in text(editor.get("/pictures/?search=dragon"))

    def test_are_described(self, editor, picture):
        answer = editor.post(f"/pictures/{picture.pk}/", {"name": "Christmas market", "description": "Lights"})
        picture.refresh_from_db()
        assert answer.status_code == 302
        assert (picture.name, picture.description) == ("Christmas market", "Lights")
        assert AuditEvent.objects.filter(action="picture-changed").exists()

    def test_need_a_name(self, editor, picture):
        answer = editor.post(f"/pictures/{picture.pk}/", {"name": "", "description": "Kept"})
        assert answer.status_code == 422
        assert "Kept" in text(answer)

    def test_are_deleted_unless_they_are_shown(self, editor, picture, announcement):
        announcement.picture = picture
        announcement.save()
        assert "Remove it there first" in text(editor.post(f"/pictures/{picture.pk}/delete/", follow=True))
        announcement.delete()
        editor.post(f"/pictures/{picture.pk}/delete/")
        assert not MediaItem.objects.exists()

    def test_start_an_announcement(self, editor, picture):
        page = text(editor.get(f"/announcements/new/?picture={picture.pk}"))
        assert f'name="picture" value="{picture.pk}" checked' in page


class TestFiles:
    def test_are_served_as_what_they_are_and_kept_by_the_browser(self, editor, picture):
        answer = editor.get(f"/media/{picture.thumbnail_id}/")
        assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == picture.thumbnail_id
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Type"].startswith("image/")
        again = editor.get(f"/media/{picture.thumbnail_id}/", headers={"if-none-match": answer["ETag"]})
        assert again.status_code == 304

    @pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fdb.sqlite3", "x"])
    def test_are_only_those_of_the_library(self, editor, picture, name):
        assert editor.get(f"/media/{name}/").status_code == 404


class TestVideos:
    def test_are_shown_with_how_far_their_preparation_is(self, editor):
        editor.post("/pictures/", {"pictures": upload("Carnaval.mp4", sample_video())})
        waiting = text(editor.get("/pictures/"))
        assert "Being prepared: 0 %" in waiting
        assert 'data-every="2"' in waiting

        video_queue.convert_next()

        ready = text(editor.get("/pictures/"))
        assert "Being prepared" not in ready
        assert "data-every" not in ready
        item = MediaItem.objects.get()
        page = text(editor.get(f"/pictures/{item.pk}/"))
        assert f'src="/media/{item.video.film_id}/"' in page
        part = editor.get(f"/media/{item.video.film_id}/", headers={"Range": "bytes=0-99"})
        assert (part.status_code, part["Content-Type"], len(b"".join(part))) == (206, "video/mp4", 100)

    def test_that_cannot_be_prepared_say_why(self, editor):
        editor.post("/pictures/", {"pictures": upload("Carnaval.mp4", sample_video())})
        item = MediaItem.objects.get()
        media_path(item.original_id).write_bytes(sample_video()[:3000])
        video_queue.convert_next()

        assert "Not usable as a video" in text(editor.get("/pictures/"))
        assert "incomplete or damaged" in text(editor.get(f"/pictures/{item.pk}/"))
