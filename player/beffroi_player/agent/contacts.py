"""Contacts at this machine, such as a keyed switch: each triggers a scenario when it closes.

The town signs which line does what (``ScenarioSet.contacts``). The lines are read through the character device of the
kernel, by ``gpiod``, which is an optional part of the installation. A contact counts once it was closed, or open, for
its hold time; one that is closed when the player starts counts too, so that a power cut does not end what somebody
holds by a key.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from beffroi_content.wire.local_triggers import TriggerContact, TriggerKind
from beffroi_player import system_clock
from beffroi_player.agent.effects import TriggerScenario
from beffroi_player.agent.local_acts import TriggerRequest

log = logging.getLogger(__name__)

READ_SECONDS = 0.03
"""How often the lines are read: a hand takes longer."""
LOOK_SECONDS = 2.0
"""How often it looks whether the town has set other contacts."""
RETRY_MS = 30_000
"""When lines that could not be opened are tried again."""


class ContactLines(Protocol):
    """Lines that are open."""

    def read(self) -> Mapping[int, bool]:
        """Return whether each contact is closed, by its number.

        Raises:
            OSError: the lines are gone.
        """

    def close(self) -> None:
        """Give the lines back."""


OpenLines = Callable[[Sequence[TriggerContact]], ContactLines]
"""Opens the lines of contacts; raises ``OSError``."""


class ContactState:
    """One contact without its bouncing: whether it is closed, once that has lasted for its hold time."""

    def __init__(self, contact: TriggerContact) -> None:
        self.contact = contact
        self.is_closed = False
        self._differs_since_ms: float | None = None

    def note_reading(self, is_closed: bool, uptime_ms: float) -> bool:
        """Note what was read; return whether the contact has changed."""
        if is_closed == self.is_closed:
            self._differs_since_ms = None
            return False
        if self._differs_since_ms is None:
            self._differs_since_ms = uptime_ms
        if uptime_ms - self._differs_since_ms < self.contact.hold_ms:
            return False
        self.is_closed, self._differs_since_ms = is_closed, None
        return True


class ContactWatch:
    """Reads the contacts in a thread of its own, and triggers what they stand for.

    Args:
        contacts: Returns the contacts as the town has set them now.
        put: Hands a request to the admission thread.
        refused: Told of what does not work: subject, code and detail.
        open_lines: Opens the lines.
        uptime: Milliseconds since boot.
    """

    def __init__(
        self, contacts: Callable[[], Sequence[TriggerContact]], put: Callable[[TriggerScenario], object],
        refused: Callable[[str, str, str], object], open_lines: OpenLines | None = None,
        uptime: Callable[[], float] = system_clock.uptime_ms,
    ) -> None:  # fmt: skip
        self._contacts, self._put, self._refused, self._uptime = contacts, put, refused, uptime
        self._open_lines = open_lines or open_gpio_lines
        self._states: dict[int, ContactState] = {}
        self._lines: ContactLines | None = None
        self._set: tuple[TriggerContact, ...] = ()
        self._retry_ms = 0.0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="contacts", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def read_once(self) -> None:
        """Follow what the town has set, and read the contacts once."""
        self._follow_settings()
        if self._lines is None:
            return
        try:
            closed = self._lines.read()
        except OSError as error:
            self._fail(error)
            return
        for number, state in self._states.items():
            if number in closed and state.note_reading(closed[number], self._uptime()):
                self._act(state)

    def _follow_settings(self) -> None:
        wanted = tuple(self._contacts())
        if wanted == self._set and (self._lines is not None or not wanted or self._uptime() < self._retry_ms):
            return
        self._close()
        self._set = wanted
        # What is closed stays so, where the contact is the same: another name of a scenario is no new act.
        known = {number: state for number, state in self._states.items() if state.contact in wanted}
        self._states = {each.number: known.get(each.number, ContactState(each)) for each in wanted}
        if wanted:
            try:
                self._lines = self._open_lines(wanted)
            except OSError as error:
                self._fail(error)

    def _act(self, state: ContactState) -> None:
        contact = state.contact
        if not state.is_closed and contact.lasts == "ended":
            return
        ends = not state.is_closed
        request = TriggerRequest(TriggerKind.CONTACT, str(contact.number), contact.scenario, ends)
        self._put(TriggerScenario(request, lambda done, text: self._note_answer(contact, done, text)))

    def _note_answer(self, contact: TriggerContact, done: bool, text: str) -> None:
        log.warning("contact %d: %s", contact.number, text)
        if not done:
            self._refused(f"contact {contact.number}", "contact-refused", text)

    def _fail(self, error: OSError) -> None:
        self._close()
        self._retry_ms = self._uptime() + RETRY_MS
        self._refused("contacts", "contacts", str(error))

    def _close(self) -> None:
        lines, self._lines = self._lines, None
        if lines is not None:
            lines.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.read_once()
            except Exception:
                log.exception("the contacts cannot be read")
                self._stopped.wait(LOOK_SECONDS)
            self._stopped.wait(READ_SECONDS if self._lines is not None else LOOK_SECONDS)
        self._close()


def open_gpio_lines(contacts: Sequence[TriggerContact]) -> ContactLines:
    """Open lines of the kernel's GPIO chips.

    Raises:
        OSError: there is no such chip or line, it is taken, or ``gpiod`` is not installed.
    """
    try:
        gpiod = importlib.import_module("gpiod")
    except ImportError as error:
        raise OSError("gpiod is not installed: install Beffroi with its extra “contacts”") from error
    return _GpioLines(gpiod, contacts)


class _GpioLines:
    """Lines of the kernel's GPIO chips, with the pull that holds an open contact at rest."""

    def __init__(self, gpiod: Any, contacts: Sequence[TriggerContact]) -> None:
        self._gpiod, self._contacts = gpiod, tuple(contacts)
        self._requests: dict[str, Any] = {}
        try:
            for chip in sorted({each.chip for each in contacts}):
                self._requests[chip] = self._request_lines(chip)
        except BaseException:
            self.close()
            raise

    def read(self) -> Mapping[int, bool]:
        """Return whether each contact is closed, by its number."""
        active = self._gpiod.line.Value.ACTIVE
        return {each.number: self._requests[each.chip].get_value(each.line) == active for each in self._contacts}

    def close(self) -> None:
        """Give the lines back."""
        for request in self._requests.values():
            request.release()
        self._requests = {}

    def _request_lines(self, chip: str) -> Any:
        line = self._gpiod.line
        config = {
            each.line: self._gpiod.LineSettings(
                direction=line.Direction.INPUT, active_low=each.is_active_low,
                bias=line.Bias.PULL_UP if each.is_active_low else line.Bias.PULL_DOWN,
            )
            for each in self._contacts
            if each.chip == chip
        }  # fmt: skip
        return self._gpiod.request_lines(f"/dev/{chip}", consumer="beffroi", config=config)
