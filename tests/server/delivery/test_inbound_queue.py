"""Taking in what screens say, the hostile ones among them too."""

from __future__ import annotations

import io
import json
import logging
import threading

import pytest
from django.utils import timezone
from PIL import Image
from tests.support.waiting import PATIENCE_S

from beffroi_server.delivery.inbound_queue import MAX_WAITING_BYTES, InboundQueue, topic_filters
from beffroi_server.fleet import screenshots
from beffroi_server.fleet.models import PlayRecord, ReceiptRecord, ScreenState
from beffroi_server.fleet.screenshots import is_jpeg

FRAME = "a" * 64


@pytest.fixture
def ingest(hall, quay) -> InboundQueue:
    for screen in (hall, quay):
        screen.enrolled_at = timezone.now()
        screen.save()
    return InboundQueue("saint-aubin")


def up(leaf: str, content: object, screen: str = "hall", site: str = "saint-aubin") -> tuple[str, bytes]:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return f"beffroi/1/{site}/up/s-{screen}/{leaf}", payload


def status(online: bool, boot: str = "boot-1", connection: int = 1, screen: str = "hall") -> tuple[str, bytes]:
    return up("status", {"online": online, "boot": boot, "connection": connection}, screen)


def report(number: int = 1, boot: str = "boot-1", at_ms: int = 1_700_000_000_000, **values) -> tuple[str, bytes]:
    given = {"boot": boot, "number": number, "at_ms": at_ms, "clock": "trusted", "link": "live"}
    return up("report", given | values)


def receipt(sequence: int = 7, **values) -> dict[str, object]:
    given = {
        "stream": "all/alerts", "sequence": sequence, "alert": "flood", "form": "takeover",
        "received_at_ms": 1_700_000_000_000, "presented_at_ms": 1_700_000_000_100, "latency_ms": 100.0,
        "frame": FRAME, "clock": "trusted",
    }  # fmt: skip
    return given | values


def play(number: int, **values) -> dict[str, object]:
    given = {"number": number, "slide": "welcome", "started_at_ms": 1, "lasted_ms": 10, "clock": "carried"}
    return given | values


def jpeg(size: tuple[int, int] = (64, 32)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "navy").save(buffer, "JPEG")
    return buffer.getvalue()


def drained(ingest: InboundQueue) -> None:
    """Let the thread that writes do what there is, and end."""
    stopping = threading.Event()
    stopping.set()
    writer = threading.Thread(target=ingest.run_writer, args=(stopping,))
    writer.start()
    writer.join(PATIENCE_S)


def state() -> ScreenState:
    return ScreenState.objects.get(screen__slug="hall")


class TestStatus:
    def test_birth_and_will(self, ingest):
        ingest.write_batch([status(True)])
        assert state().online

        ingest.write_batch([status(False)])
        assert not state().online

    def test_a_late_will_does_not_kill_the_next_connection(self, ingest):
        ingest.write_batch([status(True, connection=1), status(True, connection=2), status(False, connection=1)])

        assert (state().online, state().connection) == (True, 2)

    def test_a_late_will_does_not_kill_the_next_boot(self, ingest):
        ingest.write_batch([status(True, "boot-a", 9), status(True, "boot-b", 1), status(False, "boot-a", 9)])

        assert (state().online, state().boot) == (True, "boot-b")

    def test_a_new_boot_counts_anew(self, ingest):
        ingest.write_batch([status(True, "boot-z", 9), status(True, "boot-a", 1), status(False, "boot-a", 1)])

        assert not state().online


class TestReports:
    def test_the_newest_counts(self, ingest):
        ingest.write_batch([report(2, programme=20), report(1, programme=10)])

        assert state().report["programme"] == 20

    def test_of_a_new_boot_counts_however_its_clock_stands(self, ingest):
        ingest.write_batch([status(True, "boot-1"), report(9, programme=10)])
        ingest.write_batch([status(True, "boot-2"), report(1, "boot-2", at_ms=5, programme=20)])

        assert state().report["programme"] == 20

    def test_of_a_former_boot_does_not(self, ingest):
        ingest.write_batch([status(True, "boot-2"), report(1, "boot-2", programme=20)])
        ingest.write_batch([report(9, "boot-1", at_ms=1_600_000_000_000, programme=10)])

        assert state().report["programme"] == 20


class TestReceiptsAndPlays:
    def test_are_kept_once(self, ingest):
        receipts = up("receipts", {"boot": "boot-1", "receipts": [receipt(), receipt(8, alert=None, form=None)]})
        plays = up("plays", {"plays": [play(1), play(2, slide=None, alert="flood")]})
        for _ in range(2):
            assert ingest.write_batch([receipts, plays, receipts]) == 3

        assert ReceiptRecord.objects.count() == 2
        assert list(PlayRecord.objects.order_by("number").values_list("slide", "alert")) == [
            ("welcome", ""),
            ("", "flood"),
        ]

    def test_numbers_of_two_screens_do_not_meet(self, ingest):
        ingest.write_batch([up("plays", {"plays": [play(1)]}), up("plays", {"plays": [play(1)]}, "quay")])

        assert PlayRecord.objects.count() == 2

    def test_an_instant_at_the_end_of_time_can_be_shown(self, ingest):
        far = receipt(presented_at_ms=253_402_300_799_999, received_at_ms=253_402_300_799_999)
        ingest.write_batch(
            [up("receipts", {"boot": "b", "receipts": [far]}), up("plays", {"plays": [play(1, lasted_ms=2**53 - 1)]})]
        )

        assert ReceiptRecord.objects.get().presented_at.astimezone().year < 2100
        assert PlayRecord.objects.get().lasted_ms == 2**53 - 1


