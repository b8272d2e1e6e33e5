"""Models of users, sign-in links, the town and the audit trail."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts.audit_verification import event_hash
from beffroi_server.accounts.holiday_regions import HolidayRegion
from beffroi_server.accounts.insee_codes import validate_insee
from beffroi_server.core.languages import validate_languages


class UserRole(models.TextChoices):
    """Roles of users, by what they may do; the table is in docs/roles.md. An administrator may do everything."""

    VIEWER = "viewer", _("Viewer: sees screens and alerts, changes nothing")
    CONTRIBUTOR = "contributor", _("Contributor: writes announcements and proposes them")
    EDITOR = "editor", _("Editor: announcements, playlists, schedule")
    PUBLISHER = "publisher", _("Publisher: what an editor can do, and approves what others propose")
    OFFICER = "officer", _("Officer on call: alerts, and everything an editor can do")
    TECHNICIAN = "technician", _("Technician: screens")
    LOCAL_ADMINISTRATOR = (
        "local-administrator",
        _("Local administrator: everything in some groups, and their users"),
    )
    ADMINISTRATOR = "administrator", _("Administrator: everything")


_ADMINISTRATORS = frozenset({UserRole.ADMINISTRATOR, UserRole.LOCAL_ADMINISTRATOR})
_EDITORS = frozenset({UserRole.EDITOR, UserRole.PUBLISHER, UserRole.OFFICER, *_ADMINISTRATORS})


class User(AbstractUser):
    """A user of the operators' pages. Its ``may_*`` are the one place where a role becomes a permission.

    Where a permission is limited to groups of screens and categories of announcements is said by
    ``fleet/screen_scopes.py`` and ``library/category_scopes.py``.
    """

    role = models.CharField(_("role"), max_length=20, choices=UserRole, default=UserRole.EDITOR)
    is_limited_to_groups = models.BooleanField(default=False)
    """True for users who reach the screens of ``scope_groups`` only; no groups are then no screens."""
    is_limited_to_categories = models.BooleanField(default=False)
    """True for users who write announcements of ``scope_categories`` only."""
    announcement_quota = models.PositiveSmallIntegerField(_("announcements at a time"), null=True, blank=True)
    """Announcements that a contributor may have proposed or on screens at a time; None for any number."""

    @property
    def may_write(self) -> bool:
        """True for users who write announcements and upload images, be it only to propose them."""
        return self.may_edit or self.role == UserRole.CONTRIBUTOR

    @property
    def may_edit(self) -> bool:
        """True for users who publish: they place announcements, and write playlists and rules, within their scope."""
        return self.role in _EDITORS

    @property
    def may_approve(self) -> bool:
        """True for users who publish on groups that need approval, and approve what others propose for these."""
        return self.role in {UserRole.PUBLISHER, *_ADMINISTRATORS}

    @property
    def may_alert(self) -> bool:
        """True for users who broadcast alerts."""
        return self.role in {UserRole.OFFICER, *_ADMINISTRATORS}

    @property
    def may_install(self) -> bool:
        """True for users who add and change screens."""
        return self.role in {UserRole.TECHNICIAN, *_ADMINISTRATORS}

    @property
    def may_switch(self) -> bool:
        """True for users who switch a display off and on again."""
        return self.may_install or self.may_alert or self.may_approve

    @property
    def may_administer(self) -> bool:
        """True for users who change the town, users and their roles."""
        return self.role == UserRole.ADMINISTRATOR

    @property
    def may_manage_users(self) -> bool:
        """True for users who invite others and change their roles, within their scope; see ``user_management.py``."""
        return self.role in _ADMINISTRATORS

    @property
    def may_delete_for_good(self) -> bool:
        """True for users who empty the archive; others only put things into it."""
        return self.role in {UserRole.PUBLISHER, *_ADMINISTRATORS}


class UndoEntry(models.Model):
    """Something that a user did and can still take back; ``accounts.undo`` says how, by its kind."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="undo_entries")
    kind = models.SlugField(max_length=40)
    """A kind that ``undo.register_undo`` knows, such as ``taken-off``."""
    subject = models.CharField(max_length=200)
    """Name of what it was done to; of several, the first."""
    count = models.PositiveIntegerField(default=1)
    data = models.JSONField(default=dict)
    """What the kind needs to restore the state of before."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class LinkKind(models.TextChoices):
    """What a sign-in link was made for."""

    LINK = "link", "link"
    INVITATION = "invitation", "invitation"
    RESET = "reset", "reset"
    SEALED = "sealed", "sealed"
    """An emergency code that waits on paper, in a sealed envelope."""
    RESCUE = "rescue", "rescue"
    """A link from the command line of the server."""


class SignInLink(models.Model):
    """An address that signs one user in, once, within its lifetime."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(max_length=10, choices=LinkKind, default=LinkKind.LINK)

    def __str__(self) -> str:
        return f"{self.user} until {self.expires_at:%Y-%m-%d %H:%M}"

    @property
    def skips_second_factor(self) -> bool:
        """True where holding the link is proof enough: what lay in an envelope, or needs the server's machine."""
        return self.kind in {LinkKind.SEALED, LinkKind.RESCUE}


