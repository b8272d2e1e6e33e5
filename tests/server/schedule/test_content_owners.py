"""Whose content it is: people of a municipality, their colleagues of another one, and those who work for all.

Ines writes for Lavau, Colin for Rouilly, Alice for the intercommunality. Oscar has a district of the intercommunality
and works for no municipality.
"""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.utils import timezone
from PIL import Image

from beffroi_server.accounts import services as accounts
from beffroi_server.accounts import undo
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.fleet import services as fleet
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library import library_scopes, tags, town_branding, upload_queue
from beffroi_server.library import services as library
from beffroi_server.library.errors import AlreadyInLibrary
from beffroi_server.library.models import Announcement, Category, MediaItem, Tag
from beffroi_server.schedule import announcement_acts, placements, proposals, publish_permissions, services
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.models import Playlist, ScheduleRule


@pytest.fixture
def screens(town, full_hd) -> dict[str, Screen]:
    """One screen in each of two municipalities, and one of the intercommunality."""
    made = {
        name: Screen.objects.create(slug=name, name=name.title(), screen_class=full_hd)
        for name in ("lavau", "rouilly", "pool")
    }
    for name in ("Lavau", "Rouilly"):
        town_branding.save_municipality(Municipality(name=name), logo=None, screens=[made[name.lower()]], user=None)
    return made


def writer(name: str, *groups: ScreenGroup, role: UserRole = UserRole.EDITOR) -> User:
    user = accounts.create_user(name, role, is_limited_to_groups=bool(groups))
    user.scope_groups.set(groups)
    return user


@pytest.fixture
def ines(screens) -> User:
    return writer("ines", Municipality.objects.get(name="Lavau").group)


@pytest.fixture
def colin(screens) -> User:
    return writer("colin", Municipality.objects.get(name="Rouilly").group)


@pytest.fixture
def oscar(screens, district) -> User:
    return writer("oscar", district)


def titles(user: User) -> set[str]:
    return set(library_scopes.announcements_in_scope(Announcement.objects.all(), user).values_list("title", flat=True))


def shown(screen: Screen) -> set[str]:
    return {slide.name for playlist in load_inputs(screen).playlists for slide in playlist.slides}


class TestAnnouncements:
    def test_are_seen_by_their_own_people_and_shared_ones_by_all(self, ines, colin, oscar, alice):
        for user, title in ((ines, "Fête de Lavau"), (colin, "Loto de Rouilly"), (alice, "Tri des déchets")):
            library.save_announcement(user=user, title=title)

        assert titles(ines) == {"Fête de Lavau", "Tri des déchets"}
        assert titles(colin) == {"Loto de Rouilly", "Tri des déchets"}
        assert titles(oscar) == {"Tri des déchets"}
        assert titles(alice) == {"Fête de Lavau", "Loto de Rouilly", "Tri des déchets"}

    def test_are_changed_by_their_own_people_and_those_who_work_for_all(self, ines, colin, oscar, alice):
        ours = library.save_announcement(user=ines, title="Fête de Lavau")
        shared = library.save_announcement(user=alice, title="Tri des déchets")

        for user, row in ((colin, ours), (oscar, ours), (ines, shared), (colin, shared)):
            with pytest.raises(NotPermitted):
                library.save_announcement(row, user=user, title="Autre")
            with pytest.raises(NotPermitted):
                placements.take_off_screens([row], user=user)
        for user, row in ((ines, ours), (alice, ours), (alice, shared), (oscar, shared)):
            library.save_announcement(row, user=user, title=row.title)

    def test_are_neither_given_to_others_nor_shared_by_their_own_people(self, ines, alice):
        rouilly = Municipality.objects.get(name="Rouilly")
        ours = library.save_announcement(user=ines, title="Fête de Lavau")

        for owner in (rouilly, None):
            with pytest.raises(NotPermitted):
                library.save_announcement(ours, user=ines, municipality=owner)
            with pytest.raises(NotPermitted):
                library.save_announcement(user=ines, title="Autre", municipality=owner)
        assert library.save_announcement(ours, user=alice, municipality=None).municipality is None

    def test_of_who_serves_several_belong_to_the_one_that_is_chosen(self, screens):
        several = writer("serge", *ScreenGroup.objects.filter(municipality__isnull=False))
        rouilly = Municipality.objects.get(name="Rouilly")

        assert str(library.save_announcement(user=several, title="Un").municipality) == "Lavau"
        assert library.save_announcement(user=several, title="Deux", municipality=rouilly).municipality == rouilly
        assert titles(several) == {"Un", "Deux"}

    def test_of_others_are_not_placed(self, ines, colin, screens):
        ours = library.save_announcement(user=ines, title="Fête de Lavau")

        with pytest.raises(NotPermitted):
            placements.place_announcement(ours, screens=[screens["rouilly"]], user=colin)
        with pytest.raises(NotPermitted):
            placements.place_announcement(ours, screens=[screens["rouilly"]], user=ines)


