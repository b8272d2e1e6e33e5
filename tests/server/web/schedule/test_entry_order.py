"""The order of a playlist: sent by a script, several entries at a time, and undone; and the order of ticking."""

from __future__ import annotations

import pytest
from tests.server.web.library.test_archive_pages import undo_button
from tests.support.pages import page_text

from beffroi_server.library import archive
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services
from beffroi_server.schedule.models import Playlist, ScheduleRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def four(db) -> Playlist:
    """A playlist of four announcements: A, B, C and D."""
    playlist = services.create_playlist("Four", user=None)
    for title in "ABCD":
        services.add_entry(playlist, announcement=Announcement.objects.create(title=title), user=None)
    return playlist


def order(playlist: Playlist) -> str:
    return "".join(str(entry) for entry in playlist.entries.all())


def keys(playlist: Playlist, titles: str) -> list[int]:
    return [playlist.entries.get(announcement__title=title).pk for title in titles]


class TestOrder:
    def send(self, client, playlist, entries):
        return client.post(f"/playlists/{playlist.pk}/order/", {"entry": entries})

    def test_is_stored_as_it_is_sent(self, as_alice, four):
        assert self.send(as_alice, four, keys(four, "DBCA")).status_code == 204
        assert order(four) == "DBCA"

    def test_is_refused_with_a_sentence_once_a_colleague_changed_the_entries(self, as_alice, four):
        wanted = keys(four, "DBCA")
        services.remove_entry(four.entries.get(announcement__title="C"), user=None)
        answer = self.send(as_alice, four, wanted)
        assert (answer.status_code, order(four)) == (409, "ABD")
        assert "Somebody changed this playlist" in answer.content.decode()

    @pytest.mark.parametrize("entries", [[], ["x"], ["9" * 30], ["1", "1"], ["٣"]])
    def test_of_nonsense_is_refused(self, as_alice, four, entries):
        assert self.send(as_alice, four, entries).status_code == 409
        assert order(four) == "ABCD"

    def test_leaves_archived_announcements_at_the_end(self, as_alice, four):
        archive.archive_announcements([Announcement.objects.get(title="B")], user=None)
        assert self.send(as_alice, four, keys(four, "DCA")).status_code == 204
        assert order(four) == "DCAB"
        assert ">B</a>" not in page_text(as_alice.get(f"/playlists/{four.pk}/"))


class TestSelected:
    def act(self, client, playlist, act, titles):
        fields = {"act": act, "chosen": keys(playlist, titles)}
        return client.post(f"/playlists/{playlist.pk}/selected/", fields, follow=True)

    @pytest.mark.parametrize(("act", "expected"), [("top", "BDAC"), ("end", "ACBD")])
    def test_are_moved_together(self, as_alice, four, act, expected):
        self.act(as_alice, four, act, "BD")
        assert order(four) == expected

    def test_are_removed_and_come_back_to_their_places(self, as_alice, four):
        page = page_text(self.act(as_alice, four, "remove", "AC"))
        assert (order(four), "2 entries have been removed from “Four”." in page) == ("BD", True)
        as_alice.post(undo_button(page))
        assert order(four) == "ABCD"

    @pytest.mark.parametrize("fields", [{}, {"act": "remove"}, {"act": "x", "chosen": "y"}])
    def test_of_nothing_say_so(self, as_alice, four, fields):
        page = as_alice.post(f"/playlists/{four.pk}/selected/", fields, follow=True)
        assert "Select at least one entry" in page_text(page)


class TestUndo:
    def test_brings_back_a_playlist_with_entries_and_rules(self, as_alice, four, hall):
        rule = services.save_rule(ScheduleRule(name="All day", playlist=four), screens=[hall], user=None)
        page = page_text(as_alice.post(f"/playlists/{four.pk}/delete/", follow=True))
        assert not Playlist.objects.exists()
        as_alice.post(undo_button(page))
        assert order(Playlist.objects.get()) == "ABCD"
        assert [screen.name for screen in ScheduleRule.objects.get(pk=rule.pk).screens.all()] == ["Town hall"]

    def test_is_refused_once_the_name_is_taken(self, as_alice, four):
        page = page_text(as_alice.post(f"/playlists/{four.pk}/delete/", follow=True))
        services.create_playlist("Four", user=None)
        assert "Nothing was undone" in page_text(as_alice.post(undo_button(page), follow=True))

    def test_brings_back_a_rule(self, as_alice, playlist):
        rule = playlist.rules.get()
        page = page_text(as_alice.post(f"/schedule/{rule.pk}/delete/", follow=True))
        as_alice.post(undo_button(page))
        assert playlist.rules.get() == rule


def test_what_is_added_comes_in_the_order_of_ticking(as_alice, four):
    playlist = services.create_playlist("New", user=None)
    chosen = [Announcement.objects.get(title=title).pk for title in "CADB"]
    fields = {"announcements": chosen, "chosen": " ".join(f"announcements:{key}" for key in chosen) + " x pictures:9"}
    as_alice.post(f"/playlists/{playlist.pk}/add/", fields)
    assert order(playlist) == "CADB"
