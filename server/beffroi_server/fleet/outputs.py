"""Output of a screen's player: a window, the full display, or a controller of LED panels on the network.

It travels as the player's own option ``--output`` has it, such as ``sacn://192.168.1.40?universe=1``; an empty text
leaves the choice to the player.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

USUAL_GAMMA = 2.2
LARGEST_UNIVERSE = 63_998
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,100}[A-Za-z0-9])?")


class OutputKind(models.TextChoices):
    """Kinds of outputs."""

    PLAYER = "", _("as the player was installed")
    FULLSCREEN = "fullscreen", _("the whole display")
    WINDOW = "window", _("a window on a desktop")
    DDP = "ddp", _("LED controller, DDP")
    ARTNET = "artnet", _("LED controller, Art-Net")
    SACN = "sacn", _("LED controller, sACN (E1.31)")


CONTROLLERS = frozenset({OutputKind.DDP, OutputKind.ARTNET, OutputKind.SACN})


@dataclass(frozen=True, slots=True)
class ScreenOutput:
    """An output with the parts of its address."""

    kind: OutputKind
    host: str = ""
    """Name or IPv4 address of the controller."""
    universe: int | None = None
    """The first universe; None: that of the protocol."""
    gamma: float = USUAL_GAMMA

    @classmethod
    def parse(cls, text: str) -> ScreenOutput:
        """Return the output that a text names.

        Raises:
            ValueError: it names none.
        """
        if "://" not in text:
            return cls(OutputKind(text))
        parts = urlsplit(text)
        asked = dict(parse_qsl(parts.query))
        universe = asked.get("universe")
        found = cls(
            OutputKind(parts.scheme), parts.netloc, int(universe) if universe else None,
            float(asked.get("gamma", USUAL_GAMMA)),
        )  # fmt: skip
        found.check()
        return found

    def check(self) -> None:
        """Refuse an address that no player accepts.

        Raises:
            ValueError: the message says what is wrong.
        """
        if self.kind not in CONTROLLERS:
            return
        is_multicast = self.host == "multicast" and self.kind != OutputKind.SACN
        if not _HOST.fullmatch(self.host) or is_multicast:
            raise ValueError(self.host)
        lowest = 1 if self.kind is OutputKind.SACN else 0
        if self.universe is not None and not lowest <= self.universe <= LARGEST_UNIVERSE:
            raise ValueError(str(self.universe))
        if not 0.5 <= self.gamma <= 4:
            raise ValueError(str(self.gamma))

    def __str__(self) -> str:
        if self.kind not in CONTROLLERS:
            return str(self.kind.value)
        asked: dict[str, object] = {}
        if self.universe is not None and self.kind is not OutputKind.DDP:
            asked["universe"] = self.universe
        if self.gamma != USUAL_GAMMA:
            asked["gamma"] = self.gamma
        return f"{self.kind.value}://{self.host}" + (f"?{urlencode(asked)}" if asked else "")


def validate_output(text: str) -> None:
    """Refuse a text that names no output.

    Raises:
        ValidationError: see :meth:`ScreenOutput.parse`.
    """
    try:
        ScreenOutput.parse(text)
    except ValueError as error:
        raise ValidationError(_("This is not an output of a player.")) from error
