"""Commands of the town to a screen. Each is run once, also over a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable

from beffroi_content.wire.documents import CommandKind, ScreenCommand
from beffroi_content.wire.reports import DrillResult
from beffroi_player.agent.held_alerts import HeldAlerts
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.overlay_pages import OverlayPages
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.report.screenshots import ScreenshotSender
from beffroi_player.agent.silent_drill import run_drill
from beffroi_player.agent.storage import AgentStorage, DoneCommands
from beffroi_player.state.directories import RuntimeDirectory

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
        box: Which machine this is.
        stay_away: Leaves broker and screen to another machine with this identity for some seconds.
        credentials: The start of the digest of the device token.
        revoke: Shows nothing of the town any more.
        sound_trial: Lets a trial be heard; False where the town lets nothing be heard here.
    """

    def __init__(
        self, storage: AgentStorage, runtime: RuntimeDirectory, refusals: RefusalLog, clock: AgentClock,
        alerts: HeldAlerts, name: str, screenshots: ScreenshotSender, restart: Callable[[], None], box: str = "",
        stay_away: Callable[[int], None] = lambda _seconds: None, credentials: str = "",
        revoke: Callable[[], None] = lambda: None, sound_trial: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._storage, self._runtime, self._refusals, self._clock = storage, runtime, refusals, clock
        self._alerts, self._screenshots, self._restart = alerts, screenshots, restart
        self._box, self._stay_away = box, stay_away
        self._credentials, self._revoke, self._sound_trial = credentials, revoke, sound_trial
        self._overlays = OverlayPages(runtime, refusals, clock, alerts, name)
        stored = storage.done.read()
        self._done = list(stored.commands) if stored else []
        self.last_drill: DrillResult | None = None
        """How the last silent drill went, for the report."""

    def run_command(self, command: ScreenCommand) -> None:
        """Run a command, unless it was run before."""
        if command.id in self._done or self._is_for_former(command):
            return
        self._record_done(command.id)
        log.info("command %s: %s", command.id, command.kind, extra={"COMMAND": str(command.kind)})
        run = self._runners.get(command.kind)
        if run is None:
            self._refuse_unknown(command)
        else:
            run(command)

    @property
    def _runners(self) -> dict[str, Callable[[ScreenCommand], object]]:
        return {
            CommandKind.IDENTIFY: lambda command: self._overlays.show_name(command.seconds, command.name),
            CommandKind.TEST_CARD: lambda command: self._overlays.show_test_card(command.seconds, command.name),
            CommandKind.NUMBER: lambda command: self._overlays.show_number(
                command.seconds, command.number, command.name
            ),
            CommandKind.SCREENSHOT: lambda command: self._screenshots.request_screenshot(command.seconds),
            CommandKind.CAPTURE: lambda _: self._screenshots.request_capture(),
            CommandKind.SOUND: self._run_sound_trial,
            CommandKind.RESTART: lambda _: self._restart(),
            CommandKind.REVOKED: lambda _: self._revoke(),
            CommandKind.SHUT_OUT: self._obey_for_copies,
            CommandKind.COPY_SEEN: self._obey_for_copies,
            CommandKind.DRILL: self._run_drill,
        }

    def _run_sound_trial(self, command: ScreenCommand) -> None:
        if not self._sound_trial():
            self._refuse(command, "sound-off", "the town lets nothing be heard here")

    def _is_for_former(self, command: ScreenCommand) -> bool:
        """Return whether this is for a player that this one has replaced.

        It comes again every minute or so for as long as that one runs: nothing is written for it, neither to the
        memory card nor to the log, where “revoked” would frighten whoever looks after this one.
        """
        is_own = bool(self._credentials) and command.credentials == self._credentials
        return command.kind == CommandKind.REVOKED and not is_own

    def _run_drill(self, command: ScreenCommand) -> None:
        if command.alert is None:
            self._refuse_unknown(command)
        else:
            self.last_drill = run_drill(command.alert, self._alerts.drawing_context, self._runtime.folder, self._clock)

    def _refuse_unknown(self, command: ScreenCommand) -> None:
        self._refuse(command, "unknown-command", f"this version cannot {command.kind}")

    def _refuse(self, command: ScreenCommand, code: str, detail: str) -> None:
        self._refusals.record_refusal(f"command {command.id}", code, detail)

    def _obey_for_copies(self, command: ScreenCommand) -> None:
        """Leave the screen to another machine with this identity, or say that there is one: whichever is meant."""
        if not self._box or command.box != self._box:
            return
        if command.kind == CommandKind.COPY_SEEN:
            self._overlays.show_copy_seen(command.seconds)
            return
        log.warning("another machine is the player of this screen: this one is shut out", extra={"CODE": "copy"})
        self._overlays.show_copy(command.seconds, self._box)
        self._stay_away(command.seconds)

    def _record_done(self, name: str) -> None:
        # On the disk before it is run: a restart that is forgotten would be one without end.
        self._done = [*self._done, name][-REMEMBERED_COMMANDS:]
        try:
            self._storage.done.write(DoneCommands(commands=tuple(self._done)))
        except OSError as error:
            self._refusals.record_refusal("commands.json", "disk", str(error))
