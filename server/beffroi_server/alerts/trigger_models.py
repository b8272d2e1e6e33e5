"""Database models of alerts that are triggered on the spot: contacts at players, and what was triggered, and how."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content.wire.local_triggers import MAX_CONTACTS
from beffroi_server.fleet.models import Screen


class ContactDuration(models.TextChoices):
    """Until when the alert of a contact is on."""

    CLOSED = "closed", _("while the contact is closed")
    ENDED = "ended", _("until somebody ends it")


class TriggerContact(models.Model):
    """Contact at a player, such as a keyed switch, that shows a scenario when it closes."""

    screen = models.ForeignKey(Screen, on_delete=models.CASCADE, related_name="contacts")
    number = models.PositiveSmallIntegerField(
        _("number of the contact"), validators=[MinValueValidator(1), MaxValueValidator(MAX_CONTACTS)]
    )
    scenario = models.ForeignKey(
        "alerts.Scenario", on_delete=models.CASCADE, verbose_name=_("scenario"), related_name="+"
    )
    chip = models.CharField(
        _("GPIO chip"), max_length=32, default="gpiochip0", validators=[RegexValidator(r"^[a-z0-9-]{1,32}$")]
    )
    line = models.PositiveSmallIntegerField(
        _("line"), validators=[MaxValueValidator(1_023)], help_text=_("On a Raspberry Pi the number of the GPIO.")
    )
    is_active_low = models.BooleanField(_("closing it connects the line to ground"), default=True)
    hold_ms = models.PositiveIntegerField(
        _("hold time, in milliseconds"), default=100, validators=[MinValueValidator(20), MaxValueValidator(60_000)],
        help_text=_("For so long it must be closed, or open, before that counts."),
    )  # fmt: skip
    lasts = models.CharField(
        _("the alert is on"), max_length=10, choices=ContactDuration, default=ContactDuration.CLOSED
    )

    class Meta:
        ordering: ClassVar = ["screen", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["screen", "number"], name="one_contact_of_number"),
            models.UniqueConstraint(fields=["screen", "chip", "line"], name="one_contact_of_line"),
        ]

    def __str__(self) -> str:
        return f"{self.screen} {self.number}"

    @property
    def line_name(self) -> str:
        """The name of its line, as it stands on the board: ``GPIO 17`` of a Raspberry Pi."""
        return f"GPIO {self.line}" if self.chip == "gpiochip0" else f"{self.chip} {self.line}"


def trigger_words(kind: str, who: str, screen: str) -> str:
    """Return by what something was triggered, and where, for people."""
    sentence = _("contact %(who)s of the screen %(screen)s") if kind == "contact" else None
    return (sentence or _("the command of %(who)s at the screen %(screen)s")) % {"who": who, "screen": screen}


class TriggeredAlert(models.Model):
    """How an alert was triggered on the spot: by which player, how, and what that player has signed."""

    alert = models.OneToOneField("alerts.Alert", on_delete=models.CASCADE, related_name="triggered")
    screen = models.ForeignKey(Screen, null=True, on_delete=models.SET_NULL, related_name="+")
    screen_name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    """``command`` or ``contact``."""
    who = models.CharField(max_length=200, blank=True)
    """The account at the machine, or the number of the contact."""
    at = models.DateTimeField()
    """By the clock of the player."""
    is_clock_trusted = models.BooleanField()
    reported_at = models.DateTimeField()
    """When this server was told."""
    ended_kind = models.CharField(max_length=20, blank=True)
    ended_who = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    """When it was ended on the spot; None: it was not."""
    statement = models.JSONField()
    """The newest statement that names it, as the player has signed it."""
    public_key = models.CharField(max_length=64)
    """The key that it was verified with."""

    def __str__(self) -> str:
        return trigger_words(self.kind, self.who, self.screen_name)

    @property
    def end_words(self) -> str:
        """By what it was ended on the spot, and where, for people."""
        return trigger_words(self.ended_kind, self.ended_who, self.screen_name)
