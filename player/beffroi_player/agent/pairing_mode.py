"""What the agent does while the player belongs to nobody: it shows a code, and waits until somebody has typed it.

It asks the server that the settings name, or else every server that it finds on the local network, and shows their
codes in turn: none is believed for having answered first.
"""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import requests
from PIL import Image

from beffroi_content import rendering
from beffroi_content.model import DisplayTechnology, ScreenClass, ScreenSettings, Town
from beffroi_content.rendering import PairingNotice
from beffroi_player import backoff, system_clock, systemd_notify
from beffroi_player.agent.host.hardware import machine_model
from beffroi_player.agent.prepare.png_encoder import save_png
from beffroi_player.agent.storage import AgentStorage, PlayerEnrolment, adopt_identity
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.agent.transport.pairing import JsonClient, OtherTown, PairingOver, PlayerPairing
from beffroi_player.agent.transport.server_search import ServerSearch
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import RuntimeDirectory, Size, StateDirectory, TimedOverlay
from beffroi_player.state.page_images import SUFFIX, page_header
from beffroi_player.wakeup import WakeupSocket, send_wakeup

log = logging.getLogger(__name__)

POLL_S, LATER_POLL_S, EAGER_S = 3.0, 6.0, 3600.0
"""Seconds between two questions, at first and after an hour; a fifth more or less, by chance."""
FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 20.0
FIRST_SUSPENSION_S, LONGEST_SUSPENSION_S = 60.0, 3600.0
"""How long a server waits for another code that has named too many wrong ones."""
TURN_S = 12.0
"""For how long the code of each server is shown where there are several."""
PAIRED_SECONDS = 8
USUAL_SIZE = (1920, 1080)
PANEL_SIDE = 640
"""Pixels: what is smaller is a panel of LEDs."""


@dataclass(frozen=True, slots=True)
class PairingSettings:
    """What the settings of the machine say."""

    server: str = ""
    """The address of the server; empty: it is looked for on the local network."""
    root: str = ""
    """Beginning of the fingerprint of the town's root keys; empty: whoever types the code is believed."""

    @classmethod
    def from_environment(cls) -> PairingSettings:
        """Return the settings in ``BEFFROI_SERVER`` and ``BEFFROI_ROOT``."""
        return cls(os.environ.get("BEFFROI_SERVER", "").strip().rstrip("/"), os.environ.get("BEFFROI_ROOT", "").strip())


@dataclass
class _Candidate:
    """A server that may be the one."""

    address: str
    pairing: PlayerPairing | None = None
    due_s: float = 0.0
    failures: int = 0
    suspicions: int = 0
    problem: tuple[str, str] | None = None
    """Why there is no code, in French and English."""


