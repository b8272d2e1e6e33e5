"""Models of warnings from outside: their sources, the messages that came, and the warnings that concern the town."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from beffroi_content.model import AlertLevel
from beffroi_server.alerts.models import Alert, AlertProposal
from beffroi_server.cap.policy import Decision
from beffroi_server.core.formatting import moment_of

NEVER = "never"
_LEVEL_WORDS = {
    AlertLevel.INFORMATION: _("information (all of them)"),
    AlertLevel.VIGILANCE: _("vigilance (yellow)"),
    AlertLevel.ALERT: _("alert (orange)"),
    AlertLevel.EMERGENCY: _("emergency (red)"),
}
FROM_LEVEL = [(NEVER, _("never")), *((level.value, words) for level, words in _LEVEL_WORDS.items())]
"""From which of our levels on something is done."""


class SourceKind(models.TextChoices):
    """Ways on which the messages of a source come."""

    VIGILANCE = "vigilance", _("Vigilance of Météo-France")
    RIVERS = "rivers", _("Flood warnings of Vigicrues")
    ADDRESS = "address", _("An address that is read again and again (CAP, Atom, RSS)")
    WEBHOOK = "webhook", _("The source sends them (webhook)")
    MQTT = "mqtt", _("Messages from an MQTT broker")


CHART_KINDS = (SourceKind.VIGILANCE, SourceKind.RIVERS)
"""Sources whose warnings are made of charts: see ``chart_messages``."""
READ_KINDS = (SourceKind.ADDRESS, *CHART_KINDS)
"""Sources that are read again and again."""
SENDING_KINDS = (SourceKind.WEBHOOK, SourceKind.MQTT)
"""Sources that send by themselves."""


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(24)


class WarningSource(models.Model):
    """An authority whose warnings are read, and what is done with them."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("how its warnings come"), max_length=10, choices=SourceKind, default=SourceKind.ADDRESS)
    address = models.CharField(_("address"), max_length=500, blank=True)
    """Of a document, or ``mqtts://host:port`` of a broker."""
    zones = models.TextField(_("departments or reaches"), max_length=2_000, blank=True)
    """One a line. Empty: the departments of the town, or the reaches of rivers near it."""
    topic = models.CharField(_("topic filter"), max_length=500, blank=True)
    username = models.CharField(_("user name"), max_length=200, blank=True)
    password = models.CharField(_("password"), max_length=200, blank=True)
    """For its broker; no page shows it."""
    broker_certificates = models.TextField(_("certificate authority of the broker"), max_length=50_000, blank=True)
    """In PEM form. Empty: those that the system trusts."""
    is_on = models.BooleanField(_("in use"), default=True)
    attribution = models.CharField(_("named on screens as"), max_length=120, blank=True)
    """Empty: the name that the message gives its sender."""
    interval_min = models.PositiveSmallIntegerField(
        _("minutes between two readings"), default=5, validators=[MinValueValidator(1), MaxValueValidator(1_440)]
    )
    expected_hours = models.PositiveSmallIntegerField(
        _("hours of silence before somebody is told"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 31)],
    )  # fmt: skip
    """Of one that sends by itself; None: nobody knows how often something comes."""
    is_snapshot = models.BooleanField(_("what is no longer in its feed is over"), default=False)
    certificates = models.TextField(
        _("certificates that its signatures are verified by"), max_length=50_000, blank=True
    )
    """In PEM form."""
    codes = models.TextField(_("other codes of the town"), max_length=2_000, blank=True)
    """One a line, scheme and value: ``SAME=006109``."""
    propose_from = models.CharField(
        _("ask an officer from"), max_length=12, choices=FROM_LEVEL, default=AlertLevel.VIGILANCE.value
    )
    broadcast_from = models.CharField(_("broadcast by itself from"), max_length=12, choices=FROM_LEVEL, default=NEVER)
    events = models.TextField(_("only these events"), max_length=4_000, blank=True)
    """Words of the event or its codes, one a line; ``*`` stands for any letters."""
    tests = models.CharField(
        _("exercises and tests"), max_length=10, default=Decision.IGNORE.value,
        choices=[
            (Decision.IGNORE.value, _("ignore")),
            (Decision.PROPOSE.value, _("ask an officer")),
            (Decision.BROADCAST.value, _("broadcast, marked as such")),
        ],
    )  # fmt: skip
    needs_signature = models.BooleanField(_("broadcast only what has a verified signature"), default=False)
    own_policy = models.TextField(_("policy of your own (JSON)"), max_length=100_000, blank=True)
    """Instead of the choices above, as ``cap.policy`` reads it."""
    phenomena = models.JSONField(default=dict, blank=True)
    """For single phenomena of Météo-France, by number: from which level an officer is asked, and from which it is
    broadcast. What is missing is done as for all."""
    ahead = models.CharField(
        _("announced for tomorrow"), max_length=10, default=Decision.PROPOSE.value,
        choices=[
            (Decision.IGNORE.value, _("wait until it begins")),
            (Decision.PROPOSE.value, _("ask an officer")),
            (Decision.BROADCAST.value, _("as what is in force")),
        ],
    )  # fmt: skip
    """Of charts; what has not begun is never more than this."""
    waits_min = models.PositiveSmallIntegerField(
        _("minutes that an officer has"), default=120, validators=[MinValueValidator(5), MaxValueValidator(1_440)]
    )

    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    """Part of the address of its webhook."""
    secret_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    """Digest of what its webhook sends as ``CAP-Webhook-Auth``."""
    etag = models.CharField(max_length=300, blank=True, editable=False)
    modified = models.CharField(max_length=100, blank=True, editable=False)
    read_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When something was last read, or said to be unchanged."""
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When to read it again; None: at once. Of one that sends by itself: when it has been silent for too long."""
    failures = models.PositiveSmallIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    problem = models.CharField(max_length=300, blank=True, editable=False)
    """Why the last reading failed, for people; ``problem_words`` has all of it."""
    chart_made_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When its chart was made, where that is no longer renewed."""
    skipped = models.JSONField(default=list, blank=True, editable=False)
    """What of the last document could not be read: code, place and value of each note."""
    awaited = models.TextField(default="{}", editable=False)
    """Ends of messages that have not come yet, as ``message_store`` writes them."""
    generation = models.PositiveBigIntegerField(default=0, editable=False)
    """Rises with each intake, so that of two at the same time the second begins anew."""
    fetched = models.JSONField(default=list, blank=True, editable=False)
    """The documents of its feed that were fetched, the newest last: see ``feed_documents``."""

    audit_ignored: ClassVar = frozenset(
        {
            "etag", "modified", "read_at", "due_at", "failures", "failing_since", "problem", "skipped", "awaited",
            "fetched", "token", "secret_sha256", "generation", "chart_made_at",
        }
    )  # fmt: skip

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_read(self) -> bool:
        """Whether it is read again and again, and can be read at once."""
        return self.kind in READ_KINDS

    @property
    def is_overdue(self) -> bool:
        """Whether it can be heard, and has been silent for too long."""
        return self.failing_since is not None and self.kind in SENDING_KINDS and self.failing_since == self.due_at

    @property
    def problem_words(self) -> str:
        """What is wrong with it, for people, as it is said now."""
        return old_chart_words(self.chart_made_at) if self.chart_made_at is not None else self.problem


def old_chart_words(made_at: dt.datetime) -> str:
    """Return that a chart is no longer renewed, to be worded when it is shown: at midnight “14:00” is yesterday’s."""
    said = gettext("Its chart is %(of)s and no longer renewed: it proposes nothing. Look at the authority’s own page.")
    return said % {"of": moment_of(made_at)}


class ReceivedMessage(models.Model):
    """A message of a source, in one version, with what became of it."""

    source = models.ForeignKey(WarningSource, on_delete=models.CASCADE, related_name="messages")
    key = models.CharField(max_length=500)
    """Its identifier as ``cap.lifecycle`` compares it."""
    version = models.CharField(max_length=64)
    message = models.TextField()
    """A ``CapAlert`` as JSON."""
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    misses = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_kind = models.CharField(max_length=12, blank=True)
    ended_by = models.CharField(max_length=500, blank=True)
    signature = models.CharField(max_length=24, blank=True)
    """Value of ``SignatureOutcome``; empty where it has none."""
    title = models.CharField(max_length=300)
    decision = models.CharField(max_length=10)
    """What was done with it when it came."""
    reasons = models.JSONField(default=list)
    concerns = models.BooleanField(default=True)
    """Whether it may be for the town: what is certainly for others is not followed."""

    class Meta:
        ordering: ClassVar = ["-received_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["source", "seen_at"], name="message_seen"),
            models.Index(
                fields=["source"], name="message_followed", condition=models.Q(concerns=True, ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title


class WarningState(models.TextChoices):
    """What was made of a warning."""

    WAITING = "waiting", _("waits for an officer")
    BROADCAST = "broadcast", _("broadcast")
    DISMISSED = "dismissed", _("dismissed")
    MISSED = "missed", _("nobody decided in time")


class OutsideWarning(models.Model):
    """A warning that concerns the town: proposed or broadcast, and followed until it is over."""

    source = models.ForeignKey(WarningSource, on_delete=models.CASCADE, related_name="warnings")
    key = models.TextField()
    """Of the event; an update gives it another one."""
    identifiers = models.JSONField(default=list)
    """Of its messages."""
    state = models.CharField(max_length=10, choices=WarningState, default=WarningState.WAITING)
    decision = models.CharField(max_length=10)
    reasons = models.JSONField(default=list)
    values = models.JSONField(default=dict)
    """Of the alert that it makes; empty as long as none was made."""
    shown_values = models.JSONField(default=dict)
    """Those that its alert was broadcast with: another text is somebody's own."""
    title = models.CharField(max_length=200)
    level = models.CharField(max_length=20)
    ends_at = models.DateTimeField()
    alert_ends_at = models.DateTimeField(null=True)
    """The end that the alert was given: another one is somebody's own."""
    proposal = models.ForeignKey(AlertProposal, null=True, on_delete=models.SET_NULL, related_name="warnings")
    alert = models.ForeignKey(Alert, null=True, on_delete=models.SET_NULL, related_name="warnings")
    began_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=12, blank=True)
    """``cancel``, ``all-clear``, ``update``, ``version``, ``absence``, ``over`` or ``policy``."""
    is_left_on = models.BooleanField(default=False)
    """Whether its alert is still on the screens, because somebody had changed it."""
    problem = models.CharField(max_length=300, blank=True)
    """Why it could not be broadcast, for people."""

    class Meta:
        ordering: ClassVar = ["-began_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["source"], name="warning_open", condition=models.Q(closed_at__isnull=True))
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "key"], name="one_open_warning", condition=models.Q(closed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.title


KEPT_MESSAGES = dt.timedelta(days=60)
"""How long messages that may have concerned the town are kept, for rehearsals; those of others go after
``cap.listings.KEPT``."""
KEPT_WARNINGS = dt.timedelta(days=400)
