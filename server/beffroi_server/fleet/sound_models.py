"""What may be heard of alerts at a screen, as an installer sets it."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content

SOUND_CHOICES = [
    ("", _("nothing: the screen is silent")),
    (content.AlertLevel.EMERGENCY.value, _("emergencies")),
    (content.AlertLevel.ALERT.value, _("emergencies and alerts")),
    (content.AlertLevel.VIGILANCE.value, _("emergencies, alerts and cautions")),
]
"""From which level on. Information is never heard."""


class SoundSettings(models.Model):
    """The columns of a screen that say what may be heard there."""

    sound_level = models.CharField(_("alerts that are heard"), max_length=10, blank=True, choices=SOUND_CHOICES)
    """The mildest; empty: none."""
    sound_volume = models.PositiveSmallIntegerField(
        _("volume limit of alerts"), default=50, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    """Percent."""
    sound_speech = models.BooleanField(_("read the alert aloud after the chime"), default=True)
    sound_from = models.TimeField(_("heard from"), null=True, blank=True, default=dt.time(7))
    sound_until = models.TimeField(_("heard until"), null=True, blank=True, default=dt.time(22))
    sound_at_night = models.BooleanField(_("emergencies are heard at any hour"), default=False)

    class Meta:
        abstract = True

    def check_sound(self) -> None:
        """Refuse hours with one end.

        Raises:
            ValidationError: they have.
        """
        if (self.sound_from is None) != (self.sound_until is None):
            raise ValidationError({"sound_until": _("Enter both times, or none.")})

    def alert_sound(self) -> content.AlertSound | None:
        """Return what may be heard, as the player needs it; None where nothing may."""
        if not self.sound_level:
            return None
        hours = None
        if self.sound_from is not None and self.sound_until is not None:
            hours = content.TimeWindow(start=self.sound_from, end=self.sound_until)
        return content.AlertSound(
            from_level=content.AlertLevel(self.sound_level),
            volume=self.sound_volume,
            speech=self.sound_speech,
            hours=hours,
            emergency_at_any_hour=self.sound_at_night,
        )