class PairingMode:
    """Shows a code until this player is a screen.

    Args:
        state: Where the identity goes.
        runtime: Says what the display measures, and takes the last word.
        settings: Of the machine.
        find_servers: Returns the addresses of the servers that may be asked; given the uptime in seconds.
        client: Makes a client of an address.
        uptime_s: Seconds that only rise.
        former: What this player was until it was revoked; its server is asked where the settings name none.
    """

    def __init__(
        self, state: StateDirectory, runtime: RuntimeDirectory, settings: PairingSettings,
        find_servers: Callable[[float], list[str]],
        client: Callable[[str], JsonClient] = ServerClient,
        uptime_s: Callable[[], float] = lambda: system_clock.uptime_ms() / 1000,
        former: PlayerEnrolment | None = None,
    ) -> None:  # fmt: skip
        self._state, self._runtime, self._settings = state, runtime, settings
        self._find_servers, self._client, self._uptime_s = find_servers, client, uptime_s
        self._former = former
        self._server = settings.server or (former.server if former is not None else "")
        self._begun_s = uptime_s()
        self._candidates: dict[str, _Candidate] = {}
        self._shown: object = None
        self._machine = machine_model()

    def take_turn(self) -> PlayerEnrolment | None:
        """Ask whom it is time to ask, and show what there is to show; return the identity once there is one.

        Raises:
            OSError: the disk does not take the identity.
        """
        # Somebody may have typed the command, or put a claim beside it, meanwhile.
        enrolment = AgentStorage(self._state.folder).enrolment.read()
        if enrolment is not None and (self._former is None or enrolment.token != self._former.token):
            return enrolment
        now = self._uptime_s()
        addresses = [self._server] if self._server else self._find_servers(now)
        self._candidates = {each: self._candidates.get(each) or _Candidate(each) for each in addresses}
        for candidate in self._candidates.values():
            if candidate.due_s <= now and (enrolment := self._ask(candidate)) is not None:
                adopt_identity(self._state, enrolment)
                log.info("paired as the screen %s of %s", enrolment.screen, enrolment.site)
                self._show_paired(enrolment)
                return enrolment
        self._show_notice(now)
        return None

    @property
    def seconds_to_next(self) -> float:
        """Until there is something to ask or to show again."""
        now = self._uptime_s()
        return max(0.0, min([each.due_s - now for each in self._candidates.values()], default=1.0))

    # --- asking

    def _ask(self, candidate: _Candidate) -> PlayerEnrolment | None:
        try:
            found = self._open_or_poll(candidate)
        except PairingOver as over:
            log.info("the code of %s is over: %s", candidate.address, over)
            candidate.pairing, candidate.problem = None, None
            candidate.suspicions = candidate.suspicions + 1 if over.is_suspect else 0
            pause = (
                backoff.retry_delay(candidate.suspicions, FIRST_SUSPENSION_S, LONGEST_SUSPENSION_S)
                if over.is_suspect else random.uniform(0.0, POLL_S)  # noqa: S311
            )  # fmt: skip
        except (requests.RequestException, OSError) as error:
            self._note_failure(candidate, error)
            pause = backoff.retry_delay(candidate.failures, FIRST_RETRY_S, LONGEST_RETRY_S)
        else:
            candidate.failures, candidate.problem = 0, None
            if found is not None:
                return found
            usual = POLL_S if self._uptime_s() - self._begun_s < EAGER_S else LATER_POLL_S
            pause = usual * random.uniform(0.8, 1.2)  # noqa: S311
        candidate.due_s = self._uptime_s() + pause
        systemd_notify.notify_alive()
        return None

    def _open_or_poll(self, candidate: _Candidate) -> PlayerEnrolment | None:
        if candidate.pairing is not None:
            return candidate.pairing.poll()
        candidate.pairing = PlayerPairing(
            candidate.address, self._client(candidate.address), self._display_size, self._machine, self._settings.root,
            self._uptime_s,
        )  # fmt: skip
        # For whoever reaches the machine and not its display; nobody else can use it.
        notice = candidate.pairing.notice
        log.info("shows the code %s, check number %s, of %s", notice.code, notice.check_number, notice.server)
        return None

    def _note_failure(self, candidate: _Candidate, error: Exception) -> None:
        candidate.failures += 1
        status = getattr(error, "status", 0)
        if status in (403, 404) and candidate.pairing is not None:
            candidate.pairing = None
        # One lost answer takes no code off the screen.
        elif candidate.pairing is None or candidate.failures > 3:
            candidate.problem = _summary(error)
        log.info("%s: %s", candidate.address, error)

    # --- showing

    @property
    def _display_size(self) -> Size:
        presented = self._runtime.presented.read()
        width, height = presented.size if presented is not None else USUAL_SIZE
        return max(16, min(7680, width)), max(16, min(7680, height))

    def _show_notice(self, now: float) -> None:
        waiting = [each for each in self._candidates.values() if each.pairing is not None and not each.problem]
        notices = [each.pairing.notice for each in waiting if each.pairing is not None]
        size, notice = self._display_size, None
        if notices:
            notice = notices[int(now / TURN_S) % len(notices)]
        key = size, notice, () if notice else self._other_words()
        if key == self._shown:
            return
        image = self._draw(size, notice)
        with suppress(OSError):
            save_png(image, self._state.notice_image)
            self._shown = key
        send_wakeup(self._runtime.stage_socket)

    def _draw(self, size: Size, notice: PairingNotice | None) -> Image.Image:
        canvas = rendering.Canvas.for_screen(_settings_of(size))
        if notice is not None:
            return rendering.draw_pairing_page(notice, canvas)
        title, *lines = self._other_words()
        return rendering.draw_idle_page(title, lines, canvas)

    def _other_words(self) -> tuple[str, ...]:
        """Return what is shown while there is no code: a title and lines, in French, then in English."""
        for each in self._candidates.values():
            if each.problem is not None:
                french, english = each.problem
                return "Pas de code du serveur", each.address, french, f"No code from the server: {english}"
        if self._candidates:
            return ("Un instant…", "One moment…", *self._candidates)
        return (
            "Aucun serveur trouvé",
            "Brancher ce lecteur au réseau du serveur, ou indiquer BEFFROI_SERVER.",
            "No server found: connect this player to the server’s network, or set BEFFROI_SERVER.",
        )

    def _show_paired(self, enrolment: PlayerEnrolment) -> None:
        """Say over everything for a moment which screen this is by now; no alert is hidden by it."""
        size, name = self._display_size, enrolment.name or enrolment.screen
        image = rendering.draw_idle_page(
            f"Associé · Paired: {name}", [], rendering.Canvas.for_screen(_settings_of(size))
        )
        frame = f"paired-{rendering.image_digest(image)[:16]}{SUFFIX}"
        until = int(system_clock.uptime_ms()) + 1000 * PAIRED_SECONDS
        with suppress(OSError):
            write_file(
                self._runtime.folder / frame, page_header(image.size), rendering.rgbx_bytes(image), durable=False
            )
            self._runtime.overlay.write(TimedOverlay(frame=frame, until_uptime_ms=until))
        with suppress(OSError):
            save_png(image, self._state.notice_image)
        send_wakeup(self._runtime.stage_socket)


