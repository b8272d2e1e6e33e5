"""Changes to the library: announcements, images, and the refusals of both."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent, Town
from beffroi_server.library import archive, queries, services
from beffroi_server.library.errors import EditConflict, ItemInUse, NotArchived
from beffroi_server.library.events import announcement_changed
from beffroi_server.library.models import MAX_MORE_IMAGES, Announcement, MediaItem, Video
from beffroi_server.library.town_branding import save_town
from beffroi_server.schedule import services as schedule

pytestmark = pytest.mark.usefixtures("english", "town")


def image(colour: str = "navy") -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (160, 90), colour).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


@pytest.fixture
def square(alice) -> MediaItem:
    """An image in the library."""
    return services.add_image(image(), name="Square", user=alice)


@pytest.fixture
def announced(monkeypatch) -> list[str]:
    """Titles of the announcements of which a change was announced."""
    titles: list[str] = []
    monkeypatch.setattr(announcement_changed, "send", lambda announcement: titles.append(announcement.title))
    return titles


class TestAnnouncements:
    def test_are_created_with_version_1(self, alice, announced):
        made = services.save_announcement(user=alice, title="Piscine", label="Sports")

        saved = Announcement.objects.get()
        assert (saved, saved.version, saved.updated_by) == (made, 1, alice)
        assert announced == ["Piscine"]
        assert AuditEvent.objects.first().action == "announcement-created"

    def test_rise_in_version_and_keep_other_fields(self, announcement, bob, announced):
        services.save_announcement(announcement, user=bob, title="Piscine fermée")

        saved = Announcement.objects.get()
        assert (saved.version, saved.title, saved.label) == (2, "Piscine fermée", "Sports")
        assert announced == ["Piscine fermée"]
        assert AuditEvent.objects.first().action == "announcement-changed"

    def test_of_an_expected_version_are_saved(self, announcement):
        services.save_announcement(announcement, user=None, expected_version=1, title="Second")

        assert Announcement.objects.get().version == 2

    def test_of_an_older_version_name_who_was_faster(self, announcement, alice, bob):
        services.save_announcement(announcement, user=bob, expected_version=1, title="By Bob")

        with pytest.raises(EditConflict, match="bob") as conflict:
            services.save_announcement(announcement, user=alice, expected_version=1, title="By Alice")

        assert conflict.value.current.title == "By Bob"
        assert Announcement.objects.get().title == "By Bob"

    def test_changed_by_the_server_itself_name_nobody(self, announcement):
        services.save_announcement(announcement, user=None, title="By nobody")

        with pytest.raises(EditConflict, match="someone"):
            services.save_announcement(announcement, user=None, expected_version=1, title="x")

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"title": ""}, "title"),
            ({"title": "x" * 201}, "title"),
            ({"template": "sonnet"}, "template"),
            ({"link": "javascript:alert(1)"}, "link"),
            ({"link": "ftp://example.org/"}, "link"),
            ({"template": "countdown"}, "__all__"),
            ({"template": "ticker", "body": ""}, "__all__"),
            ({"template": "poll", "body": "Yes"}, "__all__"),
            ({"template": "weather"}, "__all__"),
        ],
    )
    def test_that_cannot_be_shown_are_refused_and_change_nothing(self, announcement, announced, values, field):
        with pytest.raises(ValidationError) as refused:
            services.save_announcement(announcement, user=None, **values)

        assert field in getattr(refused.value, "message_dict", {"__all__": []})
        assert Announcement.objects.get().version == 1
        assert announced == []

    def test_have_further_images_in_number_limited(self, announcement, square):
        items = [square, *(services.add_image(image(f"#{n:02x}0000"), name=f"{n}", user=None) for n in range(14))]

        services.save_announcement(announcement, user=None, more_pictures=items)

        saved = Announcement.objects.get()
        assert len(saved.further_images()) == MAX_MORE_IMAGES
        assert len(saved.to_content("UTC").pictures) == MAX_MORE_IMAGES

    def test_of_a_form_show_the_images_that_are_chosen_there(self, announcement, square):
        announcement.chosen_images = [square]

        assert announcement.further_images() == [square]
        assert Announcement.objects.get().further_images() == []
        assert Announcement(title="New").further_images() == []

    def test_in_use_cannot_be_deleted(self, announcement, playlist, announced):
        with pytest.raises(NotArchived, match="Archive it before"):
            services.delete_announcement(announcement, user=None)

        assert Announcement.objects.exists()
        assert announced == []

    def test_are_deleted_from_the_archive_and_leave_their_name(self, announcement, playlist, alice, paula, announced):
        archive.archive_announcements([announcement], user=alice)
        announced.clear()
        source = f"announcement-{announcement.pk}"
        with pytest.raises(NotPermitted):
            services.delete_announcement(announcement, user=alice)
        services.delete_announcement(announcement, user=paula)

        assert queries.names_of_deleted([source]) == {source: "La piscine rouvre lundi"}
        assert not Announcement.objects.exists()
        assert announced == ["La piscine rouvre lundi"]
        assert AuditEvent.objects.first().action == "announcement-deleted"


class TestImages:
    def test_are_renamed_and_described(self, square, bob):
        services.update_image(square, user=bob, name="Place", description="La place du marché")

        saved = MediaItem.objects.get()
        assert (saved.name, saved.description) == ("Place", "La place du marché")
        assert AuditEvent.objects.first().actor == "bob"

    @pytest.mark.parametrize("values", [{"name": ""}, {"name": "x" * 121}, {"description": "x" * 201}])
    def test_keep_their_name_when_another_is_not_valid(self, square, values):
        given = {"name": "Place", "description": ""} | values

        with pytest.raises(ValidationError):
            services.update_image(square, user=None, **given)

        assert MediaItem.objects.get().name == "Square"

    def test_are_deleted_when_nothing_shows_them(self, square, alice):
        services.delete_image(square, user=alice)

        assert not MediaItem.objects.exists()
        event = AuditEvent.objects.first()
        assert (event.action, event.detail["sha256"]) == ("picture-deleted", square.picture_id)

    @pytest.mark.parametrize("place", ["playlist", "picture", "more_pictures", "logo"])
    def test_are_not_deleted_while_something_shows_them(self, square, announcement, place):
        if place == "playlist":
            shown = schedule.create_playlist("Photos", user=None)
            schedule.add_entry(shown, media=square, user=None)
            name = "Photos"
        elif place == "logo":
            save_town(Town.objects.get(), logo=square, user=None)
            name = "Saint-Aubin"
        else:
            services.save_announcement(announcement, user=None, **{place: square if place == "picture" else [square]})
            name = announcement.title

        with pytest.raises(ItemInUse) as refused:
            services.delete_image(square, user=None)

        assert refused.value.places == (name,)
        assert queries.places_showing_image(square) == [name]
        assert MediaItem.objects.exists()

    def test_that_are_not_videos_have_none(self, square):
        assert square.video_details is None
        assert not Video.objects.exists()


class TestVideoState:
    @pytest.mark.parametrize(
        ("values", "is_waiting"),
        [({}, True), ({"problem": "too-complex"}, False), ({"progress": 50}, True)],
    )
    def test_is_waiting_until_it_is_converted_or_refused(self, square, values, is_waiting):
        assert Video.objects.create(item=square, duration_ms=1000, **values).is_waiting is is_waiting

    def test_is_finished_with_its_file(self, square):
        assert not Video.objects.create(item=square, duration_ms=1000, converted=square.picture).is_waiting

    @pytest.mark.parametrize(("duration_ms", "seconds"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (599_999, 600)])
    def test_counts_seconds_upwards(self, duration_ms, seconds):
        assert Video(duration_ms=duration_ms).seconds == seconds
