"""Models of the fleet: screens with their classes, groups and states, receipts, marks of retention."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content
from beffroi_server.core.choices import labelled_choices
from beffroi_server.core.languages import validate_languages
from beffroi_server.fleet import outputs, screen_hours, viewports
from beffroi_server.fleet.box_models import PlayerBox, RevokedToken  # noqa: F401 - Django looks for models here
from beffroi_server.fleet.card_models import EnrolmentCard  # noqa: F401 - as above
from beffroi_server.fleet.municipality_models import Municipality  # noqa: F401 - as above
from beffroi_server.fleet.pairing_models import Pairing  # noqa: F401 - as above
from beffroi_server.fleet.play_models import (  # noqa: F401 - as above
    ContentDay,
    DailyPlays,
    DailyPlaysMark,
    PlayedContent,
    PlayRecord,
    ScreenDay,
)
from beffroi_server.fleet.plays.play_gaps import PlayGaps
from beffroi_server.fleet.sound_models import SoundSettings
from beffroi_server.fleet.walk_models import WalkStop, WalkTest  # noqa: F401 - as above

TECHNOLOGY_CHOICES = labelled_choices(
    {
        content.DisplayTechnology.LCD: _("LCD or similar"),
        content.DisplayTechnology.LED: _("LED panel"),
    }
)
APPEARANCE_CHOICES = labelled_choices(
    {
        content.ScreenAppearance.DAY: _("dark text on light"),
        content.ScreenAppearance.NIGHT: _("light text on dark"),
    }
)
TRANSITION_CHOICES = labelled_choices(
    {
        content.SlideTransition.CROSSFADE: _("fade"),
        content.SlideTransition.PUSH: _("push"),
        content.SlideTransition.WIPE: _("wipe"),
        content.SlideTransition.ZOOM: _("slow zoom"),
        content.SlideTransition.CUT: _("none, for slow players"),
    }
)
UNCERTAIN_CLOCK_CHOICES = labelled_choices(
    {
        content.UncertainClock.BELIEVED: _("the programme, by the last known time"),
        content.UncertainClock.UNDATED: _("content without dates or times"),
        content.UncertainClock.IDLE: _("only the idle slide"),
    }
)
QUIET_HOURS = content.TimeWindow(start=dt.time(1), end=dt.time(5))
"""When the version of a player is changed where its screen has no hours of downloads."""
_PIXEL_VALIDATORS = [MinValueValidator(16), MaxValueValidator(7680)]


class ScreenClass(models.Model):
    """A kind of display: pixels, technology, size and reading distance. Width and height are as one looks at it."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    width = models.PositiveIntegerField(_("width in pixels"), validators=_PIXEL_VALIDATORS)
    height = models.PositiveIntegerField(_("height in pixels"), validators=_PIXEL_VALIDATORS)
    technology = models.CharField(
        _("technology"), max_length=3, choices=TECHNOLOGY_CHOICES, default=content.DisplayTechnology.LCD.value
    )
    physical_height_mm = models.PositiveIntegerField(_("height in millimetres"), validators=[MinValueValidator(1)])
    viewing_distance_mm = models.PositiveIntegerField(
        _("reading distance in millimetres"), validators=[MinValueValidator(1)]
    )
    colour_depth = models.PositiveSmallIntegerField(
        _("bits per pixel"), default=24, choices=[(1, _("one colour")), (8, _("a few colours")), (24, _("full colour"))]
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.width} × {self.height})"

    @property
    def is_wide(self) -> bool:
        """True for a display that is wider than the cards of the pages (1.9 to 1)."""
        return self.width > 1.9 * self.height

    def to_content(self) -> content.ScreenClass:
        """Return the class as the raster knows it."""
        return content.ScreenClass.model_validate(
            {
                "name": self.name,
                "width": self.width,
                "height": self.height,
                "technology": self.technology,
                "physical_height_mm": self.physical_height_mm,
                "viewing_distance_mm": self.viewing_distance_mm,
                "colour_depth": self.colour_depth,
            }
        )


