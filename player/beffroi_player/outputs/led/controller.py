"""Output to LED controllers on the network by DDP, Art-Net or sACN.

The image is sent again every 0.8 seconds: a controller goes dark or shows content of its own when it receives nothing
for a second or more, and a datagram may be lost. While the display is to be off the image is black, and goes on being
sent for the same reason. When the output ends, black is sent last, since controllers keep what they received last.
"""

from __future__ import annotations

import json
import logging
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pygame

from beffroi_player.outputs.base import DisplayResult, OutputError, Size, start_display
from beffroi_player.outputs.led import protocols
from beffroi_player.outputs.led.datagrams import ResolvedHost, send_datagrams

log = logging.getLogger(__name__)

SCHEMES = {"ddp": protocols.DDP_PORT, "artnet": protocols.ARTNET_PORT, "sacn": protocols.SACN_PORT}
RESEND_SECONDS = 0.8
"""E1.31 and Art-Net ask for 0.8 to 1 second, and FPP drops data that is older than 1 second."""
SEND_TIMEOUT_S = 0.1
"""Longest time to send an image: half a million pixels take as long on a link of 100 Mbit/s."""
DEFAULT_GAMMA = 2.2
MULTICAST_HOST = "multicast"
MULTICAST_UNIVERSES = 20
"""Multicast groups that a socket of Linux joins by default (``net.ipv4.igmp_max_memberships``)."""
_FAR_AHEAD, _STARTING_IMAGES = 65, 4
"""Receivers of sACN take a number of up to 20 behind the last one for an old datagram, also of a sender that was
started again. Its first images are numbered so far apart that at most one of them can be there."""
_ENDING_IMAGES = 3
"""E1.31 wants the end of a stream to be sent three times."""


@dataclass(frozen=True, slots=True)
class LedTarget:
    """Address of a LED controller: protocol, host, port, first universe and gamma."""

    protocol: str
    host: str
    port: int
    universe: int = 0
    gamma: float = DEFAULT_GAMMA

    @classmethod
    def parse_address(cls, text: str) -> LedTarget:
        """Parse an address such as ``sacn://192.168.1.40?universe=1&gamma=2.2``.

        Raises:
            OutputError: it is not valid; the message shows valid ones.
        """
        try:
            parts = urlsplit(text)
            query = parse_qs(parts.query, strict_parsing=bool(parts.query))
            asked = {name: values[-1] for name, values in query.items()}
            first = int(asked.pop("universe", protocols.FIRST_UNIVERSE.get(parts.scheme, 0)))
            gamma = float(asked.pop("gamma", DEFAULT_GAMMA))
            port = parts.port or SCHEMES[parts.scheme]
        except (ValueError, KeyError) as error:
            raise OutputError(_address_help(text)) from error
        right = 0.5 <= gamma <= 4 and protocols.FIRST_UNIVERSE.get(parts.scheme, 0) <= first < 63_999
        multicast = parts.hostname == MULTICAST_HOST and parts.scheme != "sacn"
        if asked or not parts.hostname or not right or multicast or parts.path not in ("", "/"):
            raise OutputError(_address_help(text))
        return cls(parts.scheme, parts.hostname, port, first, gamma)


def _address_help(text: str) -> str:
    return (
        f"{text!r} is not an output. Write it like ddp://192.168.1.40, artnet://192.168.1.40?universe=0, "
        "sacn://192.168.1.40?universe=1 or sacn://multicast; gamma may be added, such as ?gamma=2.2"
    )


def machine_sender(state: Path | None = None) -> protocols.SacnSender:
    """Return who this player is for receivers: its screen, or its machine before it is enrolled.

    Args:
        state: The state directory.
    """
    with suppress(OSError, ValueError, KeyError, TypeError):
        if state is not None:
            enrolment = json.loads((state / "enrolment.json").read_bytes())
            return _named_sender(f"{enrolment['site']}/{enrolment['screen']}", f"Beffroi {enrolment['screen']}")
    with suppress(OSError, ValueError):
        return _named_sender(Path("/etc/machine-id").read_text(encoding="ascii").strip(), "Beffroi")
    return _named_sender(socket.gethostname(), "Beffroi")


def starting_number() -> int:
    """Return where the sequence numbers of a start begin: rarely where those of the start before began."""
    return int(time.monotonic() * 50)


def _named_sender(identity: str, name: str) -> protocols.SacnSender:
    return protocols.SacnSender(uuid.uuid5(uuid.NAMESPACE_URL, f"beffroi:{identity}").bytes, name)


