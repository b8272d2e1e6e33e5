"""Two machines with the identity of one screen: one is the player, and nothing of the other is taken in."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json

import pytest
from django.urls import include, path
from django.utils import timezone
from PIL import Image

from beffroi_content.wire import envelope
from beffroi_content.wire.documents import CommandKind, ScreenCommand
from beffroi_content.wire.messages import PLAYS, REPORT, SCREENSHOT, STATUS, WireMessage
from beffroi_content.wire.plays import FIRST_CHAIN, Play, PlayLogBatch
from beffroi_content.wire.reports import SCREENSHOT_BOX, PlayerReport, PlayerStatus
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.delivery.inbound_queue import InboundQueue
from beffroi_server.fleet import identity_watch, player_boxes, screenshots, services
from beffroi_server.fleet.box_models import PlayerBox
from beffroi_server.fleet.models import ScreenState
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.player_boxes import CallingBox, ShutOut, choose_box, note_poll

urlpatterns = [path("device/v1/", include("beffroi_server.device_api.urls"))]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.usefixtures("keyring")]
NOW = dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC)
FIRST, COPY = CallingBox("a" * 16, "boot-a", "10.0.0.1"), CallingBox("b" * 16, "boot-b", "10.0.0.2")


def after(minutes: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


@pytest.fixture
def enrolled(hall):
    services.enrol_player(services.open_enrolment(hall)[0])
    hall.refresh_from_db()
    return hall


def polls(screen, *said: tuple[CallingBox, float]) -> list[ShutOut | None]:
    return [note_poll(screen, box, after(minutes)) for box, minutes in said]


def test_a_copied_card_is_noticed_and_the_first_machine_stays(enrolled):
    answers = polls(enrolled, (FIRST, 0), (COPY, 10), (FIRST, 10.5), (COPY, 11), (FIRST, 11.5), (COPY, 12))
    # The first had been silent for long: the copy could as well have been its card in another machine.
    assert [answer is not None for answer in answers] == [False, False, False, True, False, True]
    assert identity_watch.has_clash(ScreenState.objects.get(screen=enrolled), after(12))
    order = answers[3].order
    command = ScreenCommand.model_validate_json(envelope.parse_envelope(bytes(order.payload)).decode_body())
    assert (command.kind, command.box) == (CommandKind.SHUT_OUT, COPY.box)


def test_a_machine_whose_card_may_just_have_been_moved_is_told_nothing(enrolled):
    polls(enrolled, (FIRST, 0), (FIRST, 1))
    ScreenState.objects.filter(screen=enrolled).update(polled_at=after(9))
    waiting, accepted, later = polls(enrolled, (COPY, 10), (COPY, 15), (COPY, 100))
    assert waiting == ShutOut(None)
    assert accepted is None
    assert later is None
    assert not identity_watch.has_clash(ScreenState.objects.get(screen=enrolled), after(10))


def test_restarts_of_one_machine_are_no_copy(enrolled):
    again = CallingBox(FIRST.box, "boot-2", "")
    assert polls(enrolled, (FIRST, 0), (again, 1), (CallingBox(FIRST.box, "boot-3", ""), 2), (again, 3)) == [None] * 4
    assert PlayerBox.objects.count() == 1


def test_a_person_chooses_and_the_other_one_is_shut_out_for_good(enrolled, charlie):
    polls(enrolled, (FIRST, 0), (COPY, 0.2), (FIRST, 0.5), (COPY, 1))
    choose_box(enrolled, COPY.box, user=charlie)
    assert polls(enrolled, (COPY, 1.5))[0] is None
    shut_out = polls(enrolled, (FIRST, 2), (FIRST, 60))
    assert all(isinstance(each, ShutOut) and each.order is not None for each in shut_out)


def test_another_enrolment_begins_anew(enrolled):
    polls(enrolled, (FIRST, 0), (COPY, 0.2), (FIRST, 0.5))
    choose_box(enrolled, FIRST.box, user=None)
    services.enrol_player(services.open_enrolment(enrolled)[0])
    assert polls(enrolled, (COPY, 1)) == [None]


def test_the_order_is_given_now_and_then_and_old_machines_are_forgotten(enrolled):
    polls(enrolled, (FIRST, 0), (COPY, 0.2), (FIRST, 0.5))
    told = polls(enrolled, (COPY, 1), (COPY, 1.1), (COPY, 2))
    assert [each.order is not None for each in told] == [True, False, True]
    many = [CallingBox(f"{number:016x}", f"boot-{number}", "") for number in range(40)]
    polls(enrolled, *((box, 3) for box in many))
    assert PlayerBox.objects.count() <= player_boxes.MOST_BOXES


def test_plays_of_two_machines_are_not_mixed(enrolled):
    def send(box: CallingBox, numbers: range, slide: str) -> None:
        plays, chain = [], FIRST_CHAIN
        for number in numbers:
            play = Play(number=number, slide=slide, started_at_ms=number, lasted_ms=1, clock="trusted", chain=chain)
            plays.append(play)
        topic = PLAYS.topic_for("saint-aubin", TopicScope.of_screen("hall"))
        batch = PlayLogBatch(plays=tuple(plays), box=box.box)
        InboundQueue("saint-aubin").write_batch([(str(topic), batch.to_json())])

    now = timezone.now()
    note_poll(enrolled, FIRST, now)
    send(FIRST, range(1, 4), "first")
    # It has not even asked for documents yet.
    send(COPY, range(3, 6), "copy")
    for box in (COPY, FIRST, COPY):
        note_poll(enrolled, box, now)
    send(COPY, range(4, 7), "copy")
    send(FIRST, range(4, 6), "first")
    assert list(PlayRecord.objects.order_by("number").values_list("number", "slide")) == [
        (number, "first") for number in range(1, 6)
    ]


def test_over_http_a_copy_gets_its_order_and_nothing_else(client, hall):
    token = services.enrol_player(services.open_enrolment(hall)[0])["token"]

    def ask(box: CallingBox, what: str = "documents", **values):
        headers = {"Authorization": f"Bearer {token}", "Beffroi-Box": f"{box.box} {box.boot}"}
        return client.post(f"/device/v1/{what}", headers=headers, **values) if values else client.get(
            f"/device/v1/{what}", headers=headers)  # fmt: skip

    for box in (FIRST, COPY, FIRST):
        ask(box)
    refused = ask(COPY)
    assert refused.status_code == 409
    topics = [each["topic"] for each in refused.json()["documents"]]
    assert [topic.rsplit("/", 1)[-1] for topic in topics] == ["keys", "command"]
    assert base64.b64decode(refused.json()["documents"][0]["payload"])
    assert ask(FIRST).status_code == 200
    body = {"data": json.dumps({}), "content_type": "application/json"}
    assert ask(COPY, "receipts", **body).status_code == 409
    assert ask(FIRST, "receipts", **body).status_code == 400


def screenshot(box: str, colour: str) -> bytes:
    """Return a screenshot as players make it."""
    file = io.BytesIO()
    Image.new("RGB", (64, 36), colour).save(file, "JPEG", comment=SCREENSHOT_BOX + box.encode() if box else b"")
    return file.getvalue()


def test_what_another_machine_shows_and_is_is_not_taken_for_the_screen(enrolled):
    def send(message: WireMessage, payload: bytes) -> None:
        topic = message.topic_for("saint-aubin", TopicScope.of_screen("hall"))
        InboundQueue("saint-aubin").write_batch([(str(topic), payload)])

    def shown() -> bytes | None:
        found = screenshots.newest_screenshot(enrolled)
        return found and found[0]

    def report(box: CallingBox, number: int) -> bytes:
        return PlayerReport(
            boot=box.boot, number=number, at_ms=number, clock="trusted", link="live", box=box.box, version=box.boot
        ).to_json()

    now = timezone.now()
    for box in (FIRST, COPY, FIRST):
        note_poll(enrolled, box, now)
    send(STATUS, PlayerStatus(online=True, boot=FIRST.boot, connection=1, box=FIRST.box).to_json())
    for box, colour in ((FIRST, "red"), (COPY, "blue"), (CallingBox("", "old"), "green")):
        send(SCREENSHOT, screenshot(box.box, colour))
        if box is COPY:
            assert shown() == screenshot(FIRST.box, "red")
    assert shown() == screenshot("", "green"), "a player of before does not say on which machine it is"

    send(REPORT, report(FIRST, 1))
    send(REPORT, report(COPY, 7))
    assert ScreenState.objects.get().report["box"] == FIRST.box

    send(STATUS, PlayerStatus(online=False, boot=FIRST.boot, connection=2, box=COPY.box).to_json())
    assert ScreenState.objects.get().online
    send(STATUS, PlayerStatus(online=False, boot=FIRST.boot, connection=2, box=FIRST.box).to_json())
    assert not ScreenState.objects.get().online


@pytest.mark.django_db(transaction=True)
def test_a_new_player_begins_without_what_the_former_one_showed_and_was(enrolled):
    screenshots.store_screenshot(enrolled.slug, screenshot("", "red"))
    ScreenState.objects.filter(screen=enrolled).update(
        online=True, boot="old", report={"boot": "old"}, report_boot="old", report_number=9, plays_newest=40
    )
    services.enrol_player(services.open_enrolment(enrolled)[0])
    state = ScreenState.objects.get(screen=enrolled)
    assert (state.online, state.report, state.report_number) == (False, None, 0)
    assert state.plays_newest == 40, "what was proven stays"
    assert screenshots.newest_screenshot(enrolled) is None
