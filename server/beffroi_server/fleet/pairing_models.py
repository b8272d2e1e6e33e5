"""The model of pairings: players that wait for somebody to type the code that they show."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from beffroi_content.wire.pairing import SECRET_LENGTH, shown_code


class PairingOutcome(models.TextChoices):
    """How a pairing has ended, or not."""

    OPEN = "open"
    """Nobody has typed its code, or the player has not answered yet."""
    PAIRED = "paired"
    """The player has the identity of the screen."""
    MISTYPED = "mistyped"
    """The player says that the code which was typed is not its own. It still shows that."""
    FORGED = "forged"
    """The player has not proved that the code was its own: somebody stands in between."""


class Pairing(models.Model):
    """A player that shows a code, and what an operator has done with it. Gone an hour after its end."""

    handle = models.CharField(max_length=32, unique=True)
    """By which the player asks for it."""
    prefix = models.CharField(max_length=8, unique=True)
    """The first letters of its code."""
    request = models.JSONField()
    offer = models.JSONField()
    """What both have said: see ``beffroi_content.wire.pairing``."""
    channel_key = models.CharField(max_length=64)
    """The private key of this pairing; it is worth nothing once the pairing is over."""
    network = models.CharField(max_length=64)
    """Where the player asks from."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    polled_at = models.DateTimeField()
    typed = models.CharField(max_length=SECRET_LENGTH, blank=True)
    """The other letters, as somebody typed them; empty while nobody has."""
    typed_at = models.DateTimeField(null=True, blank=True)
    typed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True,
                                 related_name="+")  # fmt: skip
    screen = models.ForeignKey("fleet.Screen", on_delete=models.CASCADE, null=True, blank=True, related_name="pairings")
    """For which screen."""
    mistyped = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=8, choices=PairingOutcome.choices, default=PairingOutcome.OPEN)
    answer = models.TextField(blank=True)
    """The sealed identity, for a player that did not receive it."""

    def __str__(self) -> str:
        return f"{self.prefix}… {self.outcome}"

    @property
    def width(self) -> int:
        """Pixels of the display, as the player sees it."""
        return int(self.request["width"])

    @property
    def height(self) -> int:
        """Pixels of the display, as the player sees it."""
        return int(self.request["height"])

    @property
    def machine(self) -> str:
        """What kind of machine the player is, as it says."""
        return str(self.request.get("machine", ""))

    @property
    def code(self) -> str:
        """The code as it was typed."""
        return shown_code(self.prefix, self.typed)
