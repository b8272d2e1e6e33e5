"""Pages of playlists and of the schedule, as editors use them."""

from __future__ import annotations

import re

import pytest

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.programme import services
from beffroi_server.programme.models import Playlist

pytestmark = pytest.mark.django_db
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture
def editor(client, alice, town):
    client.force_login(alice)
    client.defaults |= ENGLISH
    return client


def text(response) -> str:
    """Return what a page says, in one line."""
    return re.sub(r"[ \n]+", " ", response.content.decode())


class TestPlaylists:
    def test_are_for_editors(self, client, charlie, town):
        assert client.get("/playlists/").url == "/sign-in/?next=/playlists/"
        client.force_login(charlie)
        assert client.get("/playlists/").status_code == 403
        assert client.post("/playlists/", {"name": "x"}).status_code == 403
        assert not Playlist.objects.exists()

    def test_say_what_to_do_first(self, editor):
        assert "No playlist yet" in text(editor.get("/playlists/"))

    def test_say_how_long_and_where(self, editor, playlist):
        page = text(editor.get("/playlists/"))

        assert "1 entry" in page
        assert "a round of 10\N{NARROW NO-BREAK SPACE}s" in page
        assert "On all screens, all the time, in turn with others" in page

    def test_are_made_with_a_name(self, editor, alice):
        answer = editor.post("/playlists/", {"name": "Town life"}, follow=True)

        made = Playlist.objects.get()
        assert answer.redirect_chain == [(f"/playlists/{made.pk}/", 302)]
        assert AuditEvent.objects.get(action="playlist-created").actor == "alice"

    def test_keep_a_name_that_is_taken(self, editor, playlist):
        answer = editor.post("/playlists/", {"name": "Everywhere"})

        assert answer.status_code == 422
        assert 'value="Everywhere"' in text(answer)
        assert Playlist.objects.count() == 1

    def test_show_markup_as_text(self, editor):
        services.create_playlist("<b>Bold</b>", person=None)
        assert "&lt;b&gt;Bold&lt;/b&gt;" in text(editor.get("/playlists/"))

    def test_take_few_queries(self, editor, announcement, django_assert_max_num_queries):
        for number in range(60):
            made = services.create_playlist(f"List {number:02}", person=None)
            services.add_entry(made, announcement=announcement, person=None)
        with django_assert_max_num_queries(12):
            page = text(editor.get("/playlists/"))
        assert "Page 1 of 2" in page
