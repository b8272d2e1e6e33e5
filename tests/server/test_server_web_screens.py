"""Screens, their classes and groups, and what is on now, as people meet them."""

from __future__ import annotations

import hashlib
import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from beffroi_content.raster import image_digest
from beffroi_server.broadcast.models import Outgoing
from beffroi_server.programme import now as expected
from beffroi_server.programme import publication
from beffroi_server.screens import services
from beffroi_server.screens.models import Group, Screen, ScreenClass, ScreenState
from beffroi_server.screens.queries import screenshot_path


@pytest.fixture
def client(town) -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en")


@pytest.fixture
def as_charlie(client, charlie) -> Client:
    client.force_login(charlie)
    return client


@pytest.fixture
def as_alice(client, alice) -> Client:
    client.force_login(alice)
    return client


def text(answer) -> str:
    return answer.content.decode()


def report(screen: Screen, digest: str, **more: object) -> None:
    """Let a screen say that it has everything and shows a picture."""
    at = round(timezone.now().timestamp() * 1000)
    heads = {row.topic: row.sequence for row in Outgoing.objects.filter(retained=True)}
    programme = next(sequence for topic, sequence in heads.items() if topic.endswith(f"s-{screen.slug}/programme"))
    alerts = {"/".join(topic.split("/")[4:]): heads[topic] for topic in heads if topic.endswith("/alerts")}
    said = {
        "boot": "boot1", "number": 1, "at_ms": at, "clock": "trusted", "link": "live", "programme": programme,
        "alerts": alerts, "presented_at_ms": at, "frame": digest, **more,
    }  # fmt: skip
    Screen.objects.filter(pk=screen.pk).update(enrolled_at=timezone.now())
    ScreenState.objects.update_or_create(
        screen=screen, defaults={"online": True, "seen_at": timezone.now(), "report": said}
    )


@pytest.fixture
def shown(keyring, playlist, hall):
    """The screen in the hall shows what it must, and said so."""
    publication.publish(hall)
    hall.refresh_from_db()
    report(hall, expected.expected_picture(hall, timezone.now())[1])
    return hall


