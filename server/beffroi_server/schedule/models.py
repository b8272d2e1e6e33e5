"""Database models of the schedule: playlists, their entries, placements, and rules."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content
from beffroi_server.accounts.models import User
from beffroi_server.core.choices import labelled_choices
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.calendar_models import DayCalendar, DayImport  # noqa: F401 - Django looks for models here
from beffroi_server.schedule.layout_models import LayoutChoice  # noqa: F401 - as above

EVERY_DAY = "1234567"

ORDER_CHOICES = labelled_choices(
    {
        content.PlaylistOrder.LISTED: _("in the listed order"),
        content.PlaylistOrder.NEWEST: _("newest first"),
        content.PlaylistOrder.SOONEST: _("soonest event first"),
        content.PlaylistOrder.SHUFFLED: _("shuffled"),
    }
)
MODE_CHOICES = labelled_choices(
    {
        content.RuleMode.ROTATE: _("in turn with the others"),
        content.RuleMode.REPLACE: _("on its own"),
        content.RuleMode.INTERJECT: _("one slide now and then, between the others"),
    }
)
CADENCE_CHOICES = labelled_choices(
    {
        content.InterjectionCadence.EVERY_MINUTES: _("at least every … minutes"),
        content.InterjectionCadence.TIMES_AN_HOUR: _("at most … times an hour"),
        content.InterjectionCadence.SECONDS_AN_HOUR: _("… seconds an hour"),
    }
)


class Playlist(models.Model):
    """Slides that rules put on screens: those of its entries, and those of the category that fills it."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    category = models.CharField(_("fill with the category"), max_length=60, blank=True)
    """Announcements of this category are shown without being listed."""
    order = models.CharField(
        _("order"), max_length=8, choices=ORDER_CHOICES, default=content.PlaylistOrder.LISTED.value
    )
    take = models.PositiveSmallIntegerField(
        _("slides at a time within another playlist"), default=0, validators=[MaxValueValidator(500)]
    )
    """Slides that it gives each time round a playlist that contains it; 0: all."""
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("municipality")
    )
    """Whose it is; None: shared by all. See ``fleet.content_owners``."""
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def identifier(self) -> str:
        """Identifier of the playlist in a manifest."""
        return f"playlist-{self.pk or 0}"


class Entry(models.Model):
    """An announcement, a media item or another playlist in a playlist, with its duration and validity.

    A playlist within another one stands for its own slides, each with its own duration and validity.
    """

    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    announcement = models.ForeignKey(Announcement, null=True, blank=True, on_delete=models.CASCADE)
    media = models.ForeignKey(MediaItem, null=True, blank=True, on_delete=models.CASCADE)
    inner = models.ForeignKey(
        Playlist, null=True, blank=True, on_delete=models.CASCADE, related_name="outer_entries",
        verbose_name=_("playlist"),
    )  # fmt: skip
    duration_s = models.PositiveIntegerField(
        _("seconds"), default=10, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    most_per_hour = models.PositiveSmallIntegerField(
        _("maximum times per hour"), default=0, validators=[MaxValueValidator(3600)]
    )
    """0 means as often as the order of the playlist has it."""
    valid_from = models.DateTimeField(_("shown from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("shown until"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(announcement__isnull=False, media__isnull=True, inner__isnull=True)
                | models.Q(announcement__isnull=True, media__isnull=False, inner__isnull=True)
                | models.Q(announcement__isnull=True, media__isnull=True, inner__isnull=False),
                name="announcement_media_or_playlist",
            )
        ]

    def __str__(self) -> str:
        return str(self.announcement or self.media or self.inner)

    def clean(self) -> None:
        """Refuse a validity that ends before it begins."""
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValidationError({"valid_until": _("This is before the start.")})


class AnnouncementPlacement(models.Model):
    """The screens and the time of an announcement that is published directly, without playlist and rule.

    All placements aimed at a screen make one loop, which takes turns with the rules of that screen.
    """

    announcement = models.OneToOneField(Announcement, on_delete=models.CASCADE, related_name="placement")
    everywhere = models.BooleanField(_("on all screens"), default=False)
    screens = models.ManyToManyField(Screen, blank=True, related_name="placements", verbose_name=_("screens"))
    groups = models.ManyToManyField(ScreenGroup, blank=True, related_name="placements", verbose_name=_("groups"))
    starts_at = models.DateTimeField(_("shown from"), null=True, blank=True)
    """None: at once."""
    ends_at = models.DateTimeField(_("shown until"), null=True, blank=True)
    """None: for ever, or until what the announcement tells of is over."""
    duration_s = models.PositiveIntegerField(
        _("seconds"), default=10, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    taken_off_at = models.DateTimeField(null=True, blank=True)
    """Since when the announcement is off all screens, in playlists that list it, too; None while it is on."""
    updated_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return str(self.announcement)

    def clean(self) -> None:
        """Refuse a time that ends before it begins."""
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("This is before the start.")})