class TestSharedAnnouncements:
    @pytest.fixture
    def shared(self, alice) -> Announcement:
        return library.save_announcement(user=alice, title="Tri des déchets")

    def test_are_placed_by_each_municipality_on_its_own_screens(self, shared, ines, colin, alice, screens):
        until = timezone.now() + dt.timedelta(days=3)
        placements.place_announcement(shared, screens=[screens["pool"]], ends_at=until, user=alice)

        placements.place_announcement(shared, screens=[screens["lavau"]], user=ines)
        placed = placements.place_announcement(shared, groups=[colin.scope_groups.get()], user=colin)

        assert all("Tri des déchets" in shown(screen) for screen in screens.values())
        assert placed.ends_at == until

        placements.place_announcement(shared, user=ines)
        assert {name for name, screen in screens.items() if shown(screen)} == {"pool", "rouilly"}

    def test_can_be_undone_by_who_placed_them(self, shared, ines, alice, screens):
        placements.place_announcement(shared, screens=[screens["pool"]], user=alice)
        values = announcement_acts.PlacementValues(screens=[screens["lavau"]])

        entry = announcement_acts.place([shared], values, user=ines)
        assert {name for name, screen in screens.items() if shown(screen)} == {"pool", "lavau"}

        assert entry is not None
        undo.undo_act(entry.pk, ines)
        assert {name for name, screen in screens.items() if shown(screen)} == {"pool"}

    def test_are_not_placed_beyond_the_own_screens(self, shared, ines, screens):
        for targets in ({"everywhere": True}, {"screens": [screens["rouilly"]]}, {"screens": [screens["pool"]]}):
            with pytest.raises(NotPermitted):
                placements.place_announcement(shared, user=ines, **targets)

    def test_that_are_on_all_screens_stay_there(self, shared, ines, alice, screens):
        placements.place_announcement(shared, everywhere=True, user=alice)

        with pytest.raises(NotPermitted):
            placements.place_announcement(shared, user=ines)
        assert all(shown(screen) for screen in screens.values())


