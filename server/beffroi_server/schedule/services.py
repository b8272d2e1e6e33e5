"""Changes to playlists, schedule rules and day calendars.

Each change is recorded in the audit trail, and marks the screens that it concerns for publication, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db.models import F, Max, Model

from beffroi_server.accounts import audit, undo
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.row_snapshots import snapshot_rows
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import content_owners, screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library import library_scopes
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule import charter_programme, publication
from beffroi_server.schedule import publish_permissions as permissions
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.errors import RuleConflict
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
from beffroi_server.schedule.playlist_nesting import check_nesting
from beffroi_server.schedule.queries import rule_fingerprint

Row = TypeVar("Row", bound=Model)


def create_playlist(name: str, *, user: User | None, municipality: Municipality | None = None) -> Playlist:
    """Create an empty playlist.

    Args:
        name: Its name.
        user: Somebody who does it; None for the server itself.
        municipality: Whose it is; by default the one that the user works for.

    Raises:
        NotPermitted: the user does not work for that municipality.
        ValidationError: the name is taken, or empty.
    """
    require(user, "may_edit")
    with serialised():
        playlist = Playlist(name=name, municipality=municipality or content_owners.home_of(user))
        content_owners.check_change(user, playlist)
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
    permissions.check_playlist(user, playlist)
    with serialised():
        playlist.refresh_from_db()
        before, playlist.name = audit.stored_values(playlist), name
        playlist.full_clean()
        playlist.save()
        audit.record_event(user, "playlist-renamed", playlist, **audit.changes_since(before, playlist))
        publication.mark_playlist(playlist)


def set_auto_fill(playlist: Playlist, *, user: User | None, category: str, order: str, take: int = 0) -> None:
    """Set the category that fills a playlist automatically, its order, and how much it gives to an outer playlist.

    Raises:
        Playlist.DoesNotExist: somebody deleted it meanwhile.
        ValidationError: a value is not valid.
    """
    permissions.check_playlist(user, playlist)
    with serialised():
        playlist.refresh_from_db()
        before = audit.stored_values(playlist)
        playlist.category, playlist.order, playlist.take = category, order, take
        playlist.full_clean()
        playlist.save()
        audit.record_event(user, "playlist-filled", playlist, **audit.changes_since(before, playlist))
        publication.mark_playlist(playlist)


def delete_playlist(playlist: Playlist, *, user: User | None) -> UndoEntry | None:
    """Delete a playlist, its entries and the rules that show it."""
    permissions.check_playlist(user, playlist)
    with serialised():
        publication.mark_playlist(playlist)
        outer = [str(entry.playlist) for entry in playlist.outer_entries.select_related("playlist")]
        rules = [rule.name for rule in playlist.rules.all()]
        audit.record_event(user, "playlist-deleted", playlist, rules=rules, playlists=outer)
        rows = [playlist, *playlist.entries.all(), *playlist.rules.all(), *playlist.outer_entries.all()]
        entry = undo.record_undo(user, "playlist-deleted", [playlist], rows=snapshot_rows(rows))
        playlist.delete()
    return entry


def add_entry(
    playlist: Playlist,
    *,
    user: User | None,
    announcement: Announcement | None = None,
    media: MediaItem | None = None,
    inner: Playlist | None = None,
    **values: Any,
) -> Entry:
    """Append an announcement, a media item or another playlist to a playlist; a video is shown once to its end.

    Args:
        playlist: The playlist.
        user: Somebody who does it; None for the server itself.
        announcement: The announcement to show; this, ``media`` or ``inner``.
        media: The media item to show.
        inner: The playlist that stands here for its slides.
        values: ``duration_s``, ``most_per_hour``, ``valid_from``, ``valid_until``.

    Raises:
        NotPermitted: the user may not use one of them.
        ValidationError: a value is not valid, the playlists would contain each other in a circle or too deeply, or the
            charter of the town refuses it.
    """
    values = _usual_duration(media) | values
    entry = Entry(playlist=playlist, announcement=announcement, media=media, inner=inner, **values)
    _check_additions(playlist, [entry], user)
    return _append_entry(entry, user)


def _check_additions(playlist: Playlist, entries: Sequence[Entry], user: User | None) -> None:
    """Refuse entries that the user, the other playlists or the charter do not allow.

    It is done before the transaction: the charter may have to draw them, and an alert may be waiting.
    """
    permissions.check_playlist(user, playlist)
    for entry in entries:
        if entry.announcement is not None:
            library_scopes.check_use(user, entry.announcement)
        for used in filter(None, (entry.media, entry.inner)):
            content_owners.check_use(user, used)
    charter_programme.require_allowed(charter_programme.entry_findings(entries))


def _append_entry(entry: Entry, user: User | None) -> Entry:
    playlist = entry.playlist
    with serialised():
        if entry.inner is not None:
            check_nesting(playlist, entry.inner)
        highest = playlist.entries.aggregate(highest=Max("position"))["highest"]
        entry.position = 0 if highest is None else highest + 1
        entry.full_clean()
        entry.save()
        audit.record_event(user, "entry-added", playlist, entry=str(entry))
        publication.mark_playlist(playlist)
    return entry


def add_new_entries(
    playlist: Playlist,
    announcements: Iterable[Announcement],
    pictures: Iterable[MediaItem],
    inners: Iterable[Playlist] = (),
    *,
    user: User | None,
) -> list[Entry]:
    """Append the announcements, media items and playlists that are not in a playlist yet; return the new entries.

    Raises:
        Playlist.DoesNotExist: somebody deleted it meanwhile.
        ValidationError: playlists would contain each other in a circle or too deeply; nothing is added.
    """
    return add_slides(playlist, [*announcements, *pictures, *inners], user=user)


def add_slides(
    playlist: Playlist, shown: Sequence[Announcement | MediaItem | Playlist], *, user: User | None
) -> list[Entry]:
    """Append those of some things, in their order, that are not in a playlist yet; return the new entries.

    Raises:
        Playlist.DoesNotExist: somebody deleted it meanwhile.
        ValidationError: playlists would contain each other in a circle or too deeply, or the charter of the town
            refuses one; nothing is added.
    """
    playlist.refresh_from_db()
    _check_additions(playlist, _missing_entries(playlist, shown), user)
    with serialised():
        return [_append_entry(entry, user) for entry in _missing_entries(playlist, shown)]


def _missing_entries(playlist: Playlist, shown: Sequence[Announcement | MediaItem | Playlist]) -> list[Entry]:
    """Return entries, not saved yet, for those of some things that are not in a playlist."""
    names: dict[Any, str] = {Announcement: "announcement", MediaItem: "media", Playlist: "inner"}
    known = {name: set(playlist.entries.values_list(name, flat=True)) for name in names.values()}
    missing = [each for each in shown if each.pk not in known[names[type(each)]]]
    return [Entry(playlist=playlist, **_usual_duration(each), **{names[type(each)]: each}) for each in missing]


def _usual_duration(shown: Announcement | MediaItem | Playlist | None) -> dict[str, Any]:
    """Return how long an entry is shown where nobody says: a video to its end, anything else as the model has it."""
    if isinstance(shown, MediaItem) and shown.video_details is not None:
        return {"duration_s": min(3600, shown.video_details.seconds)}
    return {}


def update_entry(entry: Entry, *, user: User | None, **values: Any) -> None:
    """Change the duration, validity or frequency of an entry.

    Raises:
        Entry.DoesNotExist: somebody removed it meanwhile.
        ValidationError: a value is not valid, or the charter of the town refuses it.
    """
    permissions.check_playlist(user, entry.playlist)
    stored, changed = Entry.objects.get(pk=entry.pk), Entry.objects.get(pk=entry.pk)
    for field, value in values.items():
        setattr(changed, field, value)
    findings = charter_programme.entry_findings([changed])
    charter_programme.require_allowed(findings, lambda: charter_programme.entry_findings([stored]))
    with serialised():
        entry.refresh_from_db()
        before = audit.stored_values(entry)
        for field, value in values.items():
            setattr(entry, field, value)
        entry.full_clean()
        entry.save()
        changes = audit.changes_since(before, entry)
        audit.record_event(user, "entry-changed", entry.playlist, entry=str(entry), **changes)
        publication.mark_playlist(entry.playlist)


def move_entry(entry: Entry, new_position: int, *, user: User | None) -> None:
    """Move an entry to a position in its playlist; 0 is the first, and beyond the end means last.

    Raises:
        Entry.DoesNotExist: somebody removed it meanwhile.
    """
    permissions.check_playlist(user, entry.playlist)
    with serialised():
        entry.refresh_from_db()
        order = list(entry.playlist.entries.exclude(pk=entry.pk))
        order.insert(max(new_position, 0), entry)
        for position, each in enumerate(order):
            each.position = position
        Entry.objects.bulk_update(order, ["position"])
        audit.record_event(user, "entry-moved", entry.playlist, entry=str(entry), position=entry.position)
        publication.mark_playlist(entry.playlist)


def remove_entry(entry: Entry, *, user: User | None) -> None:
    """Remove an entry from its playlist; its announcement or media item stays in the library.

    Raises:
        Entry.DoesNotExist: somebody removed it meanwhile.
    """
    permissions.check_playlist(user, entry.playlist)
    with serialised():
        entry.refresh_from_db()
        audit.record_event(user, "entry-removed", entry.playlist, entry=str(entry))
        entry.delete()
        Entry.objects.filter(playlist=entry.playlist, position__gt=entry.position).update(position=F("position") - 1)
        publication.mark_playlist(entry.playlist)


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
        rule: The rule with its new values.
        user: Somebody who does it; None for the server itself.
        screens: Its screens; None leaves them as they are.
        groups: Its groups; None leaves them as they are.
        only_on: Calendars to whose days it is restricted; None leaves them as they are.
        never_on: Calendars on whose days it does not apply; None leaves them as they are.
        expected: The ``rule_fingerprint`` that the user saw before the change; None overwrites any version.

    Raises:
        NotPermitted: it reaches, or reached, screens on which the user may not publish.
        RuleConflict: somebody else changed it since.
        ScheduleRule.DoesNotExist: somebody else deleted it since.
        ValidationError: a value is not valid, or the charter of the town refuses what it shows.
    """
    screens, groups = _listed(screens), _listed(groups)
    rule.full_clean()
    _check_charter(rule, screens, groups)
    with serialised():
        rule.full_clean()
        content_owners.check_use(user, rule.playlist)
        created, values = rule._state.adding, audit.stored_values(rule)
        if not created:
            before = ScheduleRule.objects.get(pk=rule.pk)
            permissions.check_rule(user, before)
            if expected is not None and rule_fingerprint(before) != expected:
                raise RuleConflict(before)
            # Screens that the rule leaves must be published, too.
            publication.mark_rule(before)
        rule.save()
        related = {"screens": screens, "groups": groups, "only_on": only_on, "never_on": never_on}
        for name, chosen in related.items():
            if chosen is not None:
                getattr(rule, name).set(chosen)
        # Once it is stored: what reaches too far undoes the transaction.
        permissions.check_publishing(user, Targets.of(rule))
        changes = audit.changes_since(values, rule)
        action = "rule-created" if created else "rule-changed"
        audit.record_event(user, action, rule, playlist=str(rule.playlist), **changes)
        publication.mark_rule(rule)
    return rule


