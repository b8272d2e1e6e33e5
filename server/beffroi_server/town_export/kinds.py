"""The kinds of things that an export holds: for each, which rows, how they are shown, and what to tell of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from beffroi_server.accounts.models import User
from beffroi_server.alerts.models import AlertProposal
from beffroi_server.alerts.trigger_models import TriggerContact
from beffroi_server.api import (
    alert_models,
    alert_proposals,
    alerts,
    announcement_models,
    channels,
    charter,
    editorial_plan,
    groups,
    incidents,
    media,
    municipalities,
    planned_alerts,
    playlists,
    proposals,
    rules,
    scenarios,
    warning_sources,
    words,
)
from beffroi_server.channels.models import Channel, ChannelMessage
from beffroi_server.drills.models import Drill
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.walk_models import WalkTest
from beffroi_server.library.models import AnnouncementVersion, Category, Tag
from beffroi_server.library.plan_models import PlannedAnnouncement
from beffroi_server.notifications.models import Incident
from beffroi_server.outlets.models import WebhookSubscription
from beffroi_server.outside_warnings.models import OutsideWarning, WarningSource
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.charter_models import CharterRule
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.models import Entry, Proposal
from beffroi_server.town_export import answers


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of things; it becomes a file of JSON and a table."""

    name: str
    """Of its files, without their endings."""
    title: Promise
    """What is in them."""
    rows: Callable[[], QuerySet[Any]]
    """Returns all rows, with what is shown of them."""
    answer: Callable[[Any], BaseModel]
    """Shows a row: as the REST API does, where that has it."""
    order: tuple[str, ...] = ("pk",)
    holds: tuple[str, ...] = ()
    """Further models, such as ``library.Asset``, whose rows are within its own."""

    @property
    def shown(self) -> type[BaseModel]:
        """The model of what is shown."""
        model: type[BaseModel] = get_type_hints(self.answer)["return"]
        return model

    @property
    def models(self) -> tuple[str, ...]:
        """The labels of all models that are in it."""
        return (self.rows().model._meta.label, *self.holds)


def _media_rows() -> QuerySet[Any]:
    return media.media_rows().select_related("video__converted", "video__original", "uploaded_by")


