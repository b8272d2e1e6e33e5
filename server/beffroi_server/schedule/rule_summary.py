"""Summary of a schedule rule as one sentence in the language of the reader."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from beffroi_content.model import InterjectionCadence, RuleMode
from beffroi_server.core import formatting
from beffroi_server.schedule.models import EVERY_DAY, RuleRecurrence, ScheduleRule

USUAL_PRIORITY, IMPORTANT_PRIORITY, FILLER_PRIORITY = 50, 70, 30
"""Priorities that have a name on pages."""
MAX_NAMES = 4
"""Screens or groups that are named at most; more are only counted."""
_MIDNIGHT = dt.time(0)


@dataclass(frozen=True)
class RulePlaces:
    """Names of the screens and groups of a rule, or everywhere."""

    everywhere: bool = False
    screens: Sequence[str] = ()
    groups: Sequence[str] = ()

    @classmethod
    def of_rule(cls, rule: ScheduleRule) -> RulePlaces:
        """Return the places of a saved rule; no query where its screens and groups were prefetched."""
        screens, groups = rule.screens.all(), rule.groups.all()
        return cls(rule.everywhere, [screen.name for screen in screens], [group.name for group in groups])


def rule_sentence(rule: ScheduleRule, playlist: str, places: RulePlaces) -> str:
    """Return a rule as a sentence that begins with the name of its playlist."""
    return f"{_one_line(playlist)}, {rule_summary(rule, places)}."


def saved_rule_sentence(rule: ScheduleRule) -> str:
    """Return a saved rule as a sentence."""
    return rule_sentence(rule, rule.playlist.name, RulePlaces.of_rule(rule))


def rule_summary(rule: ScheduleRule, places: RulePlaces) -> str:
    """Return places, times and mode of a rule, without its playlist and without a full stop."""
    parts = [
        places_text(places),
        *times_text(rule),
        *_calendars_text(rule),
        _extra_dates_text(rule),
        _mode_text(rule),
        _priority_text(rule),
    ]
    return ", ".join(part for part in parts if part)


def places_text(places: RulePlaces) -> str:
    """Return the places of a rule as a phrase."""
    if places.everywhere:
        return _("on all screens")
    found = [_on_groups(places.groups), _on_screens(places.screens)]
    return formatting.join_names([part for part in found if part]) or _("on no screen yet")


def times_text(rule: ScheduleRule) -> list[str]:
    """Return the times and dates of a rule as phrases, the most telling first."""
    if rule.first_date is not None and rule.first_date == rule.last_date and rule.weekdays == EVERY_DAY:
        return [_dates_text(rule), _hours_of_day_text(rule)]
    if rule.weekdays == EVERY_DAY and _is_whole_day(rule):
        return [_("all the time"), _recurrence_text(rule), _dates_text(rule)]
    if _is_whole_day(rule):
        return [_weekdays_text(rule.weekdays), _recurrence_text(rule), _hours_of_day_text(rule), _dates_text(rule)]
    return [f"{_weekdays_text(rule.weekdays)} {_hours_of_day_text(rule)}", _recurrence_text(rule), _dates_text(rule)]


def _on_groups(names: Sequence[str]) -> str:
    if not names:
        return ""
    if len(names) > MAX_NAMES:
        return ngettext(
            "on the screens of %(count)d group", "on the screens of %(count)d groups", len(names)
        ) % {"count": len(names)}  # fmt: skip
    return ngettext("on the screens of the group %(names)s", "on the screens of the groups %(names)s", len(names)) % {
        "names": formatting.join_names([_one_line(name) for name in names])
    }


def _on_screens(names: Sequence[str]) -> str:
    if not names:
        return ""
    if len(names) > MAX_NAMES:
        return ngettext("on %(count)d screen", "on %(count)d screens", len(names)) % {"count": len(names)}
    return ngettext("on the screen %(names)s", "on the screens %(names)s", len(names)) % {
        "names": formatting.join_names([_one_line(name) for name in names])
    }


def _weekdays_text(weekdays: str) -> str:
    days = sorted({int(day) for day in weekdays})
    if len(days) == 7:
        return _("every day")
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return _("%(first)s to %(last)s") % {"first": _day_name(days[0]), "last": _day_name(days[-1])}
    if len(days) == 6:
        missing = next(day for day in range(1, 8) if day not in days)
        return _("every day except %(day)s") % {"day": _on_days()[missing - 1]}
    return formatting.join_names([_on_days()[day - 1] for day in days]) or _("on no day")


def _recurrence_text(rule: ScheduleRule) -> str:
    return "" if rule.rhythm == RuleRecurrence.WEEKLY else rule.get_rhythm_display()


def _hours_of_day_text(rule: ScheduleRule) -> str:
    if rule.daypart:
        return str(rule.get_daypart_display())
    start, end = rule.start_time, rule.end_time
    if start is None or end is None or _is_whole_day(rule):
        return _("all day")
    further = [(dt.time.fromisoformat(first), dt.time.fromisoformat(last)) for first, last in rule.more_times]
    return formatting.join_names([_hours_text(first, last) for first, last in [(start, end), *further]])


def _hours_text(start: dt.time, end: dt.time) -> str:
    values = {"start": formatting.format_hour(start), "end": formatting.format_hour(end)}
    if end == _MIDNIGHT:
        return _("from %(start)s to midnight") % values
    if end <= start:
        return _("from %(start)s to %(end)s the next day") % values
    return _("from %(start)s to %(end)s") % values


def _is_whole_day(rule: ScheduleRule) -> bool:
    if rule.daypart:
        return False
    return rule.start_time is None or rule.end_time is None or rule.start_time == rule.end_time == _MIDNIGHT


def _dates_text(rule: ScheduleRule) -> str:
    first, last = rule.first_date, rule.last_date
    if first is not None and last is not None:
        if first == last:
            return pgettext("date", "on %(day)s") % {"day": formatting.format_day(first)}
        return pgettext("date", "from %(first)s to %(last)s") % {
            "first": formatting.format_day(first),
            "last": formatting.format_day(last),
        }
    if first is not None:
        return _("starting %(day)s") % {"day": formatting.format_day(first)}
    return _("until %(day)s") % {"day": formatting.format_day(last)} if last is not None else ""


def _calendars_text(rule: ScheduleRule) -> list[str]:
    only, never = ([_one_line(each.name) for each in rule.related_calendars(name)] for name in ("only_on", "never_on"))
    found = []
    if only:
        found.append(_("only on days of “%(names)s”") % {"names": formatting.join_names(only)})
    if never:
        found.append(_("not on days of “%(names)s”") % {"names": formatting.join_names(never)})
    return found


def _extra_dates_text(rule: ScheduleRule) -> str:
    extra, taken = len(rule.extra_dates), len(rule.except_dates)
    parts = [
        ngettext("%(count)d day more", "%(count)d days more", extra) % {"count": extra} if extra else "",
        ngettext("%(count)d day less", "%(count)d days less", taken) % {"count": taken} if taken else "",
    ]
    return formatting.join_names([part for part in parts if part])


def _mode_text(rule: ScheduleRule) -> str:
    if rule.mode == RuleMode.REPLACE:
        return pgettext("playlist", "on its own")
    if rule.mode == RuleMode.INTERJECT:
        return _frequency_text(rule)
    if rule.weight:
        return _("in turn with others, with a share of %(weight)d") % {"weight": rule.weight}
    return _("in turn with others")


def _frequency_text(rule: ScheduleRule) -> str:
    count = {"count": rule.amount}
    if rule.cadence == InterjectionCadence.TIMES_AN_HOUR:
        times = ngettext("at most %(count)d time an hour", "at most %(count)d times an hour", rule.amount)
        return _("between the others, %(often)s") % {"often": times % count}
    if rule.cadence == InterjectionCadence.SECONDS_AN_HOUR:
        seconds = ngettext("%(count)d second an hour", "%(count)d seconds an hour", rule.amount)
        return _("between the others, %(often)s") % {"often": seconds % count}
    minutes = ngettext("at least every minute", "at least every %(count)d minutes", rule.amount)
    return _("between the others, %(often)s") % {"often": minutes % count}


def _priority_text(rule: ScheduleRule) -> str:
    if rule.priority > USUAL_PRIORITY:
        return _("before anything less important")
    return _("when nothing more important is on") if rule.priority < USUAL_PRIORITY else ""


def _day_name(day: int) -> str:
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return names[day - 1]


def _on_days() -> tuple[str, ...]:
    return (
        _("on Mondays"), _("on Tuesdays"), _("on Wednesdays"), _("on Thursdays"), _("on Fridays"),
        _("on Saturdays"), _("on Sundays"),
    )  # fmt: skip


def _one_line(text: str) -> str:
    return re.sub(r" {2,}", " ", text.strip(" "))
