"""Rounds of refreshing feeds: which are due, delays after failures, and what is published."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from beffroi_server.feeds import feed_readings, fetch, reading_process, refresh, services
from beffroi_server.feeds.events import feed_changed
from beffroi_server.feeds.feed_readings import FeedReadings, reading_due
from beffroi_server.feeds.models import REFRESH_INTERVALS, Feed, FeedKind

pytestmark = pytest.mark.usefixtures("town", "english")
NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
CSV = b"Jour;Menu\nLundi;Soupe\n"


@pytest.fixture
def answers(monkeypatch) -> dict[str, bytes | Exception]:
    """What each address answers; another one is not reachable."""
    known: dict[str, bytes | Exception] = {}

    def fetch_url(address: str, headers: object = None, *, limit: int | None = None) -> bytes:
        answer = known.get(address, fetch.FetchError("It did not answer in time."))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(fetch, "fetch_url", fetch_url)
    return known


@pytest.fixture
def published(monkeypatch) -> list[Feed]:
    """The feeds of which a change was announced."""
    announced: list[Feed] = []
    monkeypatch.setattr(feed_changed, "send", announced.append)
    return announced


def table(name: str = "Menu", **values: object) -> Feed:
    return Feed.objects.create(name=name, kind=FeedKind.TABLE, address=f"https://example.org/{name}", **values)


def fresh(feed: Feed) -> Feed:
    return Feed.objects.get(pk=feed.pk)


def read_all() -> list[str]:
    """Read what is due, one after the other; return the names in that order."""
    readings, names = FeedReadings(), []
    before = set(Feed.objects.filter(due_at__gt=timezone.now()).values_list("name", flat=True))
    while readings.read_next():
        done = set(Feed.objects.filter(due_at__gt=timezone.now()).values_list("name", flat=True))
        names += sorted(done - before)
        before = done
    return names


class TestDue:
    def test_are_those_that_were_never_read_and_those_whose_time_has_come(self, answers):
        now = timezone.now()
        table("due", due_at=now - dt.timedelta(seconds=1))
        table("asked for")
        Feed.objects.create(name="warnings", kind=FeedKind.VIGILANCE, address="44", due_at=now)
        table("later", due_at=now + dt.timedelta(minutes=1))

        # Warnings first, though they cannot be read without a key; then what somebody waits for.
        assert read_all() == ["warnings", "asked for", "due"]

    def test_are_read_by_one_thread_each(self, answers, monkeypatch):
        table("slow"), table("quick")
        readings, read = FeedReadings(), []

        def refresh_feed(feed: Feed) -> bool:
            read.append(feed.name)
            if len(read) == 1:
                assert readings.read_next()
            Feed.objects.filter(pk=feed.pk).update(due_at=timezone.now() + dt.timedelta(hours=1))
            return True

        monkeypatch.setattr(refresh, "refresh_feed", refresh_feed)

        assert readings.read_next()
        assert sorted(read) == ["quick", "slow"]
        assert not readings.read_next()

    def test_are_read_until_the_server_stops_and_a_fault_of_one_does_not_end_it(self, answers, monkeypatch):
        feed, stopping, runs = table(), threading.Event(), []

        def refresh_feed(_feed: Feed) -> bool:
            runs.append(1)
            if len(runs) == 1:
                reading_due.set()
                raise OperationalError("the database is away")
            stopping.set()
            # As the service does when it stops.
            reading_due.set()
            Feed.objects.filter(pk=feed.pk).update(due_at=timezone.now() + dt.timedelta(hours=1))
            return True

        monkeypatch.setattr(refresh, "refresh_feed", refresh_feed)
        monkeypatch.setattr(feed_readings.database, "with_fresh_connection", lambda task: task())
        reading_due.set()
        FeedReadings.run_readings.__wrapped__(FeedReadings(), stopping)

        assert len(runs) == 2


class TestSuccess:
    def test_sets_data_times_and_the_next_reading(self, answers):
        feed = table(failures=3, problem="x")
        answers[feed.address] = CSV

        with time_machine.travel(NOON, tick=False):
            assert refresh.refresh_feed(feed)

        found, every = fresh(feed), REFRESH_INTERVALS[FeedKind.TABLE].every
        assert found.data == {"heading": ["Jour", "Menu"], "rows": [["Lundi", "Soupe"]]}
        assert (found.failures, found.problem, found.read_at, found.told_at) == (0, "", NOON, NOON)
        assert 0.9 * every <= found.due_at - NOON <= 1.1 * every

    @pytest.mark.parametrize(("age", "is_published"), [(dt.timedelta(hours=15), False), (dt.timedelta(hours=17), True)])
    def test_with_the_same_data_is_published_before_it_looks_old(self, answers, published, age, is_published):
        """A table is marked as stale after two days; its time is published after a third of that."""
        feed = table()
        answers[feed.address] = CSV
        with time_machine.travel(NOON, tick=False):
            refresh.refresh_feed(feed)
        assert published == [feed]

        with time_machine.travel(NOON + age, tick=False):
            refresh.refresh_feed(fresh(feed))

        assert len(published) == 1 + is_published
        assert (fresh(feed).told_at == NOON) is not is_published
        assert fresh(feed).read_at == NOON + age

    def test_of_an_address_that_was_changed_meanwhile_is_dropped(self, answers, published):
        feed = table()
        answers[feed.address] = CSV
        read = fresh(feed)
        feed.address = "https://example.org/other"
        services.save_feed(feed, user=None)

        refresh.refresh_feed(read)

        assert fresh(feed).data == {}
        assert published == []


class TestFailure:
    def test_keeps_the_data_and_names_the_reason(self, answers, published):
        feed = table(data={"rows": [["a"]]})

        assert not refresh.refresh_feed(feed)

        found = fresh(feed)
        assert (found.data, found.failures, found.problem) == ({"rows": [["a"]]}, 1, "It did not answer in time.")
        assert published == []

    @pytest.mark.parametrize(
        ("failures", "longest"),
        [(0, 30), (1, 60), (2, 120), (3, 120), (6, 120), (900, 120)],
    )
    def test_is_followed_by_a_delay_that_doubles_up_to_two_hours(self, answers, failures, longest):
        feed = table(failures=failures)

        with time_machine.travel(NOON, tick=False):
            refresh.refresh_feed(feed)

        delay = fresh(feed).due_at - NOON
        assert dt.timedelta(minutes=longest) / 2 <= delay <= dt.timedelta(minutes=longest)

    def test_is_counted_to_a_thousand(self, answers):
        feed = table(failures=1000)

        refresh.refresh_feed(feed)

        assert fresh(feed).failures == 1000

    @pytest.mark.parametrize(
        ("content", "reason"),
        [(b"", "still empty"), (b"a;b;c;d;e;f;g;h;i\n1;2;3;4;5;6;7;8;9\n", "more than 8 columns")],
    )
    def test_of_the_parser_says_what_to_do(self, answers, content, reason):
        feed = table()
        answers[feed.address] = content

        refresh.refresh_feed(feed)

        assert reason in fresh(feed).problem

    def test_of_a_parser_that_hangs_is_no_harm(self, answers, monkeypatch):
        feed = table()
        answers[feed.address] = CSV
        monkeypatch.setattr(reading_process, "READER_TIMEOUT_S", 0.01)

        assert not refresh.refresh_feed(feed)
        assert "memory and time limits" in fresh(feed).problem


@pytest.mark.parametrize("kind", FeedKind)
def test_every_kind_has_an_interval_and_a_widget(kind):
    interval = REFRESH_INTERVALS[kind]

    assert dt.timedelta(minutes=5) <= interval.every < interval.stale
    assert interval.useless is None or interval.useless > interval.stale
    assert kind in reading_process.WIDGET_MODELS
