"""The charter at playlists and rules: what it says about announcements that a rule shows, or would show.

Where an entry or a rule is changed, the charter refuses only what the change brings: what is shown already stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import Town
from beffroi_server.fleet.targets import Targets
from beffroi_server.library.event_dates import event_end
from beffroi_server.schedule import auto_fill
from beffroi_server.schedule.charter import ProposedPublication, check_publications
from beffroi_server.schedule.charter_models import CharterRule
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
from beffroi_server.schedule.playlist_nesting import inner_keys, outer_keys

MOST_PUBLICATIONS = 100
"""Announcements by rules that are looked at for one change at most: each may have to be drawn."""
SENTENCES_SAID = 5
"""Sentences that one change says at most; the last one tells how many more there are."""


@dataclass(frozen=True)
class ProgrammeFinding:
    """What the charter says about an announcement that a rule shows."""

    sentence: str
    refuses: bool


def entry_findings(entries: Sequence[Entry]) -> list[ProgrammeFinding]:
    """Return what the charter says about entries of one playlist, saved or not, wherever rules show the playlist."""
    if not entries or not CharterRule.objects.exists():
        return []
    shown = [entry for entry in entries if entry.announcement is not None]
    for entry in entries:
        if entry.inner_id is not None:
            shown += _entries_within([entry.inner_id])
    above = outer_keys([entries[0].playlist_id])
    rules = ScheduleRule.objects.filter(playlist__in=above).prefetch_related("groups", "screens")
    return _findings(each for rule in rules for each in _publications(rule, Targets.of(rule), shown))


def rule_findings(rule: ScheduleRule, targets: Targets) -> list[ProgrammeFinding]:
    """Return what the charter says about what a rule, saved or not, shows on its screens."""
    if not targets or not CharterRule.objects.exists():
        return []
    return _findings(_publications(rule, targets, _entries_within([rule.playlist_id])))


def require_allowed(
    found: Iterable[ProgrammeFinding], before: Callable[[], Iterable[ProgrammeFinding]] = tuple
) -> None:
    """Refuse a change because of which the charter would refuse something that it did not refuse before.

    Raises:
        ValidationError: with one sentence for each announcement and rule of the charter.
    """
    refused = [each for each in found if each.refuses]
    if refused:
        known = {each.sentence for each in before()}
        sentences = say_some([each.sentence for each in refused if each.sentence not in known])
        if sentences:
            raise ValidationError([ValidationError(sentence, code="charter") for sentence in sentences])


def warnings_of(found: Iterable[ProgrammeFinding]) -> list[str]:
    """Return what findings warn of, a few sentences at most."""
    return say_some([each.sentence for each in found if not each.refuses])


def say_some(sentences: Sequence[str]) -> list[str]:
    """Return the first sentences, and one that tells how many more there are."""
    if len(sentences) <= SENTENCES_SAID:
        return list(sentences)
    more = _("And %(count)d more of this kind.") % {"count": len(sentences) - SENTENCES_SAID}
    return [*sentences[:SENTENCES_SAID], more]


def _entries_within(keys: Iterable[int]) -> list[Entry]:
    """Return the entries with announcements of playlists and of those within them, and what fills these by itself."""
    playlists = inner_keys(keys)
    listed = Entry.objects.filter(playlist__in=playlists, announcement__isnull=False, announcement__archived_at=None)
    current = listed.filter(Q(valid_until=None) | Q(valid_until__gt=timezone.now()))
    found = list(current.select_related("announcement__picture", "announcement__feed")[:MOST_PUBLICATIONS])
    for playlist in Playlist.objects.filter(pk__in=playlists).exclude(category=""):
        filling = auto_fill.auto_filled_announcements(playlist, timezone.get_current_timezone())
        found += [Entry(announcement=each, duration_s=auto_fill.SLIDE_DURATION_S) for each in filling]
    return found


def _publications(rule: ScheduleRule, targets: Targets, entries: Iterable[Entry]) -> Iterator[ProposedPublication]:
    town, now, timed = Town.objects.first(), timezone.now(), rule.to_content()
    if town is None:
        return
    zone = ZoneInfo(town.time_zone)
    begins = _midnight(rule.first_date, zone)
    ends = _midnight(rule.last_date + dt.timedelta(days=1), zone) if rule.last_date else None
    for entry in entries:
        if entry.announcement is None:
            continue
        starts_at = max(filter(None, (now, begins, entry.valid_from)))
        ends_at = min(filter(None, (ends, entry.valid_until, event_end(entry.announcement, zone))), default=None)
        if ends_at is None or starts_at < ends_at:
            yield ProposedPublication(entry.announcement, targets, starts_at, ends_at, entry.duration_s, timed)


def _findings(publications: Iterator[ProposedPublication]) -> list[ProgrammeFinding]:
    chosen = list(islice(publications, MOST_PUBLICATIONS))
    found = [
        ProgrammeFinding(
            _("“%(name)s”: %(sentence)s") % {"name": each.announcement.title, "sentence": finding.sentence},
            finding.refuses,
        )
        for each, findings in zip(chosen, check_publications(chosen), strict=True)
        for finding in findings
    ]
    return list(dict.fromkeys(found))


def _midnight(day: dt.date | None, zone: ZoneInfo) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(0), zone) if day else None
