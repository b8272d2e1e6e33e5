"""Collects the facts for the report from the parts of the agent that know them."""

from __future__ import annotations

from collections.abc import Callable

from beffroi_content.model import ScreenSettings
from beffroi_content.wire.reports import PlayerHealth
from beffroi_player.agent.alert_sounds import AlertSounds
from beffroi_player.agent.commands import CommandRunner
from beffroi_player.agent.held_alerts import HeldAlerts
from beffroi_player.agent.held_state import HeldState
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.host.health import HealthMonitor
from beffroi_player.agent.prepare.preparation_queue import PreparationQueue
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.report.report_facts import ReportFacts
from beffroi_player.agent.software.software_updates import SoftwareUpdates
from beffroi_player.agent.transport.broker_watch import BrokerWatch
from beffroi_player.sound.equipment import sound_problems
from beffroi_player.state.directories import LOCAL_STREAM, PresentedStatus


class FactCollector:
    """Collects the present facts, and measures the health of the machine, for the reporting thread."""

    def __init__(
        self, host: HealthMonitor, settings: Callable[[], ScreenSettings | None], clock: AgentClock,
        watch: BrokerWatch, held: HeldState, alerts: HeldAlerts, preparation: PreparationQueue, refusals: RefusalLog,
        commands: CommandRunner, sounds: AlertSounds, software: SoftwareUpdates,
    ) -> None:  # fmt: skip
        self._host, self._settings, self._clock, self._watch = host, settings, clock, watch
        self._held, self._alerts, self._preparation, self._refusals = held, alerts, preparation, refusals
        self._commands, self._sounds, self._software = commands, sounds, software
        self._health: PlayerHealth | None = None

    def measure_health(self, presented: PresentedStatus | None) -> None:
        """Measure the health of the machine for the next reports.

        Args:
            presented: What the stage last said of what it presents; None: nothing.
        """
        counted = (presented.dropped_frames, presented.late_frames, presented.decode_errors) if presented else ()
        health, settings = self._host.read_health(*counted), self._settings()
        lacking = sound_problems(settings.alert_sound if settings else None)
        self._health = health.model_copy(update={"problems": tuple(sorted({*health.problems, *lacking}))})

    def collect(self) -> ReportFacts:
        """Return the facts as they are now."""
        moment = self._clock.now()
        return ReportFacts(
            at_ms=moment.unix_ms,
            clock=moment.clock,
            link=self._watch.state,
            programme=self._held.active,
            alerts={
                name: stream.sequence for name, stream in dict(self._alerts.streams).items() if name != LOCAL_STREAM
            },
            preparing=self._preparation.status,
            refusals=self._refusals.newest_first(),
            receptions=dict(self._alerts.receptions),
            programme_reception=self._held.programme_reception,
            health=self._health,
            clock_reading=self._clock.compare_clocks(),
            drill=self._commands.last_drill,
            sound=self._sounds.last_result,
            server=self._clock.server,
            software=self._software.status,
        )
