"""What the player can be told to do. Each command is done once, even over a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable

from beffroi_content import rendering
from beffroi_content.wire.documents import CommandKind, ScreenCommand
from beffroi_player.agent.admission import DocumentAdmission
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.storage import AgentStorage, DoneCommands
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import RuntimeDirectory, TimedOverlay
from beffroi_player.state.ppm_images import to_ppm

log = logging.getLogger(__name__)

REMEMBERED_COMMANDS = 200


class CommandRunner:
    """Does what it is told.

    Args:
        screenshot: Asked for a picture now, and at each change for that many seconds.
        capture: Asked for an exact picture, once.
        restart: Ends the agent; the service manager starts it again.
        nudge: Wakes the stage.
    """

    def __init__(
        self,
        core: DocumentAdmission,
        vault: AgentStorage,
        runtime: RuntimeDirectory,
        refusals: RefusalLog,
        name: str,
        screenshot: Callable[[int], None],
        capture: Callable[[], None],
        restart: Callable[[], None],
        nudge: Callable[[], object],
    ) -> None:
        self._core = core
        self._vault = vault
        self._runtime = runtime
        self._refusals = refusals
        self._name = name
        self._screenshot = screenshot
        self._capture = capture
        self._restart = restart
        self._nudge = nudge
        stored = vault.done.read()
        self._done = list(stored.commands) if stored else []

    def run_command(self, command: ScreenCommand) -> None:
        """Do a command, unless it was done before."""
        if command.id in self._done:
            return
        self._record_done(command.id)
        log.info("command %s: %s", command.id, command.kind, extra={"COMMAND": str(command.kind)})
        if command.kind == CommandKind.IDENTIFY:
            self._show_identification(command.seconds)
        elif command.kind == CommandKind.SCREENSHOT:
            self._screenshot(command.seconds)
        elif command.kind == CommandKind.CAPTURE:
            self._capture()
        elif command.kind == CommandKind.RESTART:
            self._restart()
        else:
            self._refusals.record_refusal(
                f"command {command.id}", "unknown-command", f"this version cannot {command.kind}"
            )

    def _record_done(self, name: str) -> None:
        # On the disk before it is done: a restart that is forgotten would be a restart without end.
        self._done = [*self._done, name][-REMEMBERED_COMMANDS:]
        try:
            self._vault.done.write(DoneCommands(commands=tuple(self._done)))
        except OSError as error:
            self._refusals.record_refusal("commands.json", "disk", str(error))

    def _show_identification(self, seconds: int) -> None:
        settings = self._core.drawing_context(
            self._core.held_alerts.drawing_context.settings.screen_class.size
        ).settings
        lines = [f"{settings.screen_class.name} {settings.screen_class.width} × {settings.screen_class.height}".strip()]
        image = rendering.draw_idle_page(self._name, lines, rendering.Canvas.for_screen(settings))
        name = f"identify-{rendering.image_digest(image)[:16]}.ppm"
        until = int(self._core.clock.now().uptime_ms) + 1000 * seconds
        try:
            write_file(self._runtime.folder / name, *to_ppm(image.size, image.tobytes()), durable=False)
            self._runtime.overlay.write(TimedOverlay(frame=name, until_uptime_ms=until))
        except OSError as error:
            self._refusals.record_refusal("overlay.json", "disk", str(error))
        self._nudge()
