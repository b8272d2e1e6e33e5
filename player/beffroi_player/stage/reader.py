"""What the stage knows: the files of both directories, read again only when they have changed."""

from __future__ import annotations

from collections.abc import Callable

from beffroi_content.model import HeldAlert, Manifest, ScreenSettings
from beffroi_content.timeline import ClockState, Moment
from beffroi_player import machine
from beffroi_player.clock import first_record
from beffroi_player.files import Stamp
from beffroi_player.slots import M, Slot
from beffroi_player.store import ActiveProgramme, AlertsRecord, Overlay, Runtime, Size, State


class Reader:
    """The newest readable version of each file. What becomes unreadable stays as it was."""

    def __init__(
        self,
        state: State,
        runtime: Runtime,
        uptime: Callable[[], float] = machine.uptime,
        system: Callable[[], int] = machine.system_ms,
    ) -> None:
        self._uptime = uptime
        self._system = system
        self._state = state
        self._runtime = runtime
        self._stamps: dict[str, Stamp | None] = {}
        self._boot = machine.boot_id()
        self.programme: ActiveProgramme | None = None
        self.alerts: AlertsRecord | None = None
        self.overlay: Overlay | None = None
        self._clock = None if (found := runtime.clock.read()) is None or found.boot != self._boot else found

    def refresh(self) -> None:
        """Look again."""
        self.programme = self._changed(self._state.programme) or self.programme
        self._refresh_alerts()
        clock = self._changed(self._runtime.clock)
        if clock and clock.boot == self._boot:
            self._clock = clock
        overlay = self._changed(self._runtime.overlay)
        if overlay or self._runtime.overlay.stamp is None:
            self.overlay = overlay

    def forget(self) -> None:
        """Read everything again the next time."""
        self._stamps.clear()

    @property
    def manifest(self) -> Manifest | None:
        """The programme that is on."""
        return self.programme.manifest if self.programme else None

    @property
    def settings(self) -> ScreenSettings | None:
        """The settings of the screen, once there is a programme."""
        return self.programme.manifest.settings if self.programme else None

    @property
    def held(self) -> tuple[HeldAlert, ...]:
        """Every alert that is held."""
        return self.alerts.held() if self.alerts else ()

    @property
    def rotation(self) -> int:
        """Degrees clockwise by which the picture is turned on the panel."""
        return self.manifest.settings.rotation if self.manifest else 0

    def size(self, otherwise: Size) -> Size:
        """Return the size of the upright screen in pixels."""
        if self.manifest:
            return self.manifest.settings.screen_class.size
        return self.alerts.size if self.alerts and self.held else otherwise

    def moment(self) -> Moment:
        """Return what time it is: as the agent says, otherwise as the system clock does if that is plausible."""
        uptime, system = self._uptime(), self._system()
        record = self._clock or first_record(self._boot, uptime, system, newest_ms=0)
        return record.at(uptime)

    def silent_hours(self) -> float:
        """Return for how long the town has said nothing, in hours; 0 while that cannot be known."""
        now, heard_ms = self.moment(), self._clock.heard_ms if self._clock else 0
        if now.clock is ClockState.UNKNOWN or not heard_ms:
            return 0.0
        return max(0, now.unix_ms - heard_ms) / 3_600_000

    def _refresh_alerts(self) -> None:
        fresh = self._changed(self._runtime.alerts)
        if fresh and fresh.boot == self._boot:
            self.alerts = fresh
        elif self.alerts is None and (stored := self._changed(self._state.alerts)):
            self.alerts = stored.in_boot(self._boot)

    def _changed(self, slot: Slot[M]) -> M | None:
        """Return the content of a file that is not the one read last; None where it is, or cannot be read."""
        now = slot.stamp
        key = str(slot.path)
        if now == self._stamps.get(key):
            return None
        self._stamps[key] = now
        return slot.read()
