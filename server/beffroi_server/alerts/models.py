"""Database models of alerts: those that were broadcast, and scenarios, which are prepared alerts."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content
from beffroi_content.templates.declarations import LocalisedText
from beffroi_content.templates.registry import hazard_declarations
from beffroi_server.alerts import translations
from beffroi_server.alerts.trigger_models import TriggerContact, TriggeredAlert  # noqa: F401 - for Django
from beffroi_server.core.choices import labelled_choices
from beffroi_server.core.localised_labels import localised_label
from beffroi_server.core.visible_text import validate_visible
from beffroi_server.fleet.models import Screen, ScreenGroup

LEVEL_CHOICES = labelled_choices(
    {
        content.AlertLevel.INFORMATION: _("Information: joins the loop"),
        content.AlertLevel.VIGILANCE: _("Caution: a banner over the loop"),
        content.AlertLevel.ALERT: _("Alert: fills the screen, with the loop in between"),
        content.AlertLevel.EMERGENCY: _("Emergency: fills the screen"),
    }
)
STATUS_CHOICES = labelled_choices(
    {
        content.AlertStatus.ACTUAL: _("Actual"),
        content.AlertStatus.EXERCISE: _("Exercise"),
        content.AlertStatus.TEST: _("Test"),
    }
)
_NO_HAZARD = LocalisedText(en="None of these", fr="Aucun de ceux-ci")


def hazard_choices() -> list[tuple[str, str]]:
    """Return the hazards that are declared, with labels; each has a pictogram, which is drawn beside the level."""
    declared = [(name, localised_label(hazard.label)) for name, hazard in hazard_declarations().items()]
    return [(content.GENERAL_HAZARD, localised_label(_NO_HAZARD)), *declared]


class AlertText(models.Model):
    """Text, level and targets, which scenarios and alerts have in common."""

    level = models.CharField(
        _("level"), max_length=20, choices=LEVEL_CHOICES, default=content.AlertLevel.EMERGENCY.value
    )
    hazard = models.CharField(_("pictogram"), max_length=20, choices=hazard_choices, default=content.GENERAL_HAZARD)
    title = models.CharField(_("title"), max_length=200, validators=[validate_visible])
    description = models.TextField(_("what is happening, and where"), max_length=5_000, blank=True)
    instruction = models.TextField(_("what to do"), max_length=5_000, blank=True)
    short_text = models.CharField(
        _("what to do, in a few words"), max_length=80, blank=True,
        help_text=_("For small panels, which cannot hold the whole. Without it, they show the first instruction."),
    )  # fmt: skip
    phone = models.CharField(
        _("number for the rest"), max_length=40, blank=True,
        help_text=_("On every page, for what does not fit."),
    )  # fmt: skip
    link = models.URLField(
        _("address for the rest"), max_length=200, blank=True, help_text=_("Becomes a QR code on large screens."),
    )  # fmt: skip
    source = models.CharField(_("issued by"), max_length=120)
    translations = models.JSONField(
        _("translations"), default=list, blank=True, validators=[translations.validate_translations]
    )
    """Its texts in further languages; see ``alerts.translations``."""
    everywhere = models.BooleanField(_("on all screens"), default=True)
    groups = models.ManyToManyField(ScreenGroup, blank=True, related_name="+", verbose_name=_("groups"))
    screens = models.ManyToManyField(Screen, blank=True, related_name="+", verbose_name=_("screens"))
    all_clear_s = models.PositiveIntegerField(
        _("seconds of “end of alert”"), default=300, validators=[MaxValueValidator(86_400)]
    )

    class Meta:
        abstract = True


class Scenario(AlertText):
    """Alert prepared in advance, which is broadcast with one press when the day comes."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    duration_min = models.PositiveIntegerField(
        _("minutes"), default=60, validators=[MinValueValidator(1), MaxValueValidator(1_440)]
    )

    local_minutes = models.PositiveSmallIntegerField(
        _("on the spot, for minutes at most"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1_440)],
        help_text=_(
            "For when the server is out of reach: the screens hold the alert ahead, signed, and a technician or a "
            "keyed switch can show it. Empty: never."
        ),
    )  # fmt: skip
    local_triggers = models.ManyToManyField(
        Screen, blank=True, related_name="triggered_scenarios", verbose_name=_("where it can be triggered"),
        help_text=_("The other screens of the same network follow, as far as the alert is meant for them."),
    )  # fmt: skip

    is_draft = models.BooleanField(_("draft"), default=False)
    """Whether it is from the starter set and nobody has read it through yet."""

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Alert(AlertText):
    """Alert that was broadcast. The row is the record of it: an alert is ended or withdrawn, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    """Token of the form that broadcast it: a form that is sent twice broadcasts one alert."""
    status = models.CharField(
        _("status"), max_length=10, choices=STATUS_CHOICES, default=content.AlertStatus.ACTUAL.value
    )
    scenario = models.ForeignKey(Scenario, null=True, blank=True, on_delete=models.SET_NULL)
    issued_at = models.DateTimeField(_("issued"))
    pressed_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the button was pressed, by the server's clock; None: it was issued at once."""
    ends_at = models.DateTimeField(_("ends"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    """Set when it is taken off without an “end of alert”, as a mistake is."""
    clock_epoch = models.CharField(max_length=16, blank=True, editable=False)
    """The epoch of the steady clock in which its times were set: see ``clock_steps``."""
    clock_offset_ms = models.BigIntegerField(default=0, editable=False)
    """The wall clock minus the steady clock, when they were set."""
    settled = models.BooleanField(default=False)
    """Whether it is over, and its end was shown long enough: no alert set carries it any more."""

    held_back_at = models.DateTimeField(null=True, blank=True)
    """Set while it is in no alert set because the screens know of its end and this database does not: a person decides
    whether it is still running. See ``restoration``."""
    found_at = models.DateTimeField(null=True, blank=True)
    """When it was found on the screens: this database did not know it."""

    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="correction", editable=False
    )
    """The alert whose place it took: the former text, with the receipts of its own."""
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Set when a correction took its place."""
    is_open_ended = models.BooleanField(_("until somebody ends it"), default=False)
    """Whether its end is only a safeguard: from ``review_at`` on somebody is asked, again and again, to end it."""
    review_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When an open-ended alert is to be ended, or confirmed for longer."""
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    """The second officer, where the town wants two for its level."""
    alone_reason = models.CharField(max_length=300, blank=True, editable=False)
    """Why it was broadcast without the second officer whom the town wants for its level."""

    class Meta:
        ordering: ClassVar = ["-issued_at"]
        indexes: ClassVar = [
            # The alert set of a scope is made from the alerts that are not settled.
            models.Index(fields=["ends_at"], name="alert_open", condition=models.Q(settled=False)),
        ]

    def __str__(self) -> str:
        return self.title


class SentAlertSet(models.Model):
    """An alert set as it was signed and sent. It is kept as its alerts are: their dossier shows what was broadcast."""

    topic = models.CharField(max_length=200)
    sequence = models.PositiveBigIntegerField()
    payload = models.BinaryField()
    """The signed envelope."""
    sent_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["topic", "sequence"], name="one_set_of_sequence")]
        indexes: ClassVar = [
            # The dossier of an alert asks for the sets of its time.
            models.Index(fields=["topic", "sent_at"], name="set_of_time"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.sequence}"


class PlannedAlert(AlertText):
    """Alert that begins at a time to come, once or again and again; its next occurrence is on the players already."""

    token = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    status = models.CharField(
        _("type of alert"), max_length=10, choices=STATUS_CHOICES, default=content.AlertStatus.ACTUAL.value
    )
    starts_on = models.DateField(_("first day"))
    starts_time = models.TimeField(_("begins at"))
    duration_min = models.PositiveIntegerField(
        _("minutes"), default=60, validators=[MinValueValidator(1), MaxValueValidator(31 * 1_440)]
    )
    recurrence = models.CharField(_("repeats"), max_length=200, blank=True)
    """A rule of RFC 5545 for its days; empty: once."""
    reminder_min = models.PositiveIntegerField(
        _("reminder, minutes before"), default=60, validators=[MaxValueValidator(10_080)]
    )
    """0: none."""
    next_day = models.DateField(null=True, editable=False)
    """The day of the next occurrence by the rule, which it may have been moved from."""
    next_at = models.DateTimeField(null=True, editable=False, db_index=True)
    """When the next occurrence begins; None where there is none any more."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar = ["next_at", "pk"]

    def __str__(self) -> str:
        return self.title


class ProposalOrigin(models.TextChoices):
    """Who proposes an alert."""

    OFFICER = "officer", _("an officer")
    WARNING = "warning", _("an official warning")


class ProposalDecision(models.TextChoices):
    """What became of a proposal."""

    CONFIRMED = "confirmed", _("confirmed")
    DECLINED = "declined", _("declined")
    ALONE = "alone", _("broadcast without a second officer")
    OVER = "over", _("no longer needed: its source has changed or ended it")


class AlertProposal(AlertText):
    """Alert that waits until an officer confirms it: proposed by another officer, or by an official warning."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    """Token of the form, and then of the alert that it becomes."""
    origin = models.CharField(max_length=10, choices=ProposalOrigin, default=ProposalOrigin.OFFICER)
    status = models.CharField(max_length=10, choices=STATUS_CHOICES, default=content.AlertStatus.ACTUAL.value)
    duration_min = models.PositiveIntegerField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    """When it ends, whenever it is confirmed; None: ``duration_min`` after that."""
    is_open_ended = models.BooleanField(default=False)
    scenario = models.ForeignKey(Scenario, null=True, blank=True, on_delete=models.SET_NULL)
    corrects = models.ForeignKey(Alert, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    rewrites = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    """What waited already and says the same in other words: only one of the two can be broadcast."""
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    proposed_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    """From here on it can no longer be confirmed."""
    decision = models.CharField(max_length=10, choices=ProposalDecision, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    alert = models.OneToOneField(Alert, null=True, on_delete=models.SET_NULL, related_name="proposal")

    class Meta:
        ordering: ClassVar = ["-proposed_at"]

    def __str__(self) -> str:
        return self.title


class OnCallMember(models.Model):
    """Somebody who is on call for a week, in turn with the others."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="on_call_turn")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.position} {self.user}"


class OnCallException(models.Model):
    """Time in which somebody else is on call than the rota says: a swap, a holiday."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_at:%Y-%m-%d %H:%M}"


class Restoration(models.Model):
    """Sign that this database is older than what screens hold, as after it was restored from a backup."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    noticed_at = models.DateTimeField()
    source = models.CharField(max_length=20)
    """Where the newer state was found: ``folder``, ``broker``, ``screen`` or ``report``."""
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar = ["-noticed_at"]

    def __str__(self) -> str:
        return f"{self.noticed_at:%Y-%m-%d %H:%M} by {self.source}"


class UnknownShowing(models.Model):
    """Report of a screen that it shows an alert which this database does not know."""

    screen = models.ForeignKey(Screen, on_delete=models.CASCADE, related_name="+")
    alert = models.CharField(max_length=63)
    streams = models.JSONField(default=dict)
    """The sequence of each alert set that the screen holds."""
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["screen", "alert"], name="one_unknown_showing")]

    def __str__(self) -> str:
        return f"{self.screen} {self.alert}"
