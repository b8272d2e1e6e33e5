"""Changes to feeds, each recorded in the audit trail."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.transactions import serialised
from beffroi_server.feeds.feed_readings import reading_due
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import content_owners


class FeedInUse(Exception):
    """A feed cannot be deleted while announcements show it; the message names them, for people."""


def save_feed(feed: Feed, *, user: User | None) -> None:
    """Create a feed or save a change of one; with another address its data is dropped.

    It is read in the background at once.

    Raises:
        NotPermitted: it belongs to another municipality, or to all of them.
        ValidationError: a value is not valid.
    """
    require(user, "may_edit")
    with serialised():
        created = feed._state.adding
        if created and feed.municipality is None:
            feed.municipality = content_owners.home_of(user)
        before = None if created else Feed.objects.get(pk=feed.pk)
        # Whose it was, too: nobody takes over what belongs to others.
        for each in filter(None, (before, feed)):
            content_owners.check_change(user, each)
        feed.full_clean()
        values = audit.stored_values(feed)
        if before is not None and (before.kind, before.address) != (feed.kind, feed.address):
            feed.data, feed.kept, feed.skipped, feed.skipped_count = {}, {}, [], 0
            feed.read_at, feed.told_at = None, None
        feed.due_at, feed.failures, feed.problem = None, 0, ""
        feed.save()
        changes = audit.changes_since(values, feed)
        audit.record_event(user, "feed-created" if created else "feed-changed", feed, **changes)
        transaction.on_commit(reading_due.set)


def request_reading(feed: Feed) -> None:
    """Have a feed read in the background now."""
    Feed.objects.filter(pk=feed.pk).update(due_at=None)
    reading_due.set()


def delete_feed(feed: Feed, *, user: User | None) -> None:
    """Delete a feed that no announcement shows. Those in the archive lose it, and ask for another once restored.

    Raises:
        FeedInUse: announcements or bands show it.
    """
    require(user, "may_edit")
    content_owners.check_change(user, feed)
    with serialised():
        titles = list(feed.announcements.filter(archived_at=None).values_list("title", flat=True))
        titles += [str(choice) for choice in [*feed.news_layouts.all(), *feed.weather_layouts.all()]]
        if titles:
            message = _("“%(name)s” is used by %(titles)s. Change or delete these announcements first.")
            raise FeedInUse(message % {"name": feed, "titles": ", ".join(f"“{title}”" for title in titles)})
        archived = list(feed.announcements.values_list("title", flat=True))
        feed.announcements.update(feed=None)
        audit.record_event(
            user, "feed-deleted", feed, titles=archived, **audit.changes_since(audit.stored_values(feed), None)
        )
        feed.delete()
