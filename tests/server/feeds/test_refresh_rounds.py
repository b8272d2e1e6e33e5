"""Rounds of refreshing feeds: which are due, delays after failures, and what is published."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from beffroi_server.feeds import fetch, refresh, services
from beffroi_server.feeds.events import feed_changed
from beffroi_server.feeds.models import REFRESH_INTERVALS, Feed, FeedKind

pytestmark = pytest.mark.usefixtures("town", "english")
NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
CSV = b"Jour;Menu\nLundi;Soupe\n"


@pytest.fixture
def answers(monkeypatch) -> dict[str, bytes | Exception]:
    """What each address answers; another one is not reachable."""
    known: dict[str, bytes | Exception] = {}

    def fetch_url(address: str, headers: object = None) -> bytes:
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


class TestDue:
    def test_are_those_that_were_never_read_and_those_whose_time_has_come(self, answers):
        now = timezone.now()
        table("never")
        table("due", due_at=now - dt.timedelta(seconds=1))
        table("later", due_at=now + dt.timedelta(minutes=1))
        answers |= {f"https://example.org/{name}": CSV for name in ("never", "due", "later")}

        assert refresh.refresh_due() == 2
        assert set(Feed.objects.exclude(read_at=None).values_list("name", flat=True)) == {"never", "due"}
        assert refresh.refresh_due() == 0

    def test_are_limited_in_each_round(self, answers, monkeypatch):
        monkeypatch.setattr(refresh, "FEEDS_PER_ROUND", 2)
        for number in range(3):
            answers[table(str(number)).address] = CSV

        assert [refresh.refresh_due() for _ in range(3)] == [2, 1, 0]

    def test_wait_when_the_server_stops(self, answers):
        for number in range(3):
            answers[table(str(number)).address] = CSV
        stops = iter([False, True, True])

        assert refresh.refresh_due(lambda: next(stops)) == 1
        assert Feed.objects.filter(read_at=None).count() == 2

    def test_are_counted_only_when_they_could_be_read(self, answers):
        table("broken")

        assert refresh.refresh_due() == 0


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
        monkeypatch.setattr(refresh, "READER_TIMEOUT_S", 0.01)

        assert not refresh.refresh_feed(feed)
        assert "memory and time limits" in fresh(feed).problem


@pytest.mark.parametrize("kind", FeedKind)
def test_every_kind_has_an_interval_and_a_widget(kind):
    interval = REFRESH_INTERVALS[kind]

    assert dt.timedelta(minutes=5) <= interval.every < interval.stale
    assert interval.useless is None or interval.useless > interval.stale
    assert kind in refresh._WIDGET_MODELS
