"""The charter at work: what the town's rules say about an announcement that is to be published somewhere."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_content.languages import LANGUAGES
from beffroi_content.model import DisplayTechnology
from beffroi_content.model import ScheduleRule as TimedRule
from beffroi_content.rendering import RasterError, ReadabilityReport
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.formatting import format_hour, format_number
from beffroi_server.core.languages import language_name
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.models import ScreenClass, ScreenGroup
from beffroi_server.fleet.targets import Targets
from beffroi_server.library import preview, slide_content
from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import WIDGET_TEMPLATES
from beffroi_server.schedule.charter_hours import is_within_hours
from beffroi_server.schedule.charter_models import CharterRule, CharterSubject
from beffroi_server.schedule.charter_share import CategoryShares, SharedPublication, proposed_slide

MOST_CLASSES = 12
"""Screen classes on which readability is looked at, at most."""


@dataclass(frozen=True)
class ProposedPublication:
    """An announcement that somebody is about to publish; it need not be saved."""

    announcement: Announcement
    targets: Targets
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    duration_s: int
    rule: TimedRule | None = None
    """The rule that shows it at its hours; None where it is placed directly, around the clock."""
    saved_as: uuid.UUID | None = None
    """The saved announcement that it will replace, where it is edited as one without its identifier."""


@dataclass(frozen=True)
class CharterFinding:
    """What one rule says about a publication."""

    subject: CharterSubject
    sentence: str
    refuses: bool


def check_charter(proposed: ProposedPublication) -> list[CharterFinding]:
    """Return what the charter says about a publication: refusals first; nothing where all is well."""
    return check_publications([proposed])[0]


def check_publications(proposed: Sequence[ProposedPublication]) -> list[list[CharterFinding]]:
    """Return what the charter says about each of some publications; see :func:`check_charter`."""
    town, rules = Town.objects.first(), list(CharterRule.objects.prefetch_related("groups"))
    if town is None or not rules:
        return [[] for _each in proposed]
    drawn: _Drawn = {}
    shares = CategoryShares(town)
    return [_findings(each, rules, _Readings(each, town, drawn, shares)) for each in proposed]


def _findings(proposed: ProposedPublication, rules: Sequence[CharterRule], readings: _Readings) -> list[CharterFinding]:
    if not proposed.targets:
        return []
    zone = ZoneInfo(readings.town.time_zone)
    first = proposed.starts_at.astimezone(zone).date()
    last = proposed.ends_at.astimezone(zone).date() if proposed.ends_at else None
    concerned = [rule for rule in rules if rule.applies_to(proposed.announcement.label, first, last)]
    sentences = [(rule, _CHECKS[CharterSubject(rule.subject)](rule, proposed, readings)) for rule in concerned]
    return [
        CharterFinding(CharterSubject(rule.subject), f"{sentence} {rule.reason}".strip(), rule.refuses)
        for rule, sentence in sentences
        if sentence
    ]


def require_charter(proposed: ProposedPublication) -> None:
    """Refuse a publication that the charter refuses; what only warns passes.

    Raises:
        ValidationError: with one sentence for each rule that refuses it.
    """
    refused = [finding.sentence for finding in check_charter(proposed) if finding.refuses]
    if refused:
        raise ValidationError([ValidationError(sentence, code="charter") for sentence in refused])


def save_charter_rule(rule: CharterRule, *, groups: Iterable[ScreenGroup] | None = None, user: User | None) -> None:
    """Create a rule of the charter or save a change of one. What is published already stays.

    Raises:
        NotPermitted: the user is no administrator.
        ValidationError: a value is not valid.
    """
    require(user, "may_administer")
    with serialised():
        before, created = audit.stored_values(rule), rule._state.adding
        rule.full_clean()
        rule.save()
        if groups is not None:
            rule.groups.set(groups)
        action = "charter-rule-created" if created else "charter-rule-changed"
        audit.record_event(user, action, rule, **audit.changes_since(before, rule))


def delete_charter_rule(rule: CharterRule, *, user: User | None) -> None:
    """Delete a rule of the charter.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    with serialised():
        audit.record_event(user, "charter-rule-deleted", rule)
        rule.delete()


_Drawn = dict[tuple[uuid.UUID, int], ReadabilityReport | None]
"""How well announcements can be read on screen classes, by their keys; None where one cannot be drawn."""


class _Readings:
    """How well the announcement can be read on the classes of the screens that it reaches; drawn when first asked.

    Args:
        proposed: The publication.
        town: The town.
        drawn: What was drawn before, for other publications of the same announcement.
        shares: Shares of categories, read when first asked.
    """

    def __init__(self, proposed: ProposedPublication, town: Town, drawn: _Drawn, shares: CategoryShares) -> None:
        self._proposed, self.town, self._drawn, self.shares = proposed, town, drawn, shares
        self._known: list[tuple[ScreenClass, ReadabilityReport]] | None = None

    def by_class(self) -> list[tuple[ScreenClass, ReadabilityReport]]:
        if self._known is None:
            self._known = list(self._read())
        return self._known

    def _read(self) -> list[tuple[ScreenClass, ReadabilityReport]]:
        reached = self._proposed.targets.reached_screens().order_by().values("screen_class")
        found = []
        for screen_class in ScreenClass.objects.filter(pk__in=reached)[:MOST_CLASSES]:
            key = (self._proposed.announcement.pk, screen_class.pk)
            if key not in self._drawn:
                self._drawn[key] = self._report(screen_class)
            report = self._drawn[key]
            if report is not None:
                found.append((screen_class, report))
        return found

    def _report(self, screen_class: ScreenClass) -> ReadabilityReport | None:
        try:
            drawn = slide_content.drawn_content(self._proposed.announcement, self.town)
            return preview.preview_announcement(drawn, screen_class, self.town).readability()
        except (RasterError, ValueError):
            # The preview says why it cannot be drawn there; the charter has nothing to add.
            return None