def run_pairing(
    state: StateDirectory, runtime: RuntimeDirectory, wakeups: WakeupSocket, *, former: PlayerEnrolment | None
) -> PlayerEnrolment:
    """Show a code until this player is a screen, or another one than it was.

    Raises:
        OSError: the disk does not take the identity.
    """
    search = ServerSearch()
    mode = PairingMode(state, runtime, PairingSettings.from_environment(), search.addresses, former=former)
    try:
        while (enrolment := mode.take_turn()) is None:
            systemd_notify.notify_alive()
            wakeups.wait(min(1.0, mode.seconds_to_next))
        return enrolment
    finally:
        search.close()


def _settings_of(size: Size) -> ScreenSettings:
    technology = DisplayTechnology.LED if max(size) < PANEL_SIDE else DisplayTechnology.LCD
    display = ScreenClass(
        name="", width=size[0], height=size[1], technology=technology, physical_height_mm=700,
        viewing_distance_mm=5_000,
    )  # fmt: skip
    return ScreenSettings(screen_class=display, town=Town(name="Beffroi"))


def _summary(error: Exception) -> tuple[str, str]:
    """Return a reason short enough for a screen, and what to do, in French and English."""
    if isinstance(error, OtherTown):
        return (
            "Ce serveur n’est pas celui de la commune indiquée par BEFFROI_ROOT.",
            "it is not of the town that BEFFROI_ROOT names.",
        )
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "Son certificat TLS est refusé. Vérifier l’horloge de ce lecteur.",
            "its TLS certificate is refused. Check the clock of this player.",
        )
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ReadTimeout):
        return "Il ne répond pas. Vérifier le réseau.", "it does not answer. Check the network."
    if isinstance(error, requests.exceptions.ConnectionError):
        return "Pas de connexion. Vérifier le câble et le réseau.", "no connection. Check cable and network."
    return "Réponse inattendue.", str(error)[:120]