class UsedCode(models.Model):
    """A code of a second factor that was accepted, kept while it could be given again (see ``second_factor``)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    code = models.CharField(max_length=20)
    used_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "code"], name="code_used_once")]

    def __str__(self) -> str:
        return f"{self.user} at {self.used_at:%Y-%m-%d %H:%M}"


class Town(models.Model):
    """The town that this server works for: one row."""

    site = models.SlugField(_("identifier"), max_length=40, unique=True)
    """Part of every topic; never changed once screens are enrolled."""
    name = models.CharField(_("name of the town"), max_length=100)
    colour = models.CharField(
        _("colour"), max_length=7, default="#1d4f91", validators=[RegexValidator(r"^#[0-9a-f]{6}\Z")]
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/Paris")
    locale = models.CharField(_("language of the screens"), max_length=2, default="fr")
    languages = models.JSONField(_("languages of announcements"), default=list, blank=True,
                                 validators=[validate_languages])  # fmt: skip
    """Codes in the order in which screens show them; none: all, in the order of each announcement."""
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    """Degrees north; None where the place is not known."""
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    """Degrees east."""
    insee = models.CharField(_("INSEE code"), max_length=5, blank=True, validators=[validate_insee])
    """Of the commune, by which French warnings name it."""
    holiday_region = models.CharField(
        _("public holidays"), max_length=24, choices=HolidayRegion, default=HolidayRegion.BY_TIME_ZONE, blank=True
    )
    """Region of France whose public holidays it has."""
    plays_months = models.PositiveSmallIntegerField(
        _("months of proof of play to keep"), default=25,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )  # fmt: skip
    """The default is two years, and a month in which their accounts are settled."""
    is_try_out = models.BooleanField(_("try-out"), default=False)
    """Whether the pages say so on each of them, and alerts are exercises unless somebody chooses otherwise."""
    first_steps_hidden_at = models.DateTimeField(null=True, blank=True)
    """When somebody hid the list of the first hour."""
    silent_minutes = models.PositiveSmallIntegerField(
        _("minutes of silence until people are told"), default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1_440)],
    )  # fmt: skip
    unseen_seconds = models.PositiveSmallIntegerField(
        _("seconds until people are told of an alert that a screen does not show"), default=60,
        validators=[MinValueValidator(10), MaxValueValidator(3_600)],
    )  # fmt: skip
    outages_months = models.PositiveSmallIntegerField(
        _("months of outages to keep"), default=25, validators=[MinValueValidator(1), MaxValueValidator(120)],
    )  # fmt: skip
    """As long as proof of play, which the outages explain."""
    alert_sets_months = models.PositiveSmallIntegerField(
        _("months of signed alerts to keep"), default=61, validators=[MinValueValidator(2), MaxValueValidator(600)],
    )  # fmt: skip
    """The default is five years, and a month: longer than what is argued about in court usually takes to begin."""

    dark_after_hours = models.PositiveSmallIntegerField(
        _("hours without contact until a player shows nothing of the town"), null=True, blank=True,
        validators=[MinValueValidator(24), MaxValueValidator(8_760)],
    )  # fmt: skip
    """Hours of running; empty: never. A lost or stolen player then shows a neutral page."""

    second_officer_levels = models.JSONField(default=list, blank=True)
    """Levels at which a real alert needs a second officer: values of ``content.AlertLevel``."""
    second_factor_since = models.DateTimeField(null=True, blank=True)
    """Since when officers and administrators need a second factor; None where they do not."""

    def __str__(self) -> str:
        return self.name


class AuditEvent(models.Model):
    """A change that a user made. Never changed nor deleted; each carries the hash of the one before."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    """The user name; empty for the server itself."""
    action = models.SlugField(max_length=60)
    subject = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            # The page of the trail lists who is in it, and asks for days.
            models.Index(fields=["actor"], name="event_actor"),
            models.Index(fields=["at"], name="event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.subject}"

    def computed_hash(self) -> str:
        """Return the SHA-256 that the event must carry."""
        return event_hash(self.previous_hash, self.at.isoformat(), self.actor, self.action, self.subject, self.detail)


class ApiToken(models.Model):
    """A secret by which another program acts for a user: never more than the user may do, and only within its scopes.

    Only a hash of the secret is stored; it is shown once, when it is made.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    """What uses it, as the audit trail says."""
    scopes = models.JSONField(default=list)
    """Of ``api_tokens.SCOPES``, such as ``announcements:write``."""
    secret_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    """To the minute or so."""
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name
