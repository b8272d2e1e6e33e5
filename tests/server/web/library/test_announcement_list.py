"""The list of announcements: search, filters, sorting, acts with one tap and on several, each with its undo."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from tests.server.web.library.test_archive_pages import slides_on, undo_button
from tests.support.pages import page_text

from beffroi_server.library import archive, services, tags
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import placements
from beffroi_server.schedule.models import AnnouncementPlacement
from beffroi_server.web.library import announcement_list

pytestmark = pytest.mark.django_db


@pytest.fixture
def glass(hall) -> Announcement:
    """An announcement that is placed on the screen of the town hall until next week."""
    made = services.save_announcement(user=None, title="Collecte du verre", label="Déchets")
    placements.place_announcement(made, screens=[hall], ends_at=in_days(7), user=None)
    return made


def in_days(days: int) -> dt.datetime:
    return timezone.now().replace(microsecond=0, second=0) + dt.timedelta(days=days)


def titles(page: str) -> list[str]:
    return re.findall(r'class="title" href="/announcements/[^"]+">([^<]+)<', page)


class TestSearch:
    @pytest.mark.parametrize("words", ["ecoles", "ÉCOLES", "rentree", "Œuvres", "oeuvres", "été", "everywhere"])
    def test_finds_without_accents_in_text_category_tags_and_playlists(self, as_alice, playlist, alice, words):
        found = services.save_announcement(user=alice, title="Écoles", body="La rentrée", label="Œuvres")
        tags.set_tags(found, ["Été"], user=alice)
        placements.place_announcement(found, everywhere=True, user=alice)
        playlist.entries.update(announcement=found)
        assert titles(page_text(as_alice.get("/announcements/", {"search": words}))) == ["Écoles"]


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("status=on", ["Collecte du verre"]),
            ("status=draft", ["La piscine rouvre lundi"]),
            ("status=not-on", ["La piscine rouvre lundi"]),
            ("category=dechets", ["Collecte du verre"]),
            ("template=notice", []),
            ("sort=title", ["Collecte du verre", "La piscine rouvre lundi"]),
            ("sort=ends", ["Collecte du verre", "La piscine rouvre lundi"]),
            ("status=nonsense&sort=nonsense&tag=9&feed=x", ["Collecte du verre", "La piscine rouvre lundi"]),
        ],
    )
    def test_narrow_the_list(self, as_alice, announcement, glass, query, expected):
        assert sorted(titles(page_text(as_alice.get(f"/announcements/?{query}")))) == sorted(expected)

    @pytest.mark.parametrize("query", ["", "status=on", "status=draft", "status=not-on"])
    def test_leave_each_row_its_own_status(self, as_alice, announcement, glass, query):
        rows = as_alice.get(f"/announcements/?{query}").context["page"].object_list
        labels = {
            "Collecte du verre": ("on the screens", "calm"),
            "La piscine rouvre lundi": ("draft: nothing shows it", "warn"),
        }
        assert rows
        for row in rows:
            assert (row.status_text, row.status_colour) == labels[row.title]

    def test_are_chips_that_lead_to_the_list_without_them(self, as_alice, glass):
        page = page_text(as_alice.get("/announcements/?status=on&search=verre&page=3"))
        assert 'href="?search=verre"' in page
        assert 'href="?status=on"' in page

    @pytest.mark.parametrize("most", [1, 2, 100])
    def test_of_few_and_of_many_are_paged_alike(self, as_alice, announcement, monkeypatch, most):
        monkeypatch.setattr(announcement_list, "MOST_LISTED_KEYS", most)
        monkeypatch.setattr(announcement_list, "ANNOUNCEMENTS_PER_PAGE", 2)
        for title in ("Marché", "Piscine", "Théâtre"):
            made = services.save_announcement(user=None, title=title)
            placements.place_announcement(made, everywhere=True, user=None)
        pages = [as_alice.get(f"/announcements/?status=on&sort=title&page={number}") for number in (1, 2)]
        assert [titles(page_text(page)) for page in pages] == [["Marché", "Piscine"], ["Théâtre"]]
        assert {page.context["page"].paginator.count for page in pages} == {3}

    def test_are_offered_from_two_rows_on(self, as_alice, announcement):
        assert 'id="filter-status"' not in page_text(as_alice.get("/announcements/"))

    def test_sort_by_title_as_a_dictionary_does(self, as_alice, db):
        for title in ("Zèbre", "École", "abeille", "Été"):
            services.save_announcement(user=None, title=title)
        page = page_text(as_alice.get("/announcements/?sort=title"))
        assert titles(page) == ["abeille", "École", "Été", "Zèbre"]


class TestStatus:
    def status(self, client, announcement) -> str:
        row = page_text(client.get("/announcements/")).partition(f'id="announcement-{announcement.pk}"')[2]
        return re.search(r'<span class="tag \w*">([^<]+)</span>', row)[1]

    def test_follows_the_placement(self, as_alice, hall, announcement):
        assert self.status(as_alice, announcement) == "draft: nothing shows it"
        placements.place_announcement(announcement, screens=[hall], starts_at=in_days(1), user=None)
        assert self.status(as_alice, announcement) == "shown later"
        placements.place_announcement(announcement, screens=[hall], ends_at=in_days(1), user=None)
        assert self.status(as_alice, announcement) == "on the screens"
        AnnouncementPlacement.objects.update(ends_at=in_days(-1))
        assert self.status(as_alice, announcement) == "expired"
        placements.take_off_screens([announcement], user=None)
        assert self.status(as_alice, announcement) == "taken off the screens"

    def test_follows_the_playlists(self, as_alice, announcement, playlist):
        assert self.status(as_alice, announcement) == "on the screens"
        playlist.entries.update(valid_from=in_days(1))
        assert self.status(as_alice, announcement) == "shown later"
        playlist.entries.update(valid_from=None, valid_until=in_days(-1))
        assert self.status(as_alice, announcement) == "expired"
        playlist.rules.all().delete()
        assert self.status(as_alice, announcement) == "draft: nothing shows it"

    def test_follows_the_category_that_fills_a_playlist(self, as_alice, announcement, playlist):
        playlist.entries.all().delete()
        type(playlist).objects.update(category="SPORTS")
        assert self.status(as_alice, announcement) == "on the screens"


class TestTakingOff:
    def test_takes_one_tap_and_undo_one_more(self, as_alice, announcement, playlist, hall):
        answer = as_alice.post(f"/announcements/{announcement.pk}/take-off/", {"next": "/"}, follow=True)
        assert answer.redirect_chain == [("/", 302)]
        assert "“La piscine rouvre lundi” has been taken off the screens." in page_text(answer)
        assert slides_on(hall) == []
        as_alice.post(undo_button(page_text(answer)))
        assert slides_on(hall) == ["La piscine rouvre lundi"]

    def test_of_what_is_off_says_so(self, as_alice, announcement, playlist):
        for said in ("has been taken off", "was off the screens already"):
            page = page_text(as_alice.post(f"/announcements/{announcement.pk}/take-off/", follow=True))
            assert said in page

    def test_is_not_undone_when_a_colleague_put_it_back(self, as_alice, bob, announcement, playlist):
        page = page_text(as_alice.post(f"/announcements/{announcement.pk}/take-off/", follow=True))
        placements.put_back_on_screens([announcement], user=bob)
        assert "all of it was changed in the meantime" in page_text(as_alice.post(undo_button(page), follow=True))

    def test_is_offered_on_the_card_of_what_is_on(self, as_alice, announcement, playlist, hall):
        page = page_text(as_alice.get("/"))
        assert f'formaction="/announcements/{announcement.pk}/take-off/"' in page
        assert page_text(as_alice.get("/", headers={"HX-Request": "true"})).count("csrfmiddlewaretoken") == 0

    def test_a_restored_announcement_is_on_no_screen_until_somebody_puts_it_back(
        self, as_alice, announcement, playlist, hall
    ):
        archive.archive_announcements([announcement], user=None)
        page = page_text(as_alice.post(f"/announcements/{announcement.pk}/restore/", follow=True))
        assert "It is on no screen" in page
        assert slides_on(hall) == []
        as_alice.post(f"/announcements/{announcement.pk}/put-back/")
        assert slides_on(hall) == ["La piscine rouvre lundi"]


class TestBulk:
    def bulk(self, client, act: str, *chosen: Announcement, **fields):
        keys = [str(each.pk) for each in chosen]
        return client.post("/announcements/bulk/", {"act": act, "chosen": keys} | fields, follow=True)

    def test_says_what_will_happen_and_changes_nothing(self, as_alice, announcement, glass, playlist, hall, quay):
        page = page_text(self.bulk(as_alice, "take-off", announcement, glass))
        assert "2 announcements will leave 2 screens." in page
        assert len(slides_on(hall)) == 2

    def test_takes_off_and_puts_back(self, as_alice, announcement, glass, playlist, hall):
        page = page_text(self.bulk(as_alice, "take-off", announcement, glass, do="1"))
        assert "2 announcements have been taken off the screens." in page
        assert slides_on(hall) == []
        as_alice.post(undo_button(page))
        assert len(slides_on(hall)) == 2

    def test_concerns_all_that_the_list_finds(self, as_alice, announcement, glass):
        page = page_text(self.bulk(as_alice, "archive", all="1", query="search=verre", do="1"))
        assert "“Collecte du verre” has been put into the archive." in page
        assert [each.title for each in archive.announcements_in_use()] == ["La piscine rouvre lundi"]

    def test_places_for_a_period(self, as_alice, announcement, glass, quay, hall):
        fields = {"screens": str(quay.pk), "ends_at": f"{in_days(3):%Y-%m-%dT%H:%M}"}
        page = page_text(self.bulk(as_alice, "place", announcement, glass, check="1", **fields))
        assert "2 announcements will be shown on 1 screen: Quay." in page
        assert "1 of them is shown elsewhere already, and moves." in page
        page = page_text(self.bulk(as_alice, "place", announcement, glass, do="1", **fields))
        assert (len(slides_on(quay)), slides_on(hall)) == (2, [])
        as_alice.post(undo_button(page))
        assert (slides_on(quay), slides_on(hall)) == ([], ["Collecte du verre"])

    def test_undo_leaves_what_a_colleague_placed_since(self, as_alice, bob, announcement, glass, quay, hall):
        page = page_text(self.bulk(as_alice, "place", announcement, glass, do="1", screens=str(quay.pk)))
        placements.place_announcement(glass, everywhere=True, user=bob)
        said = page_text(as_alice.post(undo_button(page), follow=True))
        assert "1 was changed in the meantime" in said
        assert slides_on(quay) == ["Collecte du verre"]

    def test_extends_placements_and_entries_that_have_an_end(self, as_alice, announcement, glass, playlist):
        playlist.entries.update(valid_until=in_days(1))
        until = f"{in_days(40):%Y-%m-%dT%H:%M}"
        page = page_text(self.bulk(as_alice, "extend", announcement, glass, do="1", until=until))
        assert "2 announcements are now shown until" in page
        assert playlist.entries.get().valid_until == glass_end(glass) > in_days(39)
        as_alice.post(undo_button(page))
        assert (playlist.entries.get().valid_until, glass_end(glass)) == (in_days(1), in_days(7))

    def test_tags_and_untags(self, as_alice, announcement, glass):
        page = page_text(self.bulk(as_alice, "tag", announcement, glass, do="1", tag="Été"))
        assert [tag.name for tag in glass.tags.all()] == ["Été"]
        as_alice.post(undo_button(page))
        assert not glass.tags.exists()
        tags.set_tags(glass, ["Été"], user=None)
        page = page_text(self.bulk(as_alice, "untag", announcement, glass, do="1", tag="ete"))
        assert not glass.tags.exists()
        as_alice.post(undo_button(page))
        assert glass.tags.exists()

    def test_changes_the_category(self, as_alice, announcement, glass):
        page = page_text(self.bulk(as_alice, "category", announcement, glass, do="1", label="Ville"))
        assert set(Announcement.objects.values_list("label", flat=True)) == {"Ville"}
        as_alice.post(undo_button(page))
        assert set(Announcement.objects.values_list("label", flat=True)) == {"Sports", "Déchets"}

    @pytest.mark.parametrize(
        ("act", "fields", "said"),
        [
            ("place", {}, "Choose all screens, a group or a screen."),
            ("extend", {"until": "2020-01-01T10:00"}, "This is already past."),
            ("tag", {"tag": " "}, "This field is required."),
            ("category", {"label": "x" * 61}, "at most 60"),
        ],
    )
    def test_says_what_is_missing(self, as_alice, glass, act, fields, said):
        answer = self.bulk(as_alice, act, glass, do="1", **fields)
        assert answer.status_code == 422
        assert said in page_text(answer)

    @pytest.mark.parametrize(
        "fields", [{}, {"act": "take-off"}, {"act": "x", "chosen": "y"}, {"query": "\0=%ff&page=x"}]
    )
    def test_of_nothing_says_so(self, as_alice, glass, fields):
        page = page_text(as_alice.post("/announcements/bulk/", fields, follow=True))
        assert "Select at least one announcement" in page


def glass_end(announcement: Announcement) -> dt.datetime | None:
    return AnnouncementPlacement.objects.get(announcement=announcement).ends_at


class TestTags:
    def test_are_edited_in_place(self, as_alice, announcement):
        address, htmx = f"/announcements/{announcement.pk}/tags/", {"HX-Request": "true"}
        assert 'name="tags"' in page_text(as_alice.get(address, headers=htmx))
        part = page_text(as_alice.post(address, {"tags": "Été, Sports"}, headers=htmx))
        assert '<span class="tag">Été</span>' in part
        assert "data-focus-now" in part

    def test_are_edited_without_scripts(self, as_alice, announcement):
        as_alice.post(f"/announcements/{announcement.pk}/tags/", {"tags": "Été"})
        assert [tag.name for tag in announcement.tags.all()] == ["Été"]

    def test_are_kept_in_a_list(self, as_alice, announcement):
        tags.set_tags(announcement, ["Été"], user=None)
        tag = announcement.tags.get()
        as_alice.post("/announcements/tags/", {"tag": tag.pk, "name": "Hiver"})
        assert announcement.tags.get().name == "Hiver"
        as_alice.post(f"/announcements/tags/{tag.pk}/delete/")
        assert not announcement.tags.exists()

    @pytest.mark.parametrize("key", ["", "x", "9" * 30, "7"])
    def test_that_are_gone_are_said_to_be(self, as_alice, key):
        page = as_alice.post("/announcements/tags/", {"tag": key, "name": "Hiver"}, follow=True)
        assert "has deleted this tag" in page_text(page)