class ProposalState(models.TextChoices):
    """What became of a proposal."""

    WAITING = "waiting", _("waiting for approval")
    APPROVED = "approved", _("approved")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Proposal(models.Model):
    """An announcement that somebody would like on screens, and what was decided; see ``proposals.py``."""

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="proposals")
    everywhere = models.BooleanField(default=False)
    screens = models.ManyToManyField(Screen, blank=True, related_name="+")
    groups = models.ManyToManyField(ScreenGroup, blank=True, related_name="+")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    duration_s = models.PositiveIntegerField(default=10, validators=[MinValueValidator(1), MaxValueValidator(3600)])
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.WAITING)
    version = models.PositiveIntegerField(default=0)
    """Version of the announcement that was approved; 0 until then."""
    reason = models.CharField(max_length=500, blank=True)
    """Why it was declined, for whoever made it."""
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["announcement"], condition=models.Q(state="waiting"), name="one_waiting_proposal"
            )
        ]

    def __str__(self) -> str:
        return str(self.announcement)

    def clean(self) -> None:
        """Refuse a time that ends before it begins."""
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("This is before the start.")})


class RuleRecurrence(models.TextChoices):
    """Weeks of the days of a rule: every week, every other week, or one week of each month."""

    WEEKLY = "weekly", _("every week")
    FORTNIGHTLY = "fortnightly", _("every other week, from the first day on")
    FIRST = "1", _("the first of the month only")
    SECOND = "2", _("the second of the month only")
    THIRD = "3", _("the third of the month only")
    FOURTH = "4", _("the fourth of the month only")
    LAST = "-1", _("the last of the month only")


DEFAULT_FIRST_DATE = dt.date(2020, 1, 1)
"""First day of a monthly rule that people gave none: a recurrence of RFC 5545 needs one to count from."""
_RRULE_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class SolarDaypart(models.TextChoices):
    """A part of each day that moves with the sun."""

    NONE = "", _("at the hours below")
    DAYLIGHT = "daylight", _("from sunrise to sunset")
    DARK = "dark", _("from sunset to sunrise")


