"""Database model of municipalities: the towns of an intercommunality that share one server."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts.holiday_regions import HolidayRegion
from beffroi_server.accounts.insee_codes import validate_insee


class Municipality(models.Model):
    """A town of an intercommunality: a group of screens with a name, a colour, a place and holidays of its own.

    Its screens are those of its group, and whoever is limited to that group works for it. What it does not say is that
    of ``accounts.models.Town``, which is the intercommunality then: see ``library.town_branding``.
    """

    group = models.OneToOneField("fleet.ScreenGroup", on_delete=models.CASCADE, related_name="municipality")
    """Its screens; a screen is in the group of one municipality at most."""
    name = models.CharField(_("name of the municipality"), max_length=80, unique=True)
    colour = models.CharField(
        _("colour"), max_length=7, default="#1d4f91", validators=[RegexValidator(r"^#[0-9a-f]{6}\Z")]
    )
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    """Degrees north; None: the place of the intercommunality."""
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    """Degrees east."""
    insee = models.CharField(_("INSEE code"), max_length=5, blank=True, validators=[validate_insee])
    """Of the commune; empty: that of the intercommunality’s seat."""
    holiday_region = models.CharField(
        _("public holidays"), max_length=24, blank=True,
        choices=[("", _("as the intercommunality")), *((each.value, each.label) for each in HolidayRegion if each)],
    )  # fmt: skip

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name_plural = "municipalities"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse half a place."""
        if (self.latitude is None) != (self.longitude is None):
            raise ValidationError({"longitude": _("Enter both latitude and longitude, or neither.")})
