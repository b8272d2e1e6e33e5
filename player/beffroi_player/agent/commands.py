"""Commands of the town to a screen. Each is run once, also over a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable

from beffroi_content import rendering
from beffroi_content.wire.documents import CommandKind, ScreenCommand
from beffroi_content.wire.reports import DrillResult
from beffroi_player.agent.held_alerts import HeldAlerts
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.report.screenshots import ScreenshotSender
from beffroi_player.agent.silent_drill import run_drill
from beffroi_player.agent.storage import AgentStorage, DoneCommands
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import RuntimeDirectory, TimedOverlay
from beffroi_player.state.ppm_images import to_ppm
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

REMEMBERED_COMMANDS = 200


class CommandRunner:
    """Runs commands, each once. Belongs to the disk worker.

    Args:
        storage: Where the commands that were run are remembered.
        runtime: Where an overlay for the stage goes.
        refusals: Told of commands that this version does not know.
        clock: Tells until when an overlay stays.
        alerts: Knows the screen that is drawn for.
        name: The name of the screen, for its identification.
        screenshots: Sends screenshots and captures.
        restart: Ends the agent; the service manager starts it again.
    """

    def __init__(
        self, storage: AgentStorage, runtime: RuntimeDirectory, refusals: RefusalLog, clock: AgentClock,
        alerts: HeldAlerts, name: str, screenshots: ScreenshotSender, restart: Callable[[], None],
    ) -> None:  # fmt: skip
        self._storage, self._runtime, self._refusals, self._clock = storage, runtime, refusals, clock
        self._alerts, self._name, self._screenshots, self._restart = alerts, name, screenshots, restart
        stored = storage.done.read()
        self._done = list(stored.commands) if stored else []
        self.last_drill: DrillResult | None = None
        """How the last silent drill went, for the report."""

    def run_command(self, command: ScreenCommand) -> None:
        """Run a command, unless it was run before."""
        if command.id in self._done:
            return
        self._record_done(command.id)
        log.info("command %s: %s", command.id, command.kind, extra={"COMMAND": str(command.kind)})
        if command.kind == CommandKind.IDENTIFY:
            self._show_identification(command.seconds)
        elif command.kind == CommandKind.SCREENSHOT:
            self._screenshots.request_screenshot(command.seconds)
        elif command.kind == CommandKind.CAPTURE:
            self._screenshots.request_capture()
        elif command.kind == CommandKind.RESTART:
            self._restart()
        elif command.kind == CommandKind.DRILL and command.alert is not None:
            self.last_drill = run_drill(command.alert, self._alerts.drawing_context, self._runtime.folder, self._clock)
        else:
            self._refusals.record_refusal(
                f"command {command.id}", "unknown-command", f"this version cannot {command.kind}"
            )

    def _record_done(self, name: str) -> None:
        # On the disk before it is run: a restart that is forgotten would be one without end.
        self._done = [*self._done, name][-REMEMBERED_COMMANDS:]
        try:
            self._storage.done.write(DoneCommands(commands=tuple(self._done)))
        except OSError as error:
            self._refusals.record_refusal("commands.json", "disk", str(error))

    def _show_identification(self, seconds: int) -> None:
        settings = self._alerts.drawing_context.settings
        lines = [f"{settings.screen_class.name} {settings.screen_class.width} × {settings.screen_class.height}".strip()]
        image = rendering.draw_idle_page(self._name, lines, rendering.Canvas.for_screen(settings))
        name = f"identify-{rendering.image_digest(image)[:16]}.ppm"
        until = int(self._clock.now().uptime_ms) + 1000 * seconds
        try:
            write_file(self._runtime.folder / name, *to_ppm(image.size, rendering.rgb_bytes(image)), durable=False)
            self._runtime.overlay.write(TimedOverlay(frame=name, until_uptime_ms=until))
        except OSError as error:
            self._refusals.record_refusal("overlay.json", "disk", str(error))
        send_wakeup(self._runtime.stage_socket)
