"""What a drill has shown: counts, speed and failures, for its page and as mail."""

from __future__ import annotations

import datetime as dt
import logging
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts.models import Town
from beffroi_server.core import mail
from beffroi_server.core.formatting import moment_of
from beffroi_server.core.mail import MailFailed
from beffroi_server.drills.models import FAILURES, Drill, DrillOutcome, DrillResult, DrillSettings
from beffroi_server.fleet.models import Screen
from beffroi_server.notifications import notices
from beffroi_server.notifications.messages import language_of
from beffroi_server.notifications.models import Way
from beffroi_server.notifications.occasions import Occasion

logger = logging.getLogger(__name__)
_ORDER = (*FAILURES, DrillOutcome.TOO_OLD, DrillOutcome.OFFLINE, DrillOutcome.WAITING, DrillOutcome.RIGHT)


@dataclass(frozen=True, slots=True)
class DrillReport:
    """How one drill went."""

    drill: Drill
    results: tuple[DrillResult, ...]
    """Those that need attention first."""
    counts: dict[str, int]
    """Screens by outcome."""
    median_ms: int | None
    """Milliseconds from signing until the first page was ready, half of the screens below; None: none can tell."""
    slowest_ms: int | None

    @property
    def failed(self) -> int:
        """How many screens would not have shown an alert right although they were connected."""
        return sum(self.counts.get(outcome, 0) for outcome in FAILURES)

    @property
    def right(self) -> int:
        """How many screens have drawn it as the server does."""
        return self.counts.get(DrillOutcome.RIGHT, 0)

    def summary(self) -> str:
        """Return how it went, in a sentence or two."""
        total = len(self.results)
        said = ngettext(
            "%(right)d of %(total)d screen has drawn the alert right.",
            "%(right)d of %(total)d screens have drawn the alert right.", total,
        ) % {"right": self.right, "total": total}  # fmt: skip
        if self.median_ms is None:
            return said
        speed = _("Ready for the display after %(median)d ms, at the slowest after %(slowest)d ms.")
        return f"{said} {speed % {'median': self.median_ms, 'slowest': self.slowest_ms}}"


def report_of(drill: Drill, screens: QuerySet[Screen] | None = None) -> DrillReport:
    """Return how a drill went, or how far it is; on some screens only, or on all."""
    return reports_of([drill], screens)[0]


def reports_of(drills: Sequence[Drill], screens: QuerySet[Screen] | None = None) -> list[DrillReport]:
    """Return how some drills went on some screens, or on all; one query for all of them."""
    by_drill: dict[object, list[DrillResult]] = {drill.pk: [] for drill in drills}
    rows = DrillResult.objects.filter(drill__in=list(by_drill)).select_related("screen").order_by("screen__name")
    for result in rows if screens is None else rows.filter(screen__in=screens):
        by_drill[result.drill_id].append(result)
    return [_report(drill, by_drill[drill.pk]) for drill in drills]


def total_ms(result: DrillResult) -> int | None:
    """Return the milliseconds from signing until the first page was ready; None where the clocks cannot tell."""
    if result.travel_ms is None or result.drawing_ms is None:
        return None
    return round(result.travel_ms + result.drawing_ms)


def _report(drill: Drill, results: list[DrillResult]) -> DrillReport:
    rank = {outcome.value: number for number, outcome in enumerate(_ORDER)}
    ordered = sorted(results, key=lambda each: rank[each.outcome])
    times = [each for each in map(total_ms, results) if each is not None]
    return DrillReport(
        drill, tuple(ordered), dict(Counter(each.outcome for each in results)),
        round(statistics.median(times)) if times else None, max(times) if times else None,
    )  # fmt: skip


def mail_reports(now: dt.datetime) -> int:
    """Mail the reports that are wanted each time, to those who are told of failed drills by mail; return how many.

    That a drill failed is told as every incident is; this is the report of one that may have gone well.
    """
    closed = list(Drill.objects.filter(mailed_at=None).exclude(closed_at=None))
    if not closed:
        return 0
    Drill.objects.filter(pk__in=[drill.pk for drill in closed]).update(mailed_at=now)
    if not saved_settings().mails_each or not mail.is_configured():
        return 0
    town = Town.objects.get()
    return sum(_mail_report(report_of(drill), town) for drill in closed)


def saved_settings() -> DrillSettings:
    """Return the settings of drills, or the usual ones, not saved."""
    return DrillSettings.objects.first() or DrillSettings()


def _mail_report(report: DrillReport, town: Town) -> int:
    sent = 0
    for choice in notices.choices():
        if not choice.user.email or Way.MAIL.value not in choice.ways_for(Occasion.DRILL):
            continue
        with translation.override(language_of(choice, town)), timezone.override(ZoneInfo(town.time_zone)):
            subject = _("Silent drill %(of)s") % {"of": moment_of(report.drill.started_at)}
            lines = [report.summary(), *_lines_of_failures(report)]
            lines.append(settings.PUBLIC_URL + reverse("drill", args=[report.drill.pk]))
            try:
                mail.send_mail(choice.user.email, subject, "\n".join(lines), sender_name=town.name)
            except MailFailed as error:
                logger.warning("the report of a drill was not mailed to %s: %s", choice.user, error)
            else:
                sent += 1
    return sent


def _lines_of_failures(report: DrillReport) -> list[str]:
    others = [each for each in report.results if each.outcome != DrillOutcome.RIGHT]
    return [f"- {each.screen.name}: {each.get_outcome_display()}" for each in others[:100]]