class LedOutput:
    """Output to a LED panel behind a controller."""

    event_interval_s: float | None = RESEND_SECONDS

    def __init__(self, target: LedTarget, sender: protocols.SacnSender | None = None) -> None:
        self._target = target
        self._table = protocols.gamma_table(target.gamma)
        self._sender = sender or machine_sender()
        self._host = ResolvedHost(target.host) if target.host != MULTICAST_HOST else None
        self._socket: socket.socket | None = None
        self._sequence = starting_number()
        self._sent = 0
        self._image: pygame.Surface | None = None
        self._pixels = b""
        self._failing = False

    def start(self) -> None:
        """Open the socket, and SDL with its dummy display for drawing."""
        start_display("dummy")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # A controller that does not answer must not delay the frame loop.
        self._socket.setblocking(False)

    def desktop_size(self) -> Size:
        """Return the size of a usual panel."""
        return 128, 64

    def refresh_rate(self) -> float:
        """Return 0: a controller has no frame rate of its own."""
        return 0.0

    def open(self, size: Size) -> None:
        """Prepare for frames of a size.

        Raises:
            OutputError: the panel needs more universes than the protocol has.
        """
        most = protocols.MAX_UNIVERSES.get(self._target.protocol)
        if most is not None and self._target.universe + protocols.universe_count(size) > most:
            raise OutputError(f"{size[0]}x{size[1]} pixels are more than {self._target.protocol} has universes for")
        count = protocols.universe_count(size)
        if self._host is None and count > MULTICAST_UNIVERSES:
            log.warning(
                "%dx%d pixels take %d universes, and a receiver on Linux joins %d multicast groups by default: "
                "if a part of the panel stays dark, give the controller's address instead of “multicast”",
                *size, count, MULTICAST_UNIVERSES,
            )  # fmt: skip
        pygame.display.set_mode(size)

    def present_image(self, image: pygame.Surface) -> None:
        """Send an image, corrected by gamma."""
        # bytes.translate is the fastest way to map every byte through the gamma table.
        self._image = image
        self._pixels = pygame.image.tobytes(image, "RGB").translate(self._table)
        is_first = not self._sent
        self._send_image()
        if is_first:
            # Receivers may have dropped it for its number, but not this one.
            self._send_image()

    def finish_present(self) -> None:
        """Do nothing: presenting is complete."""

    def last_presented(self) -> pygame.Surface:
        """Return the image that was sent last, before gamma."""
        assert self._image is not None
        return self._image

    def process_events(self) -> bool:
        """Send the image again; return True, since there is no window to close."""
        if self._pixels:
            self._send_image()
        return True

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Send black where the display is to be off: black LEDs are off, and a controller without data is not."""
        if not on and self._pixels.strip(b"\0"):
            self._blacken()
        return DisplayResult()

    def close(self) -> None:
        """Send black, say that the stream ends where the protocol can, and close the socket."""
        if self._socket is not None:
            if self._pixels:
                self._blacken()
                for _ in range(_ENDING_IMAGES if self._target.protocol == "sacn" else 0):
                    self._send_image(is_last=True)
            self._socket.close()
            self._socket = None
        pygame.display.quit()

    def _blacken(self) -> None:
        self._pixels = bytes(len(self._pixels))
        self._send_image()

    def _send_image(self, *, is_last: bool = False) -> None:
        assert self._socket is not None
        to = self._host.current_address() if self._host is not None else MULTICAST_HOST
        if to is None:
            return
        self._sequence += _FAR_AHEAD if self._sent < _STARTING_IMAGES else 1
        self._sent += 1
        try:
            send_datagrams(self._socket, self._image_datagrams(to, is_last), SEND_TIMEOUT_S)
        except OSError as error:
            if not self._failing:
                log.warning("the panel at %s is not reached: %s", self._target.host, error)
            self._failing = True
        else:
            self._failing = False

    def _image_datagrams(self, to: str, is_last: bool) -> Iterator[tuple[tuple[str, int], bytes]]:
        """Yield the datagrams of the image, each with its destination."""
        target, pixels, sequence = self._target, self._pixels, self._sequence
        if target.protocol == "ddp":
            yield from (((to, target.port), datagram) for datagram in protocols.ddp_datagrams(pixels))
        elif target.protocol == "artnet":
            yield from (
                ((to, target.port), datagram) for datagram in protocols.artnet_datagrams(pixels, target.universe)
            )
        else:
            found = protocols.sacn_datagrams(pixels, sequence, target.universe, self._sender, is_last=is_last)
            for universe, datagram in enumerate(found, target.universe):
                yield (protocols.multicast_address(universe) if to == MULTICAST_HOST else to, target.port), datagram
