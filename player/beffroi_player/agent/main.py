"""The entry of the agent: what a player does once it is started, as the screen of a town or as nobody's."""

from __future__ import annotations

import logging
import signal
import sys
import time
from contextlib import ExitStack

from beffroi_player import supervisor, systemd_notify
from beffroi_player.agent import card_enrolment
from beffroi_player.agent.host.health import HealthMonitor
from beffroi_player.agent.pairing_mode import run_pairing
from beffroi_player.agent.player_agent import LONGEST_WAIT_SECONDS, PlayerAgent
from beffroi_player.agent.silence import is_revoked
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory
from beffroi_player.wakeup import WakeupSocket

log = logging.getLogger(__name__)


def run_agent(state: StateDirectory, runtime: RuntimeDirectory) -> int:
    """Serve until SIGTERM or a command to restart; a player that belongs to nobody is paired, and starts again then.

    So is one that was revoked, once it is started again: whoever has it in his hands switches it off and on.

    Returns:
        The exit code: 0, or 1 if nobody can say whose screen this is.
    """
    slot = AgentStorage(state.folder).enrolment
    if AgentStorage(state.folder).card.file_stamp is not None:
        _use_card(state, runtime)
    enrolment = slot.read()
    if enrolment is None and slot.file_stamp is not None:
        log.error("enrolment.json cannot be used, nor its copy: mend who may read it, or enrol this player again")
        return 1
    with ExitStack() as undo:
        # A player that ends while the agent starts leaves no socket behind.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: sys.exit(0))
        wakeups = undo.enter_context(WakeupSocket(runtime.agent_socket))
        if enrolment is None or is_revoked(state, enrolment.token):
            systemd_notify.notify_ready()
            run_pairing(state, runtime, wakeups, former=enrolment)
            # Whoever started it starts it again, as the screen that it is now: with its name in the journal, and
            # without what the search took in memory.
            return 0
        agent = PlayerAgent(enrolment, state, runtime)
        signal.signal(signal.SIGTERM, agent.on_signal)
        signal.signal(signal.SIGINT, agent.on_signal)
        undo.callback(agent.stop)
        agent.start()
        systemd_notify.notify_ready()
        agent.serve(wakeups)
        return supervisor.START_BOTH if agent.is_to_start_anew else 0


def _use_card(state: StateDirectory, runtime: RuntimeDirectory) -> None:
    """Enrol by the card that lies in the state directory, with signs of life while the network takes its time."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    # It may wait for a network longer than a start may take.
    systemd_notify.notify_ready()

    def wait(seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            systemd_notify.notify_alive()
            time.sleep(min(left, LONGEST_WAIT_SECONDS))
        return False

    machine = HealthMonitor(state.folder).read_machine()
    card_enrolment.use_card(state, runtime, machine.model, wait)
