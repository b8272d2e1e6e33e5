"""Changes to playlists and schedule rules. Each is recorded, and the screens that it concerns are published."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Max

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule import publication
from beffroi_server.schedule.errors import RuleConflict
from beffroi_server.schedule.models import DayCalendar, Entry, Playlist, ScheduleRule
from beffroi_server.schedule.queries import rule_fingerprint


def create_playlist(name: str, *, user: User | None) -> Playlist:
    """Create an empty playlist.

    Raises:
        ValidationError: the name is taken, or empty.
    """
    with serialised():
        playlist = Playlist(name=name)
        playlist.full_clean()
        playlist.save()
        audit.record_event(user, "playlist-created", playlist)
    return playlist


def rename_playlist(playlist: Playlist, name: str, *, user: User | None) -> None:
    """Give a playlist another name.

    Raises:
        Playlist.DoesNotExist: somebody deleted it meanwhile.
        ValidationError: the name is taken, or empty.
    """
    with serialised():
        playlist.refresh_from_db()
        before, playlist.name = playlist.name, name
        playlist.full_clean()
        playlist.save()
        audit.record_event(user, "playlist-renamed", playlist, before=before)
        publication.playlist_changed(playlist)


def set_auto_fill(playlist: Playlist, *, user: User | None, category: str, order: str) -> None:
    """Say what a playlist is filled with by itself, and in which order.

    Raises:
        Playlist.DoesNotExist: somebody deleted it meanwhile.
        ValidationError: a value does not do.
    """
    with serialised():
        playlist.refresh_from_db()
        playlist.category, playlist.order = category, order
        playlist.full_clean()
        playlist.save()
        audit.record_event(user, "playlist-filled", playlist, category=category, order=order)
        publication.playlist_changed(playlist)


def delete_playlist(playlist: Playlist, *, user: User | None) -> None:
    """Delete a playlist, its entries and the rules that show it."""
    with serialised():
        publication.playlist_changed(playlist)
        audit.record_event(user, "playlist-deleted", playlist, rules=[rule.name for rule in playlist.rules.all()])
        playlist.delete()


def add_entry(
    playlist: Playlist,
    *,
    user: User | None,
    announcement: Announcement | None = None,
    media: MediaItem | None = None,
    **values: Any,
) -> Entry:
    """Append an announcement or a picture to a playlist.

    Args:
        playlist: Where to.
        person: Who does it.
        announcement: What is shown; this or ``media``.
        media: What is shown.
        values: ``duration_s``, ``most_per_hour``, ``valid_from``, ``valid_until``.

    Raises:
        ValidationError: a value does not do.
    """
    with serialised():
        highest = playlist.entries.aggregate(highest=Max("position"))["highest"]
        position = 0 if highest is None else highest + 1
        if media is not None and media.film is not None:
            values = {"duration_s": min(3600, media.film.seconds)} | values
        entry = Entry(playlist=playlist, position=position, announcement=announcement, media=media, **values)
        entry.full_clean()
        entry.save()
        audit.record_event(user, "entry-added", playlist, entry=str(entry))
        publication.playlist_changed(playlist)
    return entry


def add_new_entries(
    playlist: Playlist,
    announcements: Iterable[Announcement],
    pictures: Iterable[MediaItem],
    *,
    user: User | None,
) -> list[Entry]:
    """Append those announcements and pictures that are not in a playlist yet; return what was added.

    Raises:
        Playlist.DoesNotExist: somebody deleted it meanwhile.
    """
    with serialised():
        playlist.refresh_from_db()
        told = set(playlist.entries.values_list("announcement", flat=True))
        pictured = set(playlist.entries.values_list("media", flat=True))
        return [
            *(add_entry(playlist, announcement=each, user=user) for each in announcements if each.pk not in told),
            *(add_entry(playlist, media=each, user=user) for each in pictures if each.pk not in pictured),
        ]


def update_entry(entry: Entry, *, user: User | None, **values: Any) -> None:
    """Change how long or when an entry is shown.

    Raises:
        Entry.DoesNotExist: somebody took it out meanwhile.
        ValidationError: a value does not do.
    """
    with serialised():
        entry.refresh_from_db()
        for field, value in values.items():
            setattr(entry, field, value)
        entry.full_clean()
        entry.save()
        audit.record_event(user, "entry-changed", entry.playlist, entry=str(entry), **values)
        publication.playlist_changed(entry.playlist)


def move_entry(entry: Entry, new_position: int, *, user: User | None) -> None:
    """Move an entry so that it is at ``new_position`` (0 is the first); beyond the end means last.

    Raises:
        Entry.DoesNotExist: somebody took it out meanwhile.
    """
    with serialised():
        entry.refresh_from_db()
        order = list(entry.playlist.entries.exclude(pk=entry.pk))
        order.insert(max(new_position, 0), entry)
        for position, each in enumerate(order):
            each.position = position
        Entry.objects.bulk_update(order, ["position"])
        audit.record_event(user, "entry-moved", entry.playlist, entry=str(entry), position=entry.position)
        publication.playlist_changed(entry.playlist)


def remove_entry(entry: Entry, *, user: User | None) -> None:
    """Take an entry out of its playlist. What it shows stays in the library.

    Raises:
        Entry.DoesNotExist: somebody took it out meanwhile.
    """
    with serialised():
        entry.refresh_from_db()
        audit.record_event(user, "entry-removed", entry.playlist, entry=str(entry))
        entry.delete()
        Entry.objects.filter(playlist=entry.playlist, position__gt=entry.position).update(position=F("position") - 1)
        publication.playlist_changed(entry.playlist)


def save_rule(
    rule: ScheduleRule,
    *,
    user: User | None,
    screens: Iterable[Screen] | None = None,
    groups: Iterable[ScreenGroup] | None = None,
    only_on: Iterable[DayCalendar] | None = None,
    never_on: Iterable[DayCalendar] | None = None,
    expected: str | None = None,
) -> ScheduleRule:
    """Create a rule or save a change of one.

    Args:
        rule: With its new values.
        person: Who does it.
        screens: The screens that it is for; None leaves them as they are.
        groups: The groups that it is for; None leaves them as they are.
        only_on: The calendars on the days of which it is on only; None leaves them as they are.
        never_on: The calendars on the days of which it is not; None leaves them as they are.
        expected: The ``fingerprint`` of the rule that the person saw before changing it.

    Raises:
        RuleConflict: somebody else changed it since.
        ScheduleRule.DoesNotExist: somebody else deleted it since.
        ValidationError: a value does not do.
    """
    with serialised():
        rule.full_clean()
        created = rule._state.adding
        if not created:
            before = ScheduleRule.objects.get(pk=rule.pk)
            if expected is not None and rule_fingerprint(before) != expected:
                raise RuleConflict(before)
            # Those that it no longer concerns must hear of it too.
            publication.rule_changed(before)
        rule.save()
        related = {"screens": screens, "groups": groups, "only_on": only_on, "never_on": never_on}
        for name, chosen in related.items():
            if chosen is not None:
                getattr(rule, name).set(chosen)
        audit.record_event(user, "rule-created" if created else "rule-changed", rule, playlist=str(rule.playlist))
        publication.rule_changed(rule)
    return rule


def delete_rule(rule: ScheduleRule, *, user: User | None) -> None:
    """Delete a rule. Its playlist stays."""
    with serialised():
        publication.rule_changed(rule)
        audit.record_event(user, "rule-deleted", rule, playlist=str(rule.playlist))
        rule.delete()


def save_calendar(calendar: DayCalendar, *, user: User | None) -> None:
    """Create a calendar of days, or change one.

    Raises:
        ValidationError: the name is taken, or empty.
    """
    with serialised():
        calendar.full_clean()
        created = calendar._state.adding
        calendar.save()
        audit.record_event(
            user, "calendar-created" if created else "calendar-changed", calendar, days=len(calendar.days)
        )
        publication.calendar_changed(calendar)


def delete_calendar(calendar: DayCalendar, *, user: User | None) -> None:
    """Delete a calendar that was imported. Rules that looked at it go on without it."""
    with serialised():
        publication.calendar_changed(calendar)
        audit.record_event(user, "calendar-deleted", calendar)
        calendar.delete()
