"""The models of the machines on which the player of a screen was seen, and of credentials that were taken away."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class RevokedToken(models.Model):
    """The digest of a device token that was taken from a player: one that comes with it is told so."""

    screen = models.ForeignKey("fleet.Screen", on_delete=models.CASCADE, related_name="revoked_tokens")
    token_sha256 = models.CharField(max_length=64, unique=True)
    enrolled_at = models.DateTimeField(null=True)
    """Since when the player had it: availability is that of the screen, through all its players."""
    revoked_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    """When a player last came with it."""
    address = models.CharField(max_length=45, blank=True)
    """From where."""

    class Meta:
        ordering: ClassVar = ["-revoked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.screen} {self.revoked_at:%Y-%m-%d}"


class PlayerBox(models.Model):
    """A machine that has used the identity of a screen since its player was enrolled; see ``player_boxes``."""

    screen = models.ForeignKey("fleet.Screen", on_delete=models.CASCADE, related_name="boxes")
    box = models.CharField(max_length=16)
    """As ``wire.documents.BoxIdentifier``."""
    boot = models.CharField(max_length=63)
    """Its last start."""
    address = models.CharField(max_length=45, blank=True)
    """From which it asked last."""
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    """Where a screen has one machine only, it is not kept up: see its last contact."""
    is_barred = models.BooleanField(default=False)
    """Whether a person has chosen another machine for the screen."""
    told_at = models.DateTimeField(null=True, blank=True)
    """When it was last told that it is shut out."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["screen", "box"], name="one_box_of_screen")]
        ordering: ClassVar = ["first_seen_at", "pk"]

    def __str__(self) -> str:
        return f"{self.screen} {self.box}"