class TestPlaylists:
    def test_take_up_by_their_category_what_is_shared_or_of_their_owner(self, ines, alice, screens):
        # By somebody who publishes everywhere, so that nothing but its owner keeps it away.
        for owner in (*Municipality.objects.all(), None):
            library.save_announcement(user=alice, title=str(owner or "shared"), municipality=owner, label="Sports")
        for user, name in ((ines, "lavau"), (alice, "pool")):
            playlist = services.create_playlist(name, user=user)
            services.set_auto_fill(playlist, user=user, category="Sports", order="listed")
            services.save_rule(ScheduleRule(name=name, playlist=playlist), user=user, screens=[screens[name]])

        assert shown(screens["lavau"]) == {"Lavau", "shared"}
        assert shown(screens["pool"]) == {"shared"}

    def test_that_are_shared_are_shown_by_each_municipality_and_changed_by_none(self, ines, colin, alice, screens):
        shared, ours = services.create_playlist("Shared", user=alice), services.create_playlist("Ours", user=ines)
        services.save_rule(ScheduleRule(name="All", playlist=shared, everywhere=True), user=alice)

        assert set(publish_permissions.playlists_of(Playlist.objects.all(), ines)) == {shared, ours}
        assert set(publish_permissions.playlists_of(Playlist.objects.all(), colin)) == {shared}
        with pytest.raises(NotPermitted):
            services.rename_playlist(shared, "Mine", user=ines)
        with pytest.raises(NotPermitted):
            services.rename_playlist(ours, "Mine", user=colin)
        services.save_rule(ScheduleRule(name="Here", playlist=shared), user=ines, screens=[screens["lavau"]])
        with pytest.raises(NotPermitted):
            services.save_rule(ScheduleRule(name="Here", playlist=ours), user=colin, screens=[screens["rouilly"]])

    def test_list_what_their_writer_sees(self, ines, colin, alice):
        theirs = library.save_announcement(user=colin, title="Loto de Rouilly")
        playlist = services.create_playlist("Ours", user=ines)

        with pytest.raises(NotPermitted):
            services.add_entry(playlist, announcement=theirs, user=ines)
        services.add_entry(playlist, announcement=theirs, user=alice)


def test_agendas_list_events_that_are_shared_or_of_their_owner(ines, colin, alice, screens):
    starts = timezone.now() + dt.timedelta(days=2)
    for user in (ines, colin, alice):
        library.save_announcement(user=user, title=user.username, template="event", starts=starts)
    agenda = library.save_announcement(user=ines, title="Agenda", template="agenda")
    placements.place_announcement(agenda, screens=[screens["lavau"]], user=ines)

    (playlist,) = load_inputs(screens["lavau"]).playlists
    (slide,) = playlist.slides
    assert {event.title for event in slide.content.widget.events} == {"ines", "alice"}


def test_images_are_described_by_their_own_people_and_those_who_work_for_all(square_item, ines, colin, alice):
    lavau = Municipality.objects.get(name="Lavau")
    MediaItem.objects.update(municipality=lavau)
    square_item.refresh_from_db()

    assert library_scopes.media_in_scope(MediaItem.objects.all(), ines).exists()
    assert not library_scopes.media_in_scope(MediaItem.objects.all(), colin).exists()
    with pytest.raises(NotPermitted):
        library.update_image(square_item, user=colin, name="Mine", description="")
    library.update_image(square_item, user=ines, name="Place", description="")


