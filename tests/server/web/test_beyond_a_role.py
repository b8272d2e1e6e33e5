"""What a role or a scope refuses, by whichever way it is asked for: pages, acts on many, undo, versions, programs."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_server.accounts import account_mail, api_tokens, second_factor, services, undo
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import ApiToken, Town, UndoEntry, User, UserRole
from beffroi_server.api import callers
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.library import archive, categories, tags, upload_queue
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement, Category, MediaItem, PublicSettings, Upload
from beffroi_server.outlets import subscriptions
from beffroi_server.outlets.models import WebhookSubscription
from beffroi_server.schedule import announcement_acts, auto_fill, charter, placements, proposals
from beffroi_server.schedule import services as schedule
from beffroi_server.schedule.charter_models import CharterRule
from beffroi_server.schedule.models import Playlist, ScheduleRule
from beffroi_server.schedule.partial_acts import SomeRefused
from beffroi_server.web.accounts import sign_in_flow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture(autouse=True)
def fresh_throttles() -> None:
    callers.request_throttle.clear_all()


@pytest.fixture
def writer_of_culture(db) -> User:
    """An editor who writes for one category, on every screen."""
    user = services.create_user("clio", UserRole.EDITOR, password="clio", is_limited_to_categories=True)
    user.scope_categories.add(Category.objects.create(name="Culture"))
    return user


@pytest.fixture
def harbour(quay, alice) -> Announcement:
    """An announcement on the quay only."""
    return published("Régates", alice, screens=[quay])


@pytest.fixture
def town_hall(hall, alice) -> Announcement:
    """An announcement in the town hall only."""
    return published("Conseil", alice, screens=[hall])


def published(title: str, user: User | None, **where) -> Announcement:
    row = library.save_announcement(user=user, template="news", title=title, body="Texte")
    placements.place_announcement(row, user=user, **where)
    return row


def is_on(announcement: Announcement) -> bool:
    announcement.refresh_from_db()
    return announcement.archived_at is None and announcement.placement.taken_off_at is None


def program(user: User, *scopes: str) -> Client:
    chosen = scopes or [scope.name for scope in api_tokens.offered_scopes(user)]
    secret = api_tokens.create_token(user, "script", chosen, dt.timedelta(days=1))[1]
    return Client(HTTP_AUTHORIZATION=f"Bearer {secret}", HTTP_ACCEPT_LANGUAGE="en")


class TestTheScopeOfGroups:
    def test_holds_for_the_archive(self, client, sam, town_hall):
        client.force_login(sam)
        assert client.post(reverse("announcement-archive", args=[town_hall.pk])).status_code == 403
        assert program(sam).post(f"/api/v1/announcements/{town_hall.pk}/archive").status_code == 403
        with pytest.raises(NotPermitted):
            archive.archive_announcements([town_hall], user=sam)
        assert is_on(town_hall)

    def test_holds_for_the_lists_of_programs(self, sam, alice, playlist, quay):
        own = schedule.create_playlist("Harbour", user=sam)
        schedule.save_rule(ScheduleRule(name="Harbour", playlist=own), user=sam, screens=[quay])
        for user, names in ((sam, {"Harbour"}), (alice, {"Harbour", "Everywhere", "All day"})):
            lists = [program(user).get(f"/api/v1/{each}").json()["items"] for each in ("playlists", "rules")]
            assert {each["name"] for found in lists for each in found} == names

    def test_holds_for_what_was_approved_elsewhere(self, sam, carla, paula, hall):
        text = library.save_announcement(user=carla, template="news", title="Loto")
        proposal = proposals.propose_announcement(text, screens=[hall], user=carla)
        proposals.approve_proposal(proposal, user=paula)
        placements.take_off_screens([text], user=paula)
        with pytest.raises(NotPermitted):
            placements.put_back_on_screens([text], user=sam)
        assert not is_on(text)


class TestAnActOnMany:
    def bulk(self, client: Client, act: str, *chosen: Announcement, **fields) -> str:
        values = {"act": act, "do": "1", "chosen": [str(each.pk) for each in chosen]} | fields
        return page_text(client.post(reverse("announcements-bulk"), values, follow=True))

    @pytest.mark.parametrize("act", ["take-off", "archive"])
    def test_names_what_it_leaves_and_undoes_the_others(self, client, sam, harbour, town_hall, act):
        client.force_login(sam)
        page = self.bulk(client, act, town_hall, harbour)
        assert "1 stays as it is: “Conseil”." in page
        assert (is_on(town_hall), is_on(harbour)) == (True, False)
        client.post(reverse("undo", args=[UndoEntry.objects.get().pk]))
        assert is_on(harbour)

    def test_that_fails_in_between_leaves_no_change_without_its_undo(self, sam, harbour, town_hall, quay):
        values = announcement_acts.PlacementValues(screens=[quay], ends_at=timezone.now() + dt.timedelta(days=2))
        with pytest.raises(SomeRefused) as refused:
            announcement_acts.place([harbour, town_hall], values, user=sam)
        harbour.refresh_from_db()
        assert harbour.placement.ends_at == values.ends_at
        assert town_hall.placement.ends_at is None
        assert str(undo.undo_act(refused.value.entry.pk, sam)).startswith("Undone")
        harbour.placement.refresh_from_db()
        assert harbour.placement.ends_at is None

    def test_of_which_all_is_refused_does_nothing(self, client, sam, town_hall):
        client.force_login(sam)
        self.bulk(client, "take-off", town_hall)
        assert is_on(town_hall)
        assert not UndoEntry.objects.exists()

    @pytest.mark.parametrize(("act", "fields"), [("tag", {"tag": "Été"}), ("category", {"label": "Culture"})])
    def test_holds_for_the_scope_of_categories(self, client, writer_of_culture, town_hall, act, fields):
        client.force_login(writer_of_culture)
        assert "You write for these categories: Culture" in self.bulk(client, act, town_hall, **fields)
        town_hall.refresh_from_db()
        assert (town_hall.label, town_hall.tags.count()) == ("", 0)


class TestAPlaylistThatACategoryFills:
    @pytest.fixture
    def filled(self, quay, district) -> Playlist:
        """Of the announcements on the port, on the quay."""
        playlist = schedule.create_playlist("Port", user=None)
        schedule.set_auto_fill(playlist, user=None, category="Port", order="newest")
        rule = ScheduleRule(name="Port", playlist=playlist)
        schedule.save_rule(rule, user=None, groups=[district])
        return playlist

    def titles(self, playlist: Playlist) -> set[str]:
        found = auto_fill.auto_filled_announcements(playlist, ZoneInfo("Europe/Paris"))
        return {each.title for each in found}

    def test_shows_nothing_unapproved_where_content_needs_approval(self, filled, alice, paula, district):
        for user in (alice, paula):
            library.save_announcement(user=user, template="news", title=user.username, label="Port")
        assert self.titles(filled) == {"alice", "paula"}
        ScreenGroup.objects.filter(pk=district.pk).update(needs_approval=True)
        assert self.titles(filled) == {"paula"}
        User.objects.filter(pk=paula.pk).update(is_active=False)
        assert self.titles(filled) == {"paula"}, "who left has published"

    def test_shows_nothing_of_who_does_not_reach_its_screens(self, filled, sam, hall):
        library.save_announcement(user=sam, template="news", title="Régates", label="Port")
        assert self.titles(filled) == {"Régates"}
        schedule.save_rule(ScheduleRule(name="Hall", playlist=filled), user=None, screens=[hall])
        assert self.titles(filled) == set()


def test_a_playlist_lists_what_is_in_the_scope_of_categories(writer_of_culture, town_hall):
    playlist = schedule.create_playlist("Culture", user=writer_of_culture)
    with pytest.raises(NotPermitted):
        schedule.add_slides(playlist, [town_hall], user=writer_of_culture)


class TestUndo:
    def test_is_for_who_did_it(self, client, alice, bob, harbour):
        entry = announcement_acts.take_off([harbour], user=alice)
        client.force_login(bob)
        client.post(reverse("undo", args=[entry.pk]))
        assert not is_on(harbour)

    @pytest.mark.parametrize("act", ["take-off", "tag", "place", "archive", "media"])
    def test_takes_the_rights_of_now(self, client, alice, harbour, quay, square_item, act):
        acts = {
            "take-off": lambda: announcement_acts.take_off([harbour], user=alice),
            "archive": lambda: announcement_acts.archive_announcements([harbour], user=alice),
            "tag": lambda: announcement_acts.add_tag([harbour], "Été", user=alice),
            "place": lambda: announcement_acts.place(
                [harbour], announcement_acts.PlacementValues(everywhere=True), user=alice
            ),
            "media": lambda: library.delete_image(square_item, user=alice),
        }
        entry = acts[act]()
        User.objects.filter(pk=alice.pk).update(role=UserRole.VIEWER)
        client.force_login(alice)
        page = page_text(client.post(reverse("undo", args=[entry.pk]), follow=True))
        assert "Your role does not cover this." in page
        entry.refresh_from_db()
        assert entry.undone_at is None
        assert not MediaItem.objects.exists() or act != "media"
        assert act != "tag" or harbour.tags.exists()

    def test_of_what_is_no_longer_valid_says_why(self, client, alice, harbour, dora):
        entry = announcement_acts.place([harbour], announcement_acts.PlacementValues(), user=alice)
        charter.save_charter_rule(CharterRule(subject="suspended", refuses=True), user=dora)
        client.force_login(alice)
        assert client.post(reverse("undo", args=[entry.pk]), follow=True).status_code == 200


class TestCategories:
    def test_are_not_for_who_writes_for_some(self, writer_of_culture, town_hall):
        category = Category.objects.create(name="Vie municipale")
        category.name = "Culture et vie"
        for act in (categories.save_category, categories.delete_category):
            with pytest.raises(NotPermitted):
                act(category, user=writer_of_culture)

    def test_are_not_renamed_on_screens_that_need_approval(self, alice, paula, quay, district):
        ScreenGroup.objects.filter(pk=district.pk).update(needs_approval=True)
        category = Category.objects.create(name="Port")
        text = library.save_announcement(user=paula, template="news", title="Régates", label="Port")
        placements.place_announcement(text, screens=[quay], user=paula)
        category.name = "Votez X"
        with pytest.raises(NotPermitted):
            categories.save_category(category, user=alice)
        categories.save_category(category, user=paula)

    def test_that_fill_a_playlist_are_renamed_by_who_publishes_there(self, alice, carla, paula, quay, district):
        category = Category.objects.create(name="Port")
        playlist = schedule.create_playlist("Port", user=None)
        schedule.set_auto_fill(playlist, user=None, category="Port", order="newest")
        schedule.save_rule(ScheduleRule(name="Port", playlist=playlist), user=None, groups=[district])
        text = library.save_announcement(user=carla, template="news", title="Loto", label="Port")
        proposals.approve_proposal(proposals.propose_announcement(text, screens=[quay], user=carla), user=paula)
        ScreenGroup.objects.filter(pk=district.pk).update(needs_approval=True)
        category.name = "Quais"
        with pytest.raises(NotPermitted):
            categories.save_category(category, user=alice)
        categories.save_category(category, user=paula)
        playlist.refresh_from_db()
        found = auto_fill.auto_filled_announcements(playlist, ZoneInfo("Europe/Paris"))
        assert [each.label for each in found] == ["Quais"], "its text is still the approved one"


class TestContributors:
    def test_read_their_own_by_the_interface(self, carla, alice, town_hall, square_item):
        own = library.save_announcement(user=carla, template="news", title="Loto")
        upload = Upload.objects.create(name="Secret", uploaded_by=alice, problem="broken")
        api = program(carla)
        found = api.get("/api/v1/announcements").json()["items"]
        assert [each["title"] for each in found] == [own.title]
        for path in (f"announcements/{town_hall.pk}", f"media/{square_item.pk}", f"media/{square_item.pk}/file",
                     f"announcements/{town_hall.pk}/content", f"media/uploads/{upload.pk}"):  # fmt: skip
            assert api.get(f"/api/v1/{path}").status_code == 404, path
        assert api.get("/api/v1/media").json()["count"] == api.get("/api/v1/media/uploads").json()["count"] == 0
        assert api.delete(f"/api/v1/media/uploads/{upload.pk}").status_code == 404
        stolen = api.post("/api/v1/announcements", {"title": "x", "picture": square_item.pk}, "application/json")
        assert stolen.status_code == 422

    def test_read_their_own_on_the_pages(self, client, carla, alice, square_item):
        upload = Upload.objects.create(name="Secret", uploaded_by=alice, problem="broken")
        client.force_login(carla)
        assert "Secret" not in page_text(client.get(reverse("media")))
        for name in ("media-item", "media-delete"):
            assert client.get(reverse(name, args=[square_item.pk])).status_code == 403
        assert client.post(reverse("upload-dismiss", args=[upload.pk])).status_code == 404
        assert "Secret" not in page_text(client.get(reverse("upload-state", args=[upload.pk])))
        assert list(upload_queue.uploads_in_scope(alice)) == [upload]

    @pytest.mark.parametrize("act", ["archive", "restore", "take-off", "put-back"])
    def test_neither_archive_nor_take_off(self, client, carla, act):
        own = library.save_announcement(user=carla, template="news", title="Loto")
        client.force_login(carla)
        assert client.post(reverse(f"announcement-{act}", args=[own.pk])).status_code == 403
        assert program(carla).post(f"/api/v1/announcements/{own.pk}/{act}").status_code == 403


def test_a_program_restores_to_no_screen(alice, harbour):
    announcement_acts.archive_announcements([harbour], user=alice)
    answer = program(alice).post(f"/api/v1/announcements/{harbour.pk}/restore").json()
    assert answer["archived_at"] is None
    assert answer["placement"]["taken_off_at"] is not None


def test_services_of_the_town_ask_who_it_is(alice, town):
    rule = CharterRule(subject="suspended")
    for act in (
        lambda: services.update_town(town, user=alice),
        lambda: services.update_setting(town, "is_try_out", user=alice),
        lambda: charter.save_charter_rule(rule, user=alice),
        lambda: charter.delete_charter_rule(rule, user=alice),
        lambda: subscriptions.save_subscription(WebhookSubscription(), user=alice),
        lambda: subscriptions.delete_subscription(WebhookSubscription(), user=alice),
        lambda: subscriptions.save_public_settings(PublicSettings(town=town), user=alice),
    ):
        with pytest.raises(NotPermitted):
            act()


class TestASecondFactorThatIsDue:
    @pytest.fixture
    def late(self, bob) -> User:
        long_ago = timezone.now() - second_factor.GRACE - dt.timedelta(days=1)
        Town.objects.update(second_factor_since=long_ago)
        User.objects.update(date_joined=long_ago)
        bob.refresh_from_db()
        return bob

    def test_is_asked_of_programs_and_sessions(self, town, late, client):
        client.force_login(late)
        for each in (client, program(late)):
            answer = each.get("/api/v1/announcements")
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:beffroi:problem:second-factor")
            assert each.get("/api/v1/alerts").status_code == 200

    def test_is_fresh_by_its_own_session(self, town, client, bob):
        """Whoever finds a session open waits in vain for its user to sign in elsewhere."""
        client.post(reverse("sign-in"), {"username": "bob", "password": "bob"})
        assert client.get(reverse("second-factor-app")).status_code == 200
        session = client.session
        session[sign_in_flow.SIGNED_IN_KEY] -= 601
        session.save()
        Client().post(reverse("sign-in"), {"username": "bob", "password": "bob"})
        assert client.get(reverse("second-factor-app")).status_code == 302

    def test_is_asked_for_before_a_token_that_takes_every_screen(self, town, client, bob):
        Town.objects.update(second_factor_since=timezone.now())  # within the days of grace
        client.force_login(bob)
        form = {"name": "Sirens", "lifetime": "30"}
        refused = client.post(reverse("api-tokens"), form | {"scopes": ["alerts:broadcast"]})
        assert refused.status_code == 422
        assert "needs a second factor" in page_text(refused)
        assert client.post(reverse("api-tokens"), form | {"scopes": ["alerts:read"]}).status_code == 200
        assert "second-factor-notice" in page_text(client.get(reverse("now")))
        assert [each.scopes for each in ApiToken.objects.all()] == [["alerts:read"]]


def test_a_tag_of_another_category_stays_by_undo(writer_of_culture, town_hall):
    tags.set_tags(town_hall, ["Été"], user=None)
    with pytest.raises(NotPermitted):
        announcement_acts.remove_tag([town_hall], "Été", user=writer_of_culture)
    assert town_hall.tags.exists()


def test_who_signs_in_with_the_account_of_the_town_resets_no_password(alice, bob):
    User.objects.update(email="x@example.org")
    SocialAccount.objects.create(user=alice, provider="town", uid="1")
    assert account_mail.users_named("x@example.org") == [bob]