def _check_charter(rule: ScheduleRule, screens: list[Screen] | None, groups: list[ScreenGroup] | None) -> None:
    """Refuse a rule because of which the charter refuses something; before the transaction, since it may draw."""
    stored = ScheduleRule.objects.filter(pk=rule.pk).first()
    if stored is not None:
        groups = list(stored.groups.all()) if groups is None else groups
        screens = list(stored.screens.all()) if screens is None else screens
    targets = EVERYWHERE if rule.everywhere else Targets(groups=tuple(groups or ()), screens=tuple(screens or ()))
    found = charter_programme.rule_findings(rule, targets)
    charter_programme.require_allowed(
        found, lambda: charter_programme.rule_findings(stored, Targets.of(stored)) if stored is not None else []
    )


def _listed(rows: Iterable[Row] | None) -> list[Row] | None:
    return None if rows is None else list(rows)


def delete_rule(rule: ScheduleRule, *, user: User | None) -> UndoEntry | None:
    """Delete a rule. Its playlist stays."""
    permissions.check_rule(user, rule)
    with serialised():
        publication.mark_rule(rule)
        changes = audit.changes_since(audit.stored_values(rule), None)
        audit.record_event(user, "rule-deleted", rule, playlist=str(rule.playlist), **changes)
        entry = undo.record_undo(user, "rule-deleted", [rule], rows=snapshot_rows([rule]))
        rule.delete()
    return entry


def save_calendar(calendar: DayCalendar, *, user: User | None) -> None:
    """Create a day calendar or save a change of one.

    Raises:
        ValidationError: the name is taken, or empty.
    """
    require(user, "may_edit")
    screen_scopes.check_whole_town(user)
    with serialised():
        calendar.full_clean()
        created, before = calendar._state.adding, audit.stored_values(calendar)
        calendar.save()
        changes = audit.changes_since(before, calendar)
        action = "calendar-created" if created else "calendar-changed"
        audit.record_event(user, action, calendar, count=len(calendar.days), **changes)
        publication.mark_calendar(calendar)


def delete_calendar(calendar: DayCalendar, *, user: User | None) -> None:
    """Delete a day calendar that was imported; rules that depend on it go on without it."""
    require(user, "may_edit")
    screen_scopes.check_whole_town(user)
    with serialised():
        publication.mark_calendar(calendar)
        audit.record_event(user, "calendar-deleted", calendar)
        calendar.delete()
