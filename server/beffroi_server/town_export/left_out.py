"""What an export does not hold, and why: a model is in a kind of the export or here."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SECRETS = _("passwords, second factors, sign-in links, tokens, keys and codes: nobody may hand them on")
RESIDENTS = _("the addresses of residents who subscribed to alerts: they agreed to one purpose only, and are counted")
OF_USERS = _("what single users have chosen for themselves: how they are told of incidents, what they can take back")
WORKING = _("working state of the server and its players: positions, queues, states, uploads that wait")
DERIVED = _("sums that are made of the daily totals of proof of play")
OF_OTHERS = _("messages of other authorities and data of feeds, as they came: they belong to their authors")
GONE = _("names of what was deleted for good")

LEFT_OUT = {
    **dict.fromkeys(
        ("accounts.SignInLink", "accounts.UsedCode", "accounts.ApiToken", "fleet.RevokedToken", "fleet.EnrolmentCard",
         "fleet.Pairing", "delivery.SignedKeyList"),
        SECRETS,
    ),
    **dict.fromkeys(("channels.Subscriber", "channels.BrowserSubscriber", "channels.ChannelMail"), RESIDENTS),
    **dict.fromkeys(
        ("accounts.UndoEntry", "notifications.NotificationChoice", "notifications.PushSubscription",
         "notifications.Notice"),
        OF_USERS,
    ),
    **dict.fromkeys(
        ("delivery.TopicSequence", "delivery.SteadyClockBoot", "delivery.OutboxDocument", "library.Upload",
         "channels.LeftOutChannels", "channels.ChannelTrail", "notifications.RecordedCondition",
         "outlets.WebhookMessage", "outlets.FollowedTrail", "schedule.DayImport", "alerts.Restoration",
         "alerts.UnknownShowing", "api.RepeatableRequest", "fleet.ScreenState", "fleet.PlayerBox",
         "fleet.RetentionMark", "fleet.DailyPlaysMark", "software.Rollout"),
        WORKING,
    ),
    **dict.fromkeys(("fleet.ContentDay", "fleet.ScreenDay"), DERIVED),
    "outside_warnings.ReceivedMessage": OF_OTHERS,
    "library.DeletedItem": GONE,
}  # fmt: skip
"""Reasons by the label of the model."""
