"""Regions of France with public holidays of their own, and those that a time zone says."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class HolidayRegion(models.TextChoices):
    """Part of France whose public holidays a town has."""

    BY_TIME_ZONE = "", _("by the time zone")
    METROPOLE = "metropole", _("France, without further days")
    ALSACE_MOSELLE = "alsace-moselle", _("Alsace and Moselle")
    GUADELOUPE = "guadeloupe", "Guadeloupe"
    GUYANE = "guyane", "Guyane"
    REUNION = "la-reunion", "La Réunion"
    MARTINIQUE = "martinique", "Martinique"
    MAYOTTE = "mayotte", "Mayotte"
    NOUVELLE_CALEDONIE = "nouvelle-caledonie", "Nouvelle-Calédonie"
    POLYNESIE = "polynesie-francaise", "Polynésie française"
    SAINT_BARTHELEMY = "saint-barthelemy", "Saint-Barthélemy"
    SAINT_MARTIN = "saint-martin", "Saint-Martin"
    SAINT_PIERRE_ET_MIQUELON = "saint-pierre-et-miquelon", "Saint-Pierre-et-Miquelon"
    WALLIS_ET_FUTUNA = "wallis-et-futuna", "Wallis-et-Futuna"


_REGION_OF_ZONE = {
    "America/Guadeloupe": HolidayRegion.GUADELOUPE,
    "America/Cayenne": HolidayRegion.GUYANE,
    "Indian/Reunion": HolidayRegion.REUNION,
    "America/Martinique": HolidayRegion.MARTINIQUE,
    "Indian/Mayotte": HolidayRegion.MAYOTTE,
    "Pacific/Noumea": HolidayRegion.NOUVELLE_CALEDONIE,
    "Pacific/Tahiti": HolidayRegion.POLYNESIE,
    "Pacific/Marquesas": HolidayRegion.POLYNESIE,
    "Pacific/Gambier": HolidayRegion.POLYNESIE,
    "America/St_Barthelemy": HolidayRegion.SAINT_BARTHELEMY,
    "America/Marigot": HolidayRegion.SAINT_MARTIN,
    "America/Miquelon": HolidayRegion.SAINT_PIERRE_ET_MIQUELON,
    "Pacific/Wallis": HolidayRegion.WALLIS_ET_FUTUNA,
}


def region_of_town(chosen: str, time_zone: str) -> HolidayRegion:
    """Return the region of a town: the one that was chosen, or that of its time zone."""
    if chosen in HolidayRegion.values and chosen:
        return HolidayRegion(chosen)
    return _REGION_OF_ZONE.get(time_zone, HolidayRegion.METROPOLE)
