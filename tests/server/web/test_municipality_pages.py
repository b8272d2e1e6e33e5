"""Pages of a server that several municipalities share: whose content lists show, who administers whom, and alerts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.alerts.models import Alert, Scenario
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library import library_scopes, town_branding
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import placements
from beffroi_server.schedule.models import Playlist

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def villages(town, full_hd, keyring) -> dict[str, Municipality]:
    """Lavau and Rouilly, with a screen each."""
    made = {}
    for name in ("Lavau", "Rouilly"):
        screen = Screen.objects.create(slug=name.lower(), name=f"Screen of {name}", screen_class=full_hd)
        made[name] = Municipality(name=name)
        town_branding.save_municipality(made[name], logo=None, screens=[screen], user=None)
    return made


def user_of(role: UserRole, *villages: Municipality, name: str = "") -> User:
    user = accounts.create_user(name or role.value, role, is_limited_to_groups=bool(villages))
    user.scope_groups.set([village.group for village in villages])
    return user


def browser(user: User) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


def page(client: Client, name: str, *keys: object) -> str:
    answer = client.get(reverse(name, args=keys))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_single_town_sees_nothing_of_municipalities(as_dora, town, district):
    assert "municipalit" not in page(as_dora, "announcement-new")
    assert "municipalit" not in page(as_dora, "now")
    assert UserRole.LOCAL_ADMINISTRATOR not in page(as_dora, "user-add")


class TestWorkingFor:
    def test_several_narrows_lists_and_owns_what_is_written(self, villages):
        serge = user_of(UserRole.EDITOR, *villages.values())
        for name, village in villages.items():
            library.save_announcement(user=None, title=f"News of {name}", municipality=village)
        library.save_announcement(user=None, title="News for all")
        client = browser(serge)

        shown = page(client, "announcements")
        assert "News of Lavau" in shown
        assert "News for all" in shown
        assert "News of Rouilly" not in shown

        chosen = client.post(
            reverse("municipality-choose"), {"municipality": villages["Rouilly"].pk, "next": "/media/"}
        )
        assert chosen.url == "/media/"
        assert "News of Rouilly" in page(client, "announcements")
        client.post(reverse("playlists"), {"name": "Ours"})
        values = {"template": "news", "title": "Written", "municipality": villages["Rouilly"].pk}
        client.post(reverse("announcement-new"), values)
        assert Announcement.objects.get(title="Written").municipality == villages["Rouilly"]

    def test_one_that_is_not_served_is_not_chosen(self, villages):
        ines = user_of(UserRole.EDITOR, villages["Lavau"])
        theirs = library.save_announcement(user=None, title="News of Rouilly", municipality=villages["Rouilly"])
        client = browser(ines)

        client.post(reverse("municipality-choose"), {"municipality": villages["Rouilly"].pk})

        assert "News of Rouilly" not in page(client, "announcements")
        assert client.get(reverse("announcement", args=[theirs.pk])).status_code == 403

    def test_all_of_them_offers_each_and_draws_previews_as_its_screens_do(self, villages, alice, full_hd):
        town_branding.save_municipality(villages["Lavau"], logo=None, user=None)
        client = browser(alice)

        client.post(reverse("municipality-choose"), {"municipality": villages["Lavau"].pk})
        form = page(client, "announcement-new")

        assert f'<option value="{villages["Lavau"].pk}" selected>Lavau</option>' in form


def test_a_shared_announcement_is_placed_on_the_own_screens_from_its_page(villages, alice):
    shared = library.save_announcement(user=alice, title="Waste")
    placements.place_announcement(shared, groups=[villages["Rouilly"].group], user=alice)
    client = browser(user_of(UserRole.EDITOR, villages["Lavau"]))

    shown = page(client, "announcement", shared.pk)
    assert "Screen of Lavau" in shown
    assert "Screen of Rouilly" not in shown
    assert 'name="title"' not in shown
    client.post(reverse("announcement", args=[shared.pk]), {"groups": villages["Lavau"].group.pk})

    assert set(shared.placement.groups.all()) == {village.group for village in villages.values()}


class TestLocalAdministrators:
    def test_invite_and_manage_the_users_of_their_municipality(self, villages, alice, dora):
        local = user_of(UserRole.LOCAL_ADMINISTRATOR, villages["Lavau"])
        theirs = user_of(UserRole.EDITOR, villages["Rouilly"], name="colin")
        both = user_of(UserRole.EDITOR, *villages.values(), name="serge")
        client = browser(local)

        values = {"username": "ines", "role": "editor", "groups": villages["Lavau"].group.pk}
        assert client.post(reverse("user-add"), values).status_code == 200
        ines = User.objects.get(username="ines")
        assert list(ines.scope_groups.all()) == [villages["Lavau"].group]
        assert ines.is_limited_to_groups

        listed = page(client, "users")
        assert "ines" in listed
        assert "colin" not in listed
        assert "serge" not in listed
        assert "dora" not in listed
        for other in (theirs, both, alice, dora):
            assert client.get(reverse("user", args=[other.pk])).status_code == 404
            assert client.post(reverse("user-link", args=[other.pk])).status_code == 404
        assert client.post(reverse("user-emergency-code", args=[ines.pk])).status_code == 403

    def test_give_neither_more_than_they_have_nor_make_administrators(self, villages, dora):
        local = user_of(UserRole.LOCAL_ADMINISTRATOR, villages["Lavau"])
        ines = user_of(UserRole.EDITOR, villages["Lavau"])

        for groups in ([], [villages["Rouilly"].group], list(ScreenGroup.objects.all())):
            with pytest.raises(NotPermitted):
                library_scopes.set_scope(ines, groups=groups, categories=[], actor=local)
        with pytest.raises(NotPermitted):
            accounts.create_user("eve", UserRole.ADMINISTRATOR, actor=local)
        ines.role = UserRole.ADMINISTRATOR
        with pytest.raises(NotPermitted):
            accounts.update_user(ines, actor=local)
        dora.is_active = False
        with pytest.raises(NotPermitted):
            accounts.update_user(dora, actor=local)

    def test_change_their_municipality_and_no_other(self, villages):
        client = browser(user_of(UserRole.LOCAL_ADMINISTRATOR, villages["Lavau"]))
        values = {"name": "Lavau-les-Bains", "colour": "#7a1f3d"}

        assert client.post(reverse("municipality", args=[villages["Lavau"].pk]), values).status_code == 302
        assert client.post(reverse("municipality", args=[villages["Rouilly"].pk]), values).status_code == 404
        assert client.get(reverse("municipality-add")).status_code == 403
        assert client.get(reverse("town")).status_code == 403
        assert client.get(reverse("audit")).status_code == 403
        villages["Lavau"].refresh_from_db()
        assert villages["Lavau"].name == villages["Lavau"].group.name == "Lavau-les-Bains"
        assert villages["Lavau"].group.screens.count() == 1


class TestAlerts:
    def test_of_a_municipality_begin_with_its_screens_and_its_name(self, villages):
        everywhere = Scenario.objects.create(name="Flood", title="Flood", source="Saint-Aubin", everywhere=True)
        client = browser(user_of(UserRole.OFFICER, villages["Lavau"]))

        assert "Flood" in page(client, "alert-choose")
        form = client.get(reverse("alert-new"), {"scenario": everywhere.pk}).context["form"]

        assert form.initial["source"] == "Lavau"
        assert form.initial["groups"] == [villages["Lavau"].group]
        assert form.initial["everywhere"] is False

    def test_of_all_are_followed_on_the_pages_of_each(self, villages, bob):
        browser(bob).post(
            reverse("alert-new"),
            {"level": "alert", "status": "actual", "title": "Flood", "source": "x", "everywhere": "on",
             "duration_min": 30, "all_clear_s": 60, "token": "7c9f2b54-3f4b-4e0e-9a53-8b3a0f0a2d10"},
        )  # fmt: skip
        alert = Alert.objects.get()
        client = browser(user_of(UserRole.VIEWER, villages["Lavau"]))

        assert "Flood" in page(client, "now")
        assert "Screen of Lavau" in page(client, "alert", alert.pk)


class TestAddressesWithTheKeyOfAnother:
    """Keys are counted up, so anybody can try the next one."""

    def test_show_nothing_of_a_playlist_whatever_is_sent(self, villages):
        theirs = Playlist.objects.create(name="Loto of Rouilly", municipality=villages["Rouilly"])
        client = browser(user_of(UserRole.EDITOR, villages["Lavau"]))

        assert client.post(reverse("playlist-rename", args=[theirs.pk]), {"name": ""}).status_code == 403
        assert client.post(reverse("playlist-fill", args=[theirs.pk]), {"order": "?"}).status_code == 403
        assert client.get(reverse("playlist-delete", args=[theirs.pk])).status_code == 403
        assert "Loto of" not in client.get(reverse("rule-new"), {"playlist": theirs.pk}).content.decode()

    def test_show_nothing_of_a_feed_a_scenario_or_a_draft(self, villages):
        feed = Feed.objects.create(name="Agenda of Rouilly", kind="calendar", municipality=villages["Rouilly"])
        scenario = Scenario.objects.create(name="Dam", title="The dam breaks", source="Rouilly", everywhere=False)
        scenario.groups.add(villages["Rouilly"].group)
        draft = library.save_announcement(user=None, title="Draft of Rouilly", municipality=villages["Rouilly"])
        client = browser(user_of(UserRole.LOCAL_ADMINISTRATOR, villages["Lavau"]))

        assert "Agenda of" not in client.get(reverse("announcement-new"), {"feed": feed.pk}).content.decode()
        assert client.get(reverse("scenario", args=[scenario.pk])).status_code == 403
        assert client.get(reverse("scenario-delete", args=[scenario.pk])).status_code == 403
        assert client.get(reverse("alert-new"), {"scenario": scenario.pk}).status_code == 404
        assert client.get(reverse("thumbnail", args=[draft.pk])).status_code == 404