class TestScreenshots:
    def test_the_newest_is_kept(self, ingest, hall):
        ingest.write_batch([up("screenshot", jpeg((8, 8))), up("screenshot", jpeg((64, 32)))])

        picture, at = screenshots.newest_screenshot(hall)
        assert Image.open(io.BytesIO(picture)).size == (64, 32)
        assert (timezone.now() - at).total_seconds() < 60
        assert [path.name for path in screenshots.screenshot_path("hall").parent.iterdir()] == ["hall.jpg"]

    @pytest.mark.parametrize(
        "payload",
        [b"<html>", b"\xff\xd8\xff\xd9", jpeg()[:-2], jpeg()[:40], b"\xff\xd8\xff" + b"\xff" * 500 + b"\xff\xd9"],
        ids=["html", "empty", "cut", "head", "garbage"],
    )
    def test_what_is_no_picture_is_not(self, ingest, hall, payload):
        ingest.write_batch([up("screenshot", payload)])

        assert screenshots.newest_screenshot(hall) is None

    def test_a_picture_is_known_by_its_segments(self):
        assert is_jpeg(jpeg())
        assert not is_jpeg(jpeg((65_000, 1)))


HOSTILE = {
    "another-site": up("status", {"online": True, "boot": "b", "connection": 1}, site="elsewhere"),
    "unknown-screen": up("status", {"online": True, "boot": "b", "connection": 1}, screen="ghost"),
    "unknown-leaf": up("gossip", {}),
    "downwards": ("beffroi/1/saint-aubin/down/s-hall/programme", b"{}"),
    "no-topic": ("../../etc/passwd", b"{}"),
    "not-json": up("report", b"\xff\xfe\x00"),
    "deep-json": up("report", b"[" * 30_000),
    "too-large": up("status", b" " * 2000),
    "huge-numbers": up("plays", {"plays": [play(10**30)]}),
    "a-number-of-a-play-that-no-column-holds": up("plays", {"plays": [play(2**63)]}),
    "a-number-of-a-report-that-no-column-holds": report(2**63),
    "a-connection-that-no-column-holds": status(True, connection=2**63),
    "a-sequence-that-no-column-holds": up("receipts", {"boot": "b", "receipts": [receipt(2**63)]}),
    "wrong-types": up("receipts", {"boot": 1, "receipts": "all"}),
    "not-a-number": up("receipts", {"boot": "b", "receipts": [receipt(latency_ms="NaN")]}),
    "no-receipts": up("receipts", {"boot": "b", "receipts": []}),
    "null-byte": up("report", {"boot": "b\0", "number": 1, "at_ms": 1, "clock": "trusted", "link": "live"}),
    "empty": up("report", b""),
}


class TestHostileMessages:
    @pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
    def test_harm_no_other(self, ingest, message, caplog):
        caplog.set_level(logging.CRITICAL)

        ingest.write_batch([status(True), message, report(programme=5)])

        assert state().online
        assert state().report["programme"] == 5
        assert ScreenState.objects.count() == 1

    def test_a_null_byte_in_a_text_harms_no_other(self, ingest, caplog):
        """PostgreSQL holds none in JSON: the batch fails, and its messages are written one by one."""
        caplog.set_level(logging.CRITICAL)

        ingest.write_batch([status(True), report(3, preparing="\0"), up("plays", {"plays": [play(1)]})])

        assert state().online
        assert PlayRecord.objects.count() == 1

    def test_of_a_screen_that_was_sent_away_are_not_heard(self, ingest, hall):
        hall.enrolled_at = None
        hall.save()

        ingest.write_batch([status(True)])

        assert not ScreenState.objects.exists()

    def test_a_queue_that_is_full_does_not_block_the_link(self, ingest, caplog):
        ingest._queue.maxsize = 2
        for _ in range(5):
            ingest.enqueue(*status(True))

        ingest.write_batch([])

        assert "3 messages of screens were dropped" in caplog.text

    @pytest.mark.django_db(transaction=True)
    def test_a_flood_of_large_ones_does_not_fill_the_memory(self, ingest, caplog):
        large = up("screenshot", bytes(MAX_WAITING_BYTES // 4))
        for _ in range(7):
            ingest.enqueue(*large)
        drained(ingest)
        assert "3 messages of screens were dropped" in caplog.text

        caplog.clear()
        for _ in range(4):
            ingest.enqueue(*large)
        drained(ingest)
        assert "were dropped" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_from_the_broker_is_written_though_the_server_stops(ingest):
    for number in range(1, 1_201):
        ingest.enqueue(*up("plays", {"plays": [play(number)]}))
    drained(ingest)

    assert PlayRecord.objects.count() == 1_200


def test_subscriptions_are_to_every_leaf_that_screens_speak_on():
    assert [name.rsplit("/", 1)[1] for name, _ in topic_filters("x")] == [
        "status", "report", "receipts", "plays", "screenshot",
    ]  # fmt: skip