class TestWhatOthersHaveStays:
    """What somebody of a municipality might change of another one by a way round."""

    @pytest.fixture
    def shared(self, alice) -> Announcement:
        return library.save_announcement(user=alice, title="Tri des déchets")

    def test_screens_in_the_groups_beyond_the_own_scope(self, screens, district):
        lavau, rouilly = (Municipality.objects.get(name=name).group for name in ("Lavau", "Rouilly"))
        installer, screen = writer("tom", district, role=UserRole.TECHNICIAN), screens["lavau"]
        screen.groups.add(district)

        with pytest.raises(NotPermitted):
            fleet.save_screen(screen, user=installer, groups=[district, rouilly])
        fleet.save_screen(screen, user=installer, groups=[district])
        assert set(screen.groups.all()) == {lavau, district}

    def test_proposals_of_a_shared_announcement(self, shared, ines, colin):
        ScreenGroup.objects.filter(municipality__isnull=False).update(needs_approval=True)
        waiting = proposals.propose_announcement(shared, groups=ines.scope_groups.all(), user=ines)

        with pytest.raises(NotPermitted):
            proposals.propose_announcement(shared, groups=colin.scope_groups.all(), user=colin)
        with pytest.raises(NotPermitted):
            proposals.withdraw_proposal(waiting, user=colin)
        assert set(waiting.groups.all()) == set(ines.scope_groups.all())
        proposals.withdraw_proposal(waiting, user=ines)

    def test_tags_on_what_they_write(self, shared, ines, colin):
        ours = library.save_announcement(user=ines, title="Fête de Lavau")
        tags.set_tags(ours, ["Fête"], user=ines)
        tag = Tag.objects.get()

        with pytest.raises(NotPermitted):
            tags.rename_tag(tag, "Autre", user=colin)
        with pytest.raises(NotPermitted):
            tags.delete_tag(tag, user=colin)
        assert tags.rename_tag(tag, "Fêtes", user=ines).name == "Fêtes"

    def test_images_that_somebody_uploaded_before_changing_to_another_municipality(self, ines):
        buffer = io.BytesIO()
        Image.new("RGB", (64, 48), "navy").save(buffer, "PNG")
        item = library.add_image(io.BytesIO(buffer.getvalue()), name="Place", user=ines)
        moved = writer("ida", Municipality.objects.get(name="Rouilly").group)
        MediaItem.objects.update(uploaded_by=moved)
        item.refresh_from_db()

        with pytest.raises(NotPermitted):
            library.delete_image(item, user=moved)

    def test_the_end_of_a_shared_announcement_on_their_screens(self, shared, ines, alice, screens):
        until = timezone.now() + dt.timedelta(days=3)
        placements.place_announcement(shared, screens=[screens["lavau"], screens["pool"]], ends_at=until, user=alice)

        with pytest.raises(NotPermitted, match="Tri des déchets"):
            announcement_acts.extend([shared], until + dt.timedelta(days=9), user=ines)

    def test_files_they_uploaded_which_do_not_keep_the_same_file_from_others(self, ines, colin):
        buffer = io.BytesIO()
        Image.new("RGB", (64, 48), "teal").save(buffer, "PNG")
        ours = upload_queue.enqueue_upload(io.BytesIO(buffer.getvalue()), name="Blason", user=ines)

        assert not upload_queue.uploads_in_scope(colin).exists()
        theirs = upload_queue.enqueue_upload(io.BytesIO(buffer.getvalue()), name="Blason", user=colin)
        assert theirs.pk != ours.pk
        queue = upload_queue.UploadQueue()
        assert queue.process_next()
        assert queue.process_next()
        assert {str(item.municipality) for item in MediaItem.objects.all()} == {"Lavau", "Rouilly"}
        with pytest.raises(AlreadyInLibrary):
            upload_queue.enqueue_upload(io.BytesIO(buffer.getvalue()), name="Blason", user=ines)


def test_local_administrators_write_for_every_category_since_they_manage_people_of_all(screens):
    lavau = Municipality.objects.get(name="Lavau").group
    local = writer("lea", lavau, role=UserRole.LOCAL_ADMINISTRATOR)

    library_scopes.set_scope(local, groups=[lavau], categories=[Category.objects.create(name="Sports")], actor=None)

    assert not local.is_limited_to_categories


def test_agendas_list_what_contributors_write_once_it_is_approved(screens, carla, alice):
    starts = timezone.now() + dt.timedelta(days=2)
    event = library.save_announcement(user=carla, title="Loto", template="event", starts=starts)
    agenda = library.save_announcement(user=alice, title="Agenda", template="agenda")
    placements.place_announcement(agenda, screens=[screens["pool"]], user=alice)

    def listed() -> list[str]:
        (playlist,) = load_inputs(screens["pool"]).playlists
        (slide,) = [each for each in playlist.slides if each.name == "Agenda"]
        return [each.title for each in slide.content.widget.events]

    assert listed() == []
    proposals.approve_proposal(proposals.propose_announcement(event, screens=[screens["pool"]], user=carla), user=alice)
    assert listed() == ["Loto"]
