"""Every table says what keeps it from growing for ever. A new model is entered here, or this fails."""

from __future__ import annotations

import pytest
from django.apps import apps

from beffroi_server import scheduler
from beffroi_server.delivery import steady_clock
from beffroi_server.delivery.models import SteadyClockBoot

OF_THE_TOWN = "has as many rows as the town has users, screens, contents and choices: people delete them"
FOR_GOOD = "some rows a day at most, kept on purpose: acts of people, alerts, names that proof of play still says"
WITH_PARENT = "goes with the row that it belongs to"
WHEN_WRITTEN = "the writer of a new row deletes those beyond a number or an age"
UNUSED = "of a library: nothing is written to it"

BOUNDS = {
    **dict.fromkeys(
        (
            "accounts.User", "accounts.Town", "accounts.ApiToken", "auth.Group", "auth.Permission",
            "contenttypes.ContentType", "mfa.Authenticator", "socialaccount.SocialAccount", "feeds.Feed",
            "library.MediaItem", "library.TownLogo", "library.PublicSettings", "library.MunicipalityLogo",
            "library.Category", "library.Tag", "library.Announcement", "library.PlannedAnnouncement",
            "fleet.Municipality", "fleet.ScreenClass", "fleet.ScreenGroup", "fleet.Screen", "fleet.ScreenState",
            "fleet.DailyPlaysMark", "schedule.LayoutChoice", "schedule.Playlist", "schedule.Entry",
            "schedule.AnnouncementPlacement", "schedule.DayCalendar", "schedule.ScheduleRule", "schedule.CharterRule",
            "alerts.Scenario", "alerts.TriggerContact", "alerts.PlannedAlert", "alerts.OnCallMember",
            "delivery.TopicSequence", "delivery.OutboxDocument", "delivery.SignedKeyList",
            "outside_warnings.WarningSource",
            "notifications.NotificationChoice", "notifications.RecordedCondition", "drills.DrillSettings",
            "outlets.WebhookSubscription", "outlets.FollowedTrail", "outlets.CapOutput", "channels.Channel",
            "channels.SubscriptionSettings", "channels.ChannelTrail", "fleet.PlayedContent",
        ),
        OF_THE_TOWN,
    ),
    **dict.fromkeys(
        (
            "accounts.AuditEvent", "alerts.Alert", "alerts.TriggeredAlert", "alerts.AlertProposal",
            "alerts.Restoration", "schedule.Proposal", "channels.ChannelMessage", "channels.LeftOutChannels",
            "library.DeletedItem", "software.Rollout",
        ),
        FOR_GOOD,
    ),
    **dict.fromkeys(
        ("library.Video", "drills.DrillResult", "alerts.UnknownShowing", "channels.ChannelMail", "fleet.WalkStop"),
        WITH_PARENT,
    ),
    **dict.fromkeys(
        (
            "accounts.UsedCode", "library.AnnouncementVersion", "schedule.DayImport", "alerts.OnCallException",
            "delivery.SteadyClockBoot", "notifications.PushSubscription",
            "fleet.EnrolmentCard", "fleet.PlayerBox", "fleet.Pairing", "fleet.WalkTest", "fleet.RevokedToken",
        ),
        WHEN_WRITTEN,
    ),
    **dict.fromkeys(
        ("account.EmailAddress", "account.EmailConfirmation", "socialaccount.SocialApp", "socialaccount.SocialToken"),
        UNUSED,
    ),
    "sessions.Session": "account-cleanup", "accounts.UndoEntry": "account-cleanup",
    "accounts.SignInLink": "account-cleanup", "usersessions.UserSession": "account-cleanup",
    "library.Asset": "media-cleanup", "library.Upload": "upload-cleanup",
    "fleet.PlayRecord": "play-retention", "fleet.ReceiptRecord": "play-retention",
    "fleet.DailyPlays": "play-retention", "fleet.ContentDay": "play-retention", "fleet.ScreenDay": "play-retention",
    "fleet.RetentionMark": "play-retention", "alerts.SentAlertSet": "alert-set-retention",
    "outside_warnings.ReceivedMessage": "warning-retention",
    "outside_warnings.OutsideWarning": "warning-retention", "notifications.Incident": "incident-retention",
    "notifications.Notice": "incident-retention", "drills.Drill": "drill-retention",
    "outlets.WebhookMessage": "outlet-clean", "outlets.CapMessage": "cap-retention",
    "channels.Subscriber": "subscriber-purge", "channels.BrowserSubscriber": "browser-purge",
    "api.RepeatableRequest": "api-answers-remove",
}  # fmt: skip
"""By model: one of the reasons above, or the job that deletes its old rows."""
REASONS = {OF_THE_TOWN, FOR_GOOD, WITH_PARENT, WHEN_WRITTEN, UNUSED}


def test_every_model_says_what_bounds_it():
    assert {model._meta.label for model in apps.get_models()} == BOUNDS.keys()
    assert {bound for bound in BOUNDS.values() if bound not in REASONS} <= {job.name for job in scheduler.JOBS}


@pytest.mark.django_db
def test_a_server_that_is_started_every_day_notes_no_boot_for_ever(monkeypatch):
    readings = []
    for day in range(steady_clock.BOOTS_KEPT + 30):
        monkeypatch.setattr(steady_clock.machine_clock, "boot_id", lambda day=day: f"boot-{day}")
        readings.append(steady_clock.read_steady().ms)
    assert readings == sorted(readings)
    assert SteadyClockBoot.objects.count() == steady_clock.BOOTS_KEPT
    steady_clock.reload_boot()
