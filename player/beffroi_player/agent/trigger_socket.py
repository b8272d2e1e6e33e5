"""The socket of the technician's command: whoever may open it on this machine may trigger a scenario.

The permissions of the runtime directory say who that is: root, and the account of the player. The kernel tells which
account asks; its name goes into the record of the act.
"""

from __future__ import annotations

import contextlib
import json
import logging
import pwd
import queue
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from beffroi_content.wire.local_triggers import TriggerKind
from beffroi_player.agent.effects import TriggerScenario
from beffroi_player.agent.local_acts import TriggerRequest
from beffroi_player.wakeup import short_address

log = logging.getLogger(__name__)

MAX_REQUEST = 1_024
CLIENT_SECONDS = 5.0
"""For a client to say what it wants."""
ANSWER_SECONDS = 10.0
"""For the agent to carry it out."""


class TriggerSocket:
    """Takes requests of the command in a thread of its own, and answers each.

    Args:
        path: Of the socket.
        put: Hands a request to the admission thread.
    """

    def __init__(self, path: Path, put: Callable[[TriggerScenario], object]) -> None:
        self._path, self._put = path, put
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Open the socket and serve. One that cannot be opened is only logged: the screen goes on."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            self._path.unlink(missing_ok=True)
            with short_address(self._path) as address:
                listener.bind(address)
            self._path.chmod(0o600)
            listener.listen(2)
        except OSError as error:
            listener.close()
            log.warning("nothing can be triggered by command: %s", error)
            return
        self._socket = listener
        threading.Thread(target=self._serve, args=(listener,), name="trigger", daemon=True).start()

    def stop(self) -> None:
        """Close and remove the socket."""
        listener, self._socket = self._socket, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            self._path.unlink(missing_ok=True)

    def _serve(self, listener: socket.socket) -> None:
        while self._socket is listener:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError, ValueError):
                client.settimeout(CLIENT_SECONDS)
                self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        with client.makefile("rb") as stream:
            wanted = json.loads(stream.readline(MAX_REQUEST))
        scenario, ends = str(wanted.get("scenario", "")), bool(wanted.get("ends"))
        request = TriggerRequest(TriggerKind.COMMAND, _account_of(client), scenario, ends)
        answers: queue.Queue[tuple[bool, str]] = queue.Queue()
        self._put(TriggerScenario(request, lambda done, text: answers.put((done, text))))
        try:
            done, text = answers.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            done, text = False, "the player does not answer: look at its log"
        client.sendall(json.dumps({"done": done, "text": text}).encode() + b"\n")


def ask_agent(path: Path, scenario: str, *, ends: bool) -> tuple[bool, str]:
    """Ask the agent of this machine to trigger or end something; return whether it was done, and a sentence.

    Raises:
        OSError: no agent runs, or this account may not ask it.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as asking:
        asking.settimeout(ANSWER_SECONDS + CLIENT_SECONDS)
        with short_address(path) as address:
            asking.connect(address)
        asking.sendall(json.dumps({"scenario": scenario, "ends": ends}).encode() + b"\n")
        with asking.makefile("rb") as stream:
            answer = json.loads(stream.readline(64 * 1024) or b"{}")
    return bool(answer.get("done")), str(answer.get("text", "the player has said nothing"))


def _account_of(client: socket.socket) -> str:
    _pid, user, _group = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