class ScreenGroup(models.Model):
    """A set of screens, such as a district."""

    slug = models.SlugField(_("identifier"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    needs_approval = models.BooleanField(_("announcements need approval"), default=False)
    """True where an announcement is shown only once somebody who may approve has agreed."""
    languages = models.JSONField(_("languages of announcements"), default=list, blank=True,
                                 validators=[validate_languages])  # fmt: skip
    """Of its screens that have none of their own; see ``shown_languages``."""
    scope_users = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="scope_groups")
    """Users whose scope it is part of; see ``screen_scopes.py``."""

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Screen(SoundSettings):
    """A display and the player behind it."""

    slug = models.SlugField(_("identifier"), max_length=40, unique=True)
    """Part of its topics; never changed."""
    name = models.CharField(_("name"), max_length=80)
    place = models.CharField(_("place"), max_length=200, blank=True)
    screen_class = models.ForeignKey(ScreenClass, on_delete=models.PROTECT, verbose_name=_("screen class"))
    rotation = models.PositiveSmallIntegerField(
        _("rotation"), default=0, choices=[(degrees, f"{degrees}°") for degrees in (0, 90, 180, 270)]
    )
    groups = models.ManyToManyField(ScreenGroup, blank=True, related_name="screens", verbose_name=_("groups"))
    appearance = models.CharField(
        _("colours"), max_length=5, choices=APPEARANCE_CHOICES, default=content.ScreenAppearance.DAY.value,
    )  # fmt: skip
    languages = models.JSONField(_("languages of announcements"), default=list, blank=True,
                                 validators=[validate_languages])  # fmt: skip
    """Codes in order; none: those of its groups or of the town, see ``shown_languages``."""
    transition = models.CharField(
        _("transition"), max_length=10, choices=TRANSITION_CHOICES, default=content.SlideTransition.CROSSFADE.value
    )
    """Without effect on LED panels, which always cut."""
    off_from = models.TimeField(_("off from"), null=True, blank=True)
    off_until = models.TimeField(_("off until"), null=True, blank=True)
    day_hours = models.JSONField(_("hours by weekday"), default=dict, blank=True)
    """Weekdays on which it is off at other hours; see :mod:`beffroi_server.fleet.screen_hours`."""
    special_days = models.JSONField(_("special days"), default=list, blank=True)
    """Days with hours of their own; see there."""
    switched_off_until = models.DateTimeField(_("switched off until"), null=True, blank=True)
    """Until when a person has switched the display off; None, or in the past: by nobody."""
    output = models.CharField(_("output"), max_length=200, blank=True, validators=[outputs.validate_output])
    """See :mod:`beffroi_server.fleet.outputs`; empty: as the player was installed."""
    night_brightness = models.PositiveSmallIntegerField(
        _("brightness from sunset to sunrise"), default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )  # fmt: skip
    """Percent."""
    darkest = models.PositiveSmallIntegerField(
        _("brightness in the dark"), default=100, validators=[MinValueValidator(1), MaxValueValidator(100)],
    )  # fmt: skip
    """Percent, by a light sensor."""
    volume = models.PositiveSmallIntegerField(
        _("volume of videos"), default=0, validators=[MaxValueValidator(100)],
    )  # fmt: skip
    """Percent."""
    overscan_percent = models.FloatField(
        _("overscan at each edge"), default=0, validators=[MinValueValidator(0), MaxValueValidator(15)],
    )  # fmt: skip
    viewports = models.TextField(
        _("parts of the image"), blank=True, max_length=4000, validators=[viewports.validate_viewports]
    )
    """See :mod:`beffroi_server.fleet.viewports`."""
    download_limit = models.PositiveIntegerField(
        _("download speed"), null=True, blank=True, validators=[MinValueValidator(8), MaxValueValidator(1_000_000)],
    )  # fmt: skip
    """Kilobytes a second."""
    download_from = models.TimeField(_("downloads from"), null=True, blank=True)
    download_until = models.TimeField(_("downloads until"), null=True, blank=True)
    neighbours = models.BooleanField(_("share files with screens on the same network"), default=False)
    idle_after_hours = models.PositiveSmallIntegerField(
        _("hours without contact until only the idle slide is shown"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(8760)],
    )  # fmt: skip
    uncertain_clock = models.CharField(
        _("while the time is uncertain"),
        max_length=8,
        choices=UNCERTAIN_CLOCK_CHOICES,
        default=content.UncertainClock.BELIEVED.value,
    )

    software = models.CharField(max_length=40, blank=True)
    """Version of the player that the town wants here; empty: it stays as it is. See ``software.rollouts``."""
    software_at_once = models.BooleanField(default=False)
    """Whether it may be changed at any time of the day."""

    enrolment_code_sha256 = models.CharField(max_length=64, blank=True)
    enrolment_expires_at = models.DateTimeField(null=True, blank=True)
    enrolled_at = models.DateTimeField(null=True, blank=True)
    token_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    """Of the secret that the player shows on HTTP. Looked up at every request of a player."""
    trigger_key = models.CharField(max_length=64, blank=True)
    """The public key of its player, in hexadecimal: what it triggers on the spot is signed with it. Given at enrolment,
    over HTTP, so that no broker can put another in its place."""
    programme_due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    """When it was made, or something that it shows was changed; empty once the programme is published."""
    screenshots_asked_at = models.DateTimeField(null=True, blank=True)

    audit_ignored: ClassVar = frozenset(
        {"enrolment_expires_at", "enrolled_at", "programme_due_at", "screenshots_asked_at"}
    )

    class Meta:
        ordering: ClassVar = ["name"]
        indexes: ClassVar = [
            # The publication of programmes asks for what is due.
            models.Index(
                fields=["programme_due_at"], name="screen_due", condition=models.Q(programme_due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse hours with one end, and hours of days that are none."""
        for name in ("off", "download"):
            if (getattr(self, f"{name}_from") is None) != (getattr(self, f"{name}_until") is None):
                raise ValidationError({f"{name}_until": _("Enter both times, or none.")})
        self.check_sound()
        try:
            screen_hours.off_hours(None, self.day_hours)
            screen_hours.special_hours(self.special_days, (), dt.date.min + dt.timedelta(days=1))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValidationError(_("The hours of the screen are not valid.")) from error

    def display_hours(self) -> tuple[content.ScreenHours, ...]:
        """Return when the display is off or dimmed."""
        usual = None
        if self.off_from is not None and self.off_until is not None:
            usual = content.TimeWindow(start=self.off_from, end=self.off_until)
        return (*screen_hours.off_hours(usual, self.day_hours), *self._dimmed_hours())

    def special_hours(self, today: dt.date) -> tuple[content.SpecialHours, ...]:
        """Return the hours of the special days that are not over."""
        return screen_hours.special_hours(self.special_days, self._dimmed_hours(), today)

    def is_switched_off(self, now: dt.datetime) -> bool:
        """Tell whether a person has switched the display off, and it is not to go on by itself yet."""
        return self.switched_off_until is not None and now < self.switched_off_until

    def _dimmed_hours(self) -> list[content.ScreenHours]:
        if self.night_brightness >= 100:
            return []
        sunset, sunrise = (
            content.SunTime(event=content.SunEvent.SUNSET),
            content.SunTime(event=content.SunEvent.SUNRISE),
        )
        night = content.TimeWindow(start=sunset, end=sunrise)
        return [content.ScreenHours(state=content.PowerState.DIM, window=night, brightness=self.night_brightness)]

    def software_target(self) -> content.SoftwareTarget:
        """Return the version of the player that the town wants here, and when it may be changed."""
        if not self.software:
            return content.SoftwareTarget()
        window = None if self.software_at_once else self.download_settings().window or QUIET_HOURS
        return content.SoftwareTarget(version=self.software, window=window)

    def download_settings(self) -> content.DownloadSettings:
        """Return the limits of its player's downloads."""
        window = None
        if self.download_from is not None and self.download_until is not None:
            window = content.TimeWindow(start=self.download_from, end=self.download_until)
        return content.DownloadSettings(
            kilobytes_per_second=self.download_limit, window=window, neighbours=self.neighbours
        )  # fmt: skip


class ScreenState(models.Model):
    """The newest status and report of a screen, and how far its plays were received; one row for each screen.

    Written by the inbound queue and by retention, each with the row locked.
    """

    screen = models.OneToOneField(Screen, on_delete=models.CASCADE, primary_key=True, related_name="state")
    online = models.BooleanField(default=False)
    boot = models.CharField(max_length=63, blank=True)
    connection = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField(null=True, blank=True)
    """When something came over the broker, the last will included."""
    polled_at = models.DateTimeField(null=True, blank=True)
    """When it was there over HTTP: see ``presence``."""
    clash_at = models.DateTimeField(null=True, blank=True)
    """When two players were last seen with its identity: see ``identity_watch``."""
    report_number = models.PositiveBigIntegerField(default=0)
    report_boot = models.CharField(max_length=63, blank=True)
    report_at_ms = models.PositiveBigIntegerField(default=0)
    report = models.JSONField(null=True, blank=True)
    """The newest ``content.wire.reports.PlayerReport`` as JSON, without its machine; the three above are its."""
    machine = models.JSONField(null=True, blank=True)
    """The newest ``MachineDescription``: not every report has one."""
    plays_newest = models.PositiveBigIntegerField(default=0)
    plays_missing = models.JSONField(default=list, blank=True)
    """First and last number of each row that is missing below it; see ``play_gaps``."""
    plays_forgotten = models.PositiveBigIntegerField(default=0)
    """The highest number that was deleted by age; see ``retention``."""
    plays_chain = models.CharField(max_length=64, blank=True)
    """The chain hash of that play, from which the first stored one goes on."""
    refused_at = models.DateTimeField(null=True, blank=True)
    """When messages of the screen were last refused; see ``delivery.refused_messages``."""
    refused_reason = models.CharField(max_length=20, blank=True)
    refused_count = models.PositiveBigIntegerField(default=0)
    """How many, within the minute before."""

    def __str__(self) -> str:
        return f"{self.screen}: {'online' if self.online else 'offline'}"

    @property
    def play_gaps(self) -> PlayGaps:
        """The ranges of plays that were not received."""
        return PlayGaps(self.plays_newest, tuple((first, last) for first, last in self.plays_missing))


class ReceiptRecord(models.Model):
    """Proof that a document was presented on a screen."""

    screen = models.ForeignKey(Screen, on_delete=models.CASCADE, related_name="receipts")
    stream = models.CharField(max_length=100)
    sequence = models.PositiveBigIntegerField()
    alert = models.CharField(max_length=63, blank=True)
    form = models.CharField(max_length=20, blank=True)
    received_at = models.DateTimeField()
    presented_at = models.DateTimeField()
    latency_ms = models.FloatField()
    frame = models.CharField(max_length=64)
    clock = models.CharField(max_length=20)
    steady_epoch = models.CharField(max_length=63, blank=True)
    """Epoch of the server's steady clock in which it was presented; empty where the player did not know it."""
    steady_ms = models.BigIntegerField(default=0)
    """What that clock read then."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["screen", "stream", "sequence", "alert", "form"], name="one_receipt")
        ]
        indexes: ClassVar = [
            # The broadcast page counts the receipts of one alert.
            models.Index(fields=["alert", "screen"], name="receipt_of_alert"),
        ]

    def __str__(self) -> str:
        return f"{self.screen} {self.stream} {self.sequence}"


class RetentionMark(models.Model):
    """How far the plays of every screen had come at an instant of the server's clock; see ``retention``."""

    at = models.DateTimeField()
    numbers = models.JSONField(default=dict)
    """The highest number by the primary key of the screen, as text."""

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {len(self.numbers)}"
