"""Cards of screens: filters, images, and what is said while there is no programme."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.utils import timezone
from PIL import Image
from tests.support.pages import page_text

from beffroi_server.fleet.models import Screen, ScreenGroup, ScreenState
from beffroi_server.fleet.screenshots import screenshot_path
from beffroi_server.fleet.slugs import RESERVED_SLUGS, free_slug
from beffroi_server.monitoring import screen_overview
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.monitoring.screen_selection import filter_screens
from beffroi_server.web.fleet.screen_cards import build_card, upcoming_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def overviews(hall, quay):
    return screen_overview.overview_all(timezone.now())


@pytest.mark.parametrize(
    ("filters", "slugs"),
    [
        ({}, {"hall", "quay"}),
        ({"search": "TOWN"}, {"hall"}),
        ({"search": "rue du port"}, {"quay"}),
        ({"search": "nowhere"}, set()),
        ({"group": "harbour"}, {"quay"}),
        ({"group": "other"}, set()),
        ({"group": "harbour", "search": "hall"}, set()),
        ({"state": "new"}, {"hall", "quay"}),
        ({"state": "right"}, set()),
    ],
)
def test_screens_are_filtered_by_words_group_and_state(overviews, filters, slugs):
    assert {each.screen.slug for each in filter_screens(overviews, **filters)} == slugs


class TestCards:
    def test_of_a_screen_with_a_programme_says_what_is_on_and_what_follows(self, keyring, playlist, hall):
        card = build_card(screen_overview.overview_screen(hall, timezone.now()), timezone.now())
        assert card.on_now == "La piscine rouvre lundi"
        assert "All day" in card.reason
        assert (card.problem, card.live_at, card.screen) == ("", None, hall)

    def test_changes_its_mark_with_the_image_only(self, keyring, playlist, hall, announcement):
        now = timezone.now()
        overview = screen_overview.overview_screen(hall, now)
        first, again = build_card(overview, now), build_card(overview, now + dt.timedelta(seconds=1))
        assert first.image_mark == again.image_mark
        assert first.image_mark
        assert build_card(screen_overview.overview_screen(hall, now), now).image_mark == first.image_mark

    def test_of_a_screen_whose_programme_cannot_be_compiled_says_why(self, as_alice, keyring, playlist, quay):
        announcement = playlist.entries.get().announcement
        announcement.body = "Un texte bien trop long. " * 190
        announcement.save()
        assert upcoming_changes(quay, timezone.now(), 3, ExpectedContents([quay])) is not None
        assert "Cannot be shown here" in page_text(as_alice.get("/screens/quay/problems/"))

    def test_without_anything_scheduled_the_town_is_shown(self, keyring, hall):
        card = build_card(screen_overview.overview_screen(hall, timezone.now()), timezone.now())
        assert card.problem == ""
        assert "name of the town" in card.reason or "nom de la commune" in card.reason

    def test_the_next_changes_are_in_order(self, keyring, playlist, hall):
        now = timezone.now()
        changes = upcoming_changes(hall, now, 4, ExpectedContents([hall]))
        instants = [change["at"] for change in changes]
        assert instants == sorted(instants)
        assert len(changes) <= 4


class TestScreenshots:
    def save(self, screen: Screen) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (64, 36), "navy").save(buffer, "JPEG")
        path = screenshot_path(screen.slug)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())
        return buffer.getvalue()

    def test_are_returned_once_for_each_version(self, as_alice, hall):
        assert as_alice.get("/screens/hall/screenshot.jpg").status_code == 404
        first = self.save(hall)
        answer = as_alice.get("/screens/hall/screenshot.jpg")
        assert (answer.content, answer.headers["Content-Type"]) == (first, "image/jpeg")
        again = as_alice.get("/screens/hall/screenshot.jpg", headers={"if-none-match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_of_a_screen_that_reports_nothing_are_not_shown_as_live(self, keyring, playlist, hall):
        self.save(hall)
        ScreenState.objects.create(screen=hall, online=False)
        card = build_card(screen_overview.overview_screen(hall, timezone.now()), timezone.now())
        assert card.live_at is None


class TestExpectedFrames:
    def test_are_smaller_for_a_card(self, as_alice, keyring, playlist, hall):
        whole, small = as_alice.get("/screens/hall/expected.png"), as_alice.get("/screens/hall/expected.png?small=1")
        assert Image.open(io.BytesIO(whole.content)).size == (1920, 1080)
        assert Image.open(io.BytesIO(small.content)).size == (640, 360)
        assert whole.headers["ETag"] != small.headers["ETag"]

    def test_of_an_unknown_screen_there_are_none(self, as_alice):
        for name in ("expected.png", "screenshot.jpg", "capture.png"):
            assert as_alice.get(f"/screens/nowhere/{name}").status_code == 404


class TestIdentifiers:
    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("Place du Marché", "place-du-marche"),
            ("École  n° 2", "ecole-n-2"),
            ("???", "screen"),
            ("ADD", "add-2"),
            ("new", "new-2"),
            ("x" * 80, "x" * 36),
            ("-a-", "a"),
        ],
    )
    def test_are_made_of_the_name(self, name, slug):
        assert free_slug(Screen, name) == slug

    def test_are_free(self, hall, full_hd):
        assert free_slug(Screen, "Hall") == "hall-2"
        Screen.objects.create(slug="hall-2", name="Hall", screen_class=full_hd)
        assert free_slug(Screen, "Hall") == "hall-3"

    def test_of_groups_are_apart_from_those_of_screens(self, hall):
        assert free_slug(ScreenGroup, "Hall") == "hall"

    def test_are_never_the_address_of_a_page(self, as_charlie):
        for slug in RESERVED_SLUGS:
            assert free_slug(Screen, slug) != slug
