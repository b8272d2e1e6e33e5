"""Goes dark when the town has been silent for as long as it has set: a machine that was lost shows nothing of it.

Only hours of running count, by the clock of the kernel that nobody sets, and they are remembered over restarts: whoever
takes a player off the network, or sets its clock, wins nothing. A player in the hours of rest, or one that is switched
off, is not nearer to it. One word that the town has signed ends it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable

from pydantic import Field

from beffroi_content.model import WireModel
from beffroi_player.state.directories import REVOKED, SILENT, Darkness, StateDirectory
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

SAVE_SECONDS = 600.0
"""How often it is written down: a restart makes up to that much of silence undone."""


class KeptSilence(WireModel):
    """For how long this player has run without a word of its town."""

    seconds: float = Field(default=0.0, ge=0)


def credentials_of(token: str) -> str:
    """Return how the town names the credentials with this device token where it takes them away."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def is_revoked(state: StateDirectory, token: str) -> bool:
    """Tell whether the town has said that this device token is worth nothing any more."""
    found = state.darkness.read()
    return found is not None and found.reason == REVOKED and found.credentials == credentials_of(token)


class TownSilence:
    """Counts the silence of the town, and tells the stage to go dark.

    Args:
        state: Where it is remembered; the stage looks there.
        uptime: Milliseconds since boot.
        changed: Called when the player goes dark, or shows its programme again.
        credentials: The start of the digest of its device token.
    """

    def __init__(
        self, state: StateDirectory, uptime: Callable[[], float], changed: Callable[[], object], credentials: str
    ) -> None:
        self._state, self._uptime, self._changed, self._credentials = state, uptime, changed, credentials
        self._file = ModelFile(state.folder / "silence.json", KeptSilence)
        self._before = self._saved = (self._file.read() or KeptSilence()).seconds
        self._since_ms = uptime()
        found = self.darkness
        if found is not None and found.reason == REVOKED and found.credentials != credentials:
            state.darkness.remove()  # it was enrolled again

    @property
    def seconds(self) -> float:
        """Seconds of running since the last word."""
        return self._before + max(0.0, self._uptime() - self._since_ms) / 1000

    @property
    def darkness(self) -> Darkness | None:
        """Whether nothing of the town is shown, and why."""
        return self._state.darkness.read()

    def check(self, heard_uptime_ms: float | None, limit_hours: int | None) -> None:
        """Count on, and go dark or show the programme again.

        Args:
            heard_uptime_ms: When a word was last heard that was signed just then; None: not since boot.
            limit_hours: As the town has set it; None: never go dark.
        """
        if heard_uptime_ms is not None and heard_uptime_ms > self._since_ms:
            self._before, self._since_ms = 0.0, heard_uptime_ms
        seconds, found = self.seconds, self.darkness
        if abs(seconds - self._saved) >= SAVE_SECONDS:
            self._save(seconds)
        if found is not None and found.reason == REVOKED:
            return
        is_due = limit_hours is not None and seconds >= 3600 * limit_hours
        if is_due and found is None:
            log.warning("no word of the town for %d hours: nothing of it is shown any more", limit_hours)
            self._go_dark(SILENT)
        elif not is_due and found is not None:
            self._save(seconds)
            self._state.darkness.remove()
            self._changed()

    def revoke(self) -> None:
        """Go dark until this player is enrolled again: the town has said so."""
        log.warning("the town has revoked this player: nothing of it is shown any more", extra={"CODE": "revoked"})
        self._go_dark(REVOKED)

    def _go_dark(self, reason: str) -> None:
        try:
            self._state.darkness.write(Darkness(reason=reason, credentials=self._credentials))
        except OSError as error:
            log.error("it could not be written that nothing is shown any more: %s", error)
        self._changed()

    def _save(self, seconds: float) -> None:
        with contextlib.suppress(OSError):
            self._file.write(KeptSilence(seconds=seconds))
            self._saved = seconds
