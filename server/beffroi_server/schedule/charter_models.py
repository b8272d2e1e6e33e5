"""Database model of the charter: the town's rules about what may be published, and what warns."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from beffroi_server.core.folded_text import fold_text
from beffroi_server.fleet.models import ScreenGroup


class CharterSubject(models.TextChoices):
    """What a rule of the charter is about. Some take an amount, see ``AMOUNT_UNITS``."""

    READING_TIME = "reading-time", _("It must be on long enough to be read")
    LED_PAGES = "led-pages", _("On LED panels it must not take more pages than")
    DISTANCE = "distance", _("Its smallest letters must be readable at the reading distance of the screen")
    TITLE_LENGTH = "title-length", _("Its title must not be longer than")
    DAYS = "days", _("It must not stay on the screens longer than")
    GROUPS = "groups", _("It must be published on certain groups only")
    HOURS = "hours", _("It must be shown between certain hours only")
    SHARE = "share", _("Its category must not take more of a screen’s announcements than")
    NO_LINK = "no-link", _("It must not have a link or a QR code")
    LANGUAGES = "languages", _("It must be in the language of the town, and in no other or in at least two others")
    SUSPENDED = "suspended", _("It must not be published")


AMOUNT_UNITS = {
    CharterSubject.LED_PAGES: _("pages"),
    CharterSubject.TITLE_LENGTH: _("characters"),
    CharterSubject.DAYS: _("days"),
    CharterSubject.SHARE: _("per cent"),
}
"""The subjects that take an amount, and its unit."""


class CharterRule(models.Model):
    """One rule of the charter: what it asks, of which category, in which period, and whether it warns or refuses."""

    subject = models.CharField(_("rule"), max_length=20, choices=CharterSubject)
    amount = models.PositiveSmallIntegerField(
        _("number"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    category = models.CharField(_("category"), max_length=60, blank=True)
    """The rule applies to announcements of this category; empty: to all."""
    groups = models.ManyToManyField(ScreenGroup, blank=True, verbose_name=_("groups"), related_name="+")
    """Where the category may be published; for ``GROUPS`` only."""
    start_time = models.TimeField(_("from"), null=True, blank=True)
    end_time = models.TimeField(_("to"), null=True, blank=True)
    """The hours of the day, for ``HOURS`` only."""
    first_date = models.DateField(_("first day"), null=True, blank=True)
    last_date = models.DateField(_("last day"), null=True, blank=True)
    """The days on which something is published to which it applies; none: always."""
    refuses = models.BooleanField(_("refuse"), default=False)
    """Whether it refuses the publication; otherwise it warns, and people may publish anyway."""
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    """Shown with the warning, such as an article of the electoral code."""

    class Meta:
        ordering: ClassVar = ["-refuses", "subject", "category"]

    def __str__(self) -> str:
        return str(CharterSubject(self.subject).label)

    def clean(self) -> None:
        """Refuse a rule that says nothing: without its number, or with a period that ends before it begins."""
        if self.subject in AMOUNT_UNITS and self.amount is None:
            raise ValidationError({"amount": _now("Enter the number.")})
        if self.subject == CharterSubject.SHARE and not self.category:
            raise ValidationError({"category": _now("Enter the category whose share is limited.")})
        if self.subject == CharterSubject.HOURS:
            if self.start_time is None or self.end_time is None:
                raise ValidationError({"end_time": _now("Enter both times.")})
            if self.start_time >= self.end_time:
                raise ValidationError({"end_time": _now("This is not after the beginning.")})
        if self.first_date and self.last_date and self.last_date < self.first_date:
            raise ValidationError({"last_date": _now("This is before the first day.")})

    def applies_to(self, label: str, first: dt.date, last: dt.date | None) -> bool:
        """Tell whether it concerns an announcement of a category that is on from one day to another (None: no end)."""
        if self.category and fold_text(self.category) != fold_text(label):
            return False
        begins_too_late = self.first_date is not None and last is not None and last < self.first_date
        ends_too_early = self.last_date is not None and first > self.last_date
        return not begins_too_late and not ends_too_early
