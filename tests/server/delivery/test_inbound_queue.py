"""Taking in what screens say, the hostile ones among them too."""

from __future__ import annotations

import io
import json
import logging
import threading

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image
from tests.support.waiting import PATIENCE_S

from beffroi_server.core import disk_space, row_writes, transactions
from beffroi_server.delivery import inbound_queue
from beffroi_server.delivery.inbound_queue import InboundQueue, topic_filters
from beffroi_server.fleet import inbound_messages, screenshots
from beffroi_server.fleet.models import ReceiptRecord, ScreenState
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.plays.intake_quotas import HourlyQuota
from beffroi_server.fleet.plays.play_gaps import PlayGaps
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


def plays(number: int, screen: str = "hall") -> tuple[str, bytes]:
    return up("plays", {"plays": [play(number)]}, screen)


def receipts(sequence: int) -> tuple[str, bytes]:
    return up("receipts", {"boot": "b", "receipts": [receipt(sequence)]})


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


class TestRetained:
    """At each start of the server the broker hands out the last status and report of every screen again."""

    def test_what_is_in_the_database_already_is_not_written_again(self, ingest):
        ingest.write_batch([status(True), report(3, programme=5, machine={"model": "Pi"})])
        seen = state().seen_at

        with CaptureQueriesContext(connection) as asked:
            assert ingest.write_batch([status(True), report(3, programme=5)]) == 2

        assert state().seen_at == seen
        assert not [query["sql"] for query in asked.captured_queries if "INSERT" in query["sql"]]

    def test_a_report_without_the_machine_leaves_what_is_known_of_it(self, ingest):
        ingest.write_batch([report(1, machine={"model": "Pi"})])
        ingest.write_batch([report(2), receipts(7)])

        assert (state().machine["model"], state().report_number) == ("Pi", 2)

    def test_a_batch_takes_a_few_statements_however_many_have_spoken(self, ingest):
        ingest.write_batch([status(True), up("status", {"online": True, "boot": "b", "connection": 1}, "quay")])
        many = [message for n in range(1, 40) for message in (report(n), plays(n), plays(n, "quay"), receipts(n))]

        with CaptureQueriesContext(connection) as asked:
            assert ingest.write_batch(many) == len(many)

        statements = [query["sql"].split()[0] for query in asked.captured_queries]
        assert statements.count("INSERT") == 3
        assert len(statements) <= 8


class TestQuotas:
    def test_one_screen_cannot_fill_the_disk(self, ingest, monkeypatch, caplog):
        monkeypatch.setattr(inbound_messages, "plays_quota", HourlyQuota(10, lambda: 0.0))
        for number in range(1, 21):
            ingest.write_batch([plays(number), plays(number, "quay"), report(number)])

        assert PlayRecord.objects.filter(screen__slug="hall").count() == 10
        assert state().report_number == 20
        assert state().refused_reason == "quota"
        # What was refused is missed, and requested again.
        assert state().play_gaps == PlayGaps(10)
        assert len([line for line in caplog.messages if "hall were refused" in line]) == 1

    def test_a_quota_fills_again(self):
        now = [0.0]
        quota = HourlyQuota(3600, lambda: now[0])
        assert quota.take(1, 3600)
        assert not quota.take(1, 1)
        assert quota.take(2, 3600)
        now[0] = 10.0
        assert quota.take(1, 10)
        assert not quota.take(1, 1)

    def test_reports_of_a_flood_are_stored_but_not_all_compared_with_the_alerts(self, ingest, monkeypatch):
        compared: list[str] = []
        monkeypatch.setattr(inbound_messages, "comparisons_quota", HourlyQuota(3, lambda: 0.0))
        monkeypatch.setattr(
            inbound_messages.reports_received, "send", lambda said: compared.extend(each.screen for each in said)
        )
        for number in range(1, 9):
            ingest.write_batch([report(number, alerts={"x": 5}), status(True)])

        assert compared == ["hall"] * 3
        assert state().report_number == 8

    def test_receipts_have_one_too(self, ingest, monkeypatch):
        monkeypatch.setattr(inbound_messages, "receipts_quota", HourlyQuota(3, lambda: 0.0))
        ingest.write_batch([status(True), *(receipts(number) for number in range(1, 9))])

        assert ReceiptRecord.objects.count() == 3
        assert state().refused_count == 5