class ScheduleRule(models.Model):
    """Rule of the schedule: shows a playlist on screens at certain times, with a priority and a mode."""

    name = models.CharField(_("name"), max_length=80)
    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="rules", verbose_name=_("playlist"))
    everywhere = models.BooleanField(_("on all screens"), default=False)
    screens = models.ManyToManyField(Screen, blank=True, related_name="rules", verbose_name=_("screens"))
    groups = models.ManyToManyField(ScreenGroup, blank=True, related_name="rules", verbose_name=_("groups"))
    priority = models.PositiveSmallIntegerField(_("priority"), default=50, validators=[MaxValueValidator(100)])
    mode = models.CharField(_("mode"), max_length=10, choices=MODE_CHOICES, default=content.RuleMode.ROTATE.value)
    weight = models.PositiveSmallIntegerField(_("share"), default=0, validators=[MaxValueValidator(100)])
    """0: by the number of its slides, each of which comes once in a round."""
    cadence = models.CharField(
        _("how often"),
        max_length=20,
        choices=CADENCE_CHOICES,
        default=content.InterjectionCadence.EVERY_MINUTES.value,
    )
    amount = models.PositiveSmallIntegerField(
        _("number"), default=10, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    first_date = models.DateField(_("first day"), null=True, blank=True)
    last_date = models.DateField(_("last day"), null=True, blank=True)
    weekdays = models.CharField(_("days of the week"), max_length=7, default=EVERY_DAY)
    """Numbers of the days by ISO 8601, Monday is 1, such as ``12345``."""
    rhythm = models.CharField(_("weeks"), max_length=12, choices=RuleRecurrence, default=RuleRecurrence.WEEKLY)
    only_on = models.ManyToManyField(DayCalendar, blank=True, related_name="rules_only_on", verbose_name=_("only on"))
    never_on = models.ManyToManyField(DayCalendar, blank=True, related_name="rules_never_on", verbose_name=_("not on"))
    extra_dates = models.JSONField(default=list, blank=True)
    """Further days on which it applies, such as ``["2026-12-24"]``."""
    except_dates = models.JSONField(default=list, blank=True)
    """Days on which it does not apply."""
    daypart = models.CharField(
        _("time of day"), max_length=8, choices=SolarDaypart, default=SolarDaypart.NONE, blank=True
    )
    start_time = models.TimeField(_("from"), null=True, blank=True)
    end_time = models.TimeField(_("to"), null=True, blank=True)
    more_times = models.JSONField(default=list, blank=True)
    """Further hours of the day, as pairs of beginning and end such as ``["12:00", "14:00"]``."""

    class Meta:
        ordering: ClassVar = ["-priority", "name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse combinations of dates and times that make no window."""
        if self.first_date and self.last_date and self.last_date < self.first_date:
            raise ValidationError({"last_date": _("This is before the first day.")})
        if (self.start_time is None) != (self.end_time is None):
            raise ValidationError({"end_time": _("Enter both times, or none for the whole day.")})
        if self.more_times and self.start_time is None and not self.daypart:
            raise ValidationError({"start_time": _("Enter the first time range here and further ones below.")})
        if self.rhythm == RuleRecurrence.FORTNIGHTLY and not self.first_date:
            raise ValidationError({"first_date": _("Enter the first day: it determines which weeks are meant.")})

    @property
    def recurrence(self) -> str:
        """The recurrence as a rule of RFC 5545 (RRULE); empty for every week, which weekdays alone express."""
        days = [_RRULE_WEEKDAYS[int(day) - 1] for day in self.weekdays]
        if self.rhythm == RuleRecurrence.WEEKLY:
            return ""
        if self.rhythm == RuleRecurrence.FORTNIGHTLY:
            return f"FREQ=WEEKLY;INTERVAL=2;BYDAY={','.join(days)}"
        return f"FREQ=MONTHLY;BYDAY={','.join(f'{self.rhythm}{day}' for day in days)}"

    def to_content(self) -> content.ScheduleRule:
        """Return the rule for the timeline; a rule that is not saved yet has the number 0."""
        is_interjection = self.mode == content.RuleMode.INTERJECT
        return content.ScheduleRule.model_validate(
            {
                "id": f"rule-{self.pk or 0}",
                "name": self.name,
                "playlist": f"playlist-{self.playlist_id or 0}",
                "priority": self.priority,
                "mode": self.mode,
                "weight": self.weight,
                "interjection": {"cadence": self.cadence, "amount": self.amount} if is_interjection else None,
                "first_date": self.first_date or (DEFAULT_FIRST_DATE if self.recurrence else None),
                "last_date": self.last_date,
                "weekdays": [int(day) for day in self.weekdays],
                "recurrence": self.recurrence,
                "extra_dates": self.extra_dates,
                "except_dates": self.except_dates,
                "only_on": [each.identifier for each in self.related_calendars("only_on")],
                "never_on": [each.identifier for each in self.related_calendars("never_on")],
                "times": self._time_windows(),
            }
        )

    def _time_windows(self) -> list[dict[str, Any]]:
        """Return the windows of each day as the wire model takes them; none means the whole day."""
        if self.daypart:
            events = ("sunrise", "sunset") if self.daypart == SolarDaypart.DAYLIGHT else ("sunset", "sunrise")
            return [{"start": {"event": events[0]}, "end": {"event": events[1]}}]
        if self.start_time is None or self.end_time is None:
            return []
        further = [{"start": start, "end": end} for start, end in self.more_times]
        return [{"start": self.start_time, "end": self.end_time}, *further]

    def related_calendars(self, name: str) -> list[DayCalendar]:
        """Return the calendars of ``only_on`` or ``never_on``: those chosen in a form, otherwise the stored ones."""
        chosen: list[DayCalendar] | None = getattr(self, f"chosen_{name}", None)
        if chosen is not None:
            return chosen
        return list(getattr(self, name).all()) if self.pk else []
