"""Feeds as rows: the fields of their widgets, and changes by people."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.feeds import services
from beffroi_server.feeds.models import REFRESH_INTERVALS, Feed, FeedKind
from beffroi_server.library.models import Announcement

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("kind", FeedKind)
def test_the_widget_knows_source_and_ages(kind):
    interval = REFRESH_INTERVALS[kind]

    found = Feed(name="Agglo", kind=kind, data={"items": []}, told_at=NOON).widget_values()

    assert (found["source"], found["items"]) == ("Agglo", [])
    assert found["fetched_at_ms"] == int(NOON.timestamp() * 1000)
    assert found["stale_after_ms"] == interval.stale.total_seconds() * 1000
    useless = interval.useless
    assert found["useless_after_ms"] == (None if useless is None else useless.total_seconds() * 1000)


def test_the_widget_of_a_feed_that_was_never_published_has_no_time():
    assert Feed(name="Agglo").widget_values()["fetched_at_ms"] is None


@pytest.mark.parametrize(("made_h", "age_h"), [(None, 0), (-30, 30), (5, 0)])
def test_data_that_nobody_renews_is_as_old_as_it_says(made_h, age_h):
    noon_ms = int(NOON.timestamp() * 1000)
    data = {} if made_h is None else {"fetched_at_ms": noon_ms + made_h * 3_600_000}
    feed = Feed(name="Vigilance", kind=FeedKind.VIGILANCE, address="29", data=data, told_at=NOON)
    assert feed.widget_values()["fetched_at_ms"] == noon_ms - age_h * 3_600_000


@pytest.mark.django_db
class TestChanges:
    @pytest.fixture
    def feed(self) -> Feed:
        """A feed that was read, and failed since."""
        return Feed.objects.create(
            name="Agglo", kind=FeedKind.NEWS, address="https://example.org/rss", data={"items": []}, read_at=NOON,
            told_at=NOON, due_at=NOON, failures=3, problem="It did not answer in time.", kept={"place": "1"},
            skipped=[{"what": "item", "reason": "no-title", "where": "1", "name": ""}], skipped_count=3,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("changes", "keeps_data"),
        [
            ({"name": "Agglomération"}, True),
            ({"address": "https://example.org/atom"}, False),
            ({"kind": FeedKind.CALENDAR}, False),
        ],
    )
    def test_keep_the_data_of_the_same_address(self, feed, alice, changes, keeps_data):
        for name, value in changes.items():
            setattr(feed, name, value)

        services.save_feed(feed, user=alice)

        saved = Feed.objects.get()
        assert (saved.data == {"items": []}) is keeps_data
        assert (saved.read_at == NOON) is keeps_data
        assert (saved.due_at, saved.failures, saved.problem) == (None, 0, "")
        assert (saved.kept == {"place": "1"}) is keeps_data
        assert (len(saved.skipped), saved.skipped_count) == ((1, 3) if keeps_data else (0, 0))
        event = AuditEvent.objects.first()
        assert (event.actor, event.action) == ("alice", "feed-changed")

    @pytest.mark.parametrize("values", [{"name": ""}, {"name": "x" * 61}, {"kind": "rumours"}, {"name": "Agglo"}])
    def test_that_are_not_valid_are_refused(self, feed, values):
        with pytest.raises(ValidationError):
            services.save_feed(Feed(**({"name": "Other", "kind": FeedKind.NEWS} | values)), user=None)

        assert Feed.objects.count() == 1
        assert not AuditEvent.objects.filter(action__startswith="feed").exists()

    def test_cannot_delete_what_announcements_show(self, feed, alice):
        shown = Announcement.objects.create(title="À la une", template="headlines", feed=feed)
        with pytest.raises(services.FeedInUse, match="À la une"):
            services.delete_feed(feed, user=alice)
        assert Feed.objects.exists()

        Announcement.objects.update(archived_at=timezone.now())
        services.delete_feed(feed, user=alice)
        assert not Feed.objects.exists()
        shown.refresh_from_db()
        assert shown.feed is None
        assert AuditEvent.objects.first().action == "feed-deleted"
