"""The report: the complete present state of a screen in one retained message, sent every minute and when it changes.

That one slide follows another is no change: of a thousand screens it would be a hundred reports a second, and the frame
of the minute's report is enough to compare. What is news: another programme or alert set, an alert that was not
reported yet, the clock, the connection, the display, a problem, a refusal. Such a report may be earlier than the frame
that follows from the news, so the next presented frame is reported too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from zoneinfo import ZoneInfoNotFoundError

from beffroi_content.model import PowerState
from beffroi_content.model.manifest import MAX_GROUPS
from beffroi_content.wire.messages import REPORT
from beffroi_content.wire.reports import (
    MachineDescription,
    PlayerHealth,
    PlayerReport,
    ReportedClockChange,
    ReportedRefusal,
    ZoneReading,
)
from beffroi_content.zone_data import next_clock_changes, zone_data_version
from beffroi_player.agent.report.report_facts import Publish, ReportFacts
from beffroi_player.state.directories import ActiveProgramme, PresentedStatus

REPORT_MS = 60_000
"""How long a report is good at most."""
SPACING_MS = 500
"""Two reports are at least this far apart; the last change always gets out."""
MACHINE_MS = 3_600_000
"""How often a report says what the player runs on."""
MAX_FAULTS, MAX_REFUSALS = 5, 20
MAX_ALERT_STREAMS, MAX_SHOWN = MAX_GROUPS + 2, 32
"""What a report holds at most: it must stay below the size that the message table allows."""


class ReportSender:
    """Builds reports, and sends those that say something new.

    Args:
        boot: Identifies this start of the agent.
        publish: Hands a payload to the MQTT client.
        uptime: Milliseconds since boot.
        machine: What the player runs on.
        box: Which machine that is.
    """

    def __init__(
        self, boot: str, publish: Publish, uptime: Callable[[], float], machine: MachineDescription | None = None,
        box: str = "",
    ) -> None:  # fmt: skip
        self._boot, self._publish, self._uptime, self._machine = boot, publish, uptime, machine
        self._box = box
        self._number = 0
        self._sent: PlayerReport | None = None
        self._is_unsettled = False
        """Whether the last report was news, so that the frame after it is reported, too."""
        self._reported_alerts: frozenset[tuple[str | None, str | None]] = frozenset()
        """The alerts that were reported as shown, with their form, since the alert sets changed last."""
        self._sent_ms = -REPORT_MS * 1.0
        self._machine_sent_ms: float | None = None

    def repeat_everything(self) -> None:
        """Send a whole report next: there is a new connection."""
        self._sent = self._machine_sent_ms = None

    def send_if_due(self, presented: PresentedStatus | None, facts: Callable[[], ReportFacts]) -> float:
        """Send a report if it says something new, or the last is old. Return the seconds until one may be due."""
        since = self._uptime() - self._sent_ms
        if since < SPACING_MS:
            return (SPACING_MS - since) / 1000
        report = self._build_report(presented, facts())
        is_news = self._is_news(report)
        if not is_news and not self._is_settling(report) and since < REPORT_MS:
            return (REPORT_MS - since) / 1000
        # The number rises only with a report that went out: the server sees in the numbers what it has missed.
        if self._publish(REPORT, report.to_json(), None):
            self._number = report.number
            self._note_alerts(report)
            self._sent, self._is_unsettled = report, is_news
            if report.machine is not None:
                self._machine_sent_ms = self._uptime()
        self._sent_ms = self._uptime()
        return REPORT_MS / 1000

    def _is_news(self, report: PlayerReport) -> bool:
        return (
            self._sent is None
            or _state_of(report) != _state_of(self._sent)
            # An alert may come and go with the slides: that it is there again is no news.
            or not _shown_alerts(report) <= self._reported_alerts
        )

    def _is_settling(self, report: PlayerReport) -> bool:
        return self._is_unsettled and self._sent is not None and report.presented_at_ms != self._sent.presented_at_ms

    def _note_alerts(self, report: PlayerReport) -> None:
        if self._sent is None or report.alerts != self._sent.alerts:
            self._reported_alerts = frozenset()
        self._reported_alerts |= _shown_alerts(report)

    def _build_report(self, presented: PresentedStatus | None, facts: ReportFacts) -> PlayerReport:
        programme = facts.programme
        refusals = (*list(_faults(presented))[:MAX_FAULTS], *facts.refusals, *_skipped_slides(programme))
        return PlayerReport(
            boot=self._boot,
            number=self._number + 1,
            box=self._box,
            at_ms=max(0, facts.at_ms),
            clock=facts.clock,
            link=facts.link,
            programme=programme.sequence if programme else None,
            alerts=dict(list(facts.alerts.items())[:MAX_ALERT_STREAMS]),
            shown=presented.showings[:MAX_SHOWN] if presented else (),
            presented_at_ms=max(0, presented.presented_at_ms) if presented else None,
            frame=presented.frame if presented else None,
            overlay=presented.overlay if presented else False,
            preparing=facts.preparing,
            refusals=refusals[:MAX_REFUSALS],
            version=software_version(),
            software=facts.software,
            stage_started_at_ms=max(0, presented.started_at_ms) if presented else None,
            power=presented.power if presented else PowerState.ON,
            brightness=presented.brightness if presented else 100,
            lit=presented.lit if presented else "",
            health=facts.health,
            clock_reading=facts.clock_reading,
            zone=_zone_reading(programme, facts.at_ms) if programme else None,
            drill=facts.drill,
            sound=facts.sound,
            machine=self._machine if self._is_machine_due() else None,
        )

    def _is_machine_due(self) -> bool:
        return self._machine_sent_ms is None or self._uptime() - self._machine_sent_ms >= MACHINE_MS


def _zone_reading(programme: ActiveProgramme, at_ms: int) -> ZoneReading | None:
    """Return the zone of the screen; None where its name is unknown here."""
    name = programme.manifest.settings.time_zone
    try:
        changes = next_clock_changes(name, max(0, at_ms) // 1000)
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        return None
    reported = tuple(ReportedClockChange(at_s=each.unix_s, offset_s=each.offset_s) for each in changes)
    return ZoneReading(name=name, data=zone_data_version(), changes=reported)


def _faults(presented: PresentedStatus | None) -> Iterator[ReportedRefusal]:
    """Yield the frames that the stage could not show."""
    for fault in presented.faults if presented else ():
        yield ReportedRefusal(
            subject=f"frame {fault.frame}"[:200],
            code="frame",
            detail=fault.detail[:300],
            last_at_ms=max(0, presented.presented_at_ms if presented else 0),
        )


def _skipped_slides(programme: ActiveProgramme | None) -> Iterator[ReportedRefusal]:
    """Yield the slides that were left out of the programme."""
    for skipped in programme.skipped if programme else ():
        yield ReportedRefusal(
            subject=f"slide {skipped.slide}",
            code=skipped.code or "undrawable",
            detail=skipped.detail,
            last_at_ms=programme.activated_at_ms if programme else 0,
        )


def software_version() -> str:
    """Return the version of this software."""
    try:
        return version("beffroi")
    except PackageNotFoundError:
        return ""


def _state_of(report: PlayerReport) -> PlayerReport:
    """Return what makes a report news: nothing that changes with the time, the light or the slides."""
    return report.model_copy(
        update={
            "number": 1,
            "at_ms": 0,
            "shown": (),
            "frame": None,
            "presented_at_ms": None,
            "brightness": 100,
            "software": report.software and report.software.model_copy(update={"detail": ""}),
            "preparing": "waiting" if report.preparing else "",
            "refusals": frozenset((refusal.subject, refusal.code) for refusal in report.refusals),
            "health": PlayerHealth(problems=report.health.problems) if report.health else None,
            "machine": None,
            "clock_reading": None,
        }
    )


def _shown_alerts(report: PlayerReport) -> frozenset[tuple[str | None, str | None]]:
    return frozenset((part.alert, part.form) for part in report.shown if part.alert is not None)
