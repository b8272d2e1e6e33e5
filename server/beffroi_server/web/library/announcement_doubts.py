"""What makes it doubtful that an announcement is meant as it was filled in; none of it is an error.

Each doubt is said beside its field while somebody types, and asked about once when the announcement is published.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import NON_FIELD_ERRORS
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.core import formatting
from beffroi_server.core.languages import language_name
from beffroi_server.library.event_dates import event_end
from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import EVENT_TEMPLATES, WIDGET_TEMPLATES
from beffroi_server.schedule.charter import CharterFinding, ProposedPublication, check_charter
from beffroi_server.schedule.charter_models import CharterSubject
from beffroi_server.web.forms import MISSING_CHARACTERS
from beffroi_server.web.library.announcement_preview import unsaved_announcement
from beffroi_server.web.library.forms import AnnouncementForm
from beffroi_server.web.schedule.placement_forms import PlacementForm


class DoubtPlace(StrEnum):
    """Where in the form a doubt is said: after these fields."""

    TITLE = "title"
    TEXT = "body"
    EVENT = "starts"
    LINK = "link"
    LANGUAGES = "languages"
    CATEGORY = "label"
    SCREENS = "where"


_PLACES = {
    CharterSubject.TITLE_LENGTH: DoubtPlace.TITLE,
    CharterSubject.READING_TIME: DoubtPlace.TEXT,
    CharterSubject.LED_PAGES: DoubtPlace.TEXT,
    CharterSubject.DISTANCE: DoubtPlace.TEXT,
    CharterSubject.NO_LINK: DoubtPlace.LINK,
    CharterSubject.LANGUAGES: DoubtPlace.LANGUAGES,
    CharterSubject.SHARE: DoubtPlace.CATEGORY,
    CharterSubject.SUSPENDED: DoubtPlace.CATEGORY,
}
"""Where the charter speaks; of what is not here, with the screens."""
_FIELDS = {
    "title": DoubtPlace.TITLE,
    "label": DoubtPlace.CATEGORY,
    "place": DoubtPlace.EVENT,
    "source": DoubtPlace.LINK,
}
"""Where a letter that no screen has is named, by the field that has it; of the others, with the text."""


@dataclass(frozen=True)
class Doubt:
    """One doubt, and where the form says it."""

    place: DoubtPlace
    sentence: str


def doubts(announcement: Announcement, form: PlacementForm | None, saved_as: uuid.UUID | None = None) -> list[Doubt]:
    """Return what is asked about when an announcement is published.

    Args:
        announcement: As its form describes it; it need not be saved.
        form: The valid form of its placement; None where there is none.
        saved_as: The saved announcement that is edited; None: a new one.
    """
    until = form.shown_until(announcement) if form is not None and form.targets else None
    found = [*_doubts_of_event(announcement, until), *_doubts_of_languages(announcement)]
    # What the charter refuses is said when the announcement is placed.
    return found + [_doubt_of(each) for each in _findings(announcement, form, until, saved_as) if not each.refuses]


def typed_doubts(
    form: AnnouncementForm, placement: PlacementForm | None, saved_as: uuid.UUID | None = None
) -> dict[str, list[str]]:
    """Return what is said beside the fields of forms that somebody is filling in, by the places where it is said.

    That is every doubt, what the charter refuses, and of the errors those that people do not see coming.

    Args:
        form: The form of the announcement.
        placement: That of its placement; None where there is none.
        saved_as: The saved announcement that is edited; None: a new one.
    """
    announcement, errors = unsaved_announcement(form), form.errors.as_data()
    is_placed = placement is not None and placement.is_valid()
    until = placement.shown_until(announcement) if placement is not None and is_placed and placement.targets else None
    said = defaultdict[str, list[str]](list)
    for refused in errors.get(NON_FIELD_ERRORS, ()):
        if refused.code == MISSING_CHARACTERS:
            said[_FIELDS.get((refused.params or {}).get("name", ""), DoubtPlace.TEXT)] += refused.messages
    times = [message for name in ("starts", "ends") for error in errors.get(name, ()) for message in error.messages]
    said[DoubtPlace.EVENT] += times
    if not times:
        _say(said, _doubts_of_event(announcement, until))
    _say(said, _doubts_of_languages(announcement))
    for texts in form.translation_forms:
        said[DoubtPlace.LANGUAGES] += map(str, texts.non_field_errors())
    _say(said, map(_doubt_of, _findings(announcement, placement if is_placed else None, until, saved_as)))
    if placement is not None and not is_placed:
        said[DoubtPlace.SCREENS] += map(str, placement.errors.get("valid_until", []))
    return {place: said[place] for place in DoubtPlace}


def doubts_key(found: list[Doubt]) -> str:
    """Return a short text that says which doubts a user has seen and confirmed."""
    return hashlib.sha256("\n".join(each.sentence for each in found).encode()).hexdigest()[:16]


def _say(said: dict[str, list[str]], found: Iterable[Doubt]) -> None:
    for each in found:
        said[each.place].append(each.sentence)


def _doubts_of_event(announcement: Announcement, until: dt.datetime | None) -> Iterator[Doubt]:
    now, zone = timezone.now(), timezone.get_current_timezone()
    if announcement.template in EVENT_TEMPLATES and announcement.starts is None:
        undated = _("This event has no date: nobody can tell when it is, and it does not leave by itself.")
        yield Doubt(DoubtPlace.EVENT, undated)
    end = event_end(announcement, zone)
    if end is not None and end <= now:
        past = _("What it tells of is over (%(moment)s): no screen shows it.")
        yield Doubt(DoubtPlace.EVENT, past % {"moment": formatting.format_moment(end)})
    if until is not None and until <= now:
        past = _("Its time on the screens is over (%(moment)s).")
        yield Doubt(DoubtPlace.SCREENS, past % {"moment": formatting.format_moment(until)})
    elif until is not None and announcement.starts is not None and _is_too_early(announcement.starts, until, end):
        early = _("It leaves the screens before the event (%(moment)s).")
        yield Doubt(DoubtPlace.SCREENS, early % {"moment": formatting.format_moment(until)})


def _doubts_of_languages(announcement: Announcement) -> Iterator[Doubt]:
    """Doubt each language in which the text of the main language would stand under another title."""
    if not announcement.body or announcement.template in WIDGET_TEMPLATES:
        return
    sentence = _("The text is missing in this language: %(name)s. That of the main language is shown in its place.")
    for each in announcement.translations:
        if not each.get("body"):
            yield Doubt(DoubtPlace.LANGUAGES, sentence % {"name": language_name(str(each["language"]))})


def _findings(
    announcement: Announcement, form: PlacementForm | None, until: dt.datetime | None, saved_as: uuid.UUID | None
) -> list[CharterFinding]:
    if form is None or not form.targets:
        return []
    now = timezone.now()
    starts = max(form.cleaned_data["valid_from"] or now, now)
    return check_charter(
        ProposedPublication(
            announcement, form.targets, starts, until, form.cleaned_data["duration_s"], saved_as=saved_as
        )
    )


def _doubt_of(finding: CharterFinding) -> Doubt:
    return Doubt(_PLACES.get(finding.subject, DoubtPlace.SCREENS), finding.sentence)


def _is_too_early(starts: dt.datetime, until: dt.datetime, end: dt.datetime | None) -> bool:
    return until < starts and (end is None or until < end)
