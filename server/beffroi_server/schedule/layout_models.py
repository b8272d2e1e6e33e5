"""Database model of layouts: which one a screen, a group or the town has, and what its bands show."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.schedule.band_layouts import BANDS, MESSAGES, ReadyLayout

MOST_MESSAGES, MESSAGE_LENGTH = 20, 160


class LayoutChoice(models.Model):
    """The layout that was chosen for a screen, for a group, or with neither for the whole town.

    ``layouts.layout_of`` says which of several choices a screen follows.
    """

    screen = models.OneToOneField(Screen, null=True, blank=True, on_delete=models.CASCADE, related_name="layout_choice")
    group = models.OneToOneField(
        ScreenGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="layout_choice"
    )
    layout = models.CharField(_("layout"), max_length=12, choices=ReadyLayout, default=ReadyLayout.FULL)
    messages = models.TextField(_("messages"), max_length=4_000, blank=True)
    """One on each line."""
    news_feed = models.ForeignKey(
        Feed, null=True, blank=True, on_delete=models.PROTECT, related_name="news_layouts", verbose_name=_("news feed"),
        limit_choices_to={"kind": FeedKind.NEWS.value},
    )  # fmt: skip
    """Its headlines follow the messages."""
    weather_feed = models.ForeignKey(
        Feed, null=True, blank=True, on_delete=models.PROTECT, related_name="weather_layouts",
        verbose_name=_("weather"), limit_choices_to={"kind": FeedKind.WEATHER.value},
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(screen__isnull=True) | models.Q(group__isnull=True), name="screen_group_or_town"
            ),
            models.UniqueConstraint(
                fields=["layout"],
                condition=models.Q(screen__isnull=True, group__isnull=True),
                name="one_layout_of_town",
            ),
        ]

    def __str__(self) -> str:
        return str(self.screen or self.group or gettext("All screens"))

    @property
    def targets(self) -> Targets:
        """The screen, the group or the town that it is made for."""
        if self.screen is not None:
            return Targets(screens=(self.screen,))
        return Targets(groups=(self.group,)) if self.group is not None else EVERYWHERE

    def named_screens(self) -> QuerySet[Screen]:
        """Return the screens that it is made for, whether they follow it or another choice."""
        return self.targets.reached_screens()

    @property
    def bands(self) -> frozenset[str]:
        """The bands of its layout."""
        return BANDS[ReadyLayout(self.layout)]

    def message_lines(self) -> list[str]:
        """Return the messages that are not empty."""
        return [line.strip() for line in self.messages.splitlines() if line.strip()]

    def clean(self) -> None:
        """Refuse a layout with a band for messages without any, and messages that are too many or too long."""
        if MESSAGES not in self.bands:
            return
        lines = self.message_lines()
        if not lines and self.news_feed is None:
            raise ValidationError({"messages": _("Write at least one message, or choose a news feed.")})
        if len(lines) > MOST_MESSAGES or any(len(line) > MESSAGE_LENGTH for line in lines):
            raise ValidationError(
                {
                    "messages": ValidationError(
                        _("Write one message per line: up to %(most)d messages of up to %(length)d characters each."),
                        params={"most": MOST_MESSAGES, "length": MESSAGE_LENGTH},
                    )
                }
            )
