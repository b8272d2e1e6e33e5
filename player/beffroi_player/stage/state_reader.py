"""Reader of the state: the files of both directories, read again only when they have changed."""

from __future__ import annotations

from collections.abc import Callable

from beffroi_content.model import AlertLevel, HeldAlert, Manifest, ScreenSettings
from beffroi_content.timeline import ClockState, Moment
from beffroi_player import system_clock
from beffroi_player.clock import first_record
from beffroi_player.state.atomic_files import FileStamp
from beffroi_player.state.directories import (
    REVOKED,
    ActiveProgramme,
    AlertsRecord,
    Darkness,
    RuntimeDirectory,
    Size,
    StateDirectory,
    TimedOverlay,
)
from beffroi_player.state.model_file import ModelFile, ModelT

REDRAWN_MS = 5_000
"""How long alerts in the size of before stay on at most, while they are drawn for the display of a new programme."""


class StateReader:
    """Holds the newest readable version of each file. A file that becomes unreadable stays as it was.

    Args:
        state: Survives a restart of the machine: programme and alerts.
        runtime: Does not: alerts as they are now, clock, overlay.
        uptime: Returns milliseconds since boot.
        system: Returns the system clock in Unix milliseconds, right or wrong.
    """

    def __init__(
        self,
        state: StateDirectory,
        runtime: RuntimeDirectory,
        uptime: Callable[[], float] = system_clock.uptime_ms,
        system: Callable[[], int] = system_clock.system_ms,
    ) -> None:
        self._uptime = uptime
        self._system = system
        self._state = state
        self._runtime = runtime
        self._stamps: dict[str, FileStamp | None] = {}
        self._boot = system_clock.boot_id()
        self.programme: ActiveProgramme | None = None
        self.alerts: AlertsRecord | None = None
        self.overlay: TimedOverlay | None = None
        self.is_dark = False
        """Whether nothing of the town is shown any more: the machine was lost, or revoked."""
        self._darkness: Darkness | None = None
        self.seen_alerts: frozenset[str] = frozenset()
        """The alerts that were on the screen since the start of the stage; see ``AlertsRecord.seen``."""
        self._resized_uptime_ms: float | None = None
        self._clock = None if (found := runtime.clock.read()) is None or found.boot != self._boot else found

    def refresh_files(self) -> None:
        """Read what has changed since the last call."""
        self.programme = self._read_if_changed(self._state.programme) or self.programme
        self._refresh_alerts()
        self._refresh_darkness()
        clock = self._read_if_changed(self._runtime.clock)
        if clock and clock.boot == self._boot:
            self._clock = clock
        overlay = self._read_if_changed(self._runtime.overlay)
        if overlay or self._runtime.overlay.file_stamp is None:
            self.overlay = overlay

    def drop_stamps(self) -> None:
        """Have everything read again by the next :meth:`refresh_files`."""
        self._stamps.clear()

    @property
    def manifest(self) -> Manifest | None:
        """The manifest of the active programme."""
        return self.programme.manifest if self.programme else None

    @property
    def settings(self) -> ScreenSettings | None:
        """The settings of the screen, once there is a programme."""
        return self.programme.manifest.settings if self.programme else None

    @property
    def held_alerts(self) -> tuple[HeldAlert, ...]:
        """Every alert that is held, active or not, and whether it was ever on this screen; none once it is revoked."""
        if self.alerts is None or (self._darkness is not None and self._darkness.reason == REVOKED):
            return ()
        seen = self.seen_alerts | self.alerts.seen
        return tuple(
            held.model_copy(update={"is_unseen": not seen & held.alert.texts}) for held in self.alerts.all_held()
        )

    @property
    def rotation(self) -> int:
        """Degrees clockwise by which the panel hangs turned."""
        if self.manifest:
            return self.manifest.settings.rotation
        return self.alerts.rotation if self.alerts and self.held_alerts else 0

    def screen_size(self, otherwise: Size) -> Size:
        """Return the size of the upright screen in pixels; ``otherwise`` while no document gives it."""
        if self.manifest:
            size = self.manifest.settings.screen_class.size
            return self.alerts.size if self.alerts and self._is_redrawn_for(size) else size
        return self.alerts.size if self.alerts and self.held_alerts else otherwise

    def _is_redrawn_for(self, size: Size) -> bool:
        """Tell whether an alert has the screen that is being drawn again for this size: it stays on until it is.

        A programme for another display is active at once, and the frames of its alerts follow a moment later.
        """
        held = [held for held in self.held_alerts if held.alert.level.rank >= AlertLevel.ALERT.rank]
        if self.alerts is None or self.alerts.size == size or not held:
            self._resized_uptime_ms = None
            return False
        if self._resized_uptime_ms is None:
            self._resized_uptime_ms = self._uptime()
        return self._uptime() - self._resized_uptime_ms < REDRAWN_MS

    def current_moment(self) -> Moment:
        """Return the present moment: by the record of the agent, otherwise by the system clock if that is plausible."""
        uptime, system = self._uptime(), self._system()
        record = self._clock or first_record(self._boot, uptime, system, newest_ms=0)
        return record.moment_at(uptime)

    def silent_hours(self) -> float:
        """Return the hours since anything was received from the server; 0 while that cannot be known."""
        now, received_ms = self.current_moment(), self._clock.heard_ms if self._clock else 0
        if now.clock is ClockState.UNKNOWN or not received_ms:
            return 0.0
        return max(0, now.unix_ms - received_ms) / 3_600_000

    def _refresh_darkness(self) -> None:
        fresh = self._read_if_changed(self._state.darkness)
        self.is_dark = self._state.darkness.path.exists()
        self._darkness = fresh or self._darkness if self.is_dark else None

    def _refresh_alerts(self) -> None:
        fresh = self._read_if_changed(self._runtime.alerts)
        if fresh and fresh.boot == self._boot:
            self.alerts = fresh
        elif self.alerts is None and (stored := self._read_if_changed(self._state.alerts)):
            self.alerts = stored.in_boot(self._boot)

    def _read_if_changed(self, slot: ModelFile[ModelT]) -> ModelT | None:
        """Return the content of a file that has changed since it was read last; None if not, or if it is unreadable."""
        now = slot.file_stamp
        key = str(slot.path)
        if now == self._stamps.get(key):
            return None
        self._stamps[key] = now
        return slot.read()
