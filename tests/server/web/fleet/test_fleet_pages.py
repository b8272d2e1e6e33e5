"""Screens, their classes and groups, and what is on now, as people meet them."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from tests.support.pages import page_text

from beffroi_content.rendering import image_digest
from beffroi_content.wire.capture_png import add_label
from beffroi_content.wire.messages import REPORT
from beffroi_content.wire.reports import CaptureLabel
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts.set_publication import publish_all_sets
from beffroi_server.delivery.inbound_queue import InboundQueue
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import captures, services
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup, ScreenState
from beffroi_server.fleet.screenshots import screenshot_path
from beffroi_server.monitoring import expected_frames as expected
from beffroi_server.schedule import publication


def report(screen: Screen, digest: str, **more: object) -> None:
    """Let a screen say that it has everything and shows a picture."""
    at = round(timezone.now().timestamp() * 1000)
    heads = {row.topic: row.sequence for row in OutboxDocument.objects.filter(retained=True)}
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
    publication.publish_programme(hall)
    hall.refresh_from_db()
    report(hall, expected.expected_frame(hall, timezone.now())[1])
    return hall


class TestNow:
    def test_says_what_is_on_and_why(self, as_alice, shown):
        page = page_text(as_alice.get("/"))
        assert "La piscine rouvre lundi" in page
        assert "Rule “All day”, playlist “Everywhere”." in page
        assert "The screen shows what is planned." in page

    def test_vouches_for_a_glass_that_is_equal_to_the_pixel(self, as_alice, shown):
        assert "identical to the pixel" in page_text(as_alice.get("/"))

    def test_does_not_vouch_for_another_picture(self, as_alice, shown):
        report(shown, hashlib.sha256(b"something else").hexdigest())
        page = page_text(as_alice.get("/"))
        assert "identical to the pixel" not in page
        assert "is not showing what it should" in page

    def test_shows_the_picture_of_the_glass_when_there_is_one(self, as_alice, shown):
        assert "Planned content" in page_text(as_alice.get("/"))
        path = screenshot_path(shown.slug)
        path.parent.mkdir(parents=True)
        Image.new("RGB", (64, 36), "navy").save(path)
        page = page_text(as_alice.get("/"))
        assert "The screen at" in page
        assert "/screens/hall/screenshot.jpg?at=" in page
        assert as_alice.get("/screens/hall/screenshot.jpg").headers["Content-Type"] == "image/jpeg"

    def test_asks_for_pictures_of_the_glass_while_somebody_looks(self, as_alice, shown):
        as_alice.get("/")
        assert Screen.objects.get(slug="hall").screenshots_asked_at is not None

    def test_an_open_page_gets_nothing_when_nothing_has_changed(self, as_alice, shown):
        mark = re.search(r"mark=(\w+)", page_text(as_alice.get("/")))
        assert mark
        again = as_alice.get("/", {"mark": mark[1]}, headers={"HX-Request": "true"})
        assert again.status_code == 204
        part = as_alice.get("/", {"mark": "old"}, headers={"HX-Request": "true"})
        assert part.status_code == 200
        assert "<html" not in page_text(part)

    def test_what_a_screen_must_show_is_the_picture_itself(self, as_alice, shown):
        answer = as_alice.get("/screens/hall/expected.png")
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.size == (1920, 1080)
        assert image_digest(picture) == expected.expected_frame(shown, timezone.now())[1]
        again = as_alice.get("/screens/hall/expected.png", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304

    def test_can_be_narrowed_down(self, as_alice, hall, quay):
        assert "Town hall" not in page_text(as_alice.get("/", {"search": "quay"})).partition("<h1>")[2]
        assert "Quay" in page_text(as_alice.get("/", {"group": "harbour"}))
        assert "No screen matches" in page_text(as_alice.get("/", {"state": "right"}))

    def test_of_no_screen_says_who_can_add_one(self, as_alice, client, charlie):
        assert "A technician or an administrator" in page_text(as_alice.get("/"))
        client.force_login(charlie)
        assert reverse("screen-add") in page_text(client.get("/"))

    def test_takes_few_queries_per_screen(self, as_alice, keyring, playlist, full_hd, django_assert_max_num_queries):
        for number in range(10):
            screen = Screen.objects.create(slug=f"s{number}", name=f"Screen {number}", screen_class=full_hd)
            ScreenState.objects.create(screen=screen)
        as_alice.get("/")
        with django_assert_max_num_queries(20 + 10 * 20):
            as_alice.get("/")


class TestAScreen:
    VALUES = {"name": "Place du marché", "place": "Angle de la rue", "rotation": "0"}

    def test_is_added_and_goes_on_to_its_player(self, as_charlie, full_hd, district, keyring):
        values = self.VALUES | {"screen_class": full_hd.pk, "groups": [district.pk]}
        assert as_charlie.post("/screens/add/", values).headers["Location"] == "/pairing/?screen=place-du-marche"
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
        assert 'value="&lt;script&gt;"' in page_text(answer)

    def test_is_changed_and_published(self, as_charlie, hall, full_hd, totem):
        Screen.objects.update(programme_due_at=None)
        as_charlie.post("/screens/hall/edit/", {"name": "Hall", "screen_class": totem.pk, "rotation": "90"})
        hall.refresh_from_db()
        assert (hall.name, hall.screen_class, hall.rotation) == ("Hall", totem, 90)
        assert hall.programme_due_at is not None

    def test_says_all_about_itself(self, as_alice, shown):
        page = page_text(as_alice.get("/screens/hall/"))
        assert "showing as planned" in page
        assert "What comes next" in page
        assert "certain" in page

    def test_says_what_it_cannot_show(self, as_alice, keyring, playlist, quay, announcement):
        announcement.body = "Un texte bien trop long. " * 190
        announcement.save()
        for address in ("/screens/quay/problems/", "/screens/quay/?problems=1"):
            assert "“La piscine rouvre lundi”" in page_text(as_alice.get(address))

    @pytest.mark.parametrize("name", ["screen-identify", "screen-restart"])
    def test_obeys_a_technician(self, as_charlie, keyring, hall, name):
        as_charlie.post(reverse(name, args=["hall"]))
        assert OutboxDocument.objects.filter(topic__endswith="s-hall/command").exists()
        assert as_charlie.get(reverse(name, args=["hall"])).status_code == 405

    def test_is_revoked_after_asking(self, as_charlie, shown):
        assert "stolen" in page_text(as_charlie.get("/screens/hall/revoke/"))
        as_charlie.post("/screens/hall/revoke/")
        assert Screen.objects.get().enrolled_at is None

    def test_shows_no_buttons_to_those_who_may_not_press_them(self, as_alice, hall):
        page = page_text(as_alice.get("/screens/hall/"))
        assert "Enrolment" not in page
        assert "Restart" not in page


class TestEnrolment:
    def test_shows_the_command_once(self, as_charlie, keyring, hall):
        answer = as_charlie.post("/screens/hall/enrolment/")
        command = re.search(r"beffroi-player enrol \S+ (\S+) --root \w+", page_text(answer))
        assert command
        assert "no-store" in answer.headers["Cache-Control"]
        assert command[1] not in page_text(as_charlie.get("/screens/hall/enrolment/"))
        assert services.enrol_player(command[1])["screen"] == "hall"

    def test_notices_the_player(self, as_charlie, keyring, hall):
        page = page_text(as_charlie.post("/screens/hall/enrolment/"))
        assert "Waiting for the player" in page
        stage = re.search(r"stage=([\w-]+)", page)
        code = re.search(r"enrol \S+ (\S+)", page)
        assert stage
        assert code
        poll = {"path": "/screens/hall/enrolment/", "headers": {"HX-Request": "true"}}
        assert as_charlie.get(**poll, data={"stage": stage[1]}).status_code == 204
        services.enrol_player(code[1])
        assert "The player is enrolled" in page_text(as_charlie.get(**poll, data={"stage": stage[1]}))

    def test_without_keys_says_what_to_do(self, as_charlie, hall):
        assert "beffroi-server init" in page_text(as_charlie.post("/screens/hall/enrolment/"))


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
        assert 'value="Totem"' in page_text(answer)

    def test_a_group_takes_and_gives_back_screens(self, as_charlie, hall, quay):
        as_charlie.post("/groups/add/", {"name": "Écoles", "screens": [hall.pk]})
        group = ScreenGroup.objects.get(slug="ecoles")
        assert list(group.screens.all()) == [hall]
        Screen.objects.update(programme_due_at=None)
        as_charlie.post(f"/groups/{group.pk}/", {"name": "Écoles", "screens": [quay.pk]})
        assert list(group.screens.all()) == [quay]
        assert Screen.objects.filter(programme_due_at=None).count() == 0

    def test_languages_are_chosen_in_order_for_a_screen_and_for_a_group(self, as_charlie, hall, quay, district):
        Screen.objects.update(programme_due_at=None)
        chosen = {"languages_0": "fr", "languages_1": "", "languages_2": "de", "languages_3": "ar"}
        as_charlie.post(f"/groups/{district.pk}/", {"name": "Port", "screens": [quay.pk], **chosen})
        district.refresh_from_db()
        assert district.languages == ["fr", "de", "ar"]
        assert list(Screen.objects.filter(programme_due_at__isnull=False)) == [quay]
        values = {"name": "Hall", "screen_class": hall.screen_class_id, "rotation": "0"}
        refused = as_charlie.post("/screens/hall/edit/", {**values, **chosen, "languages_3": "de"})
        assert refused.status_code == 422
        assert 'href="#id_languages"' in page_text(refused)
        as_charlie.post("/screens/hall/edit/", {**values, **chosen})
        hall.refresh_from_db()
        assert hall.languages == ["fr", "de", "ar"]
        page = page_text(as_charlie.get("/screens/hall/edit/"))
        assert re.findall(r'(?s)name="languages_\d".*?value="(\w*)" selected', page) == ["fr", "de", "ar", ""]

    def test_lists_take_few_queries(self, as_charlie, hall, quay, django_assert_max_num_queries):
        for name in ("screens", "screen-classes", "groups"):
            with django_assert_max_num_queries(11):
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
        digest = expected.expected_frame(shown, timezone.now())[1]
        report(shown, digest, health={"temperature_c": 83.5, "disk_free_mb": 90, "problems": ["hot", "newer-than-us"]})
        page = page_text(as_alice.get(f"/screens/{shown.slug}/"))
        assert "Give it ventilation or shade." in page
        assert "newer-than-us" in page
        assert "83.5 °C" in page
        assert "needs attention" in page

    @pytest.mark.parametrize(("lit", "said"), [
        ("confirmed", "off, as scheduled; confirmed by the display"),
        ("sent", "off, as scheduled; the display was told but has not confirmed"),
        ("", "off, as scheduled"),
    ])  # fmt: skip
    def test_what_a_display_confirms_is_told_from_what_it_was_told(self, as_alice, shown, lit, said):
        report(shown, "0" * 64, power="off", brightness=0, lit=lit)
        assert f"<p>{said.capitalize()}</p>" in page_text(as_alice.get(f"/screens/{shown.slug}/"))

    def test_a_display_at_rest_is_not_wrong(self, as_alice, shown):
        report(shown, "0" * 64, power="off", brightness=0)
        page = page_text(as_alice.get(f"/screens/{shown.slug}/"))
        assert "Off, as scheduled" in page
        assert "needs attention" not in page


class TestFactsOfAMachine:
    def test_its_line_its_wear_and_what_it_is_are_said(self, as_alice, shown):
        network = {"interface": "wlan0", "kind": "wireless", "signal_dbm": -79, "cuts": 1}
        report(
            shown, expected.expected_frame(shown, timezone.now())[1],
            health={
                "network": network, "storage_used_percent": 30, "disk_errors": 4, "decode_errors": 2,
                "problems": ["cable", "disk-errors", "signal-weak", "storage-worn"],
            },
            machine={"model": "Raspberry Pi 4", "system": "Debian 12", "kernel": "6.6", "python": "3.11.2"},
        )  # fmt: skip
        page = page_text(as_alice.get(f"/screens/{shown.slug}/"))
        for said in (
            "wlan0, Wi-Fi, weak (-79 dBm), lost 1 time since start-up", "up to 30 % of its lifetime used",
            "Raspberry Pi 4", "Debian 12 · 6.6", "Python 3.11.2", "Check the cable", "before it fails",
            "closer to the access point", "Plan to replace it.", "Damaged video frames",
        ):  # fmt: skip
            assert said in page

    def test_nothing_is_claimed_of_a_machine_that_says_nothing(self, as_alice, shown):
        page = page_text(as_alice.get(f"/screens/{shown.slug}/"))
        for word in ("Network", "Built-in memory", "File system errors", "Machine", "Software"):
            assert f"<dt>{word}</dt>" not in page

    def test_what_it_runs_on_holds_until_it_is_said_again(self, hall, keyring):
        first = {"boot": "b", "number": 1, "at_ms": 5, "clock": "trusted", "link": "live"}
        Screen.objects.update(enrolled_at=timezone.now())
        topic = REPORT.topic_for("saint-aubin", TopicScope.of_screen("hall"))
        for body in (first | {"machine": {"model": "Raspberry Pi 5"}}, first | {"number": 2}):
            InboundQueue("saint-aubin").write_batch([(str(topic), json.dumps(body).encode())])
        state = ScreenState.objects.get()
        assert (state.report_number, state.machine["model"]) == (2, "Raspberry Pi 5")


class TestExactPictures:
    @pytest.fixture
    def sent(self, shown):
        """Let the player of a screen send an exact picture of what it must show; give what it says of it."""

        def sent(image: Image.Image | None = None, **more: object) -> CaptureLabel:
            at = round(timezone.now().timestamp() * 1000)
            right, digest = expected.expected_frame(shown, timezone.now())
            image = image or right
            heads = {row.topic: row.sequence for row in OutboxDocument.objects.filter(retained=True)}
            known = {
                "size": image.size, "pixels": image_digest(image), "frame": digest, "taken_at_ms": at,
                "presented_at_ms": at, "clock": "trusted",
                "shown": [{"slide": slide.id, "reason": "rule"} for slide in expected.current_manifest(shown).slides],
                "programme": next(heads[topic] for topic in heads if topic.endswith("s-hall/programme")),
                "alerts": {"/".join(t.split("/")[4:]): heads[t] for t in heads if t.endswith("/alerts")},
            }  # fmt: skip
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            said = CaptureLabel.model_validate(known | more)
            captures.store_capture(shown, io.BytesIO(add_label(buffer.getvalue(), said)))
            return said

        return sent

    @pytest.fixture
    def page(self, as_alice, shown):
        return lambda query="": page_text(as_alice.get(f"/screens/{shown.slug}/{query}"))

    def test_say_what_they_show_when_and_that_they_are_equal(self, page, sent):
        said = sent()
        shown = page()
        assert said.pixels in shown
        assert "La piscine rouvre lundi" in shown
        assert "identical to the pixel" in part(shown)
        assert "1920 × 1080 pixels" in shown

    def test_say_when_they_are_not_what_had_to_be_there(self, page, sent):
        wrong = Image.new("RGB", (1920, 1080), "red")
        sent(wrong, frame=image_digest(wrong))
        assert "not as planned" in part(page())

    def test_are_not_equal_when_the_display_has_something_else_than_was_composed(self, page, sent):
        sent(Image.new("RGB", (1920, 1080), "red"))
        assert "not as planned" in part(page())

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"moves": True}, "correct, except for moving parts"),
            ({"brightness": 40, "power": "dim"}, "correct, dimmed to 40 %"),
            ({"overlay": True}, "not compared"),
            ({"programme": 1}, "has received something else since"),
            ({"alerts": {"all/alerts": 1}}, "has received something else since"),
        ],
    )
    def test_claim_no_more_than_was_compared(self, page, sent, more, words):
        if "alerts" in more:
            publish_all_sets(timezone.now())
        sent(Image.new("RGB", (1920, 1080), "red"), **more)
        assert words in part(page())
        assert "identical to the pixel" not in part(page())

    def test_of_a_clock_gone_mad_can_be_shown(self, page, sent):
        sent(taken_at_ms=253_402_300_799_999, presented_at_ms=253_402_300_799_999)
        assert "Digest of the pixels" in page()

    def test_are_asked_for_by_a_technician_and_the_page_waits(self, as_charlie, shown):
        answer = as_charlie.post("/screens/hall/capture/")
        where = answer.headers["Location"]
        assert OutboxDocument.objects.filter(topic__endswith="s-hall/command").exists()
        assert AuditEvent.objects.filter(action="screen-captured").exists()
        page = page_text(as_charlie.get(where.partition("#")[0]))
        assert "on its way" in page
        assert as_charlie.get("/screens/hall/capture/").status_code == 405

    def test_are_noticed_by_a_page_that_waits(self, as_charlie, shown, sent):
        page = page_text(
            as_charlie.get(as_charlie.post("/screens/hall/capture/").headers["Location"].partition("#")[0])
        )
        address = html.unescape(re.search(r'hx-get="([^"]*capture/state[^"]*)"', page)[1])
        assert as_charlie.get(address).status_code == 204
        sent()
        arrived = page_text(as_charlie.get(address))
        assert "The capture has arrived." in arrived
        assert "data-every" not in arrived

    def test_that_do_not_come_are_not_waited_for_for_ever(self, as_charlie, shown):
        answer = as_charlie.get("/screens/hall/capture/state/", {"before": "none", "until": "1"})
        assert "No capture has arrived." in page_text(answer)
        assert "data-every" not in page_text(answer)

    @pytest.mark.parametrize("query", ["?before=none&until=x", "?before=<script>&until=" + "9" * 40, "?until=5"])
    def test_a_page_takes_any_question(self, page, query):
        assert "<script>" not in part(page(query))

    def test_are_for_those_who_see_the_page(self, client, shown, sent, alice):
        sent()
        assert client.get("/screens/hall/capture.png").status_code == 302
        assert client.get("/screens/hall/capture/state/").status_code == 302
        client.force_login(alice)
        answer = client.get("/screens/hall/capture.png")
        assert answer.getvalue() == captures.capture_path(shown).read_bytes()
        assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/png", "private, no-cache")
        assert client.get("/screens/hall/capture.png", headers={"If-None-Match": answer["ETag"]}).status_code == 304
        assert client.post("/screens/hall/capture/").status_code == 403
        assert "Take a screen capture" not in page_text(client.get("/screens/hall/"))

    def test_that_are_not_there_are_not_found(self, as_alice, shown):
        assert as_alice.get("/screens/hall/capture.png").status_code == 404


def part(page: str) -> str:
    """Return what a page says of the exact picture."""
    return page.partition('id="exact"')[2].partition("</section>")[0]


def test_the_list_tells_place_class_and_groups(client, victor, quay, hall, django_assert_max_num_queries):
    client.force_login(victor)
    with django_assert_max_num_queries(9):
        page = client.get("/screens/").content.decode()
    for screen in (quay, hall):
        assert f"{screen.place}" in page
        assert str(screen.screen_class) in page
    assert ">Harbour</option>" in page