MEDIA = Kind(
    "media", _("images and videos: names and descriptions; their files are in the folder “media”"), _media_rows,
    answers.exported_media, ("pk",), ("library.Video", "library.Asset"),
)  # fmt: skip
"""Images and videos; what is shown of each names its files."""
KINDS = (
    Kind(
        "announcements",
        _("announcements in all their languages, with category and tags, and where and when they are shown"),
        announcement_models.announcement_rows, announcement_models.announcement_answer, ("created_at", "pk"),
        ("schedule.AnnouncementPlacement",),
    ),
    Kind(
        "announcement-versions", _("versions: each announcement as it was saved each time"),
        lambda: AnnouncementVersion.objects.select_related("saved_by"), answers.exported_version,
        ("announcement", "number"),
    ),
    Kind("categories", _("categories"), Category.objects.all, words.category_answer, ("name",)),
    Kind("tags", _("tags"), Tag.objects.all, words.tag_answer, ("name",)),
    MEDIA,
    Kind("playlists", _("playlists"), playlists.playlist_rows, playlists.playlist_answer, ("name",)),
    Kind(
        "playlist-entries", _("the elements of playlists, in their order"),
        lambda: Entry.objects.select_related("announcement", "media", "inner"), answers.exported_entry,
        ("playlist", "position", "pk"),
    ),
    Kind("rules", _("schedule rules: which playlist is on which screens, and when"), rules.rule_rows,
         rules.rule_answer),
    Kind("calendars", _("day calendars, such as school holidays"), DayCalendar.objects.all, rules.calendar_answer),
    Kind(
        "layouts", _("layouts, and what the bands beside the loop show: of screens, of groups, and of the town"),
        lambda: LayoutChoice.objects.select_related("screen", "group"), answers.exported_layout,
    ),
    Kind("charter", _("rules of the charter"), lambda: CharterRule.objects.prefetch_related("groups"),
         charter.charter_rule_answer),
    Kind(
        "editorial-plan", _("editorial plan: who writes what for when"),
        lambda: PlannedAnnouncement.objects.select_related("writer"), editorial_plan.planned_answer, ("due_on", "pk"),
    ),
    Kind("proposals", _("proposed announcements, and what was decided"),
         lambda: proposals.with_related(Proposal.objects.all()), proposals.proposal_answer),
    Kind("feeds", _("feeds"), lambda: Feed.objects.select_related("municipality__group"),
         answers.exported_feed, ("name",)),
    Kind("screens", _("screens and their settings"), lambda: Screen.objects.prefetch_related("groups"),
         answers.exported_screen, ("name", "pk")),
    Kind("screen-contacts", _("contacts at players that show a scenario"),
         lambda: TriggerContact.objects.select_related("screen"), answers.exported_contact, ("screen", "number")),
    Kind("groups", _("groups of screens"), lambda: ScreenGroup.objects.prefetch_related("screens"),
         groups.group_answer, ("name", "pk")),
    Kind("screen-classes", _("screen classes"), ScreenClass.objects.all, groups.class_answer, ("name",)),
    Kind("municipalities", _("member municipalities"), municipalities.municipality_rows,
         municipalities.municipality_answer, ("name",), ("library.MunicipalityLogo",)),
    Kind("walk-tests", _("walk tests, and what was found at the screens"),
         lambda: WalkTest.objects.select_related("started_by").prefetch_related("stops__screen"), answers.exported_walk,
         ("pk",), ("fleet.WalkStop",)),
    Kind("incidents", _("incidents: outages, and what else needed attention"),
         lambda: Incident.objects.select_related("screen", "acknowledged_by"), incidents.incident_answer,
         ("began_at", "pk")),
    Kind("scenarios", _("scenarios: prepared alerts"), scenarios.scenario_rows, scenarios.scenario_answer,
         ("name", "pk")),
    Kind("planned-alerts", _("planned alerts"), planned_alerts.plan_rows, planned_alerts.planned_alert_answer),
    Kind(
        "alerts", _("alerts that were broadcast; the folder “dossiers” has everything on record of each"),
        alerts.alert_rows, alert_models.alert_answer, ("issued_at", "pk"),
        ("alerts.SentAlertSet", "alerts.TriggeredAlert", "outlets.CapMessage"),
    ),
    Kind("alert-proposals", _("alerts that waited for an officer, and what was decided"),
         lambda: alert_proposals.with_related(AlertProposal.objects.all()), alert_proposals.alert_proposal_answer,
         ("proposed_at", "pk")),
    Kind("drills", _("silent drills, and how each screen did"), lambda: Drill.objects.select_related("started_by"),
         answers.exported_drill, ("started_at", "pk"), ("drills.DrillResult",)),
    Kind("warning-sources", _("authorities whose warnings are read, without passwords"), WarningSource.objects.all,
         answers.exported_source, ("name",)),
    Kind("warnings", _("warnings of other authorities that concerned the town"), OutsideWarning.objects.all,
         warning_sources.warning_answer, ("began_at", "pk")),
    Kind("channels", _("channels by which people hear of alerts, without passwords"), Channel.objects.all,
         channels.channel_answer, ("name",)),
    Kind("channel-messages", _("what was told of alerts by these channels"), ChannelMessage.objects.all,
         answers.exported_message, ("created_at", "pk")),
    Kind("webhooks", _("other systems that are told of events, without their full addresses and secrets"),
         WebhookSubscription.objects.all, answers.exported_webhook, ("name",)),
    Kind("users", _("users: names, roles and scopes, without passwords"),
         lambda: User.objects.prefetch_related("scope_groups", "scope_categories"), answers.exported_user,
         ("username",)),
)  # fmt: skip
"""All kinds, in the order in which an export has them."""
