"""LED controllers on the network: the picture goes to them as datagrams, again each second.

A controller goes dark or shows its own when it hears nothing for some seconds, and a datagram may be lost.
"""

from __future__ import annotations

import logging
import socket
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pygame

from beffroi_player.outputs import led_protocols as protocols
from beffroi_player.outputs.base import Light, OutputError, Size, start_display
from beffroi_player.outputs.datagrams import Host, send

log = logging.getLogger(__name__)

SCHEMES = {"ddp": protocols.DDP_PORT, "artnet": protocols.ARTNET_PORT, "sacn": protocols.SACN_PORT}
AGAIN_SECONDS = 1.0
PATIENCE_S = 0.1
"""How long a picture may wait for the network: half a million pixels take as long on a line of 100 Mbit/s."""
GAMMA = 2.2
MULTICAST = "multicast"


@dataclass(frozen=True, slots=True)
class Target:
    """Where pixels go, and how."""

    protocol: str
    host: str
    port: int
    universe: int = 0
    gamma: float = GAMMA

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read an address such as ``sacn://192.168.1.40?universe=1&gamma=2.2``.

        Raises:
            OutputError: it is none.
        """
        try:
            parts = urlsplit(text)
            query = parse_qs(parts.query, strict_parsing=bool(parts.query))
            asked = {name: values[-1] for name, values in query.items()}
            first = int(asked.pop("universe", protocols.FIRST_UNIVERSE.get(parts.scheme, 0)))
            gamma = float(asked.pop("gamma", GAMMA))
            port = parts.port or SCHEMES[parts.scheme]
        except (ValueError, KeyError) as error:
            raise OutputError(_help(text)) from error
        right = 0.5 <= gamma <= 4 and protocols.FIRST_UNIVERSE.get(parts.scheme, 0) <= first < 63_999
        multicast = parts.hostname == MULTICAST and parts.scheme != "sacn"
        if asked or not parts.hostname or not right or multicast or parts.path not in ("", "/"):
            raise OutputError(_help(text))
        return cls(parts.scheme, parts.hostname, port, first, gamma)


def _help(text: str) -> str:
    return (
        f"{text!r} is not an output. Write it like ddp://192.168.1.40, artnet://192.168.1.40?universe=0, "
        "sacn://192.168.1.40?universe=1 or sacn://multicast; gamma may be added, such as ?gamma=2.2"
    )


class Led:
    """A LED panel behind a controller."""

    pump_seconds: float | None = AGAIN_SECONDS

    def __init__(self, target: Target) -> None:
        self._target = target
        self._table = protocols.gamma_table(target.gamma)
        self._sender = uuid.uuid5(uuid.NAMESPACE_DNS, socket.gethostname()).bytes
        self._host = Host(target.host) if target.host != MULTICAST else None
        self._socket: socket.socket | None = None
        self._sequence = 0
        self._picture: pygame.Surface | None = None
        self._pixels = b""
        self._failing = False

    def start(self) -> None:
        """Open a socket; pictures are composed without any display."""
        start_display("dummy")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # A controller that takes nothing must not hold up the frame loop.
        self._socket.setblocking(False)

    def desktop(self) -> Size:
        """Return the size of a usual panel."""
        return 128, 64

    def rate(self) -> float:
        """Return 0: a controller shows what comes."""
        return 0.0

    def open(self, size: Size) -> None:
        """Make ready for pictures of that size.

        Raises:
            OutputError: the protocol has not so many universes.
        """
        most = protocols.MOST_UNIVERSES.get(self._target.protocol)
        if most is not None and self._target.universe + protocols.universe_count(size) > most:
            raise OutputError(f"{size[0]}x{size[1]} pixels are more than {self._target.protocol} has universes for")
        pygame.display.set_mode(size)

    def present(self, picture: pygame.Surface) -> None:
        """Send a picture."""
        self._picture = picture
        self._pixels = pygame.image.tobytes(picture, "RGB").translate(self._table)
        self._send()

    def settle(self) -> None:
        """Nothing is left to do."""

    def capture(self) -> pygame.Surface:
        """Return what was sent last, before gamma."""
        assert self._picture is not None
        return self._picture

    def pump(self) -> bool:
        """Send the picture again; nobody closes a panel."""
        if self._pixels:
            self._send()
        return True

    def light(self, on: bool, brightness: int) -> Light:
        """Do nothing: its controller decides, and black LEDs are off."""
        return Light()

    def close(self) -> None:
        """Close the socket. The controller decides what it shows without us."""
        if self._socket is not None:
            self._socket.close()
        pygame.display.quit()

    def _send(self) -> None:
        assert self._socket is not None
        to = self._host.address() if self._host is not None else MULTICAST
        if to is None:
            return
        self._sequence += 1
        try:
            send(self._socket, self._datagrams(to), PATIENCE_S)
        except OSError as error:
            if not self._failing:
                log.warning("the panel at %s is not reached: %s", self._target.host, error)
            self._failing = True
        else:
            self._failing = False

    def _datagrams(self, to: str) -> Iterator[tuple[tuple[str, int], bytes]]:
        """Yield the datagrams of the picture, with where each goes to."""
        target, pixels, sequence = self._target, self._pixels, self._sequence
        if target.protocol == "ddp":
            yield from (((to, target.port), datagram) for datagram in protocols.ddp(pixels, sequence))
        elif target.protocol == "artnet":
            yield from (
                ((to, target.port), datagram) for datagram in protocols.artnet(pixels, sequence, target.universe)
            )
        else:
            found = protocols.sacn(pixels, sequence, target.universe, self._sender)
            for universe, datagram in enumerate(found, target.universe):
                yield (protocols.multicast_address(universe) if to == MULTICAST else to, target.port), datagram
