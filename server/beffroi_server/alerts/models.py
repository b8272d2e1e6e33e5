"""Alerts as they are broadcast, and scenarios: alerts prepared for the day."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content
from beffroi_server.fleet.models import Screen, ScreenGroup


class AlertLevel(models.TextChoices):
    """How far an alert reaches into the programme."""

    INFORMATION = content.AlertLevel.INFORMATION.value, _("Information: joins the loop")
    VIGILANCE = content.AlertLevel.VIGILANCE.value, _("Vigilance: a banner over the programme")
    ALERT = content.AlertLevel.ALERT.value, _("Alert: takes the screen over, the loop resumes between")
    EMERGENCY = content.AlertLevel.EMERGENCY.value, _("Emergency: takes the screen over")


class AlertStatus(models.TextChoices):
    """Whether people must act on it."""

    ACTUAL = content.AlertStatus.ACTUAL.value, _("Actual")
    EXERCISE = content.AlertStatus.EXERCISE.value, _("Exercise")
    TEST = content.AlertStatus.TEST.value, _("Test")


class Hazard(models.TextChoices):
    """What people are warned of: the pictogram beside the level."""

    GENERAL = content.Hazard.GENERAL.value, _("None of these")
    FLOOD = content.Hazard.FLOOD.value, _("Flood")
    FIRE = content.Hazard.FIRE.value, _("Fire")
    WIND = content.Hazard.WIND.value, _("Storm")
    SNOW = content.Hazard.SNOW.value, _("Snow or ice")
    HEAT = content.Hazard.HEAT.value, _("Heat")
    AIR = content.Hazard.AIR.value, _("Smoke or bad air")
    SHELTER = content.Hazard.SHELTER.value, _("Stay inside")
    EVACUATION = content.Hazard.EVACUATION.value, _("Evacuation")
    POWER = content.Hazard.POWER.value, _("Power cut")
    WATER = content.Hazard.WATER.value, _("Do not drink the water")
    ROAD = content.Hazard.ROAD.value, _("Road closed")
    PERSON = content.Hazard.PERSON.value, _("Missing person")


class AlertText(models.Model):
    """What a scenario and an alert have in common."""

    level = models.CharField(_("level"), max_length=20, choices=AlertLevel, default=AlertLevel.EMERGENCY)
    hazard = models.CharField(_("pictogram"), max_length=20, choices=Hazard, default=Hazard.GENERAL)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("what happens, and where"), max_length=5_000, blank=True)
    instruction = models.TextField(_("what to do"), max_length=5_000, blank=True)
    source = models.CharField(_("who speaks"), max_length=120)
    everywhere = models.BooleanField(_("on all screens"), default=True)
    groups = models.ManyToManyField(ScreenGroup, blank=True, related_name="+", verbose_name=_("groups"))
    screens = models.ManyToManyField(Screen, blank=True, related_name="+", verbose_name=_("screens"))
    all_clear_s = models.PositiveIntegerField(
        _("seconds for which “end of alert” is shown"), default=300, validators=[MaxValueValidator(86_400)]
    )

    class Meta:
        abstract = True


class Scenario(AlertText):
    """An alert prepared in calm."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    duration_min = models.PositiveIntegerField(
        _("minutes"), default=60, validators=[MinValueValidator(1), MaxValueValidator(1_440)]
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Alert(AlertText):
    """An alert that was broadcast. The row is the record: it is ended, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    """Of the form that broadcast it: sent twice, it broadcasts once."""
    status = models.CharField(_("status"), max_length=10, choices=AlertStatus, default=AlertStatus.ACTUAL)
    scenario = models.ForeignKey(Scenario, null=True, blank=True, on_delete=models.SET_NULL)
    issued_at = models.DateTimeField(_("issued"))
    ends_at = models.DateTimeField(_("ends"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    """Set when it is taken off without saying “end of alert”, as a mistake is."""
    settled = models.BooleanField(default=False)
    """Over and done with: no alert set carries it any more."""

    class Meta:
        ordering: ClassVar = ["-issued_at"]
        indexes: ClassVar = [
            # Compiling the alert set of a scope asks for what is not over and done with.
            models.Index(fields=["ends_at"], name="alert_open", condition=models.Q(settled=False)),
        ]

    def __str__(self) -> str:
        return self.title