class TestNow:
    def test_says_what_is_on_and_why(self, as_alice, shown):
        page = text(as_alice.get("/"))
        assert "La piscine rouvre lundi" in page
        assert "Rule “All day”, playlist “Everywhere”." in page
        assert "The screen shows what it must." in page

    def test_vouches_for_a_glass_that_is_equal_to_the_pixel(self, as_alice, shown):
        assert "equal to the pixel" in text(as_alice.get("/"))

    def test_does_not_vouch_for_another_picture(self, as_alice, shown):
        report(shown, hashlib.sha256(b"something else").hexdigest())
        page = text(as_alice.get("/"))
        assert "equal to the pixel" not in page
        assert "is not what it must be" in page

    def test_shows_the_picture_of_the_glass_when_there_is_one(self, as_alice, shown):
        assert "What it must show" in text(as_alice.get("/"))
        path = screenshot_path(shown.slug)
        path.parent.mkdir(parents=True)
        Image.new("RGB", (64, 36), "navy").save(path)
        page = text(as_alice.get("/"))
        assert "The glass at" in page
        assert "/screens/hall/screenshot.jpg?at=" in page
        assert as_alice.get("/screens/hall/screenshot.jpg").headers["Content-Type"] == "image/jpeg"

    def test_asks_for_pictures_of_the_glass_while_somebody_looks(self, as_alice, shown):
        as_alice.get("/")
        assert Screen.objects.get(slug="hall").screenshots_asked_at is not None

    def test_an_open_page_gets_nothing_when_nothing_has_changed(self, as_alice, shown):
        mark = re.search(r"mark=(\w+)", text(as_alice.get("/")))
        assert mark
        again = as_alice.get("/", {"mark": mark[1]}, headers={"HX-Request": "true"})
        assert again.status_code == 204
        part = as_alice.get("/", {"mark": "old"}, headers={"HX-Request": "true"})
        assert part.status_code == 200
        assert "<html" not in text(part)

    def test_what_a_screen_must_show_is_the_picture_itself(self, as_alice, shown):
        answer = as_alice.get("/screens/hall/expected.png")
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.size == (1920, 1080)
        assert image_digest(picture) == expected.expected_picture(shown, timezone.now())[1]
        again = as_alice.get("/screens/hall/expected.png", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304

    def test_can_be_narrowed_down(self, as_alice, hall, quay):
        assert "Town hall" not in text(as_alice.get("/", {"search": "quay"})).partition("<h1>")[2]
        assert "Quay" in text(as_alice.get("/", {"group": "harbour"}))
        assert "No screen is like that" in text(as_alice.get("/", {"state": "right"}))

    def test_of_no_screen_says_who_can_add_one(self, as_alice, client, charlie):
        assert "A technician or an administrator" in text(as_alice.get("/"))
        client.force_login(charlie)
        assert reverse("screen-add") in text(client.get("/"))

    def test_takes_few_queries_per_screen(self, as_alice, keyring, playlist, full_hd, django_assert_max_num_queries):
        for number in range(10):
            screen = Screen.objects.create(slug=f"s{number}", name=f"Screen {number}", screen_class=full_hd)
            ScreenState.objects.create(screen=screen)
        as_alice.get("/")
        with django_assert_max_num_queries(20 + 10 * 20):
            as_alice.get("/")


class TestAScreen:
    VALUES = {"name": "Place du marché", "place": "Angle de la rue", "rotation": "0"}

    def test_is_added_and_goes_on_to_its_enrolment(self, as_charlie, full_hd, district, keyring):
        values = self.VALUES | {"screen_class": full_hd.pk, "groups": [district.pk]}
        assert as_charlie.post("/screens/add/", values).headers["Location"] == "/screens/place-du-marche/enrolment/"
        screen = Screen.objects.get(slug="place-du-marche")
        assert list(screen.groups.all()) == [district]

    @pytest.mark.parametrize(("name", "slug"), [("Add", "add-2"), ("???", "screen"), ("Town hall", "town-hall")])
    def test_gets_an_identifier_that_no_page_has(self, as_charlie, full_hd, name, slug):
        as_charlie.post("/screens/add/", self.VALUES | {"screen_class": full_hd.pk, "name": name})
        assert Screen.objects.get().slug == slug

    def test_of_the_same_name_gets_another_identifier(self, as_charlie, full_hd):
        for _ in range(2):
            as_charlie.post("/screens/add/", self.VALUES | {"screen_class": full_hd.pk})
        assert sorted(Screen.objects.values_list("slug", flat=True)) == ["place-du-marche", "place-du-marche-2"]

    def test_keeps_what_was_typed_when_something_is_missing(self, as_charlie):
        answer = as_charlie.post("/screens/add/", self.VALUES | {"name": "", "place": "<script>"})
        assert answer.status_code == 422
        assert 'value="&lt;script&gt;"' in text(answer)

    def test_is_changed_and_published(self, as_charlie, hall, full_hd, totem):
        Screen.objects.update(programme_due_at=None)
        as_charlie.post("/screens/hall/edit/", {"name": "Hall", "screen_class": totem.pk, "rotation": "90"})
        hall.refresh_from_db()
        assert (hall.name, hall.screen_class, hall.rotation) == ("Hall", totem, 90)
        assert hall.programme_due_at is not None

    def test_says_all_about_itself(self, as_alice, shown):
        page = text(as_alice.get("/screens/hall/"))
        assert "shows what it must" in page
        assert "What comes next" in page
        assert "trusted" in page

    def test_says_what_it_cannot_show(self, as_alice, keyring, playlist, quay, announcement):
        announcement.body = "Un texte bien trop long. " * 190
        announcement.save()
        assert "Not shown here" in text(as_alice.get("/screens/quay/"))

    @pytest.mark.parametrize("name", ["screen-identify", "screen-restart"])
    def test_obeys_a_technician(self, as_charlie, keyring, hall, name):
        as_charlie.post(reverse(name, args=["hall"]))
        assert Outgoing.objects.filter(topic__endswith="s-hall/command").exists()
        assert as_charlie.get(reverse(name, args=["hall"])).status_code == 405

    def test_is_revoked_after_asking(self, as_charlie, shown):
        assert "stolen" in text(as_charlie.get("/screens/hall/revoke/"))
        as_charlie.post("/screens/hall/revoke/")
        assert Screen.objects.get().enrolled_at is None

    def test_shows_no_buttons_to_those_who_may_not_press_them(self, as_alice, hall):
        page = text(as_alice.get("/screens/hall/"))
        assert "Enrolment" not in page
        assert "Restart" not in page


class TestEnrolment:
    def test_shows_the_command_once(self, as_charlie, keyring, hall):
        answer = as_charlie.post("/screens/hall/enrolment/")
        command = re.search(r"beffroi-player enrol \S+ (\S+) --root \w+", text(answer))
        assert command
        assert "no-store" in answer.headers["Cache-Control"]
        assert command[1] not in text(as_charlie.get("/screens/hall/enrolment/"))
        assert services.enrol(command[1])["screen"] == "hall"

    def test_notices_the_player(self, as_charlie, keyring, hall):
        page = text(as_charlie.post("/screens/hall/enrolment/"))
        assert "Waiting for the player" in page
        stage = re.search(r"stage=([\w-]+)", page)
        code = re.search(r"enrol \S+ (\S+)", page)
        assert stage
        assert code
        poll = {"path": "/screens/hall/enrolment/", "headers": {"HX-Request": "true"}}
        assert as_charlie.get(**poll, data={"stage": stage[1]}).status_code == 204
        services.enrol(code[1])
        assert "The player is enrolled" in text(as_charlie.get(**poll, data={"stage": stage[1]}))

    def test_without_keys_says_what_to_do(self, as_charlie, hall):
        assert "beffroi-server init" in text(as_charlie.post("/screens/hall/enrolment/"))


class TestKinds:
    VALUES = {
        "name": "Totem", "technology": "lcd", "width": "1080", "height": "1920", "physical_height_mm": "1210",
        "viewing_distance_mm": "2500", "colour_depth": "24",
    }  # fmt: skip

    def test_a_class_is_added_and_changed(self, as_charlie, hall):
        as_charlie.post("/screen-classes/add/", self.VALUES)
        totem = ScreenClass.objects.get(name="Totem")
        hall.screen_class = totem
        hall.programme_due_at = None
        hall.save()
        as_charlie.post(f"/screen-classes/{totem.pk}/", self.VALUES | {"viewing_distance_mm": "4000"})
        hall.refresh_from_db()
        assert hall.screen_class.viewing_distance_mm == 4000
        assert hall.programme_due_at is not None

    def test_a_class_must_be_possible(self, as_charlie):
        answer = as_charlie.post("/screen-classes/add/", self.VALUES | {"width": "0"})
        assert answer.status_code == 422
        assert 'value="Totem"' in text(answer)

    def test_a_group_takes_and_gives_back_screens(self, as_charlie, hall, quay):
        as_charlie.post("/groups/add/", {"name": "Écoles", "screens": [hall.pk]})
        group = Group.objects.get(slug="ecoles")
        assert list(group.screens.all()) == [hall]
        Screen.objects.update(programme_due_at=None)
        as_charlie.post(f"/groups/{group.pk}/", {"name": "Écoles", "screens": [quay.pk]})
        assert list(group.screens.all()) == [quay]
        assert Screen.objects.filter(programme_due_at=None).count() == 0

    def test_lists_take_few_queries(self, as_charlie, hall, quay, django_assert_max_num_queries):
        for name in ("screens", "screen-classes", "groups"):
            with django_assert_max_num_queries(10):
                as_charlie.get(reverse(name))


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize(
    "path",
    ["/screens/add/", "/screens/hall/edit/", "/screens/hall/enrolment/", "/screens/hall/revoke/", "/screen-classes/",
     "/groups/"],
)  # fmt: skip
def test_only_technicians_and_administrators_change_screens(client, request, hall, who, path):
    client.force_login(request.getfixturevalue(who))
    assert client.get(path).status_code == 403


class TestHealth:
    def test_what_is_the_matter_is_said_with_the_next_step(self, as_alice, shown):
        digest = expected.expected_picture(shown, timezone.now())[1]
        report(shown, digest, health={"temperature_c": 83.5, "disk_free_mb": 90, "problems": ["hot", "newer-than-us"]})
        page = text(as_alice.get(f"/screens/{shown.slug}/"))
        assert "Give it air or shade." in page
        assert "newer-than-us" in page
        assert "83.5 °C" in page
        assert "needs a look" in page

    @pytest.mark.parametrize(("lit", "said"), [
        ("confirmed", "off, by its hours; the display confirms it"),
        ("sent", "off, by its hours; the display was told, and does not confirm it"),
        ("", "off, by its hours"),
    ])  # fmt: skip
    def test_what_a_display_confirms_is_told_from_what_it_was_told(self, as_alice, shown, lit, said):
        report(shown, "0" * 64, power="off", brightness=0, lit=lit)
        assert f"<dd>{said}</dd>" in text(as_alice.get(f"/screens/{shown.slug}/"))

    def test_a_display_at_rest_is_not_wrong(self, as_alice, shown):
        report(shown, "0" * 64, power="off", brightness=0)
        page = text(as_alice.get(f"/screens/{shown.slug}/"))
        assert "off, by its hours" in page
        assert "needs a look" not in page