class TestFailures:
    def test_messages_wait_while_the_database_is_busy(self, ingest, monkeypatch):
        tried = []

        def busy(*_: object, **__: object) -> None:
            tried.append(1)
            if len(tried) < 3:
                raise OperationalError("database is locked")

        monkeypatch.setattr(inbound_queue, "RETRY_S", 0)
        monkeypatch.setattr(row_writes, "merge_rows", busy)
        monkeypatch.setattr(inbound_queue.database, "with_fresh_connection", lambda task: task())
        ingest.enqueue(*plays(1))
        ingest._write_next_batch(0, threading.Event())

        assert len(tried) == 3
        assert PlayRecord.objects.count() == 1

    def test_a_change_of_people_comes_before_a_batch(self, ingest, monkeypatch):
        order = []
        in_change, batch_waits = threading.Event(), threading.Event()

        def change() -> None:
            with transactions.counted_as_serialised():
                in_change.set()
                batch_waits.wait(PATIENCE_S)
                order.append("people")

        wait_for_serialised = transactions.wait_for_serialised

        def waiting(timeout_s: float) -> bool:
            batch_waits.set()
            found = wait_for_serialised(timeout_s)
            order.append("screens")
            return found

        monkeypatch.setattr(transactions, "wait_for_serialised", waiting)
        person = threading.Thread(target=change)
        person.start()
        in_change.wait(PATIENCE_S)
        ingest.write_batch([status(True)])
        person.join(PATIENCE_S)

        assert order == ["people", "screens"]


class TestHostileMessages:
    @pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
    def test_harm_no_other(self, ingest, message, caplog):
        caplog.set_level(logging.CRITICAL)

        ingest.write_batch([status(True), message, report(programme=5)])

        assert state().online
        assert state().report["programme"] == 5
        assert ScreenState.objects.count() == 1

    def test_a_null_byte_in_a_text_harms_no_other(self, ingest):
        """PostgreSQL holds none in JSON."""
        ingest.write_batch([status(True), report(3, preparing="\0 \\u0000"), up("plays", {"plays": [play(1)]})])

        assert state().online
        assert state().report["preparing"] == "\ufffd \\u0000"
        assert PlayRecord.objects.count() == 1

    def test_of_a_screen_that_was_sent_away_are_not_heard(self, ingest, hall):
        hall.enrolled_at = None
        hall.save()

        ingest.write_batch([status(True)])

        assert not ScreenState.objects.exists()


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


class TestOddEntries:
    @pytest.mark.parametrize("odd", [{"number": 2, "started_at_ms": 10**30}, {"number": 2, "page": -1}, {"number": 2}])
    def test_cost_no_other_play_and_are_not_asked_for_again(self, ingest, hall, odd):
        batch = [play(1), odd if len(odd) == 1 else play(2) | odd, play(3)]
        assert ingest.write_batch([up("plays", {"plays": batch})]) == 1
        assert list(PlayRecord.objects.order_by("number").values_list("number", flat=True)) == [1, 3]
        state = ScreenState.objects.get(screen=hall)
        assert (state.play_gaps.missing, state.refused_reason) == ((), "malformed")

    @pytest.mark.parametrize("odd", [play(10**30), play(0), play(True), 7, None, []])
    def test_without_a_number_are_left_out(self, ingest, odd):
        assert ingest.write_batch([up("plays", {"plays": [play(1), odd]})]) == 1
        assert PlayRecord.objects.get().number == 1

    def test_cost_no_other_receipt(self, ingest):
        batch = {"boot": "b", "receipts": [receipt(1), receipt(10**30), receipt(3, latency_ms="soon")]}
        assert ingest.write_batch([up("receipts", batch)]) == 1
        assert ReceiptRecord.objects.get().sequence == 1

    @pytest.mark.parametrize("batch", [{"boot": "b", "receipts": [receipt(-1)]}, {"boot": "", "receipts": [receipt()]}])
    def test_are_not_all_that_is_there(self, ingest, batch):
        assert ingest.write_batch([up("receipts", batch)]) == 0


def test_plays_wait_on_the_screen_while_the_disk_is_scarce_and_receipts_do_not(ingest, hall, monkeypatch):
    monkeypatch.setattr(disk_space, "disk_state", lambda: disk_space.DiskState.SCARCE)
    ingest.write_batch([plays(1), receipts(7)])
    assert (PlayRecord.objects.count(), ReceiptRecord.objects.count()) == (0, 1)
    state = ScreenState.objects.get(screen=hall)
    assert (state.plays_newest, state.refused_reason) == (0, "unstorable")