def _reading_time(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    needed = max((report.reading_seconds for _class, report in readings.by_class()), default=0)
    if needed <= proposed.duration_s:
        return ""
    values = {"seconds": proposed.duration_s, "needed": needed}
    return _("It is on for %(seconds)d seconds; reading it takes %(needed)d.") % values


def _led_pages(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    for screen_class, report in readings.by_class():
        if screen_class.technology == DisplayTechnology.LED and report.pages > (rule.amount or 0):
            values = {"pages": report.pages, "screen": screen_class.name, "most": rule.amount}
            return _("It takes %(pages)d pages on “%(screen)s”, where %(most)d are allowed. Shorten it.") % values
    return ""


def _distance(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    for screen_class, report in readings.by_class():
        if report.capital and report.distance_m < screen_class.viewing_distance_mm / 1000:
            values = {
                "screen": screen_class.name,
                "distance": format_number(report.distance_m),
                "wanted": format_number(screen_class.viewing_distance_mm / 1000),
            }
            sentence = _("On “%(screen)s” it is readable from %(distance)s m, where people stand at %(wanted)s m.")
            return sentence % values
    return ""


def _title_length(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    length = len(proposed.announcement.title)
    if length <= (rule.amount or 0):
        return ""
    return _("Its title has %(length)d characters, where %(most)d are allowed.") % {
        "length": length,
        "most": rule.amount,
    }


def _days(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    allowed = dt.timedelta(days=rule.amount or 0)
    if proposed.ends_at is not None and proposed.ends_at - proposed.starts_at <= allowed:
        return ""
    return _("It stays on the screens longer than %(days)d days.") % {"days": rule.amount}


def _groups(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    allowed = Targets(groups=tuple(rule.groups.all()))
    outside = proposed.targets.reached_screens().exclude(pk__in=allowed.reached_screens().values("pk"))
    named = outside.first()
    if named is None:
        return ""
    values = {"screen": named.name, "groups": ", ".join(group.name for group in rule.groups.all()) or "–"}
    return _("It may be published on these groups only: %(groups)s. “%(screen)s” is not in them.") % values


def _hours(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    if rule.start_time is None or rule.end_time is None:
        return ""
    town = readings.town
    if is_within_hours(rule.start_time, rule.end_time, proposed.starts_at, proposed.ends_at, proposed.rule, town):
        return ""
    values = {"start": format_hour(rule.start_time), "end": format_hour(rule.end_time)}
    if proposed.rule is None:
        sentence = _(
            "It may be shown from %(start)s to %(end)s only, and would be on around the clock. "
            "Put it into a playlist whose rule has these hours."
        )
        return sentence % values
    sentence = _("It may be shown from %(start)s to %(end)s only; the rule “%(rule)s” shows it at other hours, too.")
    return sentence % {**values, "rule": proposed.rule.name}


def _share(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    """Say by how much a screen would exceed the share: the screen where it is highest, as its player would show it."""
    announcement, town = proposed.announcement, readings.town
    slide = proposed_slide(announcement, proposed.duration_s, proposed.starts_at, proposed.ends_at, town)
    if slide is None:
        return ""
    shared = SharedPublication(
        slide, str(proposed.saved_as or announcement.pk), announcement.label, proposed.targets, proposed.rule,
        proposed.starts_at, proposed.ends_at,
    )  # fmt: skip
    highest = readings.shares.highest(shared, rule.category)
    if highest <= (rule.amount or 0):
        return ""
    values = {"category": rule.category, "share": highest, "most": rule.amount}
    return _("“%(category)s” would take %(share)d %% of the announcements, where %(most)d %% are allowed.") % values


def _no_link(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    return _("It has a link, which is not allowed now. Remove it.") if proposed.announcement.link else ""


def _languages(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    """Say what the law of 4 August 1994 asks: none or two translations at least, besides those into regional ones."""
    announcement = proposed.announcement
    if announcement.template in WIDGET_TEMPLATES:
        return ""
    own = readings.town.locale
    written = {announcement.language or own, *(str(each["language"]) for each in announcement.translations)}
    if own not in written:
        return _("It is not in the language of the town: %(language)s.") % {"language": language_name(own)}
    foreign = {code for code in written - {own} if code not in LANGUAGES or not LANGUAGES[code].is_regional}
    if len(foreign) != 1:
        return ""
    sentence = _("It is translated into one language only (%(language)s). Add another one, or leave it out.")
    return sentence % {"language": language_name(foreign.pop())}


def _suspended(rule: CharterRule, proposed: ProposedPublication, readings: _Readings) -> str:
    if not rule.category:
        return _("Nothing is published on these days.")
    return _("“%(category)s” is not published on these days.") % {"category": rule.category}


_CHECKS: dict[CharterSubject, Callable[[CharterRule, ProposedPublication, _Readings], str]] = {
    CharterSubject.READING_TIME: _reading_time,
    CharterSubject.LED_PAGES: _led_pages,
    CharterSubject.DISTANCE: _distance,
    CharterSubject.TITLE_LENGTH: _title_length,
    CharterSubject.DAYS: _days,
    CharterSubject.GROUPS: _groups,
    CharterSubject.HOURS: _hours,
    CharterSubject.SHARE: _share,
    CharterSubject.NO_LINK: _no_link,
    CharterSubject.LANGUAGES: _languages,
    CharterSubject.SUSPENDED: _suspended,
}
